"""Reads secrets and creates log streams with a task's execution role, as ECS does before it starts the containers."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from .account import Account
from .permissions import allowed
from .task_failure import TaskFailedToStartError

Write = Callable[[list[str]], None]
"""Writes lines to a log stream."""


class ExecutionRole:
    """The execution role of a task."""

    def __init__(self, account: Account, role_arn: str | None, task: Any) -> None:
        """Creates the execution role.

        Args:
            account: the account that holds the role.
            role_arn: ARN of the role. Without a role, nothing is allowed.
            task: moto's task object.
        """
        self._account, self._role, self._task = account, role_arn, task
        self._region: str = task.region_name

    def secrets(self, container: Mapping[str, Any]) -> dict[str, str]:
        """Returns the values of a container's secrets, by environment variable."""
        return {each["name"]: self._secret(each["valueFrom"]) for each in container.get("secrets") or []}

    def log(self, container: Mapping[str, Any]) -> Write:
        """Creates the log stream of a container, and returns a function that writes to it.

        Without `logConfiguration`, the function discards the output.
        """
        if not container.get("logConfiguration"):
            return lambda _lines: None
        options = container["logConfiguration"]["options"]
        group = options["awslogs-group"]
        stream = f"{options['awslogs-stream-prefix']}/{container['name']}/{self._task.id}"
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
            raise TaskFailedToStartError(failed + _error_text(error)) from error

        def write(lines: list[str]) -> None:
            now = int(time.time() * 1000)
            logs.put_log_events(
                logGroupName=group,
                logStreamName=stream,
                # CloudWatch Logs rejects empty messages.
                logEvents=[{"timestamp": now, "message": line or " "} for line in lines],
            )

        return write

    def _secret(self, value_from: str) -> str:
        """Returns the value at `<arn>` or `<arn>:<json key>:<version stage>:<version ID>`."""
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
            raise TaskFailedToStartError(failed + retried + _error_text(error)) from error
        if not key:
            return str(text)
        try:
            return str(json.loads(text)[key])
        except (ValueError, KeyError, TypeError) as error:
            raise TaskFailedToStartError(
                f"{failed}retrieved secret from Secrets Manager did not contain json key {key}"
            ) from error

    def _allowed(self, action: str, resource: str) -> bool:
        return self._role is not None and allowed(self._account, self._role, action, resource)

    def _denied(self, action: str, resource: str) -> str:
        role = (self._role or "none").rpartition("/")[2]
        user = f"arn:aws:sts::{self._task._account_id}:assumed-role/{role}/{self._task.id}"
        return (
            f"AccessDeniedException: User: {user} is not authorized to perform: {action} on resource: {resource} "
            f"because no identity-based policy allows the {action} action"
        )


def _error_text(error: ClientError) -> str:
    return f"{error.response['Error']['Code']}: {error.response['Error']['Message']}"
