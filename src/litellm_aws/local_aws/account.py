"""The AWS account: its endpoint, its clients, and the sessions of its roles."""

from dataclasses import dataclass, field
from functools import cache
from threading import Lock
from typing import Any

import boto3
from botocore.config import Config

LOOPBACK = "127.0.0.1"
"""The address of the API, of the credentials of tasks and of the model provider."""

ACCOUNT_ID = "123456789012"
"""moto's default account."""

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
"""Credentials of an administrator. moto accepts any value."""

REGION = "us-west-2"
"""The default region of the clients."""


@dataclass(frozen=True)
class RoleSession:
    """Credentials of an assumed role.

    Attributes:
        role_arn: ARN of the role.
        access_key_id, secret_access_key, session_token: the credentials that sign requests.
        expires: the time at which the credentials expire, in ISO 8601.
    """

    role_arn: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    expires: str

    @property
    def document(self) -> dict[str, str]:
        """The credentials, as the endpoint for containers returns them (AWS SDK reference, container credentials)."""
        return {
            "RoleArn": self.role_arn,
            "AccessKeyId": self.access_key_id,
            "SecretAccessKey": self.secret_access_key,
            "Token": self.session_token,
            "Expiration": self.expires,
        }


class Account:
    """The account behind an endpoint."""

    def __init__(self, endpoint: str) -> None:
        """Creates the account.

        Args:
            endpoint: URL of the local AWS.
        """
        self.endpoint = endpoint
        self.sessions: dict[str, RoleSession] = {}
        """The role sessions of tasks, by access key ID."""

        self._creating = Lock()
        self.client = cache(self._client)
        """Returns a boto3 client for a service. A second argument sets another region than `REGION`."""

    @property
    def environment(self) -> dict[str, str]:
        """Variables that direct the AWS provider and the AWS CLI to the local AWS, as administrator."""
        return {
            **CREDENTIALS,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,  # for version 1 of the AWS CLI
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def assume(self, role_arn: str, session: str) -> RoleSession:
        """Starts a session of a role, as ECS does for a task."""
        given = self.client("sts").assume_role(RoleArn=role_arn, RoleSessionName=session)["Credentials"]
        assumed = RoleSession(
            role_arn,
            given["AccessKeyId"],
            given["SecretAccessKey"],
            given["SessionToken"],
            given["Expiration"].strftime("%Y-%m-%dT%H:%M:%SZ"),
        )
        self.sessions[assumed.access_key_id] = assumed
        return assumed

    def _client(self, service: str, region: str = REGION) -> Any:
        # Several threads can use a client, but not create clients at the same time.
        with self._creating:
            client = boto3.client(
                service,
                region_name=region,
                endpoint_url=self.endpoint,
                aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
                config=Config(retries={"total_max_attempts": 1}),
            )
        # These clients do not retry, so the server need not keep its responses.
        client.meta.events.register("before-send", _remove_invocation_id)
        return client


def _remove_invocation_id(request: Any, **_event: Any) -> None:
    del request.headers["amz-sdk-invocation-id"]
