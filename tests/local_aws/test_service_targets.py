"""Services behind a load balancer: their tasks are targets, which get requests, drain, and are replaced if unhealthy.

What ECS does is in the ECS developer guide ("Amazon ECS task lifecycle", "Amazon ECS services").
"""

from collections.abc import Iterator

import pytest

from local_aws.server import LocalAws
from tests.local_aws.balanced import PORT, Balancer, balancers
from tests.local_aws.test_fargate import address_of
from tests.local_aws.test_load_balancer import ask
from tests.local_aws.test_services import SERVE, ServicePlace, completed, service_place


@pytest.fixture
def balancer(local_aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> Iterator[Balancer]:
    monkeypatch.setattr(local_aws.load_balancers, "time_scale", 0.01)
    with balancers(local_aws) as create:
        balancer = create(HealthCheckIntervalSeconds=10, UnhealthyThresholdCount=2, HealthCheckTimeoutSeconds=2)
        balancer.elb.modify_target_group_attributes(
            TargetGroupArn=balancer.group,
            Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "100"}],
        )
        yield balancer


@pytest.fixture
def place(local_aws: LocalAws, balancer: Balancer) -> Iterator[ServicePlace]:
    with service_place(local_aws) as place:
        place.target_group = balancer.group
        yield place


def test_the_tasks_get_requests(place: ServicePlace, balancer: Balancer) -> None:
    place.create(place.definition(SERVE, "one"))
    place.steady()
    assert {address: state for address, (state, _) in balancer.health().items()} == {
        address_of(task): "healthy" for task in place.tasks
    }
    assert ask(balancer).read() == b"one"
    place.update(taskDefinition=place.definition(SERVE, "two"))
    place.steady()
    assert ask(balancer).read() == b"two"
    assert sorted(balancer.health()) == sorted(address_of(task) for task in place.tasks)


def test_a_changed_target_group_is_deployed(place: ServicePlace, balancer: Balancer) -> None:
    definition, other = place.definition(SERVE, "one"), balancer.new_group()
    balancer.listen(PORT + 1, balancer.to(other))
    place.create(definition, desired=1)
    place.steady()
    place.update(loadBalancers=[{"targetGroupArn": other, "containerName": "main", "containerPort": 8000}])
    place.until(lambda service: len(service["deployments"]) == 2)
    place.until(completed(definition))
    assert list(balancer.health(other)) == [address_of(task) for task in place.tasks]
    assert balancer.health() == {}
