"""The script that waits for a service's deployment, against a stand-in for the AWS CLI.

The fields and reasons of the services are those of DescribeServices in the ECS API reference, and of "How the
Amazon ECS deployment circuit breaker detects failures" in the ECS developer guide.
"""

import os
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.unit.test_one_shot_script import (
    LENT,
    MODULE_FILES,
    NO_STREAM,
    OFFLINE,
    ROLE,
    SHELLS,
    SOMEBODY,
    Answer,
    Outcome,
    Terraform,
    both_generations,
    every_shell,
    log,
    shell,
)

__all__ = ["shell"]

SCRIPT = "".join((MODULE_FILES / name).read_text() for name in ("shared_functions.sh", "steady_state.sh"))
ACCOUNT = "us-west-2:123456789012"
CLUSTER = "acme-litellm-prod"
SERVICE = "acme-litellm-prod-gateway"
OLD, NEW, OTHER = (f"arn:aws:ecs:{ACCOUNT}:task-definition/{SERVICE}:{revision}" for revision in (7, 8, 9))
INPUTS = {
    "STEADY_STATE_REGION": "us-west-2",
    "STEADY_STATE_CLUSTER": CLUSTER,
    "STEADY_STATE_SERVICE": SERVICE,
    "STEADY_STATE_TASK_DEFINITION": NEW,
    "STEADY_STATE_CONTAINER": "gateway",
    "STEADY_STATE_LOG_GROUP": "/ecs/acme-litellm-prod/gateway",
    "STEADY_STATE_LOG_STREAM_PREFIX": "gateway",
    "STEADY_STATE_TIMEOUT_MINUTES": "20",
    "ONE_SHOT_POLL_SECONDS": "0.02",
}
ADVICE = "After you fix the cause, `terraform apply` deploys, and waits for the deployment again."
BROKEN = "ECS deployment circuit breaker: tasks failed to start."
ROLLS_BACK = "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/7."
EVENTS = [
    f"(service {SERVICE}) rolling back to deployment ecs-svc/7.",
    f"(service {SERVICE}) (deployment ecs-svc/8) deployment failed: tasks failed to start.",
    f"(service {SERVICE}) has started 1 tasks: (task 30d2).",
    f"(service {SERVICE}) has started 2 tasks: (task 30d1).",
]


def deployment(
    revision: str, state: str | None, reason: str = "", *, status: str = "PRIMARY", running: int = 0, failed: int = 0
) -> Answer:
    found: Answer = {
        "id": f"ecs-svc/{revision[-1]}",
        "status": status,
        "taskDefinition": revision,
        "desiredCount": 2 if status == "PRIMARY" else 0,
        "pendingCount": 0,
        "runningCount": running,
        "failedTasks": failed,
    }
    return {**found, "rolloutState": state, "rolloutStateReason": reason} if state else found


def service(*deployments: Answer, events: list[str] = EVENTS, status: str = "ACTIVE") -> Answer:
    described = {
        "serviceArn": f"arn:aws:ecs:{ACCOUNT}:service/{CLUSTER}/{SERVICE}",
        "status": status,
        "deployments": list(deployments),
        "events": [{"id": "1", "createdAt": "2025-03-04T10:11:12Z", "message": message} for message in events],
    }
    return {"response": {"services": [described], "failures": []}}


STARTING = service(
    deployment(NEW, "IN_PROGRESS", "in progress"), deployment(OLD, "COMPLETED", status="ACTIVE", running=2)
)
COMPLETED = service(deployment(NEW, "COMPLETED", "ECS deployment ecs-svc/8 completed.", running=2))
ROLLED_BACK = service(
    deployment(OLD, "IN_PROGRESS", ROLLS_BACK, running=2), deployment(NEW, "FAILED", BROKEN, status="ACTIVE", failed=3)
)
STALE = service(deployment(OLD, "COMPLETED", running=2), events=[])


def task(identifier: str, revision: str = NEW, ended: int = 1, **fields: Any) -> Answer:
    exit_code = {"exitCode": fields.pop("exit_code")} if "exit_code" in fields else {}
    reason = {"reason": fields.pop("reason")} if "reason" in fields else {}
    return {
        "taskArn": f"arn:aws:ecs:{ACCOUNT}:task/{CLUSTER}/{identifier}",
        "taskDefinitionArn": revision,
        **({"stoppedAt": ended} if ended else {}),
        "lastStatus": "STOPPED",
        "stopCode": "EssentialContainerExited",
        "stoppedReason": "Essential container in task exited",
        "containers": [{"name": "gateway", **exit_code, **reason}, {"name": "metrics", "exitCode": 143}],
        **fields,
    }


def stopped(*tasks: Answer) -> dict[str, list[Answer]]:
    """The answers about the service's stopped tasks."""
    return {
        "ecs list-tasks": [{"response": {"taskArns": [each["taskArn"] for each in tasks]}}],
        "ecs describe-tasks": [{"response": {"tasks": list(tasks), "failures": []}}],
    }


EXITED = stopped(
    task("old", OLD, 9, exit_code=1), task("first", ended=1, exit_code=3), task("last", ended=2, exit_code=3)
)


@pytest.fixture
def terraform(shell: str, tmp_path: Path) -> Terraform:
    command = SHELLS[shell]
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not on this machine")
    return Terraform(command, tmp_path, SCRIPT, INPUTS)


def expect_failed(outcome: Outcome, *sentences: str) -> None:
    """The script failed, and said these sentences in this order and then its advice."""
    assert outcome.code == 1, outcome.err
    assert outcome.err.splitlines()[-1] == ADVICE
    places = [outcome.err.find(sentence) for sentence in sentences]
    assert -1 not in places, (sentences[places.index(-1)], outcome.err)
    assert places == sorted(places), outcome.err


@every_shell
@both_generations
def test_a_completed_deployment_succeeds_and_shows_its_progress(terraform: Terraform, generation: int) -> None:
    half = service(deployment(NEW, "IN_PROGRESS", running=1), deployment(OLD, "COMPLETED", status="ACTIVE", running=1))
    outcome = terraform.run({"ecs describe-services": [STARTING, STARTING, half, COMPLETED]}, generation)
    assert (outcome.code, outcome.err) == (0, "")
    assert [line.split(" after ")[0] for line in outcome.out.splitlines()] == [
        f"deployment of {SERVICE}: IN_PROGRESS, 0 of 2 tasks are running, 0 have failed",
        f"deployment of {SERVICE}: IN_PROGRESS, 1 of 2 tasks are running, 0 have failed",
        f"deployment of {SERVICE}: COMPLETED, 2 of 2 tasks are running, 0 have failed",
        f"deployment of {SERVICE}: completed",
    ]
    for call in outcome.options("ecs describe-services"):
        assert (call["--cluster"], call["--services"], call["--region"]) == (CLUSTER, SERVICE, "us-west-2")


@every_shell
@both_generations
def test_a_rollback_fails_with_the_reason_the_task_and_its_log(terraform: Terraform, generation: int) -> None:
    lines = [f"line {number} * $HOME" for number in range(1, 31)]
    answers = {
        "ecs describe-services": [STARTING, ROLLED_BACK],
        **EXITED,
        "logs get-log-events": [log(*lines)],
    }
    outcome = terraform.run(answers, generation)
    expect_failed(
        outcome,
        "Last lines of the log:\n  line 11 * $HOME",
        "  line 30 * $HOME",
        f"deployment of {SERVICE} failed: ECS deploys {SERVICE}:7 instead of {SERVICE}:8.",
        "It has rolled the deployment back, or somebody has deployed another revision.",
        ROLLS_BACK,
        BROKEN,
        *EVENTS[:3],
        "Task last stopped: EssentialContainerExited: Essential container in task exited",
        "Container gateway: exit code 3\nContainer metrics: exit code 143",
        f"Running now: 2 of {SERVICE}:7.",
        "Full log: group /ecs/acme-litellm-prod/gateway, stream gateway/gateway/last, region us-west-2.",
    )
    assert EVENTS[3] not in outcome.err
    (read,) = outcome.options("logs get-log-events")
    assert read["--log-stream-name"] == "gateway/gateway/last"
    (listed,) = outcome.options("ecs list-tasks")
    assert (listed["--service-name"], listed["--desired-status"]) == (SERVICE, "STOPPED")


def test_a_rollback_that_has_completed_fails(terraform: Terraform) -> None:
    back = service(deployment(OLD, "COMPLETED", "ECS deployment ecs-svc/7 completed.", running=2))
    outcome = terraform.run({"ecs describe-services": [STARTING, back], **stopped()})
    expect_failed(outcome, f"ECS deploys {SERVICE}:7 instead of {SERVICE}:8.", "ecs-svc/7 completed.", "Running now: 2")
    assert len(outcome.options("ecs describe-services")) == 2


def test_another_revision_fails(terraform: Terraform) -> None:
    other = service(deployment(OTHER, "IN_PROGRESS"), deployment(NEW, "IN_PROGRESS", status="ACTIVE", running=2))
    outcome = terraform.run({"ecs describe-services": [STARTING, other], **stopped()})
    expect_failed(outcome, f"ECS deploys {SERVICE}:9 instead of {SERVICE}:8.", f"Running now: 2 of {SERVICE}:8.")


def test_a_deployment_that_ecs_does_not_show_yet_is_waited_for(terraform: Terraform) -> None:
    outcome = terraform.run({"ecs describe-services": [STALE, STALE, STARTING, COMPLETED]})
    assert (outcome.code, outcome.err) == (0, "")


def test_a_deployment_that_ecs_never_shows_fails(terraform: Terraform) -> None:
    outcome = terraform.run({"ecs describe-services": [STALE], **stopped()})
    expect_failed(outcome, f"ECS deploys {SERVICE}:7 instead of {SERVICE}:8.")
    assert len(outcome.options("ecs describe-services")) == 6


@every_shell
def test_a_failed_deployment_without_a_rollback_says_how_to_start_it_again(terraform: Terraform) -> None:
    why = "CannotPullContainerError: pull image manifest has been retried 5 time(s)"
    never_started = task("only", reason="CannotPull", stopCode="TaskFailedToStart", stoppedReason=why)
    failed = service(deployment(NEW, "FAILED", BROKEN, failed=3))
    answers = {
        "ecs describe-services": [failed],
        **stopped(never_started),
        "logs get-log-events": [NO_STREAM],
    }
    outcome = terraform.run(answers)
    expect_failed(
        outcome,
        f"deployment of {SERVICE} failed: ECS could not start the tasks of {SERVICE}:8, and has ended the deployment.",
        BROKEN,
        f"Task only stopped: TaskFailedToStart: {why}",
        "Container gateway: exit code none, CannotPull",
        "No task of the service is running.",
        f'aws ecs update-service --region "us-west-2" --cluster "{CLUSTER}" --service "{SERVICE}" '
        "--force-new-deployment",
    )
    assert "log stream does not exist" not in outcome.err


def test_a_task_that_a_rollback_stopped_is_not_shown(terraform: Terraform) -> None:
    scaled = "Scaling activity initiated by deployment ecs-svc/8"
    tasks = stopped(task("failed", exit_code=3), task("stopped", ended=2, stoppedReason=scaled, exit_code=0))
    answers = {"ecs describe-services": [ROLLED_BACK], **tasks, "logs get-log-events": [log("boom")]}
    expect_failed(terraform.run(answers), "  boom", "Task failed stopped: ", "Full log: group ")


@pytest.mark.parametrize("tasks", [(), (task("stopping", ended=0), task("old", OLD))], ids=["none", "others"])
def test_a_failure_without_a_stopped_task_says_so(terraform: Terraform, tasks: tuple[Answer, ...]) -> None:
    outcome = terraform.run({"ecs describe-services": [ROLLED_BACK], **stopped(*tasks)})
    expect_failed(
        outcome,
        f"ECS shows no task of {SERVICE}:8 that has failed.",
        f"Running now: 2 of {SERVICE}:7.",
        "The logs are in group /ecs/acme-litellm-prod/gateway, region us-west-2.",
    )
    assert not outcome.options("logs get-log-events")


def test_stopped_tasks_that_cannot_be_read_hide_nothing_else(terraform: Terraform) -> None:
    outcome = terraform.run({"ecs describe-services": [ROLLED_BACK], "ecs list-tasks": [OFFLINE]})
    expect_failed(outcome, "Could not connect", BROKEN, "Its stopped tasks could not be read", "Running now: 2")


def test_a_log_that_cannot_be_read_hides_nothing_else(terraform: Terraform) -> None:
    denied = {"error": ["AccessDeniedException", "is not authorized to perform: logs:GetLogEvents"]}
    outcome = terraform.run({"ecs describe-services": [ROLLED_BACK], **EXITED, "logs get-log-events": [denied]})
    expect_failed(
        outcome,
        "The log is empty or cannot be read.",
        "is not authorized to perform: logs:GetLogEvents",
        BROKEN,
        "Container gateway: exit code 3",
    )


@every_shell
def test_a_deployment_that_takes_too_long_fails_and_continues(terraform: Terraform) -> None:
    answers = {"ecs describe-services": [STARTING], **EXITED, "logs get-log-events": [log("waiting for a lock")]}
    outcome = terraform.run(answers, STEADY_STATE_TIMEOUT_MINUTES="0")
    expect_failed(
        outcome,
        "  waiting for a lock",
        "it was not complete after 0 minutes; its last state was IN_PROGRESS.",
        "ECS continues the deployment. If it needs more time, increase the input steady_state_timeout_minutes.",
        "Task last stopped",
        f"Running now: 2 of {SERVICE}:7.",
    )
    assert {" ".join(call["argv"][:2]) for call in outcome.calls} == {
        *("ecs describe-services", "ecs list-tasks", "ecs describe-tasks", "logs get-log-events"),
    }


def test_failures_to_read_the_service_are_tolerated_for_a_while(terraform: Terraform) -> None:
    outcome = terraform.run({"ecs describe-services": [*[OFFLINE] * 5, STARTING, *[OFFLINE] * 5, COMPLETED]})
    assert outcome.code == 0
    outcome = terraform.run({"ecs describe-services": [OFFLINE]})
    expect_failed(outcome, "its status could not be read 6 times in a row", "ECS may still be working")


@pytest.mark.parametrize(
    ("answer", "seen"),
    [
        ({"response": {"services": [], "failures": [{"reason": "MISSING"}]}}, "MISSING"),
        (service(status="INACTIVE"), "INACTIVE"),
    ],
)
def test_a_service_that_does_not_exist_fails(terraform: Terraform, answer: Answer, seen: str) -> None:
    expect_failed(terraform.run({"ecs describe-services": [answer]}), f"ECS has no active service {SERVICE}: {seen}")


def test_the_role_of_the_one_off_tasks_reads_the_deployment(terraform: Terraform) -> None:
    answers = {
        "sts get-caller-identity": [SOMEBODY],
        "sts assume-role": [LENT],
        "ecs describe-services": [STARTING, COMPLETED],
    }
    outcome = terraform.run(answers, STEADY_STATE_ASSUME_ROLE_ARN=ROLE, AWS_PROFILE="of-the-machine")
    assert (outcome.code, outcome.err) == (0, "")
    for call in outcome.calls[2:]:
        assert call["env"]["AWS_ACCESS_KEY_ID"] == "of-the-role"
    assert outcome.options("sts assume-role")[0]["--role-session-name"] == "terraform-steady-state"


def test_an_interrupted_wait_ends_at_once(terraform: Terraform) -> None:
    # A shell cannot trap what it was started to ignore, as everything is that a script runs with `&`.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    process = terraform.start({"ecs describe-services": [STARTING]}, ONE_SHOT_POLL_SECONDS="20")
    assert process.stdout is not None
    while "IN_PROGRESS" not in process.stdout.readline():
        pass
    os.killpg(process.pid, signal.SIGINT)
    outcome = terraform.finish(process)
    assert outcome.code == 130
    assert "interrupted; ECS continues the deployment." in outcome.err


@every_shell
def test_a_machine_without_the_aws_cli_is_told_what_to_install(terraform: Terraform) -> None:
    tools = terraform.directory / "tools"
    tools.mkdir()
    for tool in (terraform.shell[0], "date", "sed"):
        (tools / tool).symlink_to(shutil.which(tool) or tool)
    expect_failed(terraform.run({}, PATH=str(tools)), "the AWS CLI (aws) is not on the PATH", "Install the AWS CLI")
