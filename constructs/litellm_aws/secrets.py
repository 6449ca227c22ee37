"""Secrets Manager entries: the master key, the license, the UI's password, the database's master user."""

from cdktf import Fn, TerraformLocal
from cdktf_cdktf_provider_aws.secretsmanager_secret import SecretsmanagerSecret
from cdktf_cdktf_provider_aws.secretsmanager_secret_version import SecretsmanagerSecretVersion
from constructs import Construct

from .database import Database
from .expressions import one, one_if, template
from .input_variables import InputVariables
from .naming import Naming
from .passwords import generated_password


class Secrets(Construct):
    """The stack's own secrets.

    Attributes:
        master_key_arn, db_master_password_arn: of secrets that always exist.
        license_arn, ui_password_arn: null where the input is empty.
        has_license, has_ui_password: locals, whether the input is set. They do not carry its
            sensitivity, which would hide every plan of what depends on them.
        master_key_version, license_version, ui_password_version, db_master_password_version: what
            must exist before a task can read the value. A task knows the secret only by its ARN, which
            gives Terraform no edge to the version.
    """

    def __init__(
        self, scope: Construct, id_: str, *, inputs: InputVariables, naming: Naming, database: Database
    ) -> None:
        super().__init__(scope, id_)
        self.has_license = TerraformLocal(
            self, "local.has_license", template('nonsensitive(var.litellm_license != "")')
        )
        self.has_ui_password = TerraformLocal(
            self, "local.has_ui_password", template('nonsensitive(var.ui_password != "")')
        )
        generated = generated_password(self, "master_key", length=48)
        master_key_value = template(
            f'var.litellm_master_key != "" ? var.litellm_master_key : "sk-${{{generated.node.id}.result}}"'
        )
        master_key, self.master_key_version = self._secret("master_key", "master-key", master_key_value, naming)
        license_, self.license_version = self._secret(
            "license", "license", inputs.litellm_license.string_value, naming, only_if=self.has_license
        )
        ui_password, self.ui_password_version = self._secret(
            "ui_password",
            "ui-password",
            inputs.ui_password.string_value,
            naming,
            only_if=self.has_ui_password,
        )
        login = Fn.jsonencode(
            {
                "username": database.master_username,
                "password": database.master_password,
                "host": database.host,
                "port": database.port,
                "dbname": database.name,
            }
        )
        db_master_password, self.db_master_password_version = self._secret(
            "db_master_password", "db-master-password", login, naming
        )
        self.master_key_arn = master_key.arn
        self.license_arn = one(license_, "arn")
        self.ui_password_arn = one(ui_password, "arn")
        self.db_master_password_arn = db_master_password.arn

    def _secret(
        self, name: str, suffix: str, value: str, naming: Naming, *, only_if: TerraformLocal | None = None
    ) -> tuple[SecretsmanagerSecret, SecretsmanagerSecretVersion]:
        count = None if only_if is None else one_if(only_if)
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
