"""Runs one task, from PROVISIONING to STOPPED."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any

from .account import Account
from .container_address import TASK_ADDRESS
from .container_order import NeverStartsError, may_start, may_stop
from .container_program import container_program
from .container_run import ContainerRun
from .container_user import ROOT
from .credentials_endpoint import CredentialsEndpoint
from .execution_role import ExecutionRole
from .images import Image, find_image
from .permissions import can_be_assumed
from .task_failure import TaskFailedToStartError

_POLL_SECONDS = 0.03
"""Time between two updates of the containers."""


class TaskRun:
    """Runs the containers of one of moto's tasks."""

    def __init__(
        self,
        task: Any,
        definition: Any,
        *,
        account: Account,
        credentials: CredentialsEndpoint,
        home: Path,
        images: Mapping[str, Image],
        time_scale: float,
        ending: Event,
    ) -> None:
        """Creates the run without starting it.

        Args:
            task: moto's task, with one container object for each container definition, and its address.
            definition: moto's task definition.
            account: the account that holds its roles, secrets and logs.
            credentials: serves the credentials of its role.
            home: the folder in which the task's folder is created.
            images: the images that can be pulled.
            time_scale: see `Fargate`.
            ending: see `Fargate`.
        """
        self._task, self._definition = task, definition
        self._account, self._credentials = account, credentials
        self._home, self._images, self._time_scale = home, images, time_scale
        # moto's definition has no attribute for a role that was not set.
        self._role: str | None = getattr(definition, "task_role_arn", None)
        self._execution_role: str | None = getattr(definition, "execution_role_arn", None)
        self._ending = ending
        self._stop_reason = ""
        self._stopping = Event()
        self._thread: Thread | None = None

    def start(self, finished: Callable[[], object]) -> None:
        """Starts the task, and calls `finished` when it has stopped."""

        def run() -> None:
            try:
                self._run()
            finally:
                finished()

        self._thread = Thread(target=run, daemon=True)
        self._thread.start()

    def stop(self, reason: str) -> None:
        """Requests the task to stop."""
        self._stop_reason = reason
        self._task.desired_status = "STOPPED"
        self._stopping.set()

    def join(self) -> None:
        """Waits until the task has stopped."""
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            self._task.last_status = "PENDING"
            self._require_roles()
            with tempfile.TemporaryDirectory(
                prefix=f"task-{self._task.id}-", dir=self._home, ignore_cleanup_errors=True
            ) as folder:
                Path(folder).chmod(0o755)  # its containers may run as other users
                code, reason = self._run_containers(self._containers(Path(folder)))
        except TaskFailedToStartError as failure:
            code, reason = "TaskFailedToStart", str(failure)
        except Exception as failure:
            code, reason = "TaskFailedToStart", f"The local AWS could not run the task: {failure}"
        self._stopped(code, reason)

    def _require_roles(self) -> None:
        for role in (self._execution_role, self._role):
            if role and not can_be_assumed(self._account, role, "ecs-tasks.amazonaws.com"):
                raise TaskFailedToStartError(
                    f"ECS was unable to assume the role '{role}' that was provided for this task. Please verify that "
                    "the role being passed has the proper trust relationship and permissions and that your IAM user "
                    "has permissions to pass this role."
                )

    def _containers(self, folder: Path) -> dict[str, ContainerRun]:
        """Pulls images, reads secrets, creates log streams and volumes, and returns the containers by name."""
        definitions: list[dict[str, Any]] = self._definition.container_definitions
        images = [self._pulled(each["image"]) for each in definitions]
        role = ExecutionRole(self._account, self._execution_role, self._task)
        secrets = [role.secrets(each) for each in definitions]
        logs = [role.log(each) for each in definitions]
        # As on Fargate, only root can write to a volume (ECS developer guide, bind mounts).
        volumes = {
            volume["name"]: ROOT.folder(folder / "volumes" / volume["name"], 0o755)
            for volume in self._definition.volumes
        }
        environment = self._environment()
        return {
            definition["name"]: ContainerRun(
                definition,
                container_program(
                    definition,
                    image,
                    folder=folder / "containers" / definition["name"],
                    volumes=volumes,
                    address=self._task.address,
                    task_environment=environment,
                    secrets=secret,
                ),
                record=record,
                write=write,
                time_scale=self._time_scale,
            )
            for definition, image, secret, write, record in zip(
                definitions, images, secrets, logs, self._task.containers, strict=True
            )
        }

    def _pulled(self, name: str) -> Image:
        image = find_image(self._images, name)
        if image is None:
            raise TaskFailedToStartError(
                f"CannotPullContainerError: pull image manifest has been retried 5 time(s): "
                f"failed to resolve ref {name}: not found (the local AWS has no program for this image)"
            )
        return image

    def _environment(self) -> dict[str, str]:
        return {
            "AWS_DEFAULT_REGION": self._task.region_name,
            "AWS_REGION": self._task.region_name,
            "AWS_ENDPOINT_URL": self._account.endpoint,
            TASK_ADDRESS: self._task.address,
            **(self._credentials.add(self._account, self._role, self._task.id) if self._role else {}),
        }

    def _run_containers(self, containers: Mapping[str, ContainerRun]) -> tuple[str, str]:
        """Runs the containers until the task stops, and returns the stop code and the reason."""
        try:
            while (end := self._code_and_reason(containers)) is None:
                _start_ready(containers)
                self._report(containers)
                self._stopping.wait(_POLL_SECONDS)
                _update(containers)
        finally:
            self._task.desired_status, self._task.last_status = "STOPPED", "STOPPING"
            self._ending.set()
            _stop_all(containers)
            self._task.last_status = "DEPROVISIONING"
        return end

    def _code_and_reason(self, containers: Mapping[str, ContainerRun]) -> tuple[str, str] | None:
        essential = [each for each in containers.values() if each.essential and each.has_stopped]
        if self._stopping.is_set() and not essential:
            return "UserInitiated", self._stop_reason
        if any(not each.has_started for each in essential):
            # The container's own reason has the details.
            return "TaskFailedToStart", "Task failed to start"
        if essential:
            return "EssentialContainerExited", "Essential container in task exited"
        return None

    def _report(self, containers: Mapping[str, ContainerRun]) -> None:
        """Sets the status and the health of the task. Only essential containers affect its health."""
        if all(each.has_started or each.has_stopped for each in containers.values()):
            # A service deregisters a task from its targets before it stops the containers.
            self._task.last_status = "RUNNING" if self._task.desired_status == "RUNNING" else "DEACTIVATING"
        healths = {each.health for each in containers.values() if each.essential and each.has_health_check}
        self._task.health_status = next(
            (status for status in ("UNHEALTHY", "UNKNOWN", "HEALTHY") if status in healths), "UNKNOWN"
        )

    def _stopped(self, code: str, reason: str) -> None:
        self._task.stop_code, self._task.stopped_reason = code, reason
        self._task.desired_status = "STOPPED"
        self._task.stopped_at = datetime.now(UTC)
        self._delete_network_interface()
        for container in self._task.containers:
            container.last_status = "STOPPED"
        self._task.last_status = "STOPPED"
        self._ending.set()

    def _delete_network_interface(self) -> None:
        """Deletes the network interface, as Fargate does when a task stops. moto keeps it."""
        from moto.ec2.models import ec2_backends

        backend = ec2_backends[self._task._account_id][self._task.region_name]
        for attachment in self._task.attachments:
            details = {each["name"]: each["value"] for each in attachment["details"]}
            backend.enis.pop(details["networkInterfaceId"], None)
            attachment["status"] = "DELETED"


def _start_ready(containers: Mapping[str, ContainerRun]) -> None:
    for container in containers.values():
        if container.has_started or container.has_stopped:
            continue
        try:
            if may_start(container, containers):
                container.start()
        except NeverStartsError as never:
            container.fail_to_start(str(never))


def _stop_all(containers: Mapping[str, ContainerRun]) -> None:
    """Stops the containers in order: a container stops before its dependencies."""
    for container in containers.values():
        container.disable_restarts()
    while any(each.is_running for each in containers.values()):
        for container in containers.values():
            if may_stop(container, containers):
                container.stop()
        time.sleep(_POLL_SECONDS)
        _update(containers)


def _update(containers: Mapping[str, ContainerRun]) -> None:
    for container in containers.values():
        container.update()
