"""Application Load Balancers that forward requests to their targets."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Thread
from typing import Any

from aiohttp import ClientSession, TCPConnector
from botocore.exceptions import ClientError

from .account import Account
from .certificate import tls_context
from .listener import Listener
from .loopback_network import LoopbackNetwork
from .repairs.patching import patch_method
from .request_forwarding import Forwarder
from .target_group import DRAINING, REGISTERING, TargetGroup

_LOG = logging.getLogger(__name__)

_RETRY_SECONDS = 0.5
"""Time until the API is read again after a failure."""


@dataclass(frozen=True)
class _ListenerSettings:
    """A listener, as the API describes it.

    Attributes:
        socket: address, port and protocol.
        rules: the rules in the order of their priorities.
        idle_timeout: seconds, from the load balancer's attributes.
    """

    socket: tuple[str, int, str]
    rules: list[dict[str, Any]]
    idle_timeout: float


@dataclass(frozen=True)
class _GroupSettings:
    """A target group with IP targets, as the API describes it.

    Attributes:
        described: the group, as DescribeTargetGroups returns it.
        delay: the deregistration delay in seconds.
        targets: IP addresses and ports of the registered targets.
    """

    described: dict[str, Any]
    delay: int
    targets: set[tuple[str, int]]


class LoadBalancers:
    """The load balancers of the account, on one thread. They follow each change that a request to the API makes.

    Attributes:
        time_scale: factor for the interval of health checks and for the deregistration delay. Tests set it below 1 to
            save time.
        statuses: number of responses by status; 460 if the client closed the connection before the response.
    """

    current: LoadBalancers | None = None
    """The instance that moto's ELBv2 uses. If None, moto behaves as usual."""

    def __init__(self, home: Path, account: Account, network: LoopbackNetwork) -> None:
        """Replaces moto's DNS names and target health.

        Args:
            home: the folder for certificates.
            account: the account whose API describes the load balancers.
            network: has the addresses of the load balancers.
        """
        self.time_scale = 1.0
        self.statuses: Counter[int] = Counter()
        self.network = network
        self._home, self._account = home, account
        self._listeners: dict[str, tuple[tuple[str, int, str], Listener]] = {}
        self._groups: dict[str, TargetGroup] = {}
        self._changed_regions: asyncio.Queue[str | None] = asyncio.Queue()
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._loop = self._runner.get_loop()
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()
        _patch_moto()
        LoadBalancers.current = self

    def close(self) -> None:
        """Stops all load balancers."""
        LoadBalancers.current = None
        self._put(None)
        self._thread.join()

    def changed(self, region: str) -> None:
        """Reads the API again, because a request may have changed what it describes."""
        self._put(region)

    def targets(self, group_arn: str) -> TargetGroup | None:
        """Returns a target group with its targets, or None."""
        return self._groups.get(group_arn)

    def _put(self, region: str | None) -> None:
        # A request can end after the loop.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._changed_regions.put_nowait, region)

    def _run(self) -> None:
        with self._runner:
            self._runner.run(self._serve())

    async def _serve(self) -> None:
        health_checks = ClientSession(
            # As on AWS, each health check has its own connection.
            connector=TCPConnector(force_close=True, limit=0, ssl=False),
            headers={"User-Agent": "ELB-HealthChecker/2.0"},
            auto_decompress=False,
        )
        forwarder = Forwarder(self.statuses)
        try:
            while None not in (regions := await self._next_changes()):
                for region in regions:
                    try:
                        await self._apply(str(region), health_checks, forwarder)
                    except Exception as error:
                        # A resource may have been deleted between two requests, which is not worth a traceback.
                        trace = not isinstance(error, ClientError)
                        _LOG.warning("load balancers in %s are read again: %s", region, error, exc_info=trace)
                        self._loop.call_later(_RETRY_SECONDS, self._changed_regions.put_nowait, region)
        finally:
            for _, listener in self._listeners.values():
                await listener.stop()
            for group in self._groups.values():
                group.close()
            await forwarder.close()
            await health_checks.close()

    async def _next_changes(self) -> set[str | None]:
        regions = {await self._changed_regions.get()}
        while not self._changed_regions.empty():
            regions.add(self._changed_regions.get_nowait())
        return regions

    async def _apply(self, region: str, health_checks: ClientSession, forwarder: Forwarder) -> None:
        """Applies what the API describes in a region."""
        listeners, groups = await asyncio.to_thread(self._read, region)
        used = _used_groups(listeners.values())
        for arn, group in groups.items():
            self._groups.setdefault(arn, TargetGroup(health_checks, lambda: self.time_scale)).update(
                group.described, delay=group.delay, registered=group.targets, is_in_use=arn in used
            )
        for arn, (socket, old) in list(self._listeners.items()):
            if _region(arn) == region and (arn not in listeners or listeners[arn].socket != socket):
                del self._listeners[arn]
                await old.stop()
        for arn, settings in listeners.items():
            known = self._listeners.get(arn)
            listener = known[1] if known else Listener(self._groups, forwarder, self.statuses)
            listener.rules, listener.idle_timeout = settings.rules, settings.idle_timeout
            if not known:
                self._listeners[arn] = settings.socket, listener
                await self._start(listener, *settings.socket)
        for arn in [arn for arn in self._groups if _region(arn) == region and arn not in groups]:
            self._groups.pop(arn).close()

    async def _start(self, listener: Listener, address: str, port: int, protocol: str) -> None:
        try:
            await listener.start(address, port, tls_context(address, self._home) if protocol == "HTTPS" else None)
        except OSError as error:
            _LOG.error("no load balancer listens on %s:%s: %s", address, port, error)

    def _read(self, region: str) -> tuple[dict[str, _ListenerSettings], dict[str, _GroupSettings]]:
        """Returns the listeners and the target groups of a region, by ARN."""
        client = self._account.client("elbv2", region)
        listeners, groups = {}, {}
        for balancer in _described(client, "describe_load_balancers", "LoadBalancers"):
            if balancer["Type"] != "application":
                continue
            arn = balancer["LoadBalancerArn"]
            attributes = _attributes(client.describe_load_balancer_attributes(LoadBalancerArn=arn))
            for listener in _described(client, "describe_listeners", "Listeners", LoadBalancerArn=arn):
                rules = _described(client, "describe_rules", "Rules", ListenerArn=listener["ListenerArn"])
                listeners[listener["ListenerArn"]] = _ListenerSettings(
                    socket=(balancer["DNSName"], listener["Port"], listener["Protocol"]),
                    rules=sorted(rules, key=_priority),
                    idle_timeout=float(attributes.get("idle_timeout.timeout_seconds", 60)),
                )
        for group in _described(client, "describe_target_groups", "TargetGroups"):
            if group["TargetType"] != "ip":
                continue
            arn = group["TargetGroupArn"]
            attributes = _attributes(client.describe_target_group_attributes(TargetGroupArn=arn))
            described = client.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
            groups[arn] = _GroupSettings(
                group,
                delay=int(attributes["deregistration_delay.timeout_seconds"]),
                targets={
                    (each["Target"]["Id"], each["Target"]["Port"])
                    for each in described
                    if each["TargetHealth"]["State"] != DRAINING.state
                },
            )
        return listeners, groups


def _used_groups(listeners: Iterable[_ListenerSettings]) -> set[str]:
    """Returns the ARNs of the target groups to which a listener forwards."""
    actions = [action for listener in listeners for rule in listener.rules for action in rule["Actions"]]
    weighted = [each for action in actions for each in action.get("ForwardConfig", {}).get("TargetGroups", [])]
    return {each["TargetGroupArn"] for each in actions + weighted if "TargetGroupArn" in each}


def _described(client: Any, operation: str, key: str, **arguments: Any) -> Iterator[dict[str, Any]]:
    for page in client.get_paginator(operation).paginate(**arguments):
        yield from page[key]


def _attributes(response: Mapping[str, Any]) -> dict[str, str]:
    return {each["Key"]: each["Value"] for each in response["Attributes"]}


def _priority(rule: Mapping[str, Any]) -> float:
    return float("inf") if rule["IsDefault"] else int(rule["Priority"])


def _region(arn: str) -> str:
    return arn.split(":")[3]


@cache
def _patch_moto() -> None:
    from moto.elbv2.models import ELBv2Backend, FakeHealthStatus
    from moto.elbv2.responses import ELBV2Response

    @patch_method(ELBV2Response, "call_action")
    def call_action(original: Any, response: Any) -> Any:
        result = original(response)
        if LoadBalancers.current and not response._get_action().startswith("Describe"):
            LoadBalancers.current.changed(response.region)
        return result

    @patch_method(ELBv2Backend, "create_load_balancer")
    def create_load_balancer(original: Any, backend: Any, *args: Any, **kwargs: Any) -> Any:
        balancer = original(backend, *args, **kwargs)
        if LoadBalancers.current and balancer.type == "application":
            balancer.dns_name = LoadBalancers.current.network.new_address()
        return balancer

    @patch_method(ELBv2Backend, "describe_target_health")
    def describe_target_health(original: Any, backend: Any, arn: str, targets: list[Any]) -> Any:
        reports = original(backend, arn, targets)
        if not LoadBalancers.current or backend.target_groups[arn].target_type != "ip":
            return reports
        registered = {(each["Id"], int(each["Port"])) for each in backend.target_groups[arn].targets.values()}
        group = LoadBalancers.current.targets(arn)
        known = dict(group.targets) if group else {}
        if not targets:
            draining = [key for key in known if key not in registered]
            reports += [FakeHealthStatus(address, str(port), "traffic-port", "") for address, port in draining]
        for report in reports:
            key = report.instance_id, int(report.port)
            target = known.get(key)
            if key in registered:
                health = target.health if target and target.health is not DRAINING else REGISTERING
            elif target:
                health = DRAINING
            else:
                continue
            report.status, report.reason, report.description = health.state, health.reason, health.description
        return reports
