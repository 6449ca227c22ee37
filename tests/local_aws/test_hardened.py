"""Turns the shipped profile `hardened` on for a stack that runs. The tests share one stack and run in this order."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from litellm_aws.fleet.documents import shipped_profiles
from litellm_aws.local_aws.server import LocalAws
from tests.local_aws.conftest import PROVIDER, USER, Stack
from tests.plan.conftest import TRIAL
from tests.terraform import Terraform

NAME = "stark-litellm-stage"
STORES = (
    *("aws_rds_cluster", "aws_rds_cluster_instance", "aws_elasticache_replication_group", "aws_s3_bucket"),
    *("aws_vpc", "aws_subnet", "aws_lb", "aws_security_group", "aws_iam_role"),
)
"""What must change in place only."""
REPLACED = {"aws_ecs_task_definition", "aws_secretsmanager_secret_version", "terraform_data"}
KEYS = {"litellm_master_key": "sk-of-the-operator", "litellm_salt_key": "a-salt-that-never-changes"}


def hardened() -> dict[str, Any]:
    """Returns the inputs of the profile, as a tenant gets them."""
    profiles = {name: node.plain() for name, node in shipped_profiles().items()}
    inputs = {**profiles[profiles["hardened"]["profile"]], **profiles["hardened"]}
    return {name: value for name, value in inputs.items() if name != "profile"}


@pytest.fixture(scope="module")
def stack(applying: Terraform, local_aws: LocalAws, stacks: Path) -> Iterator[Stack]:
    """A stack with a certificate and the defaults."""
    client = local_aws.account.client
    certificate = client("acm").request_certificate(DomainName="example.com")["CertificateArn"]
    inputs = {**TRIAL, "tenant": "stark", "env": "stage", "acm_certificate_arn": certificate}
    inputs |= {"allow_plaintext_alb": False, "proxy_config": {"model_list": []}}
    # No images of the services are here: `tests/served` has them.
    for service in ("gateway", "backend", "ui"):
        inputs |= {f"{service}_autoscaling_enabled": False, f"{service}_desired_count": 0}
    stack = Stack(applying.root(stacks / "litellm", provider=PROVIDER), local_aws, inputs)
    stack.apply()
    stack.sql("CREATE TABLE kept AS SELECT 42 AS id")
    yield stack
    stack.apply(deletion_protection=False)
    stack.root.destroy(stack.inputs)


@pytest.fixture(scope="module")
def protected(stack: Stack) -> dict[str, Any]:
    """What the profile sets, and what a tenant adds to it."""
    client = stack.client
    location = {"LocationConstraint": "us-west-2"}
    client("s3").create_bucket(Bucket="logs-of-stark", CreateBucketConfiguration=location)
    # The policy of S3's documentation (S3 User Guide, "Enabling Amazon S3 server access logging").
    allowed = {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": "arn:aws:s3:::logs-of-stark/*",
    }
    client("s3").put_bucket_policy(
        Bucket="logs-of-stark", Policy=json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    )
    secrets = {
        f"{name}_secret_arn": client("secretsmanager").create_secret(Name=f"stark/{name}", SecretString=value)["ARN"]
        for name, value in KEYS.items()
    }
    return {
        **hardened(),
        **secrets,
        "alarm_topic_arn": client("sns").create_topic(Name="pages")["TopicArn"],
        "dashboard_enabled": True,
        "kms_key_arn": client("kms").create_key()["KeyMetadata"]["Arn"],
        "s3_access_logs_bucket": "logs-of-stark",
        "wait_for_steady_state": False,  # nothing runs here
    }


def test_it_changes_a_stack_that_runs_in_place(stack: Stack, protected: dict[str, Any]) -> None:
    changes = stack.root.plan({**stack.inputs, **protected}, refresh=True).changes
    gone = {address for address, change in changes.items() if change in ("delete", "replace")}
    assert {address.partition(".")[0] for address in gone} <= REPLACED | {
        "random_password",  # RDS has the password now
        "aws_secretsmanager_secret",
        "aws_iam_role_policy_attachment",  # of the bootstrap's policy to the services' role
    }
    assert not {address for address in gone if address.startswith(tuple(f"{kind}." for kind in STORES))}
    assert {address for address in gone if address.startswith("aws_secretsmanager_secret.")} == {
        "aws_secretsmanager_secret.db_master_password[0]"
    }


def test_it_applies_and_the_next_plan_is_empty(stack: Stack, protected: dict[str, Any]) -> None:
    stack.apply(**protected)
    assert stack.changes() == {}
    assert stack.sql("SELECT id FROM kept") == "42"


def test_another_certificate_changes_the_listener_only(stack: Stack) -> None:
    other = stack.client("acm").request_certificate(DomainName="example.org")["CertificateArn"]
    changes = stack.root.plan({**stack.inputs, "acm_certificate_arn": other}).changes
    assert changes == {"aws_lb_listener.https[0]": "update"}


def test_the_one_off_tasks_ran_with_rds_own_password_and_roles_of_their_own(stack: Stack) -> None:
    [cluster] = stack.client("rds").describe_db_clusters(DBClusterIdentifier=NAME)["DBClusters"]
    secret = cluster["MasterUserSecret"]["SecretArn"]
    assert stack.root.outputs()["db_master_password_secret_arn"] == secret
    ecs = stack.client("ecs")
    for family, execution in (("bootstrap-db", "bootstrap-execution"), ("migrations", "migration-execution")):
        definition = ecs.describe_task_definition(taskDefinition=f"{NAME}-{family}")["taskDefinition"]
        assert definition["executionRoleArn"].endswith(f":role/{NAME}-{execution}")
    assert stack.sql(f"SELECT count(*) FROM pg_roles WHERE rolname = '{USER}'") == "1"


def test_every_container_has_a_read_only_root_file_system(stack: Stack) -> None:
    ecs = stack.client("ecs")
    for family in ("gateway", "backend", "ui", "migrations", "bootstrap-db"):
        definition = ecs.describe_task_definition(taskDefinition=f"{NAME}-{family}")["taskDefinition"]
        containers = definition["containerDefinitions"]
        assert all(container["readonlyRootFilesystem"] for container in containers), family
        volumes = {volume["name"] for volume in definition["volumes"]}
        assert {mount["sourceVolume"] for each in containers for mount in each["mountPoints"]} == volumes


def test_its_alarms_and_its_dashboard_are_of_what_there_is(stack: Stack, protected: dict[str, Any]) -> None:
    pages = stack.client("cloudwatch").get_paginator("describe_alarms").paginate(AlarmNamePrefix=f"{NAME}-")
    alarms = {alarm["AlarmName"].removeprefix(f"{NAME}-"): alarm for page in pages for alarm in page["MetricAlarms"]}
    assert {"alb-5xx", "target-5xx-ui", "database-cpu-reader", "redis-memory-2", "database-failed-logins"} <= set(
        alarms
    )
    assert all(alarm["AlarmActions"] == [protected["alarm_topic_arn"]] for alarm in alarms.values())
    # One for each zone, of which the profile wants one each.
    gateways = stack.client("ec2").describe_nat_gateways(
        Filters=[{"Name": "vpc-id", "Values": [stack.root.outputs()["vpc_id"]]}]
    )["NatGateways"]
    watched = [alarm["Dimensions"][0]["Value"] for name, alarm in alarms.items() if name.startswith("nat-")]
    assert sorted(watched) == sorted(gateway["NatGatewayId"] for gateway in gateways)
    assert len(watched) == 2
    nodes = [alarm["Dimensions"][0]["Value"] for name, alarm in alarms.items() if name.startswith("redis-memory")]
    [redis] = stack.client("elasticache").describe_replication_groups(ReplicationGroupId=f"{NAME}-redis")[
        "ReplicationGroups"
    ]
    assert sorted(nodes) == sorted(redis["MemberClusters"])
    rate = {query["Id"]: query for query in alarms["target-5xx-gateway"]["Metrics"]}
    assert rate["error_percent"]["Expression"] == "IF(total >= 20, 100 * errors / total, 0)"

    [failed_logins] = stack.client("logs").describe_metric_filters(logGroupName=f"/aws/rds/cluster/{NAME}/postgresql")[
        "metricFilters"
    ]
    assert failed_logins["metricTransformations"][0]["metricNamespace"] == f"LiteLLM/{NAME}"
    dashboard = stack.client("cloudwatch").get_dashboard(DashboardName=NAME)
    assert nodes[0] in dashboard["DashboardBody"]
    assert stack.root.outputs()["dashboard_url"].endswith(f"#dashboards/dashboard/{NAME}")


def test_the_state_contains_no_secret_that_the_stack_uses(stack: Stack) -> None:
    manager = stack.client("secretsmanager")
    arns = [secret["ARN"] for secret in manager.list_secrets()["SecretList"]]
    # A session has other stacks, whose secrets are not this one's.
    own = [arn for arn in arns if "stark" in arn or arn == stack.root.outputs()["db_master_password_secret_arn"]]
    values = {arn: manager.get_secret_value(SecretId=arn)["SecretString"] for arn in own}
    used = {value for arn, value in values.items() if f"{NAME}-master-key" not in arn}
    passwords = {json.loads(value)["password"] for value in used if value.startswith("{")}
    assert {*KEYS.values()} <= used
    assert len(passwords) == 1
    state = (stack.root.directory / "terraform.tfstate").read_text(encoding="utf-8")
    shown = state + stack.root.shown_state()
    assert NAME in shown
    assert [value for value in {*KEYS.values(), *passwords} if value in shown] == []
    assert "postgresql://" not in shown
    assert "rediss://" not in shown
