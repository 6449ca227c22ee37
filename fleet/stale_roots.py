"""Roots whose tenant is no longer in the tenants file: taken away, unless a state in reach still needs them."""

from __future__ import annotations

import glob
import json
import os
import shlex
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TENANTS_FILE = "tenantsFile"
"""Where a root's metadata says which tenants file it is of: a path from the root."""

_WORKING_FILES = (".terraform", ".terraform.lock.hcl")
"""What Terraform makes in a root, and makes anew at any time."""


@dataclass(frozen=True)
class StaleRoot:
    """A root that no tenant has any more.

    Attributes:
        folder: the root.
        state: where its state is, as a reader says it.
        held: why the root was left as it is, or empty when it was taken away.
        left: names of the user's own files in a root that was taken away, which stay where they are.
    """

    folder: Path
    state: str
    held: str = ""
    left: tuple[str, ...] = ()


def is_root_of(configuration: Path, tenants_file: Path) -> bool:
    """Returns whether a configuration was synthesized of a tenants file.

    Whatever else lies in the output is somebody else's: a root that was written by hand, or of another tenants file.
    """
    try:
        named = json.loads(configuration.read_bytes())["//"]["metadata"][TENANTS_FILE]
        return bool((configuration.parent.resolve() / named).resolve() == tenants_file.resolve())
    except (OSError, ValueError, KeyError, TypeError):
        return False


def take_away(folder: Path, configuration: str, tenants_folder: Path) -> StaleRoot:
    """Deletes a root, unless a local state of it holds resources, or may hold some.

    No state is ever deleted, nor any file but those that synthesis and Terraform made.

    Args:
        folder: the root.
        configuration: name of the synthesized file in it.
        tenants_folder: the tenants file's.

    Raises:
        OSError: the root cannot be deleted.
    """
    terraform = json.loads((folder / configuration).read_bytes())["terraform"]
    backends = terraform["backend"] if "cloud" not in terraform else {"cloud": terraform["cloud"]}
    [(kind, backend)] = backends.items()
    # Where the state is now, and where it would be of a tenant whose backend was never migrated to.
    paths = [
        *_local_states(folder, backend if kind == "local" else {}),
        *tenants_folder.glob(glob.escape(f"terraform.{folder.name}.tfstate")),
    ]
    states = dict.fromkeys(os.path.relpath(path.resolve()) for path in paths)
    held = [why for path in states if (why := _holds(Path(path)))]
    state = _place(kind, backend)
    if held:
        return StaleRoot(folder, state, held=" and ".join(held))
    (folder / configuration).unlink()
    for name in _WORKING_FILES:
        path = folder / name
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)
    left = tuple(sorted(path.name for path in folder.iterdir()))
    if not left:
        folder.rmdir()
    return StaleRoot(folder, state, left=left)


def warnings(stale: Sequence[StaleRoot], tenants_file: Path) -> Iterator[str]:
    """Yields a sentence or two for each root: what became of it, and how to destroy what it made."""
    for root in stale:
        terraform = f"terraform -chdir={shlex.quote(str(root.folder))}"
        if root.held:
            yield (
                f"{root.folder} is of no tenant in {tenants_file} any more, and stays: {root.held}. "
                f"Run `{terraform} destroy`, and the next synth takes it away; "
                "or put the tenant back."
            )
        else:
            left = f" Files of your own stay in it: {', '.join(root.left)}." if root.left else ""
            yield (
                f"{root.folder} is of no tenant in {tenants_file} any more, and was taken away.{left} "
                f"Its state is {root.state}. If what it made is to go as well: put the tenant back, synth, run "
                f"`{terraform} init` and `… destroy`, and take the tenant out again."
            )


def _local_states(folder: Path, local: dict[str, Any]) -> Iterator[Path]:
    """Yields the state files of a root that are there: its backend's, those of workspaces, and what lies in it."""
    # To the letter, as Terraform reads it, and from where the folder really is.
    name = local.get("path", "terraform.tfstate").replace("$${", "${").replace("%%{", "%{")
    path = folder.resolve() / name
    if path.exists():
        yield path
    for path in sorted(folder.rglob("*.tfstate")):
        # Terraform keeps there which backend it was initialized with.
        if ".terraform" not in path.relative_to(folder).parts:
            yield path


def _holds(path: Path) -> str:
    """Says what keeps a root from being taken away, or returns nothing where its state is empty."""
    try:
        text = path.read_text(encoding="utf-8")
        resources = json.loads(text)["resources"] if text.strip() else []
        instances = sum(len(each["instances"]) for each in resources if each["mode"] == "managed")
    except (OSError, ValueError, KeyError, TypeError):
        return f"{path} cannot be read as a state, and may hold resources"
    return f"{path} still holds {instances} resource{'s' if instances > 1 else ''}" if instances else ""


def _place(kind: str, backend: dict[str, Any]) -> str:
    match kind:
        case "local":
            return str(backend.get("path", "terraform.tfstate"))
        case "s3":
            return f"s3://{backend.get('bucket')}/{backend.get('key')}"
        case _:
            return f"HCP Terraform workspace {backend.get('workspaces', {}).get('name')}"
