"""The roles of the tasks, and what they may do."""

from cdktf import ITerraformDependable
from constructs import Construct

from .account import Account
from .blocks import local
from .database import Database
from .environment import Environment
from .expressions import Expression, call, for_list, text
from .input_variables import InputVariables
from .naming import Naming
from .policy import Policy, Statement, assumed_by, document
from .role import Role
from .secrets import Secrets, bare
from .storage import Storage

_READ_SECRETS = ["secretsmanager:GetSecretValue"]


class Roles(Construct):
    """The execution roles, with which ECS starts a task, and the roles that the tasks themselves have.

    Attributes:
        task_execution, task, ui_task: of the services. The UI's role may do nothing.
        bootstrap_execution_arn, migration_execution_arn, migration_task_arn: of the one-off tasks: the services' roles
            or, with `separate_task_roles`, their own.
        bedrock_model_import: for Bedrock's import jobs; exists where it is enabled.
        start_permissions: what must be granted before ECS can start a task of a service.
        bootstrap_permissions: what must be granted before ECS can start the bootstrap.
        migration_permissions: what must be granted before the migration starts and works.
        database_login: what must be granted before the gateway or the backend can log in to the database.
        task_permissions: what must be granted before the gateway or the backend work.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        inputs: InputVariables,
        naming: Naming,
        account: Account,
        database: Database,
        storage: Storage,
        secrets: Secrets,
        environment: Environment,
    ) -> None:
        super().__init__(scope, id_)
        self._inputs, self._naming = inputs, naming
        self._account = account
        self._trust = document(self, "ecs_tasks_trust", [assumed_by("ecs-tasks.amazonaws.com", account)])
        self._registry = [
            self._policy(name, {"Action": [action], "Resource": [arn]}, exists=arn.is_set)
            for name, arn, action in (
                ("image_registry_secret", inputs.image_registry_secret_arn, "secretsmanager:GetSecretValue"),
                ("image_registry_kms_key", inputs.image_registry_kms_key_arn, "kms:Decrypt"),
            )
        ]
        self._keys = self._secret_keys()
        self.task_execution, can_start = self._execution_role("task_execution")
        self.task = Role(self, "task", naming=naming, trust=self._trust)
        self.ui_task = Role(self, "ui_task", naming=naming, trust=self._trust)
        self.start_permissions = [*can_start, self._secrets_permission(secrets, environment)]
        connect = self._policy(
            "rds_iam_connect", {"Action": ["rds-db:connect"], "Resource": database.login_arns}, exists=database.exists
        )
        self.database_login = self.task.attach(connect)
        bucket_key = self._bucket_key()
        self.task_permissions = [
            self.database_login,
            self.task.attach(self._bucket_policy(storage)),
            self.task.attach(bucket_key),
            *self._bedrock_permissions(),
        ]
        self._bootstrap_roles(secrets, database, can_start)
        self._migration_roles(secrets, environment, connect)
        self._execute_command_permissions()
        self.bedrock_model_import = self._bedrock_model_import(storage, bucket_key)

    def _execution_role(
        self, name: str, *, exists: Expression | None = None
    ) -> tuple[Role, list[ITerraformDependable]]:
        """Makes a role with which ECS can pull images, write logs and decrypt secrets, and what it must be granted."""
        role = Role(self, name, naming=self._naming, trust=self._trust, exists=exists)
        arn = self._account.aws_policy("service-role/AmazonECSTaskExecutionRolePolicy")
        policies = (*self._registry, self._keys)
        return role, [role.attach_aws_policy(name, arn), *(role.attach(policy) for policy in policies)]

    def _bootstrap_roles(self, secrets: Secrets, database: Database, can_start: list[ITerraformDependable]) -> None:
        separate = self._inputs.separate_task_roles
        own = local(self, "has_bootstrap_role", database.exists & separate)
        role, granted = self._execution_role("bootstrap_execution", exists=own)
        policy = self._policy(
            "bootstrap_secrets",
            {"Action": _READ_SECRETS, "Resource": [secrets.db_master_password_arn]},
            suffix="bootstrap-secrets-access",
            exists=database.exists,
        )
        self.bootstrap_execution_arn = separate.then(role.arn, self.task_execution.arn)
        self.bootstrap_permissions = [
            *can_start,
            *granted,
            self.task_execution.attach(policy, where=~separate),
            role.attach(policy),
        ]

    def _migration_roles(self, secrets: Secrets, environment: Environment, connect: Policy) -> None:
        separate = self._inputs.separate_task_roles
        own = local(self, "has_migration_roles", environment.has_database & separate)
        execution, granted = self._execution_role("migration_execution", exists=own)
        task = Role(self, "migration_task", naming=self._naming, trust=self._trust, exists=own)
        url = for_list(call("compact", [secrets.database_url.arn]), lambda arn: bare(arn))
        policy = self._policy(
            "migration_secrets",
            {"Action": _READ_SECRETS, "Resource": url},
            exists=environment.has_database_url & separate,
        )
        self.migration_execution_arn = separate.then(execution.arn, self.task_execution.arn)
        self.migration_task_arn = separate.then(task.arn, self.task.arn)
        self.migration_permissions = [
            *self.start_permissions,
            *self.task_permissions,
            *granted,
            execution.attach(policy),
            task.attach(connect),
        ]

    def _policy(self, name: str, *statements: Statement, suffix: str = "", exists: Expression | None = None) -> Policy:
        return Policy(self, name, *statements, naming=self._naming, suffix=suffix, exists=exists)

    def _secret_keys(self) -> Policy:
        own = call("compact", [self._inputs.kms_key_arn])
        keys = local(self, "secret_key_arns", call("distinct", call("concat", self._inputs.secrets_kms_key_arns, own)))
        return self._policy(
            "secrets_kms_keys",
            {"Action": ["kms:Decrypt"], "Resource": keys, "Condition": self._via("secretsmanager")},
            exists=keys.length() > 0,
        )

    def _bucket_key(self) -> Policy:
        key = self._inputs.kms_key_arn
        actions = ["kms:Decrypt", "kms:GenerateDataKey"]
        return self._policy(
            "s3_kms_key", {"Action": actions, "Resource": [key], "Condition": self._via("s3")}, exists=key.is_set
        )

    def _via(self, service: str) -> dict[str, object]:
        """Returns the condition that a key of KMS is used by a service only. In China, its name ends in `.cn`."""
        return {"StringLike": {"kms:ViaService": text(service, ".", self._inputs.region, ".amazonaws.com*")}}

    def _secrets_permission(self, secrets: Secrets, environment: Environment) -> ITerraformDependable:
        # The proxy's are named even where a container overrides them: IAM refuses an empty list.
        shared = local(self, "proxy_secret_arns", [secret.arn for secret in secrets.proxy])
        named = (call("values", each.secrets) for each in (environment.gateway, environment.backend))
        arns = local(self, "container_secret_arns", call("concat", call("compact", shared), *named))
        readable = local(self, "readable_secret_arns", call("distinct", for_list(arns, lambda arn: bare(arn))))
        policy = self._policy("secrets_access", {"Action": _READ_SECRETS, "Resource": readable})
        return self.task_execution.attach(policy, name="task_execution_secrets")

    def _bucket_policy(self, storage: Storage) -> Policy:
        actions = ["GetObject", "PutObject", "DeleteObject", "AbortMultipartUpload", "ListMultipartUploadParts"]
        configuration = [text(storage.bucket_arn, f"/{storage.proxy_config_folder}*")]
        return self._policy(
            "s3_access",
            {"Action": ["s3:ListBucket", "s3:GetBucketLocation"], "Resource": [storage.bucket_arn]},
            {"Action": [f"s3:{action}" for action in actions], "Resource": [text(storage.bucket_arn, "/*")]},
            {"Action": ["s3:GetObjectVersion"], "Resource": configuration},
            # A proxy must not choose what the next one runs.
            {"Effect": "Deny", "Action": ["s3:PutObject*", "s3:DeleteObject*"], "Resource": configuration},
        )

    def _bedrock_permissions(self) -> list[ITerraformDependable]:
        models = self._inputs.bedrock_model_arns
        invoke = self._policy(
            "bedrock_invoke",
            {"Action": ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"], "Resource": models},
            exists=models.length() > 0,
        )
        mantle = self._policy(
            "bedrock_mantle",
            {
                "Action": ["bedrock-mantle:CreateInference"],
                "Resource": ["*"],
                "Condition": {"StringEquals": {"aws:RequestedRegion": self._inputs.region}},
            },
            exists=self._inputs.enable_bedrock_mantle,
        )
        return [self.task.attach(policy) for policy in (invoke, mantle)]

    def _execute_command_permissions(self) -> None:
        # What the agent of ECS Exec calls; IAM knows no resources for them.
        channels = ["CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel"]
        policy = self._policy(
            "execute_command",
            {"Action": [f"ssmmessages:{channel}" for channel in channels], "Resource": ["*"]},
            exists=self._inputs.enable_execute_command,
        )
        for role in (self.task, self.ui_task):
            role.attach(policy)

    def _bedrock_model_import(self, storage: Storage, bucket_key: Policy) -> Role:
        """Makes the role with which Bedrock imports custom models."""
        exists = self._inputs.enable_bedrock_custom_model_import
        region, account = self._inputs.region, self._account
        jobs = text("arn:", account.partition, ":bedrock:", region, ":", account.id, ":model-import-job/*")
        trusted = assumed_by("bedrock.amazonaws.com", account)
        trusted["Condition"]["ArnEquals"] = {"aws:SourceArn": jobs}
        trust = document(self, "bedrock_model_import_trust", [trusted])
        role = Role(self, "bedrock_model_import", naming=self._naming, trust=trust, exists=exists)
        policy = self._policy(
            "bedrock_model_import",
            # Bedrock assumes the role with a policy of its own, which lists without a prefix.
            {"Action": ["s3:ListBucket"], "Resource": [storage.bucket_arn]},
            {
                "Action": ["s3:GetObject", "s3:GetObjectAttributes"],
                "Resource": [text(storage.bucket_arn, "/models/*")],
            },
            exists=exists,
        )
        role.attach(policy, name="bedrock_model_import")
        role.attach(bucket_key)
        return role
