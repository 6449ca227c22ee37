"""The health of targets, as DescribeTargetHealth reports it."""

import asyncio
from collections.abc import Callable

import pytest
from aiohttp import ClientSession, web

from litellm_aws.local_aws.server import LocalAws
from litellm_aws.local_aws.target_group import TargetGroup
from tests.local_aws.balanced import Balancer, Servers, eventually


class Target:
    """A target whose health check returns a status that can be changed.

    Attributes:
        status: the status; 0 if it does not answer.
        checks: the number of health checks.
    """

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.checks = 0
        self.headers: dict[str, str] = {}

    async def __call__(self, request: web.BaseRequest) -> web.Response:
        self.checks += 1
        self.headers = dict(request.headers)
        assert request.path == "/health"
        if not self.status:
            await asyncio.sleep(60)
        return web.Response(status=self.status)


def test_a_target_is_healthy_after_one_successful_check(
    new_balancer: Callable[..., Balancer], running: Servers
) -> None:
    # The second check would be after 3 seconds.
    balancer = new_balancer(HealthyThresholdCount=5, HealthCheckIntervalSeconds=300)
    target = Target()
    address = running.start(target)
    balancer.register(address)
    balancer.wait_until(address, "healthy")
    assert balancer.health() == {address: ("healthy", None)}
    assert target.checks == 1
    assert target.headers["User-Agent"] == "ELB-HealthChecker/2.0"


def test_a_new_target_is_initial_until_the_threshold_of_failed_checks(
    new_balancer: Callable[..., Balancer], running: Servers
) -> None:
    balancer = new_balancer(UnhealthyThresholdCount=3, HealthCheckIntervalSeconds=50)
    target = Target(500)
    address = running.start(target)
    balancer.register(address)
    eventually(lambda: balancer.health()[address] == ("initial", "Elb.InitialHealthChecking"))
    balancer.wait_until(address, "unhealthy")
    assert target.checks == 3
    assert balancer.health()[address] == ("unhealthy", "Target.ResponseCodeMismatch")


def test_an_unhealthy_target_is_healthy_after_the_threshold_of_checks(
    new_balancer: Callable[..., Balancer], running: Servers
) -> None:
    balancer = new_balancer(HealthyThresholdCount=3, UnhealthyThresholdCount=2, HealthCheckIntervalSeconds=10)
    target = Target()
    address = running.start(target)
    balancer.register(address)
    balancer.wait_until(address, "healthy")
    target.status = 503
    balancer.wait_until(address, "unhealthy")
    target.status, target.checks = 200, 0
    balancer.wait_until(address, "healthy")
    assert target.checks >= 3


@pytest.mark.parametrize(
    ("status", "matcher", "state"),
    [
        (204, "200-299", "healthy"),
        (404, "200,404", "healthy"),
        (301, "200-299,300", "unhealthy"),
        (201, "200", "unhealthy"),
    ],
)
def test_the_matcher_selects_the_expected_statuses(
    new_balancer: Callable[..., Balancer], running: Servers, status: int, matcher: str, state: str
) -> None:
    balancer = new_balancer(Matcher={"HttpCode": matcher}, HealthCheckIntervalSeconds=5)
    address = running.start(Target(status))
    balancer.register(address)
    balancer.wait_until(address, state)


def test_a_target_that_does_not_answer_times_out(new_balancer: Callable[..., Balancer], running: Servers) -> None:
    balancer = new_balancer(UnhealthyThresholdCount=2, HealthCheckTimeoutSeconds=2, HealthCheckIntervalSeconds=5)
    address = running.start(Target(0))
    balancer.register(address)
    balancer.wait_until(address, "unhealthy")
    assert balancer.health()[address] == ("unhealthy", "Target.Timeout")


def test_a_target_that_refuses_connections_fails(
    local_aws: LocalAws, new_balancer: Callable[..., Balancer], running: Servers
) -> None:
    balancer = new_balancer(HealthCheckIntervalSeconds=5)
    address = local_aws.network.new_address()
    balancer.register(address)
    balancer.wait_until(address, "unhealthy")
    assert balancer.health()[address] == ("unhealthy", "Target.FailedHealthChecks")


def test_health_checks_can_have_a_port_of_their_own(new_balancer: Callable[..., Balancer], running: Servers) -> None:
    balancer = new_balancer(HealthCheckPort="8081", HealthCheckIntervalSeconds=5)
    address = running.start(Target(), port=8081)
    balancer.register(address)
    balancer.wait_until(address, "healthy")


def test_targets_of_a_group_without_a_listener_are_unused(
    new_balancer: Callable[..., Balancer], running: Servers
) -> None:
    balancer = new_balancer()
    unused = balancer.new_group()
    target = Target()
    address = running.start(target)
    balancer.register(address, group=unused)
    eventually(lambda: balancer.health(unused)[address] == ("unused", "Target.NotInUse"))
    assert target.checks == 0
    balancer.rule(1, balancer.to(unused), Field="path-pattern", Values=["/unused"])
    balancer.wait_until(address, "healthy", unused)


def test_a_deregistered_target_drains(new_balancer: Callable[..., Balancer], running: Servers) -> None:
    balancer = new_balancer()
    balancer.elb.modify_target_group_attributes(
        TargetGroupArn=balancer.group,
        Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}],
    )
    address = running.start(Target())
    balancer.register(address)
    balancer.wait_until(address, "healthy")
    balancer.deregister(address)
    assert balancer.health() == {address: ("draining", "Target.DeregistrationInProgress")}
    eventually(lambda: not balancer.health())
    described = balancer.elb.describe_target_health(TargetGroupArn=balancer.group, Targets=[{"Id": address}])
    [target] = described["TargetHealthDescriptions"]
    assert (target["TargetHealth"]["State"], target["TargetHealth"]["Reason"]) == ("unused", "Target.NotRegistered")


def test_a_draining_target_can_be_registered_again(new_balancer: Callable[..., Balancer], running: Servers) -> None:
    balancer = new_balancer()
    address = running.start(Target())
    balancer.register(address)
    balancer.wait_until(address, "healthy")
    balancer.deregister(address)
    assert balancer.health()[address][0] == "draining"
    balancer.register(address)
    assert balancer.health()[address][0] in ("initial", "healthy")
    balancer.wait_until(address, "healthy")


def test_a_target_can_drain_twice_at_the_same_time() -> None:
    key = ("127.0.0.1", 80)

    async def drain_twice() -> TargetGroup:
        async with ClientSession() as session:
            group = TargetGroup(session, lambda: 0.05)
            for delay in (4, 1):
                group.update({}, delay=delay, registered={key}, is_in_use=False)
                group.update({}, delay=delay, registered=set(), is_in_use=False)
                await asyncio.sleep(0)  # starts to drain
            # The second drain ends first.
            await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()})
        return group

    assert asyncio.run(drain_twice()).targets == {}
