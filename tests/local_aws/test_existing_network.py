"""A network that is there already: what the module has to ask AWS about it."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from local_aws.server import LocalAws
from tests.local_aws.conftest import PROVIDER
from tests.plan.conftest import TRIAL
from tests.plan.test_extended import ingress
from tests.terraform import Plan, Root, Terraform

ZONES = ("us-west-2a", "us-west-2b")


@pytest.fixture(scope="module")
def network(local_aws: LocalAws) -> dict[str, Any]:
    """A VPC with a second range, and two subnets of each kind in it, as inputs."""
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


def test_the_proxy_knows_the_ranges_of_the_load_balancers_subnets(root: Root, network: dict[str, Any]) -> None:
    inputs = {**TRIAL, **network, "proxy_config": {"model_list": []}}
    assert ranges(root.plan(inputs)) == ["10.90.0.0/24", "10.90.1.0/24"]
    internal = root.plan({**inputs, "alb_internal": True, "alb_ingress_cidrs": ["10.0.0.0/8"]})
    assert ranges(internal) == ["10.90.2.0/24", "10.90.3.0/24"]


def test_an_internal_load_balancer_is_open_to_the_vpc_alone(root: Root, network: dict[str, Any]) -> None:
    plan = root.plan({**TRIAL, **network, "alb_internal": True})
    reached, _ = ingress(plan, "alb")[443]
    assert sorted(reached) == ["10.90.0.0/16", "10.91.0.0/16"]


def test_what_is_brought_along_is_left_as_it_is(root: Root, network: dict[str, Any], local_aws: LocalAws) -> None:
    """A stack in it comes and goes, and the network is what it was."""
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
        "tenant": "brought",
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
    # Subnets count their free addresses, which interfaces of the stack took for a while.
    assert [str(each).count("brought") for each in after] == [0] * 4
    assert [len(each) for each in after] == [len(each) for each in before]
    assert after[2:] == before[2:]
