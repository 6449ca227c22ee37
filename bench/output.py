"""What a synthesis wrote: how much, and of what."""

import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .tenants import tenants

_CONFIGURATION = "cdk.tf.json"
_MODULE = "litellm"
_BLOCKS = ("variable", "locals", "data", "resource", "output")


@dataclass(frozen=True)
class Output:
    """What our synthesis and the baseline's wrote.

    Attributes:
        module_bytes: size of the module, which all our tenants share.
        our_tenant_bytes: of a tenant's root, and of its entry in the manifest.
        baseline_tenant_bytes: of what the baseline wrote, for one tenant.
        module_blocks: the module's variables, locals, data sources, resources and outputs.
        baseline_resources: resources of one tenant of the baseline.
    """

    module_bytes: int
    our_tenant_bytes: float
    baseline_tenant_bytes: float
    module_blocks: int
    baseline_resources: int

    @classmethod
    def of(cls, ours: Path, baseline: Path, count: int) -> "Output":
        """Reads two folders that were synthesized, both with this number of tenants."""
        module = ours / "stacks" / _MODULE
        blocks = _configuration(module)
        stack = _configuration(baseline / "stacks" / tenants(1)[0].label)
        return cls(
            module_bytes=_size(module),
            our_tenant_bytes=(_size(ours / "stacks") - _size(module)) / count + _share_of_manifest(ours, count),
            baseline_tenant_bytes=_size(baseline) / count,
            module_blocks=sum(_count(blocks, kind) for kind in _BLOCKS),
            baseline_resources=_count(stack, "resource"),
        )


def _share_of_manifest(folder: Path, count: int) -> float:
    """Returns the size of a tenant's entry. The module has one too, and that is no tenant's."""
    return (folder / "manifest.json").stat().st_size / (count + 1)


def bindings() -> int:
    """Returns how many files the package of the AWS bindings imports."""
    spec = importlib.util.find_spec("cdktf_cdktf_provider_aws")
    [folder] = (spec and spec.submodule_search_locations) or [""]
    return sum(1 for _ in Path(folder).glob("*/__init__.py"))


def _configuration(stack: Path) -> dict[str, Any]:
    return dict(json.loads((stack / _CONFIGURATION).read_text(encoding="utf-8")))


def _count(configuration: dict[str, Any], kind: str) -> int:
    """Counts the blocks of a kind; those of resources and data sources are one level deeper, below their type."""
    found = configuration.get(kind, {})
    return sum(map(len, found.values())) if kind in ("data", "resource") else len(found)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
