"""Load balancers: how they forward requests, by their rules, to their targets."""

import asyncio
import http.client
import json
import os
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from botocore.exceptions import ConnectionClosedError
from botocore.parsers import ResponseParserError

from litellm_aws.local_aws.listener import listening_port
from litellm_aws.local_aws.listener_rule_match import matches
from litellm_aws.local_aws.server import LocalAws
from tests.local_aws.balanced import PORT, Balancer, Handler, Servers, balancers, eventually


def healthy(handler: Handler) -> Handler:
    """Adds a health check to a handler."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response() if request.path == "/health" else await handler(request)

    return answer


async def echo(request: web.BaseRequest) -> web.StreamResponse:
    """Answers with the request."""
    body = await request.read()
    seen = {
        "method": request.method,
        "target": request.raw_path,
        "headers": [list(header) for header in request.headers.items()],
        "body": body.decode(),
        "at": request.transport.get_extra_info("sockname")[0] if request.transport else "",
    }
    return web.json_response(seen)


@pytest.fixture
def balanced(new_balancer: Callable[..., Balancer], running: Servers) -> Callable[..., tuple[Balancer, str]]:
    """Returns a function that starts a target, and registers it at a new load balancer."""

    def start(handler: Handler, **group: Any) -> tuple[Balancer, str]:
        balancer, address = new_balancer(**group), running.start(healthy(handler))
        balancer.register(address)
        balancer.wait_until(address, "healthy")
        return balancer, address

    return start


@pytest.fixture(scope="module")
def echoing(local_aws: LocalAws, running: Servers) -> Iterator[Balancer]:
    """A load balancer whose target answers with the request."""
    with balancers(local_aws) as create:
        balancer, address = create(), running.start(healthy(echo))
        balancer.register(address)
        balancer.wait_until(address, "healthy")
        yield balancer


def ask(
    balancer: Balancer,
    target: str = "/",
    method: str = "GET",
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
    timeout: float = 10,
) -> http.client.HTTPResponse:
    """Sends a request to a load balancer."""
    connection = http.client.HTTPConnection(balancer.address, PORT, timeout=timeout)
    connection.request(method, target, body, headers or {})
    return connection.getresponse()


def seen(response: http.client.HTTPResponse) -> dict[str, Any]:
    """Returns what an echoing target received."""
    received: dict[str, Any] = json.load(response)
    received["headers"] = {name.lower(): value for name, value in received["headers"]}
    return received


def exchange(balancer: Balancer, request: bytes) -> bytes:
    """Sends bytes to a load balancer, and returns all that it sends until it closes the connection."""
    with socket.create_connection((balancer.address, PORT), timeout=10) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65536), b""))


class TestForwarding:
    @pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE"])
    def test_method_body_and_target_are_unchanged(self, echoing: Balancer, method: str) -> None:
        target = "//a/../b%2Fc%20d;e=f/%7e?x=1&&y=%2B+z&x=2"
        received = seen(ask(echoing, target, method, b"body"))
        assert (received["method"], received["target"], received["body"]) == (method, target, "body")

    def test_a_response_to_head_has_a_length_and_no_body(self, echoing: Balancer) -> None:
        response = ask(echoing, method="HEAD")
        assert response.status == 200
        assert int(response.headers["Content-Length"]) > 0
        assert response.read() == b""

    def test_trace_is_not_supported(self, echoing: Balancer) -> None:
        assert ask(echoing, method="TRACE").status == 405

    @pytest.mark.parametrize("line", ["GET http://a/ HTTP/1.1", "CONNECT a:80 HTTP/1.1", "OPTIONS * HTTP/1.1"])
    def test_a_request_needs_a_path(self, echoing: Balancer, line: str) -> None:
        response = exchange(echoing, f"{line}\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        assert response.startswith(b"HTTP/1.1 400 Bad Request\r\n")
        assert b"Server: awselb/2.0\r\n" in response

    def test_the_target_learns_the_client(self, echoing: Balancer) -> None:
        headers = seen(ask(echoing, headers={"Host": "litellm.example.com"}))["headers"]
        assert headers["host"] == "litellm.example.com"
        assert headers["x-forwarded-for"] == "127.0.0.1"
        assert headers["x-forwarded-proto"] == "http"
        assert headers["x-forwarded-port"] == str(PORT)
        assert headers["x-amzn-trace-id"].startswith("Root=1-")

    def test_forwarded_headers_are_appended(self, echoing: Balancer) -> None:
        sent = {"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https", "X-Amzn-Trace-Id": "Root=1-2-3"}
        headers = seen(ask(echoing, headers=sent))["headers"]
        assert headers["x-forwarded-for"] == "192.0.2.1, 127.0.0.1"
        assert headers["x-forwarded-proto"] == "http"
        assert headers["x-amzn-trace-id"].startswith("Self=1-")
        assert headers["x-amzn-trace-id"].endswith(";Root=1-2-3")

    def test_only_end_to_end_headers_are_forwarded(self, echoing: Balancer) -> None:
        sent = {"Connection": "keep-alive, X-Mine", "X-Mine": "1", "X-Other": "2", "TE": "trailers"}
        received = seen(ask(echoing, headers=sent))
        assert "x-mine" not in received["headers"]
        assert "te" not in received["headers"]
        assert received["headers"]["x-other"] == "2"
        assert "accept" not in received["headers"]
        assert "user-agent" not in received["headers"]

    def test_a_compressed_body_is_unchanged(self, balanced: Callable[..., tuple[Balancer, str]]) -> None:
        async def compressed(_request: web.BaseRequest) -> web.StreamResponse:
            return web.Response(body=b"not really gzip", headers={"Content-Encoding": "gzip"})

        response = ask(balanced(compressed)[0], headers={"Accept-Encoding": "gzip"})
        assert (response.headers["Content-Encoding"], response.read()) == ("gzip", b"not really gzip")

    def test_a_redirect_of_the_target_is_not_followed(self, balanced: Callable[..., tuple[Balancer, str]]) -> None:
        async def redirect(_request: web.BaseRequest) -> web.StreamResponse:
            headers = [("Location", "/elsewhere"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]
            response = web.Response(status=307, reason="Somewhere Else")
            for name, value in headers:
                response.headers.add(name, value)
            return response

        response = ask(balanced(redirect)[0])
        assert (response.status, response.reason, response.headers["Location"]) == (307, "Somewhere Else", "/elsewhere")
        assert response.headers.get_all("Set-Cookie") == ["a=1", "b=2"]

    def test_the_client_may_wait_before_it_sends_the_body(self, echoing: Balancer) -> None:
        with socket.create_connection((echoing.address, PORT), timeout=10) as connection:
            connection.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
            assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
            connection.sendall(b"body")
            assert connection.recv(1000).startswith(b"HTTP/1.1 200 OK\r\n")

    def test_requests_to_healthy_targets_take_turns(
        self, new_balancer: Callable[..., Balancer], running: Servers
    ) -> None:
        balancer = new_balancer()
        addresses = [running.start(healthy(echo)) for _ in range(3)]
        balancer.register(*addresses)
        for address in addresses:
            balancer.wait_until(address, "healthy")
        visited = [seen(ask(balancer))["at"] for _ in range(6)]
        assert set(visited[:3]) == set(addresses)
        assert visited[:3] == visited[3:]


class TestStreams:
    def test_each_part_of_a_response_arrives_at_once(
        self, running: Servers, balanced: Callable[..., tuple[Balancer, str]]
    ) -> None:
        following = running.run(_new(asyncio.Semaphore, 0))

        async def events(request: web.BaseRequest) -> web.StreamResponse:
            response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
            await response.prepare(request)
            for number in range(3):
                await response.write(f"data: {number}\n\n".encode())
                await following.acquire()
            return response

        async def release() -> None:
            following.release()

        response = ask(balanced(events)[0])
        for number in range(3):
            # The target sends the next part only after this one was received.
            assert response.read1() == f"data: {number}\n\n".encode()
            running.run(release())
        assert response.read() == b""

    def test_a_large_body_is_not_buffered(
        self, running: Servers, balanced: Callable[..., tuple[Balancer, str]]
    ) -> None:
        received: list[int] = []

        async def count(request: web.BaseRequest) -> web.StreamResponse:
            async for part in request.content.iter_any():
                received.append(len(part))
            return web.Response(text=str(sum(received)))

        def parts() -> Iterator[bytes]:
            yield bytes(100_000)
            eventually(lambda: sum(received) == 100_000)
            for _ in range(100):
                yield bytes(100_000)

        balancer, _ = balanced(count)
        connection = http.client.HTTPConnection(balancer.address, PORT, timeout=10)
        connection.request("POST", "/", parts(), encode_chunked=True, headers={"Transfer-Encoding": "chunked"})
        assert connection.getresponse().read() == b"10100000"

    def test_a_websocket_is_open_in_both_directions(
        self, running: Servers, balanced: Callable[..., tuple[Balancer, str]]
    ) -> None:
        async def shout(request: web.BaseRequest) -> web.StreamResponse:
            websocket = web.WebSocketResponse(protocols=["loud"])
            await websocket.prepare(request)
            await websocket.send_str(request.raw_path)
            async for message in websocket:
                await websocket.send_str(message.data.upper())
            return websocket

        balancer, _ = balanced(shout)

        async def talk() -> list[Any]:
            async with (
                aiohttp.ClientSession() as session,
                session.ws_connect(f"http://{balancer.address}:{PORT}/v1/realtime?model=a", protocols=["loud"]) as ws,
            ):
                said: list[Any] = [ws.protocol, await ws.receive_str()]
                for text in ("hello", "x" * 500_000):
                    await ws.send_str(text)
                    said.append(await ws.receive_str())
                await ws.close()
                return [*said, ws.close_code]

        assert running.run(talk()) == ["loud", "/v1/realtime?model=a", "HELLO", "X" * 500_000, 1000]

    def test_a_target_can_reject_a_websocket(self, echoing: Balancer, running: Servers) -> None:
        async def talk() -> None:
            async with aiohttp.ClientSession() as session:
                await session.ws_connect(f"http://{echoing.address}:{PORT}/")

        with pytest.raises(aiohttp.WSServerHandshakeError) as rejected:
            running.run(talk())
        assert rejected.value.status == 200

    def test_a_request_ends_when_the_client_closes_the_connection(
        self, local_aws: LocalAws, balanced: Callable[..., tuple[Balancer, str]]
    ) -> None:
        events: list[str] = []

        async def wait(_request: web.BaseRequest) -> web.StreamResponse:
            events.append("started")
            try:
                await asyncio.sleep(60)
            finally:
                events.append("cancelled")
            return web.Response()

        balancer, _ = balanced(wait)
        before = local_aws.load_balancers.statuses[460]
        with socket.create_connection((balancer.address, PORT)) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            eventually(lambda: events)
        eventually(lambda: events == ["started", "cancelled"])
        eventually(lambda: local_aws.load_balancers.statuses[460] == before + 1)

    @pytest.mark.parametrize("size", [1, 1_000_000])
    def test_a_client_may_leave_during_the_response(
        self,
        local_aws: LocalAws,
        balanced: Callable[..., tuple[Balancer, str]],
        caplog: pytest.LogCaptureFixture,
        size: int,
    ) -> None:
        ended: list[bool] = []

        async def stream(request: web.BaseRequest) -> web.StreamResponse:
            response = web.StreamResponse()
            await response.prepare(request)
            try:
                while True:
                    await response.write(bytes(size))
                    await asyncio.sleep(0.01)
            finally:
                ended.append(True)

        balancer, _ = balanced(stream)
        before = local_aws.load_balancers.statuses.copy()
        with socket.create_connection((balancer.address, PORT)) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert connection.recv(1000).startswith(b"HTTP/1.1 200 OK\r\n")
        eventually(lambda: ended)
        assert local_aws.load_balancers.statuses - before == {200: 1}
        assert [record for record in caplog.records if record.name.startswith("aiohttp")] == []


async def _new(kind: Any, *arguments: Any) -> Any:
    return kind(*arguments)


class TestFailures:
    def test_a_group_without_targets_is_unavailable(self, new_balancer: Callable[..., Balancer]) -> None:
        balancer = new_balancer()
        response = ask(balancer)
        assert (response.status, response.headers["Server"]) == (503, "awselb/2.0")

    def test_a_new_target_gets_no_requests(self, new_balancer: Callable[..., Balancer], running: Servers) -> None:
        requested: list[str] = []

        async def unhealthy(request: web.BaseRequest) -> web.StreamResponse:
            requested.append(request.path)
            return web.Response(status=500 if request.path == "/health" else 200)

        balancer = new_balancer(UnhealthyThresholdCount=5, HealthCheckIntervalSeconds=30)
        address = running.start(unhealthy)
        balancer.register(address)
        eventually(lambda: requested)
        assert ask(balancer).status == 503
        # The user guide calls this fail-open: only unhealthy targets are registered.
        balancer.wait_until(address, "unhealthy")
        assert ask(balancer).status == 200

    def test_an_unhealthy_target_gets_no_requests(
        self, new_balancer: Callable[..., Balancer], running: Servers
    ) -> None:
        async def unhealthy(_request: web.BaseRequest) -> web.StreamResponse:
            return web.Response(status=500)

        balancer = new_balancer(HealthCheckIntervalSeconds=5)
        good, bad = running.start(healthy(echo)), running.start(unhealthy)
        balancer.register(good, bad)
        balancer.wait_until(good, "healthy")
        balancer.wait_until(bad, "unhealthy")
        assert {seen(ask(balancer))["at"] for _ in range(4)} == {good}

    @pytest.mark.parametrize("answer", [b"", b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nno header\r\n\r\n"])
    def test_an_invalid_response_is_a_bad_gateway(
        self, new_balancer: Callable[..., Balancer], running: Servers, answer: bytes
    ) -> None:
        connections: list[bytes] = []

        async def invalid(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            line = await reader.readline()
            if b"/health" not in line:
                connections.append(line)
                await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" if b"/health" in line else answer)
            writer.close()

        balancer = new_balancer()
        address = running.start_raw(invalid)
        balancer.register(address)
        balancer.wait_until(address, "healthy")
        assert ask(balancer).status == 502
        assert len(connections) == 1

    def test_a_refused_connection_is_a_bad_gateway(
        self, new_balancer: Callable[..., Balancer], running: Servers
    ) -> None:
        balancer = new_balancer(HealthCheckPort="8081")
        address = running.start(healthy(echo), port=8081)
        balancer.register(address)
        balancer.wait_until(address, "healthy")
        assert ask(balancer).status == 502

    def test_a_silent_target_is_a_gateway_timeout(
        self, new_balancer: Callable[..., Balancer], running: Servers
    ) -> None:
        async def silent(_request: web.BaseRequest) -> web.StreamResponse:
            await asyncio.sleep(60)
            return web.Response()

        balancer = new_balancer()
        balancer.set_idle_timeout(1)
        address = running.start(healthy(silent))
        balancer.register(address)
        balancer.wait_until(address, "healthy")

        def is_timeout() -> bool:
            # The load balancer may not know the new timeout yet.
            with suppress(TimeoutError):
                return ask(balancer, timeout=3).status == 504
            return False

        eventually(is_timeout)

    def test_idle_connections_to_clients_and_targets_are_closed_after_the_idle_timeout(
        self, new_balancer: Callable[..., Balancer], running: Servers
    ) -> None:
        closed: list[bytes] = []

        async def kept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            last = b""
            while line := await reader.readline():
                last = line
                await reader.readuntil(b"\r\n\r\n")
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            closed.append(last)
            writer.close()

        balancer = new_balancer(HealthCheckIntervalSeconds=300)
        address = running.start_raw(kept)
        balancer.register(address)
        balancer.wait_until(address, "healthy")
        balancer.set_idle_timeout(1)

        def is_closed_after_a_request() -> bool:
            with socket.create_connection((balancer.address, PORT), timeout=3) as connection:
                connection.sendall(b"GET /kept HTTP/1.1\r\nHost: a\r\n\r\n")
                assert connection.recv(1000).startswith(b"HTTP/1.1 200 OK\r\n")
                # The load balancer may not know the new timeout yet.
                with suppress(TimeoutError):
                    return connection.recv(1) == b""
                return False

        eventually(is_closed_after_a_request)
        eventually(lambda: b"GET /kept HTTP/1.1\r\n" in closed)

    def test_a_response_that_breaks_off_does_not_look_complete(
        self, balanced: Callable[..., tuple[Balancer, str]], caplog: pytest.LogCaptureFixture
    ) -> None:
        async def broken(request: web.BaseRequest) -> web.StreamResponse:
            response = web.StreamResponse()
            await response.prepare(request)
            await response.write(b"part")
            assert request.transport is not None
            request.transport.abort()
            return response

        response = ask(balanced(broken)[0])
        assert response.status == 200
        with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
            response.read()
        assert [record for record in caplog.records if record.name.startswith("aiohttp")] == []

    def test_a_connection_that_the_target_closed_is_not_used_again(
        self, new_balancer: Callable[..., Balancer], running: Servers
    ) -> None:
        async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            writer.close()

        balancer = new_balancer()
        address = running.start_raw(once)
        balancer.register(address)
        balancer.wait_until(address, "healthy")
        statuses = []
        for _ in range(10):
            statuses.append(ask(balancer, method="POST").status)
            time.sleep(0.02)
        assert statuses == [200] * 10


class TestDeregistration:
    @pytest.fixture
    def slow(self, running: Servers, balanced: Callable[..., tuple[Balancer, str]]) -> Iterator[tuple[Any, ...]]:
        """A load balancer with a request in flight: it, its target, the connection, and what lets the target answer."""
        answering, started = running.run(_new(asyncio.Event)), running.run(_new(asyncio.Event))

        async def wait(_request: web.BaseRequest) -> web.StreamResponse:
            started.set()
            await answering.wait()
            return web.Response(text="done")

        balancer, address = balanced(wait)
        connection = http.client.HTTPConnection(balancer.address, PORT, timeout=10)
        connection.request("GET", "/")
        eventually(started.is_set)
        yield balancer, address, connection, answering
        connection.close()

    def test_requests_in_flight_are_completed(self, running: Servers, slow: tuple[Any, ...]) -> None:
        balancer, address, connection, answering = slow
        balancer.deregister(address)
        eventually(lambda: ask(balancer, "/health").status == 503)
        assert balancer.health()[address][0] == "draining"

        async def answer() -> None:
            answering.set()

        running.run(answer())
        assert connection.getresponse().read() == b"done"

    def test_requests_in_flight_are_cancelled_after_the_delay(self, slow: tuple[Any, ...]) -> None:
        balancer, address, connection, _ = slow
        balancer.elb.modify_target_group_attributes(
            TargetGroupArn=balancer.group,
            Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "20"}],
        )
        balancer.deregister(address)
        assert connection.getresponse().status == 502
        assert balancer.health() == {}

    def test_a_websocket_is_closed_after_the_delay(
        self, local_aws: LocalAws, running: Servers, balanced: Callable[..., tuple[Balancer, str]]
    ) -> None:
        async def wait(request: web.BaseRequest) -> web.StreamResponse:
            websocket = web.WebSocketResponse()
            await websocket.prepare(request)
            await websocket.receive()
            return websocket

        balancer, address = balanced(wait)
        before = local_aws.load_balancers.statuses.copy()

        async def talk() -> Any:
            async with (
                aiohttp.ClientSession() as session,
                session.ws_connect(f"http://{balancer.address}:{PORT}/") as websocket,
            ):
                await asyncio.to_thread(balancer.deregister, address)
                return (await websocket.receive(timeout=10)).type

        assert running.run(talk()) in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
        assert local_aws.load_balancers.statuses - before == {101: 1}


class TestListeners:
    def test_listeners_and_load_balancers_can_be_deleted(self, new_balancer: Callable[..., Balancer]) -> None:
        balancer = new_balancer()
        other = balancer.listen(8081, balancer.to(balancer.group))
        eventually(lambda: balancer.listens(8081))
        balancer.elb.delete_listener(ListenerArn=other)
        eventually(lambda: not balancer.listens(8081))
        assert balancer.listens()
        balancer.elb.delete_load_balancer(LoadBalancerArn=balancer.arn)
        eventually(lambda: not balancer.listens())

    @pytest.mark.parametrize("error", [ResponseParserError("<html>"), ConnectionClosedError(endpoint_url="x")])
    def test_a_change_is_applied_although_the_api_fails_once(
        self,
        local_aws: LocalAws,
        new_balancer: Callable[..., Balancer],
        monkeypatch: pytest.MonkeyPatch,
        error: Exception,
    ) -> None:
        balancer, read, failures = new_balancer(), local_aws.load_balancers._read, [error]

        def fail_once(region: str) -> Any:
            if failures:
                raise failures.pop()
            return read(region)

        monkeypatch.setattr(local_aws.load_balancers, "_read", fail_once)
        balancer.listen(8081, balancer.to(balancer.group))
        eventually(lambda: balancer.listens(8081))
        assert failures == []

    def test_an_https_listener_has_a_self_signed_certificate(
        self, local_aws: LocalAws, balanced: Callable[..., tuple[Balancer, str]]
    ) -> None:
        balancer, _ = balanced(echo)
        certificate = local_aws.account.client("acm").request_certificate(DomainName="example.com")["CertificateArn"]
        balancer.listen(
            8443, balancer.to(balancer.group), Protocol="HTTPS", Certificates=[{"CertificateArn": certificate}]
        )
        eventually(lambda: balancer.listens(8443))
        trusted = ssl.create_default_context(cadata=ssl.get_server_certificate((balancer.address, 8443)))
        connection = http.client.HTTPSConnection(balancer.address, 8443, context=trusted)
        connection.request("GET", "/")
        headers = seen(connection.getresponse())["headers"]
        assert (headers["x-forwarded-proto"], headers["x-forwarded-port"]) == ("https", "8443")

    def test_only_root_can_listen_on_the_first_ports(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(os, "geteuid", lambda: 0)
        assert [listening_port(port) for port in (80, 443, 8080)] == [80, 443, 8080]
        monkeypatch.setattr(os, "geteuid", lambda: 1000)
        first = int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())
        assert listening_port(first - 1) == first + 7999
        assert listening_port(first) == first


@pytest.fixture(scope="module")
def routed(local_aws: LocalAws) -> Iterator[Balancer]:
    """A load balancer whose rules answer with the field of their condition."""
    balancer = Balancer(local_aws)
    conditions: list[dict[str, Any]] = [
        {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/exact", "/prefix/*", "/one?char"]}},
        {"Field": "host-header", "HostHeaderConfig": {"Values": ["*.example.com"]}},
        {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "User-Agent", "Values": ["*chrome*"]}},
        {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["PATCH"]}},
        {
            "Field": "query-string",
            "QueryStringConfig": {"Values": [{"Key": "version", "Value": "v?"}, {"Value": "any\\*"}]},
        },
        {"Field": "source-ip", "SourceIpConfig": {"Values": ["192.0.2.0/24"]}},
    ]
    for condition in reversed(conditions):
        priority = conditions.index(condition) + 1
        fixed = {"StatusCode": f"21{priority}", "ContentType": "text/plain", "MessageBody": condition["Field"]}
        balancer.rule(priority, {"Type": "fixed-response", "FixedResponseConfig": fixed}, **condition)
    eventually(lambda: ask(balancer, "/exact").status == 211)
    yield balancer
    balancer.delete()


class TestRules:
    """The first rule that matches decides; its response says which one it was."""

    @pytest.mark.parametrize(
        ("target", "method", "headers", "field"),
        [
            ("/exact", "GET", {}, "path-pattern"),
            ("/exact?x=1", "GET", {}, "path-pattern"),
            ("/Exact", "GET", {}, ""),
            ("/prefix/", "GET", {}, "path-pattern"),
            ("/prefix/a/b", "GET", {"Host": "a.example.com"}, "path-pattern"),
            ("/prefix", "GET", {}, ""),
            ("/one-char", "GET", {}, "path-pattern"),
            ("/onechar", "GET", {}, ""),
            ("/", "GET", {"Host": "A.Example.com:8080"}, "host-header"),
            ("/", "GET", {"Host": "example.com"}, ""),
            ("/", "GET", {"User-Agent": "a Chrome b"}, "http-header"),
            ("/", "PATCH", {}, "http-request-method"),
            ("/?a=b&Version=V1", "GET", {}, "query-string"),
            ("/?version=v12", "GET", {}, ""),
            ("/?x=any%2A", "GET", {}, "query-string"),
            ("/?x=anything", "GET", {}, ""),
        ],
    )
    def test_conditions(self, routed: Balancer, target: str, method: str, headers: dict[str, str], field: str) -> None:
        response = ask(routed, target, method, headers=headers)
        # The default action's group has no targets.
        assert (response.read().decode() if response.status < 300 else "") == field

    def test_a_source_address(self, new_balancer: Callable[..., Balancer]) -> None:
        balancer = new_balancer()
        fixed = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
        balancer.rule(1, fixed, Field="source-ip", SourceIpConfig={"Values": ["192.0.2.0/24", "127.0.0.0/8"]})
        eventually(lambda: ask(balancer).status == 404)

    @pytest.mark.parametrize(
        ("redirect", "location"),
        [
            ({"Protocol": "HTTPS", "Port": "8443"}, "https://a.example.com:8443/old/path?x=1&y=%20"),
            ({"Path": "/new/#{path}"}, "http://a.example.com:8080/new/old/path?x=1&y=%20"),
            ({"Host": "b.#{host}", "Query": ""}, "http://b.a.example.com:8080/old/path"),
            (
                {"Path": "/#{host}", "Query": "#{query}&p=#{port}"},
                "http://a.example.com:8080/a.example.com?x=1&y=%20&p=8080",
            ),
        ],
    )
    def test_redirects(self, new_balancer: Callable[..., Balancer], redirect: dict[str, str], location: str) -> None:
        balancer = new_balancer()
        settings = {"StatusCode": "HTTP_302", **redirect}
        balancer.rule(1, {"Type": "redirect", "RedirectConfig": settings}, Field="path-pattern", Values=["/old/*"])
        eventually(lambda: ask(balancer, "/old/").status == 302)
        response = ask(balancer, "/old/path?x=1&y=%20", headers={"Host": "a.example.com:8080"})
        assert (response.status, response.headers["Location"]) == (302, location)

    def test_weights_of_target_groups(self, new_balancer: Callable[..., Balancer], running: Servers) -> None:
        balancer = new_balancer()
        address, other = running.start(healthy(echo)), balancer.new_group()
        weights = [{"TargetGroupArn": balancer.group, "Weight": 0}, {"TargetGroupArn": other, "Weight": 1}]
        balancer.rule(
            1, {"Type": "forward", "ForwardConfig": {"TargetGroups": weights}}, Field="path-pattern", Values=["/new"]
        )
        balancer.register(address, group=other)
        balancer.wait_until(address, "healthy", other)
        assert {ask(balancer, "/new").status for _ in range(8)} == {200}

    def test_a_request_to_groups_without_weight_fails(self, new_balancer: Callable[..., Balancer]) -> None:
        balancer = new_balancer()
        groups = [{"TargetGroupArn": group, "Weight": 0} for group in (balancer.group, balancer.new_group())]
        balancer.rule(
            1, {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}, Field="path-pattern", Values=["/new"]
        )
        fixed = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
        balancer.rule(2, fixed, Field="path-pattern", Values=["/ready"])
        eventually(lambda: ask(balancer, "/ready").status == 404)
        response = ask(balancer, "/new")
        assert (response.status, response.headers["Server"]) == (503, "awselb/2.0")


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("*", "", True),
        ("?", "", False),
        ("?", "/", True),
        ("a*b*c", "abc", True),
        ("a*b*c", "a--b-b-c", True),
        ("a*b*c", "acb", False),
        ("a?c", "a\nc", True),
        ("a.c", "abc", False),
        ("a+(c)[d]$", "a+(c)[d]$", True),
        ("a", "ab", False),
        ("b", "ab", False),
        ("a\\*", "a*", True),
        ("a\\*", "ab", False),
    ],
)
def test_wildcards(pattern: str, text: str, expected: bool) -> None:
    assert matches(pattern, text, case_sensitive=True) is expected
