"""Writes to the output folder: each file is replaced atomically, and only if its content differs."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

_STAGING = ".staging-"


class Change(StrEnum):
    """The result of writing a file."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@contextmanager
def locked(outdir: Path) -> Iterator[None]:
    """Locks an existing folder against other runs, and waits while another run has locked it."""
    descriptor = os.open(outdir, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def replace(outdir: Path, contents: Mapping[Path, bytes]) -> dict[Path, Change]:
    """Writes the files that differ. All contents are written to disk before the first file is replaced.

    Args:
        outdir: the folder, which must be `locked`.
        contents: the content of each file, by its path in the folder, in the order in which they are replaced.

    Returns:
        The result for each file.

    Raises:
        OSError: the folder cannot be written. Each file then has either its old or its new content.
    """
    for abandoned in outdir.glob(f"{_STAGING}*"):  # left by a run that was killed
        shutil.rmtree(abandoned, ignore_errors=True)
    changes = {path: _change(outdir / path, content) for path, content in contents.items()}
    pending = [path for path, change in changes.items() if change is not Change.UNCHANGED]
    with tempfile.TemporaryDirectory(prefix=_STAGING, dir=outdir, ignore_cleanup_errors=True) as staging:
        for path in pending:
            Path(staging, path).parent.mkdir(parents=True, exist_ok=True)
            Path(staging, path).write_bytes(contents[path])
        for path in pending:
            (outdir / path).parent.mkdir(parents=True, exist_ok=True)
        for path in pending:
            os.replace(Path(staging, path), outdir / path)
    return changes


def _change(path: Path, content: bytes) -> Change:
    if not path.exists():
        return Change.NEW
    return Change.UNCHANGED if path.read_bytes() == content else Change.CHANGED
