"""Failures of the one-off tasks: the messages for the operator, and the recovery with the next apply.

The tests share one stack and run in this order.
"""

import shutil
import sys
from collections.abc import Iterator

import pytest

from litellm_aws.local_aws.images import Image
from tests.local_aws.conftest import USER, Stack, runs_of

NAME = "globex-litellm-dev"
BOOTSTRAP = "-replace=terraform_data.bootstrap_db[0]"


@pytest.fixture(scope="module")
def stack(two_stacks: tuple[Stack, Stack]) -> Stack:
    return two_stacks[1]


@pytest.fixture(scope="module")
def runs(stack: Stack) -> dict[str, str]:
    """The last runs of the one-off tasks, as of the last successful apply."""
    return stack.runs()


@pytest.fixture(autouse=True)
def recovered(stack: Stack, runs: dict[str, str]) -> Iterator[None]:
    """After a failure, the next apply runs the migration again, and no changes remain."""
    yield
    stack.apply()
    plan = stack.root.plan(stack.inputs, refresh=True)
    assert plan.changes == {}
    assert runs_of(plan)["migration"] != runs["migration"]
    runs |= runs_of(plan)


def expect_failed(failure: str, task: str, *words: str) -> None:
    """The message contains the words, the location of the log and the next step."""
    assert "local-exec provisioner error" in failure
    assert f"{task} failed: " in failure
    group = {"database bootstrap": "bootstrap-db", "schema migration": "migrations"}[task]
    assert f"group /ecs/{NAME}/{group}" in failure
    assert f"After you fix the cause, `terraform apply` runs the {task} again." in failure
    for word in words:
        assert word in failure


def program(text: str) -> Image:
    return Image(command=[sys.executable, "-u", "-c", text])


class TestBootstrap:
    def test_sql_that_fails(self, stack: Stack) -> None:
        with stack.edited("bootstrap.sql", "GRANT ALL ON SCHEMA public", "GRANT ALL ON SCHEMA private"):
            failure = stack.failure()
        expect_failed(
            failure,
            "database bootstrap",
            "container psql exited with code 1.",
            'ERROR: schema "private" does not exist',
        )

    def test_the_masters_secret_is_missing(self, stack: Stack) -> None:
        secret = stack.root.outputs()["db_master_password_secret_arn"]
        stack.client("secretsmanager").delete_secret(SecretId=secret, ForceDeleteWithoutRecovery=True)
        expect_failed(
            stack.failure("-refresh=false", BOOTSTRAP),
            "database bootstrap",
            "ECS stopped the task before container psql finished: TaskFailedToStart",
            "Secrets Manager can't find the specified secret.",
            secret,
        )

    def test_the_role_may_not_read_the_secret(self, stack: Stack) -> None:
        secret = stack.root.outputs()["db_master_password_secret_arn"]
        statement = '[\n            "${%s}"'
        of_login, of_another = "one(local.db_master_password_arns)", "aws_secretsmanager_secret.master_key.arn"
        with stack.edited("cdk.tf.json", statement % of_login, statement % of_another):
            failure = stack.failure(BOOTSTRAP)
        expect_failed(
            failure,
            "database bootstrap",
            "TaskFailedToStart",
            f"is not authorized to perform: secretsmanager:GetSecretValue on resource: {secret}",
        )

    def test_the_database_is_not_reachable(self, stack: Stack) -> None:
        stack.client("rds").stop_db_cluster(DBClusterIdentifier=NAME)
        failure = stack.failure("-refresh=false", BOOTSTRAP)
        stack.client("rds").start_db_cluster(DBClusterIdentifier=NAME)
        expect_failed(
            failure,
            "database bootstrap",
            "container psql exited with code 2.",
            'connection to server at "127.',
        )


class TestMigration:
    def test_the_tasks_user_is_not_in_rds_iam(self, stack: Stack) -> None:
        stack.sql(f"REVOKE rds_iam FROM {USER} GRANTED BY postgres")
        with stack.edited("bootstrap.sql", 'GRANT rds_iam TO "${user}";\n', ""):
            failure = stack.failure()
        expect_failed(
            failure,
            "schema migration",
            "container migrations exited with code 1.",
            f'password authentication failed for user "{USER}"',
        )

    def test_the_program_fails(self, stack: Stack) -> None:
        text = "[print(f'line {n}') for n in range(1, 31)]; raise SystemExit(3)"
        stack.aws.fargate.images["test/exits-3:1"] = program(text)
        failure = stack.failure(migrations_image="test/exits-3:1")
        lines = " ".join(f"line {number}" for number in range(11, 31))
        expect_failed(failure, "schema migration", "container migrations exited with code 3.", lines)
        assert "line 10 " not in failure

    def test_the_program_hangs(self, stack: Stack) -> None:
        text = "import time; print('waits for a lock'); time.sleep(600)"
        stack.aws.fargate.images["test/hangs:1"] = program(text)
        # A clock on the wall that is six times as fast.
        clock = stack.programs / "date"
        clock.parent.mkdir()
        clock.write_text(f'#!/bin/sh\nexpr "$({shutil.which("date")} +%s)" \\* 6\n')
        clock.chmod(0o755)
        failure = stack.failure(migrations_image="test/hangs:1", one_shot_timeout_minutes=1)
        clock.unlink()
        expect_failed(
            failure,
            "schema migration",
            "waits for a lock",
            "it did not finish in 1 minutes; its last status was RUNNING.",
            "ECS is stopping the task.",
            "one_shot_timeout_minutes",
        )
        ecs = stack.client("ecs")
        # The services' tasks, which start again and again here, are of other families.
        of_migration = {"cluster": NAME, "family": f"{NAME}-migrations"}
        assert ecs.list_tasks(**of_migration, desiredStatus="RUNNING")["taskArns"] == []
        arns = ecs.list_tasks(**of_migration, desiredStatus="STOPPED")["taskArns"]
        ended = ecs.describe_tasks(cluster=NAME, tasks=arns)["tasks"]
        [stopped] = [task for task in ended if task.get("stopCode") == "UserInitiated"]
        assert stopped["stoppedReason"] == "schema migration did not finish in 1 minutes"
