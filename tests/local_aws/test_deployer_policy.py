"""A role with the policies in docs/deployer-policy deploys the module, and one with less does not."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from litellm_aws.local_aws.iam.deployer_policy import Grant
from litellm_aws.local_aws.iam.policies import Document
from litellm_aws.local_aws.server import LocalAws
from tests.local_aws.deployer import (
    DEPLOYER,
    NO_TASKS,
    RUNNER,
    STATES,
    Record,
    deploy,
    deploying,
    everything,
    examples,
    prepared,
    take,
    written,
)
from tests.plan.conftest import TRIAL

FLEET = Path(__file__).parents[2] / "docs" / "fleet.md"


@pytest.fixture(scope="module")
def existing(local_aws: LocalAws) -> dict[str, Any]:
    return prepared(local_aws)


@pytest.fixture
def runner(local_aws: LocalAws, existing: Mapping[str, Any]) -> Iterator[None]:
    """Enforces what docs/fleet.md lets who runs Terraform do with the state."""
    [text] = re.findall(r"```json\n(\{\n  \"Version\".*?)```", FLEET.read_text(encoding="utf-8"), re.DOTALL)
    state = json.loads(text.replace("my-states", STATES))
    assume = {"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": DEPLOYER}}
    with local_aws.authorization.watching(RUNNER, [state, assume]):
        yield


def changing(record: Record) -> set[Grant]:
    """Returns what a record needs to change something: how often a wait reads differs from run to run."""
    return {grant for grant in record.all if not re.match(r"\w[\w-]*:(Describe|Get|List)", grant.action)}


@pytest.fixture
def module(stacks: Path) -> Path:
    return stacks / "litellm"


def test_a_deployer_applies_changes_plans_and_destroys(
    local_aws: LocalAws,
    module: Path,
    existing: Mapping[str, Any],
    runner: None,
    tmp_path: Path,
    pytestconfig: pytest.Config,
) -> None:
    cache = pytestconfig.cache.mkdir("terraform-providers")
    changes = everything(existing)
    taken = pytestconfig.getoption("--take-deployer-policy")
    policies = None if taken else [written(name) for name in ("network", "data", "tasks")]
    plan = None if taken else [written("plan")]
    with deploying(local_aws, module, tmp_path, cache, changes[0]) as stack:
        record = deploy(stack, changes, policies, plan)
    if taken:
        found = record
        for changes in examples(existing):
            with deploying(local_aws, module, tmp_path, cache, changes[0]) as stack:
                found |= deploy(stack, changes)
            take({"everything": record, "examples": found - record})
    assert changing(record) == changing(Record.read("everything")), "run `make deployer-policy` and review the diff"


@pytest.mark.parametrize(
    ("without", "address"),
    [
        ("ecs:CreateCluster", "aws_ecs_cluster.this"),
        ("secretsmanager:TagResource", "aws_secretsmanager_secret.master_key"),
        ("ec2:CreateTags", "aws_vpc.this[0]"),
    ],
)
def test_without_one_action_an_apply_fails_and_names_it(
    local_aws: LocalAws,
    module: Path,
    existing: Mapping[str, Any],
    tmp_path: Path,
    pytestconfig: pytest.Config,
    without: str,
    address: str,
) -> None:
    cache = pytestconfig.cache.mkdir("terraform-providers")
    policies = [lacking(written(name), without) for name in ("network", "data", "tasks")]
    inputs = {**TRIAL, **NO_TASKS, "tenant": "acme", "env": "test"}
    with (
        deploying(local_aws, module, tmp_path, cache, inputs) as stack,
        local_aws.authorization.watching(DEPLOYER, policies) as watched,
    ):
        failure = stack.failure(f"-target={address}")
        stack.root.destroy(stack.inputs)
    assert f"assumed-role/{DEPLOYER.rpartition('/')[2]}/" in failure
    assert f"is not authorized to perform: {without} on resource: arn:aws:" in failure
    assert f"because no identity-based policy allows the {without} action" in failure
    assert {refused.action for refused in watched.refused} == {without}


def test_a_deployer_cannot_change_another_tenants_stack(
    local_aws: LocalAws, module: Path, existing: Mapping[str, Any], tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    cache = pytestconfig.cache.mkdir("terraform-providers")
    policies = [written(name) for name in ("network", "data", "tasks")]
    inputs = {**TRIAL, **NO_TASKS, "tenant": "globex", "env": "test"}
    for address in ("aws_ecs_cluster.this", "aws_vpc.this[0]", "aws_iam_role.task"):
        with (
            deploying(local_aws, module, tmp_path, cache, inputs) as stack,
            local_aws.authorization.watching(DEPLOYER, policies),
        ):
            assert "is not authorized to perform" in stack.failure(f"-target={address}")


def lacking(policy: Document, action: str) -> Document:
    """Returns a policy without an action."""
    statements = [
        {**statement, "Action": kept}
        for statement in policy["Statement"]
        if (kept := [each for each in as_names(statement["Action"]) if each != action])
    ]
    return {**policy, "Statement": statements}


def as_names(found: Any) -> list[str]:
    return found if isinstance(found, list) else [found]
