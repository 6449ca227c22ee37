"""Records and checks what the requests of a role need."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

from ..account import ACCOUNT_ID
from ..retried_requests import Application, Environment
from .api_calls import Call, call_of, signature_of
from .policies import Document, Requirement, allows


@dataclass
class Watched:
    """What the requests of a role needed.

    Attributes:
        policies: what the role may do; None if its requests are only recorded.
        needed: what its requests needed, in the order of the first request.
        refused: what its requests needed and its policies do not allow.
    """

    policies: Sequence[Document] | None
    needed: list[Requirement] = field(default_factory=list)
    refused: list[Requirement] = field(default_factory=list)

    def check(self, requirements: Sequence[Requirement]) -> Requirement | None:
        """Records requirements, and returns the first one that is not allowed."""
        self.needed += [each for each in requirements if each not in self.needed]
        for each in requirements:
            if self.policies is not None and not allows(self.policies, each):
                self.refused.append(each)
                return each
        return None


class Authorization:
    """WSGI middleware that checks the requests of the roles that are watched. All other requests pass."""

    def __init__(self, application: Application) -> None:
        """Wraps an application, which processes what is allowed."""
        self._application = application
        self._watched: dict[str, Watched] = {}

    @contextmanager
    def watching(self, role: str, policies: Sequence[Document] | None = None) -> Iterator[Watched]:
        """Records the requests of a role's sessions until the context exits, and refuses what policies do not allow.

        Args:
            role: ARN of the role.
            policies: its policies; None refuses nothing.
        """
        self._watched[role] = Watched(policies)
        try:
            yield self._watched[role]
        finally:
            del self._watched[role]

    def __call__(self, environment: Environment, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Handles a request, as WSGI requires."""
        signature = signature_of(environment) if self._watched else None
        session: Any = _session(signature.access_key) if signature else None
        watched = self._watched.get(session.role_arn) if session else None
        if signature is None or watched is None:
            return self._application(environment, start_response)
        from .requirements import requirements

        call = call_of(environment, signature)
        try:
            refused = watched.check(requirements(call))
        except LookupError as error:
            return _answer(call, f"The local AWS does not know {error}.", environment, start_response)
        if refused is None:
            return self._application(environment, start_response)
        message = (
            f"User: {session.arn} is not authorized to perform: {refused.action} on resource: {refused.resource} "
            f"because no identity-based policy allows the {refused.action} action"
        )
        return _answer(call, message, environment, start_response)


def _session(access_key: str) -> Any:
    """Returns moto's session of a role, or None."""
    from moto.sts.models import sts_backends

    sessions = sts_backends[ACCOUNT_ID]["aws"].assumed_roles
    return next((each for each in sessions if each.access_key_id == access_key), None)


def _answer(call: Call, message: str, environment: Environment, start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Refuses a call as its service does (IAM User Guide, "Troubleshoot access denied error messages")."""
    from moto.core.utils import get_service_model

    protocol = get_service_model(call.service).protocol
    status, content_type = "403 Forbidden", "text/xml"
    if protocol in ("json", "rest-json"):
        status, content_type = "400 Bad Request", "application/x-amz-json-1.1"
        body = json.dumps({"__type": "AccessDeniedException", "message": message})
    elif protocol == "ec2":
        error = _error("UnauthorizedOperation", f"You are not authorized to perform this operation. {message}")
        body = f"<Response><Errors>{error}</Errors><RequestID>0</RequestID></Response>"
    elif call.service == "s3":
        body = _error("AccessDenied", message)
    else:
        body = f"<ErrorResponse>{_error('AccessDenied', message)}<RequestId>0</RequestId></ErrorResponse>"
    start_response(status, [("Content-Type", content_type)])
    return [] if environment["REQUEST_METHOD"] == "HEAD" else [body.encode()]


def _error(code: str, message: str) -> str:
    return f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
