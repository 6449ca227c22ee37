"""The module's configuration, rule by rule of its documentation, without Terraform."""

from typing import Any

import pytest

Module = dict[str, Any]

TASKS = ("gateway", "backend", "ui", "migrations", "bootstrap_db")
SERVICES = ("gateway", "backend", "ui")
ECS_ROLES = ("task", "task_execution", "ui_task")
SECRETS = (
    "billing_metrics_ca_cert",
    "billing_metrics_client_cert",
    "billing_metrics_client_key",
    "billing_metrics_client_secret",
    "database_url",
    "db_master_password",
    "license",
    "master_key",
    "redis_url",
    "ui_password",
)

BLOCKS = {
    "aws_acm_certificate": ("this",),
    "aws_acm_certificate_validation": ("this",),
    "aws_appautoscaling_policy": (
        *("backend_cpu", "gateway_cpu", "gateway_memory", "gateway_requests", "gateway_tokens", "ui_cpu"),
    ),
    "aws_appautoscaling_target": SERVICES,
    "aws_cloudwatch_log_group": TASKS,
    "aws_db_subnet_group": ("this",),
    "aws_ecs_cluster": ("this",),
    "aws_ecs_cluster_capacity_providers": ("this",),
    "aws_ecs_service": SERVICES,
    "aws_ecs_task_definition": TASKS,
    "aws_eip": ("nat",),
    "aws_elasticache_replication_group": ("this",),
    "aws_elasticache_subnet_group": ("this",),
    "aws_iam_policy": (
        "bedrock_invoke",
        "bedrock_mantle",
        "bedrock_model_import",
        "bootstrap_secrets",
        "execute_command",
        "image_registry_kms_key",
        "image_registry_secret",
        "rds_iam_connect",
        "s3_access",
        "secrets_access",
    ),
    "aws_iam_role": ("bedrock_model_import", *ECS_ROLES),
    "aws_iam_role_policy_attachment": (
        "bedrock_model_import",
        "task_bedrock_invoke",
        "task_bedrock_mantle",
        "task_execute_command",
        "task_execution",
        "task_execution_bootstrap_secrets",
        "task_execution_image_registry_kms_key",
        "task_execution_image_registry_secret",
        "task_execution_secrets",
        "task_rds_iam_connect",
        "task_s3_access",
        "ui_task_execute_command",
    ),
    "aws_internet_gateway": ("this",),
    "aws_lb": ("this",),
    "aws_lb_listener": ("http", "https"),
    "aws_lb_listener_rule": ("backend", "backend_text", "gateway", "ui_exact", "ui_prefix", "ui_text"),
    "aws_lb_target_group": SERVICES,
    "aws_nat_gateway": ("this",),
    "aws_rds_cluster": ("this",),
    "aws_rds_cluster_instance": ("reader", "writer"),
    "aws_rds_cluster_parameter_group": ("this",),
    "aws_route_table": ("private", "public"),
    "aws_route_table_association": ("private", "public"),
    "aws_route53_record": ("a", "aaaa", "certificate_validation"),
    "aws_s3_bucket": ("this",),
    "aws_s3_bucket_public_access_block": ("this",),
    "aws_s3_bucket_server_side_encryption_configuration": ("this",),
    "aws_s3_bucket_versioning": ("this",),
    "aws_s3_object": ("proxy_config",),
    "aws_secretsmanager_secret": SECRETS,
    "aws_secretsmanager_secret_version": SECRETS,
    "aws_security_group": ("alb", "rds", "redis", "tasks"),
    "aws_subnet": ("private", "public"),
    "aws_vpc": ("this",),
    "random_id": ("s3_suffix",),
    "random_password": ("db_master_password", "master_key"),
    "terraform_data": ("bootstrap_db", "migration"),
}
"""Every resource of module.md and extended.md."""


def found(module: Module, address: str) -> Any:
    """Returns what stands at a resource's address and a path below it, such as `aws_lb.this.name`."""
    value: Any = module["resource"]
    for step in address.split("."):
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value


def test_the_addresses_are_the_documented_ones(module: Module) -> None:
    resources = {kind: tuple(sorted(blocks)) for kind, blocks in module["resource"].items()}
    assert resources == {kind: tuple(sorted(names)) for kind, names in BLOCKS.items()}


def test_the_module_has_neither_provider_nor_backend(module: Module) -> None:
    assert "provider" not in module
    assert module["terraform"] == {
        "required_version": ">= 1.9",
        "required_providers": {
            "aws": {"source": "hashicorp/aws", "version": ">= 5.100, < 7"},
            "random": {"source": "hashicorp/random", "version": "~> 3.6"},
        },
    }


def test_the_name_and_the_tags_are_shared(module: Module) -> None:
    assert module["locals"]["name"] == "${var.tenant}-litellm-${var.env}"
    assert module["locals"]["tags"] == (
        '${merge({"litellm:stack" = local.name, "managed-by" = "terraform"}, var.tags)}'
    )


VALUES = {
    # network
    "aws_vpc.this.cidr_block": "${var.vpc_cidr}",
    "aws_vpc.this.enable_dns_hostnames": True,
    "aws_vpc.this.enable_dns_support": True,
    "aws_subnet.public.count": "${length(local.own_azs)}",
    "aws_subnet.public.cidr_block": "${cidrsubnet(var.vpc_cidr, 8, count.index)}",
    "aws_subnet.public.map_public_ip_on_launch": True,
    "aws_subnet.private.count": "${length(local.own_azs)}",
    "aws_subnet.private.cidr_block": "${cidrsubnet(var.vpc_cidr, 8, count.index + 10)}",
    "aws_eip.nat.domain": "vpc",
    "aws_eip.nat.depends_on": ["aws_internet_gateway.this"],
    "aws_nat_gateway.this.subnet_id": "${aws_subnet.public[count.index].id}",
    "aws_nat_gateway.this.depends_on": ["aws_internet_gateway.this"],
    "aws_route_table.public.route.0.cidr_block": "0.0.0.0/0",
    "aws_route_table.public.route.0.gateway_id": "${one(aws_internet_gateway.this[*].id)}",
    "aws_security_group.rds.ingress.0.from_port": 5432,
    "aws_security_group.redis.ingress.0.from_port": 6379,
    # load balancer
    "aws_lb.this.load_balancer_type": "application",
    "aws_lb.this.internal": "${var.alb_internal}",
    "aws_lb.this.idle_timeout": "${var.alb_idle_timeout_seconds}",
    "aws_lb_target_group.gateway.port": 4000,
    "aws_lb_target_group.backend.port": 4001,
    "aws_lb_target_group.ui.port": 3000,
    "aws_lb_target_group.gateway.health_check.path": "/health/readiness",
    "aws_lb_target_group.gateway.health_check.timeout": 10,
    "aws_lb_target_group.backend.health_check.path": "/health/readiness",
    "aws_lb_target_group.backend.health_check.timeout": 10,
    "aws_lb_target_group.ui.health_check.path": "/healthz",
    "aws_lb_target_group.ui.health_check.timeout": 5,
    "aws_lb_listener.http.port": 80,
    "aws_lb_listener.https.port": 443,
    "aws_lb_listener.https.count": "${local.has_certificate ? 1 : 0}",
    "aws_lb_listener.https.ssl_policy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
    "aws_lb_listener_rule.ui_exact.priority": 10,
    "aws_lb_listener_rule.ui_prefix.priority": 20,
    "aws_lb_listener_rule.gateway.priority": "${100 + each.key}",
    "aws_lb_listener_rule.gateway.for_each": "${local.gateway_rules}",
    # stores
    "aws_db_subnet_group.this.name": "${local.name}-db",
    "aws_rds_cluster_parameter_group.this.name": "${local.name}-cluster-pg",
    "aws_rds_cluster.this.cluster_identifier": "${local.name}",
    "aws_rds_cluster.this.engine": "aurora-postgresql",
    "aws_rds_cluster.this.engine_mode": "provisioned",
    "aws_rds_cluster.this.iam_database_authentication_enabled": True,
    "aws_rds_cluster.this.storage_encrypted": True,
    "aws_rds_cluster.this.apply_immediately": True,
    "aws_rds_cluster.this.backup_retention_period": 7,
    "aws_rds_cluster.this.preferred_backup_window": "07:00-09:00",
    "aws_rds_cluster.this.master_password": "${one(random_password.db_master_password[*].result)}",
    "aws_rds_cluster_instance.writer.identifier": "${local.name}-writer",
    "aws_rds_cluster_instance.writer.promotion_tier": 0,
    "aws_rds_cluster_instance.reader.identifier": "${local.name}-reader",
    "aws_rds_cluster_instance.reader.promotion_tier": 15,
    "aws_elasticache_subnet_group.this.name": "${local.name}-redis",
    "aws_elasticache_replication_group.this.engine": "redis",
    "aws_elasticache_replication_group.this.engine_version": "7.1",
    "aws_elasticache_replication_group.this.parameter_group_name": "default.redis7",
    "aws_elasticache_replication_group.this.port": 6379,
    "aws_elasticache_replication_group.this.num_cache_clusters": "${1 + var.redis_num_replicas}",
    "aws_elasticache_replication_group.this.transit_encryption_enabled": True,
    "aws_elasticache_replication_group.this.at_rest_encryption_enabled": "true",
    "random_id.s3_suffix.byte_length": 4,
    "aws_s3_bucket.this.bucket": "${local.name}-${random_id.s3_suffix.hex}",
    "aws_s3_object.proxy_config.count": "${local.has_proxy_config ? 1 : 0}",
    "aws_s3_object.proxy_config.key": "config/litellm-config.yaml",
    "aws_s3_object.proxy_config.content_type": "application/yaml",
    # secrets and roles
    "random_password.master_key.length": 48,
    "random_password.db_master_password.length": 32,
    "random_password.master_key.special": False,
    "random_password.db_master_password.special": False,
    "aws_secretsmanager_secret.master_key.name": "${local.name}-master-key",
    "aws_secretsmanager_secret.license.name": "${local.name}-license",
    "aws_secretsmanager_secret.license.count": "${local.has_license ? 1 : 0}",
    "aws_secretsmanager_secret.ui_password.name": "${local.name}-ui-password",
    "aws_secretsmanager_secret.ui_password.count": "${local.has_ui_password ? 1 : 0}",
    "aws_secretsmanager_secret.db_master_password.name": "${local.name}-db-master-password",
    "aws_iam_role.task_execution.name": "${local.name}-task-execution",
    "aws_iam_role.task.name": "${local.name}-task",
    "aws_iam_role.ui_task.name": "${local.name}-ui-task",
    "aws_iam_policy.secrets_access.name": "${local.name}-secrets-access",
    "aws_iam_policy.bootstrap_secrets.name": "${local.name}-bootstrap-secrets-access",
    "aws_iam_policy.rds_iam_connect.name": "${local.name}-rds-iam-connect",
    "aws_iam_policy.s3_access.name": "${local.name}-s3-access",
    "aws_iam_role_policy_attachment.task_execution.policy_arn": (
        "arn:${data.aws_partition.current.partition}:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
    ),
    # ecs
    "aws_ecs_cluster.this.setting": [{"name": "containerInsights", "value": "enabled"}],
    "aws_ecs_task_definition.migrations.cpu": "512",
    "aws_ecs_task_definition.migrations.memory": "4096",
    "aws_ecs_task_definition.bootstrap_db.cpu": "256",
    "aws_ecs_task_definition.bootstrap_db.memory": "512",
    "terraform_data.bootstrap_db.triggers_replace": {
        "cluster": "${one(aws_rds_cluster.this[*].cluster_resource_id)}",
        "task_definition": "${one(aws_ecs_task_definition.bootstrap_db[*].arn)}",
    },
    "terraform_data.migration.triggers_replace": {
        "bootstrap": "${one(terraform_data.bootstrap_db[*].id)}",
        "task_definition": "${one(aws_ecs_task_definition.migrations[*].arn)}",
    },
}


@pytest.mark.parametrize("address", VALUES)
def test_a_resource_has_its_documented_value(module: Module, address: str) -> None:
    assert found(module, address) == VALUES[address]


@pytest.mark.parametrize("group", SERVICES)
def test_target_groups_agree_on_the_rest(module: Module, group: str) -> None:
    target_group = found(module, f"aws_lb_target_group.{group}")
    assert (target_group["protocol"], target_group["target_type"]) == ("HTTP", "ip")
    drain = "${tostring(var.gateway_drain_seconds)}" if group == "gateway" else "30"
    assert target_group["deregistration_delay"] == drain
    check = target_group["health_check"]
    assert (check["matcher"], check["interval"]) == ("200-299", 30)
    assert (check["healthy_threshold"], check["unhealthy_threshold"]) == (2, 3)


@pytest.mark.parametrize("secret", BLOCKS["aws_secretsmanager_secret"])
def test_a_secret_can_be_made_again_at_once(module: Module, secret: str) -> None:
    assert found(module, f"aws_secretsmanager_secret.{secret}.recovery_window_in_days") == 0


@pytest.mark.parametrize("password", BLOCKS["random_password"])
def test_a_password_has_letters_of_both_cases_and_digits(module: Module, password: str) -> None:
    generated = found(module, f"random_password.{password}")
    assert {generated[kind] for kind in ("min_lower", "min_upper", "min_numeric")} == {4}


@pytest.mark.parametrize("role", ECS_ROLES)
def test_only_ecs_tasks_take_a_role(module: Module, role: str) -> None:
    assert found(module, f"aws_iam_role.{role}.assume_role_policy") == "${jsonencode(local.ecs_tasks_trust_document)}"
    [statement] = module["locals"]["ecs_tasks_trust_document"]["Statement"]
    assert statement["Principal"] == {"Service": ["ecs-tasks.amazonaws.com"]}


def test_the_ui_role_has_no_policy_but_that_of_ecs_exec(module: Module) -> None:
    attachments = module["resource"]["aws_iam_role_policy_attachment"]
    of_ui = {name for name, each in attachments.items() if each["role"] == "${aws_iam_role.ui_task.name}"}
    assert of_ui == {"ui_task_execute_command"}
    assert attachments["ui_task_execute_command"]["count"] == "${var.enable_execute_command ? 1 : 0}"


def test_the_task_works_with_its_own_bucket_only(module: Module) -> None:
    on_bucket, inside = module["locals"]["s3_access_document"]["Statement"]
    assert set(on_bucket["Action"]) == {"s3:ListBucket", "s3:GetBucketLocation"}
    assert on_bucket["Resource"] == ["${aws_s3_bucket.this.arn}"]
    assert set(inside["Action"]) == {
        "s3:GetObject",
        "s3:PutObject",
        "s3:DeleteObject",
        "s3:AbortMultipartUpload",
        "s3:ListMultipartUploadParts",
    }
    assert inside["Resource"] == ["${aws_s3_bucket.this.arn}/*"]


@pytest.mark.parametrize("task", TASKS)
def test_a_task_has_its_family_and_log_group(module: Module, task: str) -> None:
    suffix = task.replace("_", "-")
    definition = found(module, f"aws_ecs_task_definition.{task}")
    assert definition["family"] == f"${{local.name}}-{suffix}"
    assert definition["requires_compatibilities"] == ["FARGATE"]
    assert definition["network_mode"] == "awsvpc"
    log_group = found(module, f"aws_cloudwatch_log_group.{task}")
    assert log_group["name"] == f"/ecs/${{local.name}}/{suffix}"
    assert log_group["retention_in_days"] == "${var.log_retention_days}"


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_keeps_its_count_and_has_a_public_address_on_request_only(module: Module, service: str) -> None:
    declared = found(module, f"aws_ecs_service.{service}")
    assert declared["name"] == f"${{local.name}}-{service}"
    assert declared["lifecycle"] == {"ignore_changes": ["desired_count"]}
    assert (declared["deployment_minimum_healthy_percent"], declared["deployment_maximum_percent"]) == (50, 200)
    assert declared["network_configuration"] == {
        "assign_public_ip": "${var.tasks_in_public_subnets}",
        "security_groups": "${local.task_security_group_ids}",
        "subnets": "${var.tasks_in_public_subnets ? local.public_subnet_ids : local.private_subnet_ids}",
    }


def test_the_proxies_wait_for_listeners_migration_and_secrets(module: Module) -> None:
    waits = {
        "aws_lb_listener.http",
        "aws_lb_listener.https",
        "aws_lb_listener_rule.gateway",
        "terraform_data.migration",
        "aws_secretsmanager_secret_version.master_key",
        "aws_secretsmanager_secret_version.license",
    }
    assert waits <= set(found(module, "aws_ecs_service.gateway.depends_on"))
    assert waits | {"aws_secretsmanager_secret_version.ui_password"} <= set(
        found(module, "aws_ecs_service.backend.depends_on")
    )


def test_the_bootstrap_waits_for_what_it_needs(module: Module) -> None:
    assert {
        "aws_rds_cluster_instance.writer",
        "aws_secretsmanager_secret_version.db_master_password",
        "aws_iam_role_policy_attachment.task_execution",
        "aws_iam_role_policy_attachment.task_execution_bootstrap_secrets",
        "aws_route_table_association.private",
    } <= set(found(module, "terraform_data.bootstrap_db.depends_on"))


def test_both_one_shot_tasks_run_the_same_script(module: Module) -> None:
    scripts = []
    for name, container in (("bootstrap_db", "psql"), ("migration", "migrations")):
        [provisioner] = found(module, f"terraform_data.{name}.provisioner")
        script = provisioner["local-exec"]
        assert script["environment"]["ONE_SHOT_CONTAINER"] == container
        assert script["environment"]["ONE_SHOT_TIMEOUT_MINUTES"] == "${tostring(var.one_shot_timeout_minutes)}"
        scripts.append((script["command"], script["interpreter"], script["environment"]["ONE_SHOT_SCRIPT"]))
    assert scripts[0] == scripts[1]


def test_the_preconditions_stand_where_documented(module: Module) -> None:
    guarded = {
        f"{kind}.{name}": [each["condition"] for each in block["lifecycle"]["precondition"]]
        for kind, blocks in module["resource"].items()
        for name, block in blocks.items()
        if "precondition" in block.get("lifecycle", {})
    }
    consent = '!startswith(var.env, "prod") || var.allow_data_loss'
    assert guarded == {
        "aws_lb_listener.http": [
            '${var.acm_certificate_arn != "" || var.domain_name != "" || var.allow_plaintext_alb}'
        ],
        "aws_rds_cluster.this": [f"${{!var.skip_final_snapshot || {consent}}}"],
        "aws_s3_bucket.this": [f"${{!var.s3_force_destroy || {consent}}}"],
        "aws_vpc.this": ["${length(distinct(var.azs)) >= 2}"],
    }


def test_the_outputs_are_documented(module: Module) -> None:
    assert set(module["output"]) == {
        "alb_arn",
        "alb_dns_name",
        "alb_url",
        "alb_zone_id",
        "aurora_reader_endpoint",
        "aurora_writer_endpoint",
        "bedrock_model_import_role_arn",
        "db_bootstrap_sql",
        "db_master_password_secret_arn",
        "ecs_cluster",
        "master_key_secret_arn",
        "migration_run_command",
        "redis_endpoint",
        "s3_bucket",
        "task_security_group_id",
        "vpc_id",
    }
    assert all(output["description"] for output in module["output"].values())


INPUTS: dict[str, tuple[str, Any]] = {
    "image": ("string", ""),
    "tags": ("map(string)", {}),
    "litellm_master_key": ("string", ""),
    "litellm_license": ("string", ""),
    "ui_password": ("string", ""),
    "vpc_cidr": ("string", "10.40.0.0/16"),
    **{
        f"{image}_image": ("string", f"ghcr.io/berriai/litellm-{image}:v1.86.0-dev")
        for image in ("gateway", "backend", "ui", "migrations")
    },
    "gateway_cpu": ("number", 1024),
    "gateway_memory": ("number", 4096),
    "gateway_desired_count": ("number", 2),
    "gateway_num_workers": ("number", 1),
    "backend_cpu": ("number", 1024),
    "backend_memory": ("number", 4096),
    "backend_desired_count": ("number", 1),
    "ui_cpu": ("number", 256),
    "ui_memory": ("number", 512),
    "ui_desired_count": ("number", 1),
    "gateway_autoscaling_enabled": ("bool", True),
    "gateway_min_capacity": ("number", 1),
    "gateway_max_capacity": ("number", 10),
    "gateway_cpu_target": ("number", 70),
    "gateway_memory_target": ("number", 80),
    "backend_autoscaling_enabled": ("bool", True),
    "backend_min_capacity": ("number", 1),
    "backend_max_capacity": ("number", 4),
    "backend_cpu_target": ("number", 70),
    "ui_autoscaling_enabled": ("bool", False),
    "ui_min_capacity": ("number", 1),
    "ui_max_capacity": ("number", 3),
    "ui_cpu_target": ("number", 80),
    "db_instance_class": ("string", "db.r6g.large"),
    "db_engine_version": ("string", "16.4"),
    "db_name": ("string", "litellm"),
    "db_master_username": ("string", "postgres"),
    "db_username": ("string", "litellm_app"),
    "redis_node_type": ("string", "cache.t4g.small"),
    "redis_num_replicas": ("number", 1),
    "acm_certificate_arn": ("string", ""),
    "allow_plaintext_alb": ("bool", False),
    "skip_final_snapshot": ("bool", False),
    "s3_force_destroy": ("bool", False),
    "allow_data_loss": ("bool", False),
    "gateway_extra_env": ("map(string)", {}),
    "backend_extra_env": ("map(string)", {}),
    "gateway_extra_secrets": ("map(string)", {}),
    "backend_extra_secrets": ("map(string)", {}),
    "proxy_config": ("any", {}),
    "log_retention_days": ("number", 30),
    "one_shot_timeout_minutes": ("number", 30),
    "otel_endpoint": ("string", ""),
    "otel_exporter": ("string", "otlp_http"),
    "otel_environment_name": ("string", ""),
    "otel_capture_message_content": ("string", "no_content"),
    "otel_headers_secret_arn": ("string", ""),
}
"""Type and default of the inputs of module.md that are not required."""


EXTENDED: dict[str, tuple[str, Any]] = {
    "litellm_version": ("string", ""),
    "billing_metrics_client_id": ("string", ""),
    "billing_metrics_client_secret": ("string", ""),
    "billing_metrics_token_url": ("string", ""),
    "vpc_id": ("string", ""),
    "public_subnet_ids": ("list(string)", []),
    "private_subnet_ids": ("list(string)", []),
    "additional_task_security_group_ids": ("list(string)", []),
    "tasks_in_public_subnets": ("bool", False),
    "alb_internal": ("bool", False),
    "alb_ingress_cidrs": ("list(string)", ["0.0.0.0/0"]),
    "alb_ingress_prefix_list_ids": ("list(string)", []),
    "domain_name": ("string", ""),
    "route53_zone_id": ("string", ""),
    "alb_idle_timeout_seconds": ("number", 120),
    "extra_gateway_paths": ("list(string)", []),
    "create_database": ("bool", True),
    "database_url": ("string", ""),
    "create_redis": ("bool", True),
    "redis_url": ("string", ""),
    "gateway_connection_pool_enabled": ("bool", False),
    "gateway_pool_max_db_connections": ("number", 20),
    "gateway_pool_max_client_conn": ("number", 1000),
    "gateway_metrics_port": ("number", None),
    "gateway_metrics_scrape_cidrs": ("list(string)", []),
    "gateway_target_requests_per_second": ("number", 0),
    "gateway_target_tokens_per_second": ("number", 0),
    "gateway_tokens_metric": (
        'object({ namespace = string, name = optional(string, "litellm_total_tokens_metric_total"), '
        "dimensions = optional(map(string), {}) })",
        None,
    ),
    "collector_enabled": ("bool", False),
    "collector_port": ("number", 4010),
    "collector_cpu": ("number", 512),
    "collector_memory": ("number", 2048),
    "collector_buffer_size": ("number", 1000),
    "collector_drain_timeout_seconds": ("number", 10),
    "collector_on_unavailable": ("string", "fallback"),
    "sse_keepalive_ping_interval_seconds": ("number", None),
    "anthropic_sse_ping_interval_seconds": ("number", None),
    "enable_pre_call_checks": ("bool", None),
    "bedrock_model_arns": ("list(string)", []),
    "enable_bedrock_mantle": ("bool", False),
    "enable_bedrock_custom_model_import": ("bool", False),
    "billing_metrics_endpoint": ("string", ""),
    "billing_metrics_client_cert_pem": ("string", ""),
    "billing_metrics_client_key_pem": ("string", ""),
    "billing_metrics_ca_cert_pem": ("string", ""),
    "image_registry_secret_arn": ("string", ""),
    "image_registry_kms_key_arn": ("string", ""),
    "one_shot_assume_role_arn": ("string", ""),
    "bootstrap_image": ("string", "postgres:16-alpine"),
    "nat_gateway_per_az": ("bool", False),
    "cpu_architecture": ("string", "X86_64"),
    "gateway_spot_percentage": ("number", 0),
    "deployment_circuit_breaker": ("bool", False),
    "enable_execute_command": ("bool", False),
    "health_check_grace_period_seconds": ("number", 120),
    "gateway_drain_seconds": ("number", 30),
}
"""Type and default of the inputs of extended.md."""


def test_the_inputs_are_the_documented_ones(module: Module) -> None:
    variables = module["variable"]
    required = {"region": "string", "tenant": "string", "env": "string"}
    assert {name: each["type"] for name, each in variables.items() if "default" not in each} == required
    optional = {name: (each["type"], each["default"]) for name, each in variables.items() if "default" in each}
    assert optional == INPUTS | EXTENDED | {"azs": ("list(string)", [])}


def test_an_input_is_described_and_null_only_by_default(module: Module) -> None:
    for variable in module["variable"].values():
        assert variable["description"]
        assert variable["nullable"] is ("default" in variable and variable["default"] is None)


def test_secrets_are_sensitive(module: Module) -> None:
    sensitive = {name for name, each in module["variable"].items() if each.get("sensitive")}
    assert sensitive == {
        *("litellm_master_key", "litellm_license", "ui_password", "database_url", "redis_url"),
        *(f"billing_metrics_{part}" for part in ("client_cert_pem", "client_key_pem", "ca_cert_pem", "client_secret")),
    }
