"""The Git repository in which a fleet is kept."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from .problems import RefusedError


def top_of(folder: Path) -> Path:
    """Returns the top folder of the repository that a folder is in, or the folder itself outside of a repository.

    It looks for `.git`, and does not need Git.
    """
    folder = folder.resolve()
    return next((each for each in (folder, *folder.parents) if (each / ".git").exists()), folder)


def repository_of(folder: Path) -> Path | None:
    """Returns the top folder of the repository that a folder is in, or None outside of a repository.

    Raises:
        RefusedError: Git is not installed, or does not trust the folder.
    """
    done = _git("rev-parse", "--show-toplevel", folder=folder)
    if done.returncode == 0:
        return Path(done.stdout.decode().rstrip("\n"))
    said = done.stderr.decode().strip()
    if "not a git repository" in said:
        return None
    raise RefusedError(f"Git cannot read {folder}: {said}")


def commit_of(repository: Path, ref: str) -> str:
    """Returns the commit that a ref names.

    Raises:
        RefusedError: there is no such commit.
    """
    done = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}", folder=repository)
    if done.returncode != 0:
        raise RefusedError(
            f"{ref} is not a commit in {repository}: check the name, or fetch it (a shallow clone has few commits)"
        )
    return done.stdout.decode().strip()


def is_ignored(path: Path) -> bool:
    """Returns whether Git ignores a folder, which need not exist."""
    path = path.absolute()
    return _git("check-ignore", "--quiet", f"{path.name}/", folder=path.parent).returncode == 0


def export(repository: Path, commit: str, folder: Path) -> None:
    """Writes all files of a commit to an empty folder, and changes nothing in the repository.

    Raises:
        RefusedError: Git cannot write them.
    """
    with tempfile.TemporaryDirectory() as scratch:
        environment = {"GIT_INDEX_FILE": str(Path(scratch, "index"))}
        for command in (("read-tree", commit), ("checkout-index", "--all", f"--prefix={folder}/")):
            done = _git(*command, folder=repository, **environment)
            if done.returncode != 0:
                raise RefusedError(f"Git cannot read {commit}: {done.stderr.decode().strip()}")


def _git(*arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            ["git", "-C", str(folder), *arguments],
            env={**os.environ, "LC_ALL": "C", **environment},
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        raise RefusedError("git is not on the PATH: install Git.") from None
