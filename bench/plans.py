"""`terraform plan` of our root and of the baseline's stack, with the real AWS provider and without a cloud."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.terraform import OFFLINE, Root, Terraform, TerraformError, TerraformUnavailable, open_terraform

from .measurement import Command, ProcessFailedError
from .variants import PLANS, Variant
from .workplace import PROJECT

_CACHE = PROJECT / ".pytest_cache" / "d" / "terraform-providers"
"""Where the tests keep a provider that they had to fetch."""


class PlansUnavailableError(Exception):
    """Terraform or a provider cannot be had on this machine; the message says why."""


@dataclass(frozen=True)
class Plans:
    """Plans that are ready to run.

    Attributes:
        versions: of Terraform and of the providers, by their names.
        commands: `terraform plan` in a root that is initialised, by its variant.
    """

    versions: Mapping[str, str]
    commands: Mapping[Variant, Command]


@contextmanager
def ready_plans(work: Path, ours: Path, baseline: Path) -> Iterator[Plans]:
    """Initialises copies of our root and of the baseline's stack, and yields their plans.

    Args:
        work: a folder for the copies.
        ours: the root.
        baseline: the stack.

    Raises:
        PlansUnavailableError: Terraform or a provider is missing.
        ProcessFailedError: Terraform cannot initialise them.
    """
    _CACHE.mkdir(parents=True, exist_ok=True)
    try:
        with open_terraform(work=work, cache=_CACHE) as terraform:
            try:
                # Each plan starts the providers itself, as a user's does.
                roots = [terraform.root(source, attached=False) for source in (ours, baseline)]
            except TerraformError as error:
                raise ProcessFailedError(str(error)) from error
            commands = {variant: _plan(root, work) for variant, root in zip(PLANS, roots, strict=True)}
            yield Plans(_versions(terraform, roots[0]), commands)
    except TerraformUnavailable as reason:
        raise PlansUnavailableError(str(reason)) from reason


def _plan(root: Root, home: Path) -> Command:
    return Command(
        ("terraform", "plan", "-input=false", "-no-color"),
        root.directory,
        {**OFFLINE, "HOME": str(home), "CHECKPOINT_DISABLE": "1"},
    )


def _versions(terraform: Terraform, root: Root) -> dict[str, str]:
    lock = (root.directory / ".terraform.lock.hcl").read_text(encoding="utf-8")
    found = re.findall(r'provider "[^"]*/([^"/]+)" \{\s*version\s*=\s*"([^"]+)"', lock)
    return {"Terraform": str(terraform.version)} | {
        f"{name} provider": f"{version}{_remark(root, name)}" for name, version in found
    }


def _remark(root: Root, provider: str) -> str:
    """Says of a provider's program that it is a script, as only the tests' stand-in is."""
    [program] = (root.directory / ".terraform" / "providers").glob(f"*/*/{provider}/*/*/terraform-provider-*")
    with program.open("rb") as file:
        return " (the tests' stand-in)" if file.read(2) == b"#!" else ""
