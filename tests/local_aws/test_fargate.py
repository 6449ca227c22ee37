"""Tasks of the local ECS: their lives, logs, secrets, environments and failures, as a caller sees them."""

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from local_aws.account import REGION
from local_aws.fargate import NO_CAPACITY
from local_aws.images import Image
from local_aws.server import LocalAws
from tests.local_aws.test_leash import ends

SECONDS = 30
"""For which a test waits for a task."""

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
"""Who may have the roles of the tests."""

COULD_NOT_PULL = (
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
    "unable to retrieve secret from asm: "
)


def allowing(action: str, resource: str) -> str:
    """A policy with one statement."""
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]}
    )


@dataclass(frozen=True)
class Ended:
    """A task that has stopped.

    Attributes:
        task: what DescribeTasks says of it.
        log: the lines of its log.
    """

    task: dict[str, Any]
    log: list[str]

    @property
    def exit_code(self) -> int | None:
        code: int | None = self.task["containers"][0].get("exitCode")
        return code

    @property
    def reason(self) -> str:
        assert self.task["stopCode"] == "TaskFailedToStart"
        assert self.exit_code is None
        return str(self.task["stoppedReason"])


class Place:
    """A cluster, a network, roles and a log group of a test's own, in which it runs tasks."""

    def __init__(self, local_aws: LocalAws) -> None:
        self.aws, self.client = local_aws, local_aws.account.client
        self.name = f"test-{uuid4().hex[:12]}"
        self.group = f"/ecs/{self.name}"
        ec2, iam = self.client("ec2"), self.client("iam")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
        self.subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
        self.security_group = ec2.create_security_group(GroupName=self.name, Description="of a test", VpcId=vpc)[
            "GroupId"
        ]
        self.execution_role = iam.create_role(RoleName=f"{self.name}-execution", AssumeRolePolicyDocument=TRUST)[
            "Role"
        ]["Arn"]
        iam.attach_role_policy(
            RoleName=f"{self.name}-execution",
            PolicyArn="arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
        )
        self.client("ecs").create_cluster(clusterName=self.name)
        self.client("logs").create_log_group(logGroupName=self.group)

    def secret(self, text: str, readable: bool = True) -> str:
        """Makes a secret, and lets the execution role read it; returns its ARN."""
        arn = str(
            self.client("secretsmanager").create_secret(Name=f"{self.name}-{uuid4().hex[:6]}", SecretString=text)["ARN"]
        )
        if readable:
            self.let_read(arn)
        return arn

    def let_read(self, arn: str) -> None:
        """Lets the execution role read a secret."""
        self.client("iam").put_role_policy(
            RoleName=f"{self.name}-execution",
            PolicyName=f"read-{uuid4().hex[:6]}",
            PolicyDocument=allowing("secretsmanager:GetSecretValue", arn),
        )

    def task_role(self) -> str:
        """Makes a role for the containers; returns its ARN."""
        return str(
            self.client("iam").create_role(RoleName=f"{self.name}-task", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
        )

    def start(
        self,
        program: str = "",
        *,
        image: str = "",
        environment: Mapping[str, str] | None = None,
        secrets: Mapping[str, str] | None = None,
        role: str | None = None,
        group: str = "",
    ) -> dict[str, Any]:
        """Runs a program in Python, or another image; returns the answer of RunTask."""
        if not image:
            image = f"test/{self.name}:{uuid4().hex[:6]}"
            self.aws.fargate.images[image] = Image(command=[sys.executable, "-u", "-c", program])
        container = {
            "name": "main",
            "image": image,
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-group": group or self.group,
                    "awslogs-region": REGION,
                    "awslogs-stream-prefix": "prefix",
                },
            },
            "environment": [{"name": name, "value": value} for name, value in (environment or {}).items()],
            "secrets": [{"name": name, "valueFrom": value} for name, value in (secrets or {}).items()],
        }
        definition = self.client("ecs").register_task_definition(
            family=self.name,
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu="256",
            memory="512",
            executionRoleArn=self.execution_role,
            containerDefinitions=[container],
            **({"taskRoleArn": role} if role else {}),
        )["taskDefinition"]["taskDefinitionArn"]
        return dict(
            self.client("ecs").run_task(
                cluster=self.name,
                taskDefinition=definition,
                launchType="FARGATE",
                networkConfiguration={
                    "awsvpcConfiguration": {"subnets": [self.subnet], "securityGroups": [self.security_group]}
                },
            )
        )

    def describe(self, arn: str) -> dict[str, Any]:
        [task] = self.client("ecs").describe_tasks(cluster=self.name, tasks=[arn])["tasks"]
        return dict(task)

    def wait(self, arn: str, until: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """Returns the task once it is as it is waited for."""
        deadline = time.monotonic() + SECONDS
        while not until(task := self.describe(arn)):
            assert time.monotonic() < deadline, task
            time.sleep(0.02)
        return task

    def ended(self, arn: str) -> Ended:
        """Waits for the end of a task."""
        task = self.wait(arn, lambda task: task["lastStatus"] == "STOPPED")
        return Ended(task, self.log(arn))

    def log(self, arn: str) -> list[str]:
        """The lines that a task has written, none if it has no stream."""
        logs, stream = self.client("logs"), f"prefix/main/{arn.rpartition('/')[2]}"
        if not logs.describe_log_streams(logGroupName=self.group, logStreamNamePrefix=stream)["logStreams"]:
            return []
        events = logs.get_log_events(logGroupName=self.group, logStreamName=stream, startFromHead=True)["events"]
        return [event["message"] for event in events]

    def run(self, program: str = "", **settings: Any) -> Ended:
        """Runs a task to its end."""
        [task] = self.start(program, **settings)["tasks"]
        return self.ended(task["taskArn"])

    def environment(self, **settings: Any) -> dict[str, str]:
        """The environment that a container sees."""
        ended = self.run("import json, os; print(json.dumps(dict(os.environ)))", **settings)
        assert ended.exit_code == 0
        return dict(json.loads(ended.log[0]))


@pytest.fixture
def place(local_aws: LocalAws) -> Iterator[Place]:
    place = Place(local_aws)
    yield place
    for arn in place.client("ecs").list_tasks(cluster=place.name)["taskArns"]:
        place.client("ecs").stop_task(cluster=place.name, task=arn)


class TestLife:
    def test_a_task_starts_and_stops(self, place: Place) -> None:
        [task] = place.start("import time; print('works'); time.sleep(.3)")["tasks"]
        assert task["lastStatus"] in ("PROVISIONING", "PENDING")
        assert task["desiredStatus"] == "RUNNING"
        assert task["containers"][0].get("exitCode") is None
        running = place.wait(task["taskArn"], lambda task: task["lastStatus"] == "RUNNING")
        assert running["containers"][0]["lastStatus"] == "RUNNING"
        ended = place.ended(task["taskArn"])
        assert ended.exit_code == 0
        assert ended.task["stopCode"] == "EssentialContainerExited"
        assert ended.task["stoppedReason"] == "Essential container in task exited"
        assert ended.task["desiredStatus"] == "STOPPED"
        assert ended.task["stoppedAt"]

    def test_its_exit_code_is_reported(self, place: Place) -> None:
        ended = place.run("raise SystemExit(3)")
        assert ended.exit_code == 3
        assert ended.task["stopCode"] == "EssentialContainerExited"

    def test_its_output_is_in_the_stream_of_the_container(self, place: Place) -> None:
        ended = place.run("import sys; print('one'); print(); print('three', file=sys.stderr)")
        # CloudWatch Logs takes no empty event.
        assert ended.log == ["one", " ", "three"]

    def test_its_output_is_there_while_it_runs(self, place: Place) -> None:
        [task] = place.start("import time; print('early'); time.sleep(60)")["tasks"]
        place.wait(task["taskArn"], lambda _: place.log(task["taskArn"]) == ["early"])
        assert place.describe(task["taskArn"])["lastStatus"] == "RUNNING"

    def test_much_output_arrives_in_order(self, place: Place) -> None:
        assert place.run("for n in range(200): print(n)").log == [str(number) for number in range(200)]

    def test_bytes_that_are_no_text_are_no_obstacle(self, place: Place) -> None:
        ended = place.run(r"import sys; sys.stdout.buffer.write(b'a\xff\n')")
        assert ended.exit_code == 0
        assert ended.log == ["a\N{REPLACEMENT CHARACTER}"]

    def test_what_it_started_ends_with_it(self, place: Place) -> None:
        began = time.monotonic()
        ended = place.run("import subprocess; print(subprocess.Popen(['sleep', '60']).pid)")
        assert ended.exit_code == 0
        assert time.monotonic() - began < 10
        assert ends(int(ended.log[0]))

    def test_two_tasks_run_at_the_same_time(self, place: Place) -> None:
        arns = [place.start("import time; time.sleep(60)")["tasks"][0]["taskArn"] for _ in range(2)]
        for arn in arns:
            place.wait(arn, lambda task: task["lastStatus"] == "RUNNING")
        assert {place.describe(arn)["lastStatus"] for arn in arns} == {"RUNNING"}

    def test_its_network_interface_goes_with_it(self, place: Place) -> None:
        in_subnet = [{"Name": "subnet-id", "Values": [place.subnet]}]

        def interfaces() -> list[str]:
            found = place.client("ec2").describe_network_interfaces(Filters=in_subnet)["NetworkInterfaces"]
            return [interface["NetworkInterfaceId"] for interface in found]

        [task] = place.start("import time; time.sleep(.3)")["tasks"]
        details = {each["name"]: each["value"] for each in task["attachments"][0]["details"]}
        assert interfaces() == [details["networkInterfaceId"]]
        place.ended(task["taskArn"])
        assert interfaces() == []


class TestStop:
    def test_a_hanging_task_is_stopped(self, place: Place) -> None:
        [task] = place.start("import time; print('hangs'); time.sleep(60)")["tasks"]
        arn = task["taskArn"]
        place.wait(arn, lambda _: place.log(arn))
        began = time.monotonic()
        stopped = place.client("ecs").stop_task(cluster=place.name, task=arn, reason="took too long")["task"]
        assert stopped["desiredStatus"] == "STOPPED"
        ended = place.ended(arn)
        assert ended.task["stopCode"] == "UserInitiated"
        assert ended.task["stoppedReason"] == "took too long"
        assert ended.exit_code == 143  # SIGTERM
        assert ended.log == ["hangs"]
        assert time.monotonic() - began < 10

    def test_a_reason_need_not_be_given(self, place: Place) -> None:
        [task] = place.start("import time; time.sleep(60)")["tasks"]
        place.wait(task["taskArn"], lambda task: task["lastStatus"] == "RUNNING")
        place.client("ecs").stop_task(cluster=place.name, task=task["taskArn"])
        assert place.ended(task["taskArn"]).task["stoppedReason"] == "Task stopped by user"

    def test_an_ended_task_stays_as_it_is(self, place: Place) -> None:
        ended = place.run("raise SystemExit(3)")
        place.client("ecs").stop_task(cluster=place.name, task=ended.task["taskArn"], reason="too late")
        after = place.describe(ended.task["taskArn"])
        assert after["stopCode"] == "EssentialContainerExited"
        assert after["containers"][0]["exitCode"] == 3

    def test_one_that_does_not_end_by_itself_is_killed(self, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("local_aws.fargate.STOP_SECONDS", 0.5)
        program = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf'); time.sleep(60)"
        [task] = place.start(program)["tasks"]
        place.wait(task["taskArn"], lambda _: place.log(task["taskArn"]))
        began = time.monotonic()
        place.client("ecs").stop_task(cluster=place.name, task=task["taskArn"])
        ended = place.ended(task["taskArn"])
        assert time.monotonic() - began < 10
        assert ended.task["stopCode"] == "UserInitiated"
        assert ended.exit_code == 137  # SIGKILL, as a container's


class TestSecrets:
    @pytest.fixture
    def password(self, place: Place) -> str:
        return place.secret(json.dumps({"password": "pa'$$ \"w\u00f6rd", "port": 5432}))

    def test_a_whole_secret(self, place: Place, password: str) -> None:
        seen = json.loads(place.environment(secrets={"WHOLE": password})["WHOLE"])
        assert seen == {"password": "pa'$$ \"w\u00f6rd", "port": 5432}

    def test_one_key_of_a_secret(self, place: Place, password: str) -> None:
        seen = place.environment(secrets={"PASSWORD": f"{password}:password::", "PORT": f"{password}:port::"})
        assert (seen["PASSWORD"], seen["PORT"]) == ("pa'$$ \"w\u00f6rd", "5432")

    def test_a_secret_by_stage_and_by_version(self, place: Place) -> None:
        arn = place.secret('{"password": "old"}')
        manager = place.client("secretsmanager")
        old = manager.get_secret_value(SecretId=arn)["VersionId"]
        manager.put_secret_value(SecretId=arn, SecretString='{"password": "new"}')
        seen = place.environment(
            secrets={
                "NOW": f"{arn}:password::",
                "CURRENT": f"{arn}:password:AWSCURRENT:",
                "PREVIOUS": f"{arn}:password:AWSPREVIOUS:",
                "OLD": f"{arn}:password::{old}",
                "WHOLE": f"{arn}:::{old}",
            }
        )
        wanted = {"NOW": "new", "CURRENT": "new", "PREVIOUS": "old", "OLD": "old", "WHOLE": '{"password": "old"}'}
        assert {name: seen[name] for name in wanted} == wanted

    def test_the_execution_role_must_be_allowed_to_read_it(self, place: Place) -> None:
        arn = place.secret("s", readable=False)
        reason = place.run(secrets={"S": arn}).reason
        assert reason.startswith(f"{COULD_NOT_PULL}service call has been retried")
        assert f"{place.name}-execution" in reason
        assert f"is not authorized to perform: secretsmanager:GetSecretValue on resource: {arn}" in reason

    def test_a_permission_for_another_secret_is_none(self, place: Place) -> None:
        place.secret("other")
        arn = place.secret("s", readable=False)
        assert "AccessDeniedException" in place.run(secrets={"S": arn}).reason

    def test_a_secret_that_is_not_there(self, place: Place) -> None:
        arn = place.secret("s")
        place.client("secretsmanager").delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
        reason = place.run(secrets={"S": arn}).reason
        assert reason.startswith(COULD_NOT_PULL)
        assert arn in reason
        assert "ResourceNotFoundException: Secrets Manager can't find the specified secret." in reason

    def test_a_stage_that_is_not_there(self, place: Place) -> None:
        arn = place.secret("s")
        reason = place.run(secrets={"S": f"{arn}::AWSPREVIOUS:"}).reason
        assert "ResourceNotFoundException" in reason

    def test_a_key_that_is_not_in_the_secret(self, place: Place, password: str) -> None:
        reason = place.run(secrets={"S": f"{password}:passwort::"}).reason
        assert reason == f"{COULD_NOT_PULL}retrieved secret from Secrets Manager did not contain json key passwort"

    def test_a_key_of_a_secret_that_is_no_json(self, place: Place) -> None:
        reason = place.run(secrets={"S": f"{place.secret('plain')}:password::"}).reason
        assert reason.endswith("did not contain json key password")


class TestFailedStarts:
    def test_a_missing_log_group(self, place: Place) -> None:
        reason = place.run(group="/ecs/nowhere").reason
        assert reason.startswith("ResourceInitializationError: failed to validate logger args: create stream")
        assert "ResourceNotFoundException: The specified log group does not exist." in reason

    def test_an_execution_role_that_may_not_log(self, place: Place) -> None:
        place.client("iam").detach_role_policy(
            RoleName=f"{place.name}-execution",
            PolicyArn="arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
        )
        assert "is not authorized to perform: logs:CreateLogStream on resource: " in place.run().reason

    def test_an_unknown_image(self, place: Place) -> None:
        reason = place.run(image="nobody/nothing:1").reason
        assert reason.startswith("CannotPullContainerError: ")
        assert "nobody/nothing:1: not found" in reason

    def test_a_task_role_that_is_not_there(self, place: Place) -> None:
        role = f"arn:aws:iam::123456789012:role/{place.name}-nowhere"
        assert place.run(role=role).reason.startswith(f"ECS was unable to assume the role '{role}'")

    def test_an_execution_role_that_trusts_another_service(self, place: Place) -> None:
        place.client("iam").update_assume_role_policy(
            RoleName=f"{place.name}-execution", PolicyDocument=TRUST.replace("ecs-tasks", "ec2")
        )
        reason = place.run().reason
        assert f"unable to assume the role '{place.execution_role}'" in reason

    def test_nothing_is_left_of_it(self, place: Place) -> None:
        place.run(image="nobody/nothing:1")
        in_subnet = [{"Name": "subnet-id", "Values": [place.subnet]}]
        assert place.client("ec2").describe_network_interfaces(Filters=in_subnet)["NetworkInterfaces"] == []

    def test_no_capacity(self, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(place.aws.fargate, "has_capacity", False)
        answer = place.start("print('never')")
        assert answer["tasks"] == []
        assert [failure["reason"] for failure in answer["failures"]] == [NO_CAPACITY]
        monkeypatch.undo()
        assert place.run("print('at last')").log == ["at last"]


class TestEnvironment:
    def test_nothing_of_this_process_gets_in(self, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OF_THE_OPERATOR", "1")
        monkeypatch.setenv("AWS_PROFILE", "operator")
        monkeypatch.setenv("PGPASSWORD", "operator")
        seen = place.environment(environment={"MINE": "a=b c"})
        assert seen["MINE"] == "a=b c"
        assert not {"OF_THE_OPERATOR", "AWS_PROFILE", "PGPASSWORD"} & seen.keys()

    def test_it_has_a_region_and_an_endpoint_but_no_credentials_without_a_role(self, place: Place) -> None:
        seen = place.environment()
        assert {name: value for name, value in seen.items() if name.startswith("AWS_")} == {
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": place.aws.endpoint,
        }

    def test_with_a_role_it_has_the_credentials_of_a_session(self, place: Place) -> None:
        role = place.task_role()
        seen = place.environment(role=role)
        session = place.aws.account.sessions[seen["AWS_ACCESS_KEY_ID"]]
        assert session.role_arn == role
        assert seen["AWS_SECRET_ACCESS_KEY"] == session.secret_access_key
        assert seen["AWS_SESSION_TOKEN"] == session.session_token

    def test_two_tasks_of_a_role_have_two_sessions(self, place: Place) -> None:
        role = place.task_role()
        keys = {place.environment(role=role)["AWS_ACCESS_KEY_ID"] for _ in range(2)}
        assert len(keys) == 2

    def test_its_home_is_a_folder_of_its_own(self, place: Place) -> None:
        program = "import os; print(os.getcwd()); print(os.environ['HOME']); print(os.listdir())"
        first, second = place.run(program).log, place.run(program).log
        assert first[0] == first[1]
        assert first[2] == "[]"
        assert first[0] != second[0]
