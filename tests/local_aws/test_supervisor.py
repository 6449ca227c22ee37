"""Commands on a leash: their exit codes, and their end with whoever holds them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from local_aws.supervisor import start_supervised

SECONDS = 10
PROJECT = Path(__file__).parents[2]


@contextmanager
def held(command: Sequence[str], directory: Path, by: str = "TERM") -> Iterator[subprocess.Popen[bytes]]:
    """A command on a leash; whatever is left of it ends with the context."""
    process = start_supervised(
        command,
        environment={"PATH": os.defpath, "MINE": "1"},
        directory=directory,
        output=subprocess.PIPE,
        signal=by,
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


def let_go(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.close()


def ends(process_id: int) -> bool:
    """Whether a process ends soon. One that nobody has asked how it ended has ended too."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        state = subprocess.run(["ps", "-o", "stat=", "-p", str(process_id)], capture_output=True, check=False)
        if state.stdout.strip()[:1] in (b"", b"Z"):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("code", [0, 1, 3, 255])
def test_the_exit_code_is_the_commands(code: int, tmp_path: Path) -> None:
    with held(["sh", "-c", f"exit {code}"], tmp_path) as process:
        assert process.wait(SECONDS) == code


def test_a_program_that_is_not_there_gives_127_and_a_word(tmp_path: Path) -> None:
    with held(["no-such-program"], tmp_path) as process:
        assert process.wait(SECONDS) == 127
        assert "no-such-program" in first_line(process)


def test_the_command_has_its_arguments_folder_and_environment(tmp_path: Path) -> None:
    program = 'echo "$1|$2|$PWD|$MINE|${HOME-none}|$(cat)"'
    with held(["sh", "-c", program, "sh", "a  b", '$x"'], tmp_path) as process:
        assert first_line(process) == f'a  b|$x"|{tmp_path}|1|none|'
        assert process.wait(SECONDS) == 0


def test_the_command_ends_when_it_is_let_go(tmp_path: Path) -> None:
    with held(["sh", "-c", "echo $$; exec sleep 60"], tmp_path) as process:
        process_id = int(first_line(process))
        let_go(process)
        assert process.wait(SECONDS) == 128 + signal.SIGTERM
        assert ends(process_id)
        assert first_line(process) == ""  # no word of the shell's


def test_the_command_can_end_in_its_own_way(tmp_path: Path) -> None:
    with held(["sh", "-c", "trap 'exit 7' TERM; echo ready; while :; do sleep .05; done"], tmp_path) as process:
        first_line(process)
        let_go(process)
        assert process.wait(SECONDS) == 7


def test_the_signal_can_be_another_one(tmp_path: Path) -> None:
    program = """
import signal, sys, time
signal.signal(signal.SIGINT, lambda *_: sys.exit(9))
print("ready", flush=True)
time.sleep(60)
"""
    with held([sys.executable, "-c", program], tmp_path, by="INT") as process:
        first_line(process)
        let_go(process)
        assert process.wait(SECONDS) == 9


def test_nobody_watches_a_command_that_has_ended(tmp_path: Path) -> None:
    with held(["sh", "-c", "exit 0"], tmp_path) as process:
        assert process.wait(SECONDS) == 0
        time.sleep(0.1)
        listed = subprocess.run(["ps", "-A", "-o", "pgid=,stat=,args="], capture_output=True, text=True, check=True)
        found = [line.split(maxsplit=2) for line in listed.stdout.splitlines()]
        left = [args for group, state, args in found if group == str(process.pid) and not state.startswith("Z")]
        # What waits for this process signals nobody.
        assert left in ([], ["cat"])


@pytest.mark.parametrize("way", [signal.SIGKILL, signal.SIGTERM])
def test_the_command_ends_when_its_holder_is_killed(way: signal.Signals, tmp_path: Path) -> None:
    program = """
import subprocess, sys, time
from pathlib import Path
from local_aws.supervisor import start_supervised
process = start_supervised(
    ["sh", "-c", "echo $$; exec sleep 60"],
    environment={"PATH": sys.argv[1]}, directory=Path(sys.argv[2]), output=subprocess.PIPE,
)
print(process.stdout.readline().decode().strip(), flush=True)
time.sleep(60)
"""
    with subprocess.Popen(
        [sys.executable, "-c", program, os.defpath, str(tmp_path)], cwd=PROJECT, stdout=subprocess.PIPE
    ) as holder:
        process_id = int(first_line(holder))
        os.kill(process_id, 0)
        holder.send_signal(way)
        holder.wait(SECONDS)
        assert ends(process_id)
