"""A provider of models, which answers in the form of OpenAI's API."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from uuid import uuid4

from .account import LOOPBACK

KEY = "sk-local-model-provider"
"""The API key of the provider that `python -m local_aws` starts."""

CHAT_MODEL, EMBEDDING_MODEL = "gpt-4o", "text-embedding-3-small"
_DIMENSIONS = 8
_CREATED = 1_700_000_000


class ModelProvider:
    """Listens on 127.0.0.1, and answers chat completions and embeddings in the same way each time.

    Source: OpenAI's API reference, "Chat completions", "Streaming events", "Embeddings", "Models" and "Error codes".

    Attributes:
        url: the base URL, which ends in `/v1`.
        requests: the number of requests with the right key.
    """

    def __init__(self, key: str, *, chunk_seconds: float = 0) -> None:
        """Starts the provider.

        Args:
            key: the API key that requests must have.
            chunk_seconds: the time before each chunk of a streamed answer.
        """
        self.requests = 0
        self._lock = Lock()
        self._server = ThreadingHTTPServer((LOOPBACK, 0), partial(_Handler, self, key, chunk_seconds))
        self.url = f"http://{LOOPBACK}:{self._server.server_port}/v1"
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stops listening."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def count_request(self) -> None:
        """Counts a request."""
        with self._lock:
            self.requests += 1


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, provider: ModelProvider, key: str, chunk_seconds: float, *arguments: Any) -> None:
        self._provider, self._key, self._chunk_seconds = provider, key, chunk_seconds
        super().__init__(*arguments)

    def do_GET(self) -> None:
        if not self._is_authorized():
            return
        if self.path == "/v1/models":
            models = [
                {"id": name, "object": "model", "created": _CREATED, "owned_by": "local-aws"}
                for name in (CHAT_MODEL, EMBEDDING_MODEL)
            ]
            self._send({"object": "list", "data": models})
        else:
            self._send_unknown_url()

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        if not self._is_authorized():
            return
        if self.path == "/v1/chat/completions":
            events = _chunks(asked) if asked.get("stream") else None
            self._send_events(events) if events else self._send(_completion(asked))
        elif self.path == "/v1/embeddings":
            self._send(_embeddings(asked))
        else:
            self._send_unknown_url()

    def log_message(self, *_: Any) -> None:
        """Does not write to standard error."""

    def _is_authorized(self) -> bool:
        if self.headers.get("Authorization") == f"Bearer {self._key}":
            self._provider.count_request()
            return True
        self._send_error(HTTPStatus.UNAUTHORIZED, "Incorrect API key provided.", "invalid_api_key")
        return False

    def _send_unknown_url(self) -> None:
        self._send_error(HTTPStatus.NOT_FOUND, f"Invalid URL ({self.command} {self.path})", None)

    def _send_error(self, status: HTTPStatus, message: str, code: str | None) -> None:
        error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
        self._send({"error": error}, status)

    def _send(self, answer: Mapping[str, Any], status: HTTPStatus = HTTPStatus.OK) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _send_events(self, events: Iterator[Mapping[str, Any]]) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for event in events:
            time.sleep(self._chunk_seconds)
            self._send_chunk(f"data: {json.dumps(event)}\n\n")
        self._send_chunk("data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")

    def _send_chunk(self, text: str) -> None:
        self.wfile.write(f"{len(text.encode()):x}\r\n{text}\r\n".encode())


def _answer(asked: Mapping[str, Any]) -> str:
    question = asked["messages"][-1].get("content") or ""
    if not isinstance(question, str):
        question = " ".join(part["text"] for part in question if part.get("type") == "text")
    return f'You asked: "{question}" That is a good question, and I am glad to help.'


def _usage(asked: Mapping[str, Any]) -> dict[str, int]:
    """Returns the usage, where each word is a token."""
    prompt, completion = len(json.dumps(asked["messages"]).split()), len(_answer(asked).split())
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def _completion(asked: Mapping[str, Any]) -> dict[str, Any]:
    message = {"role": "assistant", "content": _answer(asked), "refusal": None}
    return {
        **_head(asked, "chat.completion"),
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
        "usage": _usage(asked),
    }


def _chunks(asked: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    head = _head(asked, "chat.completion.chunk")
    words = [f"{word} " for word in _answer(asked).split()]
    words[-1] = words[-1].rstrip()
    deltas: list[dict[str, str]] = [{"role": "assistant", "content": ""}, *({"content": word} for word in words), {}]
    for delta in deltas:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": None if delta else "stop"}
        yield {**head, "choices": [choice]}
    if (asked.get("stream_options") or {}).get("include_usage"):
        yield {**head, "choices": [], "usage": _usage(asked)}


def _head(asked: Mapping[str, Any], kind: str) -> dict[str, Any]:
    # LiteLLM records the costs of a request under this ID, and ignores an ID that it has already recorded.
    return {"id": f"chatcmpl-{uuid4().hex}", "object": kind, "created": _CREATED, "model": asked["model"]}


def _embeddings(asked: Mapping[str, Any]) -> dict[str, Any]:
    given = asked["input"]
    texts = [given] if isinstance(given, str) else given
    data = [{"object": "embedding", "index": index, "embedding": _vector(text)} for index, text in enumerate(texts)]
    tokens = sum(len(str(text).split()) for text in texts)
    return {
        "object": "list",
        "data": data,
        "model": asked["model"],
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def _vector(text: object) -> list[float]:
    code = sum(str(text).encode())
    return [((code * (place + 1)) % 101) / 101 for place in range(_DIMENSIONS)]
