"""ECS services: keep the desired number of tasks running."""

from __future__ import annotations

import logging
from functools import cache
from threading import Event, Thread
from typing import Any

from .account import Account
from .fargate import Fargate
from .repairs.patching import patch_method
from .service_run import ServiceRun

_POLL_SECONDS = 0.5
"""Time between two steps of the schedulers."""
_SHORTEST_POLL_SECONDS = 0.05
"""The same, with a small time scale."""

_REVISION_SETTINGS = (
    *("task_definition", "network_configuration", "load_balancers", "launch_type", "platform_version"),
    "capacity_provider_strategy",
)
"""The settings of which a change starts a deployment (UpdateService in the ECS API reference)."""

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
        self._runs: dict[str, ServiceRun] = {}
        self._closed = Event()
        self._thread = Thread(target=self._schedule, daemon=True)
        self._thread.start()
        _patch_moto()
        Services.current = self

    def close(self) -> None:
        """Stops scheduling. The tasks keep running."""
        Services.current = None
        self._closed.set()
        self._thread.join()

    def create(self, service: Any) -> None:
        """Schedules a new service of moto's."""
        self._runs[service.arn] = ServiceRun(service, self._account, self._fargate)

    def update(self, service: Any, *, deploy: bool) -> None:
        """Uses the changed settings of a service, and starts a deployment of them if `deploy`."""
        if run := self._runs.get(service.arn):
            run.update(deploy=deploy)

    def delete(self, service: Any) -> None:
        """Stops the tasks of a service."""
        if run := self._runs.get(service.arn):
            run.delete()

    def _schedule(self) -> None:
        while not self._closed.wait(max(_POLL_SECONDS * self._fargate.time_scale, _SHORTEST_POLL_SECONDS)):
            for arn, run in list(self._runs.items()):
                try:
                    run.step()
                except Exception:
                    _LOG.exception("The scheduler of %s failed, and continues", arn)
                if run.has_ended:
                    self._runs.pop(arn)


@cache
def _patch_moto() -> None:
    from moto.ecs.responses import EC2ContainerServiceResponse

    @patch_method(EC2ContainerServiceResponse, "create_service")
    def create(original: Any, response: Any) -> Any:
        answer = original(response)
        if Services.current:
            Services.current.create(answer.result["service"])
        return answer

    @patch_method(EC2ContainerServiceResponse, "update_service")
    def update(original: Any, response: Any) -> Any:
        services, _ = response.ecs_backend.describe_services(
            response._get_param("cluster", "default"), [response._get_param("service")]
        )
        before = [_revision(service) for service in services]
        answer = original(response)
        if Services.current:
            service = answer.result["service"]
            service.task_definition = response.ecs_backend.describe_task_definition(service.task_definition).arn
            forced = bool(response._get_param("forceNewDeployment"))
            Services.current.update(service, deploy=forced or [_revision(service)] != before)
        return answer

    @patch_method(EC2ContainerServiceResponse, "delete_service")
    def delete(original: Any, response: Any) -> Any:
        answer = original(response)
        if Services.current:
            Services.current.delete(answer.result["service"])
        return answer


def _revision(service: Any) -> list[Any]:
    return [getattr(service, name, None) for name in _REVISION_SETTINGS]
