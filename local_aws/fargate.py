"""Fargate: tasks of the local ECS that run, as processes of this machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from threading import Event, Thread
from typing import Any

from botocore.exceptions import ClientError

from .account import Account
from .images import Image, find_image
from .leash import leashed
from .permissions import allowed, may_be_assumed
from .repairs.wrapping import around, give

NO_CAPACITY = "Capacity is unavailable at this time. Please try again later or in a different availability zone"
"""The reason by which Fargate places no task."""

STOP_SECONDS = 30
"""Between the first and the second signal to a container that is to stop (ECS, StopTask)."""


class TaskFailedToStartError(Exception):
    """A container never ran; the message is the task's stopped reason, in ECS's words."""


class Fargate:
    """Runs the tasks of an account.

    Attributes:
        images: what may be pulled, by a pattern of the name; more can be added at any time.
        has_capacity: whether a task can be placed.
    """

    current: Fargate | None = None
    """The one that moto's ECS uses; None leaves moto as it is."""

    def __init__(self, home: Path, account: Account, images: dict[str, Image]) -> None:
        """Takes the place of moto's tasks; files of running tasks go below `home`."""
        self.images = images
        self.has_capacity = True
        self._home, self._account = home, account
        self._running: dict[str, _Run] = {}
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
        run = _Run(task, definition, self._account, self._home, self.images)
        self._running[task.task_arn] = run
        run.start(finished=lambda: self._running.pop(task.task_arn, None))

    def stop(self, task: Any, reason: str) -> None:
        """Stops a task, if it still runs."""
        if run := self._running.get(task.task_arn):
            run.stop(reason)


class _Run:
    """One task on its way from PROVISIONING to STOPPED."""

    def __init__(self, task: Any, definition: Any, account: Account, home: Path, images: Mapping[str, Image]) -> None:
        self._task, self._account, self._home = task, account, home
        self._images = images
        self._container: dict[str, Any] = definition.container_definitions[0]
        # moto's definition lacks what was not given.
        self._role: str | None = getattr(definition, "task_role_arn", None)
        self._execution_role: str | None = getattr(definition, "execution_role_arn", None)
        self._region: str = task.region_name
        self._stop_reason = ""
        self._stopping = Event()
        self._thread: Thread | None = None

    def start(self, finished: Callable[[], object]) -> None:
        """Starts the task; `finished` is called at its end."""

        def run() -> None:
            try:
                self._run()
            finally:
                finished()

        self._thread = Thread(target=run, daemon=True)
        self._thread.start()

    def stop(self, reason: str) -> None:
        """Asks the task to stop."""
        self._stop_reason = reason
        self._task.desired_status = "STOPPED"
        self._stopping.set()

    def join(self) -> None:
        """Waits for the task's end."""
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            self._to("PENDING")
            self._require_roles()
            image = self._pulled()
            secrets = self._secrets()
            write = self._log()
            code = self._contained(image, secrets, write)
        except TaskFailedToStartError as failure:
            self._stopped("TaskFailedToStart", str(failure))
        except Exception as failure:
            self._stopped("TaskFailedToStart", f"The local AWS could not run the task: {failure}")
        else:
            self._task.containers[0].exitCode = code
            if self._stop_reason:
                self._stopped("UserInitiated", self._stop_reason)
            else:
                self._stopped("EssentialContainerExited", "Essential container in task exited")

    def _to(self, status: str) -> None:
        self._task.last_status = status
        self._task.containers[0].last_status = status

    def _stopped(self, code: str, reason: str) -> None:
        self._task.stop_code, self._task.stopped_reason = code, reason
        self._task.desired_status = "STOPPED"
        self._task.stopped_at = datetime.now(UTC)
        self._delete_network_interface()
        self._to("STOPPED")

    def _delete_network_interface(self) -> None:
        """The interface of a Fargate task goes with the task. moto keeps it."""
        from moto.ec2.models import ec2_backends

        backend = ec2_backends[self._task._account_id][self._region]
        for attachment in self._task.attachments:
            details = {each["name"]: each["value"] for each in attachment["details"]}
            backend.enis.pop(details["networkInterfaceId"], None)
            attachment["status"] = "DELETED"

    def _require_roles(self) -> None:
        for role in (self._execution_role, self._role):
            if role and not may_be_assumed(self._account, role, "ecs-tasks.amazonaws.com"):
                raise TaskFailedToStartError(
                    f"ECS was unable to assume the role '{role}' that was provided for this task. Please verify that "
                    "the role being passed has the proper trust relationship and permissions and that your IAM user "
                    "has permissions to pass this role."
                )

    def _pulled(self) -> Image:
        name = self._container["image"]
        image = find_image(self._images, name)
        if image is None:
            raise TaskFailedToStartError(
                f"CannotPullContainerError: pull image manifest has been retried 5 time(s): "
                f"failed to resolve ref {name}: not found (the local AWS has no program for this image)"
            )
        return image

    def _secrets(self) -> dict[str, str]:
        return {each["name"]: self._secret(each["valueFrom"]) for each in self._container.get("secrets", [])}

    def _secret(self, value_from: str) -> str:
        """Reads `<arn>` or `<arn>:<json key>:<version stage>:<version id>` with the execution role's permissions."""
        parts = value_from.split(":")
        arn = ":".join(parts[:7])
        key, stage, version = [*parts[7:], "", "", ""][:3]
        failed = (
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval "
            "failed: unable to retrieve secret from asm: "
        )
        retried = f"service call has been retried 1 time(s): failed to fetch secret {arn} from secrets manager: "
        if not self._allowed("secretsmanager:GetSecretValue", arn):
            raise TaskFailedToStartError(failed + retried + self._denied("secretsmanager:GetSecretValue", arn))
        wanted = {"VersionStage": stage, "VersionId": version}
        try:
            text = self._account.client("secretsmanager", self._region).get_secret_value(
                SecretId=arn, **{name: value for name, value in wanted.items() if value}
            )["SecretString"]
        except ClientError as error:
            raise TaskFailedToStartError(failed + retried + _spoken(error)) from error
        if not key:
            return str(text)
        try:
            return str(json.loads(text)[key])
        except (ValueError, KeyError, TypeError) as error:
            raise TaskFailedToStartError(
                f"{failed}retrieved secret from Secrets Manager did not contain json key {key}"
            ) from error

    def _log(self) -> Callable[[list[str]], None]:
        """Makes the stream of the container, and returns what writes lines to it."""
        options = self._container["logConfiguration"]["options"]
        group = options["awslogs-group"]
        task_id = self._task.task_arn.rpartition("/")[2]
        stream = f"{options['awslogs-stream-prefix']}/{self._container['name']}/{task_id}"
        failed = (
            "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: "
            "failed to create Cloudwatch log stream: "
        )
        arn = f"arn:aws:logs:{self._region}:{self._task._account_id}:log-group:{group}:log-stream:{stream}"
        if not self._allowed("logs:CreateLogStream", arn):
            raise TaskFailedToStartError(failed + self._denied("logs:CreateLogStream", arn))
        logs = self._account.client("logs", options["awslogs-region"])
        try:
            logs.create_log_stream(logGroupName=group, logStreamName=stream)
        except ClientError as error:
            raise TaskFailedToStartError(failed + _spoken(error)) from error

        def write(lines: list[str]) -> None:
            now = int(time.time() * 1000)
            logs.put_log_events(
                logGroupName=group,
                logStreamName=stream,
                # CloudWatch Logs takes no empty event.
                logEvents=[{"timestamp": now, "message": line or " "} for line in lines],
            )

        return write

    def _contained(self, image: Image, secrets: Mapping[str, str], write: Callable[[list[str]], None]) -> int:
        """Runs the container's process, and returns its exit code."""
        command = [*image.entry_point, *(self._container.get("command") or image.command)]
        with tempfile.TemporaryDirectory(prefix="task-", dir=self._home) as directory:
            environment = {
                "PATH": os.pathsep.join([*map(str, image.path), os.defpath]),
                "HOME": directory,
                "AWS_DEFAULT_REGION": self._region,
                "AWS_REGION": self._region,
                # On Fargate, a container finds its role's credentials at 169.254.170.2.
                "AWS_ENDPOINT_URL": self._account.endpoint,
                **self._role_credentials(),
                **{each["name"]: each["value"] for each in self._container.get("environment", [])},
                **secrets,
                **image.overrides,
            }
            process = leashed(command, environment=environment, directory=Path(directory), output=subprocess.PIPE)
            self._to("RUNNING")
            reader = Thread(target=_copy_lines, args=(process, write), daemon=True)
            reader.start()
            while process.poll() is None:
                if self._stopping.wait(0.05) and process.stdin is not None:
                    process.stdin.close()
                    try:
                        process.wait(STOP_SECONDS)
                    except subprocess.TimeoutExpired:
                        os.killpg(process.pid, signal.SIGKILL)
            # Whatever the program has started ends with it, as a container does.
            with suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
            reader.join()
            self._to("DEPROVISIONING")
            code = process.wait()
            return code if code >= 0 else 128 - code

    def _role_credentials(self) -> dict[str, str]:
        return self._account.assume(self._role, self._task.id).environment if self._role else {}

    def _allowed(self, action: str, resource: str) -> bool:
        role = self._execution_role
        return role is not None and allowed(self._account, role, action, resource)

    def _denied(self, action: str, resource: str) -> str:
        role = (self._execution_role or "none").rpartition("/")[2]
        user = f"arn:aws:sts::{self._task._account_id}:assumed-role/{role}/{self._task.id}"
        return (
            f"AccessDeniedException: User: {user} is not authorized to perform: {action} on resource: {resource} "
            f"because no identity-based policy allows the {action} action"
        )


def _spoken(error: ClientError) -> str:
    return f"{error.response['Error']['Code']}: {error.response['Error']['Message']}"


def _copy_lines(process: subprocess.Popen[bytes], write: Callable[[list[str]], None]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        write([line.decode(errors="replace").rstrip("\n")])


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
                task.last_status = "PROVISIONING"
                task.containers[0].exitCode = None
                Fargate.current.start(task, backend.describe_task_definition(task.task_definition_arn))
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
