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


def compared(outdir: Path, contents: Mapping[Path, bytes]) -> dict[Path, Change]:
    """Returns how the content of each file, by its path in a folder, differs from what is there.

    Raises:
        OSError: the folder cannot be read.
    """
    return {path: _change(outdir / path, content) for path, content in contents.items()}


def replace(outdir: Path, contents: Mapping[Path, bytes]) -> None:
    """Writes files. All contents are written to disk before the first file is replaced.

    Args:
        outdir: the folder, which must be `locked`.
        contents: the content of each file, by its path in the folder, in the order in which they are replaced.

    Raises:
        OSError: the folder cannot be written. Each file then has either its old or its new content.
    """
    for abandoned in outdir.glob(f"{_STAGING}*"):  # left by a run that was killed
        shutil.rmtree(abandoned, ignore_errors=True)
    if not contents:
        return
    with tempfile.TemporaryDirectory(prefix=_STAGING, dir=outdir, ignore_cleanup_errors=True) as staging:
        staged = [f"{staging}/{number}" for number in range(len(contents))]
        for name, content in zip(staged, contents.values(), strict=True):
            with open(name, "wb") as file:
                file.write(content)
        for folder in dict.fromkeys(path.parent for path in contents):
            (outdir / folder).mkdir(parents=True, exist_ok=True)
        for name, path in zip(staged, contents, strict=True):
            os.replace(name, outdir / path)


def _change(path: Path, content: bytes) -> Change:
    try:
        with open(path, "rb") as file:
            return Change.UNCHANGED if file.read() == content else Change.CHANGED
    except FileNotFoundError:
        return Change.NEW
