"""Deletes the roots of tenants that are no longer in the tenants file, unless a local state still holds resources."""

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
"""Metadata key of a root. Its value is the path from the root to the tenants file."""

_WORKING_FILES = (".terraform", ".terraform.lock.hcl")
"""The files that `terraform init` creates in a root."""


@dataclass(frozen=True)
class StaleRoot:
    """A root without a tenant.

    Attributes:
        folder: the root.
        state: location of its state, for messages.
        kept_for: why the root was kept; empty if it was deleted.
        remaining: names of other files in a deleted root. They are not deleted.
    """

    folder: Path
    state: str
    kept_for: str = ""
    remaining: tuple[str, ...] = ()


def tenants_file_of(configuration: Path) -> Path | None:
    """Returns the tenants file that a configuration was synthesized from, or None if it was not synthesized.

    The output folder may also contain roots that were written by hand, or that belong to other tenants files.
    """
    try:
        named = json.loads(configuration.read_bytes())["//"]["metadata"][TENANTS_FILE]
        return Path(configuration.parent.resolve(), named).resolve()
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def delete(folder: Path, configuration: str, tenants_folder: Path) -> StaleRoot:
    """Deletes a root, unless its local state holds resources or cannot be read.

    Deletes only the files of synthesis and `terraform init`, and never a state.

    Args:
        folder: the root.
        configuration: name of the synthesized file in the root.
        tenants_folder: folder of the tenants file.

    Raises:
        OSError: the root cannot be deleted.
    """
    terraform = json.loads((folder / configuration).read_bytes())["terraform"]
    backends = terraform["backend"] if "cloud" not in terraform else {"cloud": terraform["cloud"]}
    [(kind, backend)] = backends.items()
    # The state of the configured backend, and a local state that was never migrated to it.
    paths = [
        *_local_states(folder, backend if kind == "local" else {}),
        *tenants_folder.glob(glob.escape(f"terraform.{folder.name}.tfstate")),
    ]
    states = dict.fromkeys(os.path.relpath(path.resolve()) for path in paths)
    reasons = [reason for path in states if (reason := _reason_to_keep(Path(path)))]
    state = _place(kind, backend)
    if reasons:
        return StaleRoot(folder, state, kept_for=" and ".join(reasons))
    (folder / configuration).unlink()
    for name in _WORKING_FILES:
        path = folder / name
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)
    remaining = tuple(sorted(path.name for path in folder.iterdir()))
    if not remaining:
        folder.rmdir()
    return StaleRoot(folder, state, remaining=remaining)


def warnings(stale: Sequence[StaleRoot], tenants_file: Path) -> Iterator[str]:
    """Yields a warning for each root that says whether it was deleted and how to destroy its resources."""
    for root in stale:
        terraform = f"terraform -chdir={shlex.quote(str(root.folder))}"
        if root.kept_for:
            yield (
                f"{root.folder} belongs to no tenant in {tenants_file} and was kept: {root.kept_for}. "
                f"Run `{terraform} destroy`, and the next synth deletes it, or add the tenant to the file again."
            )
        else:
            remaining = f" It still holds other files: {', '.join(root.remaining)}." if root.remaining else ""
            yield (
                f"{root.folder} belongs to no tenant in {tenants_file} and was deleted.{remaining} "
                f"Its state is {root.state}. To destroy the resources in it: add the tenant to the file again, synth, "
                f"run `{terraform} init` and `{terraform} destroy`, and remove the tenant."
            )


def _local_states(folder: Path, local: dict[str, Any]) -> Iterator[Path]:
    """Yields the existing state files of a root: of its backend, of its workspaces, and any others in the folder."""
    # Terraform unescapes the path, and resolves it after following links.
    name = local.get("path", "terraform.tfstate").replace("$${", "${").replace("%%{", "%{")
    path = folder.resolve() / name
    if path.exists():
        yield path
    for path in sorted(folder.rglob("*.tfstate")):
        # Under .terraform, a file with this name describes the backend.
        if ".terraform" not in path.relative_to(folder).parts:
            yield path


def _reason_to_keep(path: Path) -> str:
    """Returns why a root with this state must be kept, or an empty string if the state holds no resources."""
    try:
        text = path.read_text(encoding="utf-8")
        resources = json.loads(text)["resources"] if text.strip() else []
        instances = sum(len(each["instances"]) for each in resources if each["mode"] == "managed")
    except (OSError, ValueError, KeyError, TypeError):
        return f"{path} cannot be read as a state and may hold resources"
    return f"{path} still holds {instances} resource{'s' if instances > 1 else ''}" if instances else ""


def _place(kind: str, backend: dict[str, Any]) -> str:
    match kind:
        case "local":
            return str(backend.get("path", "terraform.tfstate"))
        case "s3":
            return f"s3://{backend.get('bucket')}/{backend.get('key')}"
        case _:
            return f"HCP Terraform workspace {backend.get('workspaces', {}).get('name')}"
