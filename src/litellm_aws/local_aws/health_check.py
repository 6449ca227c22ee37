"""The health check of a container, according to Docker's rules."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from threading import Event, Thread
from typing import Any


class HealthCheck:
    """Runs a command periodically until it is stopped.

    Attributes:
        status: UNKNOWN, HEALTHY or UNHEALTHY.
    """

    def __init__(self, definition: Mapping[str, Any], succeeds: Callable[[float], bool], time_scale: float) -> None:
        """Starts the health check.

        Args:
            definition: `healthCheck` of a container definition.
            succeeds: runs the command once, with a timeout in seconds, and returns whether it succeeded.
            time_scale: factor for the interval and the start period.
        """
        self.status = "UNKNOWN"
        self._succeeds = succeeds
        # Defaults of ECS.
        self._interval = float(definition.get("interval") or 30) * time_scale
        self._start_period = float(definition.get("startPeriod") or 0) * time_scale
        self._timeout = float(definition.get("timeout") or 5)
        self._retries = int(definition.get("retries") or 3)
        self._stopped = Event()
        Thread(target=self._watch, daemon=True).start()

    def stop(self) -> None:
        """Stops running the command."""
        self._stopped.set()

    def _watch(self) -> None:
        began, failures = time.monotonic(), 0
        while not self._stopped.wait(self._interval):
            if self._succeeds(self._timeout):
                self.status, failures = "HEALTHY", 0
            # In the start period, failures count only after the container has been healthy.
            elif self.status != "UNKNOWN" or time.monotonic() - began >= self._start_period:
                failures += 1
                if failures >= self._retries:
                    self.status = "UNHEALTHY"


def health_check_command(definition: Mapping[str, Any]) -> Sequence[str]:
    """Returns the command of a `healthCheck`, which begins with CMD or CMD-SHELL."""
    kind, *words = definition["command"]
    return ["/bin/sh", "-c", *words] if kind == "CMD-SHELL" else words
