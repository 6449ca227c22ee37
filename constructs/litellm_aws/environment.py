"""What the containers find in their environment: plain values, and secrets by ARN.

A name appears once in a container. An extra value or secret replaces a default of its name.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from cdktf import TerraformLocal
from constructs import Construct

from .cache import Cache
from .database import Database
from .expressions import address, is_set, merged, only_if, template
from .input_variables import InputVariables
from .proxy_config import ProxyConfig
from .secrets import Secrets
from .storage import Storage

PROXY_CONFIG_PATH = "/tmp/litellm-config.yaml"
METRICS_FOLDER = "/tmp/litellm_prometheus_multiproc"
METRICS_FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""Where the gateway's workers leave their metrics for the sidecar that serves them."""


@dataclass(frozen=True)
class ContainerEnvironment:
    """What a service's container gets, as addresses of locals.

    Attributes:
        values: map from name to value.
        secrets: map from name to the ARN of the secret that holds the value.
        tracer: template of the words, with a blank behind them, by which Datadog's tracer runs the service; empty
            where it does not. The one image for all components does this by itself.
    """

    values: str
    secrets: str
    tracer: str


class Environment(Construct):
    """The environments of the gateway, the backend and the migration.

    Attributes:
        gateway, backend: of the services.
        has_database: address of a local, whether there is a database, the stack's own or another.
        stores: where the database, the cache and the bucket are: all that the migration gets, as the
            address of a map from name to value.
        database_secrets: template of the migration's secrets, null where it has none.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        inputs: InputVariables,
        database: Database,
        cache: Cache,
        storage: Storage,
        secrets: Secrets,
        proxy_config: ProxyConfig,
    ) -> None:
        super().__init__(scope, id_)
        region = inputs.region.string_value
        database_values = self._local(
            "database_environment",
            {
                "IAM_TOKEN_DB_AUTH": "true",
                "DATABASE_HOST": database.host,
                "DATABASE_PORT": database.port_text,
                "DATABASE_USER": database.username,
                "DATABASE_NAME": database.name,
                "DATABASE_HOST_READ_REPLICA": database.reader_host,
                "DATABASE_PORT_READ_REPLICA": database.port_text,
            },
        )
        redis_values = self._local(
            "redis_environment", {"REDIS_HOST": cache.host, "REDIS_PORT": cache.port_text, "REDIS_SSL": "true"}
        )
        other_values = self._local(
            "storage_environment",
            {
                "S3_BUCKET_NAME": storage.bucket_name,
                "S3_REGION_NAME": region,
                "AWS_REGION": region,
                "AWS_REGION_NAME": region,
            },
        )
        self.stores = self._local(
            "stores_environment",
            template(
                merged(
                    only_if(address(database.created), database_values),
                    only_if(address(cache.created), redis_values),
                    other_values,
                )
            ),
        )
        database_secrets = self._local(
            "database_secrets", [{"name": "DATABASE_URL", "valueFrom": secrets.database_url_arn}]
        )
        self.database_secrets = template(f"local.has_database_url ? {database_secrets} : null")
        self.has_database = address(
            TerraformLocal(self, "local.has_database", template("local.creates_database || local.has_database_url"))
        )
        self._proxy_config = self._local(
            "proxy_config_environment",
            {
                "CONFIG_FILE_PATH": PROXY_CONFIG_PATH,
                "LITELLM_PROXY_CONFIG_S3_BUCKET": storage.bucket_name,
                "LITELLM_PROXY_CONFIG_S3_KEY": storage.proxy_config_key,
                "LITELLM_PROXY_CONFIG_S3_ETAG": storage.proxy_config_etag,
            },
        )
        self._has_proxy_config = proxy_config.exists
        self._otel = self._local(
            "otel_environment",
            {
                "LITELLM_OTEL_V2": "true",
                "OTEL_EXPORTER": inputs.otel_exporter.string_value,
                "OTEL_ENDPOINT": inputs.otel_endpoint.string_value,
                "OTEL_ENVIRONMENT_NAME": template(
                    'var.otel_environment_name != "" ? var.otel_environment_name : var.env'
                ),
                "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": (
                    inputs.otel_capture_message_content.string_value
                ),
            },
        )
        self._has_otel = self._local("has_otel", is_set(inputs.otel_endpoint))
        self._secrets = self._local(
            "proxy_secrets",
            {
                "LITELLM_MASTER_KEY": secrets.master_key_arn,
                "LITELLM_LICENSE": secrets.license_arn,
                "DATABASE_URL": secrets.database_url_arn,
                "REDIS_URL": secrets.redis_url_arn,
                **secrets.billing_arns,
                "OTEL_HEADERS": template(
                    f'{self._has_otel} && var.otel_headers_secret_arn != "" ? var.otel_headers_secret_arn : null'
                ),
            },
        )
        billing = self._local(
            "billing_inputs",
            {
                "LITELLM_BILLING_METRICS_ENDPOINT": inputs.billing_metrics_endpoint.string_value,
                "LITELLM_BILLING_METRICS_CLIENT_ID": inputs.billing_metrics_client_id.string_value,
                "LITELLM_BILLING_METRICS_TOKEN_URL": inputs.billing_metrics_token_url.string_value,
            },
        )
        self._billing = self._local(
            "billing_environment", template(f'{{ for name, value in {billing} : name => value if value != "" }}')
        )
        self._models_in_database = self._local("models_in_database_environment", {"STORE_MODEL_IN_DB": "true"})
        metrics = self._local("gateway_metrics_environment", {METRICS_FOLDER_VARIABLE: METRICS_FOLDER})
        collector = self._local(
            "collector_environment",
            {
                "LITELLM_COLLECTOR_ENABLED": "true",
                "LITELLM_COLLECTOR_ADDRESS": "tcp://127.0.0.1:${var.collector_port}",
                "LITELLM_COLLECTOR_BUFFER_SIZE": template("tostring(var.collector_buffer_size)"),
                "LITELLM_COLLECTOR_DRAIN_TIMEOUT_SECONDS": template("tostring(var.collector_drain_timeout_seconds)"),
                "LITELLM_COLLECTOR_ON_UNAVAILABLE": inputs.collector_on_unavailable.string_value,
            },
        )
        pool = self._local(
            "gateway_pool_environment",
            {
                "LITELLM_PGBOUNCER_ENABLED": "true",
                "LITELLM_PGBOUNCER_MAX_DB_CONNECTIONS": template("tostring(var.gateway_pool_max_db_connections)"),
                "LITELLM_PGBOUNCER_MAX_CLIENT_CONN": template("tostring(var.gateway_pool_max_client_conn)"),
            },
        )
        self.gateway = self._service(
            "gateway",
            values=[
                only_if("var.gateway_metrics_port != null", metrics),
                only_if("var.collector_enabled", collector),
                only_if("var.gateway_connection_pool_enabled", pool),
            ],
        )
        self.backend = self._service(
            "backend", secrets=[self._local("backend_own_secrets", {"UI_PASSWORD": secrets.ui_password_arn})]
        )

    def _service(self, name: str, *, values: Sequence[str] = (), secrets: Sequence[str] = ()) -> ContainerEnvironment:
        """Returns the environment of a service that has `values` and `secrets` beside the common ones."""
        extra_values, extra_secrets = f"var.{name}_extra_env", f"var.{name}_extra_secrets"
        chosen_secrets = self._local(
            f"{name}_secrets",
            template(
                f"{{for name, arn in {merged(self._secrets, *secrets, extra_secrets)} : name => arn "
                f"if arn != null && !contains(keys({extra_values}), name)}}"
            ),
        )
        traced = self._local(
            f"{name}_is_traced", template(f'lower(lookup({extra_values}, "USE_DDTRACE", "")) == "true"')
        )
        otel = merged(self._otel, f'{{ OTEL_SERVICE_NAME = "${{local.name}}-{name}" }}')
        all_values = merged(
            self.stores,
            only_if(self.has_database, self._models_in_database),
            only_if(self._has_proxy_config, self._proxy_config),
            only_if(self._has_otel, otel),
            only_if('var.billing_metrics_endpoint != ""', self._billing),
            only_if(traced, '{ DD_TRACE_OPENAI_ENABLED = "False" }'),
            *values,
            extra_values,
        )
        chosen_values = self._local(
            f"{name}_environment",
            template(f"{{for name, value in {all_values} : name => value if !contains(keys({chosen_secrets}), name)}}"),
        )
        tracer = template(f'{traced} ? "ddtrace-run " : ""')
        return ContainerEnvironment(values=chosen_values, secrets=chosen_secrets, tracer=tracer)

    def _local(self, name: str, value: object) -> str:
        return address(TerraformLocal(self, f"local.{name}", value))
