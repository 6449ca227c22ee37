"""The script that runs a one-shot task, in every shell at hand, against a stand-in for the AWS CLI."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
MODULE_FILES = ROOT / "src/litellm_aws/constructs/module_files"
SCRIPT = "".join((MODULE_FILES / name).read_text() for name in ("shared_functions.sh", "one_off_task.sh"))
STAND_INS = ROOT / "tests/stand_ins"

SHELLS = {
    "dash": ["dash", "-c"],
    "bash": ["bash", "-euo", "pipefail", "-c"],
    "bash-as-sh": ["bash", "--posix", "-c"],
    "busybox-ash": ["busybox", "ash", "-c"],
}

CLUSTER = "arn:aws:ecs:us-west-2:123456789012:cluster/acme-litellm-prod"
TASK_DEFINITION = "arn:aws:ecs:us-west-2:123456789012:task-definition/acme-litellm-prod-bootstrap-db:1"
TASK_ID = "5c2a1f6e8b7d4f0c9a3e1d2b4c6f8a90"
TASK_ARN = f"arn:aws:ecs:us-west-2:123456789012:task/acme-litellm-prod/{TASK_ID}"
INPUTS = {
    "ONE_SHOT_NAME": "database bootstrap",
    "ONE_SHOT_REGION": "us-west-2",
    "ONE_SHOT_CLUSTER": CLUSTER,
    "ONE_SHOT_TASK_DEFINITION": TASK_DEFINITION,
    "ONE_SHOT_CONTAINER": "psql",
    "ONE_SHOT_SUBNETS": "subnet-0a1b2c3d,subnet-4e5f6a7b",
    "ONE_SHOT_SECURITY_GROUPS": "sg-0c1d2e3f",
    "ONE_SHOT_LOG_GROUP": "/ecs/acme-litellm-prod/bootstrap-db",
    "ONE_SHOT_LOG_STREAM_PREFIX": "bootstrap-db",
    "ONE_SHOT_TIMEOUT_MINUTES": "30",
    "ONE_SHOT_POLL_SECONDS": "0.02",
}
ADVICE = [
    f"Full log: group /ecs/acme-litellm-prod/bootstrap-db, stream bootstrap-db/psql/{TASK_ID}, region us-west-2.",
    "After you fix the cause, `terraform apply` runs the database bootstrap again.",
]
STOP_COMMAND = f'aws ecs stop-task --region "us-west-2" --cluster "{CLUSTER}" --task "{TASK_ARN}"'

Answer = dict[str, Any]
Answers = Mapping[str, Sequence[Answer]]


def container(name: str, **fields: Any) -> Answer:
    return {
        "containerArn": CLUSTER.replace("cluster/", "container/") + f"/{TASK_ID}/{name}",
        "taskArn": TASK_ARN,
        "name": name,
        "networkBindings": [],
        "networkInterfaces": [{"attachmentId": "9d1f", "privateIpv4Address": "10.40.10.17"}],
        "healthStatus": "UNKNOWN",
        "cpu": "0",
        **fields,
    }


def task(status: str, exit_code: int | None = None, reason: str | None = None, **fields: Any) -> Answer:
    """What ECS describes: beside our container there is the agent that GuardDuty adds to Fargate tasks."""
    of_container: Answer = {"lastStatus": status, "image": "postgres:16-alpine"}
    if exit_code is not None:
        of_container["exitCode"] = exit_code
    if reason is not None:
        of_container["reason"] = reason
    described = {
        "attachments": [{"id": "9d1f", "type": "ElasticNetworkInterface", "status": "ATTACHED"}],
        "availabilityZone": "us-west-2a",
        "clusterArn": CLUSTER,
        "containers": [
            container("aws-guardduty-agent-x7Kq", lastStatus=status, exitCode=137),
            container("psql", **of_container),
        ],
        "cpu": "256",
        "createdAt": "2025-03-04T10:11:12.345000+00:00",
        "desiredStatus": "RUNNING",
        "lastStatus": status,
        "launchType": "FARGATE",
        "memory": "512",
        "overrides": {"containerOverrides": [{"name": "psql"}], "inferenceAcceleratorOverrides": []},
        "startedBy": "terraform-one-shot",
        "tags": [],
        "taskArn": TASK_ARN,
        "taskDefinitionArn": TASK_DEFINITION,
        "version": 3,
        **fields,
    }
    return {"response": {"tasks": [described], "failures": []}}


def stopped(exit_code: int, **fields: Any) -> Answer:
    reasons = {"stopCode": "EssentialContainerExited", "stoppedReason": "Essential container in task exited"}
    return task("STOPPED", exit_code, **{**reasons, **fields})


def never_started(stopped_reason: str, reason: str | None = None) -> Answer:
    return task("STOPPED", reason=reason, stopCode="TaskFailedToStart", stoppedReason=stopped_reason)


def no_task(reason: str, **fields: str) -> Answer:
    return {"response": {"tasks": [], "failures": [{"arn": TASK_ARN, "reason": reason, **fields}]}}


def log(*messages: str) -> Answer:
    events = [
        {"timestamp": 1741083072345 + index, "message": message, "ingestionTime": 1741083074001 + index}
        for index, message in enumerate(messages)
    ]
    return {"response": {"events": events, "nextForwardToken": "f/38", "nextBackwardToken": "b/38"}}


NO_STREAM: Answer = {"error": ["ResourceNotFoundException", "The specified log stream does not exist."]}
THROTTLED: Answer = {"error": ["ThrottlingException", "Rate exceeded"]}
OFFLINE: Answer = {"failure": 'Could not connect to the endpoint URL: "https://ecs.us-west-2.amazonaws.com/"'}
STARTED = {"ecs run-task": [task("PROVISIONING")]}


@dataclass(frozen=True)
class Outcome:
    """How a run of the script ended, and the calls of `aws` that it made."""

    code: int
    out: str
    err: str
    calls: list[dict[str, Any]]

    def options(self, command: str) -> list[dict[str, str]]:
        """Return the options of each call of a command, such as "ecs run-task"."""
        argvs = [call["argv"] for call in self.calls]
        return [dict(zip(argv[2::2], argv[3::2], strict=True)) for argv in argvs if " ".join(argv[:2]) == command]

    def failed_with(self, *sentences: str) -> None:
        """Check that the script failed, said these sentences in this order, and ended with its advice."""
        assert self.code == 1, self.err
        assert self.err.splitlines()[-2:] == ADVICE
        places = [self.err.find(sentence) for sentence in sentences]
        assert -1 not in places, (sentences[places.index(-1)], self.err)
        assert places == sorted(places), self.err


@dataclass(frozen=True)
class Terraform:
    """Runs the script as `local-exec` does, with the stand-in as the only `aws`."""

    shell: list[str]
    directory: Path
    script: str = SCRIPT
    inputs: Mapping[str, str] = field(default_factory=lambda: INPUTS)

    def start(self, answers: Answers, generation: int = 2, **env: str) -> subprocess.Popen[str]:
        play = {"generation": generation, "answers": answers}
        (self.directory / "play.json").write_text(json.dumps(play))
        path = os.pathsep.join([str(STAND_INS), str(Path(sys.executable).parent), os.environ["PATH"]])
        return subprocess.Popen(
            [*self.shell, self.script],
            env={"PATH": path, "STAND_IN_AWS": str(self.directory), **self.inputs, **env},
            cwd=self.directory,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def finish(self, process: subprocess.Popen[str]) -> Outcome:
        out, err = process.communicate(timeout=30)
        calls = self.directory / "calls.jsonl"
        lines = calls.read_text().splitlines() if calls.exists() else []
        return Outcome(process.returncode, out, err, [json.loads(line) for line in lines])

    def run(self, answers: Answers, generation: int = 2, **env: str) -> Outcome:
        return self.finish(self.start(answers, generation, **env))


@pytest.fixture
def shell() -> str:
    """The shell of a test that is not parametrized with `every_shell`: what Terraform's `sh` is on most machines."""
    return "dash" if shutil.which("dash") else "bash-as-sh"


every_shell = pytest.mark.parametrize("shell", SHELLS)
"""For what shells may do in different ways: signals, quoting, arithmetic, pipes."""


@pytest.fixture
def terraform(shell: str, tmp_path: Path) -> Terraform:
    command = SHELLS[shell]
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not on this machine")
    return Terraform(command, tmp_path)


both_generations = pytest.mark.parametrize("generation", [1, 2], ids=["cli-v1", "cli-v2"])


@every_shell
@both_generations
def test_a_task_that_exits_with_0_succeeds_and_shows_its_progress(terraform: Terraform, generation: int) -> None:
    life = [task("PROVISIONING"), task("RUNNING"), task("RUNNING"), stopped(0)]
    outcome = terraform.run({**STARTED, "ecs describe-tasks": life}, generation)
    assert (outcome.code, outcome.err) == (0, "")
    started, how_to_stop, *progress, verdict = outcome.out.splitlines()
    assert started == f"database bootstrap: started task {TASK_ARN}"
    assert how_to_stop.endswith(STOP_COMMAND)
    assert [line.split(" after ")[0] for line in progress] == [
        f"database bootstrap: {status}" for status in ("PROVISIONING", "RUNNING", "STOPPED")
    ]
    assert verdict.startswith("database bootstrap: succeeded after ")
    assert all(line.endswith(" s") for line in [*progress, verdict])


def test_the_task_runs_in_the_private_subnets_of_its_own_cluster_and_region(terraform: Terraform) -> None:
    outcome = terraform.run({**STARTED, "ecs describe-tasks": [stopped(0)]})
    (run,) = outcome.options("ecs run-task")
    (describe,) = outcome.options("ecs describe-tasks")
    assert run["--network-configuration"] == (
        "awsvpcConfiguration={subnets=[subnet-0a1b2c3d,subnet-4e5f6a7b],"
        "securityGroups=[sg-0c1d2e3f],assignPublicIp=DISABLED}"
    )
    assert run["--task-definition"] == TASK_DEFINITION
    assert describe["--tasks"] == TASK_ARN
    assert {(call["--cluster"], call["--region"]) for call in (run, describe)} == {(CLUSTER, "us-west-2")}


ROLE = "arn:aws:iam::123456789012:role/deployer"
SOMEBODY: Answer = {"response": {"Arn": "arn:aws:iam::123456789012:user/somebody"}}
LENT: Answer = {
    "response": {
        "Credentials": {
            "AccessKeyId": "of-the-role",
            "SecretAccessKey": "secret/of+the role",
            "SessionToken": "token",
            "Expiration": "2026-01-01T00:00:00Z",
        }
    }
}


@every_shell
@both_generations
def test_a_role_that_is_named_starts_and_watches_the_task(terraform: Terraform, generation: int) -> None:
    outcome = terraform.run(
        {
            **STARTED,
            "sts get-caller-identity": [SOMEBODY],
            "sts assume-role": [LENT],
            "ecs describe-tasks": [task("RUNNING"), stopped(0)],
        },
        generation,
        ONE_SHOT_ASSUME_ROLE_ARN=ROLE,
        AWS_PROFILE="of-the-machine",
    )
    assert (outcome.code, outcome.err) == (0, "")
    asked, assume, *others = outcome.calls
    assert asked["argv"][:2] == ["sts", "get-caller-identity"]
    assert outcome.options("sts assume-role")[0]["--role-arn"] == ROLE
    assert assume["env"]["AWS_PROFILE"] == "of-the-machine"
    lent = {
        "AWS_ACCESS_KEY_ID": "of-the-role",
        "AWS_SECRET_ACCESS_KEY": "secret/of+the role",
        "AWS_SESSION_TOKEN": "token",
    }
    for call in others:
        assert lent.items() <= call["env"].items()
        assert "AWS_PROFILE" not in call["env"]
    assert "secret/of" not in outcome.out


def test_without_a_role_the_credentials_at_hand_are_used(terraform: Terraform) -> None:
    outcome = terraform.run({**STARTED, "ecs describe-tasks": [stopped(0)]}, ONE_SHOT_ASSUME_ROLE_ARN="")
    assert outcome.code == 0
    assert not outcome.options("sts assume-role")


def test_a_role_that_cannot_be_assumed_fails_with_the_words_of_the_cli(terraform: Terraform) -> None:
    refusal = {"error": ["AccessDenied", "is not authorized to perform: sts:AssumeRole"]}
    outcome = terraform.run(
        {"sts get-caller-identity": [SOMEBODY], "sts assume-role": [refusal]}, ONE_SHOT_ASSUME_ROLE_ARN=ROLE
    )
    assert outcome.code == 1
    assert "is not authorized to perform: sts:AssumeRole" in outcome.err
    assert f"database bootstrap failed: the role {ROLE} could not be assumed" in outcome.err
    assert not outcome.options("ecs run-task")


def test_who_has_the_role_already_does_not_assume_it(terraform: Terraform) -> None:
    has = {"response": {"Arn": "arn:aws:sts::123456789012:assumed-role/deployer/session"}}
    outcome = terraform.run(
        {**STARTED, "sts get-caller-identity": [has], "ecs describe-tasks": [stopped(0)]}, ONE_SHOT_ASSUME_ROLE_ARN=ROLE
    )
    assert (outcome.code, outcome.err) == (0, "")
    assert not outcome.options("sts assume-role")


def test_a_role_is_assumed_again_before_its_session_ends(terraform: Terraform) -> None:
    """The clock on the wall jumps by an hour between two looks."""
    (terraform.directory / "bin").mkdir()
    clock = terraform.directory / "bin/date"
    clock.write_text('#!/bin/sh\necho "$(($(cat now) + 1))" > now\nexpr "$(cat now)" \\* 600\n')
    clock.chmod(0o755)
    (terraform.directory / "now").write_text("0\n")
    looks = [task("RUNNING")] * 6
    outcome = terraform.run(
        {
            **STARTED,
            "sts get-caller-identity": [SOMEBODY],
            "sts assume-role": [LENT],
            "ecs describe-tasks": [*looks, stopped(0)],
        },
        ONE_SHOT_ASSUME_ROLE_ARN=ROLE,
        ONE_SHOT_TIMEOUT_MINUTES="2400",
        PATH=os.pathsep.join([str(clock.parent), str(STAND_INS), str(Path(sys.executable).parent), os.environ["PATH"]]),
    )
    assert outcome.code == 0, outcome.err
    assert len(outcome.options("sts assume-role")) > 1


def test_a_task_that_ecs_cannot_place_fails_with_its_reason(terraform: Terraform) -> None:
    outcome = terraform.run({"ecs run-task": [no_task("RESOURCE:MEMORY", detail="0 of 4096 MiB are left")]})
    assert outcome.code == 1
    assert "database bootstrap failed: ECS could not place the task: RESOURCE:MEMORY\n0 of 4096 MiB" in outcome.err
    assert outcome.err.splitlines()[-1] == ADVICE[-1]
    assert len(outcome.calls) == 1


@every_shell
@both_generations
def test_a_refused_call_relays_the_words_of_the_cli(terraform: Terraform, generation: int) -> None:
    refusal = {"error": ["ClusterNotFoundException", "Cluster not found."]}
    outcome = terraform.run({"ecs run-task": [refusal]}, generation)
    assert outcome.code == 1
    assert "(ClusterNotFoundException) when calling the RunTask operation: Cluster not found." in outcome.err
    assert f"The command was for {TASK_DEFINITION} in cluster {CLUSTER}" in outcome.err
    assert "AWS_PROFILE" in outcome.err
    assert outcome.err.splitlines()[-1] == ADVICE[-1]


def test_a_task_that_never_started_fails_with_the_reason_of_ecs(terraform: Terraform) -> None:
    why = (
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval "
        "failed: unable to retrieve secret from asm: service call has been retried 1 time(s): AccessDenied"
    )
    answers = {**STARTED, "ecs describe-tasks": [never_started(why)], "logs get-log-events": [NO_STREAM]}
    outcome = terraform.run(answers)
    outcome.failed_with("before container psql finished: TaskFailedToStart", why)
    assert "log stream does not exist" not in outcome.err


def test_an_image_that_cannot_be_pulled_fails_with_both_reasons(terraform: Terraform) -> None:
    of_task = "CannotPullContainerError: pull image manifest has been retried 5 time(s)"
    of_container = "CannotPullContainerError: failed to resolve ref postgres:16-alpine: not found"
    answers = {
        **STARTED,
        "ecs describe-tasks": [task("PENDING"), never_started(of_task, of_container)],
        "logs get-log-events": [NO_STREAM],
    }
    terraform.run(answers).failed_with("TaskFailedToStart", of_task, of_container)


@every_shell
@both_generations
def test_a_failing_container_shows_its_exit_code_and_the_last_20_lines_of_its_log(
    terraform: Terraform, generation: int
) -> None:
    lines = [f"line {number} of 'psql'\twith * and $HOME" for number in range(1, 31)]
    answers = {**STARTED, "ecs describe-tasks": [stopped(3)], "logs get-log-events": [log(*lines)]}
    outcome = terraform.run(answers, generation)
    outcome.failed_with("Last lines of the log:", "failed: container psql exited with code 3.")
    shown = outcome.err.splitlines()
    assert shown[1:21] == [f"  {line}" for line in lines[10:]]
    (read,) = outcome.options("logs get-log-events")
    assert read["--log-group-name"] == INPUTS["ONE_SHOT_LOG_GROUP"]
    assert read["--log-stream-name"] == f"bootstrap-db/psql/{TASK_ID}"


def test_a_container_that_was_killed_shows_why(terraform: Terraform) -> None:
    why = "OutOfMemoryError: Container killed due to memory usage"
    answers = {
        **STARTED,
        "ecs describe-tasks": [stopped(137, reason=why)],
        "logs get-log-events": [log("GRANT")],
    }
    terraform.run(answers).failed_with("  GRANT", "exited with code 137", why)


@every_shell
def test_a_log_that_arrives_late_is_waited_for(terraform: Terraform) -> None:
    late = [NO_STREAM, log(), log("FATAL: password authentication failed")]
    answers = {**STARTED, "ecs describe-tasks": [stopped(2)], "logs get-log-events": late}
    terraform.run(answers).failed_with("  FATAL: password authentication failed", "exited with code 2")


def test_a_failure_without_a_log_is_still_told_by_its_exit_code(terraform: Terraform) -> None:
    answers = {**STARTED, "ecs describe-tasks": [stopped(1)], "logs get-log-events": [NO_STREAM]}
    terraform.run(answers).failed_with(
        "The log is empty or cannot be read.",
        "The specified log stream does not exist.",
        "exited with code 1",
    )


def test_a_failure_with_an_empty_log_says_so(terraform: Terraform) -> None:
    answers = {**STARTED, "ecs describe-tasks": [stopped(1)], "logs get-log-events": [log()]}
    terraform.run(answers).failed_with("The log is empty or cannot be read.", "exited with code 1")


@every_shell
def test_a_task_that_takes_too_long_is_stopped(terraform: Terraform) -> None:
    answers = {
        **STARTED,
        "ecs describe-tasks": [task("RUNNING")],
        "ecs stop-task": [{"response": {"task": {"taskArn": TASK_ARN, "lastStatus": "RUNNING"}}}],
        "logs get-log-events": [log("waiting for a lock")],
    }
    outcome = terraform.run(answers, ONE_SHOT_TIMEOUT_MINUTES="0")
    outcome.failed_with(
        "  waiting for a lock",
        "did not finish in 0 minutes; its last status was RUNNING",
        "ECS is stopping the task.",
        "increase the input one_shot_timeout_minutes",
    )
    (stop,) = outcome.options("ecs stop-task")
    assert (stop["--cluster"], stop["--task"]) == (CLUSTER, TASK_ARN)
    assert stop["--reason"] == "database bootstrap did not finish in 0 minutes"


def test_a_task_that_cannot_be_stopped_is_left_with_the_command_that_stops_it(terraform: Terraform) -> None:
    answers = {
        **STARTED,
        "ecs describe-tasks": [OFFLINE],
        "ecs stop-task": [OFFLINE],
        "logs get-log-events": [OFFLINE],
    }
    outcome = terraform.run(answers, ONE_SHOT_TIMEOUT_MINUTES="0")
    outcome.failed_with(
        "Could not connect to the endpoint URL",
        "its last status was unknown",
        f"The task could not be stopped and may still be running. To stop it: {STOP_COMMAND}",
    )


def test_the_limit_is_in_minutes_by_the_clock_on_the_wall(terraform: Terraform) -> None:
    tools = terraform.directory / "tools"
    tools.mkdir()
    (tools / "date").write_text('#!/bin/sh\necho tick >>"$0.ticks"\necho $(($(wc -l <"$0.ticks") * 25))\n')
    (tools / "date").chmod(0o755)
    answers = {
        **STARTED,
        "ecs describe-tasks": [task("RUNNING")],
        "ecs stop-task": [{"response": {"task": {"lastStatus": "RUNNING"}}}],
        "logs get-log-events": [NO_STREAM],
    }
    path = os.pathsep.join([str(tools), str(STAND_INS), str(Path(sys.executable).parent), os.environ["PATH"]])
    outcome = terraform.run(answers, PATH=path, ONE_SHOT_TIMEOUT_MINUTES="2")
    outcome.failed_with("did not finish in 2 minutes")
    # The clock is read at the start (25 s), for the only change of status (50 s), and once a poll: the
    # fourth poll reads 150 s, which is more than two minutes after 25 s.
    assert len(outcome.options("ecs describe-tasks")) == 4


@every_shell
def test_failures_to_read_the_status_are_tolerated_for_a_while(terraform: Terraform) -> None:
    life = [THROTTLED, OFFLINE, task("RUNNING"), *[OFFLINE] * 5, stopped(0)]
    outcome = terraform.run({**STARTED, "ecs describe-tasks": life})
    assert outcome.code == 0
    assert "(ThrottlingException) when calling the DescribeTasks operation: Rate exceeded" in outcome.err
    assert outcome.err.count("its status could not be read; trying again") == 7


@every_shell
def test_a_status_that_stays_unreadable_fails_with_the_words_of_the_cli(terraform: Terraform) -> None:
    expired = {"error": ["ExpiredTokenException", "The security token included in the request is expired"]}
    outcome = terraform.run({**STARTED, "ecs describe-tasks": [expired]})
    outcome.failed_with(
        "The security token included in the request is expired",
        "its status could not be read 6 times in a row",
        f"The task may still be running: {TASK_ARN}",
        f"To stop it: {STOP_COMMAND}",
    )


def test_a_task_that_ecs_does_not_know_yet_is_asked_for_again(terraform: Terraform) -> None:
    life = [no_task("MISSING"), no_task("MISSING"), task("PENDING"), stopped(0)]
    assert terraform.run({**STARTED, "ecs describe-tasks": life}).code == 0


def test_a_task_that_ecs_never_comes_to_know_fails(terraform: Terraform) -> None:
    outcome = terraform.run({**STARTED, "ecs describe-tasks": [no_task("MISSING")]})
    outcome.failed_with("ECS did not find the task: MISSING", "6 times in a row")


@every_shell
@pytest.mark.parametrize(
    ("send", "number", "code"),
    [(os.kill, signal.SIGTERM, 143), (os.killpg, signal.SIGINT, 130)],
    ids=["kill", "ctrl-c"],
)
def test_an_interrupted_wait_ends_at_once_and_tells_how_to_stop_the_task(
    terraform: Terraform, send: Callable[[int, int], None], number: int, code: int
) -> None:
    # A shell cannot trap what it was started to ignore, as everything is that a script runs with `&`.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    answers = {**STARTED, "ecs describe-tasks": [task("RUNNING")]}
    process = terraform.start(answers, ONE_SHOT_POLL_SECONDS="3")
    assert process.stdout is not None
    while "RUNNING" not in process.stdout.readline():
        pass
    time.sleep(0.3)  # until it waits for the next poll
    begun = time.monotonic()
    send(process.pid, number)
    outcome = terraform.finish(process)
    assert time.monotonic() - begun < 2
    assert outcome.code == code
    assert f"The task is still running: {TASK_ARN}" in outcome.err
    assert STOP_COMMAND in outcome.err


@every_shell
def test_an_interruption_before_ecs_has_answered_tells_how_to_find_the_task(terraform: Terraform) -> None:
    slow = {**task("PROVISIONING"), "seconds": 0.5}
    process = terraform.start({"ecs run-task": [slow]})
    while not (terraform.directory / "calls.jsonl").exists():
        time.sleep(0.01)
    process.terminate()
    outcome = terraform.finish(process)
    assert outcome.code == 143
    assert f'aws ecs list-tasks --region "us-west-2" --cluster "{CLUSTER}" --started-by' in outcome.err


@every_shell
def test_spaces_quotes_and_globs_survive(terraform: Terraform) -> None:
    odd = 'it\'s a "strange" * $(touch hacked) `touch hacked` \\n {name} ; & |'
    answers = {
        **STARTED,
        "ecs describe-tasks": [task("RUNNING"), never_started(odd)],
        "logs get-log-events": [log(odd)],
    }
    outcome = terraform.run(
        answers,
        ONE_SHOT_NAME=odd,
        ONE_SHOT_CLUSTER=odd,
        ONE_SHOT_LOG_GROUP=odd,
        ONE_SHOT_LOG_STREAM_PREFIX=odd,
    )
    assert outcome.code == 1
    assert f"\n{odd}\n" in outcome.err, "the reason that ECS gave"
    assert f"\n  {odd}\n" in outcome.err, "the line of the log"
    assert outcome.err.splitlines()[-1].endswith(f"runs the {odd} again.")
    (read,) = outcome.options("logs get-log-events")
    assert (read["--log-group-name"], read["--log-stream-name"]) == (odd, f"{odd}/psql/{TASK_ID}")
    assert {call["--cluster"] for call in outcome.options("ecs describe-tasks")} == {odd}
    assert not (terraform.directory / "hacked").exists()


@pytest.mark.parametrize("output", ["json", "yaml"])
def test_the_settings_of_the_user_change_nothing(terraform: Terraform, output: str) -> None:
    outcome = terraform.run(
        {**STARTED, "ecs describe-tasks": [stopped(0)]},
        AWS_PAGER="less",
        AWS_CLI_AUTO_PROMPT="on",
        AWS_DEFAULT_OUTPUT=output,
        AWS_DEFAULT_REGION="eu-central-1",
        AWS_PROFILE="acme",
    )
    assert (outcome.code, outcome.err) == (0, "")
    for call in outcome.calls:
        assert (call["env"]["AWS_PAGER"], call["env"]["AWS_CLI_AUTO_PROMPT"]) == ("", "off")
        assert call["env"]["AWS_PROFILE"] == "acme"


@every_shell
def test_a_machine_without_the_aws_cli_is_told_what_to_install(terraform: Terraform) -> None:
    tools = terraform.directory / "tools"
    tools.mkdir()
    for tool in (terraform.shell[0], "date", "sed"):
        (tools / tool).symlink_to(shutil.which(tool) or tool)
    outcome = terraform.run({}, PATH=str(tools))
    assert outcome.code == 1
    assert "the AWS CLI (aws) is not on the PATH" in outcome.err
    assert "Install the AWS CLI" in outcome.err
    assert outcome.err.splitlines()[-1] == ADVICE[-1]
