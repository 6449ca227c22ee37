"""Applies the module to the local AWS, changes it and destroys it.

The tests share one stack and run in this order.
"""

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from litellm_aws.local_aws.container_user import can_change_users
from litellm_aws.local_aws.images import NONROOT
from litellm_aws.local_aws.migrations import _migrations
from tests.local_aws.conftest import PROVIDER, USER, Stack
from tests.local_aws.public_module import state_of_the_public_module
from tests.local_aws.test_entry_points import answer_of, image_of, with_programs
from tests.terraform import Terraform, TerraformError

NAME = "acme-litellm-dev"
SERVICES = ("gateway", "backend", "ui")


@pytest.fixture(scope="module")
def stack(two_stacks: tuple[Stack, Stack]) -> Stack:
    return two_stacks[0]


@pytest.fixture
def migration_count() -> int:
    """The number of LiteLLM's migrations."""
    return len(_migrations())


def test_two_tenants_can_be_applied_at_the_same_time(two_stacks: tuple[Stack, Stack]) -> None:
    with ThreadPoolExecutor() as threads:
        assert list(threads.map(Stack.changes, two_stacks)) == [{}, {}]
    passwords = set()
    for stack in two_stacks:
        assert int(stack.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")) > 50
        arn = stack.root.outputs()["db_master_password_secret_arn"]
        passwords.add(stack.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"])
    assert len(passwords) == 2


CHEAPER = {
    "db_serverless_min_capacity": 0.5,
    "db_serverless_max_capacity": 2,
    "db_reader": False,
    "redis_engine": "valkey",
}


def test_a_running_stack_gets_cheaper_stores_in_place(two_stacks: tuple[Stack, Stack]) -> None:
    stack = two_stacks[1]
    changes = stack.root.plan({**stack.inputs, **CHEAPER}, refresh=True).changes
    stores = ("aws_rds_", "aws_elasticache_", "aws_db_")
    assert {address: change for address, change in changes.items() if address.startswith(stores)} == {
        "aws_rds_cluster.this[0]": "update",
        "aws_rds_cluster_instance.writer[0]": "update",
        "aws_rds_cluster_instance.reader[0]": "delete",
        "aws_elasticache_replication_group.this[0]": "update",
    }


def test_the_reader_gets_another_class_before_the_writer(two_stacks: tuple[Stack, Stack]) -> None:
    stack = two_stacks[1]

    def classes() -> dict[str, str]:
        found = stack.client("rds").describe_db_instances()["DBInstances"]
        of_stack = [each for each in found if each["DBClusterIdentifier"] == stack.name]
        return {each["DBInstanceIdentifier"].rpartition("-")[2]: each["DBInstanceClass"] for each in of_stack}

    before = classes()
    assert set(before) == {"writer", "reader"}
    larger = {**stack.inputs, "db_instance_class": "db.r6g.8xlarge"}
    stack.root.apply(larger, "-target=aws_rds_cluster_instance.reader[0]")
    assert classes() == {**before, "reader": "db.r6g.8xlarge"}
    stack.root.apply(larger)
    assert classes() == dict.fromkeys(before, "db.r6g.8xlarge")
    stack.apply()
    assert classes() == before


EXISTING_STORES = {
    "database_url": "postgresql://litellm@database.example.com/litellm",
    "redis_url": "rediss://redis.example.com:6379",
}
REVISED = {"terraform_data.migration[0]", "terraform_data.bootstrap_db[0]"} | {
    f"aws_ecs_task_definition.{task}" for task in ("gateway", "backend", "migrations[0]")
}
"""Resources that adopting a state replaces: the one-off tasks run again, and task definitions get a new revision."""


@pytest.mark.parametrize(
    ("indexed", "urls"), [(True, {}), (False, EXISTING_STORES)], ids=["own stores", "existing stores"]
)
def test_a_state_of_the_public_module_can_be_adopted(
    stack: Stack, applying: Terraform, stacks: Path, indexed: bool, urls: dict[str, str]
) -> None:
    """Its addresses equal ours. In some of its releases, single resources have an index; in others, they do not."""
    root = applying.root(stacks / "litellm", provider=PROVIDER)
    ours = json.loads((stack.root.directory / "terraform.tfstate").read_text())
    public = state_of_the_public_module(ours, indexed=indexed, urls=urls)
    assert {"aws_vpc", "aws_lb_listener_rule", "aws_nat_gateway"} <= {each["type"] for each in public["resources"]}
    (root.directory / "terraform.tfstate").write_text(json.dumps(public))
    inputs = {**stack.inputs, **urls, "create_database": not urls, "create_redis": not urls}
    changes = root.plan(inputs).changes
    # The public module does not have these.
    assert changes.pop("terraform_data.database_identity") == "create"
    assert changes.pop("terraform_data.deletion_protection") == "create"
    assert set(changes.values()) <= {"update", "replace"}
    replaced = {address for address, action in changes.items() if action == "replace"}
    assert replaced <= REVISED
    assert "terraform_data.migration[0]" in replaced
    rules = ('gateway["0"]', "ui_text", "backend_text", 'backend["0"]', 'backend["1"]')
    assert {changes[f"aws_lb_listener_rule.{rule}"] for rule in rules} == {"update"}


def test_a_state_without_indices_needs_no_changes(stack: Stack, applying: Terraform, stacks: Path) -> None:
    root = applying.root(stacks / "litellm", provider=PROVIDER)
    state = json.loads((stack.root.directory / "terraform.tfstate").read_text())
    for resource in state["resources"]:
        if [instance.get("index_key") for instance in resource["instances"]] == [0]:
            resource.pop("each", None)
            del resource["instances"][0]["index_key"]
    (root.directory / "terraform.tfstate").write_text(json.dumps(state))
    assert root.plan(stack.inputs, refresh=True).changes == {}


def test_the_outputs_refer_to_existing_resources(stack: Stack) -> None:
    outputs = stack.root.outputs()
    master_key = stack.client("secretsmanager").get_secret_value(SecretId=outputs["master_key_secret_arn"])
    assert master_key["SecretString"].startswith("sk-")
    body = stack.client("s3").get_object(Bucket=outputs["s3_bucket"], Key="config/litellm-config.yaml")["Body"]
    assert body.read().decode().endswith('\n"model_list": []\n')
    [cluster] = stack.client("rds").describe_db_clusters(DBClusterIdentifier=NAME)["DBClusters"]
    assert outputs["aurora_writer_endpoint"] == cluster["Endpoint"]


def test_every_container_of_the_gateway_keeps_running(stack: Stack) -> None:
    """The applied task definition runs with its secrets, its role and its configuration from the bucket."""
    ecs, image = stack.client("ecs"), "ghcr.io/berriai/litellm-gateway:v1.86.0-dev"
    stack.aws.fargate.images[image] = with_programs(image_of(image))
    task = stack.start(f"{NAME}-gateway")
    try:
        answer = answer_of(lambda: ecs.describe_tasks(cluster=NAME, tasks=[task])["tasks"][0], 4000)
        assert answer["config"].endswith('"model_list": []\n')
        assert answer["metrics_folder_is_writable"] is True
        assert answer["uid"] == (NONROOT if can_change_users() else os.getuid())
        time.sleep(5)  # a container that fails would exit within this time
        [found] = ecs.describe_tasks(cluster=NAME, tasks=[task])["tasks"]
        assert {each["name"]: each["lastStatus"] for each in found["containers"]} == {
            "metrics-volume": "STOPPED",
            **dict.fromkeys(("gateway", "metrics", "collector"), "RUNNING"),
        }
    finally:
        ecs.stop_task(cluster=NAME, task=task)
        ecs.get_waiter("tasks_stopped").wait(cluster=NAME, tasks=[task], WaiterConfig={"Delay": 1})
        del stack.aws.fargate.images[image]


def test_the_bootstrap_created_the_tasks_user(stack: Stack) -> None:
    assert stack.sql(f"SELECT pg_has_role('{USER}', 'rds_iam', 'member')") == "t"
    assert stack.sql(f"SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = '{USER}'") == "f"
    [bootstrap] = stack.logs("bootstrap-db")
    assert "GRANT ROLE" in bootstrap


def test_the_migration_created_litellms_tables(stack: Stack, migration_count: int) -> None:
    owners = stack.sql("SELECT tableowner, count(*) FROM pg_tables WHERE schemaname = 'public' GROUP BY 1")
    [(owner, count)] = [line.split("|") for line in owners.splitlines()]
    assert owner == USER
    assert int(count) > 50
    assert stack.sql("SELECT to_regclass('\"LiteLLM_VerificationToken\"') IS NOT NULL") == "t"
    assert stack.logs("migrations") == [[f"Applied {migration_count} migrations; 0 were applied before."]]


def test_the_migration_logged_in_with_a_token(stack: Stack) -> None:
    assert stack.sql(f"SELECT rolpassword IS NULL FROM pg_authid WHERE rolname = '{USER}'") == "t"
    role = stack.client("iam").get_role(RoleName=f"{NAME}-task")["Role"]["Arn"]
    assert [session for session in stack.aws.account.sessions.values() if session.role_arn == role]


def test_the_migration_cannot_log_in_without_permission(stack: Stack) -> None:
    iam, ecs = stack.client("iam"), stack.client("ecs")
    [policy] = [
        found["PolicyArn"]
        for found in iam.list_attached_role_policies(RoleName=f"{NAME}-task")["AttachedPolicies"]
        if found["PolicyName"].endswith("rds-iam-connect")
    ]
    iam.detach_role_policy(RoleName=f"{NAME}-task", PolicyArn=policy)
    words = stack.root.outputs()["migration_run_command"].split()
    task = stack.start(words[words.index("--task-definition") + 1])
    ecs.get_waiter("tasks_stopped").wait(cluster=NAME, tasks=[task], WaiterConfig={"Delay": 1})
    [stopped] = ecs.describe_tasks(cluster=NAME, tasks=[task])["tasks"]
    iam.attach_role_policy(RoleName=f"{NAME}-task", PolicyArn=policy)
    assert stopped["containers"][0]["exitCode"] == 1
    refusal = " ".join(stack.logs("migrations")[-1])
    assert f'PAM authentication failed for user "{USER}"' in refusal
    assert "is not authorized to perform rds-db:connect" in refusal


@pytest.mark.parametrize(
    ("inputs", "changes"),
    [
        (
            {"gateway_desired_count": 5, "gateway_min_capacity": 3, "gateway_max_capacity": 20},
            {"aws_appautoscaling_target.gateway[0]": "update"},
        ),
        (
            {"gateway_autoscaling_enabled": False},
            {
                "aws_appautoscaling_target.gateway[0]": "delete",
                "aws_appautoscaling_policy.gateway_cpu[0]": "delete",
                "aws_appautoscaling_policy.gateway_memory[0]": "delete",
            },
        ),
        (
            {"enable_execute_command": True},
            {
                **{f"aws_ecs_service.{service}": "update" for service in SERVICES},
                "aws_iam_policy.execute_command[0]": "create",
                "aws_iam_role_policy_attachment.task_execute_command[0]": "create",
                "aws_iam_role_policy_attachment.ui_task_execute_command[0]": "create",
            },
        ),
        (
            {"litellm_version": "v1.108.7"},
            {
                **{f"aws_ecs_task_definition.{task}": "replace" for task in (*SERVICES, "migrations[0]")},
                **{f"aws_ecs_service.{service}": "update" for service in SERVICES},
                "terraform_data.migration[0]": "replace",
            },
        ),
    ],
    ids=["scaling", "no scaling", "shells", "upgrade"],
)
def test_what_a_plan_shows_to_an_operator(stack: Stack, inputs: dict[str, Any], changes: dict[str, str]) -> None:
    """What docs/operations.md says about these inputs."""
    assert stack.root.plan({**stack.inputs, **inputs}).changes == changes


def test_a_changed_configuration_replaces_the_tasks_and_a_new_image_migrates_again(
    stack: Stack, migration_count: int
) -> None:
    stack.inputs["proxy_config"] = {
        "model_list": [{"model_name": "gpt-5", "litellm_params": {"model": "openai/gpt-5"}}]
    }
    stack.inputs["migrations_image"] = "ghcr.io/berriai/litellm-migrations:v1.87.0"
    planned = stack.root.plan(stack.inputs, refresh=True)
    assert planned.changes == {
        "aws_s3_object.proxy_config[0]": "update",
        **{f"aws_ecs_task_definition.{service}": "replace" for service in ("gateway", "backend")},
        **{f"aws_ecs_service.{service}": "update" for service in ("gateway", "backend")},
        "aws_ecs_task_definition.migrations[0]": "replace",
        "terraform_data.migration[0]": "replace",
    }
    stack.apply()
    assert stack.changes() == {}
    body = stack.client("s3").get_object(Bucket=stack.root.outputs()["s3_bucket"], Key="config/litellm-config.yaml")
    assert "openai/gpt-5" in body["Body"].read().decode()
    assert len(stack.logs("bootstrap-db")) == 1
    assert stack.logs("migrations")[-1] == [f"Applied 0 migrations; {migration_count} were applied before."]


def test_the_bootstrap_can_run_again_with_another_master_password(stack: Stack, migration_count: int) -> None:
    def password() -> str:
        arn = stack.root.outputs()["db_master_password_secret_arn"]
        login = json.loads(stack.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"])
        return str(login["password"])

    migrations, before = len(stack.logs("migrations")), password()
    stack.apply("-replace=random_password.db_master_password[0]", "-replace=terraform_data.bootstrap_db[0]")
    assert password() != before
    assert len(stack.logs("bootstrap-db")) == 2
    assert len(stack.logs("migrations")) == migrations + 1
    assert stack.logs("migrations")[-1] == [f"Applied 0 migrations; {migration_count} were applied before."]
    assert stack.changes() == {}


class TestDestroy:
    def test_a_bucket_with_objects_is_kept(self, stack: Stack) -> None:
        bucket = stack.root.outputs()["s3_bucket"]
        stack.client("s3").put_object(Bucket=bucket, Key="cache/answer", Body=b"42")
        with pytest.raises(TerraformError, match="BucketNotEmpty"):
            stack.root.destroy(stack.inputs)
        assert stack.client("s3").get_object(Bucket=bucket, Key="cache/answer")["Body"].read() == b"42"

    def test_force_destroy_deletes_the_bucket(self, stack: Stack) -> None:
        stack.apply("-target=aws_s3_bucket.this", s3_force_destroy=True)
        stack.root.destroy(stack.inputs)
        assert stack.root.plan(stack.inputs).counts == {"create": 96}

    def test_a_final_snapshot_is_kept(self, stack: Stack) -> None:
        snapshots = stack.client("rds").describe_db_cluster_snapshots()["DBClusterSnapshots"]
        [snapshot] = [found for found in snapshots if found["DBClusterIdentifier"] == NAME]
        assert snapshot["DBClusterSnapshotIdentifier"].startswith(f"{NAME}-final-")
        assert stack.aws.databases.server(NAME) is None

    @pytest.mark.parametrize(
        ("service", "call", "parameters"),
        [
            ("ec2", "describe_vpcs", {}),
            ("ec2", "describe_subnets", {}),
            ("ec2", "describe_security_groups", {}),
            ("ec2", "describe_route_tables", {}),
            ("ec2", "describe_internet_gateways", {}),
            ("ec2", "describe_nat_gateways", {"Filters": [{"Name": "state", "Values": ["available", "pending"]}]}),
            ("ec2", "describe_addresses", {}),
            ("iam", "list_roles", {}),
            ("iam", "list_policies", {"Scope": "Local"}),
            ("logs", "describe_log_groups", {}),
            ("secretsmanager", "list_secrets", {"IncludePlannedDeletion": True}),
            ("s3", "list_buckets", {}),
            ("rds", "describe_db_clusters", {}),
            ("rds", "describe_db_instances", {}),
            ("rds", "describe_db_subnet_groups", {}),
            ("rds", "describe_db_cluster_parameter_groups", {}),
            ("elasticache", "describe_replication_groups", {}),
            ("elasticache", "describe_cache_clusters", {}),
            ("elasticache", "describe_cache_subnet_groups", {}),
            ("elbv2", "describe_load_balancers", {}),
            ("elbv2", "describe_target_groups", {}),
            ("ecs", "list_clusters", {}),
            ("ecs", "list_task_definitions", {"status": "ACTIVE"}),
            ("application-autoscaling", "describe_scalable_targets", {"ServiceNamespace": "ecs"}),
            ("application-autoscaling", "describe_scaling_policies", {"ServiceNamespace": "ecs"}),
        ],
    )
    def test_no_other_resource_is_kept(self, stack: Stack, service: str, call: str, parameters: dict[str, Any]) -> None:
        # All resources of a stack have its name as their name or in their tags.
        left = getattr(stack.client(service), call)(**parameters)
        assert NAME not in json.dumps(left, default=str)
