"""The module planned by itself with the real AWS provider: addresses, values, conditions, refusals."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.plan.conftest import TRIAL, Evaluate
from tests.terraform import Plan, Root, Terraform

Refusal = Callable[..., str]

CERTIFICATE = "arn:aws:acm:us-west-2:111122223333:certificate/12345678-1234-1234-1234-123456789012"
CONFIG = {"model_list": [{"model_name": "m", "litellm_params": {"model": "openai/m"}}]}

TASKS = ("gateway", "backend", "ui", "migrations[0]", "bootstrap_db[0]")
ALWAYS = {
    "aws_appautoscaling_policy.backend_cpu[0]",
    "aws_appautoscaling_policy.gateway_cpu[0]",
    "aws_appautoscaling_policy.gateway_memory[0]",
    "aws_appautoscaling_target.backend[0]",
    "aws_appautoscaling_target.gateway[0]",
    *(f"aws_cloudwatch_log_group.{task}" for task in TASKS),
    "aws_db_subnet_group.this[0]",
    "aws_ecs_cluster.this",
    *(f"aws_ecs_service.{service}" for service in ("gateway", "backend", "ui")),
    *(f"aws_ecs_task_definition.{task}" for task in TASKS),
    "aws_eip.nat[0]",
    "aws_elasticache_replication_group.this[0]",
    "aws_elasticache_subnet_group.this[0]",
    *(f"aws_iam_policy.{name}" for name in ("secrets_access", "s3_access")),
    *(f"aws_iam_policy.{name}[0]" for name in ("bootstrap_secrets", "rds_iam_connect")),
    *(f"aws_iam_role.{name}" for name in ("task_execution", "task", "ui_task")),
    "aws_iam_role_policy_attachment.task_execution",
    "aws_iam_role_policy_attachment.task_execution_secrets",
    "aws_iam_role_policy_attachment.task_execution_bootstrap_secrets[0]",
    "aws_iam_role_policy_attachment.task_rds_iam_connect[0]",
    "aws_iam_role_policy_attachment.task_s3_access",
    "aws_internet_gateway.this[0]",
    "aws_lb.this",
    "aws_lb_listener.http",
    *(f"aws_lb_listener_rule.{name}" for name in ("backend_text", "ui_exact", "ui_prefix", "ui_text")),
    *(f'aws_lb_listener_rule.backend["{index}"]' for index in range(2)),
    *(f'aws_lb_listener_rule.gateway["{index}"]' for index in range(13)),
    *(f"aws_lb_target_group.{service}" for service in ("gateway", "backend", "ui")),
    "aws_nat_gateway.this[0]",
    "aws_rds_cluster.this[0]",
    "aws_rds_cluster_instance.reader[0]",
    "aws_rds_cluster_instance.writer[0]",
    "aws_rds_cluster_parameter_group.this[0]",
    *(f"aws_route_table.{kind}[0]" for kind in ("public", "private")),
    *(f"aws_route_table_association.{kind}[{az}]" for kind in ("public", "private") for az in range(2)),
    "aws_s3_bucket.this",
    "aws_s3_bucket_public_access_block.this",
    "aws_s3_bucket_server_side_encryption_configuration.this",
    "aws_s3_bucket_versioning.this",
    "aws_secretsmanager_secret.db_master_password[0]",
    "aws_secretsmanager_secret.master_key",
    "aws_secretsmanager_secret_version.db_master_password[0]",
    "aws_secretsmanager_secret_version.master_key",
    *(f"aws_security_group.{suffix}" for suffix in ("alb", "tasks", "rds[0]", "redis[0]")),
    *(f"aws_subnet.{kind}[{az}]" for kind in ("public", "private") for az in range(2)),
    "aws_vpc.this[0]",
    "random_id.s3_suffix",
    "random_password.db_master_password[0]",
    "random_password.master_key",
    "terraform_data.bootstrap_db[0]",
    "terraform_data.database_identity",
    "terraform_data.deletion_protection",
    "terraform_data.migration[0]",
}
"""The addresses of module.md that exist with the fewest inputs."""
GATEWAY_MEMORY = "aws_appautoscaling_policy.gateway_memory[0]"


EVERYTHING: Mapping[str, Any] = {
    "tenant": "a" + "b" * 20,
    "env": "prod-1234",
    "acm_certificate_arn": CERTIFICATE,
    "allow_plaintext_alb": False,
    "litellm_master_key": "sk-given",
    "litellm_license": "lic",
    "ui_password": "pw",
    "ui_autoscaling_enabled": True,
    "redis_num_replicas": 5,
    "otel_endpoint": "http://collector:4318",
    "proxy_config": CONFIG,
    "tags": {"team": "blue", "managed-by": "us"},
    "vpc_cidr": "10.0.16.0/20",
    "db_engine_version": "15.8",
    "skip_final_snapshot": True,
    "s3_force_destroy": True,
    "allow_data_loss": True,
}
"""Options that do not touch each other, with the longest names and the narrowest network."""


@pytest.fixture(scope="module")
def everything(plan: Evaluate) -> Plan:
    return plan(**EVERYTHING)


@pytest.mark.parametrize(
    ("inputs", "more", "fewer"),
    [
        ({"proxy_config": CONFIG, "gateway_memory_target": 0}, {"aws_s3_object.proxy_config[0]"}, {GATEWAY_MEMORY}),
        (
            {
                "litellm_license": "lic",
                "azs": ["us-west-2a", "us-west-2b", "us-west-2c"],
                "gateway_autoscaling_enabled": False,
                "redis_num_replicas": 0,
            },
            {
                *(f"aws_secretsmanager_{what}.license[0]" for what in ("secret", "secret_version")),
                *(
                    f"aws_{what}.{kind}[2]"
                    for what in ("subnet", "route_table_association")
                    for kind in ("public", "private")
                ),
            },
            {
                "aws_appautoscaling_target.gateway[0]",
                "aws_appautoscaling_policy.gateway_cpu[0]",
                GATEWAY_MEMORY,
            },
        ),
        (
            {"ui_password": "pw", "backend_autoscaling_enabled": False},
            {f"aws_secretsmanager_{what}.ui_password[0]" for what in ("secret", "secret_version")},
            {"aws_appautoscaling_target.backend[0]", "aws_appautoscaling_policy.backend_cpu[0]"},
        ),
        (
            {"acm_certificate_arn": CERTIFICATE, "ui_autoscaling_enabled": True},
            {
                "aws_lb_listener.https[0]",
                "aws_appautoscaling_target.ui[0]",
                "aws_appautoscaling_policy.ui_cpu[0]",
            },
            set(),
        ),
    ],
    ids=["configuration", "license and zones", "password", "certificate and autoscaling"],
)
def test_an_option_adds_and_removes_its_own_resources_only(
    evaluate: Evaluate, inputs: dict[str, Any], more: set[str], fewer: set[str]
) -> None:
    addresses = set(evaluate(**inputs).addresses)
    assert (addresses - ALWAYS, ALWAYS - addresses) == (more, fewer)


def test_everything_at_once_plans(everything: Plan) -> None:
    assert everything.counts == Counter(create=95 + 1 + 2 + 2 + 2 + 1)


@pytest.mark.parametrize(
    "inputs",
    [
        {"azs": ["us-west-2a", "us-west-2b", None], "gateway_extra_env": {"A": None}, "backend_extra_env": {"A": None}},
        {"tags": {"team": None}, "gateway_extra_secrets": {"KEY": None}, "backend_extra_secrets": {"KEY": None}},
    ],
)
def test_null_in_a_list_or_map_is_refused(refusal: Refusal, inputs: dict[str, Any]) -> None:
    message = refusal(**inputs)
    for name in inputs:
        assert f"{name} must not contain null: set a value, or remove the element." in message


def test_an_object_has_no_more_tags_than_s3_takes(terraform: Terraform, stacks: Path) -> None:
    root = terraform.root(stacks / "litellm", provider={"default_tags": [{"tags": {"owner": "us", "cost": "1"}}]})
    planned = root.plan({**TRIAL, "proxy_config": CONFIG, "tags": {f"key{number}": "value" for number in range(8)}})
    assert len(planned.values("aws_vpc.this[0]")["tags_all"]) == 2 + 8 + 2 + 1
    assert len(planned.values("aws_s3_object.proxy_config[0]")["tags_all"]) == 2 + 8
    planned = root.plan({**TRIAL, "proxy_config": CONFIG, "tags": {f"key{number}": "value" for number in range(9)}})
    assert len(planned.values("aws_vpc.this[0]")["tags_all"]) == 2 + 9 + 2 + 1
    assert not planned.values("aws_s3_object.proxy_config[0]").get("tags_all")


def names(plan: Plan) -> dict[str, str]:
    return {
        "lb": plan.values("aws_lb.this")["name"],
        "gateway": plan.values("aws_lb_target_group.gateway")["name"],
        "backend": plan.values("aws_lb_target_group.backend")["name"],
        "ui": plan.values("aws_lb_target_group.ui")["name"],
        "redis": plan.values("aws_elasticache_replication_group.this[0]")["replication_group_id"],
    }


def test_names_that_fit_stay_as_they_are(default: Plan) -> None:
    assert names(default) == {
        "lb": "acme-litellm-dev",
        "gateway": "acme-litellm-dev-gateway",
        "backend": "acme-litellm-dev-backend",
        "ui": "acme-litellm-dev-ui",
        "redis": "acme-litellm-dev-redis",
    }


def test_names_that_do_not_fit_are_cut_and_stay_apart(everything: Plan, evaluate: Evaluate) -> None:
    longest = names(everything)
    for kind, name in longest.items():
        assert len(name) <= (40 if kind == "redis" else 32)
        assert "--" not in name
    assert len(set(longest.values())) == 5
    sibling = names(evaluate(tenant="a" + "b" * 19 + "c", env="prod-1234"))
    assert not set(longest.values()) & set(sibling.values())


def test_a_name_at_the_limit_is_not_cut(evaluate: Evaluate) -> None:
    # As other tenants of other environments, which may lose their data: no word of `reprod` starts with prod.
    planned = evaluate(tenant="a" + "b" * 11, env="stage-12", skip_final_snapshot=True, s3_force_destroy=True)
    assert names(planned)["lb"] == "a" + "b" * 11 + "-litellm-stage-12"
    assert names(planned)["backend"].startswith("a" + "b" * 11 + "-litellm-sta")
    fitting = evaluate(tenant="a" + "b" * 8, env="reprod", skip_final_snapshot=True, s3_force_destroy=True)
    assert names(fitting)["gateway"] == "a" + "b" * 8 + "-litellm-reprod-gateway"
    assert len(names(fitting)["gateway"]) == 32


def test_the_network_is_as_documented(default: Plan) -> None:
    vpc = default.values("aws_vpc.this[0]")
    assert vpc["cidr_block"] == "10.40.0.0/16"
    assert vpc["enable_dns_hostnames"] is True
    assert vpc["enable_dns_support"] is True
    for index, zone in enumerate(TRIAL["azs"]):
        public, private = (default.values(f"aws_subnet.{kind}[{index}]") for kind in ("public", "private"))
        assert public["cidr_block"] == f"10.40.{index}.0/24"
        assert public["map_public_ip_on_launch"] is True
        assert private["cidr_block"] == f"10.40.{index + 10}.0/24"
        assert private["map_public_ip_on_launch"] is False
        assert public["availability_zone"] == private["availability_zone"] == zone
        assert public["tags"]["Name"] == f"acme-litellm-dev-public-{zone}"
        assert private["tags"]["Name"] == f"acme-litellm-dev-private-{zone}"


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("aws_vpc.this[0]", "acme-litellm-dev"),
        ("aws_internet_gateway.this[0]", "acme-litellm-dev"),
        ("aws_eip.nat[0]", "acme-litellm-dev-nat"),
        ("aws_nat_gateway.this[0]", "acme-litellm-dev"),
        ("aws_route_table.public[0]", "acme-litellm-dev-public"),
        ("aws_route_table.private[0]", "acme-litellm-dev-private"),
    ],
)
def test_parts_of_the_network_have_a_name_tag(default: Plan, address: str, name: str) -> None:
    assert default.values(address)["tags"]["Name"] == name


def test_the_narrowest_network_plans(everything: Plan) -> None:
    assert everything.values("aws_subnet.public[1]")["cidr_block"] == "10.0.16.16/28"
    assert everything.values("aws_subnet.private[1]")["cidr_block"] == "10.0.16.176/28"


def ports(rules: list[dict[str, Any]]) -> list[tuple[str, int, int, list[str]]]:
    return sorted((rule["protocol"], rule["from_port"], rule["to_port"], rule["cidr_blocks"]) for rule in rules)


def test_only_the_load_balancer_is_open_to_the_world(default: Plan) -> None:
    anywhere = ["0.0.0.0/0"]
    groups = {name: default.values(f"aws_security_group.{name}") for name in ("alb", "tasks", "rds", "redis")}
    assert {name: group["name"] for name, group in groups.items()} == {
        name: f"acme-litellm-dev-{name}" for name in groups
    }
    assert ports(groups["alb"]["ingress"]) == [("tcp", 80, 80, anywhere), ("tcp", 443, 443, anywhere)]
    assert ports(groups["tasks"]["egress"]) == ports(groups["alb"]["egress"]) == [("-1", 0, 0, anywhere)]


def test_inside_each_group_lets_in_only_its_clients(evaluate: Evaluate) -> None:
    planned = evaluate()
    for name, ports in {"tasks": [3000, 4000, 4001], "rds": [5432], "redis": [6379]}.items():
        rules = sorted(planned.values(f"aws_security_group.{name}")["ingress"], key=lambda rule: rule["from_port"])
        assert [(rule["protocol"], rule["from_port"], rule["to_port"]) for rule in rules] == [
            ("tcp", port, port) for port in ports
        ]
        assert all(len(rule["security_groups"]) == 1 and not rule["cidr_blocks"] for rule in rules)


def test_the_load_balancer_is_public_and_waits_two_minutes(default: Plan) -> None:
    balancer = default.values("aws_lb.this")
    assert balancer["load_balancer_type"] == "application"
    assert balancer["internal"] is False
    assert balancer["idle_timeout"] == 120


@pytest.mark.parametrize(
    ("service", "port", "path", "timeout"),
    [
        ("gateway", 4000, "/health/readiness", 10),
        ("backend", 4001, "/health/readiness", 10),
        ("ui", 3000, "/healthz", 5),
    ],
)
def test_a_target_group_checks_its_service(default: Plan, service: str, port: int, path: str, timeout: int) -> None:
    group = default.values(f"aws_lb_target_group.{service}")
    assert (group["port"], group["protocol"], group["target_type"]) == (port, "HTTP", "ip")
    assert group["deregistration_delay"] == "30"
    [check] = group["health_check"]
    assert (check["path"], check["timeout"], check["matcher"]) == (path, timeout, "200-299")
    assert (check["interval"], check["healthy_threshold"], check["unhealthy_threshold"]) == (30, 2, 3)


def test_plain_http_forwards_to_the_backend(default: Plan) -> None:
    listener = default.values("aws_lb_listener.http")
    assert (listener["port"], listener["protocol"]) == (80, "HTTP")
    [action] = listener["default_action"]
    assert action["type"] == "forward"
    assert action["redirect"] == []


def test_with_a_certificate_http_redirects_and_https_serves(everything: Plan) -> None:
    [action] = everything.values("aws_lb_listener.http")["default_action"]
    [redirect] = action["redirect"]
    assert action["type"] == "redirect"
    assert (redirect["port"], redirect["protocol"], redirect["status_code"]) == ("443", "HTTPS", "HTTP_301")
    https = everything.values("aws_lb_listener.https[0]")
    assert (https["port"], https["protocol"]) == (443, "HTTPS")
    assert https["ssl_policy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    assert https["certificate_arn"] == CERTIFICATE
    assert https["default_action"][0]["type"] == "forward"


def test_the_rules_hang_on_the_listener_that_serves(evaluate: Evaluate) -> None:
    with_certificate = evaluate(acm_certificate_arn=CERTIFICATE, ui_autoscaling_enabled=True)
    for planned, listener in ((evaluate(), "http"), (with_certificate, "https")):
        rules = [address for address in planned.addresses if address.startswith("aws_lb_listener_rule.")]
        assert len(rules) == 19
        assert all(planned.values(rule)["listener_arn"].endswith(f".{listener}") for rule in rules)


def patterns(plan: Plan, rule: str) -> list[str]:
    [condition] = plan.values(f"aws_lb_listener_rule.{rule}")["condition"]
    return list(condition["path_pattern"][0]["values"])


def test_the_ui_has_the_first_two_rules(default: Plan) -> None:
    assert default.values("aws_lb_listener_rule.ui_exact")["priority"] == 10
    assert set(patterns(default, "ui_exact")) == {"/", "/favicon.ico", "/ui", "/chat/*.txt", "/search-tools/*.txt"}
    assert default.values("aws_lb_listener_rule.ui_prefix")["priority"] == 20
    assert set(patterns(default, "ui_prefix")) == {"/litellm-asset-prefix/*", "/_next/*", "/assets/*", "/ui/*"}


def test_aurora_is_encrypted_and_takes_iam_tokens(default: Plan) -> None:
    cluster = default.values("aws_rds_cluster.this[0]")
    expected = {
        "cluster_identifier": "acme-litellm-dev",
        "engine": "aurora-postgresql",
        "engine_mode": "provisioned",
        "engine_version": "16.4",
        "database_name": "litellm",
        "master_username": "postgres",
        "iam_database_authentication_enabled": True,
        "storage_encrypted": True,
        "apply_immediately": True,
        "backup_retention_period": 7,
        "preferred_backup_window": "07:00-09:00",
        "skip_final_snapshot": False,
        "db_subnet_group_name": "acme-litellm-dev-db",
        "db_cluster_parameter_group_name": "acme-litellm-dev-cluster-pg",
    }
    assert {name: cluster[name] for name in expected} == expected
    digest = hashlib.md5(b"acme-litellm-dev", usedforsecurity=False).hexdigest()
    assert cluster["final_snapshot_identifier"] == f"acme-litellm-dev-final-{digest[:8]}"


def test_the_parameter_group_follows_the_major_version(everything: Plan) -> None:
    assert everything.values("aws_rds_cluster_parameter_group.this[0]")["family"] == "aurora-postgresql15"


def test_without_a_final_snapshot_none_is_named(everything: Plan) -> None:
    cluster = everything.values("aws_rds_cluster.this[0]")
    assert cluster["skip_final_snapshot"] is True
    assert cluster.get("final_snapshot_identifier") is None


@pytest.mark.parametrize(("role", "tier"), [("writer", 0), ("reader", 15)])
def test_an_instance_is_private_and_watched(default: Plan, role: str, tier: int) -> None:
    instance = default.values(f"aws_rds_cluster_instance.{role}")
    assert instance["identifier"] == f"acme-litellm-dev-{role}"
    assert instance["instance_class"] == "db.r6g.large"
    assert instance["promotion_tier"] == tier
    assert instance["publicly_accessible"] is False
    assert instance["performance_insights_enabled"] is True


def test_redis_is_encrypted_and_fails_over_with_a_replica(default: Plan, everything: Plan, evaluate: Evaluate) -> None:
    alone = evaluate(
        litellm_license="lic",
        azs=["us-west-2a", "us-west-2b", "us-west-2c"],
        gateway_autoscaling_enabled=False,
        redis_num_replicas=0,
    )
    for planned, replicas in ((alone, 0), (default, 1), (everything, 5)):
        group = planned.values("aws_elasticache_replication_group.this[0]")
        assert (group["engine"], group["engine_version"], group["port"]) == ("redis", "7.1", 6379)
        assert (group["parameter_group_name"], group["node_type"]) == ("default.redis7", "cache.t4g.small")
        assert group["num_cache_clusters"] == 1 + replicas
        assert group["automatic_failover_enabled"] is group["multi_az_enabled"] is (replicas > 0)
        assert group["transit_encryption_enabled"] is True
        assert group["at_rest_encryption_enabled"] == "true"


def test_the_bucket_is_versioned_encrypted_and_closed(default: Plan) -> None:
    [versioning] = default.values("aws_s3_bucket_versioning.this")["versioning_configuration"]
    assert versioning["status"] == "Enabled"
    [rule] = default.values("aws_s3_bucket_server_side_encryption_configuration.this")["rule"]
    assert rule["apply_server_side_encryption_by_default"][0]["sse_algorithm"] == "AES256"
    block = default.values("aws_s3_bucket_public_access_block.this")
    closed = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
    assert all(block[name] is True for name in closed)
    assert default.values("random_id.s3_suffix")["byte_length"] == 4


def test_the_configuration_is_yaml_and_its_etag_is_known(everything: Plan, evaluate: Evaluate) -> None:
    other = evaluate(proxy_config=CONFIG, gateway_memory_target=0).values("aws_s3_object.proxy_config[0]")
    config = everything.values("aws_s3_object.proxy_config[0]")
    assert config["key"] == "config/litellm-config.yaml"
    assert config["content_type"] == "application/yaml"
    assert yaml.safe_load(config["content"]).items() >= CONFIG.items()
    assert config["content"].startswith('"general_settings":')
    # The other's load balancer has other addresses.
    assert config["content"] != other["content"]
    assert config["etag"] != other["etag"]


@pytest.mark.parametrize(("password", "length"), [("master_key", 48), ("db_master_password", 32)])
def test_a_password_is_long_and_without_special_characters(default: Plan, password: str, length: int) -> None:
    generated = default.values(f"random_password.{password}")
    assert generated["length"] == length
    assert generated["special"] is False
    assert all(generated[kind] == 4 for kind in ("min_lower", "min_upper", "min_numeric"))


def test_secrets_are_named_after_the_stack_and_gone_at_once(everything: Plan) -> None:
    for address, suffix in {
        "master_key": "master-key",
        "db_master_password": "db-master-password",
        "license[0]": "license",
        "ui_password[0]": "ui-password",
    }.items():
        secret = everything.values(f"aws_secretsmanager_secret.{address}")
        assert secret["name"] == f"{EVERYTHING['tenant']}-litellm-{EVERYTHING['env']}-{suffix}"
        assert secret["recovery_window_in_days"] == 0


def test_a_given_master_key_is_kept(everything: Plan) -> None:
    version = everything.values("aws_secretsmanager_secret_version.master_key")
    assert version["secret_string"] == "sk-given"


@pytest.mark.parametrize("service", ["gateway", "backend", "ui"])
def test_a_service_has_no_public_address(default: Plan, service: str) -> None:
    planned = default.values(f"aws_ecs_service.{service}")
    assert planned["name"] == f"acme-litellm-dev-{service}"
    assert planned["launch_type"] == "FARGATE"
    assert planned["deployment_minimum_healthy_percent"] == 50
    assert planned["deployment_maximum_percent"] == 200
    assert planned["desired_count"] == (2 if service == "gateway" else 1)
    assert planned["network_configuration"][0]["assign_public_ip"] is False


def test_autoscaling_aims_at_the_documented_targets(everything: Plan) -> None:
    cpu, memory = "ECSServiceAverageCPUUtilization", "ECSServiceAverageMemoryUtilization"
    for policy, metric, target in (
        ("gateway_cpu", cpu, 70),
        ("gateway_memory", memory, 80),
        ("backend_cpu", cpu, 70),
        ("ui_cpu", cpu, 80),
    ):
        scaling = everything.values(f"aws_appautoscaling_policy.{policy}[0]")
        [tracking] = scaling["target_tracking_scaling_policy_configuration"]
        assert scaling["policy_type"] == "TargetTrackingScaling"
        assert tracking["target_value"] == target
        assert tracking["predefined_metric_specification"][0]["predefined_metric_type"] == metric
    limits = {
        service: (target["min_capacity"], target["max_capacity"])
        for service in ("gateway", "backend", "ui")
        for target in [everything.values(f"aws_appautoscaling_target.{service}[0]")]
    }
    assert limits == {"gateway": (1, 10), "backend": (1, 4), "ui": (1, 3)}


def test_every_taggable_resource_carries_the_tags(everything: Plan) -> None:
    shared = {"litellm:stack": f"{EVERYTHING['tenant']}-litellm-{EVERYTHING['env']}", **EVERYTHING["tags"]}
    # A plan has an attribute that is not set as null.
    taggable = [address for address in everything.addresses if "tags" in everything.values(address)]
    assert len(taggable) > 60
    for address in taggable:
        assert everything.values(address)["tags"].items() >= shared.items(), address


def test_tags_of_the_tenant_win_over_the_shared_ones(default: Plan, everything: Plan) -> None:
    assert default.values("aws_vpc.this[0]")["tags"]["managed-by"] == "terraform"
    assert everything.values("aws_vpc.this[0]")["tags"]["managed-by"] == "us"


@pytest.mark.parametrize("env", ["prod", "prod-eu"])
def test_plain_http_and_the_loss_of_production_must_be_allowed(refusal: Refusal, env: str) -> None:
    message = refusal(env=env, allow_plaintext_alb=False, skip_final_snapshot=True, s3_force_destroy=True)
    for advice in (
        *("set acm_certificate_arn", "allow_plaintext_alb = true"),
        *("set skip_final_snapshot = false", "set s3_force_destroy = false", "allow_data_loss = true"),
    ):
        assert advice in message


def sensitive(plan: Plan) -> set[str]:
    changes = plan.document["resource_changes"]
    return {each["address"] for each in changes if "true" in json.dumps(each["change"]["after_sensitive"])}


def test_secret_inputs_redact_their_secrets_only(everything: Plan, default: Plan) -> None:
    assert sensitive(everything) - sensitive(default) == {
        "aws_secretsmanager_secret_version.license[0]",
        "aws_secretsmanager_secret_version.ui_password[0]",
    }


def test_the_module_is_called_with_for_each(terraform: Terraform, stacks: Path, tmp_path: Path) -> None:
    caller = tmp_path / "caller"
    caller.mkdir()
    (tmp_path / "litellm").symlink_to(stacks / "litellm")
    (caller / "main.tf").write_text(
        """
        provider "aws" {
          region = "us-west-2"
        }
        module "litellm" {
          for_each = toset(["acme", "globex"])
          source   = "../litellm"
          tenant   = each.key
          env      = "dev"
          region   = "us-west-2"
          azs      = ["us-west-2a", "us-west-2b"]
          allow_plaintext_alb = true
        }
        output "urls" {
          value = { for tenant, stack in module.litellm : tenant => stack.alb_url }
        }
        """
    )
    root = terraform.root(caller)
    assert root.validate() == []
    planned = root.plan()
    assert planned.counts == Counter(create=2 * 95)
    assert planned.values('module.litellm["globex"].aws_vpc.this[0]')["tags"]["Name"] == "globex-litellm-dev"


def test_the_module_by_itself_is_valid(module_root: Root) -> None:
    assert module_root.validate() == []
