"""An apply that waits for the deployments: it fails with the reason, and the old revision serves."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from litellm_aws.constructs.ports import UI_PORT
from litellm_aws.local_aws.images import Image
from litellm_aws.local_aws.server import LocalAws
from tests.local_aws.conftest import PROVIDER, Stack
from tests.plan.conftest import TRIAL
from tests.terraform import Terraform

NAME = "initech-litellm-dev"
SERVE = f"""
import http.server
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *args): pass
http.server.ThreadingHTTPServer(("0.0.0.0", {UI_PORT}), Answer).serve_forever()
"""
EXIT = "[print(f'line {n}') for n in range(1, 31)]; raise SystemExit(3)"
SERVICES = ("gateway", "backend", "ui")


@pytest.fixture(scope="module")
def stack(applying: Terraform, local_aws: LocalAws, stacks: Path) -> Iterator[Stack]:
    """A stack of which only the UI has tasks, with short durations."""
    before = local_aws.fargate.time_scale, local_aws.load_balancers.time_scale
    local_aws.fargate.time_scale, local_aws.load_balancers.time_scale = 0.02, 0.01
    for name, program in (("serves", SERVE), ("exits", EXIT)):
        local_aws.fargate.images[f"test/ui:{name}"] = Image(command=[sys.executable, "-u", "-c", program])
    inputs = {
        **TRIAL,
        "tenant": "initech",
        "create_database": False,
        "create_redis": False,
        "gateway_max_capacity": 1,
        **{f"{service}_autoscaling_enabled": False for service in SERVICES},
        **{f"{service}_desired_count": int(service == "ui") for service in SERVICES},
        "ui_image": "test/ui:serves",
        "deployment_circuit_breaker": True,
        "wait_for_steady_state": True,
    }
    stack = Stack(applying.root(stacks / "litellm", provider=PROVIDER), local_aws, inputs)
    try:
        stack.apply()
        yield stack
    finally:
        stack.root.destroy(stack.inputs)
        local_aws.fargate.time_scale, local_aws.load_balancers.time_scale = before


def running(stack: Stack) -> set[str]:
    """Returns the ARNs of the UI's tasks once its service is stable."""
    of_service = {"cluster": NAME, "services": [f"{NAME}-ui"]}
    stack.client("ecs").get_waiter("services_stable").wait(**of_service, WaiterConfig={"Delay": 1})
    return set(stack.client("ecs").list_tasks(cluster=NAME, serviceName=f"{NAME}-ui")["taskArns"])


def test_a_service_that_an_operator_scales_and_restarts_needs_no_changes(stack: Stack) -> None:
    ecs, of_service = stack.client("ecs"), {"cluster": NAME, "service": f"{NAME}-ui"}
    ecs.update_service(**of_service, desiredCount=2)
    before = running(stack)
    assert len(before) == 2
    ecs.update_service(**of_service, forceNewDeployment=True)
    assert not before & running(stack)
    assert stack.changes() == {}
    assert stack.root.plan({**stack.inputs, "ui_desired_count": 3}).changes == {}
    ecs.update_service(**of_service, desiredCount=1)
    assert len(running(stack)) == 1


def test_a_failed_deployment_fails_the_apply_and_the_next_one_waits_again(stack: Stack) -> None:
    ecs = stack.client("ecs")
    [before] = ecs.describe_services(cluster=NAME, services=[f"{NAME}-ui"])["services"]
    assert [each["rolloutState"] for each in before["deployments"]] == ["COMPLETED"]
    assert stack.changes() == {}

    failure = stack.failure(ui_image="test/ui:exits")
    for words in (
        "local-exec provisioner error",
        "Last lines of the log: line 11 line 12",
        f"deployment of {NAME}-ui failed: ECS deploys {NAME}-ui:1 instead of {NAME}-ui:2.",
        "rolling back to deployment",
        f"(service {NAME}-ui) ",
        "stopped: EssentialContainerExited",
        "Container ui: exit code 3",
        f"Running now: 1 of {NAME}-ui:1.",
        f"Full log: group /ecs/{NAME}/ui, stream ui/ui/",
        "After you fix the cause, `terraform apply` deploys, and waits for the deployment again.",
    ):
        assert words in failure, failure
    [after] = ecs.describe_services(cluster=NAME, services=[f"{NAME}-ui"])["services"]
    assert (after["taskDefinition"], after["runningCount"]) == (before["taskDefinition"], 1)

    changes = stack.changes()
    assert changes["terraform_data.ui_steady_state[0]"] == "replace"
    assert not {"terraform_data.gateway_steady_state[0]", "terraform_data.backend_steady_state[0]"} & changes.keys()
    stack.apply()
    assert stack.changes() == {}


def test_a_first_deployment_that_fails_fails_the_apply(stack: Stack) -> None:
    """ECS has nothing to return to."""
    failure = stack.failure("-replace=aws_ecs_service.ui", ui_image="test/ui:exits")
    assert f"deployment of {NAME}-ui failed: ECS could not start the tasks of {NAME}-ui:" in failure
    assert f'aws ecs update-service --region "us-west-2" --cluster "{NAME}" --service "{NAME}-ui"' in failure
    assert "No task of the service is running." in failure
