"""What the containers find in their environment: plain values, and secrets by ARN.

A name appears once in a container. An extra value or secret replaces a default of its name.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from cdktf import Fn, TerraformLocal
from constructs import Construct

from .cache import Cache
from .database import Database
from .expressions import address, is_set, template
from .input_variables import InputVariables
from .secrets import Secrets
from .storage import Storage

PROXY_CONFIG_PATH = "/tmp/litellm-config.yaml"


@dataclass(frozen=True)
class ContainerEnvironment:
    """Two maps, as addresses of locals.

    Attributes:
        values: from name to value.
        secrets: from name to the ARN of the secret that holds the value.
    """

    values: str
    secrets: str


class Environment(Construct):
    """The environments of the gateway, the backend and the migration.

    Attributes:
        gateway, backend: of the services.
        stores: where the database, the cache and the bucket are: all that the migration gets, as the
            address of a map from name to value.
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
    ) -> None:
        super().__init__(scope, id_)
        region = inputs.region.string_value
        self.stores = self._local(
            "stores_environment",
            {
                "IAM_TOKEN_DB_AUTH": "true",
                "DATABASE_HOST": database.host,
                "DATABASE_PORT": Fn.tostring(database.port),
                "DATABASE_USER": database.username,
                "DATABASE_NAME": database.name,
                "DATABASE_HOST_READ_REPLICA": database.reader_host,
                "DATABASE_PORT_READ_REPLICA": Fn.tostring(database.port),
                "REDIS_HOST": cache.host,
                "REDIS_PORT": Fn.tostring(cache.port),
                "REDIS_SSL": "true",
                "S3_BUCKET_NAME": storage.bucket_name,
                "S3_REGION_NAME": region,
                "AWS_REGION": region,
                "AWS_REGION_NAME": region,
            },
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
        self._has_proxy_config = address(storage.has_proxy_config)
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
                "OTEL_HEADERS": template(
                    f'{self._has_otel} && var.otel_headers_secret_arn != "" ? var.otel_headers_secret_arn : null'
                ),
            },
        )
        self.gateway = self._service("gateway")
        self.backend = self._service(
            "backend",
            values=[self._local("backend_own_environment", {"STORE_MODEL_IN_DB": "true"})],
            secrets=[self._local("backend_own_secrets", {"UI_PASSWORD": secrets.ui_password_arn})],
        )

    def _service(self, name: str, *, values: Sequence[str] = (), secrets: Sequence[str] = ()) -> ContainerEnvironment:
        """Returns the environment of a service that has `values` and `secrets` beside the common ones."""
        extra_values, extra_secrets = f"var.{name}_extra_env", f"var.{name}_extra_secrets"
        chosen_secrets = self._local(
            f"{name}_secrets",
            template(
                f"{{for name, arn in {_merged(self._secrets, *secrets, extra_secrets)} : name => arn "
                f"if arn != null && !contains(keys({extra_values}), name)}}"
            ),
        )
        otel = _merged(self._otel, f'{{ OTEL_SERVICE_NAME = "${{local.name}}-{name}" }}')
        all_values = _merged(
            self.stores,
            _only_if(self._has_proxy_config, self._proxy_config),
            _only_if(self._has_otel, otel),
            *values,
            extra_values,
        )
        chosen_values = self._local(
            f"{name}_environment",
            template(f"{{for name, value in {all_values} : name => value if !contains(keys({chosen_secrets}), name)}}"),
        )
        return ContainerEnvironment(values=chosen_values, secrets=chosen_secrets)

    def _local(self, name: str, value: object) -> str:
        return address(TerraformLocal(self, f"local.{name}", value))


def _only_if(condition: str, map_: str) -> str:
    return f"{{for name, value in {map_} : name => value if {condition}}}"


def _merged(*maps: str) -> str:
    return f"merge({', '.join(maps)})"
