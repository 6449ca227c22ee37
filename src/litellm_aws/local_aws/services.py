"""ECS services: keep the desired number of tasks running."""

from __future__ import annotations

import logging
from functools import cache
from threading import Thread
from typing import Any

from .account import Account
from .deployment import deployed_settings
from .fargate import STOPPED_BY_USER, Fargate
from .repairs.patching import patch_method
from .service_run import ServiceRun

_POLL_SECONDS = 0.5
"""Time between two steps of the schedulers."""
_SHORTEST_POLL_SECONDS = 0.05
"""The same, with a small time scale."""

_LOG = logging.getLogger(__name__)


class Services:
    """The schedulers of the account's services."""

    current: Services | None = None
    """The instance that moto's ECS uses. If None, moto records services only."""

    def __init__(self, account: Account, fargate: Fargate) -> None:
        """Starts to schedule.

        Args:
            account: the account that holds the services.
            fargate: runs their tasks.
        """
        self._account, self._fargate = account, fargate
        self._runs: dict[Any, ServiceRun] = {}  # by moto's service object
        self._is_closed = False
        self._thread = Thread(target=self._schedule, daemon=True)
        self._thread.start()
        _patch_moto()
        Services.current = self

    def close(self) -> None:
        """Stops scheduling. The tasks keep running."""
        Services.current = None
        self._is_closed = True
        self._fargate.ending.set()
        self._thread.join()

    def create(self, service: Any) -> None:
        """Schedules a new service of moto's."""
        self._runs[service] = ServiceRun(service, self._account, self._fargate)

    def find(self, service: Any) -> ServiceRun | None:
        """Returns the scheduler of a service of moto's, or None if all its tasks have stopped."""
        return self._runs.get(service)

    def stop(self, task: Any, reason: str) -> bool:
        """Stops a task of a service; returns whether a service has such a task."""
        found = any(run.stop(task, reason) for run in list(self._runs.values()))
        self._fargate.ending.set()
        return found

    def _schedule(self) -> None:
        while not self._is_closed:
            self._fargate.ending.wait(max(_POLL_SECONDS * self._fargate.time_scale, _SHORTEST_POLL_SECONDS))
            self._fargate.ending.clear()
            for service, run in list(self._runs.items()):
                try:
                    run.step()
                except Exception:
                    _LOG.exception("The scheduler of %s failed, and continues", service.arn)
                if run.has_ended:
                    self._runs.pop(service)


@cache
def _patch_moto() -> None:
    from moto.ecs.models import EC2ContainerServiceBackend
    from moto.ecs.responses import EC2ContainerServiceResponse

    @patch_method(EC2ContainerServiceResponse, "create_service")
    def create(original: Any, response: Any) -> Any:
        answer = original(response)
        if Services.current:
            Services.current.create(answer.result["service"])
        return answer

    @patch_method(EC2ContainerServiceResponse, "update_service")
    def update(original: Any, response: Any) -> Any:
        service, run = _found(response)
        if not run:
            return original(response)
        with run.lock:
            before = deployed_settings(service)
            answer = original(response)
            service.task_definition = response.ecs_backend.describe_task_definition(service.task_definition).arn
            run.update(deploy=bool(response._get_param("forceNewDeployment")) or deployed_settings(service) != before)
        return answer

    @patch_method(EC2ContainerServiceBackend, "stop_task")
    def stop(original: Any, backend: Any, cluster_str: str, task_str: str, reason: str) -> Any:
        for task in backend.describe_tasks(cluster_str, [task_str]):
            if Services.current and Services.current.stop(task, reason or STOPPED_BY_USER):
                return task
        return original(backend, cluster_str, task_str, reason)

    @patch_method(EC2ContainerServiceResponse, "delete_service")
    def delete(original: Any, response: Any) -> Any:
        _, run = _found(response)
        if not run:
            return original(response)
        with run.lock:
            answer = original(response)
            run.delete()
        return answer


def _found(response: Any) -> tuple[Any, ServiceRun | None]:
    """Returns the service that a request names, and its scheduler."""
    cluster, name = response._get_param("cluster", "default"), response._get_param("service")
    services, _ = response.ecs_backend.describe_services(cluster, [name])
    if not services or not Services.current:
        return None, None
    return services[0], Services.current.find(services[0])
