"""The policies of a deployer follow from what its requests needed, and IAM takes them."""

import json
import re
from collections.abc import Mapping
from functools import reduce
from operator import or_
from pathlib import Path

import pytest
from botocore import xform_name
from moto.core.utils import get_service_model

from litellm_aws.local_aws.iam.api_calls import Call
from litellm_aws.local_aws.iam.deployer_policy import LIMIT, document, grant_for, size
from litellm_aws.local_aws.iam.policies import Requirement, allows
from litellm_aws.local_aws.iam.requirements import requirements
from litellm_aws.local_aws.iam.service_reference import action, action_of
from tests.local_aws.deployer import POLICIES, Record, generated

SCRIPTS = Path(__file__).parents[2] / "src" / "litellm_aws" / "constructs" / "module_files"
PAGE = POLICIES.with_suffix(".md").read_text(encoding="utf-8")
NAMES = ("network", "data", "tasks", "plan")
STACK = "acme-litellm-prod"


def policy(name: str) -> dict[str, object]:
    return dict(json.loads((POLICIES / f"{name}.json").read_text(encoding="utf-8")))


def actions(*names: str) -> set[str]:
    statements = [statement for name in names for statement in json.loads(json.dumps(policy(name)))["Statement"]]
    found = [statement["Action"] for statement in statements]
    return {each for one in found for each in (one if isinstance(one, list) else [one])}


def test_the_policies_follow_from_the_record(pytestconfig: pytest.Config) -> None:
    wanted = generated(reduce(or_, map(Record.read, ("everything", "examples"))))
    if pytestconfig.getoption("--take-deployer-policy"):
        for file, taken in wanted.items():
            file.write_text(json.dumps(taken, indent=2) + "\n", encoding="utf-8")
    written = {file: json.loads(file.read_text(encoding="utf-8")) for file in wanted}
    assert written == wanted, "run `make deployer-policy` and review the diff"


@pytest.mark.parametrize("name", NAMES)
def test_iam_takes_a_policy(name: str) -> None:
    assert size(policy(name)) <= LIMIT
    for each in actions(name):
        assert action(each).name == each  # AWS has it


def test_the_page_has_the_numbers() -> None:
    deployer, planner = actions("network", "data", "tasks"), actions("plan")
    assert planner <= deployer
    assert not [each for each in planner if not re.match(r"[\w-]+:(Describe|Get|List)", each)]
    assert f"{len(deployer)} actions" in PAGE
    assert f"{len(planner)} actions" in PAGE
    for name in NAMES:
        assert f"| {size(policy(name)):,} |" in PAGE


def test_every_command_of_the_modules_scripts_is_allowed() -> None:
    commands = {
        match.groups()
        for script in SCRIPTS.glob("*.sh")
        for match in re.finditer(r"\bcall ([a-z0-9]+) ([a-z-]+) --", script.read_text(encoding="utf-8"))
    }
    assert {("ecs", "run-task"), ("ecs", "stop-task"), ("logs", "get-log-events")} <= commands
    for service, command in commands - {("sts", "assume-role")}:
        [operation] = [name for name in get_service_model(service).operation_names if xform_name(name, "-") == command]
        needed = action_of(service, operation, {})
        assert needed is None or needed.name in actions("network", "data", "tasks"), command


def test_a_resource_is_told_by_its_name_or_its_tag() -> None:
    tag = {"aws:ResourceTag/litellm:stack": STACK}
    vpc, own = "arn:aws:ec2:us-west-2:123456789012:vpc/vpc-1", f"arn:aws:iam::123456789012:role/{STACK}-task"
    lines = [
        grant_for(needed, STACK).line
        for needed in (
            Requirement("iam:PassRole", own, {"iam:PassedToService": "ecs-tasks.amazonaws.com"}),
            Requirement("ec2:DeleteVpc", vpc, tag),
            Requirement("ec2:CreateSecurityGroup", vpc, {"aws:ResourceTag/litellm:stack": "globex-litellm-prod"}),
            Requirement("ec2:DescribeVpcs", "*"),
        )
    ]
    assert lines == [
        "iam:PassRole arn:aws:iam::ACCOUNT:role/STACK* iam:PassedToService=ecs-tasks.amazonaws.com",
        "ec2:DeleteVpc arn:aws:ec2:REGION:ACCOUNT:vpc/* aws:ResourceTag/litellm:stack=STACK*",
        "ec2:CreateSecurityGroup arn:aws:ec2:REGION:ACCOUNT:vpc/*",
        "ec2:DescribeVpcs *",
    ]


def test_a_grant_without_a_condition_implies_the_one_with_it() -> None:
    arn = "arn:aws:kms:us-west-2:123456789012:key/1"
    needed = [Requirement("kms:Decrypt", arn, context) for context in ({}, {"kms:ViaService": "s3"})]
    [statement] = document(grant_for(each, STACK) for each in needed)["Statement"]
    assert statement == {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "arn:aws:kms:REGION:ACCOUNT:key/*"}


def test_a_grant_for_all_resources_implies_the_one_for_some() -> None:
    needed = [Requirement("ecs:UpdateService", each) for each in ("*", "arn:aws:ecs:us-west-2:123456789012:service/a")]
    [statement] = document(grant_for(each, STACK) for each in needed)["Statement"]
    assert statement == {"Effect": "Allow", "Action": "ecs:UpdateService", "Resource": "*"}


@pytest.mark.parametrize("operation", ["RegisterScalableTarget", "PutScalingPolicy"])
def test_scaling_is_checked_by_requests_without_an_alarm(operation: str) -> None:
    # Application Auto Scaling User Guide, "Permissions validation for Application Auto Scaling API calls".
    service = f"service/{STACK}/{STACK}-ui"
    parameters = {"ServiceNamespace": "ecs", "ResourceId": service, "ScalableDimension": "ecs:service:DesiredCount"}
    needed = requirements(Call("application-autoscaling", operation, parameters, "us-west-2"))
    wanted = {("ecs:UpdateService", f"arn:aws:ecs:us-west-2:123456789012:{service}")}
    wanted |= {(f"cloudwatch:{name}", "*") for name in ("DeleteAlarms", "DescribeAlarms", "PutMetricAlarm")}
    assert wanted <= {(each.action, each.resource) for each in needed}


class TestEvaluation:
    ALLOWED: Mapping[str, object] = {"Effect": "Allow", "Action": "ecs:*", "Resource": "arn:aws:ecs:*:*:service/acme-*"}
    OWN = "arn:aws:ecs:us-west-2:1:service/acme-dev/acme-dev-ui"

    def allowed(self, *statements: Mapping[str, object], resource: str = OWN, **context: str) -> bool:
        return allows([{"Statement": list(statements)}], Requirement("ecs:UpdateService", resource, context))

    def test_action_and_resource_must_match(self) -> None:
        assert self.allowed(self.ALLOWED)
        assert not self.allowed(self.ALLOWED, resource="arn:aws:ecs:us-west-2:1:service/globex-dev/ui")
        assert not self.allowed({**self.ALLOWED, "Action": ["ecs:UpdateServices", "ec2:*"]})
        assert self.allowed({**self.ALLOWED, "Action": "ECS:updateservice"})

    def test_a_denial_wins(self) -> None:
        assert not self.allowed(self.ALLOWED, {**self.ALLOWED, "Effect": "Deny"})

    def test_all_conditions_must_hold(self) -> None:
        tagged = {"StringLike": {"aws:ResourceTag/litellm:stack": ["acme-*"]}, "StringEquals": {"key": "a"}}
        conditional = {**self.ALLOWED, "Condition": tagged}
        assert self.allowed(conditional, **{"aws:ResourceTag/litellm:stack": "acme-dev", "key": "a"})
        assert not self.allowed(conditional, **{"aws:ResourceTag/litellm:stack": "acme-dev", "key": "*"})
        assert not self.allowed(conditional, **{"aws:ResourceTag/litellm:stack": "globex-dev", "key": "a"})
        assert not self.allowed(conditional, key="a")


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "name"),
    [
        ("elbv2", "CreateRule", {}, "elasticloadbalancing:CreateRule"),
        ("s3", "GetBucketEncryption", {}, "s3:GetEncryptionConfiguration"),
        ("s3", "HeadObject", {}, "s3:GetObject"),
        ("s3", "DeleteObject", {"VersionId": "1"}, "s3:DeleteObjectVersion"),
        ("sts", "GetCallerIdentity", {}, None),
    ],
)
def test_an_operation_needs_an_action(
    service: str, operation: str, parameters: dict[str, str], name: str | None
) -> None:
    found = action_of(service, operation, parameters)
    assert (found and found.name) == name


def test_an_unknown_operation_is_an_error() -> None:
    with pytest.raises(LookupError, match="which action s3 MakeCoffee needs"):
        action_of("s3", "MakeCoffee", {})
