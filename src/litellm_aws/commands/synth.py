"""`litellm-aws synth`: writes the module and the tenants' roots."""

from __future__ import annotations

import shlex
import sys
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Self

from litellm_aws.fleet.problems import FailedError
from litellm_aws.fleet.tenant import TenantSettings
from litellm_aws.fleet.tenants_file import Fleet, load_fleet
from litellm_aws.stacks.output_folder import Change
from litellm_aws.stacks.stale_roots import warnings
from litellm_aws.stacks.synthesis import Synthesized, synthesize

from .command_line import add_out, add_tenants, warn
from .text_table import text_table

SUMMARY = "Write the Terraform module and a root for each tenant"

_WORKSPACES = ("", "", "HCP Terraform: the tenants' workspaces")
_MOST_ROWS = 40
"""Rows of a table that fit on a screen. Of a larger fleet, only the stacks that change are listed."""


def add_arguments(parser: ArgumentParser) -> None:
    """Adds the arguments of the command."""
    add_tenants(parser)
    add_out(parser)
    parser.set_defaults(run=_run)


def _run(arguments: Namespace) -> None:
    started = time.monotonic()
    fleet = load_fleet(arguments.tenants)
    warn(fleet.warnings)
    try:
        with Progress(len(fleet.tenants)) as progress:
            synthesized = synthesize(fleet, arguments.out, progress)
    except OSError as error:
        raise FailedError(f"{arguments.out} cannot be written: {error}") from error
    print(table(fleet, synthesized, arguments.out, time.monotonic() - started))
    warn(warnings(synthesized.stale, fleet.file))


class Progress:
    """A line on a terminal that counts the tenants that are done.

    Args:
        total: the number of tenants.
    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._shows = sys.stderr.isatty() and total > _MOST_ROWS

    def __call__(self, done: int) -> None:
        """Shows how many tenants are done."""
        if self._shows and done % _MOST_ROWS == 0:
            print(f"\r{done} of {self._total} tenants", end="", file=sys.stderr, flush=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._shows:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def table(fleet: Fleet, synthesized: Synthesized, outdir: Path, seconds: float) -> str:
    """Returns a table of the stacks, and the next command to run.

    Args:
        outdir: the folder that was written to.
        seconds: the duration of the synthesis.
    """
    tenants = {tenant.label: tenant for tenant in fleet.tenants}
    shown = [
        stack
        for stack, change in synthesized.changes.items()
        if len(synthesized.changes) <= _MOST_ROWS or change is not Change.UNCHANGED
    ]
    rows = [("STACK", "FILE", "REGION", "TLS", "STATE")]
    for stack in shown:
        tenant = tenants.get(stack)
        if tenant is not None:
            facts = _facts(tenant)
        elif stack == fleet.module.name:
            facts = ("any", "", "none: the module")
        else:
            facts = _WORKSPACES
        rows.append((stack, str(synthesized.changes[stack]), *facts))
    lines = text_table(rows)
    left_out = len(synthesized.changes) - len(shown)
    if left_out:
        lines.append(f"and {left_out} unchanged")
    lines.append("")
    roots = "1 tenant root" if len(fleet.tenants) == 1 else f"{len(fleet.tenants)} tenant roots"
    lines.append(f"The module and {roots} are in {outdir / 'stacks'}. It took {seconds:.1f} s.")
    if fleet.tenants:
        root = shlex.quote(str(outdir / "stacks" / fleet.tenants[0].label))
        lines.append(f"Next: terraform -chdir={root} init && terraform -chdir={root} plan")
    return "\n".join(lines)


def _facts(tenant: TenantSettings) -> tuple[str, str, str]:
    return tenant.region, "yes" if tenant.acm_certificate_arn or tenant.domain_name else "no", tenant.state_place
