"""From a fleet to the files in `cdktf.out`."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from cdktf import App

from stacks.module import MODULE, ModuleStack
from stacks.tenant_root import TenantRootStack

from .tenants_file import Fleet

_STACKS = "stacks"
_CONFIGURATION = "cdk.tf.json"
_BLOCKS = ("//", "terraform", "provider", "variable", "locals", "data", "module", "resource", "output")
"""The order in which a reader meets the blocks of a configuration."""


class Change(StrEnum):
    """What synthesis did to a file."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class Synthesized:
    """What synthesis wrote.

    Attributes:
        changes: by the name of the stack, the module first.
        stale: folders of roots whose tenant is no longer in the file.
    """

    changes: dict[str, Change]
    stale: list[Path]


def synthesize(fleet: Fleet, outdir: Path) -> Synthesized:
    """Writes the module, and a root for each tenant.

    A file is replaced only when its content differs, and no file is touched before all contents are on
    the disk: a failure on the way leaves `outdir` as it was.

    Args:
        fleet: the tenants.
        outdir: the folder to write to; it is made when it does not exist.

    Raises:
        OSError: `outdir` cannot be written.
    """
    with tempfile.TemporaryDirectory(prefix="litellm-aws-") as scratch:
        _run_cdktf(fleet, Path(scratch), outdir)
        contents = dict(_contents(Path(scratch)))
    changes = _replace(outdir, contents)
    stacks = [MODULE, *(tenant.label for tenant in fleet.tenants)]
    return Synthesized(
        changes={stack: changes[Path(_STACKS, stack, _CONFIGURATION)] for stack in stacks},
        stale=sorted(
            path.parent for path in (outdir / _STACKS).glob(f"*/{_CONFIGURATION}") if path.parent.name not in stacks
        ),
    )


def _run_cdktf(fleet: Fleet, scratch: Path, outdir: Path) -> None:
    # The check for a provider in each stack is off: the module has none on purpose.
    app = App(outdir=str(scratch), skip_validation=True)
    ModuleStack(app)
    # Without links, for Terraform follows the relative path between the two from the real folder.
    tenants_folder = fleet.file.absolute().parent.resolve()
    for tenant in fleet.tenants:
        TenantRootStack(
            app,
            tenant,
            tenants_folder=tenants_folder,
            root_folder=outdir.resolve() / _STACKS / tenant.label,
        )
    app.synth()


def _contents(scratch: Path) -> Iterator[tuple[Path, str]]:
    yield Path("manifest.json"), (scratch / "manifest.json").read_text(encoding="utf-8")
    for path in sorted(scratch.glob(f"{_STACKS}/*/{_CONFIGURATION}")):
        configuration = json.loads(path.read_text(encoding="utf-8"))
        yield (
            path.relative_to(scratch),
            json.dumps(_readable(configuration), indent=2, ensure_ascii=False) + "\n",
        )


def _readable(configuration: dict[str, Any]) -> dict[str, Any]:
    """Returns a configuration in a reader's order, without CDKTF's notes on single blocks."""
    metadata = configuration["//"]["metadata"]
    metadata.pop("overrides", None)
    configuration["//"] = {"metadata": metadata}
    return {
        block: configuration[block] if block == "//" else _without_notes(configuration[block])
        for block in sorted(configuration, key=_BLOCKS.index)
    }


def _without_notes(block: Any) -> Any:
    if isinstance(block, dict):
        return {key: _without_notes(value) for key, value in block.items() if not (key == "//" and _is_note(value))}
    return [_without_notes(item) for item in block] if isinstance(block, list) else block


def _is_note(value: Any) -> bool:
    return isinstance(value, dict) and "uniqueId" in value.get("metadata", {})


def _replace(outdir: Path, contents: dict[Path, str]) -> dict[Path, Change]:
    changes = {path: _change(outdir / path, content) for path, content in contents.items()}
    outdir.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=".staging-", dir=outdir))
    try:
        pending = [path for path, change in changes.items() if change is not Change.UNCHANGED]
        for path in pending:
            (staging / path).parent.mkdir(parents=True, exist_ok=True)
            (staging / path).write_text(contents[path], encoding="utf-8")
        for path in pending:
            (outdir / path).parent.mkdir(parents=True, exist_ok=True)
        for path in pending:
            os.replace(staging / path, outdir / path)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return changes


def _change(path: Path, content: str) -> Change:
    if not path.exists():
        return Change.NEW
    return Change.UNCHANGED if path.read_bytes() == content.encode() else Change.CHANGED
