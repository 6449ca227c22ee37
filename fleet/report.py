"""What `make synth` prints."""

import shlex
from pathlib import Path

from .synthesis import Change, Synthesized
from .tenant import TenantSettings
from .tenants_file import Fleet
from .text_table import text_table

_MOST_ROWS = 40
"""Rows of a table that still fits on a screen; beyond that, unchanged stacks are only counted."""


def table(fleet: Fleet, synthesized: Synthesized, outdir: Path) -> str:
    """Returns the table of what was written, and what to do next."""
    tenants = {tenant.label: tenant for tenant in fleet.tenants}
    shown = [
        stack
        for stack, change in synthesized.changes.items()
        if len(synthesized.changes) <= _MOST_ROWS or change is not Change.UNCHANGED
    ]
    rows = [("STACK", "FILE", "REGION", "TLS", "STATE")]
    for stack in shown:
        tenant = tenants.get(stack)
        what = ("any", "", "none: the module") if tenant is None else _facts(tenant)
        rows.append((stack, str(synthesized.changes[stack]), *what))
    lines = text_table(rows)
    left_out = len(synthesized.changes) - len(shown)
    if left_out:
        lines.append(f"and {left_out} unchanged")
    lines.append("")
    roots = "1 tenant root" if len(fleet.tenants) == 1 else f"{len(fleet.tenants)} tenant roots"
    lines.append(f"The module and {roots} are in {outdir / 'stacks'}.")
    if fleet.tenants:
        root = shlex.quote(str(outdir / "stacks" / fleet.tenants[0].label))
        lines.append(f"Next: terraform -chdir={root} init && terraform -chdir={root} plan")
    return "\n".join(lines)


def warnings(fleet: Fleet, synthesized: Synthesized) -> list[str]:
    """Returns a sentence for each root that was left alone because its tenant is gone."""
    return [
        f"{folder} is of no tenant in {fleet.file} any more. It is left as it is: "
        f"run `terraform -chdir={shlex.quote(str(folder))} destroy` if what it made is to go, and delete the folder."
        for folder in synthesized.stale
    ]


def _facts(tenant: TenantSettings) -> tuple[str, str, str]:
    return tenant.region, "yes" if tenant.acm_certificate_arn else "no", tenant.state_place
