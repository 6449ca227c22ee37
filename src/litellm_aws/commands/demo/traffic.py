"""Requests to the applied stack, as its users send them: through the load balancer, to the real LiteLLM."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from litellm_aws.fleet.problems import FailedError

QUESTION = "What is LiteLLM?"
_ANSWER_SECONDS = 60
_SPEND_SECONDS = 90
"""LiteLLM writes spend to the database every 10 to 15 s (proxy_batch_write_at in litellm 1.86.0)."""


class Traffic:
    """A client of one stack."""

    def __init__(self, url: str, master_key: str, model: str) -> None:
        """Takes the stack.

        Args:
            url: of the load balancer.
            master_key: LiteLLM's master key.
            model: a model of the proxy_config.
        """
        self._url, self._master_key, self._model = url, master_key, model

    def streamed_answer(self, key: str = "") -> Iterator[str]:
        """Asks the question, and yields the parts of the answer as they arrive.

        Args:
            key: a virtual key; by default, the master key.

        Raises:
            FailedError: LiteLLM refused the request, or the answer ended with an error.
        """
        body = {"model": self._model, "stream": True, "messages": [{"role": "user", "content": QUESTION}]}
        with self._opened("/v1/chat/completions", body, key) as response:
            for line in _lines(response):
                data = line.decode().strip().removeprefix("data: ")
                if not data.startswith("{"):
                    continue
                event = json.loads(data)
                if "error" in event:
                    raise FailedError(f"The answer ended with an error: {event['error']}")
                for choice in event["choices"]:
                    yield choice["delta"].get("content") or ""

    def new_key(self, budget: float) -> str:
        """Makes a virtual key with a budget in US dollars.

        Raises:
            FailedError: LiteLLM refused the request.
        """
        return str(self._json("/key/generate", {"max_budget": budget, "models": [self._model]})["key"])

    def spend(self, key: str) -> float:
        """Waits until the spend of a key is recorded, and returns it in US dollars.

        Raises:
            FailedError: no spend was recorded.
        """
        deadline = time.monotonic() + _SPEND_SECONDS
        while time.monotonic() < deadline:
            if found := float(self._json(f"/key/info?key={key}")["info"]["spend"]):
                return found
            time.sleep(1)
        raise FailedError(f"LiteLLM has recorded no spend of the virtual key for {_SPEND_SECONDS} s.")

    def _json(self, path: str, body: object = None) -> Any:
        with self._opened(path, body, "") as response:
            return json.load(response)

    def _opened(self, path: str, body: object, key: str) -> Any:
        headers = {"Authorization": f"Bearer {key or self._master_key}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        try:
            return urlopen(Request(self._url + path, data=data, headers=headers), timeout=_ANSWER_SECONDS)
        except HTTPError as error:
            raise FailedError(f"{path} answered {error.code}: {error.read().decode(errors='replace')}") from error
        except OSError as error:
            raise FailedError(f"{path} did not answer: {error}") from error


def _lines(response: Any) -> Iterator[bytes]:
    try:
        yield from response
    except (HTTPException, OSError) as error:
        raise FailedError(f"The answer was cut short: {error}") from error
