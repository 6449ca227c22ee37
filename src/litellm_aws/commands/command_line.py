"""The options that several commands have, and their warnings."""

import os
import sys
from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path

from litellm_aws.fleet.problems import RefusedError

SOURCES = Path(__file__).parents[2]
"""The folder that the package is imported from."""
CHECKOUT = SOURCES.parent if (SOURCES.parent / "main.py").exists() else None
"""The checkout of this project that runs; None where a wheel is installed."""


def checkout() -> Path:
    """Returns the checkout of this project, for commands that need one.

    Raises:
        RefusedError: this program was installed from a wheel.
    """
    if CHECKOUT is None:
        raise RefusedError("This command needs a checkout of this project, with `make setup`: it is not in the wheel.")
    return CHECKOUT


def add_tenants(parser: ArgumentParser) -> None:
    """Adds `--tenants`, a Path."""
    parser.add_argument(
        "--tenants",
        type=Path,
        metavar="FILE",
        default=Path(os.environ.get("TENANTS_FILE") or "tenants.yaml"),
        help="the tenants file; default: the environment variable TENANTS_FILE, or else tenants.yaml",
    )


def add_out(parser: ArgumentParser) -> None:
    """Adds `--out`, a Path."""
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FOLDER",
        default=Path(os.environ.get("CDKTF_OUTDIR") or "cdktf.out"),
        help="the folder of the synthesized stacks; default: the environment variable CDKTF_OUTDIR, or else cdktf.out",
    )


def warn(warnings: Iterable[object]) -> None:
    """Prints warnings on stderr."""
    for warning in warnings:
        print(f"Warning: {warning}", file=sys.stderr)
