"""Services behind a load balancer: their tasks are targets, which get requests, drain, and are replaced if unhealthy.

What ECS does is in the ECS developer guide ("Amazon ECS task lifecycle", "Amazon ECS services").
"""

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any
from urllib.request import urlopen

import pytest

from litellm_aws.local_aws.server import LocalAws
from tests.local_aws.balanced import PORT, Balancer, balancers, eventually
from tests.local_aws.test_fargate import SECONDS, address_of
from tests.local_aws.test_load_balancer import ask
from tests.local_aws.test_services import SERVE, ServicePlace, completed, service_place

SLOW = """
import http.server, os, time
healthy = os.environ["VERSION"] != "broken"
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        global healthy
        if self.path == "/exit":
            os._exit(1)
        if self.path == "/slow":
            time.sleep(0.7)
        if self.path in ("/break", "/repair"):
            healthy = self.path == "/repair"
        self.send_response(200 if healthy or self.path != "/health" else 500)
        self.end_headers()
        self.wfile.write(b"slow")
    def log_message(self, *args): pass
http.server.ThreadingHTTPServer(("0.0.0.0", 8000), Answer).serve_forever()
"""


def ask_task(task: dict[str, Any], path: str) -> None:
    """Sends a request to a task, and not to the load balancer."""
    urlopen(f"http://{address_of(task)}:8000{path}").close()


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


def test_requests_end_before_a_task_stops(place: ServicePlace, balancer: Balancer) -> None:
    place.create(place.definition(SLOW), desired=1)
    place.steady()
    with ThreadPoolExecutor() as threads:
        slow = threads.submit(ask, balancer, "/slow")
        time.sleep(0.2)
        place.update(desiredCount=0)
        eventually(lambda: [state for state, _ in balancer.health().values()] == ["draining"])
        assert slow.result().read() == b"slow"
    place.until(lambda service: service["runningCount"] == 0)


def test_stopping_a_task_loses_no_request(place: ServicePlace, balancer: Balancer) -> None:
    place.create(place.definition(SLOW))
    place.steady()
    stopped = place.tasks[0]
    statuses, done = Counter[int](), Event()

    def load() -> None:
        while not done.is_set():
            response = ask(balancer)
            response.read()
            statuses[response.status] += 1

    with ThreadPoolExecutor() as threads:
        loads = [threads.submit(load) for _ in range(4)]
        try:
            time.sleep(0.2)
            place.client("ecs").stop_task(cluster=place.name, task=stopped["taskArn"], reason="by a test")
            place.wait(stopped["taskArn"], lambda task: task["lastStatus"] == "STOPPED")
        finally:
            done.set()
    assert [each.exception() for each in loads] == [None] * 4
    assert set(statuses) == {200}
    place.steady()


def test_a_killed_task_is_deregistered_at_once(
    place: ServicePlace, balancer: Balancer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ignore_sigterm = f"import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep({SECONDS})"
    place.create(
        place.definition(SLOW, sidecar=place.container(ignore_sigterm, name="sidecar", stopTimeout=3)), desired=1
    )
    place.steady()
    [task] = place.tasks
    with monkeypatch.context() as patch:
        patch.setattr(place.aws.fargate, "time_scale", 20.0)
        time.sleep(0.2)  # the scheduler now waits for 10 seconds
        with pytest.raises(OSError, match="closed"):
            ask_task(task, "/exit")
        eventually(lambda: balancer.health()[address_of(task)][0] == "draining", seconds=1)
        assert place.describe(task["taskArn"])["lastStatus"] == "STOPPING"
    place.aws.fargate.ending.set()  # ends another wait of 10 seconds


def test_a_deleted_target_group_keeps_no_task_from_stopping(place: ServicePlace, balancer: Balancer) -> None:
    place.create(place.definition(SERVE), desired=1)
    place.steady()
    balancer.elb.delete_listener(ListenerArn=balancer.listener)
    balancer.delete_group(balancer.group)
    place.update(desiredCount=2)
    place.until(lambda service: any("TargetGroupNotFound" in event["message"] for event in service["events"]))
    place.until(lambda service: service["runningCount"] == 2)
    place.update(desiredCount=0)
    place.until(lambda service: service["runningCount"] == 0)
    assert place.tasks == []


def test_health_checks_do_not_count_in_the_grace_period(place: ServicePlace, balancer: Balancer) -> None:
    place.create(place.definition(SLOW, "broken"), desired=1)
    [task] = eventually(lambda: place.tasks)
    eventually(lambda: "unhealthy" in [state for state, _ in balancer.health().values()])
    time.sleep(0.5)  # several steps of the scheduler
    ask_task(task, "/repair")
    place.steady()
    assert [each["taskArn"] for each in place.tasks] == [task["taskArn"]]


def test_a_task_whose_target_is_unhealthy_is_replaced(place: ServicePlace, balancer: Balancer) -> None:
    place.create(place.definition(SLOW), desired=1, healthCheckGracePeriodSeconds=100)
    place.steady()
    [task] = place.tasks
    ask_task(task, "/break")
    place.wait(task["taskArn"], lambda task: task["desiredStatus"] == "STOPPED")
    [replacement] = place.tasks
    assert balancer.health()[address_of(replacement)][0] == "healthy"
    assert any("Task failed ELB health checks" in each["message"] for each in place.service["events"])
    place.steady()
