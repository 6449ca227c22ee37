"""What a process takes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Execution:
    """What a process took.

    Attributes:
        seconds: from its start to its end.
        peak_bytes: peak resident memory, of the largest process if it waited for others.
    """

    seconds: float
    peak_bytes: int


def execute(arguments: Sequence[str], *, folder: Path, environment: Mapping[str, str], errors: Path) -> Execution:
    """Runs a program.

    Args:
        arguments: the program and its arguments.
        folder: its working directory.
        environment: its variables.
        errors: the file for what it writes to stderr.

    Raises:
        SystemExit: the program failed.
    """
    with errors.open("wb") as stderr:
        begin = time.perf_counter()
        process = subprocess.Popen(arguments, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=stderr)
        # Unlike `process.wait`, this returns the peak memory.
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        what = errors.read_text(encoding="utf-8", errors="replace")
        raise SystemExit(f"{' '.join(arguments)}: exit code {process.returncode}:\n{what}")
    return Execution(seconds, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024))
