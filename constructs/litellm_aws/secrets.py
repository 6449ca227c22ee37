"""Secrets Manager entries: the master key, the license, the UI's password, the database's master user."""

from cdktf import Fn, ITerraformDependable, TerraformCount, TerraformLocal
from cdktf_cdktf_provider_aws.secretsmanager_secret import SecretsmanagerSecret
from cdktf_cdktf_provider_aws.secretsmanager_secret_version import SecretsmanagerSecretVersion
from constructs import Construct

from .database import Database
from .expressions import one, one_if, template
from .input_variables import InputVariables
from .naming import Naming
from .passwords import generated_password

_BILLING = {
    "LITELLM_BILLING_METRICS_CLIENT_CERT": "client_cert_pem",
    "LITELLM_BILLING_METRICS_CLIENT_KEY": "client_key_pem",
    "LITELLM_BILLING_METRICS_CA_CERT": "ca_cert_pem",
    "LITELLM_BILLING_METRICS_CLIENT_SECRET": "client_secret",
}
"""The variables that carry the login of the billing metrics, and their inputs without `billing_metrics_`."""


class Secrets(Construct):
    """The stack's own secrets.

    Whether one exists is a local without the sensitivity of its input, which would hide every plan of what
    depends on it.

    Attributes:
        master_key_arn: of a secret that always exists.
        license_arn, ui_password_arn, database_url_arn, redis_url_arn: null where the input is empty.
        db_master_password_arn, db_master_password_field_arn: of the master user's login, and of the password in it;
            null without a database of the stack's own.
        billing_arns: of the login of the billing metrics, by the variable that carries it; null where it is empty.
        arns: all of them, the nulls too, but for the database's master password.
        versions: what must exist before a task can read a value. A task knows the secret only by its ARN, which
            gives Terraform no edge to the version.
        database_url_version, db_master_password_version: the same for the one-shot tasks.
    """

    def __init__(
        self, scope: Construct, id_: str, *, inputs: InputVariables, naming: Naming, database: Database
    ) -> None:
        super().__init__(scope, id_)
        generated = generated_password(self, "master_key", length=48)
        master_key_value = template(
            f'var.litellm_master_key != "" ? var.litellm_master_key : "sk-${{{generated.node.id}.result}}"'
        )
        master_key, master_key_version = self._secret("master_key", "master-key", master_key_value, naming)
        license_, license_version = self._given("license", "litellm_license", inputs, naming)
        ui_password, ui_password_version = self._given("ui_password", "ui_password", inputs, naming)
        database_url, self.database_url_version = self._given("database_url", "database_url", inputs, naming)
        redis_url, redis_url_version = self._given("redis_url", "redis_url", inputs, naming)
        billing = {
            variable: self._given(
                f"billing_metrics_{name.removesuffix('_pem')}", f"billing_metrics_{name}", inputs, naming
            )
            for variable, name in _BILLING.items()
        }
        self.billing_arns = {variable: one(secret, "arn") for variable, (secret, _) in billing.items()}
        login = TerraformLocal(
            self,
            "local.db_master_login",
            {
                "username": database.master_username,
                "password": database.master_password,
                "host": database.host,
                "port": database.port,
                "dbname": database.name,
            },
        )
        db_master_password, self.db_master_password_version = self._secret(
            "db_master_password", "db-master-password", Fn.jsonencode(login.expression), naming, count=database.count
        )
        self.master_key_arn = master_key.arn
        self.license_arn = one(license_, "arn")
        self.ui_password_arn = one(ui_password, "arn")
        self.database_url_arn = one(database_url, "arn")
        self.redis_url_arn = one(redis_url, "arn")
        self.db_master_password_arn = one(db_master_password, "arn")
        self.db_master_password_field_arn = template(
            f'one([for secret in {db_master_password.node.id} : "${{secret.arn}}:password::"])'
        )
        self.arns = [
            self.master_key_arn,
            self.license_arn,
            self.ui_password_arn,
            self.database_url_arn,
            self.redis_url_arn,
            *self.billing_arns.values(),
        ]
        self.versions: list[ITerraformDependable] = [
            master_key_version,
            license_version,
            ui_password_version,
            self.database_url_version,
            redis_url_version,
            *(version for _, version in billing.values()),
        ]

    def _given(
        self, name: str, input_: str, inputs: InputVariables, naming: Naming
    ) -> tuple[SecretsmanagerSecret, SecretsmanagerSecretVersion]:
        """Makes the secret of a sensitive input, where that is set."""
        is_given = TerraformLocal(self, f"local.has_{name}", template(f'nonsensitive(var.{input_} != "")'))
        value = getattr(inputs, input_).string_value
        return self._secret(name, name.replace("_", "-"), value, naming, count=one_if(is_given))

    def _secret(
        self, name: str, suffix: str, value: str, naming: Naming, *, count: TerraformCount | None = None
    ) -> tuple[SecretsmanagerSecret, SecretsmanagerSecretVersion]:
        secret = SecretsmanagerSecret(
            self,
            f"aws_secretsmanager_secret.{name}",
            count=count,
            name=naming.of(suffix),
            recovery_window_in_days=0,
            tags=naming.tags,
        )
        version = SecretsmanagerSecretVersion(
            self,
            f"aws_secretsmanager_secret_version.{name}",
            count=count,
            secret_id=secret.id if count is None else one(secret, "id"),
            secret_string=value,
        )
        return secret, version
