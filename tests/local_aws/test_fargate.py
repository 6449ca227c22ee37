"""Tasks of the local ECS: lifecycle, logs, secrets, environment and failures, tested through the API."""

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar
from urllib.request import urlopen
from uuid import uuid4

import pytest

from litellm_aws.local_aws.account import REGION
from litellm_aws.local_aws.container_user import can_change_users
from litellm_aws.local_aws.fargate import NO_CAPACITY
from litellm_aws.local_aws.images import NONROOT, Image
from litellm_aws.local_aws.server import LocalAws
from tests.local_aws.test_supervisor import ends

SECONDS = 30
"""The time that a test waits for a task."""

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
"""The trust policy of the tests' roles."""

COULD_NOT_PULL = (
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
    "unable to retrieve secret from asm: "
)


def allowing(action: str, resource: str) -> str:
    """Returns a policy with one statement."""
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]}
    )


@dataclass(frozen=True)
class Ended:
    """A task that has stopped.

    Attributes:
        task: the task from DescribeTasks.
        log: the log lines of the container `main`.
        logs: the log lines of each container, by name.
    """

    task: dict[str, Any]
    log: list[str]
    logs: dict[str, list[str]]

    def container(self, name: str) -> dict[str, Any]:
        [found] = [each for each in self.task["containers"] if each["name"] == name]
        return dict(found)

    @property
    def exit_code(self) -> int | None:
        code: int | None = self.task["containers"][0].get("exitCode")
        return code

    @property
    def reason(self) -> str:
        assert self.task["stopCode"] == "TaskFailedToStart"
        assert self.exit_code is None
        return str(self.task["stoppedReason"])


def address_of(task: Mapping[str, Any]) -> str:
    """Returns the address of a task from DescribeTasks."""
    [attachment] = task["attachments"]
    return str({each["name"]: each["value"] for each in attachment["details"]}["privateIPv4Address"])


class Place:
    """A cluster, a network, roles and a log group in which a test runs tasks."""

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
        """Creates a secret that the execution role can read, and returns its ARN."""
        arn = str(
            self.client("secretsmanager").create_secret(Name=f"{self.name}-{uuid4().hex[:6]}", SecretString=text)["ARN"]
        )
        if readable:
            self.let_read(arn)
        return arn

    def let_read(self, arn: str) -> None:
        """Allows the execution role to read a secret."""
        self.client("iam").put_role_policy(
            RoleName=f"{self.name}-execution",
            PolicyName=f"read-{uuid4().hex[:6]}",
            PolicyDocument=allowing("secretsmanager:GetSecretValue", arn),
        )

    def task_role(self) -> str:
        """Creates a task role, and returns its ARN."""
        return str(
            self.client("iam").create_role(RoleName=f"{self.name}-task", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
        )

    def image(self, image: Image) -> str:
        """Adds an image, and returns its name."""
        name = f"test/{self.name}:{uuid4().hex[:6]}"
        self.aws.fargate.images[name] = image
        return name

    def container(self, program: str = "", *, name: str = "main", image: str = "", **settings: Any) -> dict[str, Any]:
        """Returns a container definition.

        Args:
            program: a Python program to run, unless `image` is set.
            name: name of the container.
            image: name of the image.
            settings: other settings, such as `essential` or `dependsOn`.
        """
        return {
            "name": name,
            "image": image or self.image(Image(command=[sys.executable, "-u", "-c", program])),
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-group": self.group,
                    "awslogs-region": REGION,
                    "awslogs-stream-prefix": "prefix",
                },
            },
            **settings,
        }

    def start_task(
        self, *containers: Mapping[str, Any], volumes: Sequence[str] = (), role: str | None = None
    ) -> dict[str, Any]:
        """Starts a task, and returns the response of RunTask."""
        definition = self.client("ecs").register_task_definition(
            family=self.name,
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu="256",
            memory="512",
            executionRoleArn=self.execution_role,
            containerDefinitions=containers,
            volumes=[{"name": name} for name in volumes],
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
        """Starts a task with one container, and returns the response of RunTask."""
        container = self.container(
            program,
            image=image,
            environment=[{"name": name, "value": value} for name, value in (environment or {}).items()],
            secrets=[{"name": name, "valueFrom": value} for name, value in (secrets or {}).items()],
        )
        if group:
            container["logConfiguration"]["options"]["awslogs-group"] = group
        return self.start_task(container, role=role)

    def describe(self, arn: str) -> dict[str, Any]:
        [task] = self.client("ecs").describe_tasks(cluster=self.name, tasks=[arn])["tasks"]
        return dict(task)

    def wait(self, arn: str, until: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """Waits until the task meets a condition, and returns the task."""
        deadline = time.monotonic() + SECONDS
        while not until(task := self.describe(arn)):
            assert time.monotonic() < deadline, task
            time.sleep(0.02)
        return task

    def ended(self, arn: str) -> Ended:
        """Waits until a task has stopped."""
        task = self.wait(arn, lambda task: task["lastStatus"] == "STOPPED")
        return Ended(task, self.log(arn), {each["name"]: self.log(arn, each["name"]) for each in task["containers"]})

    def log(self, arn: str, container: str = "main") -> list[str]:
        """Returns the log lines of a container; empty if it has no log stream."""
        logs, stream = self.client("logs"), f"prefix/{container}/{arn.rpartition('/')[2]}"
        if not logs.describe_log_streams(logGroupName=self.group, logStreamNamePrefix=stream)["logStreams"]:
            return []
        events = logs.get_log_events(logGroupName=self.group, logStreamName=stream, startFromHead=True)["events"]
        return [event["message"] for event in events]

    def run(self, program: str = "", **settings: Any) -> Ended:
        """Runs a task with one container until it stops."""
        [task] = self.start(program, **settings)["tasks"]
        return self.ended(task["taskArn"])

    def run_task(self, *containers: Mapping[str, Any], volumes: Sequence[str] = ()) -> Ended:
        """Runs a task with several containers until it stops."""
        [task] = self.start_task(*containers, volumes=volumes)["tasks"]
        return self.ended(task["taskArn"])

    def environment(self, **settings: Any) -> dict[str, str]:
        """Returns the environment of a container."""
        ended = self.run("import json, os; print(json.dumps(dict(os.environ)))", **settings)
        assert ended.exit_code == 0
        return dict(json.loads(ended.log[0]))


@pytest.fixture
def place(local_aws: LocalAws) -> Iterator[Place]:
    place = Place(local_aws)
    yield place
    for arn in place.client("ecs").list_tasks(cluster=place.name)["taskArns"]:
        place.client("ecs").stop_task(cluster=place.name, task=arn)


class TestLifecycle:
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

    def test_its_output_is_in_the_log_stream_of_the_container(self, place: Place) -> None:
        ended = place.run("import sys; print('one'); print(); print('three', file=sys.stderr)")
        # CloudWatch Logs rejects empty messages.
        assert ended.log == ["one", " ", "three"]

    def test_its_output_is_available_while_it_runs(self, place: Place) -> None:
        [task] = place.start("import time; print('early'); time.sleep(60)")["tasks"]
        place.wait(task["taskArn"], lambda _: place.log(task["taskArn"]) == ["early"])
        assert place.describe(task["taskArn"])["lastStatus"] == "RUNNING"

    def test_long_output_arrives_in_order(self, place: Place) -> None:
        assert place.run("for n in range(200): print(n)").log == [str(number) for number in range(200)]

    def test_invalid_utf8_is_replaced(self, place: Place) -> None:
        ended = place.run(r"import sys; sys.stdout.buffer.write(b'a\xff\n')")
        assert ended.exit_code == 0
        assert ended.log == ["a\N{REPLACEMENT CHARACTER}"]

    def test_child_processes_end_with_the_container(self, place: Place) -> None:
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

    def test_its_network_interface_is_deleted(self, place: Place) -> None:
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

    def test_a_stop_reason_is_optional(self, place: Place) -> None:
        [task] = place.start("import time; time.sleep(60)")["tasks"]
        place.wait(task["taskArn"], lambda task: task["lastStatus"] == "RUNNING")
        place.client("ecs").stop_task(cluster=place.name, task=task["taskArn"])
        assert place.ended(task["taskArn"]).task["stoppedReason"] == "Task stopped by user"

    def test_stopping_a_stopped_task_changes_nothing(self, place: Place) -> None:
        ended = place.run("raise SystemExit(3)")
        place.client("ecs").stop_task(cluster=place.name, task=ended.task["taskArn"], reason="too late")
        after = place.describe(ended.task["taskArn"])
        assert after["stopCode"] == "EssentialContainerExited"
        assert after["containers"][0]["exitCode"] == 3

    def test_a_task_that_ignores_sigterm_is_killed(self, place: Place) -> None:
        program = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf'); time.sleep(60)"
        [task] = place.start_task(place.container(program, stopTimeout=1))["tasks"]
        place.wait(task["taskArn"], lambda _: place.log(task["taskArn"]))
        began = time.monotonic()
        place.client("ecs").stop_task(cluster=place.name, task=task["taskArn"])
        ended = place.ended(task["taskArn"])
        assert 1 <= time.monotonic() - began < 10
        assert ended.task["stopCode"] == "UserInitiated"
        assert ended.exit_code == 137  # SIGKILL


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

    def test_permission_for_another_secret_is_not_enough(self, place: Place) -> None:
        place.secret("other")
        arn = place.secret("s", readable=False)
        assert "AccessDeniedException" in place.run(secrets={"S": arn}).reason

    def test_a_missing_secret(self, place: Place) -> None:
        arn = place.secret("s")
        place.client("secretsmanager").delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
        reason = place.run(secrets={"S": arn}).reason
        assert reason.startswith(COULD_NOT_PULL)
        assert arn in reason
        assert "ResourceNotFoundException: Secrets Manager can't find the specified secret." in reason

    def test_a_missing_version_stage(self, place: Place) -> None:
        arn = place.secret("s")
        reason = place.run(secrets={"S": f"{arn}::AWSPREVIOUS:"}).reason
        assert "ResourceNotFoundException" in reason

    def test_a_missing_key(self, place: Place, password: str) -> None:
        reason = place.run(secrets={"S": f"{password}:passwort::"}).reason
        assert reason == f"{COULD_NOT_PULL}retrieved secret from Secrets Manager did not contain json key passwort"

    def test_a_key_of_a_secret_that_is_not_json(self, place: Place) -> None:
        reason = place.run(secrets={"S": f"{place.secret('plain')}:password::"}).reason
        assert reason.endswith("did not contain json key password")


class TestFailedStarts:
    def test_a_missing_log_group(self, place: Place) -> None:
        reason = place.run(group="/ecs/nowhere").reason
        assert reason.startswith("ResourceInitializationError: failed to validate logger args: create stream")
        assert "ResourceNotFoundException: The specified log group does not exist." in reason

    def test_an_execution_role_without_permission_to_log(self, place: Place) -> None:
        place.client("iam").detach_role_policy(
            RoleName=f"{place.name}-execution",
            PolicyArn="arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
        )
        assert "is not authorized to perform: logs:CreateLogStream on resource: " in place.run().reason

    def test_an_unknown_image(self, place: Place) -> None:
        reason = place.run(image="nobody/nothing:1").reason
        assert reason.startswith("CannotPullContainerError: ")
        assert "nobody/nothing:1: not found" in reason

    def test_a_missing_task_role(self, place: Place) -> None:
        role = f"arn:aws:iam::123456789012:role/{place.name}-nowhere"
        assert place.run(role=role).reason.startswith(f"ECS was unable to assume the role '{role}'")

    def test_an_execution_role_that_trusts_another_service(self, place: Place) -> None:
        place.client("iam").update_assume_role_policy(
            RoleName=f"{place.name}-execution", PolicyDocument=TRUST.replace("ecs-tasks", "ec2")
        )
        reason = place.run().reason
        assert f"unable to assume the role '{place.execution_role}'" in reason

    def test_a_failed_task_leaves_no_network_interface(self, place: Place) -> None:
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
    def test_the_environment_of_this_process_is_not_inherited(
        self, place: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
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
        """As on ECS, the credentials are not in the environment, but at an endpoint that the environment names."""
        role = place.task_role()
        seen = place.environment(role=role)
        assert not {name for name in seen if name.startswith(("AWS_ACCESS", "AWS_S"))}
        with urlopen(seen["AWS_CONTAINER_CREDENTIALS_FULL_URI"], timeout=5) as response:
            found = json.load(response)
        session = place.aws.account.sessions[found["AccessKeyId"]]
        assert (found["RoleArn"], session.role_arn) == (role, role)
        assert (found["SecretAccessKey"], found["Token"]) == (session.secret_access_key, session.session_token)
        assert datetime.fromisoformat(found["Expiration"]) > datetime.now(UTC) + timedelta(minutes=15)

    def test_the_aws_sdk_finds_the_credentials_of_the_role(self, place: Place) -> None:
        role = place.task_role()
        program = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
        [arn] = place.run(program, role=role).log
        assert arn.startswith(f"arn:aws:sts::123456789012:assumed-role/{role.rpartition('/')[2]}/")

    def test_two_tasks_of_a_role_have_two_endpoints(self, place: Place) -> None:
        role = place.task_role()
        uris = {place.environment(role=role)["AWS_CONTAINER_CREDENTIALS_FULL_URI"] for _ in range(2)}
        assert len(uris) == 2

    def test_each_task_has_its_own_address_for_its_ports(self, place: Place) -> None:
        serve = (
            "import socket, time; server = socket.create_server(('0.0.0.0', 8123)); print(*server.getsockname());"
            " socket.create_connection(('localhost', 8123)); time.sleep(60)"
        )
        arns = [place.start(serve)["tasks"][0]["taskArn"] for _ in range(2)]
        addresses = []
        for arn in arns:
            place.wait(arn, lambda _, arn=arn: place.log(arn))  # type: ignore[misc]
            address = address_of(place.describe(arn))
            assert place.log(arn) == [f"{address} 8123"]
            addresses.append(address)
        assert len(set(addresses)) == 2

    def test_each_task_has_its_own_home_folder(self, place: Place) -> None:
        program = "import os; print(os.getcwd()); print(os.environ['HOME']); print(os.listdir())"
        first, second = place.run(program).log, place.run(program).log
        assert first[0] == first[1]
        assert first[2] == "[]"
        assert first[0] != second[0]


SLEEP = "import time; print('runs'); time.sleep(60)"


class TestContainers:
    def test_each_container_has_a_log_and_a_status(self, place: Place) -> None:
        ended = place.run_task(
            place.container("import time; print('main'); time.sleep(.5); raise SystemExit(3)"),
            place.container("print('other')", name="other", essential=False),
        )
        assert ended.logs == {"main": ["main"], "other": ["other"]}
        assert ended.task["stopCode"] == "EssentialContainerExited"
        described = {each["name"]: (each["lastStatus"], each["exitCode"]) for each in ended.task["containers"]}
        assert described == {"main": ("STOPPED", 3), "other": ("STOPPED", 0)}
        assert len({each["containerArn"] for each in ended.task["containers"]}) == 2

    def test_a_nonessential_container_may_exit(self, place: Place) -> None:
        [task] = place.start_task(
            place.container(SLEEP), place.container("raise SystemExit(1)", name="other", essential=False)
        )["tasks"]
        arn = task["taskArn"]
        running = place.wait(arn, lambda task: task["containers"][1]["lastStatus"] == "STOPPED")
        assert running["containers"][1]["exitCode"] == 1
        place.wait(arn, lambda task: task["lastStatus"] == "RUNNING")
        assert place.describe(arn)["containers"][0]["lastStatus"] == "RUNNING"

    def test_without_a_log_configuration_it_has_no_stream(self, place: Place) -> None:
        container = place.container("print('unheard')")
        del container["logConfiguration"]
        ended = place.run_task(container)
        assert (ended.exit_code, ended.log) == (0, [])


class TestEntryPoint:
    """Docker's rules for ENTRYPOINT and CMD, as ECS applies them to `entryPoint` and `command`."""

    @pytest.mark.parametrize(
        ("settings", "words"),
        [
            ({}, ["image", "cmd"]),
            ({"command": ["mine"]}, ["image", "mine"]),
            ({"entryPoint": ["echo", "new"]}, ["new"]),
            ({"entryPoint": ["echo", "new"], "command": ["mine"]}, ["new", "mine"]),
        ],
    )
    def test_the_command_line(self, settings: dict[str, Any], words: list[str], place: Place) -> None:
        image = place.image(Image(entry_point=["echo", "image"], command=["cmd"]))
        assert place.run_task(place.container(image=image, **settings)).log == [" ".join(words)]


class TestDependencies:
    def depending(self, place: Place, condition: str, first: str, **settings: Any) -> Ended:
        """Runs a task in which the container `main` depends on `first`."""
        depends = [{"containerName": "first", "condition": condition}]
        return place.run_task(
            place.container("import time; print(time.time())", dependsOn=depends),
            place.container(first, name="first", essential=False, **settings),
        )

    def test_start(self, place: Place) -> None:
        ended = self.depending(place, "START", "import time; time.sleep(60)")
        assert ended.exit_code == 0
        assert ended.container("first")["exitCode"] == 143

    @pytest.mark.parametrize(("condition", "code"), [("SUCCESS", 0), ("COMPLETE", 0), ("COMPLETE", 3)])
    def test_it_starts_after_the_other_has_exited(self, condition: str, code: int, place: Place) -> None:
        program = f"import time; time.sleep(.3); print(time.time()); raise SystemExit({code})"
        ended = self.depending(place, condition, program)
        assert float(ended.logs["first"][0]) < float(ended.log[0])
        assert ended.container("first")["exitCode"] == code
        assert ended.task["stopCode"] == "EssentialContainerExited"

    def test_a_failed_dependency(self, place: Place) -> None:
        ended = self.depending(place, "SUCCESS", "raise SystemExit(3)")
        assert ended.reason == "Task failed to start"
        assert ended.container("first")["exitCode"] == 3
        reason = ended.container("main")["reason"]
        assert reason.startswith("CannotStartContainerError: dependency graph: failed to resolve container ordering")
        assert "Exit: 3" in reason
        assert reason.endswith("as dependency did not exit successfully.")

    def test_a_failed_dependency_of_a_nonessential_container(self, place: Place) -> None:
        depends = [{"containerName": "first", "condition": "SUCCESS"}]
        ended = place.run_task(
            place.container("import time; time.sleep(.5)"),
            place.container("raise SystemExit(3)", name="first", essential=False),
            place.container("print('never')", name="second", essential=False, dependsOn=depends),
        )
        assert ended.task["stopCode"] == "EssentialContainerExited"
        assert ended.logs["second"] == []
        assert "exitCode" not in ended.container("second")

    def test_healthy(self, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(place.aws.fargate, "time_scale", 0.01)
        ended = self.depending(
            place,
            "HEALTHY",
            "import time; time.sleep(.5); print(time.time()); open('well', 'w'); time.sleep(60)",
            healthCheck={"command": ["CMD-SHELL", "test -e well"], "interval": 10, "retries": 10},
        )
        assert float(ended.logs["first"][0]) < float(ended.log[0])
        assert ended.container("first")["healthStatus"] == "HEALTHY"

    def test_without_a_health_check_it_is_never_healthy(self, place: Place) -> None:
        ended = self.depending(place, "HEALTHY", "import time; time.sleep(60)")
        assert ended.reason == "Task failed to start"
        assert ended.container("first")["exitCode"] == 143


class TestHealth:
    CHECK: ClassVar[dict[str, Any]] = {"command": ["CMD", "false"], "interval": 5, "retries": 2}

    @pytest.fixture(autouse=True)
    def fast(self, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(place.aws.fargate, "time_scale", 0.01)

    def test_an_unhealthy_nonessential_container_does_not_affect_the_task(self, place: Place) -> None:
        [task] = place.start_task(
            place.container(SLEEP, healthCheck={**self.CHECK, "command": ["CMD", "true"]}),
            place.container(SLEEP, name="sick", essential=False, healthCheck=self.CHECK),
            place.container(SLEEP, name="unchecked", essential=False),
        )["tasks"]

        def healths(task: dict[str, Any]) -> list[str]:
            return [each["healthStatus"] for each in (*task["containers"], task)]

        place.wait(task["taskArn"], lambda task: healths(task) == ["HEALTHY", "UNHEALTHY", "UNKNOWN", "HEALTHY"])
        assert place.describe(task["taskArn"])["lastStatus"] == "RUNNING"

    def test_failures_in_the_start_period_do_not_count(self, place: Place) -> None:
        [task] = place.start_task(place.container(SLEEP, healthCheck={**self.CHECK, "startPeriod": 300}))["tasks"]
        place.wait(task["taskArn"], lambda task: task["lastStatus"] == "RUNNING")
        time.sleep(0.5)
        assert place.describe(task["taskArn"])["containers"][0]["healthStatus"] == "UNKNOWN"


class TestStopOrder:
    NOTES_ITS_END = """
import signal, sys, time
def end(*_):
    print("begins", time.time())
    time.sleep(.6)
    print("ends", time.time())
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
print("runs")
time.sleep(60)
"""

    def test_a_container_stops_before_what_it_depends_on(self, place: Place) -> None:
        depends = [{"containerName": "last", "condition": "START"}]
        containers = [
            place.container(self.NOTES_ITS_END, name="last", essential=False),
            place.container(self.NOTES_ITS_END, dependsOn=depends),
            place.container(self.NOTES_ITS_END, name="second", essential=False, dependsOn=depends),
        ]
        [task] = place.start_task(*containers)["tasks"]
        arn = task["taskArn"]
        place.wait(arn, lambda _: all(place.log(arn, each["name"]) == ["runs"] for each in containers))
        place.client("ecs").stop_task(cluster=place.name, task=arn)
        ended = place.ended(arn)
        times = {name: [float(line.split()[1]) for line in lines[1:]] for name, lines in ended.logs.items()}
        assert times["last"][0] > max(times["main"][1], times["second"][1])
        assert times["second"][0] < times["main"][1]  # stopped in parallel
        assert {each["exitCode"] for each in ended.task["containers"]} == {0}

    def test_each_is_killed_after_its_own_timeout(self, place: Place) -> None:
        deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf'); time.sleep(60)"
        [task] = place.start_task(
            place.container("import time; time.sleep(1); raise SystemExit(3)"),
            place.container(deaf, name="deaf", essential=False, stopTimeout=1),
            place.container(self.NOTES_ITS_END, name="polite", essential=False, stopTimeout=30),
        )["tasks"]
        began = time.monotonic()
        ended = place.ended(task["taskArn"])
        assert time.monotonic() - began < 10
        assert ended.task["stopCode"] == "EssentialContainerExited"
        assert [each["exitCode"] for each in ended.task["containers"]] == [3, 137, 0]


class TestRestart:
    def runs(self, place: Place, program: str, **policy: Any) -> int:
        """Returns how often a container with a restart policy runs in two seconds."""
        [task] = place.start_task(
            place.container("import time; time.sleep(2)"),
            place.container(
                f"print('runs'); {program}", name="other", essential=False, restartPolicy={"enabled": True, **policy}
            ),
        )["tasks"]
        return len(place.ended(task["taskArn"]).logs["other"])

    @pytest.fixture(autouse=True)
    def fast(self, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(place.aws.fargate, "time_scale", 0.001)

    def test_a_container_that_ran_for_the_period_is_restarted(self, place: Place) -> None:
        assert self.runs(place, "import time; time.sleep(.3)", restartAttemptPeriod=60) >= 2

    def test_a_container_that_exits_earlier_is_not_restarted(self, place: Place) -> None:
        assert self.runs(place, "import time; time.sleep(.1)", restartAttemptPeriod=1800) == 1

    def test_an_ignored_exit_code_prevents_a_restart(self, place: Place) -> None:
        program = "import time; time.sleep(.3); raise SystemExit(7)"
        assert self.runs(place, program, restartAttemptPeriod=60, ignoredExitCodes=[0, 7]) == 1

    def test_no_container_restarts_while_the_task_stops(self, place: Place) -> None:
        program = "import time; print('runs'); time.sleep(1.5)"
        depends = [{"containerName": "other", "condition": "START"}]
        slow = "import signal, time; signal.signal(signal.SIGTERM, lambda *_: time.sleep(2)); time.sleep(1)"
        ended = place.run_task(
            place.container("import time; time.sleep(.8)"),
            place.container(
                program, name="other", essential=False, restartPolicy={"enabled": True, "restartAttemptPeriod": 300}
            ),
            place.container(slow, name="slow", essential=False, dependsOn=depends),
        )
        assert ended.logs["other"] == ["runs"]
        assert ended.container("other")["exitCode"] == 0

    def test_restarting_an_essential_container_does_not_stop_the_task(self, place: Place) -> None:
        program = "import time; print('runs'); time.sleep(.2)"
        policy = {"enabled": True, "restartAttemptPeriod": 60}
        [task] = place.start_task(place.container(program, restartPolicy=policy))["tasks"]
        place.wait(task["taskArn"], lambda _: len(place.log(task["taskArn"])) >= 2)
        place.client("ecs").stop_task(cluster=place.name, task=task["taskArn"])
        assert place.ended(task["taskArn"]).task["stopCode"] == "UserInitiated"


needs_users = pytest.mark.skipif(not can_change_users(), reason="requires root and setpriv to run as other users")


class TestUsers:
    SHOWS = "import os; print(os.getuid(), os.getgid(), os.stat('.').st_uid, os.stat(os.environ['TMPDIR']).st_uid)"

    @needs_users
    @pytest.mark.parametrize(
        ("of_image", "user", "seen"),
        [
            (0, "", "0 0 0 0"),
            (NONROOT, "", "65532 65532 65532 65532"),
            (NONROOT, "0", "0 0 0 0"),
            (NONROOT, "root", "0 0 0 0"),
            (0, "nonroot", "65532 65532 65532 65532"),
            (0, "65532", "65532 65532 65532 65532"),
            (0, "1234:5678", "1234 5678 1234 1234"),
            (0, "1234", "1234 0 1234 1234"),
        ],
    )
    def test_the_user_of_a_container(self, of_image: int, user: str, seen: str, place: Place) -> None:
        image = place.image(Image(command=[sys.executable, "-c", self.SHOWS], user=of_image))
        settings = {"user": user} if user else {}
        assert place.run_task(place.container(image=image, **settings)).log == [seen]

    @needs_users
    def test_another_user_cannot_write_to_a_folder_of_root(self, place: Place, tmp_path: Path) -> None:
        target = tmp_path / "not-its-own"
        program = f"open('mine', 'w'); open('{target}', 'w')"
        image = place.image(Image(command=[sys.executable, "-c", program], user=NONROOT))
        ended = place.run_task(place.container(image=image))
        assert ended.log[-1].startswith("PermissionError")
        assert not target.exists()

    @needs_users
    def test_another_user_can_be_stopped(self, place: Place) -> None:
        image = place.image(Image(command=[sys.executable, "-u", "-c", SLEEP], user=NONROOT))
        [task] = place.start_task(place.container(image=image))["tasks"]
        place.wait(task["taskArn"], lambda _: place.log(task["taskArn"]))
        place.client("ecs").stop_task(cluster=place.name, task=task["taskArn"])
        assert place.ended(task["taskArn"]).exit_code == 143

    def test_an_unknown_user(self, place: Place) -> None:
        ended = place.run_task(place.container("print('never')", user="nobody-knows"))
        assert "unable to find user nobody-knows" in ended.reason


class TestFolders:
    MOUNT: ClassVar[list[dict[str, str]]] = [{"sourceVolume": "shared", "containerPath": "/tmp/shared"}]

    def shell(self, place: Place, script: str, **settings: Any) -> dict[str, Any]:
        """Returns a container that runs a shell script as `nonroot`."""
        image = place.image(Image(user=NONROOT))
        return place.container(image=image, entryPoint=["sh", "-c"], command=[script], **settings)

    def test_a_volume_is_shared(self, place: Place) -> None:
        ended = place.run_task(
            self.shell(
                place,
                "echo hello > /tmp/shared/file",
                name="first",
                essential=False,
                user="0",
                mountPoints=[{"sourceVolume": "shared", "containerPath": "/elsewhere"}, *self.MOUNT],
            ),
            self.shell(
                place,
                'cat "$FOLDER/file"',
                environment=[{"name": "FOLDER", "value": "/mnt/here"}],
                mountPoints=[{"sourceVolume": "shared", "containerPath": "/mnt/here/"}],
                dependsOn=[{"containerName": "first", "condition": "SUCCESS"}],
            ),
            volumes=["shared"],
        )
        assert ended.log == ["hello"]

    @needs_users
    def test_only_root_can_write_to_a_volume(self, place: Place) -> None:
        ended = place.run_task(
            self.shell(place, "stat -c '%u %a' /tmp/shared; touch /tmp/shared/file", mountPoints=self.MOUNT),
            volumes=["shared"],
        )
        assert ended.log[0] == "0 755"
        assert "Permission denied" in ended.log[1]
        assert ended.exit_code == 1

    def test_root_can_make_a_volume_writable(self, place: Place) -> None:
        ended = place.run_task(
            self.shell(place, "chmod 1777 /tmp/shared", name="open", essential=False, user="0", mountPoints=self.MOUNT),
            self.shell(
                place,
                "touch /tmp/shared/file && ls /tmp/shared",
                mountPoints=self.MOUNT,
                dependsOn=[{"containerName": "open", "condition": "SUCCESS"}],
            ),
            volumes=["shared"],
        )
        assert ended.log == ["file"]

    def test_each_task_has_its_own_volumes(self, place: Place) -> None:
        settings = {"user": "0", "mountPoints": self.MOUNT}
        for _ in range(2):
            ended = place.run_task(
                self.shell(place, "ls /tmp/shared; touch /tmp/shared/file", **settings), volumes=["shared"]
            )
            assert ended.log == []

    def test_each_container_has_its_own_tmp_until_the_task_stops(self, place: Place) -> None:
        depends = [{"containerName": "first", "condition": "SUCCESS"}]
        ended = place.run_task(
            self.shell(place, "touch /tmp/first; mktemp", name="first", essential=False),
            self.shell(place, "ls /tmp; stat -c %a /tmp; echo /tmp", dependsOn=depends),
        )
        assert ended.log[0] == "1777"
        tmp = Path(ended.log[1])
        assert tmp != Path("/tmp")
        assert not tmp.exists()
        # mktemp and Python's tempfile use TMPDIR.
        assert ended.logs["first"][0].startswith(str(tmp.parents[1] / "first" / "tmp"))

    def test_files_of_the_image(self, place: Place, tmp_path: Path) -> None:
        (tmp_path / "config.yaml").write_text("of the image\n")
        image = place.image(Image(entry_point=["cat"], command=["/app/config.yaml"], files={"/app": tmp_path}))
        assert place.run_task(place.container(image=image)).log == ["of the image"]
        checked = place.container(image=image, entryPoint=["sh", "-c", "cat /app/config.yaml"])
        assert place.run_task(checked).log == ["of the image"]


class TestImageOfAllComponents:
    def test_it_runs_the_migrations(self, place: Place) -> None:
        ended = place.run_task(place.container(image="ghcr.io/berriai/litellm:v1.110.2", command=["migrations"]))
        assert ended.exit_code == 1
        assert ended.log[-1] == "KeyError: 'DATABASE_HOST'"

    @needs_users
    def test_its_entry_point_can_be_run_by_a_script(self, place: Place) -> None:
        ended = place.run_task(
            place.container(
                image="ghcr.io/berriai/litellm:v1.110.2",
                entryPoint=["sh", "-c"],
                command=["set -eu\npython -c 'print(1)'\nexec /app/docker-entrypoint.sh id -u\n"],
            )
        )
        assert ended.log == ["1", str(NONROOT)]
