"""Every input of the module, declared once.

A field's type, default, rules and docstring are the only place where that input is described. Made from them: the
module's `variable` blocks (`input_variables.py`), the checks on the tenants file, the JSON Schema for editors and
`docs/inputs.md`. The first paragraph of a docstring is the variable's description, at most 170 characters; what
follows it is for the reference. Units are in the descriptions.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict

from .module_kind import Sensitive, TerraformType
from .ports import GATEWAY_PORT
from .routes import WILDCARDS_PER_RULE
from .rules import (
    AllDifferent,
    AtMost,
    Both,
    EachElement,
    EachValue,
    EmptyOr,
    Ipv4Cidr,
    IsMap,
    Matches,
    Not,
    NotEmpty,
    Number,
    OneOf,
    certificate_arn,
    kms_key_arn,
    policy_arn,
    regional_web_acl_arn,
    role_arn,
    secret_arn,
    topic_arn,
    whole,
)

_NO_STRAY_HYPHEN = Matches(
    ".*-|.*--.*",
    "a name that ends with a hyphen or contains two in a row: RDS and ElastiCache reject such names",
    refused=True,
)
_Image = Annotated[str, NotEmpty()]
SPLIT_IMAGES = {
    f"{component}_image": f"ghcr.io/berriai/litellm-{component}:v1.86.0-dev"
    for component in ("gateway", "backend", "ui", "migrations")
}
"""The four images of the documented release, by input."""
BOOTSTRAP_IMAGE = "postgres:16-alpine"
_TOKENS_METRIC = "litellm_total_tokens_metric_total"
_Percentage = Annotated[float, Number(0, 100)]
_Tasks = Annotated[int, whole(0)]
_CpuUnits = Annotated[int, whole(256)]
_MemoryMib = Annotated[int, whole(512)]
_PingSeconds = Annotated[int, whole(1, 300)]
_SqlIdentifier = Annotated[
    str,
    Matches(
        "[a-z_][a-z0-9_]{0,62}",
        "a plain SQL identifier: at most 63 lowercase letters, digits and underscores, no digit first",
    ),
]
_NOT_POSTGRES_OWN = Matches("pg_.*", "a name that starts with pg_, which PostgreSQL reserves", refused=True)
_SUBNET_ID = Matches("subnet-[0-9a-f]+", "a subnet ID, for example subnet-0abc")
_GROUP_ID = Matches("sg-[0-9a-f]+", "a security group ID, for example sg-0abc")
_BUCKET = Matches("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "the name of a bucket, for example my-logs")
_DOMAIN = Matches(
    "(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}",
    "a domain name in lowercase letters, such as llm.example.com",
)
_PATH_PATTERN = Matches(
    "/[A-Za-z0-9_.$/~\"'@:+&*?-]{0,127}",
    "an ELB path pattern: a slash, then at most 127 letters, digits and _-.$/~\"'@:+&*?",
)
_FEW_WILDCARDS = Matches(
    f"[^*?]*(?:[*?][^*?]*){{0,{WILDCARDS_PER_RULE}}}",
    f"with at most {WILDCARDS_PER_RULE} wildcards",
)
_MODEL_ARN = Matches(
    "arn:aws[a-z-]*:bedrock:[a-z0-9*-]*:[0-9*]*:[a-z][a-z-]*/.+",
    "the ARN of a Bedrock model or inference profile, arn:aws:bedrock:<region>:<account>:<type>/<id>",
)
_KMS_KEY_ARN = kms_key_arn()
_RETENTION_DAYS = (
    *(0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180),
    *(365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
"""Days that CloudWatch Logs takes (PutRetentionPolicy); Terraform's 0 is "never expire"."""
_EnvironmentSecrets = Annotated[dict[str, str], EachValue(secret_arn(with_field=True))]
_SecretArn = Annotated[str, EmptyOr(secret_arn(with_field=True))]
_WholeSecretArn = Annotated[str, EmptyOr(secret_arn(with_field=False))]


DECLARATION = ConfigDict(
    extra="forbid",
    strict=True,
    frozen=True,
    use_attribute_docstrings=True,
    protected_namespaces=(),
    defer_build=True,  # most models are never used by themselves
)
"""How a model declares its fields: each with a docstring, and no others."""


class TokensMetric(BaseModel):
    """A metric of CloudWatch."""

    model_config = DECLARATION

    namespace: Annotated[str, NotEmpty()]
    """Namespace of the metric."""
    name: Annotated[str, NotEmpty()] = _TOKENS_METRIC
    """Name of the metric."""
    dimensions: dict[str, str] = {}
    """Dimensions of the metric, from name to value."""


class _Section(BaseModel):
    model_config = DECLARATION


class Stack(_Section):
    """Stack"""

    region: Annotated[str, NotEmpty()]
    """AWS region of the stack, such as us-west-2. It must be the region of the `aws` provider."""
    tenant: Annotated[
        str,
        Matches("[a-z][a-z0-9-]{0,20}", "1 to 21 lowercase letters, digits and hyphens, a letter first"),
        _NO_STRAY_HYPHEN,
        Matches(
            "(?:internal|sg)(?:-.*)?",
            "internal or sg, nor start with internal- or sg-, as AWS refuses those in names of load balancers "
            "and security groups",
            refused=True,
        ),
    ]
    """Short name of the tenant. Every resource is named `<tenant>-litellm-<env>`, or starts with it."""
    env: Annotated[
        str,
        Matches(
            "[a-z][a-z0-9-]{0,8}",
            "1 to 9 lowercase letters, digits and hyphens, a letter first, as AWS limits the names made from it: "
            "prod, not production",
        ),
        _NO_STRAY_HYPHEN,
    ]
    """Short name of the environment, such as prod, stage or dev. Production is protected: see `production`."""
    production: bool | None = None
    """Whether the stack is protected as production. Null: if a word of `env` starts with prod, prd or live.

    Words are separated by digits and hyphens: prod2 and eu-prod are production, preprod and pre-prod are not. A tenant
    whose `wave` is set to prod is production, too. Production has deletion_protection, and refuses skip_final_snapshot
    and s3_force_destroy without allow_data_loss."""
    azs: Annotated[list[str], AllDifferent()] = []
    """Availability zones of the managed subnets, at least two unless vpc_id is set.

    Add a zone at the end: another order replaces all subnets."""
    tags: Annotated[
        dict[str, str],
        AtMost(48, "AWS takes 50 tags on a resource, and the module sets two"),
    ] = {}
    """Tags of every taggable resource, in addition to `litellm:stack` and `managed-by`.

    S3 takes only ten tags on an object: with more than eight here, the object that holds proxy_config has none."""


class Secrets(_Section):
    """Secrets"""

    litellm_master_key: Annotated[str, EmptyOr(Matches("sk-.*", "a key that starts with sk-")), Sensitive()] = ""
    """LiteLLM's master key, also the password of the UI's user `admin`. Empty: a random one is generated."""
    litellm_master_key_secret_arn: _SecretArn = ""
    """Secret with the master key, which Terraform does not read. Empty: litellm_master_key, or a generated one."""
    generate_salt_key: bool = False
    """Whether the module generates LITELLM_SALT_KEY, which encrypts the credentials that LiteLLM stores.

    Without a salt key, LiteLLM encrypts them with the master key, and a change of that makes them unreadable. Set it
    for a new stack. With a managed database, the bootstrap fails, before any task is replaced, where stored credentials
    could no longer be read; docs/operations.md has the way for such a stack."""
    litellm_salt_key_secret_arn: _SecretArn = ""
    """Secret with the salt key, which must never change. Empty: none, or a generated one."""
    litellm_license: Annotated[str, Sensitive()] = ""
    """LiteLLM Enterprise license, known at plan. Empty: no license secret and no LITELLM_LICENSE."""
    litellm_license_secret_arn: _SecretArn = ""
    """Secret with the license, which Terraform does not read. Empty: litellm_license, or none."""
    ui_password: Annotated[str, Sensitive()] = ""
    """Password of the UI, UI_PASSWORD of the backend, known at plan. Empty: the master key is the password."""
    ui_password_secret_arn: _SecretArn = ""
    """Secret with the password of the UI, which Terraform does not read. Empty: ui_password, or none."""
    secret_recovery_window_days: Annotated[int, OneOf((0, *range(7, 31)))] = 0
    """Days for which Secrets Manager keeps a deleted secret of the stack. 0: none.

    Meanwhile, the name is taken: a stack of the same name cannot be created again."""
    secrets_kms_key_arns: Annotated[list[str], EachElement(_KMS_KEY_ARN), AllDifferent()] = []
    """KMS keys, known at plan, of the secrets that the inputs name by ARN, for the role that reads them.

    The key's policy must allow it, too."""


class Network(_Section):
    """Network"""

    vpc_cidr: Annotated[
        str,
        Ipv4Cidr(
            "an IPv4 CIDR block from /16 to /20, such as 10.40.0.0/16, written with its first address (its subnets "
            "are 8 bits narrower, and AWS has none below /28)",
            widest=16,
            narrowest=20,
        ),
    ] = "10.40.0.0/16"
    """IPv4 range of the managed VPC. Each subnet takes a 256th of it. A change replaces the whole stack."""
    vpc_id: Annotated[str, EmptyOr(Matches("vpc-[0-9a-f]+", "a VPC ID, for example vpc-0abc"))] = ""
    """Existing VPC. The module then creates no VPC, subnet, gateway, address or route, and changes nothing in it.
    Empty: the module creates a VPC."""
    public_subnet_ids: Annotated[list[str], EachElement(_SUBNET_ID), AllDifferent()] = []
    """Subnets of vpc_id for the load balancer, in two availability zones. An internal load balancer needs none."""
    private_subnet_ids: Annotated[list[str], EachElement(_SUBNET_ID), AllDifferent()] = []
    """Subnets of vpc_id for the tasks, Aurora and Redis.

    A managed Aurora or Redis needs two availability zones. The tasks must reach the internet from these subnets, or
    VPC endpoints for everything that they use."""
    additional_task_security_group_ids: Annotated[list[str], EachElement(_GROUP_ID), AllDifferent()] = []
    """Security groups of all tasks, in addition to the managed one."""
    tasks_in_public_subnets: bool = False
    """Whether the services' tasks have public addresses in the public subnets, so that there is no NAT gateway.

    For stacks without a database: the tasks that create its user and its tables run in the private subnets."""
    restrict_task_egress: bool = False
    """Whether the tasks can connect only to addresses in the VPC and, outside of it, to port 443.

    A model, a database or an exporter on another port needs a group in additional_task_security_group_ids that allows
    it. With vpc_id, the module reads the ranges of that VPC."""
    nat_gateway_per_az: bool = False
    """Whether each availability zone has its own NAT gateway, so that the loss of a zone affects no other."""
    map_public_ip_on_launch: bool = True
    """Whether the public subnets of the managed VPC give public addresses to whatever is launched in them.

    The stack does not need it: the load balancer, the NAT gateways and tasks_in_public_subnets have public addresses
    without it."""
    restrict_default_security_group: bool = False
    """Whether Terraform removes all rules from the default security group of the managed VPC.

    The stack does not use this group. When you set this back to false, the group stays without rules."""
    flow_logs_enabled: bool = False
    """Whether the managed VPC has a flow log of all traffic, in the log group `/vpc/<stack>`."""
    permissions_boundary_arn: Annotated[str, EmptyOr(policy_arn())] = ""
    """IAM policy that is the permissions boundary of every role of the stack. Empty: none.

    What it does not allow, the stack's roles cannot do, whatever their own policies say."""


class Ingress(_Section):
    """Ingress and TLS"""

    acm_certificate_arn: Annotated[str, EmptyOr(certificate_arn())] = ""
    """ACM certificate of the HTTPS listener, in the stack's region. Empty: see domain_name and allow_plaintext_alb."""
    allow_plaintext_alb: bool = False
    """Allow a load balancer that speaks plain HTTP, where there is no certificate. For trials only."""
    domain_name: Annotated[str, EmptyOr(_DOMAIN)] = ""
    """Domain name of the stack. The module creates and validates a certificate for it, and records in
    route53_zone_id. Empty: none of these."""
    route53_zone_id: Annotated[str, EmptyOr(Matches("Z[A-Z0-9]+", "the ID of a Route 53 hosted zone, Z…"))] = ""
    """Route 53 hosted zone, in the stack's account, for the records of domain_name."""
    alb_internal: bool = False
    """Whether the load balancer is internal: in the private subnets, reachable only from inside the network."""
    alb_ingress_cidrs: Annotated[list[str], EachElement(Ipv4Cidr()), AllDifferent()] = ["0.0.0.0/0"]
    """IPv4 ranges that may reach the load balancer's ports 80 and 443.

    The default is the whole internet; for an internal load balancer, the ranges of the VPC; and none where
    alb_ingress_prefix_list_ids is set."""
    alb_ingress_prefix_list_ids: Annotated[
        list[str], EachElement(Matches("pl-[0-9a-f]+", "a managed prefix list ID, for example pl-0abc")), AllDifferent()
    ] = []
    """Managed prefix lists that may reach the load balancer's ports 80 and 443, such as CloudFront's."""
    alb_http_redirect: bool = True
    """Whether port 80 is open, and redirects to HTTPS. Without it, only port 443 is open.

    A client that is configured with http:// sends its key in plain text before it is redirected."""
    restrict_alb_to_services: bool = False
    """Whether the load balancer can connect only to the ports of the three services, in the VPC.

    Otherwise it can connect to everything. With vpc_id, the module reads the ranges of that VPC."""
    web_acl_arn: Annotated[str, EmptyOr(regional_web_acl_arn())] = ""
    """Regional AWS WAF web ACL of the load balancer, in the stack's region, known at plan. Empty: none."""
    access_logs_bucket: Annotated[str, EmptyOr(_BUCKET)] | None = None
    """Existing bucket for the load balancer's access logs, in the stack's region. Empty: no access logs. Null: they
    stay as they are.

    The logs are below `<tenant>-litellm-<env>/`, so that stacks can share a bucket. Its policy must let Elastic Load
    Balancing write: see docs/hardening.md. To stop the logs, set it to the empty string."""
    drop_invalid_header_fields: bool = False
    """Whether the load balancer removes headers whose names have other characters than letters, digits and hyphens.

    It then removes headers with an underscore: of those that LiteLLM reads, `langfuse_*` and `litellm_user_api_key`.
    The `x-litellm-*` headers pass, and so does the `metadata` of a request."""
    alb_idle_timeout_seconds: Annotated[int, whole(1, 4000)] = 120
    """Seconds after which the load balancer closes an idle connection. Long streams need more."""
    extra_gateway_paths: Annotated[
        list[str],
        EachElement(Both(_PATH_PATTERN, _FEW_WILDCARDS)),
        AllDifferent(),
        AtMost(80, "ELB takes 100 rules on a listener, and the module needs up to 20"),
    ] = []
    """Further path patterns, known at plan, that the load balancer sends to the gateway.

    A newer image may serve more paths than the module knows."""


class Images(_Section):
    """Images"""

    image: Annotated[str, Matches("|.*\\S.*", "the name of an image, or empty")] = ""
    """Image of all components, such as `ghcr.io/berriai/litellm:v1.110.2`. Empty: litellm_version, or an image for each
    component.

    Its entry point must take a component as its first argument, as LiteLLM's image does since mid 2026."""
    litellm_version: Annotated[
        str,
        EmptyOr(
            Matches(
                "v?[0-9]+[.][0-9]+[.][0-9]+(?:[.-]?[A-Za-z0-9_.-]+)?|[A-Za-z_][A-Za-z0-9_.-]*",
                "a whole tag of ghcr.io/berriai/litellm in quotes, such as v1.110.2, without the name of the image",
            )
        ),
    ] = ""
    """Version of LiteLLM, from mid 2026 on: a tag of `ghcr.io/berriai/litellm`, such as `v1.110.2`. Short for image."""
    gateway_image: _Image = SPLIT_IMAGES["gateway_image"]
    """Image of the gateway, which serves the LLM routes. Change the four images together, or set litellm_version."""
    backend_image: _Image = SPLIT_IMAGES["backend_image"]
    """Image of the backend, which serves the management API."""
    ui_image: _Image = SPLIT_IMAGES["ui_image"]
    """Image of the UI."""
    migrations_image: _Image = SPLIT_IMAGES["migrations_image"]
    """Image of the one-off task that migrates the database's schema."""
    bootstrap_image: _Image = BOOTSTRAP_IMAGE
    """Image of the one-off task that creates the database user. It needs psql. The default is on Docker Hub."""
    image_registry_secret_arn: _WholeSecretArn = ""
    """Secret with the username and password of a private registry, for all images. Empty: none; ECR needs none."""
    image_registry_kms_key_arn: Annotated[str, EmptyOr(_KMS_KEY_ARN)] = ""
    """KMS key that encrypts image_registry_secret_arn. Empty: the account's key for Secrets Manager."""


class Gateway(_Section):
    """Gateway"""

    gateway_cpu: _CpuUnits = 1024
    """CPU units of a gateway task (1024 are one vCPU)."""
    gateway_memory: _MemoryMib = 4096
    """Memory of a gateway task in MiB."""
    gateway_desired_count: _Tasks = 2
    """Number of gateway tasks at creation. Afterwards autoscaling, or an operator, sets it."""
    gateway_num_workers: Annotated[int, whole(1)] = 1
    """Number of uvicorn worker processes in a gateway task."""
    gateway_autoscaling_enabled: bool = True
    """Whether the number of gateway tasks follows the load."""
    gateway_min_capacity: _Tasks = 1
    """Minimum number of gateway tasks with autoscaling."""
    gateway_max_capacity: _Tasks = 10
    """Maximum number of gateway tasks with autoscaling."""
    gateway_cpu_target: _Percentage = 70
    """Average CPU utilization of the gateway tasks, in percent, that autoscaling aims at."""
    gateway_memory_target: _Percentage = 80
    """Average memory utilization of the gateway tasks, in percent, that autoscaling aims at. 0: memory is ignored."""
    gateway_target_requests_per_second: Annotated[float, Number(0)] = 0
    """Requests per second and gateway task that autoscaling aims at. 0: requests are ignored."""
    gateway_target_tokens_per_second: Annotated[float, Number(0)] = 0
    """Tokens per second and gateway task that autoscaling aims at, by gateway_tokens_metric. 0: tokens are ignored."""
    gateway_tokens_metric: (
        Annotated[
            TokensMetric,
            TerraformType(
                f'object({{ namespace = string, name = optional(string, "{_TOKENS_METRIC}"), '
                "dimensions = optional(map(string), {}) })"
            ),
        ]
        | None
    ) = None
    """CloudWatch metric that counts the tokens of all gateway tasks: its namespace, its name and its dimensions.

    LiteLLM publishes this metric to Prometheus only; you have to copy it to CloudWatch. Its name is
    litellm_total_tokens_metric_total by default."""
    gateway_spot_percentage: Annotated[int, whole(0, 100)] = 0
    """Percentage of the gateway's tasks on Fargate Spot; at least one task is on demand.

    A change from 0 or to 0 replaces the service."""
    gateway_drain_seconds: Annotated[int, whole(2, 120)] = 30
    """Seconds for which a stream may continue when its task is replaced.

    It is the deregistration delay of the gateway's target group and the stop timeout of its container."""
    gateway_connection_pool_enabled: bool = False
    """Whether the gateway's workers share a pool of database connections (PgBouncer in the gateway's container).

    It needs a database and an image newer than 1.86. With the managed Aurora it needs an image from mid 2026 on, whose
    pool renews its IAM tokens."""
    gateway_pool_max_db_connections: Annotated[int, whole(1)] = 20
    """Maximum number of connections from the pool of a gateway task to the database."""
    gateway_pool_max_client_conn: Annotated[int, whole(1)] = 1000
    """Maximum number of connections from workers to the pool of a gateway task."""
    gateway_metrics_port: (
        Annotated[
            int,
            whole(1, 65535),
            Not(GATEWAY_PORT, "the gateway's own port"),
        ]
        | None
    ) = None
    """Port on which a sidecar of the gateway serves the Prometheus metrics of all its workers. Null: no sidecar.

    It is never behind the load balancer. It needs an image newer than 1.86, and `prometheus` among
    `litellm_settings.callbacks` of proxy_config: otherwise LiteLLM counts the requests in flight only."""
    gateway_metrics_scrape_cidrs: Annotated[list[str], EachElement(Ipv4Cidr()), AllDifferent()] = []
    """IPv4 ranges that may reach gateway_metrics_port."""
    gateway_extra_env: dict[str, str] = {}
    """Environment variables of the gateway, in plain text. They override defaults of the same name.

    With USE_DDTRACE = "true" the gateway starts under ddtrace-run."""
    gateway_extra_secrets: _EnvironmentSecrets = {}
    """Environment variables of the gateway whose values ECS reads from Secrets Manager, by ARN."""


class Collector(_Section):
    """Collector"""

    collector_enabled: bool = False
    """Whether a sidecar of the gateway, not its workers, writes the spend logs and metrics.

    It needs an image newer than 1.86."""
    collector_port: Annotated[int, whole(1024, 65535), Not(GATEWAY_PORT, "the gateway's own port")] = 4010
    """Loopback port on which the collector listens."""
    collector_cpu: Annotated[int, whole(1)] = 512
    """CPU units of the collector, out of gateway_cpu."""
    collector_memory: Annotated[int, whole(6)] = 2048
    """Memory of the collector in MiB, out of gateway_memory."""
    collector_buffer_size: Annotated[int, whole(1)] = 1000
    """Records that a worker buffers while the collector is busy."""
    collector_drain_timeout_seconds: Annotated[int, whole(0, 110)] = 10
    """Seconds that a stopping task gives the collector to write its buffered records."""
    collector_on_unavailable: Annotated[str, OneOf(("fallback", "drop"))] = "fallback"
    """What a worker does while the collector is unavailable: write the record itself (fallback), or drop it."""


class Backend(_Section):
    """Backend"""

    backend_cpu: _CpuUnits = 1024
    """CPU units of a backend task (1024 are one vCPU)."""
    backend_memory: _MemoryMib = 4096
    """Memory of a backend task in MiB."""
    backend_desired_count: _Tasks = 1
    """Number of backend tasks at creation. Afterwards autoscaling, or an operator, sets it."""
    backend_autoscaling_enabled: bool = True
    """Whether the number of backend tasks follows the load."""
    backend_min_capacity: _Tasks = 1
    """Minimum number of backend tasks with autoscaling."""
    backend_max_capacity: _Tasks = 4
    """Maximum number of backend tasks with autoscaling."""
    backend_cpu_target: _Percentage = 70
    """Average CPU utilization of the backend tasks, in percent, that autoscaling aims at."""
    backend_extra_env: dict[str, str] = {}
    """Environment variables of the backend, in plain text. They override defaults of the same name.

    With USE_DDTRACE = "true" the backend starts under ddtrace-run."""
    backend_extra_secrets: _EnvironmentSecrets = {}
    """Environment variables of the backend whose values ECS reads from Secrets Manager, by ARN."""


class Ui(_Section):
    """UI"""

    ui_cpu: _CpuUnits = 256
    """CPU units of a UI task (1024 are one vCPU)."""
    ui_memory: _MemoryMib = 512
    """Memory of a UI task in MiB."""
    ui_desired_count: _Tasks = 1
    """Number of UI tasks at creation. Afterwards autoscaling, or an operator, sets it."""
    ui_autoscaling_enabled: bool = False
    """Whether the number of UI tasks follows the load."""
    ui_min_capacity: _Tasks = 1
    """Minimum number of UI tasks with autoscaling."""
    ui_max_capacity: _Tasks = 3
    """Maximum number of UI tasks with autoscaling."""
    ui_cpu_target: _Percentage = 80
    """Average CPU utilization of the UI tasks, in percent, that autoscaling aims at."""


class Stores(_Section):
    """Database, cache and storage"""

    create_database: bool = True
    """Whether the module creates an Aurora database. If not: database_url, or no database at all."""
    database_url: Annotated[str, Sensitive()] = ""
    """URL of an existing PostgreSQL database, including user name and password, known at plan.

    It is stored in a secret, from which the gateway, the backend and the migration get DATABASE_URL. The schema
    migration runs against it."""
    database_url_secret_arn: _SecretArn = ""
    """Secret with the URL of an existing PostgreSQL database, known at plan. Terraform does not read it."""
    create_redis: bool = True
    """Whether the module creates a Redis. If not: redis_url, or no Redis at all."""
    redis_url: Annotated[str, Sensitive()] = ""
    """URL of an existing Redis, including user name and password, known at plan.

    It is stored in a secret, from which the gateway and the backend get REDIS_URL."""
    redis_url_secret_arn: _SecretArn = ""
    """Secret with the URL of an existing Redis, known at plan. Terraform does not read it."""
    db_instance_class: Annotated[str, NotEmpty()] = "db.r6g.large"
    """Class of Aurora's writer and reader instance. With db_serverless_min_capacity, it is db.serverless instead.

    A change restarts both at the same time, which takes minutes. To restart one after the other, see "The database" in
    the page Operations."""
    db_engine_version: Annotated[
        str, Matches("[0-9]+(?:\\.[0-9]+)*", "a version of Aurora PostgreSQL such as 16.4")
    ] = "16.4"
    """Version of Aurora PostgreSQL. Minor versions are upgraded in place; AWS refuses another major version here.

    For a new stack, it may be the major version alone, such as 16: RDS then chooses the minor version, and upgrades it
    in the maintenance window. With a minor version, only a change of this input upgrades it. The provider takes a part
    of a version where the RDS API does, which we could not try."""
    db_serverless_min_capacity: Annotated[float, Number(0, 256, step=0.5)] | None = None
    """Least capacity of each Aurora instance in ACUs of about 2 GiB, with Aurora Serverless v2. Null: provisioned.

    0 pauses an instance after five minutes without a connection. A gateway or backend task keeps its connections open,
    so that Aurora pauses only while both have no tasks: see docs/operations.md. The change from instances of a class,
    and back, is made in place, and restarts them."""
    db_serverless_max_capacity: Annotated[float, Number(1, 256, step=0.5)] | None = None
    """Largest capacity of each Aurora instance in ACUs, with Aurora Serverless v2. Null: provisioned.

    Older versions of Aurora PostgreSQL take 128 at most."""
    db_reader: bool = True
    """Whether Aurora has a reader, which serves LiteLLM's reads, and becomes the writer when that fails.

    Without it, all queries go to the writer, and a failed writer is recreated, which takes minutes."""
    db_name: _SqlIdentifier = "litellm"
    """Name of the database. A change replaces the database."""
    db_master_username: Annotated[_SqlIdentifier, _NOT_POSTGRES_OWN] = "postgres"
    """Aurora's master user, with which only the bootstrap logs in. A change replaces the database."""
    manage_master_user_password: bool = False
    """Whether RDS generates the master user's password, keeps it in a secret of its own, and rotates it.

    The state then contains no database password. It is changed in place; back again only after
    secret_recovery_window_days, for which the name of the module's own secret is taken."""
    db_username: Annotated[_SqlIdentifier, _NOT_POSTGRES_OWN] = "litellm_app"
    """Database user that the tasks log in as, with an IAM token. The bootstrap creates it."""
    db_log_exports: bool = False
    """Whether RDS writes PostgreSQL's log to CloudWatch Logs: errors, failed logins, and db_log_statement's statements.

    The log group is `/aws/rds/cluster/<stack>/postgresql`."""
    db_log_statement: Annotated[str, OneOf(("none", "ddl", "mod", "all"))] = "none"
    """SQL statements that PostgreSQL logs: none, ddl, mod (ddl and changes of data) or all, its log_statement.

    A logged statement contains its values: with mod or all, LiteLLM's stored prompts and hashed keys, too."""
    db_log_min_duration_ms: Annotated[int, whole(-1)] = -1
    """Milliseconds after which PostgreSQL logs a statement, its log_min_duration_statement. -1: none."""
    db_monitoring_interval_seconds: Annotated[int, OneOf((0, 1, 5, 10, 15, 30, 60))] = 0
    """Seconds between the operating system's metrics of an Aurora instance (Enhanced Monitoring). 0: none."""
    redis_engine: Annotated[str, OneOf(("redis", "valkey"))] = "redis"
    """Engine of the managed Redis: redis (Redis OSS 7.1) or valkey (Valkey 7.2, for a fifth less).

    AWS upgrades a running redis to valkey in place, with its data and its endpoint. There is no way back: the change
    to redis replaces it by an empty one."""
    redis_node_type: Annotated[str, NotEmpty()] = "cache.t4g.small"
    """Node type of Redis."""
    redis_num_replicas: Annotated[int, whole(0, 5)] = 1
    """Number of Redis replicas. With at least one: automatic failover, several availability zones."""
    skip_final_snapshot: bool = False
    """Whether destroying the stack deletes the database without a final snapshot."""
    s3_force_destroy: bool = False
    """Whether destroying the stack deletes the bucket with all its objects."""
    s3_access_logs_bucket: Annotated[str, EmptyOr(_BUCKET)] = ""
    """Existing bucket, known at plan, to which S3 logs the requests to the stack's bucket. Empty: none.

    It is in the same account and region. The logs are below `<tenant>-litellm-<env>/s3/`. docs/hardening.md has the
    bucket's policy."""
    s3_noncurrent_version_days: Annotated[int, whole(0)] = 0
    """Days after which S3 deletes a version of an object that was replaced or deleted. 0: never.

    The newest ones of an object stay, however old they are, so that a rolled-back task finds its configuration."""
    allow_data_loss: bool = False
    """Allow skip_final_snapshot and s3_force_destroy in production, and turn off deletion_protection by default."""
    deletion_protection: bool | None = None
    """Whether Aurora and the load balancer refuse to be deleted. Null: in production, unless allow_data_loss.

    It also refuses a plan that would replace or delete the database, and a destroy of the stack, before anything is
    deleted. Terraform has to apply `false` before it can delete them: see docs/operations.md."""
    snapshot_identifier: Annotated[
        str,
        EmptyOr(
            Matches(
                "(?:arn:aws[a-z-]*:rds:[a-z0-9:-]+:cluster-snapshot:)?(?:rds:)?[A-Za-z][A-Za-z0-9-]*",
                "the name or the ARN of an Aurora cluster snapshot",
            )
        ),
    ] = ""
    """Cluster snapshot from which Aurora is created. Empty: with an empty database. Another one replaces the database.

    db_name and db_master_username must be those of the snapshot, and it must be encrypted. It must not be an automated
    snapshot of the database that it replaces: AWS deletes these with their cluster. After the restore, the input may be
    removed: the database stays. docs/operations.md has the steps."""


class Operations(_Section):
    """Proxy configuration and operations"""

    proxy_config: Annotated[dict[str, Any], IsMap()] = {}
    """LiteLLM's configuration, as in its config.yaml. Keys and passwords in it are `os.environ/<NAME>` only."""
    sse_keepalive_ping_interval_seconds: _PingSeconds | None = None
    """Seconds between the pings that keep a silent stream open, LiteLLM's setting of this name. Null: its default."""
    anthropic_sse_ping_interval_seconds: _PingSeconds | None = None
    """Seconds between the pings that keep a silent stream in Anthropic's format open. Null: LiteLLM's default."""
    enable_pre_call_checks: bool | None = None
    """Whether the router checks a request, for example its length, before it calls a model. Null: LiteLLM's default."""
    log_retention_days: Annotated[
        int,
        OneOf(_RETENTION_DAYS),
    ] = 30
    """Days for which CloudWatch Logs retains the log groups. 0: forever."""
    one_shot_timeout_minutes: Annotated[int, whole(1, 240)] = 30
    """Minutes for which an apply waits for the database bootstrap, and again for the schema migration."""
    one_shot_assume_role_arn: Annotated[str, EmptyOr(role_arn())] = ""
    """Role that starts the one-off tasks and reads the deployments. Empty: the credentials of the machine that runs
    Terraform.

    The role that the `aws` provider assumes applies to the provider only. In a tenants file, the default is the role
    of provider.assume_role."""
    kms_key_arn: Annotated[str, EmptyOr(_KMS_KEY_ARN)] = ""
    """KMS key, known at plan, of the stack's secrets, logs and bucket, and of a new database and Redis. Empty: AWS's.

    A database or Redis that exists keeps its key: AWS cannot change it. Nor can it change the key of a password that
    RDS manages already: set both inputs at once. docs/hardening.md says who must be allowed to use the key."""
    separate_task_roles: bool = False
    """Whether the one-off tasks have roles of their own, so that no service's role can read the master password."""
    read_only_root_filesystem: bool = False
    """Whether all containers have a read-only root file system, with a writable /tmp.

    LiteLLM's gateway and backend write there only. Check that your UI image does, too: `nginx.conf` in LiteLLM's
    repository puts all that nginx writes below /tmp."""
    cpu_architecture: Annotated[str, OneOf(("X86_64", "ARM64"))] = "X86_64"
    """CPU architecture of all tasks. The images must be built for it."""
    deployment_circuit_breaker: bool = False
    """Whether ECS rolls back a deployment that cannot start its tasks."""
    wait_for_steady_state: bool = False
    """Whether an apply waits for the deployments of the services, and fails if one fails or ECS rolls it back.

    It waits after each change of a service's task definition, with the `aws` command of the one-off tasks. The error
    has ECS's reason and the end of the task's log. Without deployment_circuit_breaker, ECS never ends a deployment
    that cannot start its tasks, and the apply fails after steady_state_timeout_minutes."""
    steady_state_timeout_minutes: Annotated[int, whole(1)] = 20
    """Minutes for which an apply waits for a deployment. It needs wait_for_steady_state."""
    enable_execute_command: bool = False
    """Whether `aws ecs execute-command` opens a shell in the services' tasks. IAM decides who may use it."""
    health_check_grace_period_seconds: Annotated[int, whole(0, 2147483647)] = 180
    """Seconds for which a new task may fail the load balancer's health checks. 0: none.

    It must be at least 60 seconds longer than the start of a task: a target that has failed three checks needs two
    that pass, 30 seconds apart. A gateway with two workers on one busy vCPU takes up to 76 seconds to start."""


class Monitoring(_Section):
    """Alarms and dashboard"""

    alarm_topic_arn: Annotated[str, EmptyOr(topic_arn())] = ""
    """SNS topic, known at plan, in the stack's region, that CloudWatch notifies of alarms and of their ends. Empty: no
    alarms.

    docs/operations.md lists the alarms, and says what to do at each of them."""
    alarm_gateway_latency_seconds: Annotated[int, whole(1, 4000)] | None = None
    """Seconds that 5 % of the gateway's requests may wait for the first byte of their response. Null: half of
    alb_idle_timeout_seconds.

    Of a stream, that is its start; of a response without streaming, its end. It needs alarm_topic_arn."""
    dashboard_enabled: bool = False
    """Whether there is a CloudWatch dashboard of the stack: requests, errors, latency, tasks, database, Redis, logs."""


class Bedrock(_Section):
    """Bedrock"""

    bedrock_model_arns: Annotated[list[str], EachElement(_MODEL_ARN), AllDifferent()] = []
    """Bedrock models and inference profiles that the tasks may invoke."""
    enable_bedrock_mantle: bool = False
    """Whether the tasks may create inferences with Bedrock's Mantle endpoint in the stack's region."""
    enable_bedrock_custom_model_import: bool = False
    """Whether there is a role with which Bedrock imports custom models from `models/` in the stack's bucket."""


class Billing(_Section):
    """Billing metrics"""

    billing_metrics_endpoint: str = ""
    """Endpoint to which the proxy reports its billing metrics. Empty: none.

    It needs a client certificate and its key, as LiteLLM 1.108 reads them, or an OAuth client, as 1.110 does. Both may
    be set."""
    billing_metrics_client_cert_pem: Annotated[str, Sensitive()] = ""
    """Client certificate for billing_metrics_endpoint in PEM, known at plan."""
    billing_metrics_client_key_pem: Annotated[str, Sensitive()] = ""
    """Key of the client certificate in PEM, known at plan."""
    billing_metrics_ca_cert_pem: Annotated[str, Sensitive()] = ""
    """Certificate of the authority that signed the endpoint's own, in PEM, known at plan. Empty: a public one."""
    billing_metrics_client_id: str = ""
    """ID of the OAuth client that reports to billing_metrics_endpoint."""
    billing_metrics_client_secret: Annotated[str, Sensitive()] = ""
    """Secret of the OAuth client, known at plan."""
    billing_metrics_token_url: str = ""
    """URL at which the OAuth client gets its tokens."""


class OpenTelemetry(_Section):
    """OpenTelemetry"""

    otel_endpoint: str = ""
    """Endpoint of the OpenTelemetry collector. Empty: OpenTelemetry is off."""
    otel_exporter: Annotated[str, OneOf(("otlp_http", "otlp_grpc", "console"))] = "otlp_http"
    """Exporter of OpenTelemetry."""
    otel_environment_name: str = ""
    """Name of the environment on the spans. Empty: `env`."""
    otel_capture_message_content: Annotated[str, OneOf(("no_content", "prompt_and_completion"))] = "no_content"
    """Whether spans contain prompts and completions. They are sensitive: first check who can read the spans."""
    otel_headers_secret_arn: _WholeSecretArn = ""
    """Secret with the headers for the collector, `key=value` joined by commas. Empty: none."""


class Inputs(
    Stack,
    Secrets,
    Network,
    Ingress,
    Images,
    Gateway,
    Collector,
    Backend,
    Ui,
    Stores,
    Operations,
    Monitoring,
    Bedrock,
    Billing,
    OpenTelemetry,
):
    """All inputs of the module. An input that is not set has the default of its field."""
