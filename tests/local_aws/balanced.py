"""Load balancers of the local AWS for tests, and targets that really answer."""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any
from uuid import uuid4

from aiohttp import web

from litellm_aws.local_aws.server import LocalAws

PORT = 8080

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


def eventually(condition: Callable[[], Any], seconds: float = 10) -> Any:
    """Returns the first true value of a condition."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "the condition did not become true"
        time.sleep(0.02)
    return value


class Balancer:
    """A load balancer with one HTTP listener, which forwards to one target group. It listens.

    Attributes:
        aws: the local AWS.
        elb: client of the API.
        arn, address, listener, group: the parts of the load balancer.
    """

    def __init__(self, aws: LocalAws, **group: Any) -> None:
        self.aws, self.elb = aws, aws.account.client("elbv2")
        ec2 = aws.account.client("ec2")
        self._vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=self._vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
        [created] = self.elb.create_load_balancer(Name=f"t-{uuid4().hex[:12]}", Subnets=[subnet])["LoadBalancers"]
        self.arn, self.address = created["LoadBalancerArn"], created["DNSName"]
        self._groups: list[str] = []
        self.group = self.new_group(**group)
        self.listener = self.listen(PORT, self.to(self.group))
        eventually(self.listens)

    def listen(self, port: int, action: dict[str, Any], **settings: Any) -> str:
        """Creates a listener, and returns its ARN."""
        [created] = self.elb.create_listener(
            LoadBalancerArn=self.arn, **{"Protocol": "HTTP", "Port": port, "DefaultActions": [action], **settings}
        )["Listeners"]
        return str(created["ListenerArn"])

    def new_group(self, **settings: Any) -> str:
        """Creates a target group, and returns its ARN."""
        defaults = {"Protocol": "HTTP", "Port": PORT, "TargetType": "ip", "HealthCheckPath": "/health"}
        [created] = self.elb.create_target_group(
            Name=f"t-{uuid4().hex[:12]}", VpcId=self._vpc, **{**defaults, **settings}
        )["TargetGroups"]
        self._groups.append(created["TargetGroupArn"])
        return self._groups[-1]

    def set_idle_timeout(self, seconds: int) -> None:
        """Sets the idle timeout. It takes effect a bit later."""
        self.elb.modify_load_balancer_attributes(
            LoadBalancerArn=self.arn, Attributes=[{"Key": "idle_timeout.timeout_seconds", "Value": str(seconds)}]
        )

    def delete_group(self, group: str) -> None:
        """Deletes a target group."""
        self._groups.remove(group)
        self.elb.delete_target_group(TargetGroupArn=group)

    def delete(self) -> None:
        """Deletes the load balancer and its target groups."""
        self.elb.delete_load_balancer(LoadBalancerArn=self.arn)
        for group in list(self._groups):
            self.delete_group(group)

    def listens(self, port: int = PORT) -> bool:
        """Returns whether the load balancer accepts connections."""
        with socket.socket() as found:
            return found.connect_ex((self.address, port)) == 0

    def to(self, group: str) -> dict[str, Any]:
        """Returns the action that forwards to a target group."""
        return {"Type": "forward", "TargetGroupArn": group}

    def rule(self, priority: int, action: dict[str, Any], **condition: Any) -> None:
        """Adds a rule with one condition."""
        self.elb.create_rule(ListenerArn=self.listener, Priority=priority, Conditions=[condition], Actions=[action])

    def register(self, *addresses: str, group: str = "") -> None:
        """Registers targets."""
        self.elb.register_targets(TargetGroupArn=group or self.group, Targets=[{"Id": each} for each in addresses])

    def deregister(self, address: str) -> None:
        """Deregisters a target."""
        self.elb.deregister_targets(TargetGroupArn=self.group, Targets=[{"Id": address}])

    def health(self, group: str = "") -> dict[str, tuple[str, str | None]]:
        """Returns state and reason of each target."""
        described = self.elb.describe_target_health(TargetGroupArn=group or self.group)["TargetHealthDescriptions"]
        return {
            each["Target"]["Id"]: (each["TargetHealth"]["State"], each["TargetHealth"].get("Reason"))
            for each in described
        }

    def wait_until(self, address: str, state: str, group: str = "") -> None:
        """Waits until a target has a state."""
        eventually(lambda: self.health(group).get(address, ("absent",))[0] == state)


class Servers:
    """HTTP servers on loopback addresses, in a thread."""

    def __init__(self, aws: LocalAws) -> None:
        self._aws = aws
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever)
        self._thread.start()
        self._started: list[web.ServerRunner] = []

    def run(self, work: Any) -> Any:
        """Runs a coroutine in the thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def start(self, handler: Handler, port: int = PORT) -> str:
        """Starts a server, and returns its address."""
        address = self._aws.network.new_address()

        async def serve() -> None:
            server = web.Server(handler, auto_decompress=False, handler_cancellation=True)
            runner = web.ServerRunner(server, shutdown_timeout=0.1)
            await runner.setup()
            await web.TCPSite(runner, address, port).start()
            self._started.append(runner)

        self.run(serve())
        return address

    def start_raw(self, answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> str:
        """Starts a TCP server, and returns its address."""
        address = self._aws.network.new_address()
        self.run(asyncio.start_server(answer, address, PORT))
        return address

    def stop(self) -> None:
        """Stops all servers."""

        async def stop() -> None:
            for runner in self._started:
                await runner.cleanup()
            rest = asyncio.all_tasks() - {asyncio.current_task()}
            for task in rest:
                task.cancel()
            await asyncio.gather(*rest, return_exceptions=True)

        self.run(stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@contextmanager
def balancers(aws: LocalAws) -> Iterator[Callable[..., Balancer]]:
    """A function that creates load balancers, which are deleted when the context exits."""
    created: list[Balancer] = []

    def create(**group: Any) -> Balancer:
        created.append(Balancer(aws, **group))
        return created[-1]

    yield create
    for balancer in created:
        balancer.delete()


@contextmanager
def servers(aws: LocalAws) -> Iterator[Servers]:
    """Servers until the context exits, with load balancers that do not wait long."""
    before = aws.load_balancers.time_scale
    aws.load_balancers.time_scale = 0.01
    running = Servers(aws)
    try:
        yield running
    finally:
        running.stop()
        aws.load_balancers.time_scale = before
