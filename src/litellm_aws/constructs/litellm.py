"""LiteLLM on AWS as a kind of module: its inputs, the rules across them, and its outputs.

The message of a rule has at most 170 characters, so that its line in the synthesized JSON can be read.
"""

from pathlib import Path

from .cross_rules import (
    Above,
    ArnElsewhere,
    Compares,
    CrossRule,
    Elements,
    FargateSize,
    InProduction,
    Is,
    NoGeneratedSecret,
    NoSharedKey,
    Older,
    Refused,
    SameVersion,
    ZoneElsewhere,
    empty,
    on,
)
from .inputs import BOOTSTRAP_IMAGE, SPLIT_IMAGES, Inputs
from .module_kind import ModuleKind

_SIZES = (
    FargateSize("gateway_cpu", "gateway_memory"),
    FargateSize("backend_cpu", "backend_memory"),
    FargateSize("ui_cpu", "ui_memory"),
    *(
        Refused(
            Compares(f"{service}_min_capacity", ">", f"{service}_max_capacity"),
            says=f"{service}_min_capacity must not be above {service}_max_capacity: lower the one or raise the other",
        )
        for service in ("gateway", "backend", "ui")
    ),
    *(
        Refused(
            on("collector_enabled"),
            Compares(part, ">=", whole),
            says=f"{part} must be less than {whole}, which includes it: lower the one or raise the other",
        )
        for part, whole in (("collector_cpu", "gateway_cpu"), ("collector_memory", "gateway_memory"))
    ),
)

_NETWORK = (
    Refused(
        empty("vpc_id"),
        Elements("azs", "<", 2),
        says="azs must name at least two availability zones, for Aurora and the load balancer: set two, or vpc_id",
        precondition="zones",
    ),
    Refused(
        empty("vpc_id"),
        ZoneElsewhere("azs"),
        says="azs must be zones of the stack's region, such as us-west-2a in us-west-2: correct azs or region",
    ),
    Refused(
        ~empty("vpc_id"),
        Elements("private_subnet_ids", "==", 0),
        says="private_subnet_ids is required with vpc_id, as the tasks run in these subnets: set it",
    ),
    *(
        Refused(
            empty("vpc_id"),
            Elements(name, ">", 0),
            says=f"{name} must be subnets of an existing VPC: set vpc_id, or remove them",
        )
        for name in ("private_subnet_ids", "public_subnet_ids")
    ),
    Refused(
        ~empty("vpc_id"),
        ~on("alb_internal"),
        Elements("public_subnet_ids", "<", 2),
        says="public_subnet_ids must name at least two subnets of vpc_id, as a load balancer needs two availability "
        "zones: set them, or alb_internal",
    ),
    Refused(
        ~empty("vpc_id"),
        on("alb_internal"),
        Elements("private_subnet_ids", "==", 1),
        says="private_subnet_ids must name at least two subnets of vpc_id, as the internal load balancer needs two "
        "availability zones: add one",
    ),
    Refused(
        ~empty("vpc_id"),
        on("alb_internal"),
        on("tasks_in_public_subnets"),
        Elements("public_subnet_ids", "==", 0),
        says="public_subnet_ids must name the subnets of vpc_id for tasks_in_public_subnets: set it",
    ),
    Refused(
        ~empty("vpc_id"),
        ~on("alb_internal"),
        on("create_database"),
        Elements("private_subnet_ids", "==", 1),
        says="private_subnet_ids must name at least two subnets of vpc_id, as the managed Aurora needs two "
        "availability zones: add one",
    ),
    Refused(
        ~empty("vpc_id"),
        ~on("alb_internal"),
        ~on("create_database"),
        on("create_redis"),
        Elements("private_subnet_ids", "==", 1),
        says="private_subnet_ids must name at least two subnets of vpc_id, as the managed Redis needs two "
        "availability zones: add one",
    ),
    Refused(
        on("tasks_in_public_subnets"),
        on("create_database"),
        says="create_database and tasks_in_public_subnets cannot be used together, as the one-off tasks need the "
        "private subnets and a NAT gateway: set one of them to false",
    ),
    *(
        Refused(
            on("tasks_in_public_subnets"),
            ~empty(url),
            says=f"{url} and tasks_in_public_subnets cannot be used together, as the migration needs the "
            "private subnets and a NAT gateway: remove one",
        )
        for url in ("database_url", "database_url_secret_arn")
    ),
    *(
        Refused(
            ~empty("vpc_id"),
            Is(name, value),
            says=f"{name} applies to the managed VPC, and vpc_id names an existing one: remove one of them",
        )
        for name, value in (
            ("nat_gateway_per_az", True),
            ("map_public_ip_on_launch", False),
            ("restrict_default_security_group", True),
            ("flow_logs_enabled", True),
        )
    ),
    Refused(
        on("tasks_in_public_subnets"),
        on("nat_gateway_per_az"),
        says="nat_gateway_per_az and tasks_in_public_subnets cannot be used together, as such tasks need no NAT "
        "gateway: remove one of them",
    ),
    Refused(
        ~empty("domain_name"),
        empty("route53_zone_id"),
        says="domain_name needs route53_zone_id, the hosted zone of its records: set it, or use an existing "
        "certificate with acm_certificate_arn",
    ),
    Refused(
        empty("domain_name"),
        ~empty("route53_zone_id"),
        says="route53_zone_id needs domain_name, the name of the records in it: set domain_name, or remove it",
    ),
    Refused(
        ~empty("domain_name"),
        ~empty("acm_certificate_arn"),
        says="acm_certificate_arn and domain_name cannot be used together, as domain_name creates a "
        "certificate: remove one",
    ),
    Refused(
        empty("acm_certificate_arn"),
        on("allow_plaintext_alb"),
        empty("domain_name"),
        Is("alb_http_redirect", False),
        says="alb_http_redirect = false closes port 80, the only one without a certificate: remove it, or set "
        "acm_certificate_arn or domain_name",
    ),
    Refused(
        ArnElsewhere("web_acl_arn"),
        says="web_acl_arn must be a web ACL of the stack's region: set one of that region, or remove it",
    ),
    Refused(
        empty("acm_certificate_arn"),
        empty("domain_name"),
        ~on("allow_plaintext_alb"),
        says="Without TLS, keys and prompts would travel in plain text: set acm_certificate_arn or domain_name or, for "
        "a short-lived trial, allow_plaintext_alb = true",
        precondition="tls",
    ),
    Refused(
        ArnElsewhere("kms_key_arn"),
        says="kms_key_arn must be in the stack's region: set a key of that region, or correct region",
    ),
    Refused(
        ArnElsewhere("acm_certificate_arn"),
        says="acm_certificate_arn must be in the stack's region, as a load balancer takes no other certificate: "
        "request one there, or correct region",
    ),
    Refused(
        Elements("alb_ingress_cidrs", "==", 0),
        Elements("alb_ingress_prefix_list_ids", "==", 0),
        says="alb_ingress_cidrs and alb_ingress_prefix_list_ids are both empty, so that nobody could reach the load "
        "balancer: set one of them",
    ),
)

_SECRET_ARNS = (
    *(f"litellm_{name}_secret_arn" for name in ("master_key", "salt_key", "license")),
    *(f"{name}_secret_arn" for name in ("ui_password", "database_url", "redis_url", "otel_headers", "image_registry")),
    *("gateway_extra_secrets", "backend_extra_secrets"),
)
"""The inputs that name secrets."""

_SECRETS = (
    *(NoGeneratedSecret(name) for name in _SECRET_ARNS),
    *(
        Refused(
            ~empty(given),
            ~empty(f"{given}_secret_arn"),
            says=f"{given}_secret_arn and {given} cannot be used together, as both say what the secret is: remove one",
        )
        for given in ("litellm_master_key", "litellm_license", "ui_password", "database_url", "redis_url")
    ),
    Refused(
        on("generate_salt_key"),
        ~empty("litellm_salt_key_secret_arn"),
        says="litellm_salt_key_secret_arn is a salt key, and generate_salt_key makes one: remove one of them",
    ),
)

_AUTO_PAUSE = {13: 15, 14: 12, 15: 7, 16: 3}
"""The oldest minor version of each major version of Aurora PostgreSQL that takes a capacity of 0 (AWS Database Blog,
"Introducing scaling to 0 capacity with Amazon Aurora Serverless v2"; Aurora User Guide, "Aurora Serverless v2
capacity"). The limits of the capacities are those of the RDS API (ServerlessV2ScalingConfiguration), and that "the
maximum capacity must be higher than 0.5 ACUs" is in the User Guide, "Choosing the maximum capacity setting"."""

_STORES = (
    *(
        Refused(
            *where,
            InProduction(),
            on(flag),
            ~on("allow_data_loss"),
            says=f"In production, a destroy would delete {what}: set {flag} = false or, if you accept the loss, "
            "allow_data_loss = true",
            name=f"refuses_{flag}",
            precondition=flag,
        )
        for flag, what, where in (
            ("skip_final_snapshot", "the database without a final snapshot", (on("create_database"),)),
            ("s3_force_destroy", "the bucket with all its objects", ()),
        )
    ),
    Refused(
        Older("db_engine_version", _AUTO_PAUSE),
        Is("db_serverless_min_capacity", 0),
        says="db_serverless_min_capacity = 0 needs Aurora PostgreSQL "
        f"{', '.join(f'{major}.{minor}' for major, minor in _AUTO_PAUSE.items())} or later: set 0.5 or more, or a "
        "later db_engine_version",
        name="pauses_before_aurora_can",
    ),
    Refused(
        Is("db_instance_class", "db.serverless"),
        Is("db_serverless_min_capacity", None),
        says="db_instance_class = db.serverless needs a capacity: set db_serverless_min_capacity and "
        "db_serverless_max_capacity, and remove it",
    ),
    Refused(
        Is("db_serverless_min_capacity", None),
        ~Is("db_serverless_max_capacity", None),
        says="db_serverless_max_capacity needs db_serverless_min_capacity: set both, or remove it",
    ),
    Refused(
        ~Is("db_serverless_min_capacity", None),
        Is("db_serverless_max_capacity", None),
        says="db_serverless_min_capacity needs db_serverless_max_capacity: set both, or remove it",
    ),
    Refused(
        Above("db_serverless_min_capacity", "db_serverless_max_capacity"),
        says="db_serverless_min_capacity must not be above db_serverless_max_capacity: lower the one or raise the "
        "other",
    ),
    Refused(
        Compares("db_master_username", "==", "db_username"),
        says="db_master_username and db_username must be different: the bootstrap would disable the password login "
        "of the master user",
    ),
    *(
        Refused(
            on(f"create_{kind}"),
            ~empty(url),
            says=f"{url} is an existing {what}, and create_{kind} creates one: remove {url}, or set "
            f"create_{kind} = false",
        )
        for kind, what in (("database", "database"), ("redis", "Redis"))
        for url in (f"{kind}_url", f"{kind}_url_secret_arn")
    ),
    Refused(
        ~on("create_database"),
        ~empty("snapshot_identifier"),
        says="snapshot_identifier restores the managed database, and there is none: set create_database, or remove it",
    ),
    Refused(
        on("gateway_connection_pool_enabled"),
        ~on("create_database"),
        empty("database_url"),
        empty("database_url_secret_arn"),
        says="gateway_connection_pool_enabled needs a database, and there is none: set create_database or "
        "database_url, or remove it",
    ),
)

_IMAGES = (
    *(
        Refused(
            ~empty(one),
            ~Is(name, default),
            says=f"{one} and {name} cannot be used together, as all components run from one image: remove one of them",
        )
        for one in ("image", "litellm_version")
        for name, default in SPLIT_IMAGES.items()
    ),
    Refused(
        ~empty("image"),
        ~empty("litellm_version"),
        says="image and litellm_version cannot be used together, as litellm_version names an image: remove one of them",
    ),
    SameVersion(tuple(SPLIT_IMAGES), "give all four the same one, or set litellm_version"),
    Refused(
        ~empty("image_registry_secret_arn"),
        on("create_database"),
        Is("bootstrap_image", BOOTSTRAP_IMAGE),
        says="bootstrap_image is Docker Hub's, which image_registry_secret_arn does not log in to: set it to an image "
        "in your registry",
    ),
    Refused(
        ~empty("image_registry_kms_key_arn"),
        empty("image_registry_secret_arn"),
        says="image_registry_kms_key_arn requires image_registry_secret_arn: set it, or remove the key",
    ),
)

_TASKS = (
    NoSharedKey("gateway_extra_env", "gateway_extra_secrets"),
    NoSharedKey("backend_extra_env", "backend_extra_secrets"),
    Refused(
        Is("gateway_metrics_port", None),
        Elements("gateway_metrics_scrape_cidrs", ">", 0),
        says="gateway_metrics_scrape_cidrs needs gateway_metrics_port: set that, or remove them",
    ),
    Refused(
        ~Is("gateway_target_tokens_per_second", 0),
        Is("gateway_tokens_metric", None),
        says="gateway_target_tokens_per_second needs gateway_tokens_metric, which counts the tokens: set it",
    ),
    Refused(
        on("collector_enabled"),
        Compares("collector_port", "==", "gateway_metrics_port"),
        says="collector_port and gateway_metrics_port are ports of one task, and must be different: change one of them",
    ),
    Refused(
        on("read_only_root_filesystem"),
        on("enable_execute_command"),
        says="enable_execute_command and read_only_root_filesystem cannot be used together, as the agent of ECS Exec "
        "writes to the root file system: set one of them to false",
    ),
)

_BILLING_CLIENTS = (
    ("billing_metrics_client_cert_pem", "billing_metrics_client_key_pem"),
    ("billing_metrics_client_id", "billing_metrics_client_secret", "billing_metrics_token_url"),
)
"""The two ways in which LiteLLM logs in to the endpoint of the billing metrics, each complete or not at all."""

_BILLING = (
    Refused(
        ~empty("billing_metrics_endpoint"),
        *(empty(name) for names in _BILLING_CLIENTS for name in names),
        says="billing_metrics_endpoint needs a client: set billing_metrics_client_cert_pem and its key, or "
        "billing_metrics_client_id, its secret and billing_metrics_token_url",
        name="billing_metrics_lack_a_client",
    ),
    *(
        Refused(
            ~empty("billing_metrics_endpoint"),
            # In the inputs' order: Terraform takes no two validations that look at each other's input.
            *sorted((~empty(given), empty(missing)), key=lambda fact: names.index(fact.name)),
            says=f"{given} needs {missing}: set it, or remove {given}",
        )
        for names in _BILLING_CLIENTS
        for given, missing in zip(names, (*names[1:], names[0]), strict=True)
    ),
)

_MONITORING = (
    Refused(
        ArnElsewhere("alarm_topic_arn"),
        says="alarm_topic_arn must be in the stack's region, as CloudWatch notifies no other topic: set one of that "
        "region, or correct region",
    ),
)

_RULES: tuple[CrossRule, ...] = (
    *_SIZES,
    *_TASKS,
    *_SECRETS,
    *_STORES,
    *_NETWORK,
    *_IMAGES,
    *_MONITORING,
    *_BILLING,
)

_OUTPUTS = {
    "alb_dns_name": "DNS name of the load balancer, the target of a CNAME or an alias.",
    "alb_url": "URL of the stack: https with a certificate, else http.",
    "alb_arn": "ARN of the load balancer, for example for the association of a WAF.",
    "alb_zone_id": "Hosted zone of the load balancer's DNS name, for an alias record.",
    "ecs_cluster": "Name of the ECS cluster.",
    "vpc_id": "ID of the VPC.",
    "task_security_group_id": "Security group of all tasks, for rules of the systems that they must reach.",
    "aurora_writer_endpoint": "Host of Aurora's writer.",
    "aurora_reader_endpoint": "Host of Aurora's reader, or of its writer where there is no reader.",
    "redis_endpoint": "Redis's primary endpoint, host:port.",
    "s3_bucket": "Name of the bucket.",
    "master_key_secret_arn": "Secret that holds LiteLLM's master key, the password of the UI's user admin.",
    "db_master_password_secret_arn": "Secret that holds the database's master login, as JSON.",
    "db_bootstrap_sql": "Statements of the database bootstrap, to run by hand, any number of times.",
    "migration_run_command": "Command line that runs the schema migration by hand.",
    "bedrock_model_import_role_arn": "Role for Bedrock's import jobs of custom models; null without "
    "enable_bedrock_custom_model_import.",
    "dashboard_url": "URL of the CloudWatch dashboard; null without dashboard_enabled.",
}

_FILES = (
    "bootstrap.sql",
    "fetch_proxy_config.py",
    "gateway_launcher.py",
    "one_off_task.sh",
    "shared_functions.sh",
    "steady_state.sh",
)

LITELLM = ModuleKind(
    name="litellm",
    model=Inputs,
    rules=_RULES,
    outputs=_OUTPUTS,
    files=tuple(Path(__file__).with_name("module_files") / name for name in _FILES),
)
