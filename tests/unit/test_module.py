"""What callers of the module rely on: its addresses, inputs and outputs, and what waits for what."""

from typing import Any

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
    "terraform_data": ("bootstrap_db", "migration", *(f"{service}_steady_state" for service in SERVICES)),
}
"""Every resource of module.md and extended.md."""


def found(module: Module, address: str) -> Any:
    """Returns what stands at a resource's address and a path below it, such as `aws_lb.this.name`."""
    value: Any = module["resource"]
    for step in address.split("."):
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value


def test_the_documented_addresses_exist(module: Module) -> None:
    declared = {(kind, name) for kind, blocks in module["resource"].items() for name in blocks}
    assert {(kind, name) for kind, names in BLOCKS.items() for name in names} <= declared


def test_the_module_has_neither_provider_nor_backend(module: Module) -> None:
    assert "provider" not in module
    assert module["terraform"] == {
        "required_version": ">= 1.9",
        "required_providers": {
            "aws": {"source": "hashicorp/aws", "version": ">= 5.100, < 7"},
            "random": {"source": "hashicorp/random", "version": "~> 3.6"},
        },
    }


def test_the_ui_role_has_no_policy_but_that_of_ecs_exec(module: Module) -> None:
    attachments = module["resource"]["aws_iam_role_policy_attachment"]
    of_ui = {name for name, each in attachments.items() if each["role"] == "${aws_iam_role.ui_task.name}"}
    assert of_ui == {"ui_task_execute_command"}
    assert attachments["ui_task_execute_command"]["count"] == "${var.enable_execute_command ? 1 : 0}"


def test_the_task_works_with_its_own_bucket_only(module: Module) -> None:
    on_bucket, inside, versions, not_written = module["locals"]["s3_access_document"]["Statement"]
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
    assert versions["Resource"] == not_written["Resource"] == ["${aws_s3_bucket.this.arn}/config/*"]
    assert (versions["Effect"], versions["Action"]) == ("Allow", ["s3:GetObjectVersion"])
    assert (not_written["Effect"], not_written["Action"]) == ("Deny", ["s3:PutObject*", "s3:DeleteObject*"])


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


def test_the_outputs_are_documented(module: Module) -> None:
    assert set(module["output"]) == {
        "alb_arn",
        "alb_dns_name",
        "alb_url",
        "alb_zone_id",
        "aurora_reader_endpoint",
        "aurora_writer_endpoint",
        "bedrock_model_import_role_arn",
        "dashboard_url",
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
    "wait_for_steady_state": ("bool", False),
    "steady_state_timeout_minutes": ("number", 20),
    "enable_execute_command": ("bool", False),
    "health_check_grace_period_seconds": ("number", 180),
    "gateway_drain_seconds": ("number", 30),
    "production": ("bool", None),
    "deletion_protection": ("bool", None),
    "snapshot_identifier": ("string", ""),
}
"""Type and default of the inputs of extended.md."""


def test_the_documented_inputs_exist(module: Module) -> None:
    variables = module["variable"]
    required = {"region": "string", "tenant": "string", "env": "string"}
    assert {name: each["type"] for name, each in variables.items() if "default" not in each} == required
    optional = {name: (each["type"], each["default"]) for name, each in variables.items() if "default" in each}
    documented = INPUTS | EXTENDED | {"azs": ("list(string)", [])}
    assert {name: optional.get(name) for name in documented} == documented


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


def test_terraform_destroys_the_protection_before_everything_else(module: Module) -> None:
    resources = {f"{kind}.{name}" for kind, blocks in module["resource"].items() for name in blocks}
    protection = module["resource"]["terraform_data"]["deletion_protection"]
    assert set(protection["depends_on"]) == resources - {"terraform_data.deletion_protection"}
