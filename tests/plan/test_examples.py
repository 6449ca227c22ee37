"""Each tenants file under examples/ plans."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.plan.conftest import EXAMPLES
from tests.plan.test_extended import ingress
from tests.terraform import Plan

PROJECT = Path(__file__).parents[2]


def kinds(plan: Plan) -> set[str]:
    return {address.removeprefix("module.litellm.").partition(".")[0] for address in plan.addresses}


def module(plan: Plan) -> Plan:
    """The same plan, with the addresses of the module by itself."""
    return Plan(json.loads(json.dumps(plan.document).replace('"module.litellm.', '"')), plan.warnings)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.parent.name)
def test_an_example_keeps_the_schema_that_it_names(example: Path) -> None:
    schema: dict[str, Any] = json.loads((PROJECT / "tenants.schema.json").read_text())
    assert example.read_text().startswith("# yaml-language-server: $schema=../../tenants.schema.json\n")
    document = yaml.safe_load(example.read_text())
    assert [error.message for error in Draft202012Validator(schema).iter_errors(document)] == []


def test_every_architecture_makes_what_it_needs(examples: dict[str, Plan]) -> None:
    assert {name: plan.counts["create"] for name, plan in examples.items()} == {
        "existing-network-and-stores": 69,
        "private-own-vpc": 82,
        "public-tls": 111,
        "trial": 67,
    }
    assert [plan.warnings for plan in examples.values()] == [()] * 4


def test_nothing_is_created_for_existing_network_and_stores(examples: dict[str, Plan]) -> None:
    made = kinds(examples["existing-network-and-stores"])
    assert not [kind for kind in made if kind.startswith(("aws_vpc", "aws_subnet", "aws_rds", "aws_elasticache"))]


def test_the_private_one_is_closed_to_the_world(examples: dict[str, Plan]) -> None:
    plan = module(examples["private-own-vpc"])
    assert plan.values("aws_lb.this")["internal"] is True
    for group in ("alb", "tasks", "rds", "redis"):
        assert "0.0.0.0/0" not in json.dumps(list(ingress(plan, group).values()))


def test_the_public_one_speaks_tls_by_its_own_name(examples: dict[str, Plan]) -> None:
    plan = examples["public-tls"]
    assert plan.outputs["alb_url"] == "https://llm.example.com"
    assert len([address for address in plan.addresses if ".aws_nat_gateway." in address]) == 3


def test_the_trial_has_no_nat_gateway_and_no_store(examples: dict[str, Plan]) -> None:
    made = kinds(examples["trial"])
    assert not made & {"aws_nat_gateway", "aws_eip", "aws_rds_cluster", "aws_elasticache_replication_group"}
