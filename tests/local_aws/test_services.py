"""Services of the local ECS: deployments, replacements, health checks and deletion, tested through the API.

What ECS does is in the ECS developer guide ("Amazon ECS services", "deployment circuit breaker") and in
DeploymentConfiguration in the ECS API reference.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from litellm_aws.local_aws.images import Image
from litellm_aws.local_aws.server import LocalAws
from tests.local_aws.test_fargate import SECONDS, Place

SERVE = """
import http.server, os
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(os.environ["VERSION"].encode())
    def log_message(self, *args): pass
http.server.ThreadingHTTPServer(("0.0.0.0", 8000), Answer).serve_forever()
"""
EXIT = "raise SystemExit(3)"


class ServicePlace(Place):
    """A place that runs one service, named `web`."""

    target_group: str | None = None

    def definition(
        self, program: str, version: str = "1", *, sidecar: dict[str, Any] | None = None, **container: Any
    ) -> str:
        """Registers a task definition, and returns its ARN."""
        return str(
            self.client("ecs").register_task_definition(
                family=self.name,
                requiresCompatibilities=["FARGATE"],
                networkMode="awsvpc",
                cpu="256",
                memory="512",
                executionRoleArn=self.execution_role,
                containerDefinitions=[
                    {
                        **self.container(image=self.image(Image(command=[sys.executable, "-c", program]))),
                        "environment": [{"name": "VERSION", "value": version}, *container.pop("environment", [])],
                        "portMappings": [{"containerPort": 8000}],
                        **container,
                    },
                    *([sidecar] if sidecar else []),
                ],
            )["taskDefinition"]["taskDefinitionArn"]
        )

    def create(self, definition: str, desired: int = 2, **settings: Any) -> None:
        """Creates the service."""
        if self.target_group:
            balanced = {"targetGroupArn": self.target_group, "containerName": "main", "containerPort": 8000}
            settings = {"loadBalancers": [balanced], "healthCheckGracePeriodSeconds": 500, **settings}
        self.client("ecs").create_service(
            cluster=self.name,
            serviceName="web",
            taskDefinition=definition,
            desiredCount=desired,
            launchType="FARGATE",
            networkConfiguration={
                "awsvpcConfiguration": {"subnets": [self.subnet], "securityGroups": [self.security_group]}
            },
            **{"deploymentConfiguration": self.rolling(), **settings},
        )

    @staticmethod
    def rolling(minimum: int = 50, maximum: int = 200) -> dict[str, Any]:
        """Returns the settings of a rolling deployment with a circuit breaker."""
        return {
            "minimumHealthyPercent": minimum,
            "maximumPercent": maximum,
            "deploymentCircuitBreaker": {"enable": True, "rollback": True},
        }

    def update(self, **settings: Any) -> None:
        self.client("ecs").update_service(cluster=self.name, service="web", **settings)

    @property
    def service(self) -> dict[str, Any]:
        [service] = self.client("ecs").describe_services(cluster=self.name, services=["web"])["services"]
        return dict(service)

    @property
    def tasks(self) -> list[dict[str, Any]]:
        """The tasks of the service that are to run."""
        arns = self.client("ecs").list_tasks(cluster=self.name, serviceName="web")["taskArns"]
        return self.client("ecs").describe_tasks(cluster=self.name, tasks=arns)["tasks"] if arns else []

    def until(self, met: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """Waits until the service meets a condition, and returns the service."""
        deadline = time.monotonic() + SECONDS
        while not met(service := self.service):
            assert time.monotonic() < deadline, service
            time.sleep(0.02)
        return service

    def steady(self) -> dict[str, Any]:
        """Waits as `terraform apply` does with `wait_for_steady_state`."""
        return self.until(
            lambda service: (
                len(service["deployments"]) == 1
                and service["runningCount"] == service["desiredCount"]
                and service["deployments"][0]["rolloutState"] == "COMPLETED"
            )
        )

    def watch(self, until: Callable[[dict[str, Any]], object]) -> list[int]:
        """Returns all numbers of running tasks until the service meets a condition."""
        counts: list[int] = []

        def met(service: dict[str, Any]) -> object:
            counts.append(service["runningCount"])
            return until(service)

        self.until(met)
        return counts


@contextmanager
def service_place(local_aws: LocalAws) -> Iterator[ServicePlace]:
    """A place whose service is deleted when the context exits, with short durations."""
    local_aws.fargate.time_scale = 0.02
    place = ServicePlace(local_aws)
    try:
        yield place
        place.client("ecs").delete_service(cluster=place.name, service="web", force=True)
        place.until(lambda service: service["status"] == "INACTIVE")
    finally:
        local_aws.fargate.time_scale = 1.0


@pytest.fixture
def place(local_aws: LocalAws) -> Iterator[ServicePlace]:
    with service_place(local_aws) as place:
        yield place


def completed(definition: str) -> Callable[[dict[str, Any]], bool]:
    """Returns the condition that the deployment of a task definition has completed."""
    return lambda service: (
        [(each["taskDefinition"], each["rolloutState"]) for each in service["deployments"]]
        == [(definition, "COMPLETED")]
    )


def test_a_service_runs_the_desired_number_of_tasks(place: ServicePlace) -> None:
    definition = place.definition(SERVE)
    place.create(definition, desired=3)
    assert place.service["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    service = place.steady()
    assert (service["runningCount"], service["pendingCount"]) == (3, 0)
    assert service["events"][0]["message"] == "(service web) has reached a steady state."
    tasks = place.tasks
    assert {task["taskDefinitionArn"] for task in tasks} == {definition}
    assert {task["startedBy"] for task in tasks} == {service["deployments"][0]["id"]}
    assert {task["group"] for task in tasks} == {"service:web"}


def test_a_service_is_scaled(place: ServicePlace) -> None:
    place.create(place.definition(SERVE), desired=1)
    place.steady()
    place.update(desiredCount=3)
    place.until(lambda service: service["runningCount"] == 3)
    place.update(desiredCount=0)
    place.until(lambda service: service["runningCount"] == 0)
    assert place.tasks == []
    assert len(place.service["deployments"]) == 1  # scaling is no deployment


def test_a_task_that_dies_is_replaced(place: ServicePlace) -> None:
    place.create(place.definition(SERVE))
    place.steady()
    before = {task["taskArn"] for task in place.tasks}
    place.client("ecs").stop_task(cluster=place.name, task=min(before), reason="by a test")
    place.until(lambda _: len(place.tasks) == 2 and min(before) not in {task["taskArn"] for task in place.tasks})
    place.until(lambda service: service["runningCount"] == 2)
    assert any("by a test" in event["message"] for event in place.service["events"])


@pytest.mark.parametrize(
    ("minimum", "maximum", "fewest", "most"), [(50, 200, 1, 4), (100, 200, 2, 4), (50, 100, 1, 2), (100, 150, 2, 3)]
)
def test_a_deployment_replaces_tasks_within_its_limits(
    place: ServicePlace, minimum: int, maximum: int, fewest: int, most: int
) -> None:
    old, new = place.definition(SERVE, "1"), place.definition(SERVE, "2")
    place.create(old, deploymentConfiguration=place.rolling(minimum, maximum))
    place.steady()
    place.update(taskDefinition=new)
    counts = place.watch(completed(new))
    assert fewest <= min(counts)
    assert max(counts) <= most
    assert {task["taskDefinitionArn"] for task in place.tasks} == {new}


def test_an_update_without_changes_starts_no_deployment_unless_forced(place: ServicePlace) -> None:
    definition = place.definition(SERVE)
    place.create(definition, desired=1)
    [before] = place.steady()["deployments"]
    place.update(taskDefinition=definition.rpartition("/")[2])
    assert place.service["deployments"][0]["id"] == before["id"]
    place.update(forceNewDeployment=True)
    assert len(place.service["deployments"]) == 2
    [after] = place.steady()["deployments"]
    assert after["id"] != before["id"]


def test_a_change_of_the_capacity_provider_strategy_starts_no_deployment(place: ServicePlace) -> None:
    place.create(place.definition(SERVE), desired=1)
    [before] = place.steady()["deployments"]
    place.update(capacityProviderStrategy=[{"capacityProvider": "FARGATE_SPOT", "weight": 1}])
    assert [each["id"] for each in place.service["deployments"]] == [before["id"]]


def test_a_change_of_the_service_registries_starts_a_deployment(place: ServicePlace) -> None:
    place.create(place.definition(SERVE), desired=1)
    [before] = place.steady()["deployments"]
    place.update(serviceRegistries=[{"registryArn": "arn:aws:servicediscovery:us-west-2:123456789012:service/srv-1"}])
    [after] = place.steady()["deployments"]
    assert after["id"] != before["id"]


@pytest.mark.parametrize("rollback", [True, False])
def test_the_circuit_breaker_ends_a_deployment_that_cannot_start(place: ServicePlace, rollback: bool) -> None:
    old, broken = place.definition(SERVE), place.definition(EXIT)
    settings = {**place.rolling(), "deploymentCircuitBreaker": {"enable": True, "rollback": rollback}}
    place.create(old, deploymentConfiguration=settings)
    place.steady()
    place.update(taskDefinition=broken)
    if rollback:
        counts = place.watch(completed(old))
        assert min(counts) >= 1  # the minimum of the old revision keeps running
        reasons = [event["message"] for event in place.service["events"]]
        assert any("rolling back to deployment" in reason for reason in reasons)
        assert place.service["taskDefinition"] == old
    else:
        place.until(lambda service: service["deployments"][0]["rolloutState"] == "FAILED")
        primary, kept = place.service["deployments"]
        assert primary["taskDefinition"] == broken
        assert primary["failedTasks"] in (3, 4)  # two start at the same time
        assert (kept["taskDefinition"], kept["runningCount"] >= 1) == (old, True)


def test_a_rollback_restores_all_settings_of_the_revision(place: ServicePlace) -> None:
    place.create(place.definition(SERVE), desired=1, platformVersion="1.3.0")
    before = place.steady()
    network = {"awsvpcConfiguration": {"subnets": [place.subnet], "securityGroups": []}}
    place.update(
        taskDefinition=place.definition(EXIT),
        networkConfiguration=network,
        platformVersion="1.4.0",
        capacityProviderStrategy=[{"capacityProvider": "FARGATE_SPOT", "weight": 1}],
    )
    [new, old] = place.service["deployments"]
    assert (new["networkConfiguration"], old["networkConfiguration"]) == (network, before["networkConfiguration"])
    after = place.until(completed(before["taskDefinition"]))
    for name in ("networkConfiguration", "platformVersion", "capacityProviderStrategy"):
        assert after.get(name) == before.get(name), name


def test_a_rollback_that_fails_ends_and_keeps_what_runs(place: ServicePlace) -> None:
    old = place.definition(SERVE)
    place.create(old)
    place.steady()
    [container] = place.client("ecs").describe_task_definition(taskDefinition=old)["taskDefinition"][
        "containerDefinitions"
    ]
    del place.aws.fargate.images[container["image"]]  # the old revision cannot start again
    place.update(taskDefinition=place.definition(EXIT))
    service = place.until(
        lambda service: (
            (service["deployments"][0]["taskDefinition"], service["deployments"][0]["rolloutState"]) == (old, "FAILED")
        )
    )
    assert service["runningCount"] == 1
    time.sleep(0.5)  # several steps of the scheduler
    assert (place.service["runningCount"], place.service["deployments"][0]["rolloutState"]) == (1, "FAILED")


def test_a_first_deployment_that_fails_has_nothing_to_roll_back_to(place: ServicePlace) -> None:
    place.create(place.definition(EXIT), desired=1)
    place.until(lambda service: service["deployments"][0]["rolloutState"] == "FAILED")
    assert place.service["deployments"][0]["failedTasks"] == 3
    assert place.service["runningCount"] == 0


def test_without_a_circuit_breaker_ecs_keeps_trying(place: ServicePlace) -> None:
    place.create(place.definition(EXIT), desired=1, deploymentConfiguration={"maximumPercent": 200})
    place.until(lambda service: service["deployments"][0]["failedTasks"] > 4)
    assert place.service["deployments"][0]["rolloutState"] == "IN_PROGRESS"


def test_failed_tasks_are_not_counted_after_a_healthy_one(place: ServicePlace, tmp_path: Path) -> None:
    program = f"""
import fcntl, os, time
try:
    fcntl.flock(lock := open("{tmp_path}/lock", "w"), fcntl.LOCK_EX | fcntl.LOCK_NB)
except OSError:
    time.sleep(1)
    raise SystemExit(3)
open(os.environ["TMPDIR"] + "/ready", "w")
time.sleep(300)
"""
    check = {"command": ["CMD-SHELL", 'test -e "$TMPDIR/ready"'], "interval": 5, "startPeriod": 300}
    place.create(place.definition(program, healthCheck=check))
    place.until(lambda service: sum("has stopped" in each["message"] for each in service["events"]) > 3)
    [deployment] = place.service["deployments"]
    assert (deployment["rolloutState"], deployment["failedTasks"]) == ("IN_PROGRESS", 0)


def test_an_image_that_does_not_exist_is_in_the_events(place: ServicePlace) -> None:
    definition = place.definition(SERVE, image="nobody/nothing:1")
    place.create(definition, desired=1)
    service = place.until(lambda service: service["deployments"][0]["rolloutState"] == "FAILED")
    assert any("CannotPullContainerError" in event["message"] for event in service["events"])


def test_a_container_must_be_healthy_first(place: ServicePlace) -> None:
    check = {"command": ["CMD-SHELL", 'test -e "$TMPDIR/ready"'], "interval": 5, "retries": 5, "startPeriod": 100}
    program = "import os, time; time.sleep(1); open(os.environ['TMPDIR'] + '/ready', 'w'); time.sleep(60)"
    old, new = place.definition(SERVE), place.definition(program, healthCheck=check)
    place.create(old, desired=1)
    place.steady()
    place.update(taskDefinition=new)
    place.until(lambda service: service["runningCount"] == 2)
    assert [each["rolloutState"] for each in place.service["deployments"]] == ["IN_PROGRESS", "COMPLETED"]
    place.until(completed(new))


def test_an_unhealthy_container_is_replaced_after_the_replacement_is_healthy(place: ServicePlace) -> None:
    test = 'test -e "$TMPDIR/ready" -a ! -e "$TMPDIR/broken"'
    check = {"command": ["CMD-SHELL", test], "interval": 5, "retries": 1, "startPeriod": 300}
    program = "import os, time; time.sleep(1); open(os.environ['TMPDIR'] + '/ready', 'w'); time.sleep(300)"
    place.create(place.definition(program, healthCheck=check), desired=1)
    place.steady()
    [task] = place.tasks
    [folder] = place.aws.fargate._home.glob(f"task-{task['taskArn'].rpartition('/')[2]}-*/containers/main/tmp")
    (folder / "broken").touch()
    counts = place.watch(lambda _: place.tasks and task["taskArn"] not in {each["taskArn"] for each in place.tasks})
    assert (min(counts), max(counts)) == (1, 2)
    assert [each["healthStatus"] for each in place.tasks] == ["HEALTHY"]
    place.steady()


def test_an_unhealthy_container_stops_first_without_room_for_a_replacement(place: ServicePlace) -> None:
    check = {"command": ["CMD-SHELL", 'test ! -e "$TMPDIR/broken"'], "interval": 5, "retries": 1}
    definition = place.definition("import time; time.sleep(300)", healthCheck=check)
    place.create(definition, deploymentConfiguration=place.rolling(50, 100))
    place.steady()
    before = {task["taskArn"] for task in place.tasks}
    for arn in before:
        [folder] = place.aws.fargate._home.glob(f"task-{arn.rpartition('/')[2]}-*/containers/main/tmp")
        (folder / "broken").touch()
    counts = place.watch(lambda _: len(place.tasks) == 2 and not before & {each["taskArn"] for each in place.tasks})
    assert (min(counts), max(counts)) == (1, 2)  # one by one


def test_capacity_is_awaited(place: ServicePlace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place.aws.fargate, "has_capacity", False)
    place.create(place.definition(SERVE), desired=1, deploymentConfiguration={"maximumPercent": 200})
    place.until(lambda service: any("was unable to place a task" in each["message"] for each in service["events"]))
    monkeypatch.setattr(place.aws.fargate, "has_capacity", True)
    place.steady()


def test_a_service_is_deleted_with_its_tasks(place: ServicePlace, monkeypatch: pytest.MonkeyPatch) -> None:
    # Imported here, because moto reads its settings at import, and `serving` sets them.
    from moto.ecs.models import EC2ContainerServiceBackend

    delete = EC2ContainerServiceBackend.delete_service

    def delete_slowly(*args: Any) -> Any:
        deleted = delete(*args)
        time.sleep(0.5)  # several steps of the scheduler
        return deleted

    monkeypatch.setattr(EC2ContainerServiceBackend, "delete_service", delete_slowly)
    place.create(place.definition(SERVE), desired=1)
    place.steady()
    place.client("ecs").delete_service(cluster=place.name, service="web", force=True)
    place.until(lambda service: service["status"] == "INACTIVE")
    assert place.tasks == []
