"""The options that several commands have, and their warnings."""

import os
import sys
from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path

PROJECT = Path(__file__).parents[3]
"""The checkout of this project."""


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
