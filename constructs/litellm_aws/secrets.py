"""Secrets Manager entries: the master key, the license, the UI's password, the database's master user."""

from dataclasses import dataclass

from cdktf import ITerraformDependable, TerraformCount
from cdktf_cdktf_provider_aws.secretsmanager_secret import SecretsmanagerSecret
from cdktf_cdktf_provider_aws.secretsmanager_secret_version import SecretsmanagerSecretVersion
from constructs import Construct

from .blocks import address, attribute, attribute_where, count_if, local, one
from .database import Database
from .expressions import Expression, call, for_list, text
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


@dataclass(frozen=True)
class Secret:
    """A secret.

    Attributes:
        arn: null where there is none.
        version: what must exist before a task can read the value. A task knows the secret only by its ARN, which gives
            Terraform no edge to the version.
        exists: whether there is one; None is always. Without the sensitivity of its input, which would hide every plan
            of what depends on it.
    """

    arn: Expression
    version: ITerraformDependable
    exists: Expression | None = None


class Secrets(Construct):
    """The managed secrets.

    Attributes:
        master_key, license, ui_password, database_url, redis_url: all but the first exist where their input is set.
        db_master_password: the master user's login, as JSON; exists with a managed database.
        db_master_password_field_arn: of the password in it.
        billing: the login of the billing metrics, by the variable that carries it.
        proxy: all that the proxy's tasks may read.
    """

    def __init__(
        self, scope: Construct, id_: str, *, inputs: InputVariables, naming: Naming, database: Database
    ) -> None:
        super().__init__(scope, id_)
        self._inputs, self._naming = inputs, naming
        generated = generated_password(self, "master_key", length=48)
        given = inputs.litellm_master_key
        master_key = given.is_set.then(given, text("sk-", attribute(generated, "result")))
        self.master_key = self._secret("master_key", master_key)
        self.license = self._given("license", "litellm_license")
        self.ui_password = self._given("ui_password", "ui_password")
        self.database_url = self._given("database_url", "database_url")
        self.redis_url = self._given("redis_url", "redis_url")
        self.billing = {
            variable: self._given(f"billing_metrics_{name.removesuffix('_pem')}", f"billing_metrics_{name}")
            for variable, name in _BILLING.items()
        }
        self.db_master_password, self.db_master_password_field_arn = self._master_login(database)
        given_secrets = (self.license, self.ui_password, self.database_url, self.redis_url)
        self.proxy = (self.master_key, *given_secrets, *self.billing.values())

    def _master_login(self, database: Database) -> tuple[Secret, Expression]:
        login = local(
            self,
            "db_master_login",
            {
                "username": database.master_username,
                "password": database.master_password,
                "host": database.host,
                "port": database.port,
                "dbname": database.name,
            },
        )
        secret = self._resource("db_master_password", count=database.count)
        version = self._version("db_master_password", one(secret, "id"), call("jsonencode", login), database.count)
        field = for_list(address(secret), lambda secret: text(secret.attribute("arn"), ":password::"))
        return Secret(one(secret, "arn"), version, database.exists), call("one", field)

    def _given(self, name: str, input_: str) -> Secret:
        """Makes the secret of a sensitive input, where that is set."""
        value = self._inputs.named(input_)
        return self._secret(name, value, local(self, f"has_{name}", call("nonsensitive", value.is_set)))

    def _secret(self, name: str, value: Expression, exists: Expression | None = None) -> Secret:
        count = None if exists is None else count_if(exists)
        secret = self._resource(name, count)
        arn, id_ = (attribute_where(secret, each, exists) for each in ("arn", "id"))
        return Secret(arn, self._version(name, id_, value, count), exists)

    def _resource(self, name: str, count: TerraformCount | None) -> SecretsmanagerSecret:
        return SecretsmanagerSecret(
            self,
            f"aws_secretsmanager_secret.{name}",
            count=count,
            name=self._naming.of(name.replace("_", "-")),
            recovery_window_in_days=0,
            tags=self._naming.tags,
        )

    def _version(
        self, name: str, secret_id: Expression, value: Expression, count: TerraformCount | None
    ) -> SecretsmanagerSecretVersion:
        return SecretsmanagerSecretVersion(
            self,
            f"aws_secretsmanager_secret_version.{name}",
            count=count,
            secret_id=secret_id.as_string,
            secret_string=value.as_string,
        )
