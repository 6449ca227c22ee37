"""The endpoint from which containers get the credentials of their task role.

On ECS, the agent serves it at 169.254.170.2, and AWS_CONTAINER_CREDENTIALS_RELATIVE_URI names the path (ECS developer
guide, task IAM role). Here, the server of the local AWS serves it, and AWS_CONTAINER_CREDENTIALS_FULL_URI names it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from uuid import uuid4

from .account import Account
from .retried_requests import Application, Environment

_PATH = "/v2/credentials/"


class CredentialsEndpoint:
    """WSGI middleware that serves the credentials of task roles."""

    def __init__(self, application: Application) -> None:
        """Wraps an application, which handles all other requests."""
        self._application = application
        self._roles: dict[str, Callable[[], dict[str, str]]] = {}

    def add(self, account: Account, role_arn: str, session: str) -> dict[str, str]:
        """Serves the credentials of a role, and returns the variables by which the AWS SDKs find them.

        Args:
            account: the account that holds the role.
            role_arn: ARN of the role.
            session: name of the role session.
        """
        path = f"{_PATH}{uuid4()}"
        self._roles[path] = lambda: account.assume(role_arn, session).document
        return {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{account.endpoint}{path}"}

    def __call__(self, environment: Environment, start_response: Callable[..., object]) -> Iterable[bytes]:
        """Handles a request, as WSGI requires."""
        path = environment["PATH_INFO"]
        if not path.startswith(_PATH):
            return self._application(environment, start_response)
        if credentials := self._roles.get(path):
            status, body = "200 OK", json.dumps(credentials())
        else:
            status, body = "404 Not Found", json.dumps({"message": "Unable to find credentials"})
        start_response(status, [("Content-Type", "application/json")])
        return [body.encode()]
