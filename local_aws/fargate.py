"""Fargate: tasks of the local ECS that run, as processes of this machine."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from .account import Account
from .images import Image
from .repairs.wrapping import around, give
from .task_run import TaskRun

NO_CAPACITY = "Capacity is unavailable at this time. Please try again later or in a different availability zone"
"""The reason by which Fargate places no task."""


class Fargate:
    """Runs the tasks of an account.

    Attributes:
        images: what may be pulled, by a pattern of the name; more can be added at any time.
        has_capacity: whether a task can be placed.
        time_scale: multiplies `restartAttemptPeriod` of restart policies, and `interval` and `startPeriod` of health
            checks. Tests set it below 1, so that they need not wait.
    """

    current: Fargate | None = None
    """The one that moto's ECS uses; None leaves moto as it is."""

    def __init__(self, home: Path, account: Account, images: dict[str, Image]) -> None:
        """Takes the place of moto's tasks; files of running tasks go below `home`."""
        self.images = images
        self.has_capacity = True
        self.time_scale = 1.0
        self._home, self._account = home, account
        self._running: dict[str, TaskRun] = {}
        _put_behind_moto()
        Fargate.current = self

    def close(self) -> None:
        """Stops all tasks."""
        Fargate.current = None
        for run in list(self._running.values()):
            run.stop("The local AWS is stopped")
        for run in list(self._running.values()):
            run.join()

    def start(self, task: Any, definition: Any) -> None:
        """Runs a task of moto's, which follows the process's life from now on."""
        run = TaskRun(
            task,
            definition,
            account=self._account,
            home=self._home,
            images=self.images,
            time_scale=self.time_scale,
        )
        self._running[task.task_arn] = run
        run.start(finished=lambda: self._running.pop(task.task_arn, None))

    def stop(self, task: Any, reason: str) -> None:
        """Stops a task, if it still runs."""
        if run := self._running.get(task.task_arn):
            run.stop(reason)


def _record(task: Any, definition: Any, container: Mapping[str, Any]) -> Any:
    """Returns moto's container for a definition of a container; moto makes one for the first alone."""
    from moto.ecs import models

    made: Any = models.Container
    record = made(SimpleNamespace(arn=definition.arn, container_definitions=[container]))
    record.task_arn = task.task_arn
    record.exitCode = None
    record.health_status = "UNKNOWN"
    return record


@cache
def _put_behind_moto() -> None:
    from moto.core.responses import ActionResult
    from moto.ecs.models import EC2ContainerServiceBackend, Task
    from moto.ecs.responses import EC2ContainerServiceResponse

    @around(EC2ContainerServiceBackend, "run_task")
    def run_task(original: Any, backend: Any, *args: Any, **kwargs: Any) -> Any:
        tasks = original(backend, *args, **kwargs)
        if Fargate.current:
            for task in tasks:
                definition = backend.describe_task_definition(task.task_definition_arn)
                task.last_status, task.health_status = "PROVISIONING", "UNKNOWN"
                task.containers = [_record(task, definition, each) for each in definition.container_definitions]
                Fargate.current.start(task, definition)
        return tasks

    @around(EC2ContainerServiceBackend, "stop_task")
    def stop_task(original: Any, backend: Any, cluster_str: str, task_str: str, reason: str) -> Any:
        if not Fargate.current:
            return original(backend, cluster_str, task_str, reason)
        [task] = backend.describe_tasks(cluster_str, [task_str])
        Fargate.current.stop(task, reason or "Task stopped by user")
        return task

    @around(EC2ContainerServiceResponse, "run_task")
    def answer(original: Any, response: Any) -> Any:
        if Fargate.current and not Fargate.current.has_capacity:
            return ActionResult({"tasks": [], "failures": [{"reason": NO_CAPACITY}]})
        return original(response)

    # moto would move a task on each time that it is described.
    give(Task, "advance", lambda _task: None)
