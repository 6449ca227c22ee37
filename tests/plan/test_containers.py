"""The containers of the five tasks: what they run, and what they find in their environment."""

import json
from typing import Any

import pytest

from tests.plan.conftest import ACCOUNT, Evaluate
from tests.terraform import Plan

STORES = {
    "IAM_TOKEN_DB_AUTH": "true",
    "DATABASE_HOST": "writer.mock",
    "DATABASE_PORT": "5432",
    "DATABASE_USER": "litellm_app",
    "DATABASE_NAME": "litellm",
    "DATABASE_HOST_READ_REPLICA": "reader.mock",
    "DATABASE_PORT_READ_REPLICA": "5432",
    "S3_BUCKET_NAME": "bucket-mock",
    "S3_REGION_NAME": "us-west-2",
    "AWS_REGION": "us-west-2",
    "AWS_REGION_NAME": "us-west-2",
}
CACHE = {"REDIS_HOST": "redis.mock", "REDIS_PORT": "6379", "REDIS_SSL": "true"}
OTEL = {
    "LITELLM_OTEL_V2": "true",
    "OTEL_EXPORTER": "otlp_http",
    "OTEL_ENDPOINT": "http://collector:4318",
    "OTEL_ENVIRONMENT_NAME": "dev",
    "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "no_content",
}
SECRET = "arn:aws:secretsmanager:us-west-2:111122223333:secret:"


def arn(address: str) -> str:
    return f"arn:aws:mock:{ACCOUNT}:mock:{address}"


MASTER_KEY = {"LITELLM_MASTER_KEY": arn("aws_secretsmanager_secret.master_key")}


MODELS = {"STORE_MODEL_IN_DB": "true"}
KEEP_ALIVE = {"UVICORN_TIMEOUT_KEEP_ALIVE": "125"}


def container(plan: Plan, task: str) -> dict[str, Any]:
    [only] = json.loads(plan.values(f"aws_ecs_task_definition.{task}")["container_definitions"])
    return dict(only)


def environment(plan: Plan, task: str) -> dict[str, str]:
    listed = container(plan, task).get("environment", [])
    values = {each["name"]: each["value"] for each in listed}
    assert len(values) == len(listed), "a name stands twice"
    return values


def secrets(plan: Plan, task: str) -> dict[str, str]:
    return {each["name"]: each["valueFrom"] for each in container(plan, task).get("secrets", [])}


@pytest.fixture(scope="module")
def default(evaluate: Evaluate) -> Plan:
    return evaluate()


@pytest.fixture(scope="module")
def everything(evaluate: Evaluate) -> Plan:
    """All that is optional, with extra names that clash with defaults of every kind."""
    return evaluate(
        proxy_config={"model_list": [{"model_name": "m"}]},
        litellm_license="lic",
        ui_password="pw",
        otel_endpoint="http://collector:4318",
        otel_headers_secret_arn=SECRET + "headers",
        gateway_extra_env={"DATABASE_NAME": "other", "OTEL_SERVICE_NAME": "mine", "LITELLM_LICENSE": "plain"},
        gateway_extra_secrets={"REDIS_HOST": SECRET + "redis:host::", "OPENAI_API_KEY": SECRET + "openai"},
        backend_extra_env={"STORE_MODEL_IN_DB": "false", "UI_PASSWORD": "plain"},
        backend_extra_secrets={"LITELLM_MASTER_KEY": SECRET + "own", "OPENAI_API_KEY": SECRET + "openai"},
    )


@pytest.fixture(scope="module")
def with_password(evaluate: Evaluate) -> Plan:
    return evaluate(ui_password="pw", otel_endpoint=OTEL["OTEL_ENDPOINT"])


@pytest.fixture(scope="module")
def with_license(evaluate: Evaluate) -> Plan:
    return evaluate(
        litellm_license="lic",
        otel_endpoint="http://c",
        otel_environment_name="blue",
        otel_exporter="otlp_grpc",
        otel_capture_message_content="prompt_and_completion",
    )


@pytest.fixture(scope="module")
def with_certificate(evaluate: Evaluate) -> Plan:
    return evaluate(
        acm_certificate_arn="arn:aws:acm:us-west-2:111122223333:certificate/1234",
        gateway_num_workers=3,
        otel_headers_secret_arn=SECRET + "headers",
    )


@pytest.fixture(scope="module")
def overridden(evaluate: Evaluate) -> Plan:
    """The master key in plain text, and the names of the database, which are words of SQL."""
    plain = {"LITELLM_MASTER_KEY": "os-specific"}
    return evaluate(gateway_extra_env=plain, backend_extra_env=plain, db_username="user", db_name="order")


@pytest.mark.parametrize("service", ["gateway", "backend"])
def test_a_proxy_finds_the_stores_and_keeps_models_in_the_database(default: Plan, service: str) -> None:
    assert environment(default, service) == STORES | CACHE | MODELS | KEEP_ALIVE


def test_without_a_database_no_models_are_kept_in_it(evaluate: Evaluate) -> None:
    plan = evaluate(create_database=False)
    for service in ("gateway", "backend"):
        assert not MODELS.keys() & environment(plan, service).keys()


def test_the_migration_finds_the_stores_and_no_secret(default: Plan) -> None:
    assert environment(default, "migrations") == STORES
    assert secrets(default, "migrations") == {}


def test_the_ui_finds_nothing(everything: Plan) -> None:
    assert environment(everything, "ui") == {}
    assert secrets(everything, "ui") == {}


@pytest.mark.parametrize("service", ["gateway", "backend"])
def test_a_proxy_finds_the_master_key_and_no_other_secret(default: Plan, service: str) -> None:
    assert secrets(default, service) == MASTER_KEY


def test_otel_is_set_for_each_service_only_with_an_endpoint(with_password: Plan) -> None:
    for service in ("gateway", "backend"):
        name = {"OTEL_SERVICE_NAME": f"acme-litellm-dev-{service}"}
        assert environment(with_password, service).items() >= (OTEL | name).items()
    assert environment(with_password, "migrations") == STORES


def test_otel_takes_its_own_environment_name_exporter_and_capture(with_license: Plan) -> None:
    found = environment(with_license, "gateway")
    assert found["OTEL_ENVIRONMENT_NAME"] == "blue"
    assert found["OTEL_EXPORTER"] == "otlp_grpc"
    assert found["OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"] == "prompt_and_completion"


def test_otel_headers_without_an_endpoint_are_left_out(with_certificate: Plan) -> None:
    assert secrets(with_certificate, "gateway") == MASTER_KEY
    assert SECRET + "headers" not in readable_secrets(with_certificate)


def test_an_extra_value_or_secret_replaces_a_default_of_its_name(everything: Plan) -> None:
    gateway, backend = environment(everything, "gateway"), environment(everything, "backend")
    assert gateway["DATABASE_NAME"] == "other"
    assert gateway["OTEL_SERVICE_NAME"] == "mine"
    assert gateway["LITELLM_LICENSE"] == "plain"
    assert "REDIS_HOST" not in gateway
    assert backend["STORE_MODEL_IN_DB"] == "false"
    assert backend["UI_PASSWORD"] == "plain"
    assert secrets(everything, "gateway") == MASTER_KEY | {
        "OTEL_HEADERS": SECRET + "headers",
        "OPENAI_API_KEY": SECRET + "openai",
        "REDIS_HOST": SECRET + "redis:host::",
    }
    assert secrets(everything, "backend") == {
        "LITELLM_MASTER_KEY": SECRET + "own",
        "LITELLM_LICENSE": arn("aws_secretsmanager_secret.license"),
        "OTEL_HEADERS": SECRET + "headers",
        "OPENAI_API_KEY": SECRET + "openai",
    }


def test_no_name_is_both_a_value_and_a_secret(everything: Plan) -> None:
    for service in ("gateway", "backend"):
        assert not environment(everything, service).keys() & secrets(everything, service).keys()


def test_the_ui_password_reaches_the_backend_only(with_password: Plan) -> None:
    password = {"UI_PASSWORD": arn("aws_secretsmanager_secret.ui_password")}
    assert secrets(with_password, "backend") == MASTER_KEY | password
    assert secrets(with_password, "gateway") == MASTER_KEY


def test_the_license_reaches_gateway_and_backend(with_license: Plan) -> None:
    for service in ("gateway", "backend"):
        found = secrets(with_license, service)
        assert found == MASTER_KEY | {"LITELLM_LICENSE": arn("aws_secretsmanager_secret.license")}


def readable_secrets(plan: Plan) -> set[str]:
    [statement] = json.loads(plan.values("aws_iam_policy.secrets_access")["policy"])["Statement"]
    assert statement["Action"] == ["secretsmanager:GetSecretValue"]
    return set(statement["Resource"])


def test_the_execution_role_reads_what_the_containers_name_by_bare_arn(everything: Plan) -> None:
    assert readable_secrets(everything) == {
        arn("aws_secretsmanager_secret.master_key"),
        arn("aws_secretsmanager_secret.license"),
        arn("aws_secretsmanager_secret.ui_password"),
        SECRET + "headers",
        SECRET + "redis",
        SECRET + "openai",
        SECRET + "own",
    }


def test_the_policy_is_never_empty_even_where_the_master_key_is_overridden(overridden: Plan) -> None:
    assert readable_secrets(overridden) == {arn("aws_secretsmanager_secret.master_key")}


def test_the_execution_role_reads_the_ui_password_too(with_password: Plan) -> None:
    assert readable_secrets(with_password) == {
        arn("aws_secretsmanager_secret.master_key"),
        arn("aws_secretsmanager_secret.ui_password"),
    }


def test_the_bootstrap_reads_the_database_master_secret_and_nothing_else(default: Plan) -> None:
    [statement] = json.loads(default.values("aws_iam_policy.bootstrap_secrets[0]")["policy"])["Statement"]
    master_secret = arn("aws_secretsmanager_secret.db_master_password")
    assert statement["Resource"] == [master_secret]
    assert secrets(default, "bootstrap_db") == {"PGPASSWORD": f"{master_secret}:password::"}


def test_the_task_logs_in_as_the_database_user_only(default: Plan) -> None:
    [statement] = json.loads(default.values("aws_iam_policy.rds_iam_connect[0]")["policy"])["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Action": ["rds-db:connect"],
        "Resource": [f"arn:aws:rds-db:{ACCOUNT}:dbuser:cluster-ABC/litellm_app"],
    }


def test_the_bootstrap_runs_psql_over_tls_as_the_master_user(default: Plan) -> None:
    psql = container(default, "bootstrap_db")
    assert psql["name"] == "psql"
    assert psql["image"] == "postgres:16-alpine"
    assert psql["command"][0] == "psql"
    assert "--set=ON_ERROR_STOP=1" in psql["command"]
    found = environment(default, "bootstrap_db")
    assert found["PGHOST"] == "writer.mock"
    assert found["PGUSER"] == "postgres"
    assert found["PGSSLMODE"] == "require"


def test_the_bootstrap_sql_quotes_its_identifiers_and_is_an_output(overridden: Plan) -> None:
    sql = container(overridden, "bootstrap_db")["command"][-1]
    assert sql == overridden.outputs["db_bootstrap_sql"]
    for statement in (
        'CREATE USER "user"',
        'GRANT rds_iam TO "user"',
        'GRANT ALL PRIVILEGES ON DATABASE "order" TO "user"',
        'GRANT ALL ON SCHEMA public TO "user"',
        'ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO "user"',
        'ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON SEQUENCES TO "user"',
    ):
        assert statement in sql


def test_without_a_configuration_uvicorn_starts_at_once(with_certificate: Plan) -> None:
    for service, run in (
        ("gateway", "exec uvicorn gateway.main:app --host 0.0.0.0 --port 4000 --workers 3\n"),
        ("backend", "exec uvicorn backend.main:app --host 0.0.0.0 --port 4001\n"),
    ):
        found = container(with_certificate, service)
        assert (found["entryPoint"], found["command"]) == (["sh", "-c"], [run])


@pytest.mark.parametrize("task", ["ui", "migrations"])
def test_an_image_of_its_own_starts_the_ui_and_the_migration(default: Plan, task: str) -> None:
    assert not {"entryPoint", "command"} & container(default, task).keys()


@pytest.mark.parametrize(
    ("service", "run"),
    [
        ("gateway", "exec uvicorn gateway.main:app --host 0.0.0.0 --port 4000 --workers 1\n"),
        ("backend", "exec uvicorn backend.main:app --host 0.0.0.0 --port 4001\n"),
    ],
)
def test_with_a_configuration_a_shell_fetches_it_first(everything: Plan, service: str, run: str) -> None:
    assert container(everything, service)["entryPoint"] == ["sh", "-c"]
    [script] = container(everything, service)["command"]
    assert script.startswith("set -eu\npython -c '")
    assert script.endswith(run)


def test_the_configuration_is_found_by_bucket_key_and_version(everything: Plan) -> None:
    stored = everything.values("aws_s3_object.proxy_config[0]")
    for service in ("gateway", "backend"):
        assert (
            environment(everything, service).items()
            >= {
                "CONFIG_FILE_PATH": "/tmp/litellm-config.yaml",
                "LITELLM_PROXY_CONFIG_S3_BUCKET": "bucket-mock",
                "LITELLM_PROXY_CONFIG_S3_KEY": "config/litellm-config.yaml",
                "LITELLM_PROXY_CONFIG_S3_ETAG": stored["etag"],
                "LITELLM_PROXY_CONFIG_S3_VERSION_ID": stored["version_id"],
            }.items()
        )


@pytest.mark.parametrize("task", ["gateway", "backend", "ui", "migrations", "bootstrap_db"])
def test_a_container_writes_to_its_own_log_group(default: Plan, task: str) -> None:
    family = f"acme-litellm-dev-{task.replace('_', '-')}"
    definition = default.values(f"aws_ecs_task_definition.{task}")
    assert definition["family"] == family
    assert definition["requires_compatibilities"] == ["FARGATE"]
    assert definition["network_mode"] == "awsvpc"
    assert container(default, task)["logConfiguration"] == {
        "logDriver": "awslogs",
        "options": {
            "awslogs-group": f"/ecs/acme-litellm-dev/{task.replace('_', '-')}",
            "awslogs-region": "us-west-2",
            "awslogs-stream-prefix": task.replace("_", "-"),
        },
    }


@pytest.mark.parametrize(("task", "port"), [("gateway", 4000), ("backend", 4001), ("ui", 3000)])
def test_a_service_listens_on_its_port(default: Plan, task: str, port: int) -> None:
    [mapping] = container(default, task)["portMappings"]
    assert mapping["containerPort"] == port


@pytest.mark.parametrize(
    ("task", "cpu", "memory"),
    [
        ("gateway", "1024", "4096"),
        ("backend", "1024", "4096"),
        ("ui", "256", "512"),
        ("migrations", "512", "4096"),
        ("bootstrap_db", "256", "512"),
    ],
)
def test_a_task_has_its_documented_size(default: Plan, task: str, cpu: str, memory: str) -> None:
    definition = default.values(f"aws_ecs_task_definition.{task}")
    assert (definition["cpu"], definition["memory"]) == (cpu, memory)


def test_the_migration_command_is_one_line_to_paste(default: Plan) -> None:
    command = default.outputs["migration_run_command"]
    assert command.startswith("aws ecs run-task --region us-west-2 --cluster acme-litellm-dev --task-definition ")
    assert "\n" not in command


def test_the_urls_follow_the_certificate(default: Plan, with_certificate: Plan) -> None:
    assert default.outputs["alb_url"] == "http://alb.mock"
    assert with_certificate.outputs["alb_url"] == "https://alb.mock"
    assert default.outputs["redis_endpoint"] == "redis.mock:6379"
