"""Synthesizes a fleet to the files in `cdktf.out`.

CDKTF makes the module, unless the cache has it. It is imported only then: the import takes half a second, and writes to
the temporary folder.
"""

from __future__ import annotations

import json
import os
import re
import stat
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from litellm_aws.constructs.expressions import NULL
from litellm_aws.constructs.litellm import LITELLM
from litellm_aws.fleet.problems import BadInputError, FailedError, Problem, RefusedError, is_utf8
from litellm_aws.fleet.repository import top_of
from litellm_aws.fleet.tenants_file import Fleet

from .configuration import body, configuration, manifest
from .module_cache import cached
from .output_folder import Change, compared, locked, replace
from .stale_roots import TENANTS_FILE, StaleRoot, delete, tenants_file_of
from .tenant_root import tenant_root
from .workspaces import by_stack, workspaces

CONFIGURATION = "cdk.tf.json"
"""Name of a stack's configuration file."""
_STACKS = "stacks"
LOCK_FILE = ".terraform.lock.hcl"
"""Terraform's selection of providers. Roots get a copy of the one next to the tenants file."""
_LARGEST_LOCK_FILE = 1024**2
"""Bytes. A provider takes one or two kilobytes."""
_FILES = "files"
"""Metadata key whose value lists the files that synthesis copied next to the configuration."""


class TemporaryFolderError(FailedError):
    """CDKTF cannot write its files to the temporary folder."""

    def __init__(self, error: OSError) -> None:
        super().__init__(
            f"The temporary folder {tempfile.gettempdir()} cannot be written: {error}: make room there, or set TMPDIR "
            "to another folder. Nothing was written."
        )


@dataclass(frozen=True)
class Synthesized:
    """The result of a synthesis.

    Attributes:
        changes: the result for each stack, by name: the module, the tenants, and the HCP Terraform workspaces.
        stale: the roots whose tenant is no longer in the tenants file.
    """

    changes: dict[str, Change]
    stale: list[StaleRoot]


def synthesize(fleet: Fleet, outdir: Path, progress: Callable[[int], None] = lambda _: None) -> Synthesized:
    """Writes the module and a root for each tenant, and deletes the roots of tenants that were removed.

    Each file is replaced atomically, and only if its content differs. Concurrent runs wait for each other.

    Args:
        fleet: the tenants.
        outdir: the output folder. It need not exist.
        progress: called with the number of tenants that are done so far.

    Raises:
        BadInputError: another tenants file has a root of the same name in `outdir`, or the lock file cannot be copied.
            Nothing was written.
        RefusedError: a path is not UTF-8.
        OSError: `outdir` cannot be written.
        TemporaryFolderError: CDKTF cannot write its files.
    """
    contents = configurations(fleet, outdir, progress)
    outdir.mkdir(parents=True, exist_ok=True)
    with locked(outdir):
        changed = compared(outdir, contents)
        replaced = [path for path, change in changed.items() if change is Change.CHANGED and path.name == CONFIGURATION]
        _check_owners(fleet, outdir, replaced)
        obsolete = {copied for path in replaced for copied in _copied_files(outdir, path.parent.name)} - contents.keys()
        replace(outdir, {path: contents[path] for path, change in changed.items() if change is not Change.UNCHANGED})
        for path in obsolete:
            (outdir / path).unlink(missing_ok=True)
        changes = _changes_of_stacks(changed)
        others = sorted(each for each in (outdir / _STACKS).iterdir() if each.name not in changes)
        tenants_file = fleet.file.resolve()
        stale = [
            delete(root, CONFIGURATION, fleet.file.absolute().parent)
            for root in others
            if tenants_file_of(root / CONFIGURATION) == tenants_file
        ]
    order = dict.fromkeys([fleet.module.name, *(tenant.label for tenant in fleet.tenants), *changes])
    return Synthesized({stack: changes[stack] for stack in order}, stale)


def configurations(fleet: Fleet, outdir: Path, progress: Callable[[int], None] = lambda _: None) -> dict[Path, bytes]:
    """Returns the content of every file that `synthesize` would write, by its path in `outdir`.

    Raises:
        BadInputError: the lock file cannot be copied.
        RefusedError: a path is not UTF-8.
        TemporaryFolderError: CDKTF cannot write its files.
    """
    # Terraform follows links before it resolves relative paths.
    tenants_folder = fleet.file.absolute().parent.resolve()
    stacks_folder = outdir.resolve() / _STACKS
    tenants_file = fleet.file.resolve()
    for path in (outdir, os.path.relpath(tenants_file, stacks_folder)):
        _check_utf8(path)
    lock = _lock_file(fleet)
    module = fleet.module
    members = cached(_module)
    # Before the configuration that reads them: a run that is killed replaces the first files only.
    contents = {Path(_STACKS, module.name, file.name): file.read_bytes() for file in module.files}
    note: dict[str, Any] = {_FILES: [file.name for file in module.files]} if module.files else {}
    stacks = {module.name: configuration(module.name, {}, members, note)}
    if lock is not None:
        contents |= {Path(_STACKS, tenant.label, LOCK_FILE): lock for tenant in fleet.tenants}
    copied = {} if lock is None else {_FILES: [LOCK_FILE]}
    for done, tenant in enumerate(fleet.tenants, start=1):
        root_folder = stacks_folder / tenant.label
        root = tenant_root(tenant, tenants_folder=tenants_folder, root_folder=root_folder)
        note = {TENANTS_FILE: os.path.relpath(tenants_file, root_folder), **copied}
        stacks[tenant.label] = configuration(tenant.label, root["terraform"], body(root), note)
        progress(done)
    stacks |= _workspaces(fleet, tenants_file, stacks_folder, top_of(tenants_folder))
    contents[Path("manifest.json")] = manifest(stacks)
    contents |= {configuration_of(stack): stacks[stack] for stack in sorted(stacks)}
    return contents


def _check_utf8(path: Path | str) -> None:
    if not is_utf8(path):
        raise RefusedError(f"The path {str(path)!a} is not UTF-8, and cannot be written to JSON: rename the folder.")


def _lock_file(fleet: Fleet) -> bytes | None:
    """Returns the content of the lock file next to the tenants file. Terraform checks it, in `init`."""
    path = fleet.file.parent / LOCK_FILE
    try:
        status = path.lstat()
        # A link could lead out of the repository, a FIFO would block, and every root gets a copy.
        if stat.S_ISREG(status.st_mode) and status.st_size <= _LARGEST_LOCK_FILE:
            return path.read_bytes()
        reason = "it is not a regular file of at most 1 MB"
    except FileNotFoundError:
        return None
    except OSError as error:
        reason = str(error.strerror)
    message = f"cannot be copied to the roots: {reason}: replace it with one that Terraform wrote, or remove it"
    raise BadInputError([Problem(path, 1, message)])


def workspaces_configurations(fleet: Fleet, *, tenants_file: Path, stacks_folder: Path) -> dict[str, bytes]:
    """Returns the configuration of each stack of HCP Terraform workspaces, by stack name.

    Args:
        fleet: the tenants.
        tenants_file: path of the tenants file, from the top of the repository.
        stacks_folder: folder of the roots, from the top of the repository.
    """
    return _workspaces(fleet, tenants_file, stacks_folder, Path())


def _workspaces(fleet: Fleet, tenants_file: Path, stacks_folder: Path, top: Path) -> dict[str, bytes]:
    """Returns the configuration of each stack of HCP Terraform workspaces, by stack name."""
    found = {}
    for name, tenants in by_stack(fleet.tenants).items():
        stack = workspaces(tenants, stacks_folder=Path(os.path.relpath(stacks_folder, top)))
        note = {TENANTS_FILE: os.path.relpath(tenants_file, stacks_folder / name)}
        found[name] = configuration(name, stack["terraform"], body(stack), note)
    return found


def _check_owners(fleet: Fleet, outdir: Path, configurations: Iterable[Path]) -> None:
    """Refuses to replace a root of another tenants file. The root of a file that was moved or renamed is replaced."""
    problems = []
    tenants_file = fleet.file.resolve()
    for path in configurations:
        other = tenants_file_of(outdir / path)
        if other is None or other == tenants_file or not other.exists():
            continue
        root = (outdir / path).parent
        message = (
            f"{root} was synthesized from another tenants file, {os.path.relpath(other)}: give --out another folder, "
            f"or delete {root} if it is to be synthesized from {fleet.file} from now on"
        )
        layers = fleet.layers.get(root.name)
        problems.append(layers.own.problem(message, layers.owner) if layers else Problem(fleet.file, 1, message))
    if problems:
        raise BadInputError(problems)


def configuration_of(stack: str) -> Path:
    """Returns the path of a stack's configuration in the output folder."""
    return Path(_STACKS, stack, CONFIGURATION)


def files_by_stack(outdir: Path) -> dict[str, dict[str, bytes]]:
    """Returns the files that synthesis wrote to a folder, for each stack: contents by file name."""
    return {
        path.parent.name: {
            path.name: path.read_bytes(),
            **{
                copied.name: (outdir / copied).read_bytes()
                for copied in _copied_files(outdir, path.parent.name)
                if (outdir / copied).exists()
            },
        }
        for path in outdir.glob(f"{_STACKS}/*/{CONFIGURATION}")
    }


def _copied_files(outdir: Path, stack: str) -> set[Path]:
    """Returns the files that an earlier run copied for a stack, as paths in the output folder."""
    try:
        names = json.loads((outdir / configuration_of(stack)).read_bytes())["//"]["metadata"][_FILES]
        return {Path(_STACKS, stack, Path(name).name) for name in names}
    except (OSError, ValueError, KeyError, TypeError):  # no configuration, or not a synthesized one
        return set()


def _changes_of_stacks(changes: dict[Path, Change]) -> dict[str, Change]:
    """Returns the result for each stack: that of its configuration, or CHANGED if only another file changed."""
    stacks = {path.parent.name: change for path, change in changes.items() if path.name == CONFIGURATION}
    for path, change in changes.items():
        if change is not Change.UNCHANGED and stacks.get(path.parent.name) is Change.UNCHANGED:
            stacks[path.parent.name] = Change.CHANGED
    return stacks


def _module() -> str:
    """Returns the blocks of the module, as CDKTF makes them.

    Raises:
        RefusedError: the path of the temporary folder is not UTF-8.
        TemporaryFolderError: CDKTF cannot write its files.
    """
    try:
        _check_utf8(tempfile.gettempdir())
        with tempfile.TemporaryDirectory(prefix="litellm-aws-") as scratch:
            from cdktf import App

            from .module import ModuleStack

            # CDKTF's validation requires a provider in each stack, but the module must not have one.
            app = App(outdir=scratch, skip_validation=True)
            ModuleStack(app)
            try:
                app.synth()
            except RuntimeError as error:  # how jsii reports an error in Node.js
                if re.match("Error: E[A-Z]+: ", str(error)):
                    raise OSError(str(error).removeprefix("Error: ")) from error
                raise
            blocks = json.loads(Path(scratch, configuration_of(LITELLM.name)).read_bytes())
    except OSError as error:
        raise TemporaryFolderError(error) from error
    del blocks["//"]
    for variable in blocks["variable"].values():
        if variable.get("default") == NULL:
            variable["default"] = None
    return body(_without_notes(blocks))


def _without_notes(block: Any) -> Any:
    """Returns blocks without CDKTF's metadata of single ones."""
    if isinstance(block, dict):
        return {key: _without_notes(value) for key, value in block.items() if not (key == "//" and _is_note(value))}
    return [_without_notes(item) for item in block] if isinstance(block, list) else block


def _is_note(value: Any) -> bool:
    return isinstance(value, dict) and "uniqueId" in value.get("metadata", {})
