"""Roots whose tenant is no longer in the tenants file: taken away, unless a state in reach still needs them."""

from __future__ import annotations

import json
import os
import shlex
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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


def take_away(folder: Path, configuration: str) -> StaleRoot:
    """Deletes a root, unless a local state of it holds resources, or may hold some.

    No state is ever deleted, nor any file but those that synthesis and Terraform made.

    Args:
        folder: the root.
        configuration: name of the synthesized file in it.

    Raises:
        OSError: the root cannot be deleted.
    """
    try:
        terraform = json.loads((folder / configuration).read_bytes())["terraform"]
        backends = terraform["backend"] if "cloud" not in terraform else {"cloud": terraform["cloud"]}
        [(kind, backend)] = backends.items()
    except (ValueError, KeyError, TypeError, AttributeError):
        return StaleRoot(folder, "unknown", held=f"{configuration} cannot be read, so that nobody knows its state")
    states = dict.fromkeys(_local_states(folder, backend if kind == "local" else {}))
    held = [why for path in states if (why := _holds(path))]
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
    path = Path(os.path.normpath(folder / local.get("path", "terraform.tfstate")))
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
