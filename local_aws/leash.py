"""Processes that do not outlive the local AWS, however it ends."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

_LEASH = """\
exec 3<&0 </dev/null
"$@" 3<&- &
held=$!
{ cat <&3; kill -"$LEASH_SIGNAL" "$held"; } >/dev/null 2>&1 &
watch=$!
# What the shell itself has to say, such as Terminated, is no output of the command.
exec 3<&- 2>/dev/null
wait "$held"
code=$?
# Nobody signals the command's id once it may be another process's.
kill "$watch"
exit "$code"
"""
"""Holds a command until the other end of standard input closes, which a process does even when it is killed."""


_REMOVE = 'cat >/dev/null; sleep 2; rm -rf -- "$1"'


def removed_at_the_end(folder: Path) -> None:
    """Has a folder removed when this process ends, however it ends."""
    subprocess.Popen(
        ["/bin/sh", "-c", _REMOVE, "remove", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def leashed(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    directory: Path,
    output: IO[bytes] | int,
    signal: str = "TERM",
    user: str | int | None = None,
) -> subprocess.Popen[bytes]:
    """Starts a command, and returns the process that waits for it and ends with its exit code.

    The command is ended when this process ends, or closes the returned process's `stdin`.

    Args:
        command: program and arguments.
        environment: the whole environment.
        directory: where it runs.
        output: where its standard output and errors go.
        signal: by which it is ended, such as INT.
        user: who runs it; by default, who runs this.
    """
    return subprocess.Popen(
        ["/bin/sh", "-c", _LEASH, "leash", *command],
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.STDOUT,
        env={**environment, "LEASH_SIGNAL": signal},
        cwd=directory,
        user=user,
        extra_groups=None if user is None else [],
        # Ctrl-C in a terminal is for this process alone, which then ends the command in its own order.
        start_new_session=True,
    )
