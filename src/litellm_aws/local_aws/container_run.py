"""Runs one container of a task: its process, its restarts and its exit."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from threading import Thread
from typing import IO, Any

from .container_program import ContainerProgram
from .execution_role import Write
from .health_check import HealthCheck
from .supervisor import start_supervised

_STOP_SECONDS = 30
"""Default of `stopTimeout` on ECS: the time between SIGTERM and SIGKILL."""
_RESTART_SECONDS = 300
"""Default of `restartAttemptPeriod` on ECS."""
_LOG_SECONDS = 0.2
"""Time between two writes to the log: one write for each line would take most of the CPU under load."""
_PIPE_BYTES = 65536
"""Capacity of a pipe on Linux (pipe(7))."""


class ContainerRun:
    """A container that is waiting, running or stopped.

    Attributes:
        name: name of the container.
        essential: whether the task stops when this container stops.
        depends_on: the conditions for its start, by the name of the other container.
        image: name of the image.
        has_started: whether its process has ever run.
        has_stopped: whether it has stopped and will not be restarted.
        exit_code: exit code of its last process; None before it has stopped.
    """

    def __init__(
        self,
        container: Mapping[str, Any],
        program: ContainerProgram,
        *,
        record: Any,
        write: Write,
        time_scale: float,
    ) -> None:
        """Creates the container without starting it.

        Args:
            container: the container definition.
            program: the program to run.
            record: moto's container object, whose status is kept up to date.
            write: writes lines of output to the log.
            time_scale: factor for the periods of the restart policy and of the health check.
        """
        self.name: str = container["name"]
        self.essential: bool = container.get("essential", True)
        self.depends_on: dict[str, str] = {
            each["containerName"]: each["condition"] for each in container.get("dependsOn") or []
        }
        self.image: str = container["image"]
        self.has_started = self.has_stopped = False
        self.exit_code: int | None = None
        self._container, self._program = container, program
        self._record, self._write, self._time_scale = record, write, time_scale
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: Thread | None = None
        self._health: HealthCheck | None = None
        self._began = 0.0
        self._kill_at: float | None = None
        self._may_restart = True

    @property
    def is_running(self) -> bool:
        """Whether its process is running."""
        return self._process is not None

    @property
    def has_health_check(self) -> bool:
        """Whether it has a health check."""
        return bool(self._program.health_check)

    @property
    def health(self) -> str:
        """The health status: UNKNOWN, HEALTHY or UNHEALTHY."""
        return self._health.status if self._health else "UNKNOWN"

    def start(self) -> None:
        """Starts the process."""
        self._process = self._started(self._program.command, subprocess.PIPE)
        self._reader = Thread(target=_copy_lines, args=(self._process, self._write), daemon=True)
        self._reader.start()
        if self.has_health_check:
            self._health = HealthCheck(self._container["healthCheck"], self._is_healthy, self._time_scale)
        self._began = time.monotonic()
        self.has_started = True
        self._record.last_status = "RUNNING"

    def fail_to_start(self, reason: str) -> None:
        """Marks the container as stopped before it has run."""
        self.has_stopped = True
        self._record.last_status, self._record.reason = "STOPPED", reason

    def disable_restarts(self) -> None:
        """Disables the restart policy, because the task is stopping."""
        self._may_restart = False

    def stop(self) -> None:
        """Sends SIGTERM. `update` sends SIGKILL after the stop timeout."""
        if self._process is None or self._kill_at is not None:
            return
        self._kill_at = time.monotonic() + float(self._container.get("stopTimeout") or _STOP_SECONDS)
        assert self._process.stdin is not None
        self._process.stdin.close()

    def update(self) -> None:
        """Updates the state of the container from its process."""
        self._record.health_status = self.health
        if self._process is None:
            return
        if self._process.poll() is None:
            if self._kill_at is not None and time.monotonic() >= self._kill_at:
                _kill(self._process)
            return
        ran, code = time.monotonic() - self._began, self._clean_up(self._process)
        self._process = None
        if self._restarts(ran, code):
            self.start()
            return
        self.has_stopped, self.exit_code = True, code
        self._record.exitCode, self._record.last_status = code, "STOPPED"

    def _restarts(self, ran: float, code: int) -> bool:
        """Returns whether to restart the container.

        ECS restarts a container only if it has run for `restartAttemptPeriod`, and after any exit code that is not in
        `ignoredExitCodes`, including 0 (ECS API reference, ContainerRestartPolicy).
        """
        policy = self._container.get("restartPolicy") or {}
        period = float(policy.get("restartAttemptPeriod") or _RESTART_SECONDS)
        return (
            bool(policy.get("enabled"))
            and self._may_restart
            and code not in (policy.get("ignoredExitCodes") or [])
            and ran >= period * self._time_scale
        )

    def _clean_up(self, process: subprocess.Popen[bytes]) -> int:
        """Cleans up after a process that has exited, and returns its exit code."""
        if self._health:
            self._health.stop()
        # The exit of a container's main process ends its child processes too.
        _kill(process)
        if self._reader:
            self._reader.join()
        if process.stdin and not process.stdin.closed:
            process.stdin.close()
        code = process.wait()
        return code if code >= 0 else 128 - code

    def _is_healthy(self, seconds: float) -> bool:
        try:
            check = self._started(self._program.health_check, subprocess.DEVNULL)
        except OSError:
            return False  # the container has exited and its folder was deleted
        with check as process:
            try:
                return process.wait(seconds) == 0
            except subprocess.TimeoutExpired:
                return False
            finally:
                _kill(process)

    def _started(self, command: Sequence[str], output: IO[bytes] | int) -> subprocess.Popen[bytes]:
        return start_supervised(
            command, environment=self._program.environment, directory=self._program.directory, output=output
        )


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)


def _copy_lines(process: subprocess.Popen[bytes], write: Write) -> None:
    assert process.stdout is not None
    unfinished = b""
    with process.stdout as output:
        while chunk := os.read(output.fileno(), _PIPE_BYTES):
            *lines, unfinished = (unfinished + chunk).split(b"\n")
            if lines:
                write([line.decode(errors="replace") for line in lines])
            if len(chunk) < _PIPE_BYTES:
                time.sleep(_LOG_SECONDS)
    if unfinished:
        write([unfinished.decode(errors="replace")])
