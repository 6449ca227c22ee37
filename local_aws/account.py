"""The account, as whoever runs it sees it: its endpoint, its clients, and the sessions of its roles."""

from dataclasses import dataclass, field
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

LOOPBACK = "127.0.0.1"
"""Where everything of the local AWS listens."""

ACCOUNT_ID = "123456789012"
"""moto's account."""

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
"""Anything is accepted: an administrator of the account."""

REGION = "us-west-2"
"""The region of clients that are not asked for another."""


@dataclass(frozen=True)
class RoleSession:
    """Credentials of an assumed role.

    Attributes:
        role_arn: the role.
        access_key_id, secret_access_key, session_token: what signs a request.
    """

    role_arn: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)

    @property
    def environment(self) -> dict[str, str]:
        """The variables from which AWS's libraries take the credentials."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
            "AWS_SESSION_TOKEN": self.session_token,
        }


class Account:
    """The account behind an endpoint."""

    def __init__(self, endpoint: str) -> None:
        """Takes the URL of the local AWS."""
        self.endpoint = endpoint
        self.sessions: dict[str, RoleSession] = {}
        """The sessions of tasks' roles, by access key id."""

        self.client = cache(self._client)
        """Returns a client of boto3 for a service and, if it is not `REGION`, a region."""

    @property
    def environment(self) -> dict[str, str]:
        """Variables by which Terraform's provider and the AWS CLI come here, as its administrator."""
        return {
            **CREDENTIALS,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,  # by which the AWS CLI 1 knows it
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def assume(self, role_arn: str, session: str) -> RoleSession:
        """Starts a session of a role, as ECS does for a task."""
        given = self.client("sts").assume_role(RoleArn=role_arn, RoleSessionName=session)["Credentials"]
        assumed = RoleSession(role_arn, given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
        self.sessions[assumed.access_key_id] = assumed
        return assumed

    def _client(self, service: str, region: str = REGION) -> Any:
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.endpoint,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            config=Config(retries={"total_max_attempts": 1}),
        )
