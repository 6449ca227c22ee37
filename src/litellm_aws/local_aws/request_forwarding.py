"""Forwards a request to a target, as an Application Load Balancer does.

Sources: "HTTP headers and Application Load Balancers", "Connection idle timeout" and "Troubleshoot your Application
Load Balancers" in the user guide of Application Load Balancers.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter
from typing import Any, cast

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector, web
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from .target_group import Target

HEADER_LIMIT = 16 * 1024
"""Bytes in a request line or header that an Application Load Balancer accepts."""

_CONNECT_SECONDS = 10

_HOP_BY_HOP = frozenset(
    (
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)

_AUTOMATIC = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
"""Headers that aiohttp adds by default."""

_Headers = CIMultiDict[str] | CIMultiDictProxy[str]


class Forwarder:
    """Sends requests to targets, and their responses to clients.

    It keeps an idle connection to a target for the idle timeout. If the target closes the connection first, while a
    request is sent, the client gets 502.
    """

    def __init__(self, statuses: Counter[int]) -> None:
        """Creates a forwarder without connections.

        Args:
            statuses: where to count the statuses of targets' responses.
        """
        self._statuses = statuses
        self._sessions: dict[float, ClientSession] = {}

    async def close(self) -> None:
        """Closes all connections to targets."""
        for session in self._sessions.values():
            await session.close()

    def _session(self, idle_timeout: float) -> ClientSession:
        """Returns the session whose connections have an idle timeout."""
        if session := self._sessions.get(idle_timeout):
            return session
        session = self._sessions[idle_timeout] = ClientSession(
            connector=TCPConnector(limit=0, keepalive_timeout=idle_timeout, ssl=False),
            cookie_jar=DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=_AUTOMATIC,
            max_line_size=2 * HEADER_LIMIT,
            max_field_size=2 * HEADER_LIMIT,
        )
        # By default, aiohttp repeats an idempotent request when the target closes the connection.
        session._retry_connection = False
        return session

    async def forward(
        self, request: web.BaseRequest, target: Target, *, protocol: str, idle_timeout: float
    ) -> web.StreamResponse:
        """Returns the target's response after sending it, or the load balancer's own response to a failure.

        If the response breaks off, the client's connection is closed, so that a part does not look like the whole.

        Args:
            request: the client's request.
            target: the target.
            protocol: protocol of the target group.
            idle_timeout: seconds without data after which a connection is closed.
        """
        with target.serving():
            try:
                received = await self._send(request, target, protocol, idle_timeout)
            except TimeoutError:
                return error_response(504)
            except (ClientError, OSError):
                return error_response(502)
            except asyncio.CancelledError:
                # Otherwise the client has closed the connection.
                if not target.is_deregistered:
                    raise
                return error_response(502)
            async with received:
                headers = _end_to_end(received.headers)
                response = web.StreamResponse(status=received.status, reason=received.reason, headers=headers)
                try:
                    await self._relay(request, received, response, idle_timeout)
                except (ClientError, OSError, asyncio.CancelledError):
                    if request.transport:
                        request.transport.abort()
                return response

    async def _send(
        self, request: web.BaseRequest, target: Target, protocol: str, idle_timeout: float
    ) -> ClientResponse:
        headers = _request_headers(request)
        if headers.pop("Expect", "").lower() == "100-continue" and request.transport:
            request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return await self._session(idle_timeout).request(
            request.method,
            URL(f"{protocol.lower()}://{target.address}:{target.port}{request.raw_path}", encoded=True),
            headers=headers,
            data=request.content if request.can_read_body else None,
            allow_redirects=False,
            timeout=ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS, sock_read=idle_timeout),
        )

    async def _relay(
        self, request: web.BaseRequest, received: ClientResponse, response: web.StreamResponse, idle_timeout: float
    ) -> None:
        is_upgrade = received.status == 101
        if is_upgrade:
            response.headers.update({"Connection": "Upgrade", "Upgrade": received.headers["Upgrade"]})
            response.force_close()
        await response.prepare(request)
        self._statuses[response.status] += 1
        if is_upgrade:
            await _tunnel(request, received, idle_timeout)
        else:
            async for part in received.content.iter_any():
                await response.write(part)
            await response.write_eof()


def error_response(status: int) -> web.Response:
    """Returns a response of the load balancer itself."""
    title = f"{status} {web.Response(status=status).reason}"
    page = f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
    return web.Response(status=status, text=page, content_type="text/html", headers={"Server": "awselb/2.0"})


class _UpgradedConnection(asyncio.StreamReader):
    """Reads a connection that aiohttp has upgraded."""

    def __init__(self, protocol: Any) -> None:
        super().__init__()
        self.set_transport(protocol.transport)
        self.writer = asyncio.StreamWriter(protocol.transport, protocol, None, asyncio.get_running_loop())

    def feed_data(self, data: Any) -> Any:
        """Takes received data. aiohttp expects two results: whether this was the end, and the remaining bytes."""
        super().feed_data(data)
        return False, b""


async def _tunnel(request: web.BaseRequest, received: ClientResponse, idle_timeout: float) -> None:
    """Copies data in both directions until one side closes the connection, or neither sends data."""
    assert received.connection is not None
    at_client = _UpgradedConnection(request.protocol)
    at_target = _UpgradedConnection(received.connection.protocol)
    cast(Any, request.protocol).set_parser(at_client)
    cast(Any, received.connection.protocol).set_parser(at_target, received.content)
    loop = asyncio.get_running_loop()

    async def copy(source: _UpgradedConnection, destination: _UpgradedConnection) -> None:
        while data := await source.read(65536):
            idle.reschedule(loop.time() + idle_timeout)
            destination.writer.write(data)
            await destination.writer.drain()

    copies = [asyncio.create_task(copy(*pair)) for pair in ((at_client, at_target), (at_target, at_client))]
    try:
        async with asyncio.timeout(idle_timeout) as idle:
            await asyncio.wait(copies, return_when=asyncio.FIRST_COMPLETED)
    except TimeoutError:
        pass
    finally:
        for task in copies:
            task.cancel()
        await asyncio.gather(*copies, return_exceptions=True)
        received.close()


def _request_headers(request: web.BaseRequest) -> CIMultiDict[str]:
    headers = _end_to_end(request.headers)
    if request.headers.get("Upgrade", "").lower() == "websocket":
        headers.update({"Connection": "Upgrade", "Upgrade": "websocket"})
    forwarded = [*headers.getall("X-Forwarded-For", []), request.remote or ""]
    headers["X-Forwarded-For"] = ", ".join(forwarded)
    headers["X-Forwarded-Proto"] = request.scheme
    assert request.transport is not None
    headers["X-Forwarded-Port"] = str(request.transport.get_extra_info("sockname")[1])
    trace = f"1-{int(time.time()):08x}-{secrets.token_hex(12)}"
    earlier = headers.get("X-Amzn-Trace-Id")
    headers["X-Amzn-Trace-Id"] = f"Self={trace};{earlier}" if earlier else f"Root={trace}"
    return headers


def _end_to_end(headers: _Headers) -> CIMultiDict[str]:
    """Returns the headers that are not for one connection only."""
    listed = {name.strip().lower() for name in headers.get("Connection", "").split(",")}
    dropped = _HOP_BY_HOP | listed
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in dropped)
