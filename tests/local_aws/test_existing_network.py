"""A stack in an existing network, which the module reads from AWS."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from litellm_aws.local_aws.server import LocalAws
from tests.local_aws.conftest import PROVIDER
from tests.plan.conftest import TRIAL
from tests.plan.test_extended import ingress
from tests.plan.test_network_protection import SERVICES, egress
from tests.terraform import Plan, Root, Terraform

ZONES = ("us-west-2a", "us-west-2b")


@pytest.fixture(scope="module")
def network(local_aws: LocalAws) -> dict[str, Any]:
    """Inputs for a VPC with a secondary CIDR block, two public and two private subnets."""
    ec2 = local_aws.account.client("ec2")
    vpc_id = ec2.create_vpc(CidrBlock="10.90.0.0/16")["Vpc"]["VpcId"]
    ec2.associate_vpc_cidr_block(VpcId=vpc_id, CidrBlock="10.91.0.0/16")
    subnets = [
        ec2.create_subnet(VpcId=vpc_id, CidrBlock=f"10.90.{index}.0/24", AvailabilityZone=ZONES[index % 2])
        for index in range(4)
    ]
    ids = [subnet["Subnet"]["SubnetId"] for subnet in subnets]
    return {"azs": [], "vpc_id": vpc_id, "public_subnet_ids": ids[:2], "private_subnet_ids": ids[2:]}


@pytest.fixture(scope="module")
def root(applying: Terraform, stacks: Path) -> Root:
    return applying.root(stacks / "litellm", provider=PROVIDER)


def ranges(plan: Plan) -> list[str]:
    content = plan.values("aws_s3_object.proxy_config[0]")["content"]
    return list(yaml.safe_load(content)["general_settings"]["trusted_proxy_ranges"])


def test_the_proxy_trusts_the_load_balancers_subnets(root: Root, network: dict[str, Any]) -> None:
    inputs = {**TRIAL, **network, "proxy_config": {"model_list": []}}
    assert ranges(root.plan(inputs)) == ["10.90.0.0/24", "10.90.1.0/24"]
    internal = root.plan({**inputs, "alb_internal": True, "alb_ingress_cidrs": ["10.0.0.0/8"]})
    assert ranges(internal) == ["10.90.2.0/24", "10.90.3.0/24"]


def test_an_internal_load_balancer_accepts_traffic_only_from_the_vpc(root: Root, network: dict[str, Any]) -> None:
    plan = root.plan({**TRIAL, **network, "alb_internal": True})
    reached, _ = ingress(plan, "alb")[443]
    assert sorted(reached) == ["10.90.0.0/16", "10.91.0.0/16"]


def test_a_restricted_load_balancer_reaches_the_services_in_the_vpc_only(root: Root, network: dict[str, Any]) -> None:
    plan = root.plan({**TRIAL, **network, "restrict_alb_to_services": True})
    ranges = ["10.90.0.0/16", "10.91.0.0/16"]
    reached = [(protocol, first, last, sorted(cidrs)) for protocol, first, last, cidrs in egress(plan, "alb")]
    assert reached == [("tcp", port, port, ranges) for port in SERVICES]


def test_the_existing_network_is_not_changed(root: Root, network: dict[str, Any], local_aws: LocalAws) -> None:
    """The network is the same before and after a stack is created and destroyed in it."""
    ec2 = local_aws.account.client("ec2")

    def seen() -> list[Any]:
        of_vpc = [{"Name": "vpc-id", "Values": [network["vpc_id"]]}]
        return [
            ec2.describe_vpcs(VpcIds=[network["vpc_id"]])["Vpcs"],
            ec2.describe_subnets(Filters=of_vpc)["Subnets"],
            ec2.describe_route_tables(Filters=of_vpc)["RouteTables"],
            [group["GroupName"] for group in ec2.describe_security_groups(Filters=of_vpc)["SecurityGroups"]],
        ]

    before = seen()
    inputs = {
        **TRIAL,
        **network,
        "tenant": "umbrella",
        "create_database": False,
        "create_redis": False,
        "gateway_metrics_port": 9090,
        "gateway_metrics_scrape_cidrs": ["10.0.0.0/8"],
        "collector_enabled": True,
        "gateway_spot_percentage": 50,
        "deployment_circuit_breaker": True,
        "enable_execute_command": True,
        "health_check_grace_period_seconds": 60,
        "gateway_drain_seconds": 60,
        "bedrock_model_arns": ["arn:aws:bedrock:us-west-2::foundation-model/*"],
        "enable_bedrock_custom_model_import": True,
        "gateway_max_capacity": 1,
    }
    root.apply(inputs)
    assert root.plan(inputs, refresh=True).changes == {}
    root.destroy(inputs)
    after = seen()
    # The numbers of free addresses in the subnets may differ, because the stack's interfaces used some of them.
    assert [str(each).count("umbrella") for each in after] == [0] * 4
    assert [len(each) for each in after] == [len(each) for each in before]
    assert after[2:] == before[2:]
