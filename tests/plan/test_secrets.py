"""Secrets by reference, the salt key, RDS's own master password: what tasks read, may read, and are replaced for."""

import json
from typing import Any

import pytest

from tests.plan.conftest import ACCOUNT, TRIAL, Evaluate
from tests.plan.test_containers import container, readable_secrets, secrets
from tests.terraform import Plan, Root
from tests.unit.rule_cases import SECRET

KEY = f"arn:aws:kms:{ACCOUNT}:key/1"
REFERENCES = {
    "LITELLM_MASTER_KEY": "litellm_master_key_secret_arn",
    "LITELLM_SALT_KEY": "litellm_salt_key_secret_arn",
    "LITELLM_LICENSE": "litellm_license_secret_arn",
    "DATABASE_URL": "database_url_secret_arn",
    "REDIS_URL": "redis_url_secret_arn",
}
"""The inputs by the variable of the gateway, which has the secret's value."""


def named(name: str) -> str:
    return f"{SECRET}-{name.lower()}"


@pytest.fixture(scope="module")
def references(evaluate: Evaluate) -> Plan:
    return evaluate(
        **{input_: named(variable) for variable, input_ in REFERENCES.items()},
        ui_password_secret_arn=f"{named('ui')}:password::",
        create_database=False,
        create_redis=False,
        gateway_max_capacity=1,
        secrets_kms_key_arns=[KEY],
        separate_task_roles=True,
    )


@pytest.fixture(scope="module")
def managed(evaluate: Evaluate) -> Plan:
    return evaluate(generate_salt_key=True, manage_master_user_password=True, separate_task_roles=True)


def policy(plan: Plan, name: str) -> list[dict[str, Any]]:
    return list(json.loads(plan.values(f"aws_iam_policy.{name}")["policy"])["Statement"])


def test_the_tasks_read_the_secrets_that_the_inputs_name(references: Plan) -> None:
    by_variable = {variable: named(variable) for variable in REFERENCES}
    assert secrets(references, "gateway") == by_variable
    assert secrets(references, "backend") == {**by_variable, "UI_PASSWORD": f"{named('ui')}:password::"}
    assert secrets(references, "migrations") == {"DATABASE_URL": named("DATABASE_URL")}


def test_the_execution_role_may_read_them_and_their_key(references: Plan) -> None:
    assert set(readable_secrets(references)) == {*map(named, REFERENCES), named("ui")}
    [decrypt] = policy(references, "secrets_kms_keys[0]")
    assert decrypt["Resource"] == [KEY]
    assert decrypt["Condition"]["StringLike"] == {"kms:ViaService": "secretsmanager.us-west-2.amazonaws.com*"}


def test_the_module_stores_none_of_them(references: Plan) -> None:
    made = [address for address in references.addresses if address.startswith("aws_secretsmanager_secret_version")]
    assert made == ["aws_secretsmanager_secret_version.master_key"]
    stored = references.values("aws_secretsmanager_secret_version.master_key")["secret_string"]
    assert stored == "not used, see litellm_master_key_secret_arn"
    assert references.outputs["master_key_secret_arn"] == named("LITELLM_MASTER_KEY")


def test_the_migration_of_an_existing_database_may_read_its_url_only(references: Plan) -> None:
    [read] = policy(references, "migration_secrets[0]")
    assert read["Resource"] == [named("DATABASE_URL")]
    attached = [each for each in references.addresses if "attachment.migration" in each]
    assert "aws_iam_role_policy_attachment.migration_execution_migration_secrets[0]" in attached
    assert not any("bootstrap" in address for address in references.addresses)


def test_a_generated_salt_key_reaches_the_proxies(managed: Plan) -> None:
    arn = f"arn:aws:mock:{ACCOUNT}:mock:aws_secretsmanager_secret.salt_key"
    for service in ("gateway", "backend"):
        assert secrets(managed, service)["LITELLM_SALT_KEY"] == arn
    assert arn in readable_secrets(managed)
    assert "LITELLM_SALT_KEY" not in secrets(managed, "migrations")


def test_rds_keeps_the_master_password_and_terraform_has_none(managed: Plan) -> None:
    cluster = managed.values("aws_rds_cluster.this[0]")
    assert cluster["manage_master_user_password"] is True
    assert cluster["master_password"] is None
    assert not any("db_master_password" in address for address in managed.addresses)


def test_the_one_off_tasks_have_roles_of_their_own(managed: Plan, default: Plan) -> None:
    roles = {address for address in managed.addresses if address.startswith("aws_iam_role.")}
    assert roles - {address for address in default.addresses if address.startswith("aws_iam_role.")} == {
        "aws_iam_role.bootstrap_execution[0]",
        "aws_iam_role.migration_execution[0]",
        "aws_iam_role.migration_task[0]",
    }
    attached = {each for each in managed.addresses if each.startswith("aws_iam_role_policy_attachment.")}
    assert "aws_iam_role_policy_attachment.task_execution_bootstrap_secrets[0]" not in attached
    assert "aws_iam_role_policy_attachment.bootstrap_execution_bootstrap_secrets[0]" in attached
    migration = {each.partition(".")[2] for each in attached if "migration_task" in each}
    assert migration == {"migration_task_rds_iam_connect[0]"}


@pytest.mark.parametrize("task", ["gateway", "backend"])
def test_another_version_of_a_secret_is_another_task_definition(
    evaluate: Evaluate, module_root: Root, made_up: dict[str, dict[str, Any]], task: str
) -> None:
    def label(version: str) -> str:
        of_version = {"aws_secretsmanager_secret_version.master_key": {"version_id": version}}
        planned = module_root.evaluated(TRIAL, {**made_up, **of_version})
        return str(container(planned, task)["dockerLabels"]["litellm.secret-versions"])

    assert label("one") == label("one")
    assert label("one") != label("two")


def test_a_deleted_secret_can_be_kept_for_a_while(evaluate: Evaluate) -> None:
    plan = evaluate(secret_recovery_window_days=30, kms_key_arn=KEY)
    secret = plan.values("aws_secretsmanager_secret.master_key")
    assert (secret["recovery_window_in_days"], secret["kms_key_id"]) == (30, KEY)
    assert policy(plan, "secrets_kms_keys[0]")[0]["Resource"] == [KEY]


def test_only_the_stacks_account_can_use_the_roles(evaluate: Evaluate) -> None:
    trusted = json.loads(evaluate().values("aws_iam_role.task")["assume_role_policy"])["Statement"]
    account = ACCOUNT.partition(":")[2]
    assert [each["Condition"] for each in trusted] == [{"StringEquals": {"aws:SourceAccount": account}}]


def test_a_value_and_a_reference_are_refused_together_at_plan(module_root: Root) -> None:
    message = module_root.refusal({**TRIAL, "litellm_license": "x", "litellm_license_secret_arn": SECRET})
    assert "litellm_license_secret_arn and litellm_license cannot be used together" in message
