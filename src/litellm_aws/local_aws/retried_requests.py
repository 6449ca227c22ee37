"""Repeats the response to a request that a client retries.

Under load, a response of this server can get lost. The AWS SDKs then retry the request, and moto would reject it,
because it has already made the change. Both requests have the same invocation ID, so the retry gets the first response.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable
from threading import Event, Lock
from typing import Any

_KEPT = 500
"""Number of responses to keep. An SDK retries within seconds."""

_SUCCEEDED = ("2", "3")
"""First digits of a successful status. A request that failed, with or without a response, is processed again."""

_LOG = logging.getLogger(__name__)

Environment = dict[str, Any]
Application = Callable[[Environment, Callable[..., Any]], Iterable[bytes]]


class _Response:
    """The response to a request. It is complete when `ready` is set."""

    def __init__(self) -> None:
        self.ready = Event()
        self.status = ""
        self.headers: list[tuple[str, str]] = []
        self.body = b""


class RetriedRequests:
    """WSGI middleware that returns the first response again when a request is retried."""

    def __init__(self, application: Application) -> None:
        """Wraps an application, which processes each request once."""
        self._application = application
        self._responses: OrderedDict[str, _Response] = OrderedDict()
        self._lock = Lock()

    def __call__(self, environment: Environment, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Handles a request, as WSGI requires."""
        invocation = environment.get("HTTP_AMZ_SDK_INVOCATION_ID")
        if not invocation:
            return self._application(environment, start_response)
        with self._lock:
            earlier = self._responses.get(invocation)
            response = earlier or self._responses.setdefault(invocation, _Response())
            while len(self._responses) > _KEPT:
                self._responses.popitem(last=False)
        if earlier is not None and earlier.ready.wait(timeout=60) and earlier.status.startswith(_SUCCEEDED):
            _LOG.warning("%s was retried; returning the first response again", environment.get("PATH_INFO"))
        else:
            self._process(environment, response)
        start_response(response.status, response.headers)
        return [response.body]

    def _process(self, environment: Environment, response: _Response) -> None:
        def started(status: str, headers: list[tuple[str, str]], _error: Any = None) -> None:
            response.status, response.headers = status, headers

        try:
            parts = self._application(environment, started)
            response.body = b"".join(parts)
            if close := getattr(parts, "close", None):
                close()
        finally:
            response.ready.set()
