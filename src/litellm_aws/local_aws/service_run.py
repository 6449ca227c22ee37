"""Schedules the tasks of one service, as the service scheduler of ECS does.

Sources: DeploymentConfiguration in the ECS API reference (minimum and maximum percent, what counts as healthy), and
"Amazon ECS services", "deployment circuit breaker" and "service event messages" in the ECS developer guide.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import RLock
from typing import Any
from uuid import uuid4

from botocore.exceptions import ClientError

from .account import Account
from .deployment import Deployment
from .fargate import NO_CAPACITY, Fargate
from .service_task import ServiceTask, TargetStates

_EVENTS = 100
"""Number of events that DescribeServices returns."""


class ServiceRun:
    """The scheduler of a service.

    Attributes:
        lock: is held while moto or the scheduler changes the service, so that neither sees half a change of the other.
        has_ended: whether the service was deleted, and all its tasks have stopped.
    """

    def __init__(self, service: Any, account: Account, fargate: Fargate) -> None:
        """Starts the first deployment. `step` starts its tasks.

        Args:
            service: moto's service object, which is kept up to date.
            account: the account that holds the target groups.
            fargate: runs the tasks.
        """
        self._service, self._account, self._fargate = service, account, fargate
        self.lock = RLock()
        self.has_ended = False
        self._events: list[dict[str, Any]] = []
        self._primary = Deployment(service, fargate.time_scale)
        self._older: list[Deployment] = []
        self._completed: Deployment | None = None
        self._report()

    def update(self, *, deploy: bool) -> None:
        """Uses the service's changed settings, and starts a deployment of them if `deploy`."""
        with self.lock:
            if deploy:
                self._older.insert(0, self._primary)
                self._primary = Deployment(self._service, self._fargate.time_scale)
            self._report()

    def delete(self) -> None:
        """Begins to stop all tasks. The service is INACTIVE once they have stopped."""
        with self.lock:
            self._service.status, self._service.desired_count = "DRAINING", 0
            self._report()

    def stop(self, task: Any, reason: str) -> bool:
        """Stops a task of moto's, after its targets have drained; returns whether the service has such a task."""
        with self.lock:
            found = [each for deployment in self._deployments for each in deployment.tasks if each.task is task]
            for each in found:
                if not each.is_stopping:
                    self._stop(each, reason)
            return bool(found)

    def step(self) -> None:
        """Brings the tasks one step closer to the service's settings."""
        with self.lock:
            try:
                self._take_step()
            finally:
                self._report()

    def _take_step(self) -> None:
        states = self._target_states()
        for deployment in self._deployments:
            self._advance_tasks(deployment, states)
        self._replace_unhealthy(states)
        self._start_missing(states)
        self._stop_surplus(states)
        self._stop_older(states)
        self._end_rollout(states)

    @property
    def _deployments(self) -> list[Deployment]:
        return [self._primary, *self._older]

    @property
    def _grace_seconds(self) -> float:
        seconds = getattr(self._service, "health_check_grace_period_seconds", None) or 0
        return float(seconds) * self._fargate.time_scale

    @property
    def _settings(self) -> dict[str, Any]:
        settings: dict[str, Any] = getattr(self._service, "deployment_configuration", None) or {}
        return settings

    def _limit(self, percent: str, default: int) -> float:
        return float(self._service.desired_count) * int(self._settings.get(percent, default)) / 100

    @property
    def _minimum(self) -> int:
        return math.ceil(self._limit("minimumHealthyPercent", 100))

    @property
    def _maximum(self) -> int:
        return math.floor(self._limit("maximumPercent", 200))

    def _target_states(self) -> TargetStates:
        """Returns the states of all targets. A target group is missing if they are unknown."""
        # Tasks of an older deployment can have other target groups.
        groups = {port.group_arn for each in self._deployments for task in each.tasks for port in task.ports}
        found = {}
        for group in groups:
            with self._errors_as_events():
                found[group] = self._states_in(group)
        return found

    def _states_in(self, group: str) -> dict[str, tuple[str, str]]:
        elb = self._account.client("elbv2", self._service.region_name)
        try:
            targets = elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        except elb.exceptions.TargetGroupNotFoundException:
            return {}  # it was deleted, with its targets
        return {
            each["Target"]["Id"]: (each["TargetHealth"]["State"], each["TargetHealth"].get("Description", ""))
            for each in targets
        }

    @contextmanager
    def _errors_as_events(self) -> Iterator[None]:
        """Reports an error of the load balancer's API, which must not keep other tasks from starting and stopping."""
        try:
            yield
        except ClientError as error:
            self._add_event(f"failed to use its target groups: {error}")

    def _advance_tasks(self, deployment: Deployment, states: TargetStates) -> None:
        for task in list(deployment.tasks):
            with self._errors_as_events():
                self._advance(deployment, task, states)

    def _advance(self, deployment: Deployment, task: ServiceTask, states: TargetStates) -> None:
        """Registers the targets of a new task, stops a drained one, and forgets a stopped one."""
        if task.has_stopped:
            task.deregister()
            deployment.tasks.remove(task)
            if not task.is_stopping:
                deployment.count_failure()
                self._add_event(f"(task {task.task.id}) has stopped: {task.task.stopped_reason}")
        elif task.is_ending:
            if task.is_stopping and task.has_drained(states):
                self._fargate.stop(task.task, task.stop_reason)
            task.deregister()
        elif task.register():
            groups = ", ".join(port.group_arn for port in task.ports)
            self._add_event(f"registered 1 targets in (target-group {groups})")
        elif not task.was_healthy and task.is_healthy(states):
            deployment.reset_failures(evaluate=False)

    def _replace_unhealthy(self, states: TargetStates) -> None:
        """Stops unhealthy tasks: during a rollout at once, and later as soon as healthy tasks replace them."""
        for deployment in self._deployments:
            unhealthy = self._unhealthy(deployment, states)
            for task in unhealthy if deployment.is_in_progress else unhealthy[: self._replaced(deployment, states)]:
                if deployment.is_in_progress:
                    deployment.count_failure()
                self._stop(task, task.unhealthy_reason(states, self._grace_seconds))

    def _replaced(self, deployment: Deployment, states: TargetStates) -> int:
        """Returns the number of unhealthy tasks that can stop, because healthy ones replace them.

        If the maximum leaves no room for replacements, unhealthy tasks stop one by one (minimumHealthyPercent and
        maximumPercent of DeploymentConfiguration in the ECS API reference).
        """
        useful, healthy = self._useful(deployment, states), deployment.healthy(states)
        needed = self._needed(deployment, states)
        if len(useful) == len(healthy) < needed and self._room <= 0:
            return 1
        return max(0, len(healthy) + len(deployment.live) - len(useful) - needed)

    def _needed(self, deployment: Deployment, states: TargetStates) -> int:
        """Returns the number of healthy tasks that a deployment needs."""
        if deployment is self._primary:
            return int(self._service.desired_count)
        return self._minimum - len(self._primary.healthy(states)) if deployment is self._completed else 0

    def _unhealthy(self, deployment: Deployment, states: TargetStates) -> list[ServiceTask]:
        return [task for task in deployment.live if task.unhealthy_reason(states, self._grace_seconds)]

    @property
    def _room(self) -> int:
        """The number of tasks that the maximum leaves."""
        return self._maximum - sum(len(deployment.live) for deployment in self._deployments)

    def _start_missing(self, states: TargetStates) -> None:
        """Starts tasks of the primary deployment, and replaces lost tasks of the completed one up to the minimum.

        During a rollout, ECS replaces tasks by their own revision (announced in November 2025).
        """
        self._start(self._primary, self._needed(self._primary, states) - len(self._useful(self._primary, states)))
        if self._completed in self._older:
            useful = self._useful(self._completed, states)
            self._start(self._completed, self._needed(self._completed, states) - len(useful))

    def _useful(self, deployment: Deployment, states: TargetStates) -> list[ServiceTask]:
        unhealthy = self._unhealthy(deployment, states)
        return [task for task in deployment.live if task not in unhealthy]

    def _start(self, deployment: Deployment, missing: int) -> None:
        number = min(missing, self._room)
        if number <= 0 or not deployment.may_start:
            return
        if not self._fargate.has_capacity:
            deployment.count_failure()
            self._add_event(f"was unable to place a task. Reason: {NO_CAPACITY}")
            return
        service, settings = self._service, deployment.settings
        strategy = settings["capacity_provider_strategy"]
        tasks = service._backend.run_task(
            service.cluster_name,
            settings["task_definition"],
            number,
            overrides=None,
            started_by=deployment.id,
            tags=None,
            launch_type=None if strategy else service.launch_type,
            networking_configuration=settings["network_configuration"],
            group=f"service:{service.name}",
            platform_version=settings["platform_version"],
            capacity_provider_strategy=strategy,
        )
        deployment.tasks += [
            ServiceTask(task, deployment.ports, self._account, time_scale=self._fargate.time_scale) for task in tasks
        ]
        started = " ".join(f"(task {task.id})" for task in tasks)
        self._add_event(f"has started {number} tasks: {started}.")

    def _stop_surplus(self, states: TargetStates) -> None:
        """Stops tasks of the primary deployment above the desired count, those that serve last."""
        healthy = self._primary.healthy(states)
        by_use = sorted(self._useful(self._primary, states), key=lambda task: task in healthy)
        for task in by_use[: max(0, len(by_use) - self._service.desired_count)]:
            self._stop(task, f"Scaling activity initiated by (deployment {self._primary.id})")

    def _stop_older(self, states: TargetStates) -> None:
        """Stops tasks of older deployments, as far as the minimum allows."""
        if self._primary.rollout_state == "FAILED" and self._service.status == "ACTIVE":
            return
        serving = [task for deployment in self._deployments for task in deployment.healthy(states)]
        spare = len(serving) - self._minimum
        for deployment in self._older:
            for task in deployment.live:
                if task in serving:
                    if spare <= 0:
                        continue
                    spare -= 1
                elif deployment is self._completed and self._service.status == "ACTIVE":
                    continue  # it may be about to serve
                self._stop(task, f"Scaling activity initiated by (deployment {self._primary.id})")

    def _stop(self, task: ServiceTask, reason: str) -> None:
        with self._errors_as_events():
            task.begin_to_stop(reason)
        self._add_event(f"has begun draining connections on 1 tasks: (task {task.task.id}). {reason}")

    def _end_rollout(self, states: TargetStates) -> None:
        """Completes or fails the primary deployment, and marks a deleted service as inactive."""
        self._older = [each for each in self._older if each.tasks or each is self._completed]
        primary = self._primary
        if self._service.status == "DRAINING":
            if not any(deployment.tasks for deployment in self._deployments):
                self._service.status, self.has_ended = "INACTIVE", True
        elif primary.breaks_circuit(self._service.desired_count):
            self._fail()
        elif (
            primary.is_in_progress
            and len(primary.healthy(states)) >= self._service.desired_count
            and not any(deployment.tasks for deployment in self._older)
        ):
            primary.set_rollout("COMPLETED", f"ECS deployment {primary.id} completed.")
            self._completed, self._older = primary, []
            self._add_event(f"(deployment {primary.id}) deployment completed.")
            self._add_event("has reached a steady state.")

    def _fail(self) -> None:
        """Fails the primary deployment, if the circuit breaker is on, and rolls back to the completed one."""
        breaker = self._settings.get("deploymentCircuitBreaker") or {}
        if not breaker.get("enable"):
            return
        failed, completed = self._primary, self._completed
        failed.set_rollout("FAILED", "ECS deployment circuit breaker: tasks failed to start.")
        self._add_event(f"(deployment {failed.id}) deployment failed: tasks failed to start.")
        if not breaker.get("rollback") or completed is None or completed is failed:
            return
        self._older = [failed, *(each for each in self._older if each is not completed)]
        self._primary = completed
        completed.restore(self._service)
        completed.reset_failures(evaluate=True)
        completed.set_rollout(
            "IN_PROGRESS", f"ECS deployment circuit breaker: rolling back to deploymentId {completed.id}."
        )
        self._add_event(f"rolling back to deployment {completed.id}.")

    def _add_event(self, text: str) -> None:
        message = f"(service {self._service.name}) {text}"
        if not self._events or self._events[0]["message"] != message:
            self._events.insert(0, {"id": str(uuid4()), "createdAt": datetime.now(UTC), "message": message})
            del self._events[_EVENTS:]

    def _report(self) -> None:
        """Sets what DescribeServices returns."""
        service = self._service
        live = [task for deployment in self._deployments for task in deployment.live]
        service.running_count = sum(task.is_running for task in live)
        service.pending_count = len(live) - service.running_count
        service.events = list(self._events)
        service.deployments = [
            deployment.described(service, is_primary=deployment is self._primary)
            for deployment in self._deployments
            if deployment.tasks or deployment is self._primary
        ]
