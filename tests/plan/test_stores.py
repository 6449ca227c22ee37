"""Cheaper stores: Aurora Serverless v2, no reader, Valkey."""

from typing import Any

import pytest

from tests.plan.conftest import Evaluate
from tests.plan.test_extended import containers, environment
from tests.terraform import Plan

CHEAP: dict[str, Any] = {
    "db_serverless_min_capacity": 0.5,
    "db_serverless_max_capacity": 2,
    "db_reader": False,
    "redis_engine": "valkey",
    "redis_num_replicas": 0,
}
REPLICA = ("DATABASE_HOST_READ_REPLICA", "DATABASE_PORT_READ_REPLICA")


@pytest.fixture(scope="module")
def cheap(evaluate: Evaluate) -> Plan:
    return evaluate(**CHEAP)


@pytest.fixture(scope="module")
def usual(evaluate: Evaluate) -> Plan:
    return evaluate()


def test_a_capacity_makes_the_instances_serverless(evaluate: Evaluate, usual: Plan) -> None:
    planned = evaluate(db_serverless_min_capacity=0, db_serverless_max_capacity=4.5, db_engine_version="16")
    cluster = planned.values("aws_rds_cluster.this")
    # Serverless v2 is a class of instance, and "serverless" the mode of the retired v1.
    assert cluster["engine_mode"] == "provisioned"
    [capacity] = cluster["serverlessv2_scaling_configuration"]
    assert (capacity["min_capacity"], capacity["max_capacity"]) == (0, 4.5)
    assert usual.values("aws_rds_cluster.this")["serverlessv2_scaling_configuration"] == []
    for role in ("writer", "reader"):
        assert planned.values(f"aws_rds_cluster_instance.{role}")["instance_class"] == "db.serverless"


def test_without_a_reader_there_is_one_instance_less_and_all_else_the_same(cheap: Plan, usual: Plan) -> None:
    assert set(usual.addresses) - set(cheap.addresses) == {"aws_rds_cluster_instance.reader[0]"}
    assert set(cheap.addresses) <= set(usual.addresses)
    # Aurora's reader endpoint then leads to the writer.
    assert cheap.outputs["aurora_reader_endpoint"] == "reader.mock"


@pytest.mark.parametrize(("task", "container"), [("gateway", "gateway"), ("backend", "backend"), ("migrations",) * 2])
def test_without_a_reader_the_tasks_open_no_second_pool(cheap: Plan, usual: Plan, task: str, container: str) -> None:
    without, with_reader = (environment(containers(plan, task)[container]) for plan in (cheap, usual))
    assert without == {name: value for name, value in with_reader.items() if name not in REPLICA}
    assert [with_reader[name] for name in REPLICA] == ["reader.mock", "5432"]


def test_valkey_has_its_own_version_and_parameters(cheap: Plan) -> None:
    group = cheap.values("aws_elasticache_replication_group.this")
    assert (group["engine"], group["engine_version"]) == ("valkey", "7.2")
    assert group["parameter_group_name"] == "default.valkey7"
    assert (group["at_rest_encryption_enabled"], group["transit_encryption_enabled"]) == ("true", True)


@pytest.mark.parametrize(
    ("images", "warns"),
    [
        ({}, True),
        ({"litellm_version": "v1.110.2"}, False),
        ({"gateway_image": "registry.example.com/litellm-gateway:arm"}, False),
    ],
)
def test_a_plan_warns_of_default_images_on_arm(plan: Evaluate, images: dict[str, str], warns: bool) -> None:
    warnings = [found.text for found in plan(cpu_architecture="ARM64", **images).warnings]
    assert [text for text in warnings if "are not known to run on ARM64: set litellm_version" in text] == warnings
    assert len(warnings) == warns
