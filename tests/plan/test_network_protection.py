"""The inputs that protect the network and the load balancer: what each changes in a plan, and the plan without them."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.plan.conftest import ACCOUNT, Evaluate
from tests.plan.test_extended import VPC, statements
from tests.terraform import Plan
from tests.unit.rule_cases import WEB_ACL

BOUNDARY = f"arn:aws:iam::{ACCOUNT.partition(':')[2]}:policy/boundary"
PROTECTED: Mapping[str, Any] = {
    "map_public_ip_on_launch": False,
    "restrict_default_security_group": True,
    "flow_logs_enabled": True,
    "permissions_boundary_arn": BOUNDARY,
    "restrict_alb_to_services": True,
    "restrict_task_egress": True,
    "web_acl_arn": WEB_ACL,
    "access_logs_bucket": "example-logs",
    "drop_invalid_header_fields": True,
}
"""All of them."""
EVERYTHING = [("-1", 0, 0, ["0.0.0.0/0"])]
SERVICES = (3000, 4000, 4001)


@pytest.fixture(scope="module")
def plain(evaluate: Evaluate) -> Plan:
    return evaluate()


@pytest.fixture(scope="module")
def protected(evaluate: Evaluate) -> Plan:
    return evaluate(**PROTECTED, enable_bedrock_custom_model_import=True)


def egress(plan: Plan, group: str) -> list[tuple[str, int, int, list[str]]]:
    rules = plan.values(f"aws_security_group.{group}")["egress"]
    return sorted((rule["protocol"], rule["from_port"], rule["to_port"], rule["cidr_blocks"]) for rule in rules)


def ports(plan: Plan, group: str) -> list[tuple[int, int]]:
    rules = plan.values(f"aws_security_group.{group}")["ingress"]
    return sorted((rule["from_port"], rule["to_port"]) for rule in rules)


def test_they_add_their_own_resources_only(plain: Plan, protected: Plan) -> None:
    assert set(plain.addresses) <= set(protected.addresses)
    assert set(protected.addresses) - set(plain.addresses) == {
        "aws_cloudwatch_log_group.flow_logs[0]",
        "aws_default_security_group.this[0]",
        "aws_flow_log.this[0]",
        "aws_iam_policy.flow_logs[0]",
        "aws_iam_role.flow_logs[0]",
        "aws_iam_role_policy_attachment.flow_logs[0]",
        "aws_wafv2_web_acl_association.this[0]",
        # Of enable_bedrock_custom_model_import.
        "aws_iam_policy.bedrock_model_import[0]",
        "aws_iam_role.bedrock_model_import[0]",
        "aws_iam_role_policy_attachment.bedrock_model_import[0]",
    }


def test_the_load_balancer_is_protected(protected: Plan, default: Plan) -> None:
    balancer = protected.values("aws_lb.this")
    assert balancer["access_logs"] == [{"bucket": "example-logs", "enabled": True, "prefix": "acme-litellm-dev"}]
    assert balancer["drop_invalid_header_fields"] is True
    association = protected.values("aws_wafv2_web_acl_association.this")
    assert association["web_acl_arn"] == WEB_ACL
    assert association["resource_arn"] == f"arn:aws:mock:{ACCOUNT}:mock:aws_lb.this"
    balancer = default.values("aws_lb.this")
    assert balancer["access_logs"] == []
    assert balancer["drop_invalid_header_fields"] is False


def test_the_load_balancer_reaches_the_services_only(protected: Plan, default: Plan) -> None:
    assert egress(protected, "alb") == [("tcp", port, port, ["10.40.0.0/16"]) for port in SERVICES]
    assert egress(default, "alb") == EVERYTHING


def test_the_tasks_accept_the_load_balancer_on_their_ports_only(default: Plan) -> None:
    assert ports(default, "tasks") == [(port, port) for port in SERVICES]


def test_the_tasks_reach_the_vpc_and_https_only(protected: Plan, default: Plan) -> None:
    assert egress(protected, "tasks") == [("-1", 0, 0, ["10.40.0.0/16"]), ("tcp", 443, 443, ["0.0.0.0/0"])]
    assert egress(default, "tasks") == EVERYTHING


def test_the_restricted_load_balancer_leaves_the_metrics_to_the_scrapers(plan: Evaluate) -> None:
    scraped = {"gateway_metrics_port": 9090, "gateway_metrics_scrape_cidrs": ["10.0.0.0/8"]}
    restricted = plan(restrict_alb_to_services=True, **scraped)
    assert ports(restricted, "tasks") == [(port, port) for port in (*SERVICES, 9090)]
    [metrics] = [rule for rule in restricted.values("aws_security_group.tasks")["ingress"] if rule["from_port"] == 9090]
    assert (metrics["cidr_blocks"], metrics["security_groups"]) == (["10.0.0.0/8"], [])


def test_port_80_may_be_closed(plan: Evaluate, default: Plan) -> None:
    certificate = f"arn:aws:acm:{ACCOUNT}:certificate/1"
    closed = plan(acm_certificate_arn=certificate, allow_plaintext_alb=False, alb_http_redirect=False)
    assert ports(closed, "alb") == [(443, 443)]
    assert ports(default, "alb") == [(80, 80), (443, 443)]


def test_the_flow_log_covers_all_traffic_of_the_vpc(protected: Plan) -> None:
    log = protected.values("aws_flow_log.this")
    assert (log["traffic_type"], log["vpc_id"]) == ("ALL", protected.outputs["vpc_id"])
    group = protected.values("aws_cloudwatch_log_group.flow_logs")
    assert (group["name"], group["retention_in_days"]) == ("/vpc/acme-litellm-dev", 30)
    arn = f"arn:aws:mock:{ACCOUNT}:mock:aws_cloudwatch_log_group.flow_logs"
    assert log["log_destination"] == arn
    assert log["iam_role_arn"] == f"arn:aws:mock:{ACCOUNT}:mock:aws_iam_role.flow_logs"
    writing, listing = statements(protected, "flow_logs")
    assert writing["Resource"] == [f"{arn}:*"]
    assert {"logs:CreateLogStream", "logs:PutLogEvents"} <= set(writing["Action"])
    assert listing["Action"] == ["logs:DescribeLogGroups"]


def test_only_flow_logs_of_the_account_assume_the_role(protected: Plan) -> None:
    """VPC User Guide, "Publish flow logs to CloudWatch Logs": the trust policy and its conditions."""
    [trust] = json.loads(protected.values("aws_iam_role.flow_logs")["assume_role_policy"])["Statement"]
    assert trust["Principal"] == {"Service": ["vpc-flow-logs.amazonaws.com"]}
    assert trust["Condition"] == {
        "StringEquals": {"aws:SourceAccount": ["111122223333"]},
        "ArnLike": {"aws:SourceArn": [f"arn:aws:ec2:{ACCOUNT}:vpc-flow-log/*"]},
    }


def test_the_default_security_group_has_no_rules(protected: Plan) -> None:
    group = protected.values("aws_default_security_group.this")
    assert (group["ingress"], group["egress"]) == ([], [])
    assert group["vpc_id"] == protected.outputs["vpc_id"]


def test_no_subnet_gives_public_addresses(protected: Plan, default: Plan) -> None:
    subnets = [address for address in default.addresses if address.startswith("aws_subnet.")]
    assert not any(protected.values(subnet)["map_public_ip_on_launch"] for subnet in subnets)
    assert default.values("aws_subnet.public[0]")["map_public_ip_on_launch"] is True


def test_every_role_has_the_permissions_boundary(protected: Plan, default: Plan) -> None:
    roles = [address for address in protected.addresses if address.startswith("aws_iam_role.")]
    assert len(roles) == 5
    assert {protected.values(role)["permissions_boundary"] for role in roles} == {BOUNDARY}
    assert default.values("aws_iam_role.task")["permissions_boundary"] is None


@pytest.mark.parametrize(
    ("input_", "value"),
    [("map_public_ip_on_launch", False), ("restrict_default_security_group", True), ("flow_logs_enabled", True)],
)
def test_an_existing_vpc_is_left_alone(refusal: Callable[..., str], input_: str, value: bool) -> None:
    assert f"{input_} applies to the managed VPC" in refusal(**VPC, **{input_: value})


def test_the_web_acl_is_one_of_the_stacks_region(refusal: Callable[..., str]) -> None:
    acl = WEB_ACL.replace("us-west-2", "us-east-1")
    assert "web_acl_arn must be a web ACL of the stack's region" in refusal(web_acl_arn=acl)
