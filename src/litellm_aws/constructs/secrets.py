"""Secrets Manager entries: the keys of LiteLLM, its license and logins, and the database's master user.

A secret of LiteLLM is either one of the module's own, which holds the value of an input or a generated one, or one that
the user made and names by its ARN. Terraform does not read the value of the latter.
"""

from dataclasses import dataclass

from cdktf import ITerraformDependable, TerraformCount
from cdktf_cdktf_provider_aws.secretsmanager_secret import SecretsmanagerSecret
from cdktf_cdktf_provider_aws.secretsmanager_secret_version import SecretsmanagerSecretVersion
from constructs import Construct

from .blocks import address, attribute, attribute_where, count_if, each, local, one
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
_ELSEWHERE = "not used, see litellm_master_key_secret_arn"
_DIGEST = 12
"""Characters of the hash by which tasks are told apart that read other versions of their secrets."""


@dataclass(frozen=True)
class Secret:
    """A secret.

    Attributes:
        arn: of the module's secret, or the user's, which may have a field and a version; null where there is none.
        version: what must exist before a task can read the value. A task knows the secret only by its ARN, which gives
            Terraform no edge to the version.
        version_id: of the module's secret; null where there is none.
        exists: whether there is one; None is always. Without the sensitivity of its input, which would hide every plan
            of what depends on it.
    """

    arn: Expression
    version: ITerraformDependable
    version_id: Expression
    exists: Expression | None = None


def bare(arn: Expression) -> Expression:
    """Returns the ARN of a secret without the field or version that ECS takes of it."""
    return call("join", ":", call("slice", call("split", ":", arn), 0, 7))


class Secrets(Construct):
    """The secrets.

    Attributes:
        master_key, salt_key, license, ui_password, database_url, redis_url: all but the first exist where their input
            is set.
        salt_key_digest: SHA-256 of the generated salt key, null where none is generated.
        db_master_password_arn: secret of the master user's login, as JSON; null without a managed database.
        db_master_password_field_arn: of the password in it.
        db_master_password_version: what must exist before a task can read it.
        billing: the login of the billing metrics, by the variable that carries it.
        proxy: all that the proxy's tasks may read.
        versions_label: the label of a proxy's container that changes with the versions of the module's secrets, so that
            ECS replaces the tasks that have read the older ones.
    """

    def __init__(
        self, scope: Construct, id_: str, *, inputs: InputVariables, naming: Naming, database: Database
    ) -> None:
        super().__init__(scope, id_)
        self._inputs, self._naming = inputs, naming
        self.master_key = self._master_key()
        self.salt_key, self.salt_key_digest = self._salt_key()
        self.license = self._given("license", "litellm_license")
        self.ui_password = self._given("ui_password", "ui_password")
        self.database_url = self._given("database_url", "database_url")
        self.redis_url = self._given("redis_url", "redis_url")
        self.billing = {
            variable: self._given(
                f"billing_metrics_{name.removesuffix('_pem')}", f"billing_metrics_{name}", by_reference=False
            )
            for variable, name in _BILLING.items()
        }
        self._master_login(database)
        optional = (self.salt_key, self.license, self.ui_password, self.database_url, self.redis_url)
        self.proxy = (self.master_key, *optional, *self.billing.values())
        versions = local(self, "proxy_secret_versions", [secret.version_id for secret in self.proxy])
        digest = call("substr", call("sha256", call("join", ",", call("compact", versions))), 0, _DIGEST)
        self.versions_label = local(self, "proxy_secrets_label", {"litellm.secret-versions": digest})

    def _master_key(self) -> Secret:
        generated = generated_password(self, "master_key", length=48)
        given, reference = self._inputs.litellm_master_key, self._inputs.litellm_master_key_secret_arn
        value = local(self, "master_key", given.is_set.then(given, text("sk-", attribute(generated, "result"))))
        # The secret exists in any case: its address has no index.
        own = reference.is_set.then(_ELSEWHERE, value)
        return self._secret("master_key", own, reference=reference)

    def _salt_key(self) -> tuple[Secret, Expression]:
        generates, reference = self._inputs.generate_salt_key, self._inputs.litellm_salt_key_secret_arn
        generated = generated_password(self, "salt_key", length=48, count=count_if(generates))
        value = one(generated, "result")
        digests = for_list(
            address(generated), lambda key: call("nonsensitive", call("sha256", key.attribute("result")))
        )
        return self._secret("salt_key", value, generates, reference=reference), call("one", digests)

    def _master_login(self, database: Database) -> None:
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
        count = count_if(database.has_own_password)
        secret = self._resource("db_master_password", count=count)
        self.db_master_password_version: ITerraformDependable = self._version(
            "db_master_password", one(secret, "id"), call("jsonencode", login), count
        )
        listed = local(
            self, "db_master_password_arns", call("concat", each(secret, "arn"), database.managed_password_arns)
        )
        self.db_master_password_arn = call("one", listed)
        self.db_master_password_field_arn = call("one", for_list(listed, lambda arn: text(arn, ":password::")))

    def _given(self, name: str, input_: str, *, by_reference: bool = True) -> Secret:
        """Makes the secret of a sensitive input, where that is set.

        Args:
            by_reference: whether the user may name a secret instead.
        """
        value = self._inputs.named(input_)
        is_given = local(self, f"has_{name}", call("nonsensitive", value.is_set))
        reference = self._inputs.named(f"{input_}_secret_arn") if by_reference else None
        return self._secret(name, value, is_given, reference=reference)

    def _secret(
        self, name: str, value: Expression, is_own: Expression | None = None, *, reference: Expression | None = None
    ) -> Secret:
        """Makes a secret of the module.

        Args:
            is_own: whether there is one; None is always.
            reference: the ARN of the user's secret, empty where there is none.
        """
        count = None if is_own is None else count_if(is_own)
        secret = self._resource(name, count)
        own, id_ = (attribute_where(secret, each, is_own) for each in ("arn", "id"))
        version = self._version(name, id_, value, count)
        if reference is None:
            arn, exists = own, is_own
        else:
            arn = local(self, f"{name}_secret_arn", reference.is_set.then(reference, own))
            exists = None if is_own is None else is_own | reference.is_set
        return Secret(arn, version, attribute_where(version, "version_id", is_own), exists)

    def _resource(self, name: str, count: TerraformCount | None) -> SecretsmanagerSecret:
        return SecretsmanagerSecret(
            self,
            f"aws_secretsmanager_secret.{name}",
            count=count,
            name=self._naming.of(name.replace("_", "-")),
            kms_key_id=self._naming.kms_key_arn.as_string,
            recovery_window_in_days=self._inputs.secret_recovery_window_days.as_number,
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
