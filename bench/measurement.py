"""Runs a process, and measures how long it takes and how much memory."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

SAMPLING_SECONDS = 0.02
"""Between two looks at the memory."""
SHORT_SECONDS = 0.1
"""In this time from its start, a process is looked at more often: it may be over by then."""
SHORT_SAMPLING_SECONDS = 0.002

_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "XDG_CACHE_HOME")
"""The caller's variables that a process gets. Others change what is measured: NODE_OPTIONS, TENANTS_FILE, TF_…"""


@dataclass(frozen=True)
class Command:
    """A process to run.

    Attributes:
        arguments: the program and what it is given.
        directory: where it runs.
        environment: its variables, beside the few that it gets of the caller's.
    """

    arguments: tuple[str, ...]
    directory: Path
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Sample:
    """What a process took.

    Attributes:
        seconds: from its start to its end.
        peak_bytes: the largest sum of the resident sets of the process and all its children that was seen.
    """

    seconds: float
    peak_bytes: int


class ProcessFailedError(Exception):
    """A process ended with another exit code than 0; the message has what it wrote to stderr."""


def measure(command: Command) -> Sample:
    """Runs a process to its end.

    Raises:
        ProcessFailedError: it failed, or could not be started.
    """
    inherited = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    with tempfile.TemporaryFile() as errors:
        begun = time.perf_counter()
        try:
            process = subprocess.Popen(
                command.arguments,
                cwd=command.directory,
                env={**inherited, **command.environment},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                # Ctrl-C is for this process, which then kills the other with its children.
                start_new_session=True,
            )
        except OSError as error:
            raise ProcessFailedError(f"{command.arguments[0]} cannot be started: {error}") from error
        try:
            with _memory_watched(process.pid) as peak:
                code = process.wait()
                seconds = time.perf_counter() - begun
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        if code:
            errors.seek(0)
            said = errors.read().decode(errors="replace").strip()
            raise ProcessFailedError(f"it ended with exit code {code}, and said:\n{said or '(nothing)'}")
    return Sample(seconds, max(peak))


@contextmanager
def _memory_watched(pid: int) -> Iterator[list[int]]:
    """Yields a list to which the memory of a process and its children is added again and again, in bytes."""
    begun = time.perf_counter()
    seen = [0]
    ended = threading.Event()

    def watch() -> None:
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            while not ended.is_set():
                seen.append(sum(map(_resident_bytes, [process, *process.children(recursive=True)])))
                short = time.perf_counter() - begun < SHORT_SECONDS
                ended.wait(SHORT_SAMPLING_SECONDS if short else SAMPLING_SECONDS)

    # In a thread, for the end of the process has to be noticed at once, not at the next look.
    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield seen
    finally:
        ended.set()
        watcher.join()


def _resident_bytes(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.Error:  # it has just ended
        return 0
