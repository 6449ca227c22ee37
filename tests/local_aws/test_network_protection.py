"""The inputs that protect the network and the load balancer, set on a stack that runs, and removed again."""

from collections.abc import Iterator
from typing import Any

import pytest

from litellm_aws.local_aws.server import LocalAws
from tests.local_aws.conftest import PROVIDER, Stack
from tests.plan.conftest import TRIAL
from tests.plan.test_extended import NO_STORES
from tests.plan.test_network_protection import PROTECTED
from tests.terraform import Terraform

BUCKET = "example-logs"
NO_TASKS = {
    f"{service}_{setting}": value
    for service in ("gateway", "backend", "ui")
    for setting, value in (("desired_count", 0), ("autoscaling_enabled", False))
}


@pytest.fixture(scope="module")
def stack(applying: Terraform, local_aws: LocalAws, stacks: Any) -> Iterator[Stack]:
    """A stack without any of the inputs."""
    local_aws.account.client("s3").create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
    )
    stack = Stack(
        applying.root(stacks / "litellm", provider=PROVIDER),
        local_aws,
        {**TRIAL, **NO_STORES, **NO_TASKS, "tenant": "hooli"},
    )
    stack.apply()
    yield stack
    stack.apply(deletion_protection=False)
    stack.root.destroy(stack.inputs)


def attributes(stack: Stack) -> dict[str, str]:
    elbv2 = stack.client("elbv2")
    [balancer] = elbv2.describe_load_balancers(Names=[stack.name])["LoadBalancers"]
    found = elbv2.describe_load_balancer_attributes(LoadBalancerArn=balancer["LoadBalancerArn"])
    return {each["Key"]: each["Value"] for each in found["Attributes"]}


def default_group(stack: Stack) -> dict[str, Any]:
    filters = [
        {"Name": "vpc-id", "Values": [stack.root.outputs()["vpc_id"]]},
        {"Name": "group-name", "Values": ["default"]},
    ]
    [group] = stack.client("ec2").describe_security_groups(Filters=filters)["SecurityGroups"]
    return dict(group)


def test_a_running_stack_is_protected_in_place(stack: Stack) -> None:
    acl = stack.client("wafv2").create_web_acl(
        Name="litellm",
        Scope="REGIONAL",
        DefaultAction={"Allow": {}},
        VisibilityConfig={"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "litellm"},
    )["Summary"]["ARN"]
    boundary = stack.client("iam").create_policy(
        PolicyName="boundary",
        PolicyDocument='{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}',
    )["Policy"]["Arn"]
    before = stack.root.outputs()
    protected = {**PROTECTED, "web_acl_arn": acl, "permissions_boundary_arn": boundary}
    assert set(stack.root.plan({**stack.inputs, **protected}).changes.values()) == {"create", "update"}
    stack.apply(**protected)
    assert stack.changes() == {}
    assert stack.root.outputs() == before

    assert attributes(stack).items() >= {
        ("access_logs.s3.enabled", "true"),
        ("access_logs.s3.bucket", BUCKET),
        ("access_logs.s3.prefix", stack.name),
        ("routing.http.drop_invalid_header_fields.enabled", "true"),
    }
    group = default_group(stack)
    assert (group["IpPermissions"], group["IpPermissionsEgress"]) == ([], [])
    [log] = stack.client("ec2").describe_flow_logs(Filter=[{"Name": "resource-id", "Values": [before["vpc_id"]]}])[
        "FlowLogs"
    ]
    assert log["LogDestination"].endswith(f":log-group:/vpc/{stack.name}")
    role = stack.client("iam").get_role(RoleName=f"{stack.name}-task")["Role"]
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary


def test_a_rule_that_is_added_to_the_default_group_is_removed(stack: Stack) -> None:
    open_to_all = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    stack.client("ec2").authorize_security_group_egress(
        GroupId=default_group(stack)["GroupId"], IpPermissions=[open_to_all]
    )
    assert stack.changes() == {"aws_default_security_group.this[0]": "update"}
    stack.apply()
    assert default_group(stack)["IpPermissionsEgress"] == []


def test_what_is_off_again_is_as_before(stack: Stack) -> None:
    for name in PROTECTED:
        del stack.inputs[name]
    stack.apply(access_logs_bucket="")
    del stack.inputs["access_logs_bucket"]
    assert stack.changes() == {}
    assert attributes(stack).items() >= {
        ("access_logs.s3.enabled", "false"),
        ("routing.http.drop_invalid_header_fields.enabled", "false"),
    }
    # But for this group, as its input says.
    assert default_group(stack)["IpPermissionsEgress"] == []
