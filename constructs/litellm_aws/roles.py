"""The roles of the tasks, and what they may do."""

from cdktf import ITerraformDependable, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.data_aws_partition import DataAwsPartition
from cdktf_cdktf_provider_aws.iam_role_policy_attachment import IamRolePolicyAttachment
from constructs import Construct

from .blocks import attribute, local
from .database import Database
from .environment import Environment
from .expressions import Expression, call, for_list, text
from .input_variables import InputVariables
from .naming import Naming
from .policy import Policy, Statement, document
from .role import Role
from .secrets import Secrets, bare
from .storage import Storage

_READ_SECRETS = ["secretsmanager:GetSecretValue"]


class Roles(Construct):
    """The execution role, with which ECS starts a task, and the roles that the tasks themselves have.

    Attributes:
        task_execution, task, ui_task: the UI's role may do nothing.
        bedrock_model_import: for Bedrock's import jobs; exists where it is enabled.
        start_permissions: what must be granted before ECS can start a task of a service.
        bootstrap_permissions: what must be granted before ECS can start the bootstrap.
        task_permissions: what must be granted before the gateway, the backend or the migration work.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        inputs: InputVariables,
        naming: Naming,
        database: Database,
        storage: Storage,
        secrets: Secrets,
        environment: Environment,
    ) -> None:
        super().__init__(scope, id_)
        self._inputs, self._naming = inputs, naming
        assumed_by_tasks = {"Action": ["sts:AssumeRole"], "Principal": {"Service": ["ecs-tasks.amazonaws.com"]}}
        trust = document(self, "ecs_tasks_trust", [assumed_by_tasks])
        self.task_execution = Role(self, "task_execution", naming=naming, trust=trust)
        self.task = Role(self, "task", naming=naming, trust=trust)
        self.ui_task = Role(self, "ui_task", naming=naming, trust=trust)
        can_start = [self._start_permission(), *self._registry_permissions(), self._keys_permission()]
        self.start_permissions = [*can_start, self._secrets_permission(secrets, environment)]
        self.bootstrap_permissions = [*can_start, self._bootstrap_permission(secrets, database)]
        self.task_permissions = [
            self._database_permission(database),
            self._bucket_permission(storage),
            *self._bedrock_permissions(),
        ]
        self._execute_command_permissions()
        self.bedrock_model_import = self._bedrock_model_import(storage)

    def _policy(self, name: str, *statements: Statement, suffix: str = "", exists: Expression | None = None) -> Policy:
        return Policy(self, name, *statements, naming=self._naming, suffix=suffix, exists=exists)

    def _start_permission(self) -> ITerraformDependable:
        partition = attribute(DataAwsPartition(self, "data.aws_partition.current"), "partition")
        return IamRolePolicyAttachment(
            self,
            "aws_iam_role_policy_attachment.task_execution",
            role=self.task_execution.role_name.as_string,
            policy_arn=f"arn:{partition}:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
            # A `depends_on` on the whole module may defer the partition to the apply; that must not detach it.
            lifecycle=TerraformResourceLifecycle(ignore_changes=["policy_arn"]),
        )

    def _registry_permissions(self) -> list[ITerraformDependable]:
        granted = []
        for name, arn, action in (
            ("image_registry_secret", self._inputs.image_registry_secret_arn, "secretsmanager:GetSecretValue"),
            ("image_registry_kms_key", self._inputs.image_registry_kms_key_arn, "kms:Decrypt"),
        ):
            policy = self._policy(name, {"Action": [action], "Resource": [arn]}, exists=arn.is_set)
            granted.append(self.task_execution.attach(policy))
        return granted

    def _keys_permission(self) -> ITerraformDependable:
        keys = self._inputs.secrets_kms_key_arns
        service = text("secretsmanager.", self._inputs.region, ".amazonaws.com")
        policy = self._policy(
            "secrets_kms_keys",
            {
                "Action": ["kms:Decrypt"],
                "Resource": keys,
                "Condition": {"StringEquals": {"kms:ViaService": service}},
            },
            exists=keys.length() > 0,
        )
        return self.task_execution.attach(policy)

    def _secrets_permission(self, secrets: Secrets, environment: Environment) -> ITerraformDependable:
        # The proxy's are named even where a container overrides them: IAM refuses an empty list.
        shared = local(self, "proxy_secret_arns", [secret.arn for secret in secrets.proxy])
        named = (call("values", each.secrets) for each in (environment.gateway, environment.backend))
        arns = local(self, "container_secret_arns", call("concat", call("compact", shared), *named))
        readable = local(self, "readable_secret_arns", call("distinct", for_list(arns, lambda arn: bare(arn))))
        policy = self._policy("secrets_access", {"Action": _READ_SECRETS, "Resource": readable})
        return self.task_execution.attach(policy, name="task_execution_secrets")

    def _bootstrap_permission(self, secrets: Secrets, database: Database) -> ITerraformDependable:
        policy = self._policy(
            "bootstrap_secrets",
            {"Action": _READ_SECRETS, "Resource": [secrets.db_master_password_arn]},
            suffix="bootstrap-secrets-access",
            exists=database.exists,
        )
        return self.task_execution.attach(policy)

    def _database_permission(self, database: Database) -> ITerraformDependable:
        statement = {"Action": ["rds-db:connect"], "Resource": database.login_arns}
        return self.task.attach(self._policy("rds_iam_connect", statement, exists=database.exists))

    def _bucket_permission(self, storage: Storage) -> ITerraformDependable:
        actions = ["GetObject", "PutObject", "DeleteObject", "AbortMultipartUpload", "ListMultipartUploadParts"]
        configuration = [text(storage.bucket_arn, f"/{storage.proxy_config_folder}*")]
        policy = self._policy(
            "s3_access",
            {"Action": ["s3:ListBucket", "s3:GetBucketLocation"], "Resource": [storage.bucket_arn]},
            {"Action": [f"s3:{action}" for action in actions], "Resource": [text(storage.bucket_arn, "/*")]},
            {"Action": ["s3:GetObjectVersion"], "Resource": configuration},
            # A proxy must not choose what the next one runs.
            {"Effect": "Deny", "Action": ["s3:PutObject*", "s3:DeleteObject*"], "Resource": configuration},
        )
        return self.task.attach(policy)

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

    def _bedrock_model_import(self, storage: Storage) -> Role:
        """Makes the role with which Bedrock imports custom models."""
        exists = self._inputs.enable_bedrock_custom_model_import
        # `arn:<partition>:iam::<account>:role/<name>` has partition and account, without asking STS.
        partition, account = (call("split", ":", self.task.arn)[part] for part in (1, 4))
        jobs = text("arn:", partition, ":bedrock:", self._inputs.region, ":", account, ":model-import-job/*")
        assumed_by_jobs = {
            "Action": ["sts:AssumeRole"],
            "Principal": {"Service": ["bedrock.amazonaws.com"]},
            "Condition": {"StringEquals": {"aws:SourceAccount": account}, "ArnEquals": {"aws:SourceArn": jobs}},
        }
        trust = document(self, "bedrock_model_import_trust", [assumed_by_jobs])
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
        return role
