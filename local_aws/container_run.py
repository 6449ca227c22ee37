"""One container of a task: its process, its restarts and its end."""

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
from .leash import leashed

STOP_SECONDS = 30
"""Between SIGTERM and SIGKILL where a container definition has no `stopTimeout` (ECS)."""
_RESTART_SECONDS = 300
"""`restartAttemptPeriod` where a restart policy has none (ECS)."""
_SHORTEST_RESTART_SECONDS = 60
"""ECS accepts no shorter one."""


class ContainerRun:
    """A container that waits, runs or has stopped.

    Attributes:
        name: of the container.
        essential: whether the task stops with it.
        depends_on: the conditions under which it starts, by the names of other containers.
        image: name of the image.
        has_started: whether its process has ever run.
        has_stopped: whether it runs no more, and will not be restarted.
        exit_code: of its last process; None until then.
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
        """Starts nothing yet.

        Args:
            container: the container definition.
            program: what it runs.
            record: moto's container, which is kept up to date.
            write: writes its output to its log.
            time_scale: multiplies the periods of the restart policy and of the health check.
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
        """Whether it has a process."""
        return self._process is not None

    @property
    def has_health_check(self) -> bool:
        """Whether its health is checked."""
        return bool(self._program.health_check)

    @property
    def health(self) -> str:
        """UNKNOWN, HEALTHY or UNHEALTHY."""
        return self._health.status if self._health else "UNKNOWN"

    def start(self) -> None:
        """Starts the process."""
        self._process = self._started(self._program.command, subprocess.PIPE)
        self._reader = Thread(target=_copy_lines, args=(self._process, self._write), daemon=True)
        self._reader.start()
        if self.has_health_check:
            self._health = HealthCheck(self._container["healthCheck"], self._is_well, self._time_scale)
        self._began = time.monotonic()
        self.has_started = True
        self._record.last_status = "RUNNING"

    def cannot_start(self, reason: str) -> None:
        """Stops it before it has run."""
        self.has_stopped = True
        self._record.last_status, self._record.reason = "STOPPED", reason

    def restart_no_more(self) -> None:
        """Leaves it stopped when it exits, whatever its restart policy: its task stops."""
        self._may_restart = False

    def stop(self) -> None:
        """Sends SIGTERM; `update` sends SIGKILL later."""
        if self._process is None or self._kill_at is not None:
            return
        self._kill_at = time.monotonic() + float(self._container.get("stopTimeout") or STOP_SECONDS)
        assert self._process.stdin is not None
        self._process.stdin.close()

    def update(self) -> None:
        """Notes what has happened to the process."""
        self._record.health_status = self.health
        if self._process is None:
            return
        if self._process.poll() is None:
            if self._kill_at is not None and time.monotonic() >= self._kill_at:
                _kill(self._process)
            return
        ran, code = time.monotonic() - self._began, self._ended(self._process)
        self._process = None
        if self._restarts(ran, code):
            self.start()
            return
        self.has_stopped, self.exit_code = True, code
        self._record.exitCode, self._record.last_status = code, "STOPPED"

    def _restarts(self, ran: float, code: int) -> bool:
        """Whether the container is restarted.

        A container that has not run for `restartAttemptPeriod` stays stopped, so there is one restart at most in each
        period. Exit code 0 is not special, unless it is ignored (ECS, ContainerRestartPolicy).
        """
        policy = self._container.get("restartPolicy") or {}
        period = max(float(policy.get("restartAttemptPeriod") or _RESTART_SECONDS), _SHORTEST_RESTART_SECONDS)
        return (
            bool(policy.get("enabled"))
            and self._may_restart
            and code not in (policy.get("ignoredExitCodes") or [])
            and ran >= period * self._time_scale
        )

    def _ended(self, process: subprocess.Popen[bytes]) -> int:
        """Removes what is left of a process that has ended, and returns its exit code."""
        if self._health:
            self._health.stop()
        # Whatever the program has started ends with it, as a container does.
        _kill(process)
        if self._reader:
            self._reader.join()
        if process.stdin and not process.stdin.closed:
            process.stdin.close()
        code = process.wait()
        return code if code >= 0 else 128 - code

    def _is_well(self, seconds: float) -> bool:
        try:
            check = self._started(self._program.health_check, subprocess.DEVNULL)
        except OSError:
            return False  # the container has ended, and its folder is gone
        with check as process:
            try:
                return process.wait(seconds) == 0
            except subprocess.TimeoutExpired:
                return False
            finally:
                _kill(process)

    def _started(self, command: Sequence[str], output: IO[bytes] | int) -> subprocess.Popen[bytes]:
        return leashed(command, environment=self._program.environment, directory=self._program.directory, output=output)


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)


def _copy_lines(process: subprocess.Popen[bytes], write: Write) -> None:
    assert process.stdout is not None
    with process.stdout:
        for line in process.stdout:
            write([line.decode(errors="replace").rstrip("\n")])
