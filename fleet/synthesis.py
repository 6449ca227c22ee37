"""From a fleet to the files in `cdktf.out`."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from cdktf import App

from litellm_aws.input_variables import NULL
from litellm_aws.litellm import LITELLM
from stacks.module import ModuleStack
from stacks.tenant_root import TenantRootStack
from stacks.workspaces import WorkspacesStack, by_stack

from .command_line import TemporaryFolderError
from .repository import top_of
from .stale_roots import TENANTS_FILE, StaleRoot, is_root_of, take_away
from .tenants_file import Fleet

_STACKS = "stacks"
_CONFIGURATION = "cdk.tf.json"
_STAGING = ".staging-"
_BLOCKS = (
    *("//", "terraform", "provider", "variable", "locals", "data", "module"),
    *("resource", "moved", "check", "output"),
)
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
        stale: the roots whose tenant is no longer in the file.
    """

    changes: dict[str, Change]
    stale: list[StaleRoot]


def synthesize(fleet: Fleet, outdir: Path, progress: Callable[[int], None] = lambda _: None) -> Synthesized:
    """Writes the module, and a root for each tenant, and takes away the roots of tenants that are gone.

    A file is replaced only when its content differs, and no file is touched before all contents are on
    the disk: a failure on the way leaves `outdir` as it was. Of two runs at once, one waits.

    Args:
        fleet: the tenants.
        outdir: the folder to write to; it is made when it does not exist.
        progress: called with the number of tenants that are done.

    Raises:
        OSError: `outdir` cannot be written.
        TemporaryFolderError: CDKTF cannot write its files.
    """
    contents = configurations(fleet, outdir, progress)
    stacks = [LITELLM.name, *(tenant.label for tenant in fleet.tenants), *by_stack(fleet.tenants)]
    outdir.mkdir(parents=True, exist_ok=True)
    with _locked(outdir):
        changes = _replace(outdir, contents)
        stale = [
            take_away(path.parent, _CONFIGURATION, fleet.file.absolute().parent)
            for path in sorted((outdir / _STACKS).glob(f"*/{_CONFIGURATION}"))
            if path.parent.name not in changes and is_root_of(path, fleet.file)
        ]
    return Synthesized({stack: changes[stack] for stack in stacks}, stale)


def configurations(fleet: Fleet, outdir: Path, progress: Callable[[int], None] = lambda _: None) -> dict[Path, str]:
    """Returns the content of every file that `synthesize` would write, by its path in `outdir`.

    Raises:
        TemporaryFolderError: CDKTF cannot write its files.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="litellm-aws-") as scratch:
            _run_cdktf(fleet, Path(scratch), outdir, progress)
            return dict(_contents(Path(scratch), fleet.file, outdir))
    except OSError as error:
        raise TemporaryFolderError(error) from error


def configuration_of(stack: str) -> Path:
    """Returns the path in `outdir` of a stack's configuration."""
    return Path(_STACKS, stack, _CONFIGURATION)


def _run_cdktf(fleet: Fleet, scratch: Path, outdir: Path, progress: Callable[[int], None]) -> None:
    # The check for a provider in each stack is off: the module has none on purpose.
    app = App(outdir=str(scratch), skip_validation=True)
    ModuleStack(app)
    # Without links, for Terraform follows the relative path between the two from the real folder.
    tenants_folder = fleet.file.absolute().parent.resolve()
    stacks_folder = outdir.resolve() / _STACKS
    for done, tenant in enumerate(fleet.tenants, start=1):
        TenantRootStack(app, tenant, tenants_folder=tenants_folder, root_folder=stacks_folder / tenant.label)
        progress(done)
    for name, tenants in by_stack(fleet.tenants).items():
        WorkspacesStack(app, name, tenants, stacks_folder=Path(os.path.relpath(stacks_folder, top_of(tenants_folder))))
    try:
        app.synth()
    except RuntimeError as error:  # by which jsii tells of what Node throws
        if re.match("Error: E[A-Z]+: ", str(error)):
            raise OSError(str(error).removeprefix("Error: ")) from error
        raise


def _contents(scratch: Path, tenants_file: Path, outdir: Path) -> Iterator[tuple[Path, str]]:
    yield Path("manifest.json"), (scratch / "manifest.json").read_text(encoding="utf-8")
    for path in sorted(scratch.glob(f"{_STACKS}/*/{_CONFIGURATION}")):
        configuration = json.loads(path.read_text(encoding="utf-8"))
        if path.parent.name != LITELLM.name:
            root = outdir.resolve() / _STACKS / path.parent.name
            configuration["//"]["metadata"][TENANTS_FILE] = os.path.relpath(tenants_file.resolve(), root)
        yield (
            path.relative_to(scratch),
            json.dumps(_readable(configuration), indent=2, ensure_ascii=False) + "\n",
        )


def _readable(configuration: dict[str, Any]) -> dict[str, Any]:
    """Returns a configuration in a reader's order, without CDKTF's notes on single blocks."""
    for variable in configuration.get("variable", {}).values():
        if variable.get("default") == NULL:
            variable["default"] = None
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


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keeps other runs, and the signals that end a process, from a folder whose files are being replaced."""
    descriptor = os.open(folder, os.O_RDONLY)
    came: list[int] = []
    before: dict[signal.Signals, Any] = {}
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if threading.current_thread() is threading.main_thread():  # no other may
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                before[number] = signal.signal(number, lambda number, _: came.append(number))
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(descriptor)
        for each in came:
            signal.raise_signal(each)


def _replace(outdir: Path, contents: dict[Path, str]) -> dict[str, Change]:
    """Replaces the files that differ, and returns what became of each stack."""
    for left_over in outdir.glob(f"{_STAGING}*"):  # by a run that was killed
        shutil.rmtree(left_over, ignore_errors=True)
    changes = {path: _change(outdir / path, content) for path, content in contents.items()}
    pending = [path for path, change in changes.items() if change is not Change.UNCHANGED]
    with tempfile.TemporaryDirectory(prefix=_STAGING, dir=outdir, ignore_cleanup_errors=True) as staging:
        new, old = Path(staging, "new"), Path(staging, "old")
        for path in pending:
            (new / path).parent.mkdir(parents=True, exist_ok=True)
            (new / path).write_text(contents[path], encoding="utf-8")
            if changes[path] is Change.CHANGED:
                (old / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(outdir / path, old / path)
        made, replaced = [], []
        try:
            for folder in dict.fromkeys((outdir / path).parent for path in pending):
                if not folder.is_dir():
                    folder.mkdir(parents=True)
                    made.append(folder)
            for path in pending:
                os.replace(new / path, outdir / path)
                replaced.append(path)
        except OSError:
            for path in replaced:
                if changes[path] is Change.CHANGED:
                    os.replace(old / path, outdir / path)
                else:
                    (outdir / path).unlink()
            for folder in made:
                folder.rmdir()
            raise
    return {path.parent.name: change for path, change in changes.items()}


def _change(path: Path, content: str) -> Change:
    if not path.exists():
        return Change.NEW
    return Change.UNCHANGED if path.read_bytes() == content.encode() else Change.CHANGED
