"""A deployment of a service: one revision of its task definition, and the tasks that run it."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime
from typing import Any

from .service_task import ServiceTask, TargetPort, TargetStates

_BREAKER_MINIMUM, _BREAKER_MAXIMUM = 3, 200
"""Bounds of the failure threshold, which is half of the desired count (ECS developer guide, deployment circuit
breaker)."""
_FIRST_DELAY_SECONDS, _LONGEST_DELAY_SECONDS = 1.0, 60.0
"""Time before the next task after one or more failed tasks. ECS documents that it increases, but not the values (ECS
developer guide, service throttle logic)."""
_DEPLOYED = ("task_definition", "network_configuration", "load_balancers", "service_registries", "platform_version")
"""The settings of a service of which a change starts a deployment, of those that moto records (UpdateService in the ECS
API reference)."""


def deployed_settings(service: Any) -> dict[str, Any]:
    """Returns the settings of one of moto's services of which a change starts a deployment."""
    return {name: getattr(service, name) for name in _DEPLOYED}


class Deployment:
    """A deployment.

    Attributes:
        id: ID of the deployment.
        settings: the settings of its service revision, by the names of moto's service.
        tasks: its tasks that have not stopped.
        rollout_state: IN_PROGRESS, COMPLETED or FAILED.
        rollout_reason: explains the state.
    """

    def __init__(self, service: Any, time_scale: float) -> None:
        """Creates a deployment of a service's current settings.

        Args:
            service: moto's service object.
            time_scale: factor for the time between failed tasks.
        """
        self.id = f"ecs-svc/{secrets.randbelow(10**19):019}"
        # All that a service revision has and moto records (ServiceRevision in the ECS API reference).
        self.settings = {
            **deployed_settings(service),
            "capacity_provider_strategy": getattr(service, "capacity_provider_strategy", None),
        }
        self.tasks: list[ServiceTask] = []
        self.rollout_state, self.rollout_reason = "IN_PROGRESS", f"ECS deployment {self.id} in progress."
        self._time_scale = time_scale
        self._created = self._updated = datetime.now(UTC)
        self._failed_tasks, self._is_evaluated = 0, True
        self._failures_in_a_row = 0
        self._next_start = 0.0

    @property
    def ports(self) -> list[TargetPort]:
        """The targets of each of its tasks."""
        return [TargetPort(each["targetGroupArn"], each["containerPort"]) for each in self.settings["load_balancers"]]

    @property
    def is_in_progress(self) -> bool:
        """Whether it has neither completed nor failed."""
        return self.rollout_state == "IN_PROGRESS"

    @property
    def live(self) -> list[ServiceTask]:
        """The tasks that are not being stopped."""
        return [task for task in self.tasks if not task.is_stopping]

    @property
    def may_start(self) -> bool:
        """Whether enough time has passed since the last failed task."""
        return self.rollout_state != "FAILED" and time.monotonic() >= self._next_start

    def healthy(self, states: TargetStates) -> list[ServiceTask]:
        """Returns the tasks that are healthy."""
        return [task for task in self.tasks if task.is_healthy(states)]

    def set_rollout(self, state: str, reason: str) -> None:
        """Sets the state of the rollout."""
        self.rollout_state, self.rollout_reason, self._updated = state, reason, datetime.now(UTC)

    def restore(self, service: Any) -> None:
        """Gives a service of moto's the settings of this deployment, as a rollback to it does."""
        for name, value in self.settings.items():
            setattr(service, name, value)

    def count_failure(self) -> None:
        """Counts a failed task, and delays the next one."""
        self._failed_tasks += self._is_evaluated
        self._failures_in_a_row += 1
        delay = min(_FIRST_DELAY_SECONDS * 2 ** (self._failures_in_a_row - 1), _LONGEST_DELAY_SECONDS)
        self._next_start = time.monotonic() + delay * self._time_scale

    def reset_failures(self, *, evaluate: bool) -> None:
        """Forgets the failed tasks, because a task is healthy or the deployment is the target of a rollback.

        Args:
            evaluate: whether the circuit breaker counts the next ones. After a healthy task it does not (`failedTasks`
                of Deployment in the ECS API reference).
        """
        self._failed_tasks, self._is_evaluated = 0, evaluate
        self._failures_in_a_row, self._next_start = 0, 0.0

    def breaks_circuit(self, desired_count: int) -> bool:
        """Returns whether so many tasks have failed that the circuit breaker ends the deployment."""
        threshold = min(max(_BREAKER_MINIMUM, -(-desired_count // 2)), _BREAKER_MAXIMUM)
        return self.is_in_progress and self._failed_tasks >= threshold

    def described(self, service: Any, *, is_primary: bool) -> dict[str, Any]:
        """Returns the deployment as DescribeServices does."""
        running = sum(task.is_running for task in self.live)
        return {
            "id": self.id,
            "status": "PRIMARY" if is_primary else "ACTIVE",
            "taskDefinition": self.settings["task_definition"],
            "desiredCount": service.desired_count if is_primary else 0,
            "runningCount": running,
            "pendingCount": len(self.live) - running,
            "failedTasks": self._failed_tasks,
            "createdAt": self._created,
            "updatedAt": self._updated,
            "launchType": service.launch_type,
            "platformVersion": self.settings["platform_version"],
            "platformFamily": "Linux",
            "networkConfiguration": self.settings["network_configuration"],
            "rolloutState": self.rollout_state,
            "rolloutStateReason": self.rollout_reason,
        }
