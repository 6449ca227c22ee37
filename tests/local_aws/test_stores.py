"""A stack with the cheapest stores: Aurora Serverless v2 that may pause, no reader, one node of Valkey."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from litellm_aws.local_aws.server import LocalAws
from tests.local_aws.conftest import PROVIDER, USER, Stack
from tests.plan.conftest import TRIAL
from tests.plan.test_stores import CHEAP
from tests.terraform import Terraform

NAME = "hooli-litellm-dev"
CACHE = "aws_elasticache_replication_group.this[0]"


@pytest.fixture(scope="module")
def stack(applying: Terraform, local_aws: LocalAws, stacks: Path) -> Iterator[Stack]:
    inputs = {**TRIAL, "tenant": "hooli", **CHEAP, "db_serverless_min_capacity": 0}
    # No images of the services are here.
    for service in ("gateway", "backend", "ui"):
        inputs |= {f"{service}_autoscaling_enabled": False, f"{service}_desired_count": 0}
    stack = Stack(applying.root(stacks / "litellm", provider=PROVIDER), local_aws, inputs)
    stack.apply()
    yield stack
    stack.root.destroy(stack.inputs)


def test_a_second_plan_changes_nothing(stack: Stack) -> None:
    assert stack.changes() == {}


def test_aws_has_what_was_asked_for(stack: Stack) -> None:
    rds, cache = stack.client("rds"), stack.client("elasticache")
    [cluster] = rds.describe_db_clusters(DBClusterIdentifier=NAME)["DBClusters"]
    assert cluster["ServerlessV2ScalingConfiguration"] == {"MinCapacity": 0.0, "MaxCapacity": 2.0}
    instances = rds.describe_db_instances(Filters=[{"Name": "db-cluster-id", "Values": [NAME]}])["DBInstances"]
    assert [(found["DBInstanceIdentifier"], found["DBInstanceClass"]) for found in instances] == [
        (f"{NAME}-writer", "db.serverless")
    ]
    [group] = cache.describe_replication_groups(ReplicationGroupId=f"{NAME}-redis")["ReplicationGroups"]
    assert (group["Engine"], len(group["MemberClusters"])) == ("valkey", 1)


def test_the_one_off_tasks_ran_against_the_only_instance(stack: Stack) -> None:
    assert stack.sql(f"SELECT pg_has_role('{USER}', 'rds_iam', 'member')") == "t"
    assert stack.logs("migrations")[-1][0].startswith("Applied ")


def test_a_reader_is_added_and_the_capacity_changed_in_place(stack: Stack) -> None:
    changes = stack.root.plan(
        {**stack.inputs, "db_reader": True, "db_serverless_max_capacity": 8}, refresh=True
    ).changes
    assert changes.pop("aws_rds_cluster_instance.reader[0]") == "create"
    assert changes.pop("aws_rds_cluster.this[0]") == "update"
    assert not {address for address in changes if address.startswith(("aws_rds", "aws_elasticache"))}


def test_valkey_is_replaced_on_the_way_back_to_redis(stack: Stack) -> None:
    assert stack.root.plan({**stack.inputs, "redis_engine": "redis"}, refresh=True).changes[CACHE] == "replace"
