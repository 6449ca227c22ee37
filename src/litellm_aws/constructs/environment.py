"""What the containers find in their environment: plain values, and secrets by ARN.

A name appears once in a container. An extra value or secret replaces a default of its name.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from constructs import Construct

from .blocks import local
from .cache import Cache
from .database import Database
from .expressions import Expression, call, for_map, text, when
from .input_variables import InputVariables
from .naming import Naming
from .proxy_config import ProxyConfig
from .secrets import Secrets
from .storage import Storage

PROXY_CONFIG_PATH = "/tmp/litellm-config.yaml"
METRICS_FOLDER = "/tmp/litellm_prometheus_multiproc"
METRICS_FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""Where the gateway's workers leave their metrics for the sidecar that serves them."""
_KEEP_ALIVE_VARIABLE = "UVICORN_TIMEOUT_KEEP_ALIVE"
"""uvicorn's command line takes each option from a variable with this prefix too."""
_KEEP_ALIVE_MARGIN = 5
"""Seconds that uvicorn keeps an idle connection longer than the load balancer does, which otherwise answers 502 where
it sends a request while uvicorn closes the connection: by default after 5 seconds (ALB, "HTTP 502")."""


@dataclass(frozen=True)
class ContainerEnvironment:
    """What a service's container gets.

    Attributes:
        values: map from name to value, null where there is none.
        secrets: map from name to the ARN of the secret that holds the value.
        tracer: the words, followed by a blank, by which Datadog's tracer runs the service; empty where it does not.
            The one image for all components does this by itself.
    """

    values: Expression
    secrets: Expression
    tracer: Expression


class Environment(Construct):
    """The environments of the gateway, the backend and the migration.

    Attributes:
        gateway, backend: of the services.
        has_database: whether there is a database, managed or existing.
        has_database_url: whether there is an existing one.
        stores: where the database and the bucket are, all that the migration gets: map from name to value, null where
            there is none. Not where Redis is: the migration does not use it (migrations/run.py in BerriAI/litellm), and
            would wait for it.
        database_secrets: the migration's secrets, null where it has none.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        inputs: InputVariables,
        naming: Naming,
        database: Database,
        cache: Cache,
        storage: Storage,
        secrets: Secrets,
        proxy_config: ProxyConfig,
    ) -> None:
        super().__init__(scope, id_)
        self._inputs, self._naming = inputs, naming
        assert secrets.database_url.exists is not None
        self.has_database_url = has_url = local(self, "has_existing_database", secrets.database_url.exists)
        self.has_database = local(self, "has_database", database.exists | has_url)
        self.stores = local(self, "stores_environment", _stores(inputs, database, storage))
        self.database_secrets = when(has_url, [{"name": "DATABASE_URL", "valueFrom": secrets.database_url.arn}])
        self._shared = local(
            self,
            "shared_environment",
            {
                "STORE_MODEL_IN_DB": when(self.has_database, "true"),
                _KEEP_ALIVE_VARIABLE: call("tostring", inputs.alb_idle_timeout_seconds + _KEEP_ALIVE_MARGIN),
                **_cache(cache),
                **_proxy_config(proxy_config, storage),
                **_otel(inputs),
                **_billing(inputs),
            },
        )
        self._shared_secrets = local(self, "shared_secrets", _shared_secrets(inputs, secrets))
        self.gateway = self._service("gateway", {**_metrics(inputs), **_collector(inputs), **_pool(inputs)})
        self.backend = self._service("backend", {}, {"UI_PASSWORD": secrets.ui_password.arn})

    def _service(
        self, name: str, values: Mapping[str, object], secrets: Mapping[str, object] | None = None
    ) -> ContainerEnvironment:
        """Returns the environment of a service that has `values` and `secrets` in addition to the shared ones."""
        extra_values, extra_secrets = (self._inputs.named(f"{name}_extra_{kind}") for kind in ("env", "secrets"))
        use_tracer = call("lower", call("lookup", extra_values, "USE_DDTRACE", ""))
        is_traced = local(self, f"{name}_is_traced", use_tracer.equals("true"))
        own_values = local(
            self,
            f"{name}_only_environment",
            {
                "OTEL_SERVICE_NAME": when(self._inputs.otel_endpoint.is_set, text(self._naming.stack, "-", name)),
                "DD_TRACE_OPENAI_ENABLED": when(is_traced, "False"),
                **values,
            },
        )
        own_secrets = [local(self, f"{name}_only_secrets", dict(secrets))] if secrets else []
        all_secrets = local(
            self, f"{name}_all_secrets", call("merge", self._shared_secrets, *own_secrets, extra_secrets)
        )
        all_values = local(
            self, f"{name}_all_environment", call("merge", self.stores, self._shared, own_values, extra_values)
        )
        chosen_secrets = local(
            self,
            f"{name}_secrets",
            for_map(
                all_secrets,
                lambda name, arn: (name, arn),
                where=lambda name, arn: arn.differs(None) & ~call("contains", call("keys", extra_values), name),
            ),
        )
        chosen_values = local(
            self,
            f"{name}_environment",
            for_map(
                all_values,
                lambda name, value: (name, value),
                where=lambda name, _: ~call("contains", call("keys", chosen_secrets), name),
            ),
        )
        return ContainerEnvironment(chosen_values, chosen_secrets, is_traced.then("ddtrace-run ", ""))


Values = dict[str, Expression | str]


def _stores(inputs: InputVariables, database: Database, storage: Storage) -> Values:
    return {
        "IAM_TOKEN_DB_AUTH": when(database.exists, "true"),
        "DATABASE_HOST": database.host,
        "DATABASE_PORT": database.port_text,
        "DATABASE_USER": when(database.exists, database.username),
        "DATABASE_NAME": when(database.exists, database.name),
        # With these, LiteLLM opens a second pool of connections.
        "DATABASE_HOST_READ_REPLICA": when(database.has_reader, database.reader_host),
        "DATABASE_PORT_READ_REPLICA": when(database.has_reader, database.port_text),
        "S3_BUCKET_NAME": storage.bucket_name,
        "S3_REGION_NAME": inputs.region,
        "AWS_REGION": inputs.region,
        "AWS_REGION_NAME": inputs.region,
    }


def _cache(cache: Cache) -> Values:
    return {
        "REDIS_HOST": cache.host,
        "REDIS_PORT": cache.port_text,
        "REDIS_SSL": when(cache.exists, "true"),
    }


def _proxy_config(proxy_config: ProxyConfig, storage: Storage) -> Values:
    exists = proxy_config.exists
    return {
        "CONFIG_FILE_PATH": when(exists, PROXY_CONFIG_PATH),
        "LITELLM_PROXY_CONFIG_S3_BUCKET": when(exists, storage.bucket_name),
        "LITELLM_PROXY_CONFIG_S3_KEY": when(exists, storage.proxy_config_key),
        "LITELLM_PROXY_CONFIG_S3_ETAG": storage.proxy_config_etag,
        "LITELLM_PROXY_CONFIG_S3_VERSION_ID": storage.proxy_config_version_id,
    }


def _otel(inputs: InputVariables) -> Values:
    exists, environment = inputs.otel_endpoint.is_set, inputs.otel_environment_name
    return {
        "LITELLM_OTEL_V2": when(exists, "true"),
        "OTEL_EXPORTER": when(exists, inputs.otel_exporter),
        "OTEL_ENDPOINT": when(exists, inputs.otel_endpoint),
        "OTEL_ENVIRONMENT_NAME": when(exists, environment.is_set.then(environment, inputs.env)),
        "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": when(exists, inputs.otel_capture_message_content),
    }


def _billing(inputs: InputVariables) -> Values:
    exists = inputs.billing_metrics_endpoint.is_set
    client_id, token_url = inputs.billing_metrics_client_id, inputs.billing_metrics_token_url
    return {
        "LITELLM_BILLING_METRICS_ENDPOINT": when(exists, inputs.billing_metrics_endpoint),
        "LITELLM_BILLING_METRICS_CLIENT_ID": when(exists & client_id.is_set, client_id),
        "LITELLM_BILLING_METRICS_TOKEN_URL": when(exists & token_url.is_set, token_url),
    }


def _shared_secrets(inputs: InputVariables, secrets: Secrets) -> Values:
    headers = inputs.otel_headers_secret_arn
    return {
        "LITELLM_MASTER_KEY": secrets.master_key.arn,
        "LITELLM_SALT_KEY": secrets.salt_key.arn,
        "LITELLM_LICENSE": secrets.license.arn,
        "DATABASE_URL": secrets.database_url.arn,
        "REDIS_URL": secrets.redis_url.arn,
        **{variable: secret.arn for variable, secret in secrets.billing.items()},
        "OTEL_HEADERS": when(inputs.otel_endpoint.is_set & headers.is_set, headers),
    }


def _metrics(inputs: InputVariables) -> Values:
    return {METRICS_FOLDER_VARIABLE: when(inputs.gateway_metrics_port.differs(None), METRICS_FOLDER)}


def _collector(inputs: InputVariables) -> Values:
    exists = inputs.collector_enabled
    return {
        "LITELLM_COLLECTOR_ENABLED": when(exists, "true"),
        "LITELLM_COLLECTOR_ADDRESS": when(exists, text("tcp://127.0.0.1:", inputs.collector_port)),
        "LITELLM_COLLECTOR_BUFFER_SIZE": when(exists, call("tostring", inputs.collector_buffer_size)),
        "LITELLM_COLLECTOR_DRAIN_TIMEOUT_SECONDS": when(
            exists, call("tostring", inputs.collector_drain_timeout_seconds)
        ),
        "LITELLM_COLLECTOR_ON_UNAVAILABLE": when(exists, inputs.collector_on_unavailable),
    }


def _pool(inputs: InputVariables) -> Values:
    exists = inputs.gateway_connection_pool_enabled
    return {
        "LITELLM_PGBOUNCER_ENABLED": when(exists, "true"),
        "LITELLM_PGBOUNCER_MAX_DB_CONNECTIONS": when(exists, call("tostring", inputs.gateway_pool_max_db_connections)),
        "LITELLM_PGBOUNCER_MAX_CLIENT_CONN": when(exists, call("tostring", inputs.gateway_pool_max_client_conn)),
    }
