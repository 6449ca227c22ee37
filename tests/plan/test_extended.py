"""The inputs beyond the documented module, row by row: what each adds to a plan, and what it leaves alone."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import yaml

from tests.plan.conftest import ACCOUNT, Evaluate
from tests.terraform import Plan

VPC = {
    "azs": [],
    "vpc_id": "vpc-1",
    "public_subnet_ids": ["subnet-1", "subnet-2"],
    "private_subnet_ids": ["subnet-3", "subnet-4"],
}
NO_STORES = {"create_database": False, "create_redis": False, "gateway_max_capacity": 1}
SECRET = f"arn:aws:secretsmanager:{ACCOUNT}:secret:registry"
PEM = "-----BEGIN CERTIFICATE-----"
MODEL = "arn:aws:bedrock:us-west-2::foundation-model/anthropic.claude-v2"

Changed = Callable[[Plan], tuple[set[str], set[str]]]


OPTIONS: Mapping[str, Any] = {
    "additional_task_security_group_ids": ["sg-1"],
    "nat_gateway_per_az": True,
    "alb_ingress_cidrs": ["192.0.2.0/24"],
    "alb_idle_timeout_seconds": 4000,
    "gateway_target_requests_per_second": 5,
    "gateway_target_tokens_per_second": 500,
    "gateway_tokens_metric": {"namespace": "LiteLLM", "dimensions": {"service": "a"}},
    "bedrock_model_arns": [MODEL],
    "enable_bedrock_mantle": True,
    "enable_bedrock_custom_model_import": True,
    "bootstrap_image": "111122223333.dkr.ecr.us-west-2.amazonaws.com/postgres@sha256:abc",
    "gateway_image": "111122223333.dkr.ecr.us-west-2.amazonaws.com/litellm-gateway:v1.86.0-dev",
    "cpu_architecture": "ARM64",
    "gateway_spot_percentage": 80,
    "deployment_circuit_breaker": True,
    "enable_execute_command": True,
    "health_check_grace_period_seconds": 60,
    "gateway_drain_seconds": 90,
}
"""Options that do not touch each other."""

REPORTING: Mapping[str, Any] = {
    "domain_name": "llm.example.com",
    "route53_zone_id": "Z1",
    "allow_plaintext_alb": False,
    "alb_ingress_prefix_list_ids": ["pl-1"],
    "sse_keepalive_ping_interval_seconds": 15,
    "anthropic_sse_ping_interval_seconds": 16,
    "enable_pre_call_checks": False,
    "billing_metrics_endpoint": "https://billing.example.com",
    **{f"billing_metrics_{part}_pem": PEM for part in ("client_cert", "client_key", "ca_cert")},
    "gateway_extra_env": {"USE_DDTRACE": "True"},
}
"""A domain, billing metrics and settings of LiteLLM, which do not touch each other either."""

WRITTEN: Mapping[str, Any] = {
    "proxy_config": {
        "general_settings": {"trusted_proxy_ranges": [], "master_key": "k"},
        "litellm_settings": {"sse_keepalive_ping_interval_seconds": 9, "x": 1},
        "router_settings": {"num_retries": 1},
    },
    "sse_keepalive_ping_interval_seconds": 15,
    "enable_pre_call_checks": True,
    "alb_ingress_prefix_list_ids": ["pl-1"],
    "alb_ingress_cidrs": ["192.0.2.0/24"],
    "billing_metrics_endpoint": "https://billing.example.com",
    "billing_metrics_client_cert_pem": PEM,
    "billing_metrics_client_key_pem": PEM,
    "backend_extra_env": {"USE_DDTRACE": "true"},
    "gateway_extra_env": {"USE_DDTRACE": "false"},
    "health_check_grace_period_seconds": 0,
}
"""Settings that stand in the configuration too."""

INTERNAL: Mapping[str, Any] = {
    "proxy_config": {"model_list": []},
    "alb_internal": True,
    "collector_enabled": True,
    "gateway_metrics_port": 9090,
}

URLS: Mapping[str, Any] = {
    "create_database": False,
    "database_url": "postgresql://u:p@h/db",
    "create_redis": False,
    "redis_url": "rediss://h",
    "gateway_connection_pool_enabled": True,
    "gateway_pool_max_db_connections": 7,
    "gateway_pool_max_client_conn": 70,
    "collector_enabled": True,
}


@pytest.fixture(scope="module")
def plain(evaluate: Evaluate) -> Plan:
    """With the fewest inputs."""
    return evaluate()


@pytest.fixture(scope="module")
def options(evaluate: Evaluate) -> Plan:
    return evaluate(**OPTIONS)


@pytest.fixture(scope="module")
def reporting(evaluate: Evaluate) -> Plan:
    return evaluate(**REPORTING)


@pytest.fixture(scope="module")
def written(evaluate: Evaluate) -> Plan:
    return evaluate(**WRITTEN)


@pytest.fixture(scope="module")
def waiting(evaluate: Evaluate) -> Plan:
    return evaluate(wait_for_steady_state=True, steady_state_timeout_minutes=7)


@pytest.fixture(scope="module")
def internal(evaluate: Evaluate) -> Plan:
    return evaluate(**INTERNAL)


@pytest.fixture(scope="module")
def urls(evaluate: Evaluate) -> Plan:
    return evaluate(**URLS)


@pytest.fixture(scope="module")
def changed(plain: Plan) -> Changed:
    """Returns the addresses that a plan has more than the one with the fewest inputs, and fewer."""

    def compare(planned: Plan) -> tuple[set[str], set[str]]:
        addresses = set(planned.addresses)
        return addresses - set(plain.addresses), set(plain.addresses) - addresses

    return compare


def containers(plan: Plan, task: str) -> dict[str, dict[str, Any]]:
    listed = json.loads(plan.values(f"aws_ecs_task_definition.{task}")["container_definitions"])
    return {each["name"]: each for each in listed}


def environment(container: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["value"] for each in container.get("environment", [])}


def secrets(container: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["valueFrom"] for each in container.get("secrets", [])}


def config(plan: Plan) -> dict[str, Any]:
    return dict(yaml.safe_load(plan.values("aws_s3_object.proxy_config[0]")["content"]))


def ingress(plan: Plan, group: str) -> dict[int, tuple[list[str], list[str]]]:
    """Returns the ranges and the prefix lists that reach a group, by the port."""
    rules = plan.values(f"aws_security_group.{group}")["ingress"]
    return {rule["from_port"]: (rule["cidr_blocks"] or [], rule["prefix_list_ids"] or []) for rule in rules}


def statements(plan: Plan, policy: str) -> list[dict[str, Any]]:
    return list(json.loads(plan.values(f"aws_iam_policy.{policy}")["policy"])["Statement"])


def test_an_option_adds_its_own_resources_only(options: Plan, changed: Changed) -> None:
    assert changed(options) == (
        {
            *("aws_eip.nat[1]", "aws_nat_gateway.this[1]", "aws_route_table.private[1]"),
            "aws_appautoscaling_policy.gateway_requests[0]",
            "aws_appautoscaling_policy.gateway_tokens[0]",
            "aws_iam_role.bedrock_model_import[0]",
            *(
                f"aws_iam_policy.{policy}[0]"
                for policy in ("bedrock_invoke", "bedrock_mantle", "bedrock_model_import", "execute_command")
            ),
            "aws_iam_role_policy_attachment.bedrock_model_import[0]",
            "aws_iam_role_policy_attachment.task_bedrock_invoke[0]",
            "aws_iam_role_policy_attachment.task_bedrock_mantle[0]",
            "aws_iam_role_policy_attachment.task_execute_command[0]",
            "aws_iam_role_policy_attachment.ui_task_execute_command[0]",
            "aws_ecs_cluster_capacity_providers.this[0]",
        },
        set(),
    )


def test_a_domain_and_billing_metrics_add_their_own_resources_only(reporting: Plan, changed: Changed) -> None:
    assert changed(reporting) == (
        {
            "aws_acm_certificate.this[0]",
            "aws_acm_certificate_validation.this[0]",
            "aws_lb_listener.https[0]",
            *(f"aws_route53_record.{name}[0]" for name in ("a", "aaaa", "certificate_validation")),
            *(
                f"aws_secretsmanager_{what}.billing_metrics_{part}[0]"
                for what in ("secret", "secret_version")
                for part in ("client_cert", "client_key", "ca_cert")
            ),
            "aws_s3_object.proxy_config[0]",
        },
        set(),
    )


# Networking


def test_an_existing_vpc_is_used_and_nothing_of_it_is_created(evaluate: Evaluate, changed: Changed) -> None:
    planned = evaluate(**VPC)
    more, fewer = changed(planned)
    assert more == set()
    assert {address.partition(".")[0] for address in fewer} == {
        *("aws_vpc", "aws_subnet", "aws_internet_gateway", "aws_eip", "aws_nat_gateway"),
        *("aws_route_table", "aws_route_table_association"),
    }
    assert planned.values("aws_lb.this")["subnets"] == ["subnet-1", "subnet-2"]
    assert planned.values("aws_lb_target_group.ui")["vpc_id"] == "vpc-1"
    assert planned.values("aws_security_group.tasks")["vpc_id"] == "vpc-1"
    assert planned.values("aws_db_subnet_group.this")["subnet_ids"] == ["subnet-3", "subnet-4"]
    [network] = planned.values("aws_ecs_service.gateway")["network_configuration"]
    assert (network["subnets"], network["assign_public_ip"]) == (["subnet-3", "subnet-4"], False)
    assert planned.outputs["vpc_id"] == "vpc-1"


def test_tasks_get_further_security_groups(options: Plan) -> None:
    [network] = options.values("aws_ecs_service.ui")["network_configuration"]
    assert len(network["security_groups"]) == 2
    assert "sg-1" in network["security_groups"]
    assert "sg-1" in options.outputs["migration_run_command"]


def test_tasks_in_public_subnets_need_no_nat_gateway(evaluate: Evaluate, changed: Changed) -> None:
    planned = evaluate(tasks_in_public_subnets=True, **NO_STORES)
    _, fewer = changed(planned)
    assert fewer >= {"aws_eip.nat[0]", "aws_nat_gateway.this[0]"}
    [network] = planned.values("aws_ecs_service.gateway")["network_configuration"]
    assert network["assign_public_ip"] is True
    assert planned.values("aws_route_table.private")["route"] == []


def test_each_zone_may_have_a_nat_gateway(options: Plan) -> None:
    tables = [options.values(f"aws_route_table_association.private[{index}]")["route_table_id"] for index in (0, 1)]
    assert len(set(tables)) == 2
    nats = [options.values(f"aws_route_table.private[{index}]")["route"][0]["nat_gateway_id"] for index in (0, 1)]
    assert len(set(nats)) == 2


# Private ingress and domain


def test_an_internal_load_balancer_is_private_and_closed_to_the_world(internal: Plan, evaluate: Evaluate) -> None:
    assert internal.values("aws_lb.this")["internal"] is True
    assert ingress(internal, "alb") == {80: (["10.40.0.0/16"], []), 443: (["10.40.0.0/16"], [])}
    existing = evaluate(**{**VPC, "public_subnet_ids": [], "alb_internal": True, "alb_ingress_cidrs": ["10.0.0.0/8"]})
    assert existing.values("aws_lb.this")["subnets"] == ["subnet-3", "subnet-4"]
    groups = [address for address in existing.addresses if address.startswith("aws_security_group.")]
    ranges = [rule[0] for group in groups for rule in ingress(existing, group.partition(".")[2]).values()]
    assert "0.0.0.0/0" not in json.dumps(ranges)


def test_who_may_reach_the_load_balancer_is_chosen(options: Plan, reporting: Plan, written: Plan) -> None:
    assert ingress(options, "alb")[443] == (["192.0.2.0/24"], [])
    # The lists stand in the place of the whole internet.
    assert ingress(reporting, "alb")[443] == ([], ["pl-1"])
    assert ingress(written, "alb")[80] == (["192.0.2.0/24"], ["pl-1"])


def test_a_domain_has_a_certificate_and_records(reporting: Plan) -> None:
    assert reporting.outputs["alb_url"] == "https://llm.example.com"
    for name, kind in (("a", "A"), ("aaaa", "AAAA")):
        record = reporting.values(f"aws_route53_record.{name}")
        assert (record["name"], record["type"], record["zone_id"]) == ("llm.example.com", kind, "Z1")
    assert reporting.values("aws_acm_certificate.this")["validation_method"] == "DNS"


def test_the_idle_timeout_is_chosen(options: Plan) -> None:
    assert options.values("aws_lb.this")["idle_timeout"] == 4000


@pytest.mark.parametrize("service", ["gateway", "backend"])
def test_a_service_keeps_idle_connections_longer_than_the_load_balancer(options: Plan, service: str) -> None:
    """AWS, "Troubleshoot your Application Load Balancers": a target that closes a connection first causes HTTP 502."""
    keeps = environment(containers(options, service)[service])["UVICORN_TIMEOUT_KEEP_ALIVE"]
    assert int(keeps) > options.values("aws_lb.this")["idle_timeout"]


def test_the_proxy_knows_the_ranges_of_its_load_balancer(reporting: Plan, internal: Plan, written: Plan) -> None:
    assert config(reporting)["general_settings"] == {"trusted_proxy_ranges": ["10.40.0.0/24", "10.40.1.0/24"]}
    ranges = config(internal)["general_settings"]["trusted_proxy_ranges"]
    assert ranges == ["10.40.10.0/24", "10.40.11.0/24"]
    assert config(written)["general_settings"] == {"trusted_proxy_ranges": [], "master_key": "k"}


# Stores


def test_a_database_url_takes_the_place_of_aurora(urls: Plan, changed: Changed) -> None:
    more, fewer = changed(urls)
    assert more == {
        f"aws_secretsmanager_{what}.{store}_url[0]"
        for what in ("secret", "secret_version")
        for store in ("database", "redis")
    }
    kinds = {address.partition(".")[0] for address in fewer}
    assert kinds >= {"aws_rds_cluster", "aws_rds_cluster_instance", "aws_db_subnet_group", "terraform_data"}
    assert "terraform_data.migration[0]" not in fewer
    assert {"terraform_data.bootstrap_db[0]", "aws_iam_policy.rds_iam_connect[0]"} <= fewer
    arn = f"arn:aws:mock:{ACCOUNT}:mock:aws_secretsmanager_secret.database_url"
    for task in ("gateway", "backend", "migrations"):
        container = containers(urls, task)[task]
        assert secrets(container)["DATABASE_URL"] == arn
        assert not environment(container).keys() & {"IAM_TOKEN_DB_AUTH", "DATABASE_HOST", "DATABASE_USER"}
    assert environment(containers(urls, "backend")["backend"])["STORE_MODEL_IN_DB"] == "true"
    [read] = statements(urls, "secrets_access")
    assert arn in read["Resource"]
    assert urls.outputs["aurora_writer_endpoint"] is None
    assert urls.outputs["db_bootstrap_sql"] is None
    assert urls.outputs["migration_run_command"]


def test_the_migration_waits_for_the_secret_of_the_url(module: dict[str, Any]) -> None:
    migration = module["resource"]["terraform_data"]["migration"]
    assert "aws_secretsmanager_secret_version.database_url" in migration["depends_on"]


def test_without_any_database_nothing_is_migrated_nor_stored(evaluate: Evaluate, changed: Changed) -> None:
    planned = evaluate(create_database=False)
    _, fewer = changed(planned)
    assert {"terraform_data.bootstrap_db[0]", "terraform_data.migration[0]"} <= fewer
    assert "STORE_MODEL_IN_DB" not in environment(containers(planned, "backend")["backend"])
    nothing = ("aurora_writer_endpoint", "aurora_reader_endpoint", "db_master_password_secret_arn", "db_bootstrap_sql")
    assert {name: planned.outputs.get(name) for name in (*nothing, "migration_run_command")} == dict.fromkeys(
        (*nothing, "migration_run_command")
    )


def test_a_redis_url_takes_the_place_of_elasticache(urls: Plan, changed: Changed) -> None:
    _, fewer = changed(urls)
    assert fewer >= {
        "aws_elasticache_replication_group.this[0]",
        "aws_elasticache_subnet_group.this[0]",
        "aws_security_group.redis[0]",
    }
    assert urls.warnings == ()
    for task in ("gateway", "backend"):
        container = containers(urls, task)[task]
        assert "REDIS_URL" in secrets(container)
        assert "REDIS_HOST" not in environment(container)
    assert urls.outputs["redis_endpoint"] is None


@pytest.mark.parametrize(
    ("inputs", "warns"),
    [
        ({}, True),
        ({"gateway_max_capacity": 1}, False),
        ({"gateway_max_capacity": 1, "gateway_num_workers": 2}, True),
        ({"gateway_autoscaling_enabled": False, "gateway_desired_count": 1}, False),
    ],
)
def test_a_plan_warns_of_processes_that_share_no_redis(plan: Evaluate, inputs: dict[str, Any], warns: bool) -> None:
    found = [warning.text for warning in plan(create_redis=False, **inputs).warnings]
    assert any("Without Redis, each of up to" in text for text in found) is warns


def test_urls_hide_nothing_but_themselves(urls: Plan) -> None:
    hidden = {
        change["address"]
        for change in urls.document["resource_changes"]
        if "true" in json.dumps(change["change"]["after_sensitive"])
    }
    assert {address for address in hidden if "_url" in address} == {
        "aws_secretsmanager_secret_version.database_url[0]",
        "aws_secretsmanager_secret_version.redis_url[0]",
    }
    assert not [address for address in hidden if address.startswith(("aws_ecs", "aws_iam", "aws_security_group"))]
    assert "u:p@h" not in json.dumps(urls.document["output_changes"])


# Gateway


@pytest.mark.parametrize("own", [True, False], ids=["own database", "database_url"])
def test_the_launcher_starts_the_connection_pool(evaluate: Evaluate, urls: Plan, own: bool) -> None:
    of_its_own = {name: value for name, value in URLS.items() if "database" not in name and "redis" not in name}
    planned = evaluate(**of_its_own) if own else urls
    pool = {
        "LITELLM_PGBOUNCER_ENABLED": "true",
        "LITELLM_PGBOUNCER_MAX_DB_CONNECTIONS": "7",
        "LITELLM_PGBOUNCER_MAX_CLIENT_CONN": "70",
    }
    for container in containers(planned, "gateway").values():
        assert pool.items() <= environment(container).items()
    [script] = containers(planned, "gateway")["gateway"]["command"]
    assert script.startswith("exec $(python -c '\nimport importlib.util")
    assert script.endswith(") --host 0.0.0.0 --port 4000 --workers 1\n")
    assert not pool.keys() & environment(containers(planned, "backend")["backend"]).keys()


def test_a_sidecar_serves_the_metrics_of_all_workers(evaluate: Evaluate, internal: Plan) -> None:
    planned = evaluate(gateway_metrics_port=9090, gateway_metrics_scrape_cidrs=["10.0.0.0/8"])
    both = containers(planned, "gateway")
    assert list(both) == ["gateway", "metrics-volume", "metrics"]
    metrics, volume_container = both["metrics"], both.pop("metrics-volume")
    assert metrics["entryPoint"] == ["sh", "-c"]
    assert metrics["command"] == ["exec python -m litellm.proxy.prometheus_metrics_server --port 9090\n"]
    assert (metrics["essential"], metrics["image"]) == (False, both["gateway"]["image"])
    assert "9090" in metrics["healthCheck"]["command"][-1]
    folder = "/tmp/litellm_prometheus_multiproc"
    for container in both.values():
        assert environment(container)["PROMETHEUS_MULTIPROC_DIR"] == folder
        [mount] = container["mountPoints"]
        assert (mount["sourceVolume"], mount["containerPath"]) == ("prometheus-multiproc", folder)
        assert container["dependsOn"] == [{"containerName": "metrics-volume", "condition": "SUCCESS"}]
    assert (volume_container["essential"], volume_container["user"]) == (False, "0")
    assert volume_container["mountPoints"] == metrics["mountPoints"]
    [volume] = planned.values("aws_ecs_task_definition.gateway")["volume"]
    assert volume["name"] == "prometheus-multiproc"
    assert ingress(planned, "tasks")[9090] == (["10.0.0.0/8"], [])
    assert not [address for address in planned.addresses if "target_group.metrics" in address]
    assert list(ingress(internal, "tasks")) == [3000, 4000, 4001]


def test_requests_scale_the_gateway(options: Plan) -> None:
    policy = options.values("aws_appautoscaling_policy.gateway_requests")
    [tracking] = policy["target_tracking_scaling_policy_configuration"]
    assert tracking["target_value"] == 300
    [metric] = tracking["predefined_metric_specification"]
    assert metric["predefined_metric_type"] == "ALBRequestCountPerTarget"


def test_tokens_scale_the_gateway(options: Plan) -> None:
    policy = options.values("aws_appautoscaling_policy.gateway_tokens")
    [tracking] = policy["target_tracking_scaling_policy_configuration"]
    assert tracking["target_value"] == 500
    metrics = {each["id"]: each for each in tracking["customized_metric_specification"][0]["metrics"]}
    tokens, tasks = (metrics[name]["metric_stat"][0] for name in ("tokens", "tasks"))
    assert (tokens["stat"], tokens["metric"][0]["metric_name"]) == ("Sum", "litellm_total_tokens_metric_total")
    assert tokens["metric"][0]["namespace"] == "LiteLLM"
    assert tokens["metric"][0]["dimensions"] == [{"name": "service", "value": "a"}]
    assert (tasks["metric"][0]["namespace"], tasks["metric"][0]["metric_name"]) == (
        "ECS/ContainerInsights",
        "RunningTaskCount",
    )
    assert metrics["per_second_and_task"]["expression"] == "tokens / 60 / tasks"
    assert [name for name, metric in metrics.items() if metric["return_data"]] == ["per_second_and_task"]


def test_the_collector_takes_its_share_of_the_gateway(evaluate: Evaluate, internal: Plan) -> None:
    planned = evaluate(
        collector_enabled=True,
        collector_port=5000,
        collector_cpu=256,
        collector_memory=1024,
        collector_buffer_size=5,
        collector_drain_timeout_seconds=6,
        collector_on_unavailable="drop",
    )
    both = containers(planned, "gateway")
    assert list(both) == ["gateway", "collector"]
    assert both["collector"]["entryPoint"] == ["sh", "-c"]
    assert both["collector"]["command"] == ["exec python -m litellm.proxy.collector\n"]
    assert both["collector"]["restartPolicy"] == {"enabled": True}
    assert environment(both["collector"])["LITELLM_JOB_ROLE"] == "collector"
    assert "LITELLM_JOB_ROLE" not in environment(both["gateway"])
    assert both["gateway"]["dependsOn"] == [{"containerName": "collector", "condition": "START"}]
    assert both["collector"]["essential"] is False
    assert [(each["cpu"], each["memory"]) for each in both.values()] == [(768, 3072), (256, 1024)]
    for container in both.values():
        assert {
            "LITELLM_COLLECTOR_ENABLED": "true",
            "LITELLM_COLLECTOR_ADDRESS": "tcp://127.0.0.1:5000",
            "LITELLM_COLLECTOR_BUFFER_SIZE": "5",
            "LITELLM_COLLECTOR_DRAIN_TIMEOUT_SECONDS": "6",
            "LITELLM_COLLECTOR_ON_UNAVAILABLE": "drop",
        }.items() <= environment(container).items()
    assert secrets(both["collector"]) == secrets(both["gateway"])
    collector = containers(internal, "gateway")["collector"]
    assert collector["entryPoint"] == ["sh", "-c"]
    assert collector["command"][0].startswith("set -eu\npython -c ")
    assert collector["command"][0].endswith("\nexec python -m litellm.proxy.collector\n")
    assert "PROMETHEUS_MULTIPROC_DIR" not in environment(collector)


def test_ping_intervals_are_settings_of_litellm(reporting: Plan, written: Plan) -> None:
    assert config(reporting)["litellm_settings"] == {
        "sse_keepalive_ping_interval_seconds": 15,
        "anthropic_sse_ping_interval_seconds": 16,
    }
    assert config(written)["litellm_settings"] == {"sse_keepalive_ping_interval_seconds": 9, "x": 1}


def test_pre_call_checks_are_a_setting_of_the_router(reporting: Plan, written: Plan) -> None:
    assert config(reporting)["router_settings"] == {"enable_pre_call_checks": False}
    assert config(written)["router_settings"] == {"enable_pre_call_checks": True, "num_retries": 1}


@pytest.mark.parametrize("service", ["gateway", "backend"])
def test_datadogs_tracer_runs_a_service(evaluate: Evaluate, reporting: Plan, written: Plan, service: str) -> None:
    # Without a configuration, for both; with one, for the gateway, and then for the backend.
    both = evaluate(**{f"{one}_extra_env": {"USE_DDTRACE": "true"} for one in ("gateway", "backend")})
    container = containers(both, service)[service]
    assert container["command"][0].startswith("exec ddtrace-run uvicorn ")
    assert environment(container)["DD_TRACE_OPENAI_ENABLED"] == "False"
    traced, other = (reporting, written) if service == "gateway" else (written, reporting)
    assert "\nexec ddtrace-run uvicorn " in containers(traced, service)[service]["command"][-1]
    assert "\nexec uvicorn " in containers(other, service)[service]["command"][-1]


# Bedrock and billing


def test_models_of_bedrock_may_be_invoked(options: Plan) -> None:
    [statement] = statements(options, "bedrock_invoke")
    assert set(statement["Action"]) == {"bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"}
    assert statement["Resource"] == [MODEL]


def test_mantle_is_allowed_in_this_region(options: Plan) -> None:
    [statement] = statements(options, "bedrock_mantle")
    assert statement["Action"] == ["bedrock-mantle:CreateInference"]
    assert statement["Condition"] == {"StringEquals": {"aws:RequestedRegion": "us-west-2"}}


def test_bedrock_imports_models_from_the_bucket(options: Plan) -> None:
    role = options.values("aws_iam_role.bedrock_model_import")
    assert role["name"] == "acme-litellm-dev-bedrock-model-import"
    [trust] = json.loads(role["assume_role_policy"])["Statement"]
    assert trust["Principal"] == {"Service": ["bedrock.amazonaws.com"]}
    assert trust["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "111122223333"},
        "ArnEquals": {"aws:SourceArn": "arn:aws:bedrock:us-west-2:111122223333:model-import-job/*"},
    }
    listing, reading = statements(options, "bedrock_model_import")
    assert listing == {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": ["arn:aws:s3:::bucket-mock"]}
    assert reading["Action"] == ["s3:GetObject", "s3:GetObjectAttributes"]
    assert reading["Resource"] == ["arn:aws:s3:::bucket-mock/models/*"]
    assert options.outputs["bedrock_model_import_role_arn"].endswith("aws_iam_role.bedrock_model_import")


def test_billing_metrics_have_their_login(reporting: Plan, written: Plan) -> None:
    for task in ("gateway", "backend"):
        container = containers(reporting, task)[task]
        assert environment(container)["LITELLM_BILLING_METRICS_ENDPOINT"] == "https://billing.example.com"
        assert {name for name in secrets(container) if "BILLING" in name} == {
            "LITELLM_BILLING_METRICS_CLIENT_CERT",
            "LITELLM_BILLING_METRICS_CLIENT_KEY",
            "LITELLM_BILLING_METRICS_CA_CERT",
        }
    name = reporting.values("aws_secretsmanager_secret.billing_metrics_ca_cert")["name"]
    assert name == "acme-litellm-dev-billing-metrics-ca-cert"
    assert "LITELLM_BILLING_METRICS_CA_CERT" not in secrets(containers(written, "gateway")["gateway"])


# Registries, accounts, operations


def test_every_image_is_pulled_with_the_login_of_its_registry(evaluate: Evaluate) -> None:
    key = f"arn:aws:kms:{ACCOUNT}:key/1"
    planned = evaluate(
        image_registry_secret_arn=SECRET,
        image_registry_kms_key_arn=key,
        bootstrap_image="registry.example.com/postgres:16",
        gateway_metrics_port=9090,
        collector_enabled=True,
    )
    for task in ("gateway", "backend", "ui", "migrations", "bootstrap_db"):
        for container in containers(planned, task).values():
            assert container["repositoryCredentials"] == {"credentialsParameter": SECRET}
    [read] = statements(planned, "image_registry_secret")
    assert (read["Action"], read["Resource"]) == (["secretsmanager:GetSecretValue"], [SECRET])
    [decrypt] = statements(planned, "image_registry_kms_key")
    assert (decrypt["Action"], decrypt["Resource"]) == (["kms:Decrypt"], [key])


def test_one_shot_tasks_may_be_started_by_a_role(module: dict[str, Any]) -> None:
    for task in ("bootstrap_db", "migration"):
        [provisioner] = module["resource"]["terraform_data"][task]["provisioner"]
        variables = provisioner["local-exec"]["environment"]
        assert variables["ONE_SHOT_ASSUME_ROLE_ARN"] == "${var.one_shot_assume_role_arn}"


def test_the_image_of_the_bootstrap_is_chosen(options: Plan) -> None:
    assert containers(options, "bootstrap_db")["psql"]["image"] == OPTIONS["bootstrap_image"]


@pytest.mark.parametrize("task", ["gateway", "backend", "ui", "migrations", "bootstrap_db"])
def test_tasks_run_on_the_architecture_that_is_chosen(options: Plan, default: Plan, task: str) -> None:
    [platform] = options.values(f"aws_ecs_task_definition.{task}")["runtime_platform"]
    assert (platform["cpu_architecture"], platform["operating_system_family"]) == ("ARM64", "LINUX")
    assert default.values(f"aws_ecs_task_definition.{task}")["runtime_platform"] == []


def test_a_share_of_the_gateway_runs_on_spot_but_for_one_task(plan: Evaluate) -> None:
    planned = plan(gateway_spot_percentage=80)
    service = planned.values("aws_ecs_service.gateway")
    strategy = {each["capacity_provider"]: each for each in service["capacity_provider_strategy"]}
    assert (strategy["FARGATE"]["base"], strategy["FARGATE"]["weight"]) == (1, 20)
    assert (strategy["FARGATE_SPOT"]["base"], strategy["FARGATE_SPOT"]["weight"]) == (0, 80)
    assert service.get("launch_type") is None
    assert service["force_new_deployment"] is True
    assert planned.values("aws_ecs_service.ui")["launch_type"] == "FARGATE"


@pytest.mark.parametrize("service", ["gateway", "backend", "ui"])
def test_services_may_roll_back_open_shells_and_start_slowly(
    options: Plan, default: Plan, written: Plan, service: str
) -> None:
    planned = options.values(f"aws_ecs_service.{service}")
    [breaker] = planned["deployment_circuit_breaker"]
    assert (breaker["enable"], breaker["rollback"]) == (True, True)
    assert planned["enable_execute_command"] is True
    assert planned["health_check_grace_period_seconds"] == 60
    plain = default.values(f"aws_ecs_service.{service}")
    assert plain["deployment_circuit_breaker"] == [{"enable": False, "rollback": False}]
    assert plain["enable_execute_command"] is False
    assert plain["health_check_grace_period_seconds"] == 180
    assert written.values(f"aws_ecs_service.{service}")["health_check_grace_period_seconds"] is None


WAITS = {f"terraform_data.{service}_steady_state[0]" for service in ("gateway", "backend", "ui")}


def test_an_apply_may_wait_for_the_deployments(plain: Plan, waiting: Plan, changed: Changed) -> None:
    assert not WAITS & set(plain.addresses)
    assert changed(waiting) == (WAITS, set())
    for service in ("gateway", "backend", "ui"):
        triggers = waiting.values(f"terraform_data.{service}_steady_state")["triggers_replace"]
        assert triggers["task_definition"] == f"arn:aws:mock:{ACCOUNT}:mock:aws_ecs_task_definition.{service}"
        # The provider's own wait takes a rollback for success.
        assert not waiting.values(f"aws_ecs_service.{service}")["wait_for_steady_state"]


def test_nothing_waits_for_the_end_of_a_deployment(module: dict[str, Any]) -> None:
    others = {**module, "resource": {**module["resource"], "terraform_data": {}}}
    assert "_steady_state" not in json.dumps({name: others[name] for name in ("resource", "output", "locals")})
    for name in ("bootstrap_db", "migration"):
        assert "_steady_state" not in json.dumps(module["resource"]["terraform_data"][name])


@pytest.mark.parametrize("service", ["gateway", "backend", "ui"])
def test_the_wait_has_the_timeout_and_the_role_of_the_inputs(module: dict[str, Any], service: str) -> None:
    [provisioner] = module["resource"]["terraform_data"][f"{service}_steady_state"]["provisioner"]
    variables = provisioner["local-exec"]["environment"]
    assert variables["STEADY_STATE_TIMEOUT_MINUTES"] == "${tostring(var.steady_state_timeout_minutes)}"
    assert variables["STEADY_STATE_ASSUME_ROLE_ARN"] == "${var.one_shot_assume_role_arn}"
    assert variables["STEADY_STATE_SERVICE"] == f"${{aws_ecs_service.{service}.name}}"


def test_ecs_exec_has_its_permissions(options: Plan) -> None:
    [statement] = statements(options, "execute_command")
    assert {action.partition(":")[0] for action in statement["Action"]} == {"ssmmessages"}


def test_streams_may_finish_during_a_deployment(options: Plan, default: Plan, plain: Plan) -> None:
    assert options.values("aws_lb_target_group.gateway")["deregistration_delay"] == "90"
    assert containers(options, "gateway")["gateway"]["stopTimeout"] == 90
    assert options.values("aws_lb_target_group.backend")["deregistration_delay"] == "30"
    assert default.values("aws_lb_target_group.gateway")["deregistration_delay"] == "30"
    assert "stopTimeout" not in containers(plain, "gateway")["gateway"]
