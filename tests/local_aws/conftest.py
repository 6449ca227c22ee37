"""Fixtures: a local AWS, Terraform that applies to it, and two applied stacks."""

import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from litellm_aws.local_aws.server import LocalAws, serving
from tests.local_aws.balanced import Balancer, Servers, balancers, servers
from tests.plan.conftest import TRIAL, evaluate, made_up, module_root, terraform
from tests.terraform import NO_ARGUMENTS, Plan, Root, Terraform, TerraformError, TerraformUnavailable, open_terraform

__all__ = ["evaluate", "made_up", "module_root", "terraform"]

PROVIDER = {"s3_use_path_style": True, "max_retries": None, "skip_requesting_account_id": False}
"""Arguments of the AWS provider for a local AWS: moto does not find buckets by host name."""

PROGRAMS = "programs"

USER = "litellm_app"
"""The database user of the tasks."""


class Stack:
    """The module as a root module, applied to the local AWS.

    Attributes:
        root: the root module.
        aws: the local AWS.
        inputs: the inputs of the last apply.
        name: `<tenant>-litellm-<env>`.
        programs: a folder whose programs Terraform's scripts find first.
    """

    def __init__(self, root: Root, aws: LocalAws, inputs: dict[str, Any]) -> None:
        self.root, self.aws, self.inputs = root, aws, inputs
        self.name = f"{inputs['tenant']}-litellm-{inputs['env']}"
        self.programs = root.directory.parents[1] / PROGRAMS

    def apply(self, *arguments: str, **inputs: Any) -> None:
        """Applies with changed inputs, and keeps them."""
        self.inputs.update(inputs)
        self.root.apply(self.inputs, *arguments)

    def failure(self, *arguments: str, **inputs: Any) -> str:
        """Applies with changed inputs without keeping them, and returns the only error."""
        with pytest.raises(TerraformError) as caught:
            self.root.apply({**self.inputs, **inputs}, *arguments)
        [error] = [found for found in caught.value.diagnostics if found.severity == "error"]
        return error.text

    def changes(self) -> dict[str, str]:
        """Returns the changes of a plan."""
        return self.root.plan(self.inputs, refresh=True).changes

    def runs(self) -> dict[str, str]:
        """Returns the IDs of the last runs of the one-off tasks."""
        return runs_of(self.root.plan(self.inputs))

    def client(self, service: str) -> Any:
        return self.aws.account.client(service)

    def sql(self, statement: str) -> str:
        """Runs SQL in LiteLLM's database as the superuser, and returns the result."""
        server = self.aws.databases.server(self.name)
        assert server is not None
        return server.execute(statement, "litellm")

    def logs(self, task: str) -> list[list[str]]:
        """Returns the log lines of all runs of a one-off task, oldest run first."""
        logs, group = self.client("logs"), f"/ecs/{self.name}/{task}"
        streams = logs.describe_log_streams(logGroupName=group)["logStreams"]
        names = [stream["logStreamName"] for stream in sorted(streams, key=lambda stream: stream["creationTime"])]
        runs = [
            logs.get_log_events(logGroupName=group, logStreamName=name, startFromHead=True)["events"] for name in names
        ]
        return [[event["message"] for event in run] for run in runs]

    def start(self, family: str) -> str:
        """Starts a task of the newest revision of a family, and returns its ARN."""
        ecs, words = self.client("ecs"), self.root.outputs()["migration_run_command"].split()
        # Uses the network of the module's output for manual migrations.
        subnets, groups = (part.partition("]")[0].split(",") for part in words[-1].strip("'").split("[")[1:])
        [task] = ecs.run_task(
            cluster=words[words.index("--cluster") + 1],
            taskDefinition=family,
            launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": {"subnets": subnets, "securityGroups": groups}},
        )["tasks"]
        return str(task["taskArn"])

    @contextmanager
    def edited(self, name: str, old: str, new: str) -> Iterator[None]:
        """Replaces text in one of the module's files until the context exits."""
        file = self.root.directory / name
        before = file.read_text(encoding="utf-8")
        assert before.count(old) == 1
        file.write_text(before.replace(old, new), encoding="utf-8")
        try:
            yield
        finally:
            file.write_text(before, encoding="utf-8")


def runs_of(plan: Plan) -> dict[str, str]:
    """Returns the IDs of the last runs of the one-off tasks, which a plan has in its state."""
    return {task: plan.values(f"terraform_data.{task}")["id"] for task in ("bootstrap_db", "migration")}


@pytest.fixture(scope="session")
def local_aws() -> Iterator[LocalAws]:
    with serving() as local_aws:
        yield local_aws


@contextmanager
def opened(
    local_aws: LocalAws, work: Path, cache: Path, credentials: Mapping[str, str] = NO_ARGUMENTS
) -> Iterator[Terraform]:
    """Opens Terraform for the local AWS, as administrator or with other credentials."""
    with ExitStack() as stack:
        try:
            terraform = stack.enter_context(
                open_terraform(
                    work=work,
                    cache=cache,
                    # Poll the one-off tasks every second.
                    environment={**local_aws.account.environment, **credentials, "ONE_SHOT_POLL_SECONDS": "1"},
                    # The one-off tasks use the AWS CLI of the development packages.
                    path=[work / PROGRAMS, Path(sys.executable).parent],
                )
            )
        except TerraformUnavailable as reason:
            pytest.skip(str(reason))
        yield terraform


@pytest.fixture(scope="session")
def applying(
    local_aws: LocalAws, tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[Terraform]:
    """Terraform for the local AWS. Skips the test if Terraform or the AWS provider is missing."""
    cache = pytestconfig.cache.mkdir("terraform-providers")
    with opened(local_aws, tmp_path_factory.mktemp("applied"), cache) as terraform:
        yield terraform


@pytest.fixture(scope="session")
def two_stacks(
    applying: Terraform,
    local_aws: LocalAws,
    stacks: Path,
    tmp_path_factory: pytest.TempPathFactory,
    pytestconfig: pytest.Config,
) -> Iterator[tuple[Stack, Stack]]:
    """The stacks of two tenants, applied in parallel: acme with a configuration and sidecars, globex without."""
    cache = pytestconfig.cache.mkdir("terraform-providers")
    # A running provider serves one configuration at a time, so each stack has its own.
    with opened(local_aws, tmp_path_factory.mktemp("applied"), cache) as other:
        roots = [terraform.root(stacks / "litellm", provider=PROVIDER) for terraform in (applying, other)]
        sidecars = {"gateway_metrics_port": 9464, "collector_enabled": True}
        acme = Stack(roots[0], local_aws, {**TRIAL, "proxy_config": {"model_list": []}, **sidecars})
        globex = Stack(roots[1], local_aws, {**TRIAL, "tenant": "globex"})
        with ThreadPoolExecutor() as threads:
            for applied in [threads.submit(stack.apply) for stack in (acme, globex)]:
                applied.result()
        yield acme, globex


@pytest.fixture(scope="module")
def running(local_aws: LocalAws) -> Iterator[Servers]:
    """Servers that can be targets of load balancers."""
    with servers(local_aws) as running:
        yield running


@pytest.fixture
def new_balancer(local_aws: LocalAws) -> Iterator[Callable[..., Balancer]]:
    """Returns a function that creates a load balancer."""
    with balancers(local_aws) as create:
        yield create
