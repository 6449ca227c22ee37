"""Answers that did not reach the client.

Under load, an answer of this server can get lost on its way. AWS's libraries then send the request again,
which AWS may take or refuse; moto would refuse what it has just done. Both requests carry the same
invocation id, so the second one gets the first one's answer here.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable
from threading import Event, Lock
from typing import Any

_KEPT = 500
"""Answers that are remembered; a library repeats a request within seconds."""

_DONE = ("2", "3")
"""How the status of what was done begins. What was refused, or failed without an answer, is done again."""

_LOG = logging.getLogger(__name__)

Environment = dict[str, Any]
Application = Callable[[Environment, Callable[..., Any]], Iterable[bytes]]


class _Answer:
    """What a request was answered, once `there` is set."""

    def __init__(self) -> None:
        self.there = Event()
        self.status = ""
        self.headers: list[tuple[str, str]] = []
        self.body = b""


class RepeatedRequests:
    """Puts a memory for answers before an application."""

    def __init__(self, application: Application) -> None:
        """Takes the application that answers what was not asked before."""
        self._application = application
        self._answers: OrderedDict[str, _Answer] = OrderedDict()
        self._lock = Lock()

    def __call__(self, environment: Environment, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answers a request, as WSGI asks for it."""
        invocation = environment.get("HTTP_AMZ_SDK_INVOCATION_ID")
        if not invocation:
            return self._application(environment, start_response)
        with self._lock:
            earlier = self._answers.get(invocation)
            answer = earlier or self._answers.setdefault(invocation, _Answer())
            while len(self._answers) > _KEPT:
                self._answers.popitem(last=False)
        if earlier is not None and earlier.there.wait(timeout=60) and earlier.status.startswith(_DONE):
            _LOG.warning("the answer to %s was lost, and is given again", environment.get("PATH_INFO"))
        else:
            self._ask(environment, answer)
        start_response(answer.status, answer.headers)
        return [answer.body]

    def _ask(self, environment: Environment, answer: _Answer) -> None:
        def started(status: str, headers: list[tuple[str, str]], _error: Any = None) -> None:
            answer.status, answer.headers = status, headers

        try:
            parts = self._application(environment, started)
            answer.body = b"".join(parts)
            if close := getattr(parts, "close", None):
                close()
        finally:
            answer.there.set()
