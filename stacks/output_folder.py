"""The output folder: its files are replaced one by one, each in one step, and only where they differ."""

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
    """What became of a file."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@contextmanager
def locked(outdir: Path) -> Iterator[None]:
    """Waits until no other run writes to the folder, which must exist, and keeps other runs waiting."""
    descriptor = os.open(outdir, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def replace(outdir: Path, contents: Mapping[Path, bytes]) -> dict[Path, Change]:
    """Writes the files that differ. All contents are on the disk before the first file is replaced.

    Args:
        outdir: the folder, `locked`.
        contents: by paths in the folder.

    Returns:
        What became of each file.

    Raises:
        OSError: the folder cannot be written. Each file is either the old or the new one then.
    """
    for abandoned in outdir.glob(f"{_STAGING}*"):  # by a run that was killed
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
