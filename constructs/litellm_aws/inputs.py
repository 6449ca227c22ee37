"""Every input of the module, declared once.

A field's type, default, rules and docstring are the only place where that input is described.
Made from them: the module's `variable` blocks (`input_variables.py`), the checks on the tenants
file, the JSON Schema for editors and `docs/inputs.md`. Units stand in the descriptions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict
from pydantic.fields import FieldInfo

from .rules import (
    AtLeastDifferent,
    AtMostKeys,
    Between,
    CrossRule,
    Different,
    EachValue,
    EmptyOr,
    FargateSize,
    Ipv4Network,
    IsMap,
    Matches,
    NoSharedKey,
    NotAbove,
    NotEmpty,
    NotReserved,
    OneOf,
    Rule,
    Whole,
    certificate_arn,
    secret_arn,
)


@dataclass(frozen=True)
class Sensitive:
    """Marks an input whose value must not show in a plan, nor stand in a file that we write."""


_NO_STRAY_HYPHEN = Matches(
    "[a-z0-9]+(?:-[a-z0-9]+)*",
    "without a hyphen at its end and without two in a row, as RDS and ElastiCache refuse those in names",
)
_Image = Annotated[str, NotEmpty()]
_Percentage = Annotated[float, Between(0, 100)]
_Tasks = Annotated[int, Whole(0)]
_CpuUnits = Annotated[int, Whole(256)]
_MemoryMib = Annotated[int, Whole(512)]
_SqlIdentifier = Annotated[
    str,
    Matches(
        "[a-z_][a-z0-9_]{0,62}",
        "a plain SQL identifier: at most 63 lowercase letters, digits and underscores, no digit first",
    ),
]
_NOT_POSTGRES_OWN = NotReserved("pg_.*", "a name that starts with pg_, which PostgreSQL keeps for itself")
_RETENTION_DAYS = (
    *(0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180),
    *(365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
"""Days that CloudWatch Logs takes (PutRetentionPolicy); Terraform's 0 is "never expire"."""
_EnvironmentSecrets = Annotated[dict[str, str], EachValue(secret_arn(with_field=True))]


class _Section(BaseModel):
    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True, protected_namespaces=()
    )


class Stack(_Section):
    """Stack"""

    region: Annotated[str, NotEmpty()]
    """AWS region of the stack, such as us-west-2. It must be the region of the `aws` provider."""
    tenant: Annotated[
        str,
        Matches("[a-z][a-z0-9-]{0,20}", "1 to 21 lowercase letters, digits and hyphens, a letter first"),
        _NO_STRAY_HYPHEN,
        NotReserved(
            "(?:internal|sg)(?:-.*)?",
            "internal or sg, nor start with internal- or sg-, as AWS refuses those in names of load balancers "
            "and security groups",
        ),
    ]
    """Tenant's slug. Every resource is named `<tenant>-litellm-<env>`, or starts with it."""
    env: Annotated[
        str,
        Matches("[a-z][a-z0-9-]{0,8}", "1 to 9 lowercase letters, digits and hyphens, a letter first"),
        _NO_STRAY_HYPHEN,
    ]
    """Environment's slug, such as prod, stage or dev. One that starts with `prod` is guarded against data loss."""
    azs: Annotated[list[str], AtLeastDifferent(2)]
    """Availability zones of the subnets, at least two. Add one at the end: another order makes all subnets anew."""
    tags: Annotated[
        dict[str, str],
        AtMostKeys(8, "S3 takes ten tags on an object, and two are the stack's own; use default_tags for more"),
    ] = {}
    """Tags of every taggable resource, beside `litellm:stack` and `managed-by`."""


class Secrets(_Section):
    """Secrets"""

    litellm_master_key: Annotated[str, EmptyOr(Matches("sk-.*", "a key that starts with sk-")), Sensitive()] = ""
    """LiteLLM's master key, also the password of the UI's user `admin`. Empty: a random one is generated."""
    litellm_license: Annotated[str, Sensitive()] = ""
    """LiteLLM Enterprise license, known at plan. Empty: no license secret and no LITELLM_LICENSE."""
    ui_password: Annotated[str, Sensitive()] = ""
    """Password of the UI, UI_PASSWORD of the backend, known at plan. Empty: the master key is the password."""


class Network(_Section):
    """Network and TLS"""

    vpc_cidr: Annotated[str, Ipv4Network(16, 20, "its subnets are 8 bits narrower, and AWS has none below /28")] = (
        "10.40.0.0/16"
    )
    """IPv4 range of the VPC. Each subnet takes a 256th of it. A change makes the whole stack anew."""
    acm_certificate_arn: Annotated[str, EmptyOr(certificate_arn())] = ""
    """ACM certificate of the HTTPS listener, in the stack's region. Empty: HTTP only, see allow_plaintext_alb."""
    allow_plaintext_alb: bool = False
    """Consent to a load balancer that speaks plain HTTP, where there is no certificate. For trials only."""


class Images(_Section):
    """Images"""

    gateway_image: _Image = "ghcr.io/berriai/litellm-gateway:v1.86.0-dev"
    """Image of the gateway, which serves the LLM routes. Bump the four images together."""
    backend_image: _Image = "ghcr.io/berriai/litellm-backend:v1.86.0-dev"
    """Image of the backend, which serves the management API."""
    ui_image: _Image = "ghcr.io/berriai/litellm-ui:v1.86.0-dev"
    """Image of the UI."""
    migrations_image: _Image = "ghcr.io/berriai/litellm-migrations:v1.86.0-dev"
    """Image of the one-shot task that migrates the database's schema."""


class Gateway(_Section):
    """Gateway"""

    gateway_cpu: _CpuUnits = 1024
    """CPU units of a gateway task (1024 are one vCPU)."""
    gateway_memory: _MemoryMib = 4096
    """Memory of a gateway task in MiB."""
    gateway_desired_count: _Tasks = 2
    """Number of gateway tasks at creation; autoscaling, or an operator, owns it afterwards."""
    gateway_num_workers: Annotated[int, Whole(1)] = 1
    """Number of uvicorn worker processes in a gateway task."""
    gateway_autoscaling_enabled: bool = True
    """Whether the number of gateway tasks follows the load."""
    gateway_min_capacity: _Tasks = 1
    """Fewest gateway tasks under autoscaling."""
    gateway_max_capacity: _Tasks = 10
    """Most gateway tasks under autoscaling."""
    gateway_cpu_target: _Percentage = 70
    """Average CPU utilization in percent that autoscaling of the gateway aims at."""
    gateway_memory_target: _Percentage = 80
    """Average memory utilization in percent that autoscaling of the gateway aims at; 0: memory is ignored."""
    gateway_extra_env: dict[str, str] = {}
    """Environment variables of the gateway, in plain text. One of them replaces a default of the same name."""
    gateway_extra_secrets: _EnvironmentSecrets = {}
    """Environment variables of the gateway whose values ECS reads from Secrets Manager, by ARN."""


class Backend(_Section):
    """Backend"""

    backend_cpu: _CpuUnits = 1024
    """CPU units of a backend task (1024 are one vCPU)."""
    backend_memory: _MemoryMib = 4096
    """Memory of a backend task in MiB."""
    backend_desired_count: _Tasks = 1
    """Number of backend tasks at creation; autoscaling, or an operator, owns it afterwards."""
    backend_autoscaling_enabled: bool = True
    """Whether the number of backend tasks follows the load."""
    backend_min_capacity: _Tasks = 1
    """Fewest backend tasks under autoscaling."""
    backend_max_capacity: _Tasks = 4
    """Most backend tasks under autoscaling."""
    backend_cpu_target: _Percentage = 70
    """Average CPU utilization in percent that autoscaling of the backend aims at."""
    backend_extra_env: dict[str, str] = {}
    """Environment variables of the backend, in plain text. One of them replaces a default of the same name."""
    backend_extra_secrets: _EnvironmentSecrets = {}
    """Environment variables of the backend whose values ECS reads from Secrets Manager, by ARN."""


class Ui(_Section):
    """UI"""

    ui_cpu: _CpuUnits = 256
    """CPU units of a UI task (1024 are one vCPU)."""
    ui_memory: _MemoryMib = 512
    """Memory of a UI task in MiB."""
    ui_desired_count: _Tasks = 1
    """Number of UI tasks at creation; autoscaling, or an operator, owns it afterwards."""
    ui_autoscaling_enabled: bool = False
    """Whether the number of UI tasks follows the load."""
    ui_min_capacity: _Tasks = 1
    """Fewest UI tasks under autoscaling."""
    ui_max_capacity: _Tasks = 3
    """Most UI tasks under autoscaling."""
    ui_cpu_target: _Percentage = 80
    """Average CPU utilization in percent that autoscaling of the UI aims at."""


class Stores(_Section):
    """Database, cache and storage"""

    db_instance_class: Annotated[str, NotEmpty()] = "db.r6g.large"
    """Class of Aurora's writer and reader instance."""
    db_engine_version: Annotated[
        str, Matches("[0-9]+(?:\\.[0-9]+)*", "a version of Aurora PostgreSQL such as 16.4")
    ] = "16.4"
    """Version of Aurora PostgreSQL. Minor versions are upgraded in place; AWS refuses another major version here."""
    db_name: _SqlIdentifier = "litellm"
    """Name of the database. A change replaces the database."""
    db_master_username: Annotated[_SqlIdentifier, _NOT_POSTGRES_OWN] = "postgres"
    """Aurora's master user, which only the bootstrap logs in as. A change replaces the database."""
    db_username: Annotated[_SqlIdentifier, _NOT_POSTGRES_OWN] = "litellm_app"
    """Database user of the tasks, who logs in with an IAM token. The bootstrap creates it."""
    redis_node_type: Annotated[str, NotEmpty()] = "cache.t4g.small"
    """Node type of Redis."""
    redis_num_replicas: Annotated[int, Whole(0, 5)] = 1
    """Replicas beside Redis's primary. With at least one: automatic failover, several availability zones."""
    skip_final_snapshot: bool = False
    """Whether destroying the stack deletes the database without a final snapshot."""
    s3_force_destroy: bool = False
    """Whether destroying the stack deletes the bucket with all that is in it."""
    allow_data_loss: bool = False
    """Consent to skip_final_snapshot and s3_force_destroy in an environment that starts with `prod`."""


class Operations(_Section):
    """Proxy configuration and operations"""

    proxy_config: Annotated[dict[str, Any], IsMap()] = {}
    """LiteLLM's configuration, as in its config.yaml. Keys and passwords in it are `os.environ/<NAME>` only."""
    log_retention_days: Annotated[
        int,
        OneOf(_RETENTION_DAYS),
    ] = 30
    """Days for which CloudWatch Logs keeps the log groups; 0: for ever."""
    one_shot_timeout_minutes: Annotated[int, Whole(1, 240)] = 30
    """Minutes for which an apply waits for the database bootstrap, and again for the schema migration."""


class OpenTelemetry(_Section):
    """OpenTelemetry"""

    otel_endpoint: str = ""
    """Endpoint of the OpenTelemetry collector. Empty: nothing of OpenTelemetry is set."""
    otel_exporter: Annotated[str, OneOf(("otlp_http", "otlp_grpc", "console"))] = "otlp_http"
    """Exporter of OpenTelemetry."""
    otel_environment_name: str = ""
    """Environment's name on the spans. Empty: `env`."""
    otel_capture_message_content: Annotated[str, OneOf(("no_content", "prompt_and_completion"))] = "no_content"
    """Whether spans carry prompts and completions. They are sensitive: audit first what reads the spans."""
    otel_headers_secret_arn: Annotated[str, EmptyOr(secret_arn(with_field=False))] = ""
    """Secret that holds the collector's headers, `key=value` joined by commas. Empty: none."""


class Inputs(Stack, Secrets, Network, Images, Gateway, Backend, Ui, Stores, Operations, OpenTelemetry):
    """All inputs of the module. What is not set has the default of its field."""


CROSS_RULES: tuple[CrossRule, ...] = (
    FargateSize("gateway_cpu", "gateway_memory"),
    FargateSize("backend_cpu", "backend_memory"),
    FargateSize("ui_cpu", "ui_memory"),
    NotAbove("gateway_min_capacity", "gateway_max_capacity"),
    NotAbove("backend_min_capacity", "backend_max_capacity"),
    NotAbove("ui_min_capacity", "ui_max_capacity"),
    NoSharedKey("gateway_extra_env", "gateway_extra_secrets", "ECS takes a name once in a container"),
    NoSharedKey("backend_extra_env", "backend_extra_secrets", "ECS takes a name once in a container"),
    Different("db_master_username", "db_username", "the bootstrap would take the master user's password login away"),
)
"""The rules that look at more than one input."""


@dataclass(frozen=True)
class Input:
    """One declared input, as everything that is generated from the declaration sees it.

    Attributes:
        terraform_type: Terraform's type constraint, e.g. `list(string)`.
        default: None where the input is required.
        section: the heading under which the reference lists it.
    """

    name: str
    section: str
    terraform_type: str
    required: bool
    default: Any
    description: str
    sensitive: bool
    rules: tuple[Rule, ...]


_TERRAFORM_TYPES: dict[Any, str] = {
    str: "string",
    int: "number",
    float: "number",
    bool: "bool",
    list[str]: "list(string)",
    dict[str, str]: "map(string)",
    dict[str, Any]: "any",
}


@cache
def declared_inputs() -> dict[str, Input]:
    """Returns every input by name, in the order of the declaration."""
    return {
        name: _declared(name, section.__doc__ or "", field)
        for section in Inputs.__bases__
        for name, field in _own_fields(section)
    }


def sensitive_inputs() -> list[Input]:
    """Returns the inputs that only `TF_VAR_<name>` may carry."""
    return [each for each in declared_inputs().values() if each.sensitive]


def _own_fields(section: type) -> Iterator[tuple[str, FieldInfo]]:
    assert issubclass(section, BaseModel)
    yield from section.model_fields.items()


def _declared(name: str, section: str, field: FieldInfo) -> Input:
    if not field.description:
        raise TypeError(f"input {name} has no docstring")
    return Input(
        name=name,
        section=section,
        terraform_type=_TERRAFORM_TYPES[field.annotation],
        required=field.is_required(),
        default=None if field.is_required() else field.default,
        description=field.description,
        sensitive=any(isinstance(each, Sensitive) for each in field.metadata),
        rules=tuple(each for each in field.metadata if isinstance(each, Rule)),
    )
