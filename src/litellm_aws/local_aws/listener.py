"""A listener of a load balancer: its rules and their actions.

Sources: Action in the ELBv2 API reference, and "Listener rules for your Application Load Balancer" in the user guide of
Application Load Balancers.
"""

from __future__ import annotations

import asyncio
import os
import random
import ssl
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from aiohttp import web

from .listener_rule_match import RoutedRequest, meets
from .request_forwarding import HEADER_LIMIT, Forwarder, error_response
from .target_group import TargetGroup

_FIRST_UNPRIVILEGED_PORT = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")


def listening_port(port: int) -> int:
    """Returns the local port of a listener: 8000 higher if this process may not listen on the port itself.

    Raises:
        OSError: this process is not root's, and the system has no /proc.
    """
    is_allowed = os.geteuid() == 0 or port >= int(_FIRST_UNPRIVILEGED_PORT.read_text())
    return port if is_allowed else port + 8000


class Listener:
    """Listens on the address of a load balancer, and performs the actions of its rules.

    Attributes:
        rules: the rules, as DescribeRules returns them. They can change at any time.
    """

    def __init__(
        self,
        groups: Mapping[str, TargetGroup],
        forwarder: Forwarder,
        statuses: Counter[int],
    ) -> None:
        """Creates a listener that does not listen yet.

        Args:
            groups: the target groups, by ARN.
            forwarder: sends requests to targets.
            statuses: where to count the statuses of its own responses.
        """
        self.rules: Sequence[Mapping[str, Any]] = ()
        self._groups, self._forwarder, self._statuses = groups, forwarder, statuses
        self._port = 0
        self._server = web.Server(
            self._handle,
            handler_cancellation=True,
            access_log=None,
            auto_decompress=False,
            max_line_size=HEADER_LIMIT,
            max_field_size=HEADER_LIMIT,
        )
        self._runner = web.ServerRunner(self._server, shutdown_timeout=0.1)
        self.idle_timeout = 60.0

    @property
    def idle_timeout(self) -> float:
        """Seconds without data after which a connection to a client or a target is closed."""
        return self._idle_timeout

    @idle_timeout.setter
    def idle_timeout(self, seconds: float) -> None:
        self._idle_timeout = seconds
        # These are the settings of each new connection.
        self._server._kwargs["keepalive_timeout"] = seconds

    async def start(self, address: str, port: int, tls: ssl.SSLContext | None) -> None:
        """Starts to listen.

        Args:
            address: address of the load balancer.
            port: the listener's port; see `listening_port`.
            tls: the certificate of an HTTPS listener.

        Raises:
            OSError: the port is not available.
        """
        self._port = listening_port(port)
        await self._runner.setup()
        await web.TCPSite(self._runner, address, self._port, ssl_context=tls).start()

    async def stop(self) -> None:
        """Closes the port and all connections."""
        await self._runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            response = await self._respond(request)
        except asyncio.CancelledError:
            if request.transport is None:
                self._statuses[460] += 1
            raise
        # The forwarder has counted a target's response.
        if not response.prepared:
            self._statuses[response.status] += 1
        return response

    async def _respond(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.method == "TRACE":
            return error_response(405)
        if not request.raw_path.startswith("/"):
            # The request line has another form than that of RFC 9112, section 3.2.1: for a proxy or a server itself.
            return error_response(400)
        routed = RoutedRequest(request.method, request.raw_path, request.headers, request.remote or "")
        action = next(rule for rule in self.rules if meets(routed, rule["Conditions"]))["Actions"][-1]
        if action["Type"] == "redirect":
            return self._redirect(routed, request.scheme, action["RedirectConfig"])
        if action["Type"] == "fixed-response":
            fixed = action["FixedResponseConfig"]
            return web.Response(
                status=int(fixed["StatusCode"]),
                text=fixed.get("MessageBody", ""),
                content_type=fixed.get("ContentType", "text/plain"),
            )
        # The group is unknown if all weights are 0, or if it has other targets than IP addresses.
        group = self._groups.get(_target_group(action))
        target = group.next_target() if group else None
        if group is None or target is None:
            return error_response(503)
        return await self._forwarder.forward(request, target, protocol=group.protocol, idle_timeout=self.idle_timeout)

    def _redirect(self, request: RoutedRequest, scheme: str, redirect: Mapping[str, str]) -> web.Response:
        kept = {
            "protocol": scheme,
            "host": request.host,
            "port": str(self._port),
            "path": request.path.removeprefix("/"),
            "query": request.query,
        }

        def part(name: str, default: str) -> str:
            text = redirect.get(name, default)
            for keyword, value in kept.items():
                text = text.replace(f"#{{{keyword}}}", value)
            return text

        port = part("Port", "#{port}")
        if redirect.get("Port", "").isdigit():
            port = str(listening_port(int(port)))
        origin = f"{part('Protocol', '#{protocol}').lower()}://{part('Host', '#{host}')}:{port}"
        query = part("Query", "#{query}")
        location = origin + part("Path", "/#{path}") + (f"?{query}" if query else "")
        status = int(redirect["StatusCode"].removeprefix("HTTP_"))
        return web.Response(status=status, headers={"Location": location, "Server": "awselb/2.0"})


def _target_group(action: Mapping[str, Any]) -> str:
    """Returns the ARN of the target group for a request, at random by weight; empty if all weights are 0."""
    groups = action.get("ForwardConfig", {}).get("TargetGroups") or [action]
    weights = [group.get("Weight", 1) for group in groups]
    [chosen] = random.choices(groups, weights) if any(weights) else [{}]
    return str(chosen.get("TargetGroupArn", ""))
