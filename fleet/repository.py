"""The Git repository in which a fleet is kept."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from .command_line import CommandError


def top_of(folder: Path) -> Path:
    """Returns the folder that paths in a repository begin at: that of `.git`, or the given one outside of any.

    Git itself is not asked, so that nobody needs it who does not compare commits.
    """
    folder = folder.resolve()
    return next((each for each in (folder, *folder.parents) if (each / ".git").exists()), folder)


def repository_of(folder: Path) -> Path | None:
    """Returns the top folder of the repository that a folder is in, or None when it is in none.

    Raises:
        CommandError: there is no Git on this machine, or it does not trust the folder.
    """
    done = _git("rev-parse", "--show-toplevel", folder=folder)
    if done.returncode == 0:
        return Path(done.stdout.decode().rstrip("\n"))
    said = done.stderr.decode().strip()
    if "not a git repository" in said:
        return None
    raise CommandError(f"Git cannot read {folder}: {said}")


def commit_of(repository: Path, ref: str) -> str:
    """Returns the commit that a ref names.

    Raises:
        CommandError: there is no such commit.
    """
    done = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}", folder=repository)
    if done.returncode != 0:
        raise CommandError(
            f"{ref} names no commit in {repository}: check its name, or fetch it first (a shallow clone has few)"
        )
    return done.stdout.decode().strip()


def is_ignored(path: Path) -> bool:
    """Returns whether Git leaves a folder, which need not be there, out of its repository."""
    path = path.absolute()
    return _git("check-ignore", "--quiet", f"{path.name}/", folder=path.parent).returncode == 0


def export(repository: Path, commit: str, folder: Path) -> None:
    """Writes all files of a commit to an empty folder, and changes nothing in the repository.

    Raises:
        CommandError: Git cannot write them.
    """
    with tempfile.TemporaryDirectory() as scratch:
        environment = {"GIT_INDEX_FILE": str(Path(scratch, "index"))}
        for command in (("read-tree", commit), ("checkout-index", "--all", f"--prefix={folder}/")):
            done = _git(*command, folder=repository, **environment)
            if done.returncode != 0:
                raise CommandError(f"Git cannot read {commit}: {done.stderr.decode().strip()}")


def _git(*arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            ["git", "-C", str(folder), *arguments],
            env={**os.environ, "LC_ALL": "C", **environment},
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        raise CommandError("There is no git on the PATH: install it.") from None
