"""A target group's targets: their health, and which one gets a request.

Sources: TargetHealth in the ELBv2 API reference, and "Health checks for Application Load Balancer target groups" in the
user guide of Application Load Balancers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout
from yarl import URL


@dataclass(frozen=True)
class Health:
    """The health of a target, with the fields of TargetHealth."""

    state: str
    reason: str | None = None
    description: str | None = None


REGISTERING = Health("initial", "Elb.RegistrationInProgress", "Target registration is in progress")
CHECKING = Health("initial", "Elb.InitialHealthChecking", "Initial health checks in progress")
HEALTHY = Health("healthy")
TIMED_OUT = Health("unhealthy", "Target.Timeout", "Request timed out")
FAILED = Health("unhealthy", "Target.FailedHealthChecks", "Health checks failed")
NOT_IN_USE = Health(
    "unused", "Target.NotInUse", "Target group is not configured to receive traffic from the load balancer"
)
DRAINING = Health("draining", "Target.DeregistrationInProgress", "Target deregistration is in progress")


class Target:
    """A target of a target group.

    Attributes:
        address, port: where it listens.
        health: its health.
        is_deregistered: whether the deregistration delay is over.
    """

    def __init__(self, address: str, port: int) -> None:
        self.address, self.port = address, port
        self.health = REGISTERING
        self.is_deregistered = False
        self._requests: set[asyncio.Task[Any]] = set()

    @contextmanager
    def serving(self) -> Iterator[None]:
        """The current asyncio task is a request to this target until the context exits."""
        task = asyncio.current_task()
        assert task is not None
        self._requests.add(task)
        try:
            yield
        finally:
            self._requests.discard(task)

    def close(self) -> None:
        """Cancels the requests that are still running."""
        self.is_deregistered = True
        for task in self._requests:
            task.cancel()


class TargetGroup:
    """The targets of a target group.

    Attributes:
        targets: registered and draining targets, by IP address and port.
    """

    def __init__(self, session: ClientSession, time_scale: Callable[[], float]) -> None:
        """Creates a group without targets.

        Args:
            session: sends the health checks.
            time_scale: returns the factor for the interval of health checks and for the deregistration delay.
        """
        self.targets: dict[tuple[str, int], Target] = {}
        self._session, self._time_scale = session, time_scale
        self._tasks: dict[Target, asyncio.Task[None]] = {}
        self._settings: Mapping[str, Any] = {}
        self._delay = 0
        self._turns = count()

    @property
    def protocol(self) -> str:
        """The protocol of requests to the targets."""
        return str(self._settings["Protocol"])

    def update(
        self, settings: Mapping[str, Any], *, delay: int, registered: Set[tuple[str, int]], is_in_use: bool
    ) -> None:
        """Applies the group's settings, and registers and deregisters targets.

        Args:
            settings: the group, as DescribeTargetGroups returns it.
            delay: the deregistration delay in seconds.
            registered: IP addresses and ports of the registered targets.
            is_in_use: whether a listener forwards to the group.
        """
        self._settings, self._delay = settings, delay
        for key in registered:
            if key not in self.targets or self.targets[key].health is DRAINING:
                self.targets[key] = Target(*key)
        for key, target in self.targets.items():
            if key not in registered:
                if target.health is not DRAINING:
                    target.health = DRAINING
                    self._run(target, self._drain(key, target))
            elif not is_in_use:
                target.health = NOT_IN_USE
                self._cancel(target)
            elif target not in self._tasks:
                target.health = CHECKING
                self._run(target, self._check(target))

    def next_target(self) -> Target | None:
        """Returns the target for a request: round robin over the healthy ones or, if all failed, over all."""
        targets = list(self.targets.values())
        candidates = [target for target in targets if target.health is HEALTHY] or [
            target for target in targets if target.health.state == "unhealthy"
        ]
        return candidates[next(self._turns) % len(candidates)] if candidates else None

    def close(self) -> None:
        """Stops the health checks, and cancels all requests."""
        for target in list(self._tasks):
            self._cancel(target)
        for target in self.targets.values():
            target.close()

    def _run(self, target: Target, work: Coroutine[Any, Any, None]) -> None:
        self._cancel(target)
        self._tasks[target] = asyncio.create_task(work)

    def _cancel(self, target: Target) -> None:
        if task := self._tasks.pop(target, None):
            task.cancel()

    async def _drain(self, key: tuple[str, int], target: Target) -> None:
        await asyncio.sleep(self._delay * self._time_scale())
        target.close()
        del self._tasks[target]
        # Meanwhile, another target may have been registered at the address, and have drained too.
        if self.targets.get(key) is target:
            del self.targets[key]

    async def _check(self, target: Target) -> None:
        loop = asyncio.get_running_loop()
        successes = failures = 0
        while True:
            following = loop.time() + self._settings["HealthCheckIntervalSeconds"] * self._time_scale()
            failure = await self._failure(target)
            if failure is None:
                successes, failures = successes + 1, 0
                # A new target needs one successful check only.
                if target.health is CHECKING or successes >= self._settings["HealthyThresholdCount"]:
                    target.health = HEALTHY
            else:
                successes, failures = 0, failures + 1
                if failures >= self._settings["UnhealthyThresholdCount"]:
                    target.health = failure
            await asyncio.sleep(following - loop.time())

    async def _failure(self, target: Target) -> Health | None:
        """Sends a health check, and returns its failure, if any."""
        settings = self._settings
        port = target.port if settings["HealthCheckPort"] == "traffic-port" else settings["HealthCheckPort"]
        origin = f"{settings['HealthCheckProtocol'].lower()}://{target.address}:{port}"
        try:
            async with self._session.get(
                URL(origin + settings.get("HealthCheckPath", "/"), encoded=True),
                timeout=ClientTimeout(total=settings["HealthCheckTimeoutSeconds"]),
                allow_redirects=False,
            ) as response:
                status = response.status
        except TimeoutError:
            return TIMED_OUT
        except (ClientError, OSError):
            return FAILED
        if _expects(settings["Matcher"]["HttpCode"], status):
            return None
        return Health("unhealthy", "Target.ResponseCodeMismatch", f"Health checks failed with these codes: [{status}]")


def _expects(matcher: str, status: int) -> bool:
    ranges = (part.partition("-") for part in matcher.split(","))
    return any(int(first) <= status <= int(last or first) for first, _, last in ranges)
