"""A task of a service, with its targets at the load balancer."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from .account import Account

_UNCHECKED_SECONDS = 40
"""How long a task without any health check must run to be healthy (DeploymentConfiguration, ECS API reference)."""

TargetStates = Mapping[str, Mapping[str, tuple[str, str]]]
"""State and reason of the targets of each target group, by ARN of the group and address of the target."""


class TargetPort(NamedTuple):
    """A port of a service's tasks that is a target: an element of `loadBalancers` of the service."""

    group_arn: str
    port: int


class ServiceTask:
    """A task, from its start until it has stopped.

    A task is registered at the target groups once its containers run. Before it gets SIGTERM, it is deregistered, and
    the deregistration delay passes (ECS developer guide, task lifecycle: ACTIVATING and DEACTIVATING).

    Attributes:
        task: moto's task object.
        ports: its targets.
        is_stopping: whether the scheduler has decided to stop it.
        stop_reason: why the scheduler stops it.
        was_healthy: whether it has ever been healthy.
    """

    def __init__(self, task: Any, ports: Sequence[TargetPort], account: Account, *, time_scale: float) -> None:
        """Takes a task that was started.

        Args:
            task: moto's task object, with its address.
            ports: its targets.
            account: the account that holds the target groups.
            time_scale: factor for the time after which a task without health checks is healthy.
        """
        self.task = task
        self.is_stopping = self.was_healthy = False
        self.stop_reason = ""
        self.ports = ports
        self._elb = account.client("elbv2", task.region_name)
        self._started = time.monotonic()
        self._unchecked_seconds = 0 if ports or task.has_health_check else _UNCHECKED_SECONDS * time_scale
        self._running_since: float | None = None
        self._registered: list[TargetPort] = []

    @property
    def has_stopped(self) -> bool:
        """Whether its containers have stopped."""
        return bool(self.task.last_status == "STOPPED")

    @property
    def is_ending(self) -> bool:
        """Whether its containers are being stopped, or will be."""
        return bool(self.task.desired_status == "STOPPED")

    @property
    def is_running(self) -> bool:
        """Whether its containers run."""
        return bool(self.task.last_status == "RUNNING")

    @property
    def age(self) -> float:
        """Seconds since its start."""
        return time.monotonic() - self._started

    def register(self) -> bool:
        """Registers the targets when the containers run; returns whether it has registered them now."""
        if not self.is_running:
            return False
        new = [port for port in self.ports if port not in self._registered]
        for port in new:
            self._elb.register_targets(TargetGroupArn=port.group_arn, Targets=[self._target(port)])
            self._registered.append(port)
        return bool(new)

    def begin_to_stop(self, reason: str) -> None:
        """Deregisters the targets. `has_drained` tells when the containers can be stopped."""
        self.is_stopping, self.stop_reason = True, reason
        self.task.desired_status = "STOPPED"
        self.deregister()

    def deregister(self) -> None:
        """Deregisters the targets, if they are registered."""
        while self._registered:
            port = self._registered[-1]
            with suppress(self._elb.exceptions.TargetGroupNotFoundException):  # it was deleted, with its targets
                self._elb.deregister_targets(TargetGroupArn=port.group_arn, Targets=[self._target(port)])
            self._registered.pop()

    def has_drained(self, states: TargetStates) -> bool:
        """Returns whether the deregistration delay of all targets has passed. Unknown states can be draining."""
        return not self._registered and all(
            port.group_arn in states and self._state(port, states) != "draining" for port in self.ports
        )

    def is_healthy(self, states: TargetStates) -> bool:
        """Returns whether the task counts towards the healthy tasks of its service.

        All targets are healthy, and all essential containers with a health check (DeploymentConfiguration in the ECS
        API reference).
        """
        healthy = (
            self.is_running
            and not self.is_stopping
            and self._has_run(self._unchecked_seconds)
            and self._containers_are("HEALTHY")
            and all(self._state(port, states) == "healthy" for port in self.ports)
        )
        self.was_healthy = self.was_healthy or healthy
        return healthy

    def unhealthy_reason(self, states: TargetStates, grace_seconds: float) -> str:
        """Returns why the task must be replaced, or an empty string.

        Args:
            states: of the targets.
            grace_seconds: `healthCheckGracePeriodSeconds` of the service, in which health checks do not count.
        """
        if self.is_stopping or not self.is_running or self.age < grace_seconds:
            return ""
        if not self._containers_are("HEALTHY", "UNKNOWN"):
            return "Task failed container health checks"
        for port in self.ports:
            state, why = states.get(port.group_arn, {}).get(self.task.address, ("", ""))
            if state == "unhealthy":
                return f"Task failed ELB health checks in (target-group {port.group_arn}) due to (reason {why})"
        return ""

    def _has_run(self, seconds: float) -> bool:
        now = time.monotonic()
        self._running_since = self._running_since or now
        return now - self._running_since >= seconds

    def _containers_are(self, *states: str) -> bool:
        # Without a health check, the health of the task is UNKNOWN forever.
        return not self.task.has_health_check or self.task.health_status in states

    def _state(self, port: TargetPort, states: TargetStates) -> str:
        return states.get(port.group_arn, {}).get(self.task.address, ("", ""))[0]

    def _target(self, port: TargetPort) -> dict[str, Any]:
        return {"Id": self.task.address, "Port": port.port}
