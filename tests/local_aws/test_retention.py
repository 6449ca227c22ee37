"""Protects a production stack against its deletion, destroys it on purpose, and restores its database.

The tests share one stack and run in this order.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from litellm_aws.local_aws.server import LocalAws
from tests.local_aws.conftest import PROVIDER, USER, Stack
from tests.plan.conftest import TRIAL
from tests.terraform import Terraform, TerraformError

NAME = "acme-litellm-prod"
FINAL_SNAPSHOT = f"{NAME}-final-{hashlib.md5(NAME.encode(), usedforsecurity=False).hexdigest()[:8]}"


@pytest.fixture(scope="module")
def stack(applying: Terraform, local_aws: LocalAws, stacks: Path) -> Stack:
    stack = Stack(applying.root(stacks / "litellm", provider=PROVIDER), local_aws, {**TRIAL, "env": "prod"})
    stack.apply()
    stack.sql("CREATE TABLE kept AS SELECT 42 AS id")
    return stack


def resources(stack: Stack) -> list[tuple[Any, ...]]:
    """Returns the resources in the state, with their IDs."""
    state = json.loads((stack.root.directory / "terraform.tfstate").read_text())
    return sorted(
        (resource["type"], resource["name"], instance.get("index_key"), instance["attributes"]["id"])
        for resource in state["resources"]
        if resource["mode"] == "managed"
        for instance in resource["instances"]
    )


def expect_untouched(stack: Stack, before: list[tuple[Any, ...]]) -> None:
    assert resources(stack) == before
    instances = stack.client("rds").describe_db_instances()["DBInstances"]
    assert len([found for found in instances if found["DBClusterIdentifier"] == NAME]) == 2
    assert stack.sql("SELECT id FROM kept") == "42"


def test_aurora_and_the_load_balancer_refuse_to_be_deleted(stack: Stack) -> None:
    [cluster] = stack.client("rds").describe_db_clusters(DBClusterIdentifier=NAME)["DBClusters"]
    assert cluster["DeletionProtection"] is True
    elb = stack.client("elbv2")
    with pytest.raises(elb.exceptions.OperationNotPermittedException, match="deletion protection is enabled"):
        elb.delete_load_balancer(LoadBalancerArn=stack.root.outputs()["alb_arn"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("db_name", "other"),
        ("db_master_username", "chief"),
        ("create_database", False),
        ("vpc_cidr", "10.50.0.0/16"),
        ("snapshot_identifier", "other"),
    ],
)
def test_a_plan_that_would_replace_the_database_is_refused(stack: Stack, name: str, value: Any) -> None:
    before = resources(stack)
    refusal = stack.failure(**{name: value})
    assert f"The database is protected from a change of {name}: undo it, or first apply" in refusal
    expect_untouched(stack, before)


def test_a_destroy_is_refused_before_anything_is_deleted(stack: Stack) -> None:
    before = resources(stack)
    with pytest.raises(TerraformError, match="The stack is protected, and was not deleted"):
        stack.root.destroy(stack.inputs)
    expect_untouched(stack, before)


@pytest.mark.parametrize("lifted", ["allow_data_loss", "production"])
def test_one_apply_cannot_lift_the_protection_and_replace_the_database(stack: Stack, lifted: str) -> None:
    """The inputs are those of one commit. The protection that counts is that of the last apply."""
    before = {found for found in resources(stack) if found[0].startswith(("aws_rds", "aws_vpc", "aws_subnet"))}
    inputs = {lifted: lifted == "allow_data_loss", "db_name": "other"}
    with pytest.raises(TerraformError, match="The stack is protected, and was not deleted"):
        stack.root.apply({**stack.inputs, **inputs})
    assert before <= set(resources(stack))
    assert stack.sql("SELECT id FROM kept") == "42"
    stack.apply()


def test_a_stack_is_destroyed_in_two_steps(stack: Stack) -> None:
    planned = stack.root.plan({**stack.inputs, "deletion_protection": False}, refresh=True)
    assert planned.changes == {
        "aws_rds_cluster.this[0]": "update",
        "aws_lb.this": "update",
        "terraform_data.database_identity": "replace",
        "terraform_data.deletion_protection": "update",
    }
    stack.apply(deletion_protection=False)
    stack.root.destroy(stack.inputs)
    assert resources(stack) == []
    snapshots = stack.client("rds").describe_db_cluster_snapshots()["DBClusterSnapshots"]
    assert FINAL_SNAPSHOT in [found["DBClusterSnapshotIdentifier"] for found in snapshots]


class TestRestore:
    def test_the_first_apply_stops_at_what_the_restored_cluster_lacks(self, stack: Stack) -> None:
        del stack.inputs["deletion_protection"]
        with pytest.raises(TerraformError) as caught:
            stack.root.apply({**stack.inputs, "snapshot_identifier": FINAL_SNAPSHOT, "db_name": "other"})
        assert "The snapshot has the database litellm and the master user postgres: set db_name" in str(caught.value)
        assert "without IAM authentication: apply again, which enables it" in str(caught.value)

    def test_the_second_apply_goes_on_with_the_restored_cluster(self, stack: Stack) -> None:
        stack.apply(snapshot_identifier=FINAL_SNAPSHOT)
        assert stack.changes() == {}

    def test_the_data_and_the_tasks_user_are_there(self, stack: Stack) -> None:
        assert stack.sql("SELECT id FROM kept") == "42"
        assert stack.sql(f"SELECT pg_has_role('{USER}', 'rds_iam', 'member')") == "t"
        # Logged in with a token of the new cluster.
        [*_, last] = stack.logs("migrations")
        assert last[0].startswith("Applied 0 migrations;")
        arn = stack.root.outputs()["db_master_password_secret_arn"]
        login = json.loads(stack.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"])
        assert login["host"] == stack.root.outputs()["aurora_writer_endpoint"]

    def test_the_snapshot_can_be_removed_from_the_inputs(self, stack: Stack) -> None:
        before = resources(stack)
        del stack.inputs["snapshot_identifier"]
        assert stack.changes() == {}
        assert "change of db_name" in stack.failure(db_name="other")
        expect_untouched(stack, before)

    def test_another_state_can_be_restored_into_the_stack(self, stack: Stack) -> None:
        rds = stack.client("rds")
        earlier = rds.create_db_cluster_snapshot(
            DBClusterIdentifier=NAME, DBClusterSnapshotIdentifier=f"{NAME}-earlier"
        )["DBClusterSnapshot"]["DBClusterSnapshotArn"]
        stack.sql("DROP TABLE kept")
        # Replacing the cluster creates another snapshot of this name.
        rds.copy_db_cluster_snapshot(
            SourceDBClusterSnapshotIdentifier=FINAL_SNAPSHOT, TargetDBClusterSnapshotIdentifier=f"{NAME}-renamed"
        )
        rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier=FINAL_SNAPSHOT)
        stack.apply(deletion_protection=False)
        stack.inputs["snapshot_identifier"] = earlier
        assert "without IAM authentication: apply again" in stack.failure()
        stack.apply()
        for name in ("deletion_protection", "snapshot_identifier"):
            del stack.inputs[name]
        stack.apply()
        assert stack.changes() == {}
        assert "from a change of db_name" in stack.failure(db_name="other")
        assert stack.sql("SELECT id FROM kept") == "42"
        assert stack.logs("migrations")[-1][0].startswith("Applied 0 migrations;")
