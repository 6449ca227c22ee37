"""The inputs beyond the documented module, row by row: what each adds to a plan, and what it leaves alone."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from tests.plan.conftest import ACCOUNT, Evaluate
from tests.terraform import Plan

Refusal = Callable[..., str]
VPC = {
    "azs": [],
    "vpc_id": "vpc-1",
    "public_subnet_ids": ["subnet-1", "subnet-2"],
    "private_subnet_ids": ["subnet-3", "subnet-4"],
}
NO_STORES = {"create_database": False, "create_redis": False, "gateway_max_capacity": 1}
SECRET = f"arn:aws:secretsmanager:{ACCOUNT}:secret:registry"
PEM = "-----BEGIN CERTIFICATE-----"


@pytest.fixture(scope="module")
def default(plan: Evaluate) -> Plan:
    return plan()


@pytest.fixture(scope="module")
def changed(plan: Evaluate, default: Plan) -> Callable[..., tuple[set[str], set[str]]]:
    """Returns the addresses that inputs add to the default plan, and those that they take out of it."""

    def compare(**inputs: Any) -> tuple[set[str], set[str]]:
        addresses = set(plan(**inputs).addresses)
        return addresses - set(default.addresses), set(default.addresses) - addresses

    return compare


Changed = Callable[..., tuple[set[str], set[str]]]


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


# Networking


def test_a_vpc_that_is_brought_along_is_used_and_nothing_of_it_is_made(plan: Evaluate, changed: Changed) -> None:
    more, fewer = changed(**VPC)
    assert more == set()
    assert {address.partition(".")[0] for address in fewer} == {
        *("aws_vpc", "aws_subnet", "aws_internet_gateway", "aws_eip", "aws_nat_gateway"),
        *("aws_route_table", "aws_route_table_association"),
    }
    planned = plan(**VPC)
    assert planned.values("aws_lb.this")["subnets"] == ["subnet-1", "subnet-2"]
    assert planned.values("aws_lb_target_group.ui")["vpc_id"] == "vpc-1"
    assert planned.values("aws_security_group.tasks")["vpc_id"] == "vpc-1"
    assert planned.values("aws_db_subnet_group.this")["subnet_ids"] == ["subnet-3", "subnet-4"]
    [network] = planned.values("aws_ecs_service.gateway")["network_configuration"]
    assert (network["subnets"], network["assign_public_ip"]) == (["subnet-3", "subnet-4"], False)
    assert planned.outputs["vpc_id"] == "vpc-1"


def test_tasks_get_further_security_groups(evaluate: Evaluate) -> None:
    planned = evaluate(additional_task_security_group_ids=["sg-1"])
    [network] = planned.values("aws_ecs_service.ui")["network_configuration"]
    assert len(network["security_groups"]) == 2
    assert "sg-1" in network["security_groups"]
    assert "sg-1" in planned.outputs["migration_run_command"]


def test_tasks_in_public_subnets_need_no_nat_gateway(evaluate: Evaluate, changed: Changed) -> None:
    inputs = {"tasks_in_public_subnets": True, **NO_STORES}
    _, fewer = changed(**inputs)
    assert fewer >= {"aws_eip.nat[0]", "aws_nat_gateway.this[0]"}
    planned = evaluate(**inputs)
    [network] = planned.values("aws_ecs_service.gateway")["network_configuration"]
    assert network["assign_public_ip"] is True
    assert planned.values("aws_route_table.private")["route"] == []


def test_each_zone_may_have_a_nat_gateway(evaluate: Evaluate, changed: Changed) -> None:
    more, fewer = changed(nat_gateway_per_az=True)
    assert (more, fewer) == ({"aws_eip.nat[1]", "aws_nat_gateway.this[1]", "aws_route_table.private[1]"}, set())
    planned = evaluate(nat_gateway_per_az=True)
    tables = [planned.values(f"aws_route_table_association.private[{index}]")["route_table_id"] for index in (0, 1)]
    assert len(set(tables)) == 2
    nats = [planned.values(f"aws_route_table.private[{index}]")["route"][0]["nat_gateway_id"] for index in (0, 1)]
    assert len(set(nats)) == 2


# Private ingress and domain


def test_an_internal_load_balancer_is_private_and_closed_to_the_world(plan: Evaluate) -> None:
    planned = plan(alb_internal=True)
    assert planned.values("aws_lb.this")["internal"] is True
    assert ingress(planned, "alb") == {80: (["10.40.0.0/16"], []), 443: (["10.40.0.0/16"], [])}
    brought = plan(**{**VPC, "public_subnet_ids": [], "alb_internal": True, "alb_ingress_cidrs": ["10.0.0.0/8"]})
    assert brought.values("aws_lb.this")["subnets"] == ["subnet-3", "subnet-4"]
    groups = [address for address in brought.addresses if address.startswith("aws_security_group.")]
    ranges = [rule[0] for group in groups for rule in ingress(brought, group.partition(".")[2]).values()]
    assert "0.0.0.0/0" not in json.dumps(ranges)


def test_who_may_reach_the_load_balancer_is_chosen(plan: Evaluate) -> None:
    assert ingress(plan(alb_ingress_cidrs=["192.0.2.0/24"]), "alb")[443] == (["192.0.2.0/24"], [])
    # The lists stand in the place of the whole internet.
    assert ingress(plan(alb_ingress_prefix_list_ids=["pl-1"]), "alb")[443] == ([], ["pl-1"])
    both = plan(alb_ingress_prefix_list_ids=["pl-1"], alb_ingress_cidrs=["192.0.2.0/24"])
    assert ingress(both, "alb")[80] == (["192.0.2.0/24"], ["pl-1"])


def test_a_domain_has_a_certificate_and_records(plan: Evaluate, changed: Changed) -> None:
    inputs = {"domain_name": "llm.example.com", "route53_zone_id": "Z1", "allow_plaintext_alb": False}
    more, fewer = changed(**inputs)
    assert fewer == set()
    assert more == {
        "aws_acm_certificate.this[0]",
        "aws_acm_certificate_validation.this[0]",
        "aws_lb_listener.https[0]",
        *(f"aws_route53_record.{name}[0]" for name in ("a", "aaaa", "certificate_validation")),
    }
    planned = plan(**inputs)
    assert planned.outputs["alb_url"] == "https://llm.example.com"
    for name, kind in (("a", "A"), ("aaaa", "AAAA")):
        record = planned.values(f"aws_route53_record.{name}")
        assert (record["name"], record["type"], record["zone_id"]) == ("llm.example.com", kind, "Z1")
    assert planned.values("aws_acm_certificate.this")["validation_method"] == "DNS"


def test_the_idle_timeout_is_chosen(plan: Evaluate) -> None:
    assert plan(alb_idle_timeout_seconds=4000).values("aws_lb.this")["idle_timeout"] == 4000


def test_further_paths_follow_the_documented_ones(plan: Evaluate, default: Plan) -> None:
    planned = plan(extra_gateway_paths=["/a2a/*", "/watsonx*", "/x/*", "/y/*", "/z/*"])

    def patterns(plan: Plan) -> list[str]:
        rules = sorted(address for address in plan.addresses if address.startswith("aws_lb_listener_rule.gateway"))
        rules.sort(key=lambda address: int(address.split('"')[1]))
        found: list[str] = []
        for rule in rules:
            [condition] = plan.values(rule)["condition"]
            # ELB keeps the values of a rule as a set.
            found += condition["path_pattern"][0]["values"]
        return found

    assert sorted(patterns(planned)) == sorted([*patterns(default), "/a2a/*", "/watsonx*", "/x/*", "/y/*", "/z/*"])


def test_the_proxy_knows_the_ranges_of_its_load_balancer(plan: Evaluate) -> None:
    own: dict[str, Any] = {"model_list": []}
    assert config(plan(proxy_config=own))["general_settings"] == {
        "trusted_proxy_ranges": ["10.40.0.0/24", "10.40.1.0/24"]
    }
    internal = config(plan(proxy_config=own, alb_internal=True))
    assert internal["general_settings"]["trusted_proxy_ranges"] == ["10.40.10.0/24", "10.40.11.0/24"]
    written = config(plan(proxy_config={"general_settings": {"trusted_proxy_ranges": [], "master_key": "k"}}))
    assert written["general_settings"] == {"trusted_proxy_ranges": [], "master_key": "k"}


# Stores


def test_a_database_url_takes_the_place_of_aurora(evaluate: Evaluate, changed: Changed) -> None:
    inputs = {"create_database": False, "database_url": "postgresql://u:p@h/db"}
    more, fewer = changed(**inputs)
    assert more == {f"aws_secretsmanager_{what}.database_url[0]" for what in ("secret", "secret_version")}
    kinds = {address.partition(".")[0] for address in fewer}
    assert kinds >= {"aws_rds_cluster", "aws_rds_cluster_instance", "aws_db_subnet_group", "terraform_data"}
    assert "terraform_data.migration[0]" not in fewer
    assert {"terraform_data.bootstrap_db[0]", "aws_iam_policy.rds_iam_connect[0]"} <= fewer
    planned = evaluate(**inputs)
    arn = f"arn:aws:mock:{ACCOUNT}:mock:aws_secretsmanager_secret.database_url"
    for task in ("gateway", "backend", "migrations"):
        container = containers(planned, task)[task]
        assert secrets(container)["DATABASE_URL"] == arn
        assert not environment(container).keys() & {"IAM_TOKEN_DB_AUTH", "DATABASE_HOST", "DATABASE_USER"}
    assert environment(containers(planned, "backend")["backend"])["STORE_MODEL_IN_DB"] == "true"
    [read] = statements(planned, "secrets_access")
    assert arn in read["Resource"]
    assert planned.outputs["aurora_writer_endpoint"] is None
    assert planned.outputs["db_bootstrap_sql"] is None
    assert planned.outputs["migration_run_command"]


def test_the_migration_waits_for_the_secret_of_the_url(module: dict[str, Any]) -> None:
    migration = module["resource"]["terraform_data"]["migration"]
    assert "aws_secretsmanager_secret_version.database_url" in migration["depends_on"]


def test_without_any_database_nothing_is_migrated_nor_stored(evaluate: Evaluate, changed: Changed) -> None:
    _, fewer = changed(create_database=False)
    assert {"terraform_data.bootstrap_db[0]", "terraform_data.migration[0]"} <= fewer
    planned = evaluate(create_database=False)
    assert "STORE_MODEL_IN_DB" not in environment(containers(planned, "backend")["backend"])
    nothing = ("aurora_writer_endpoint", "aurora_reader_endpoint", "db_master_password_secret_arn", "db_bootstrap_sql")
    assert {name: planned.outputs.get(name) for name in (*nothing, "migration_run_command")} == dict.fromkeys(
        (*nothing, "migration_run_command")
    )


def test_a_redis_url_takes_the_place_of_elasticache(evaluate: Evaluate, changed: Changed) -> None:
    inputs = {"create_redis": False, "redis_url": "rediss://h"}
    more, fewer = changed(**inputs)
    assert more == {f"aws_secretsmanager_{what}.redis_url[0]" for what in ("secret", "secret_version")}
    assert fewer == {
        "aws_elasticache_replication_group.this[0]",
        "aws_elasticache_subnet_group.this[0]",
        "aws_security_group.redis[0]",
    }
    planned = evaluate(**inputs)
    assert planned.warnings == ()
    for task in ("gateway", "backend"):
        container = containers(planned, task)[task]
        assert "REDIS_URL" in secrets(container)
        assert "REDIS_HOST" not in environment(container)
    assert planned.outputs["redis_endpoint"] is None


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
    assert any("Without Redis, each process of the gateway counts rate limits" in text for text in found) is warns


def test_urls_hide_nothing_but_themselves(plan: Evaluate) -> None:
    planned = plan(create_database=False, database_url="postgresql://u:p@h/db", create_redis=False, redis_url="r://h")
    hidden = {
        change["address"]
        for change in planned.document["resource_changes"]
        if "true" in json.dumps(change["change"]["after_sensitive"])
    }
    assert {address for address in hidden if "_url" in address} == {
        "aws_secretsmanager_secret_version.database_url[0]",
        "aws_secretsmanager_secret_version.redis_url[0]",
    }
    assert not [address for address in hidden if address.startswith(("aws_ecs", "aws_iam", "aws_security_group"))]
    assert "u:p@h" not in json.dumps(planned.document["output_changes"])


# Gateway


@pytest.mark.parametrize("database", [{}, {"create_database": False, "database_url": "postgresql://h"}])
def test_the_launcher_starts_the_connection_pool(evaluate: Evaluate, database: dict[str, Any]) -> None:
    planned = evaluate(
        **database,
        gateway_connection_pool_enabled=True,
        collector_enabled=True,
        gateway_pool_max_db_connections=7,
        gateway_pool_max_client_conn=70,
    )
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


def test_a_sidecar_serves_the_metrics_of_all_workers(evaluate: Evaluate) -> None:
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
    assert list(ingress(evaluate(gateway_metrics_port=9090), "tasks")) == [0]


def test_requests_scale_the_gateway(plan: Evaluate, changed: Changed) -> None:
    assert changed(gateway_target_requests_per_second=5) == ({"aws_appautoscaling_policy.gateway_requests[0]"}, set())
    policy = plan(gateway_target_requests_per_second=5).values("aws_appautoscaling_policy.gateway_requests")
    [tracking] = policy["target_tracking_scaling_policy_configuration"]
    assert tracking["target_value"] == 300
    [metric] = tracking["predefined_metric_specification"]
    assert metric["predefined_metric_type"] == "ALBRequestCountPerTarget"


def test_tokens_scale_the_gateway(plan: Evaluate, changed: Changed) -> None:
    inputs = {
        "gateway_target_tokens_per_second": 500,
        "gateway_tokens_metric": {"namespace": "LiteLLM", "dimensions": {"service": "a"}},
    }
    assert changed(**inputs) == ({"aws_appautoscaling_policy.gateway_tokens[0]"}, set())
    [tracking] = plan(**inputs).values("aws_appautoscaling_policy.gateway_tokens")[
        "target_tracking_scaling_policy_configuration"
    ]
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


def test_the_collector_takes_its_share_of_the_gateway(evaluate: Evaluate) -> None:
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
    with_config = evaluate(collector_enabled=True, gateway_metrics_port=9090, proxy_config={"model_list": []})
    collector = containers(with_config, "gateway")["collector"]
    assert collector["entryPoint"] == ["sh", "-c"]
    assert collector["command"][0].startswith("set -eu\npython -c ")
    assert collector["command"][0].endswith("\nexec python -m litellm.proxy.collector\n")
    assert "PROMETHEUS_MULTIPROC_DIR" not in environment(collector)


@pytest.mark.parametrize("name", ["sse_keepalive_ping_interval_seconds", "anthropic_sse_ping_interval_seconds"])
def test_a_ping_interval_is_a_setting_of_litellm(plan: Evaluate, name: str) -> None:
    assert config(plan(**{name: 15}))["litellm_settings"] == {name: 15}
    written = config(plan(**{name: 15}, proxy_config={"litellm_settings": {name: 9, "x": 1}}))
    assert written["litellm_settings"] == {name: 9, "x": 1}


def test_pre_call_checks_are_a_setting_of_the_router(plan: Evaluate) -> None:
    assert config(plan(enable_pre_call_checks=False))["router_settings"] == {"enable_pre_call_checks": False}
    written = config(plan(enable_pre_call_checks=True, proxy_config={"router_settings": {"num_retries": 1}}))
    assert written["router_settings"] == {"enable_pre_call_checks": True, "num_retries": 1}


@pytest.mark.parametrize("service", ["gateway", "backend"])
def test_datadogs_tracer_runs_a_service(evaluate: Evaluate, service: str) -> None:
    planned = evaluate(**{f"{service}_extra_env": {"USE_DDTRACE": "True"}})
    container = containers(planned, service)[service]
    assert container["command"][0].startswith("exec ddtrace-run uvicorn ")
    assert environment(container)["DD_TRACE_OPENAI_ENABLED"] == "False"
    other = "backend" if service == "gateway" else "gateway"
    assert containers(planned, other)[other]["command"][0].startswith("exec uvicorn ")
    with_config = evaluate(**{f"{service}_extra_env": {"USE_DDTRACE": "true"}}, proxy_config={"model_list": []})
    assert "\nexec ddtrace-run uvicorn " in containers(with_config, service)[service]["command"][-1]
    plain = evaluate(**{f"{service}_extra_env": {"USE_DDTRACE": "false"}})
    assert containers(plain, service)[service]["command"][0].startswith("exec uvicorn ")


# Bedrock and billing


def test_models_of_bedrock_may_be_invoked(evaluate: Evaluate, changed: Changed) -> None:
    model = "arn:aws:bedrock:us-west-2::foundation-model/anthropic.claude-v2"
    more, _ = changed(bedrock_model_arns=[model])
    assert more == {
        "aws_iam_policy.bedrock_invoke[0]",
        "aws_iam_role_policy_attachment.task_bedrock_invoke[0]",
    }
    [statement] = statements(evaluate(bedrock_model_arns=[model]), "bedrock_invoke")
    assert set(statement["Action"]) == {"bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"}
    assert statement["Resource"] == [model]


def test_mantle_is_allowed_in_this_region(evaluate: Evaluate) -> None:
    [statement] = statements(evaluate(enable_bedrock_mantle=True), "bedrock_mantle")
    assert statement["Action"] == ["bedrock-mantle:CreateInference"]
    assert statement["Condition"] == {"StringEquals": {"aws:RequestedRegion": "us-west-2"}}


def test_bedrock_imports_models_from_the_bucket(evaluate: Evaluate, changed: Changed) -> None:
    more, _ = changed(enable_bedrock_custom_model_import=True)
    assert more == {
        "aws_iam_role.bedrock_model_import[0]",
        "aws_iam_policy.bedrock_model_import[0]",
        "aws_iam_role_policy_attachment.bedrock_model_import[0]",
    }
    planned = evaluate(enable_bedrock_custom_model_import=True)
    role = planned.values("aws_iam_role.bedrock_model_import")
    assert role["name"] == "acme-litellm-dev-bedrock-model-import"
    [trust] = json.loads(role["assume_role_policy"])["Statement"]
    assert trust["Principal"] == {"Service": ["bedrock.amazonaws.com"]}
    assert trust["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "111122223333"},
        "ArnEquals": {"aws:SourceArn": "arn:aws:bedrock:us-west-2:111122223333:model-import-job/*"},
    }
    listing, reading = statements(planned, "bedrock_model_import")
    assert listing == {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": ["arn:aws:s3:::bucket-mock"]}
    assert reading["Action"] == ["s3:GetObject", "s3:GetObjectAttributes"]
    assert reading["Resource"] == ["arn:aws:s3:::bucket-mock/models/*"]
    assert planned.outputs["bedrock_model_import_role_arn"].endswith("aws_iam_role.bedrock_model_import")


def test_billing_metrics_have_their_login(evaluate: Evaluate, changed: Changed) -> None:
    inputs = {
        "billing_metrics_endpoint": "https://billing.example.com",
        **{f"billing_metrics_{part}_pem": PEM for part in ("client_cert", "client_key", "ca_cert")},
    }
    more, _ = changed(**inputs)
    assert more == {
        f"aws_secretsmanager_{what}.billing_metrics_{part}[0]"
        for what in ("secret", "secret_version")
        for part in ("client_cert", "client_key", "ca_cert")
    }
    planned = evaluate(**inputs)
    for task in ("gateway", "backend"):
        container = containers(planned, task)[task]
        assert environment(container)["LITELLM_BILLING_METRICS_ENDPOINT"] == "https://billing.example.com"
        assert {name for name in secrets(container) if "BILLING" in name} == {
            "LITELLM_BILLING_METRICS_CLIENT_CERT",
            "LITELLM_BILLING_METRICS_CLIENT_KEY",
            "LITELLM_BILLING_METRICS_CA_CERT",
        }
    name = planned.values("aws_secretsmanager_secret.billing_metrics_ca_cert")["name"]
    assert name == "acme-litellm-dev-billing-metrics-ca-cert"
    without = evaluate(**{**inputs, "billing_metrics_ca_cert_pem": ""})
    assert "LITELLM_BILLING_METRICS_CA_CERT" not in secrets(containers(without, "gateway")["gateway"])


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
    for task in module["resource"]["terraform_data"].values():
        [provisioner] = task["provisioner"]
        variables = provisioner["local-exec"]["environment"]
        assert variables["ONE_SHOT_ASSUME_ROLE_ARN"] == "${var.one_shot_assume_role_arn}"


def test_the_image_of_the_bootstrap_is_chosen(evaluate: Evaluate) -> None:
    image = "111122223333.dkr.ecr.us-west-2.amazonaws.com/postgres@sha256:abc"
    assert containers(evaluate(bootstrap_image=image), "bootstrap_db")["psql"]["image"] == image


@pytest.mark.parametrize("task", ["gateway", "backend", "ui", "migrations", "bootstrap_db"])
def test_tasks_run_on_the_architecture_that_is_chosen(plan: Evaluate, default: Plan, task: str) -> None:
    [platform] = plan(cpu_architecture="ARM64").values(f"aws_ecs_task_definition.{task}")["runtime_platform"]
    assert (platform["cpu_architecture"], platform["operating_system_family"]) == ("ARM64", "LINUX")
    assert default.values(f"aws_ecs_task_definition.{task}")["runtime_platform"] == []


def test_a_share_of_the_gateway_runs_on_spot_but_for_one_task(plan: Evaluate, changed: Changed) -> None:
    assert changed(gateway_spot_percentage=80) == ({"aws_ecs_cluster_capacity_providers.this[0]"}, set())
    service = plan(gateway_spot_percentage=80).values("aws_ecs_service.gateway")
    strategy = {each["capacity_provider"]: each for each in service["capacity_provider_strategy"]}
    assert (strategy["FARGATE"]["base"], strategy["FARGATE"]["weight"]) == (1, 20)
    assert (strategy["FARGATE_SPOT"]["base"], strategy["FARGATE_SPOT"]["weight"]) == (0, 80)
    assert service.get("launch_type") is None
    assert service["force_new_deployment"] is True
    assert plan(gateway_spot_percentage=80).values("aws_ecs_service.ui")["launch_type"] == "FARGATE"


@pytest.mark.parametrize("service", ["gateway", "backend", "ui"])
def test_services_may_roll_back_open_shells_and_start_slowly(plan: Evaluate, default: Plan, service: str) -> None:
    planned = plan(
        deployment_circuit_breaker=True, enable_execute_command=True, health_check_grace_period_seconds=60
    ).values(f"aws_ecs_service.{service}")
    [breaker] = planned["deployment_circuit_breaker"]
    assert (breaker["enable"], breaker["rollback"]) == (True, True)
    assert planned["enable_execute_command"] is True
    assert planned["health_check_grace_period_seconds"] == 60
    plain = default.values(f"aws_ecs_service.{service}")
    assert plain["deployment_circuit_breaker"] == [{"enable": False, "rollback": False}]
    assert plain["enable_execute_command"] is False
    assert plain["health_check_grace_period_seconds"] == 120
    unset = plan(health_check_grace_period_seconds=0).values(f"aws_ecs_service.{service}")
    assert unset["health_check_grace_period_seconds"] is None


def test_ecs_exec_has_its_permissions(evaluate: Evaluate, changed: Changed) -> None:
    more, _ = changed(enable_execute_command=True)
    assert more == {
        "aws_iam_policy.execute_command[0]",
        "aws_iam_role_policy_attachment.task_execute_command[0]",
        "aws_iam_role_policy_attachment.ui_task_execute_command[0]",
    }
    [statement] = statements(evaluate(enable_execute_command=True), "execute_command")
    assert {action.partition(":")[0] for action in statement["Action"]} == {"ssmmessages"}


def test_streams_may_finish_during_a_deployment(evaluate: Evaluate, default: Plan) -> None:
    planned = evaluate(gateway_drain_seconds=90)
    assert planned.values("aws_lb_target_group.gateway")["deregistration_delay"] == "90"
    assert containers(planned, "gateway")["gateway"]["stopTimeout"] == 90
    assert planned.values("aws_lb_target_group.backend")["deregistration_delay"] == "30"
    assert default.values("aws_lb_target_group.gateway")["deregistration_delay"] == "30"
    assert "stopTimeout" not in containers(evaluate(), "gateway")["gateway"]
