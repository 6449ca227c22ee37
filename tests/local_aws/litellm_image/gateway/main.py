"""An ASGI application that describes its container."""

import json
import os
import tempfile
from collections.abc import Awaitable, Callable
from typing import Any


def _writable(folder: str) -> bool:
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _found() -> dict[str, Any]:
    config, metrics = os.environ.get("CONFIG_FILE_PATH"), os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    return {
        "uid": os.getuid(),
        "launched": "LAUNCHED" in os.environ,
        "traced": os.environ.get("TRACED_BY_DATADOG"),
        "traces_openai": os.environ.get("DD_TRACE_OPENAI_ENABLED"),
        "config": open(config).read() if config else None,
        "metrics_folder_is_writable": _writable(metrics) if metrics else None,
    }


async def app(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    """Responds to each HTTP request with the description."""
    if scope["type"] != "http":
        return
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(_found()).encode()})
