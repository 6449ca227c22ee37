"""LiteLLM on AWS as a kind of module: its inputs, the rules across them, and its outputs."""

from .cross_rules import (
    Apart,
    Different,
    FargateSize,
    Fewer,
    Given,
    Is,
    Less,
    NoSharedKey,
    NotAbove,
    Refused,
    SameVersion,
    Some,
)
from .inputs import BOOTSTRAP_IMAGE, SPLIT_IMAGES, Inputs
from .module_kind import ModuleKind

_BILLING_CLIENTS = (
    ("billing_metrics_client_cert_pem", "billing_metrics_client_key_pem"),
    ("billing_metrics_client_id", "billing_metrics_client_secret", "billing_metrics_token_url"),
)
"""The two ways in which LiteLLM logs in to the endpoint of the billing metrics, each complete or not at all."""

_RULES = (
    FargateSize("gateway_cpu", "gateway_memory"),
    FargateSize("backend_cpu", "backend_memory"),
    FargateSize("ui_cpu", "ui_memory"),
    NotAbove("gateway_min_capacity", "gateway_max_capacity"),
    NotAbove("backend_min_capacity", "backend_max_capacity"),
    NotAbove("ui_min_capacity", "ui_max_capacity"),
    NoSharedKey("gateway_extra_env", "gateway_extra_secrets", "ECS takes a name once in a container"),
    NoSharedKey("backend_extra_env", "backend_extra_secrets", "ECS takes a name once in a container"),
    Different("db_master_username", "db_username", "the bootstrap would take the master user's password login away"),
    Refused(
        Is("vpc_id", ""),
        Fewer("azs", 2),
        says="azs must name at least two availability zones, for Aurora and the load balancer: set two, or vpc_id",
    ),
    Refused(
        Given("vpc_id"),
        Fewer("private_subnet_ids", 1),
        says="private_subnet_ids must name subnets of vpc_id, in which the tasks run: set it",
    ),
    Refused(
        Is("vpc_id", ""),
        Some("private_subnet_ids"),
        says="private_subnet_ids are of a VPC that is there already, which vpc_id must name: set it, or remove them",
    ),
    Refused(
        Is("vpc_id", ""),
        Some("public_subnet_ids"),
        says="public_subnet_ids are of a VPC that is there already, which vpc_id must name: set it, or remove them",
    ),
    Refused(
        Given("vpc_id"),
        Is("alb_internal", False),
        Fewer("public_subnet_ids", 2),
        says="public_subnet_ids must name at least two subnets of vpc_id, as a load balancer needs two availability "
        "zones: set them, or alb_internal",
    ),
    Refused(
        Given("vpc_id"),
        Is("alb_internal", True),
        Some("private_subnet_ids"),
        Fewer("private_subnet_ids", 2),
        says="private_subnet_ids must name at least two subnets of vpc_id, as the internal load balancer needs two "
        "availability zones: add one",
    ),
    Refused(
        Given("vpc_id"),
        Is("alb_internal", True),
        Is("tasks_in_public_subnets", True),
        Fewer("public_subnet_ids", 1),
        says="public_subnet_ids must name the subnets of vpc_id for tasks_in_public_subnets: set it",
    ),
    Refused(
        Given("vpc_id"),
        Is("alb_internal", False),
        Is("create_database", True),
        Some("private_subnet_ids"),
        Fewer("private_subnet_ids", 2),
        says="private_subnet_ids must name at least two subnets of vpc_id, as the stack's own Aurora needs two "
        "availability zones: add one",
    ),
    Refused(
        Given("vpc_id"),
        Is("alb_internal", False),
        Is("create_database", False),
        Is("create_redis", True),
        Some("private_subnet_ids"),
        Fewer("private_subnet_ids", 2),
        says="private_subnet_ids must name at least two subnets of vpc_id, as the stack's own Redis needs two "
        "availability zones: add one",
    ),
    Refused(
        Is("tasks_in_public_subnets", True),
        Is("create_database", True),
        says="create_database and tasks_in_public_subnets exclude each other, as the one-shot tasks reach the database "
        "from the private subnets by a NAT gateway: remove tasks_in_public_subnets, or set create_database = false",
    ),
    Refused(
        Is("tasks_in_public_subnets", True),
        Given("database_url"),
        says="database_url and tasks_in_public_subnets exclude each other, as the migration reaches the database from "
        "the private subnets by a NAT gateway: remove one of them",
    ),
    Refused(
        Is("create_database", True),
        Given("database_url"),
        says="database_url is of a database that is there already, and create_database makes one: remove database_url, "
        "or set create_database = false",
    ),
    Refused(
        Is("create_redis", True),
        Given("redis_url"),
        says="redis_url is of a Redis that is there already, and create_redis makes one: remove redis_url, or set "
        "create_redis = false",
    ),
    *(
        Refused(
            Given("image"),
            Given(name, default),
            says=f"image and {name} exclude each other, as all components run from image: remove one of them",
        )
        for name, default in SPLIT_IMAGES.items()
    ),
    *(
        Refused(
            Given("litellm_version"),
            Given(name, default),
            says=f"litellm_version and {name} exclude each other, as all components run from one image: remove one of "
            "them",
        )
        for name, default in SPLIT_IMAGES.items()
    ),
    Refused(
        Given("image"),
        Given("litellm_version"),
        says="image and litellm_version exclude each other, as litellm_version names an image: remove one of them",
    ),
    SameVersion(tuple(SPLIT_IMAGES), "give the four the same one, or set litellm_version instead of them"),
    Refused(
        Is("gateway_connection_pool_enabled", True),
        Is("create_database", False),
        Is("database_url", ""),
        says="gateway_connection_pool_enabled needs a database, and there is none: set create_database or "
        "database_url, or remove it",
    ),
    Refused(
        Is("gateway_metrics_port", None),
        Some("gateway_metrics_scrape_cidrs"),
        says="gateway_metrics_scrape_cidrs may reach gateway_metrics_port: set that, or remove them",
    ),
    Refused(
        Given("gateway_target_tokens_per_second", 0),
        Is("gateway_tokens_metric", None),
        says="gateway_target_tokens_per_second needs gateway_tokens_metric, which counts the tokens: set it",
    ),
    Less("collector_cpu", "gateway_cpu", when="collector_enabled"),
    Less("collector_memory", "gateway_memory", when="collector_enabled"),
    Apart("collector_port", "gateway_metrics_port", when="collector_enabled"),
    Refused(
        Given("image_registry_secret_arn"),
        Is("create_database", True),
        Is("bootstrap_image", BOOTSTRAP_IMAGE),
        says="bootstrap_image is Docker Hub's, which image_registry_secret_arn does not log in to: set it to an image "
        "in your registry",
    ),
    Refused(
        Given("image_registry_kms_key_arn"),
        Is("image_registry_secret_arn", ""),
        says="image_registry_kms_key_arn decrypts image_registry_secret_arn: set that, or remove it",
    ),
    Refused(
        Given("billing_metrics_endpoint"),
        *(Is(name, "") for names in _BILLING_CLIENTS for name in names),
        says="billing_metrics_endpoint needs a client: set billing_metrics_client_cert_pem and "
        "billing_metrics_client_key_pem, or billing_metrics_client_id, billing_metrics_client_secret and "
        "billing_metrics_token_url",
    ),
    *(
        Refused(
            Given("billing_metrics_endpoint"),
            # In the inputs' order: Terraform takes no two validations that look at each other's input.
            *sorted((Given(given), Is(missing, "")), key=lambda fact: names.index(fact.inputs[0])),
            says=f"{given} needs {missing}: set it, or remove {given}",
        )
        for names in _BILLING_CLIENTS
        for given, missing in zip(names, (*names[1:], names[0]), strict=True)
    ),
    Refused(
        Given("vpc_id"),
        Is("nat_gateway_per_az", True),
        says="nat_gateway_per_az is of the stack's own VPC, and vpc_id names another: remove one of them",
    ),
    Refused(
        Is("tasks_in_public_subnets", True),
        Is("nat_gateway_per_az", True),
        says="nat_gateway_per_az and tasks_in_public_subnets exclude each other, as such tasks need no NAT gateway: "
        "remove one of them",
    ),
    Refused(
        Given("domain_name"),
        Is("route53_zone_id", ""),
        says="domain_name needs route53_zone_id, the hosted zone of its records: set it, or bring a certificate along "
        "by acm_certificate_arn",
    ),
    Refused(
        Is("domain_name", ""),
        Given("route53_zone_id"),
        says="route53_zone_id is a zone without a name in it: set domain_name, or remove it",
    ),
    Refused(
        Given("domain_name"),
        Given("acm_certificate_arn"),
        says="acm_certificate_arn and domain_name exclude each other, as domain_name makes a certificate: remove one",
    ),
    Refused(
        Fewer("alb_ingress_cidrs", 1),
        Fewer("alb_ingress_prefix_list_ids", 1),
        says="alb_ingress_cidrs and alb_ingress_prefix_list_ids are both empty, so that nobody could reach the load "
        "balancer: set one of them",
    ),
)

_OUTPUTS = {
    "alb_dns_name": "DNS name of the load balancer, the target of a CNAME or an alias.",
    "alb_url": "URL of the stack: https with a certificate, else http.",
    "alb_arn": "ARN of the load balancer, for example for the association of a WAF.",
    "alb_zone_id": "Hosted zone of the load balancer's DNS name, for an alias record.",
    "ecs_cluster": "Name of the ECS cluster.",
    "vpc_id": "Id of the VPC.",
    "task_security_group_id": "Security group of all tasks, for rules of what they have to reach.",
    "aurora_writer_endpoint": "Host of Aurora's writer.",
    "aurora_reader_endpoint": "Host of Aurora's readers.",
    "redis_endpoint": "Redis's primary endpoint, host:port.",
    "s3_bucket": "Name of the bucket.",
    "master_key_secret_arn": "Secret that holds LiteLLM's master key, the password of the UI's user admin.",
    "db_master_password_secret_arn": "Secret that holds the database's master login, as JSON.",
    "db_bootstrap_sql": "Statements of the database bootstrap, to run by hand, any number of times.",
    "migration_run_command": "Command line that runs the schema migration by hand.",
    "bedrock_model_import_role_arn": "Role for Bedrock's import jobs of custom models; null without "
    "enable_bedrock_custom_model_import.",
}

LITELLM = ModuleKind("litellm", Inputs, _RULES, _OUTPUTS)
