"""Supervised commands: their exit codes, and how they stop together with the parent process."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from litellm_aws.local_aws.supervisor import start_supervised

SECONDS = 10
PROJECT = Path(__file__).parents[2]


@contextmanager
def supervised(command: Sequence[str], directory: Path, stop_signal: str = "TERM") -> Iterator[subprocess.Popen[bytes]]:
    """Starts a supervised command, and kills what is left of it when the context exits."""
    process = start_supervised(
        command,
        environment={"PATH": os.defpath, "MINE": "1"},
        directory=directory,
        output=subprocess.PIPE,
        signal=stop_signal,
    )
    with process:
        try:
            yield process
        finally:
            with suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)


def first_line(process: subprocess.Popen[bytes]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().decode().strip()


def close_stdin(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.close()


def ends(process_id: int) -> bool:
    """Returns whether a process exits soon. A zombie counts as exited."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        state = subprocess.run(["ps", "-o", "stat=", "-p", str(process_id)], capture_output=True, check=False)
        if state.stdout.strip()[:1] in (b"", b"Z"):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("code", [0, 1, 3, 255])
def test_the_exit_code_is_that_of_the_command(code: int, tmp_path: Path) -> None:
    with supervised(["sh", "-c", f"exit {code}"], tmp_path) as process:
        assert process.wait(SECONDS) == code


def test_a_missing_program_exits_with_127_and_a_message(tmp_path: Path) -> None:
    with supervised(["no-such-program"], tmp_path) as process:
        assert process.wait(SECONDS) == 127
        assert "no-such-program" in first_line(process)


def test_arguments_folder_and_environment_are_passed(tmp_path: Path) -> None:
    program = 'echo "$1|$2|$PWD|$MINE|${HOME-none}|$(cat)"'
    with supervised(["sh", "-c", program, "sh", "a  b", '$x"'], tmp_path) as process:
        assert first_line(process) == f'a  b|$x"|{tmp_path}|1|none|'
        assert process.wait(SECONDS) == 0


def test_closing_stdin_stops_the_command(tmp_path: Path) -> None:
    with supervised(["sh", "-c", "echo $$; exec sleep 60"], tmp_path) as process:
        process_id = int(first_line(process))
        close_stdin(process)
        assert process.wait(SECONDS) == 128 + signal.SIGTERM
        assert ends(process_id)
        assert first_line(process) == ""  # no message of the shell


def test_the_command_can_handle_the_signal(tmp_path: Path) -> None:
    with supervised(["sh", "-c", "trap 'exit 7' TERM; echo ready; while :; do sleep .05; done"], tmp_path) as process:
        first_line(process)
        close_stdin(process)
        assert process.wait(SECONDS) == 7


def test_the_signal_can_be_changed(tmp_path: Path) -> None:
    program = """
import signal, sys, time
signal.signal(signal.SIGINT, lambda *_: sys.exit(9))
print("ready", flush=True)
time.sleep(60)
"""
    with supervised([sys.executable, "-c", program], tmp_path, stop_signal="INT") as process:
        first_line(process)
        close_stdin(process)
        assert process.wait(SECONDS) == 9


def test_the_watcher_exits_with_the_command(tmp_path: Path) -> None:
    with supervised(["sh", "-c", "exit 0"], tmp_path) as process:
        assert process.wait(SECONDS) == 0
        time.sleep(0.1)
        listed = subprocess.run(["ps", "-A", "-o", "pgid=,stat=,args="], capture_output=True, text=True, check=True)
        found = [line.split(maxsplit=2) for line in listed.stdout.splitlines()]
        left = [args for group, state, args in found if group == str(process.pid) and not state.startswith("Z")]
        # Only the part of the watcher that sends no signal may be left.
        assert left in ([], ["cat"])


@pytest.mark.parametrize("way", [signal.SIGKILL, signal.SIGTERM])
def test_killing_the_parent_stops_the_command(way: signal.Signals, tmp_path: Path) -> None:
    program = """
import subprocess, sys, time
from pathlib import Path
from litellm_aws.local_aws.supervisor import start_supervised
process = start_supervised(
    ["sh", "-c", "echo $$; exec sleep 60"],
    environment={"PATH": sys.argv[1]}, directory=Path(sys.argv[2]), output=subprocess.PIPE,
)
print(process.stdout.readline().decode().strip(), flush=True)
time.sleep(60)
"""
    with subprocess.Popen(
        [sys.executable, "-c", program, os.defpath, str(tmp_path)], cwd=PROJECT, stdout=subprocess.PIPE
    ) as parent:
        process_id = int(first_line(parent))
        os.kill(process_id, 0)
        parent.send_signal(way)
        parent.wait(SECONDS)
        assert ends(process_id)
