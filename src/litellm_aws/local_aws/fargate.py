"""Fargate: runs ECS tasks as local processes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

from .account import Account
from .credentials_endpoint import CredentialsEndpoint
from .images import Image
from .loopback_network import LoopbackNetwork
from .repairs.patching import patch_method, set_member
from .task_run import TaskRun

NO_CAPACITY = "Capacity is unavailable at this time. Please try again later or in a different availability zone"
"""The failure reason when Fargate cannot place a task."""
STOPPED_BY_USER = "Task stopped by user"
"""The reason of StopTask if the request has none."""


class Fargate:
    """Runs the tasks of the account.

    Attributes:
        images: the images that can be pulled, by name pattern. More can be added at any time.
        has_capacity: whether tasks can be placed.
        time_scale: factor for `restartAttemptPeriod` of restart policies, for `interval` and `startPeriod` of health
            checks, and for the durations of services: the scheduler's interval, the grace period, the delay of the next
            task after a failed one, and the time after which a task without health checks is healthy. Tests set it
            below 1 to save time.
        ending: is set when a task begins to stop, and when it has stopped.
    """

    current: Fargate | None = None
    """The instance that moto's ECS uses. If None, moto behaves as usual."""

    def __init__(
        self,
        home: Path,
        account: Account,
        images: dict[str, Image],
        *,
        network: LoopbackNetwork,
        credentials: CredentialsEndpoint,
    ) -> None:
        """Replaces moto's tasks.

        Args:
            home: the folder for the files of running tasks.
            account: the account that the tasks use.
            images: see the class.
            network: the network that holds the tasks' addresses.
            credentials: serves the credentials of the task roles.
        """
        self.images = images
        self.has_capacity = True
        self.time_scale = 1.0
        self.ending = Event()
        self._home, self._account, self._network, self._credentials = home, account, network, credentials
        self._running: dict[str, TaskRun] = {}
        _patch_moto()
        Fargate.current = self

    def close(self) -> None:
        """Stops all tasks."""
        Fargate.current = None
        for run in list(self._running.values()):
            run.stop("The local AWS is stopped")
        for run in list(self._running.values()):
            run.join()

    def start(self, task: Any, definition: Any) -> None:
        """Runs one of moto's tasks, and keeps its status up to date."""
        task.last_status, task.health_status = "PROVISIONING", "UNKNOWN"
        task.containers = [_record(task, definition, each) for each in definition.container_definitions]
        task.has_health_check = any(
            each.get("essential", True) and each.get("healthCheck") for each in definition.container_definitions
        )
        task.address = self._network.new_address()
        for attachment in task.attachments:
            for detail in attachment["details"]:
                if detail["name"] == "privateIPv4Address":
                    detail["value"] = task.address
        run = TaskRun(
            task,
            definition,
            account=self._account,
            credentials=self._credentials,
            home=self._home,
            images=self.images,
            time_scale=self.time_scale,
            ending=self.ending,
        )
        self._running[task.task_arn] = run
        run.start(finished=lambda: self._running.pop(task.task_arn, None))

    def stop(self, task: Any, reason: str) -> None:
        """Stops a task if it is still running."""
        if run := self._running.get(task.task_arn):
            run.stop(reason)


def _record(task: Any, definition: Any, container: Mapping[str, Any]) -> Any:
    """Returns a moto container object for a container definition. moto itself creates only the first one."""
    from moto.ecs import models

    container_class: Any = models.Container
    record = container_class(SimpleNamespace(arn=definition.arn, container_definitions=[container]))
    record.task_arn = task.task_arn
    record.exitCode = None
    record.health_status = "UNKNOWN"
    return record


@cache
def _patch_moto() -> None:
    from moto.core.responses import ActionResult
    from moto.ecs.models import EC2ContainerServiceBackend, Task
    from moto.ecs.responses import EC2ContainerServiceResponse

    @patch_method(EC2ContainerServiceBackend, "run_task")
    def run_task(original: Any, backend: Any, *args: Any, **kwargs: Any) -> Any:
        tasks = original(backend, *args, **kwargs)
        if Fargate.current:
            for task in tasks:
                definition = backend.describe_task_definition(task.task_definition_arn)
                Fargate.current.start(task, definition)
        return tasks

    @patch_method(EC2ContainerServiceBackend, "stop_task")
    def stop_task(original: Any, backend: Any, cluster_str: str, task_str: str, reason: str) -> Any:
        if not Fargate.current:
            return original(backend, cluster_str, task_str, reason)
        [task] = backend.describe_tasks(cluster_str, [task_str])
        Fargate.current.stop(task, reason or STOPPED_BY_USER)
        return task

    @patch_method(EC2ContainerServiceResponse, "run_task")
    def answer(original: Any, response: Any) -> Any:
        if Fargate.current and not Fargate.current.has_capacity:
            return ActionResult({"tasks": [], "failures": [{"reason": NO_CAPACITY}]})
        return original(response)

    # moto would advance the status of a task each time it is described.
    set_member(Task, "advance", lambda _task: None)
