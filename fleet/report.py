"""What `make synth` prints."""

import shlex
import sys
from pathlib import Path
from typing import Self

from litellm_aws.litellm import LITELLM

from .synthesis import Change, Synthesized
from .tenant import TenantSettings
from .tenants_file import Fleet
from .text_table import text_table

_WORKSPACES = ("", "", "HCP Terraform: the tenants' workspaces")
_MOST_ROWS = 40
"""Rows of a table that still fits on a screen; beyond that, unchanged stacks are only counted."""


class Progress:
    """A line that counts the tenants which are done, where somebody is watching.

    Args:
        total: how many tenants there are.
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
    """Returns the table of what was written, and what to do next.

    Args:
        seconds: how long it took.
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
        what = _facts(tenant) if tenant else ("any", "", "none: the module") if stack == LITELLM.name else _WORKSPACES
        rows.append((stack, str(synthesized.changes[stack]), *what))
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
