"""The HTTP server of the stand-ins for services that containers call."""

from __future__ import annotations

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

_ADDRESS = "127.0.0.2"
"""The local AWS replaces 127.0.0.1 in the environment of a container by the task's address."""


class HttpServer:
    """Listens from its making until it is closed.

    Attributes:
        url: the base URL, which has no path.
    """

    def __init__(self, handler: Callable[..., BaseHTTPRequestHandler]) -> None:
        """Starts it."""
        self._server = ThreadingHTTPServer((_ADDRESS, 0), handler)
        self.url = f"http://{_ADDRESS}:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stops listening."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
