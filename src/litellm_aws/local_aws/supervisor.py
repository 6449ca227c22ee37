"""Starts processes that exit together with the local AWS, even if it is killed."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

_SUPERVISOR = """\
exec 3<&0 </dev/null
"$@" 3<&- &
command=$!
{ cat <&3; kill -"$SUPERVISOR_SIGNAL" "$command"; } >/dev/null 2>&1 &
watcher=$!
# Discards messages of the shell itself, such as "Terminated".
exec 3<&- 2>/dev/null
wait "$command"
code=$?
# Stops the watcher: another process may get the command's process ID.
kill "$watcher"
exit "$code"
"""
"""Runs a command, and stops it when standard input closes. The kernel closes it even if the parent is killed."""

_REMOVE = 'cat >/dev/null; sleep 2; rm -rf -- "$1"'


def remove_at_exit(folder: Path) -> None:
    """Deletes a folder when this process exits, even if it is killed."""
    subprocess.Popen(
        ["/bin/sh", "-c", _REMOVE, "remove", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def start_supervised(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    directory: Path,
    output: IO[bytes] | int,
    signal: str = "TERM",
    user: str | int | None = None,
) -> subprocess.Popen[bytes]:
    """Starts a command under a supervisor, and returns the supervisor's process.

    The supervisor exits with the command's exit code. It stops the command when this process exits or closes the
    supervisor's `stdin`.

    Args:
        command: the program and its arguments.
        environment: the complete environment.
        directory: the working directory.
        output: the destination of standard output and standard error.
        signal: the signal that stops the command, such as INT.
        user: the user that runs the command; by default, the user of this process.
    """
    return subprocess.Popen(
        ["/bin/sh", "-c", _SUPERVISOR, "supervisor", *command],
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.STDOUT,
        env={**environment, "SUPERVISOR_SIGNAL": signal},
        cwd=directory,
        user=user,
        extra_groups=None if user is None else [],
        # Ctrl-C in a terminal must reach only this process, which then stops its commands in order.
        start_new_session=True,
    )
