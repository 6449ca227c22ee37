"""Mistakes in a proxy_config that LiteLLM takes silently: names that it does not know, and variables that are not set.

The names are those that `litellm/proxy/proxy_server.py` and `litellm/router.py` read, in LiteLLM 1.86.0 and 1.108.7.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .layers import Layers
from .plain_secrets import variable_of
from .problems import Findings, dotted, nearest
from .yaml_tree import Node

_SECTIONS = frozenset(
    (
        *("model_list", "litellm_settings", "general_settings", "router_settings", "environment_variables", "include"),
        *("agent_list", "agents", "assistant_settings", "callback_settings", "credential_list"),
        *("default_vertex_config", "files_settings", "finetune_settings", "guardrails", "mcp_servers", "mcp_tools"),
        *("policies", "policy_attachments", "prompts", "sandbox_tools", "search_tools", "vector_store_registry"),
        "worker_registry",
    )
)
_MODEL_KEYS = frozenset(
    ("model_name", "litellm_params", "model_info", "blocked", "tpm", "rpm", "itpm", "otpm", "num_retries")
)
_SECRET_MANAGERS = frozenset(("key_management_system", "use_google_kms", "use_azure_key_vault"))
"""Keys of general_settings with which LiteLLM looks up `os.environ/<NAME>` in a secret manager first."""
_SETTINGS = ("general_settings", "litellm_settings", "router_settings")
"""The sections that matter to the backend. The others are for calls of models and tools, which the gateway makes."""

_OF_ECS = frozenset(
    (
        *("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"),
        *("ECS_AGENT_URI", "ECS_CONTAINER_METADATA_URI", "ECS_CONTAINER_METADATA_URI_V4"),
        *("HOME", "HOSTNAME", "PATH"),
    )
)
"""Variables of every container (ECS, "Amazon ECS environment variables"; Docker)."""
_OF_BOTH = frozenset(
    (
        *("LITELLM_MASTER_KEY", "LITELLM_SALT_KEY", "LITELLM_LICENSE"),
        *("STORE_MODEL_IN_DB", "UVICORN_TIMEOUT_KEEP_ALIVE"),
        *("DATABASE_URL", "DATABASE_HOST", "DATABASE_PORT", "DATABASE_USER", "DATABASE_NAME", "IAM_TOKEN_DB_AUTH"),
        *("DATABASE_HOST_READ_REPLICA", "DATABASE_PORT_READ_REPLICA"),
        *("REDIS_URL", "REDIS_HOST", "REDIS_PORT", "REDIS_SSL", "S3_BUCKET_NAME", "S3_REGION_NAME"),
        *("AWS_REGION", "AWS_REGION_NAME", "CONFIG_FILE_PATH"),
        *(f"LITELLM_PROXY_CONFIG_S3_{part}" for part in ("BUCKET", "KEY", "ETAG", "VERSION_ID")),
        *("LITELLM_OTEL_V2", "OTEL_EXPORTER", "OTEL_ENDPOINT", "OTEL_ENVIRONMENT_NAME", "OTEL_HEADERS"),
        *("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "OTEL_SERVICE_NAME", "DD_TRACE_OPENAI_ENABLED"),
        *(f"LITELLM_BILLING_METRICS_{part}" for part in ("ENDPOINT", "CLIENT_CERT", "CLIENT_KEY", "CA_CERT")),
        *(f"LITELLM_BILLING_METRICS_{part}" for part in ("CLIENT_ID", "CLIENT_SECRET", "TOKEN_URL")),
    )
)
OF_MODULE: Mapping[str, frozenset[str]] = {
    "gateway": _OF_BOTH
    | {
        "PROMETHEUS_MULTIPROC_DIR",
        *(f"LITELLM_COLLECTOR_{part}" for part in ("ENABLED", "ADDRESS", "BUFFER_SIZE", "DRAIN_TIMEOUT_SECONDS")),
        "LITELLM_COLLECTOR_ON_UNAVAILABLE",
        *(f"LITELLM_PGBOUNCER_{part}" for part in ("ENABLED", "MAX_DB_CONNECTIONS", "MAX_CLIENT_CONN")),
    },
    "backend": _OF_BOTH | {"UI_PASSWORD"},
}
"""Variables that the module sets for each service, some of them only with certain inputs."""


def check_proxy_config(layers: Layers, findings: Findings) -> None:
    """Notes the mistakes in a tenant's proxy_config, which is a map, as are the variables of its services."""
    config = layers.node.value.get("proxy_config")
    if config is None:
        return
    _warn_of_unknown(config.value, _SECTIONS, "proxy_config", layers.owner, findings)
    models = config.value.get("model_list")
    for index, model in enumerate(models.value if models is not None and isinstance(models.value, list) else []):
        if isinstance(model.value, dict):
            _warn_of_unknown(model.value, _MODEL_KEYS, f"proxy_config.model_list[{index}]", layers.owner, findings)
    if not _SECRET_MANAGERS & _keys(config.value.get("general_settings")):
        _check_variables(config, layers, findings)


def _warn_of_unknown(
    values: Mapping[str, Node], known: Iterable[str], where: str, owner: str, findings: Findings
) -> None:
    for key in values.keys() - set(known):
        advice = nearest(key, known, otherwise=": check the name")
        what = f"{where}.{key} is unknown to LiteLLM 1.86.0 and 1.108.7, which would ignore it{advice}"
        findings.warn(values[key].problem(what, owner))


def _check_variables(config: Node, layers: Layers, findings: Findings) -> None:
    """Notes each `os.environ/<NAME>` that has no value, and so is null to LiteLLM, without an error."""
    set_here = _keys(config.value.get("environment_variables"))
    gateway, backend = (set_here | _variables(service, layers) for service in ("gateway", "backend"))
    for path, text in config.texts():
        name = variable_of(text.value)
        where = f"{dotted(('proxy_config', *path))} is os.environ/{name}, and the"
        if name is None or name in gateway & backend:
            continue
        if name not in gateway:
            what = f"{where} gateway has no such variable: set {name} in gateway_extra_secrets or gateway_extra_env"
            findings.add(text.problem(what, layers.owner))
        elif path[0] in _SETTINGS:
            what = (
                f"{where} backend has no such variable: set {name} in backend_extra_secrets or backend_extra_env, too"
            )
            findings.warn(text.problem(what, layers.owner))


def _variables(service: str, layers: Layers) -> frozenset[str]:
    maps = (layers.node.value.get(f"{service}_extra_{kind}") for kind in ("env", "secrets"))
    return OF_MODULE[service].union(_OF_ECS, *map(_keys, maps))


def _keys(node: Node | None) -> frozenset[str]:
    return frozenset(node.value) if node is not None and isinstance(node.value, dict) else frozenset()
