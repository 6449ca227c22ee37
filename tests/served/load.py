"""Chat completions that several clients ask for, each accounted for."""

from __future__ import annotations

import http.client
import json
import time
from collections import Counter
from threading import Event, Thread
from typing import NamedTuple, Self
from urllib.parse import urlsplit

from tests.served.served_stack import QUESTION, ServedStack

_ANSWER_SECONDS = 60


class Outcome(NamedTuple):
    """What became of a request.

    Attributes:
        began, ended: by the monotonic clock.
        result: the status, or what was wrong.
    """

    began: float
    ended: float
    result: str


class Load:
    """Clients that ask until the context exits, each with a connection of its own. Every second answer is streamed.

    Attributes:
        outcomes: of all requests that have ended.
    """

    def __init__(self, stack: ServedStack, key: str, *, clients: int, pause: float = 0) -> None:
        """Takes the stack, a virtual key, the number of clients, and the seconds between two requests of each."""
        self.outcomes: list[Outcome] = []
        self._stack, self._key, self._pause = stack, key, pause
        self._stop = Event()
        self._threads = [Thread(target=self._ask, daemon=True) for _ in range(clients)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        taken = self.outcomes[-1].ended - self.outcomes[0].began
        slowest = max(outcome.ended - outcome.began for outcome in self.outcomes)
        rate = len(self.outcomes) / taken
        print(f"{self.results} in {taken:.0f} s: {rate:.1f} requests/s, the slowest took {slowest:.2f} s")

    @property
    def results(self) -> Counter[str]:
        """The number of requests by result."""
        return Counter(outcome.result for outcome in self.outcomes)

    @property
    def failures(self) -> list[Outcome]:
        """The outcomes of requests without a whole answer."""
        return [outcome for outcome in self.outcomes if outcome.result != "200"]

    def _ask(self) -> None:
        host = urlsplit(self._stack.url).netloc
        connection = http.client.HTTPConnection(host, timeout=_ANSWER_SECONDS)
        stream = False
        while not self._stop.wait(self._pause):
            began = time.monotonic()
            try:
                result = self._result(connection, stream=stream)
            except (OSError, http.client.HTTPException) as error:
                result = type(error).__name__
                connection.close()
            self.outcomes.append(Outcome(began, time.monotonic(), result))
            stream = not stream
        connection.close()

    def _result(self, connection: http.client.HTTPConnection, *, stream: bool) -> str:
        body = {"model": self._stack.model, "messages": [QUESTION], "stream": stream}
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
        response = connection.getresponse()
        text = response.read().decode()
        if response.status != 200:
            return str(response.status)
        whole = text.rstrip().endswith("data: [DONE]") if stream else "choices" in json.loads(text)
        return "200" if whole else "a part of the answer"
