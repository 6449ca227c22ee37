"""The roles of the tasks and what they may do."""

from typing import Any

from cdktf import Fn, ITerraformDependable, TerraformLocal, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.data_aws_partition import DataAwsPartition
from cdktf_cdktf_provider_aws.iam_policy import IamPolicy
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy_attachment import IamRolePolicyAttachment
from constructs import Construct

from .database import Database
from .environment import Environment
from .expressions import template
from .naming import Naming
from .secrets import Secrets
from .storage import Storage


class Roles(Construct):
    """The execution role, with which ECS starts a task, and the roles that the tasks themselves have.

    Attributes:
        task_execution_arn, task_arn, ui_task_arn: the UI's role may do nothing.
        start_permissions: what must be granted before ECS can start a task of a service.
        bootstrap_permissions: what must be granted before ECS can start the bootstrap.
        task_permissions: what must be granted before the gateway, the backend or the migration work.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        naming: Naming,
        database: Database,
        storage: Storage,
        secrets: Secrets,
        environment: Environment,
    ) -> None:
        super().__init__(scope, id_)
        partition = DataAwsPartition(self, "data.aws_partition.current")
        trust = self._document(
            "ecs_tasks_trust",
            {"Action": ["sts:AssumeRole"], "Principal": {"Service": ["ecs-tasks.amazonaws.com"]}},
        )
        task_execution = self._role("task_execution", "task-execution", trust, naming)
        task = self._role("task", "task", trust, naming)
        ui_task = self._role("ui_task", "ui-task", trust, naming)
        self.task_execution_arn = task_execution.arn
        self.task_arn = task.arn
        self.ui_task_arn = ui_task.arn

        start = IamRolePolicyAttachment(
            self,
            "aws_iam_role_policy_attachment.task_execution",
            role=task_execution.name,
            policy_arn=f"arn:{partition.partition}:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
            # A `depends_on` on the whole module may defer the partition to the apply; that must not detach it.
            lifecycle=TerraformResourceLifecycle(ignore_changes=["policy_arn"]),
        )

        arns = ", ".join(f"values({service.secrets})" for service in (environment.gateway, environment.backend))
        named = f'[for arn in concat({arns}) : join(":", slice(split(":", arn), 0, 7))]'
        # The stack's own are named even where a container overrides them: IAM refuses an empty list.
        own = TerraformLocal(
            self,
            "local.stack_secret_arns",
            [secrets.master_key_arn, secrets.license_arn, secrets.ui_password_arn],
        )
        readable = TerraformLocal(
            self,
            "local.readable_secret_arns",
            template(f"distinct(concat(compact({own.node.id}), {named}))"),
        )
        read_secrets = self._policy(
            "secrets_access",
            "secrets-access",
            [{"Action": ["secretsmanager:GetSecretValue"], "Resource": readable.as_list}],
            naming,
        )
        read_master_password = self._policy(
            "bootstrap_secrets",
            "bootstrap-secrets-access",
            [{"Action": ["secretsmanager:GetSecretValue"], "Resource": [secrets.db_master_password_arn]}],
            naming,
        )
        log_in = self._policy(
            "rds_iam_connect",
            "rds-iam-connect",
            [{"Action": ["rds-db:connect"], "Resource": [database.login_arn]}],
            naming,
        )
        use_bucket = self._policy(
            "s3_access",
            "s3-access",
            [
                {
                    "Action": ["s3:ListBucket", "s3:GetBucketLocation"],
                    "Resource": [storage.bucket_arn],
                },
                {
                    "Action": [
                        "s3:GetObject",
                        "s3:PutObject",
                        "s3:DeleteObject",
                        "s3:AbortMultipartUpload",
                        "s3:ListMultipartUploadParts",
                    ],
                    "Resource": [f"{storage.bucket_arn}/*"],
                },
            ],
            naming,
        )
        self.start_permissions: list[ITerraformDependable] = [
            start,
            self._attachment("task_execution_secrets", task_execution, read_secrets),
        ]
        self.bootstrap_permissions: list[ITerraformDependable] = [
            start,
            self._attachment("task_execution_bootstrap_secrets", task_execution, read_master_password),
        ]
        self.task_permissions: list[ITerraformDependable] = [
            self._attachment("task_rds_iam_connect", task, log_in),
            self._attachment("task_s3_access", task, use_bucket),
        ]

    def _role(self, name: str, suffix: str, trust: str, naming: Naming) -> IamRole:
        return IamRole(
            self,
            f"aws_iam_role.{name}",
            name=naming.of(suffix),
            assume_role_policy=trust,
            tags=naming.tags,
        )

    def _policy(self, name: str, suffix: str, statements: list[dict[str, Any]], naming: Naming) -> IamPolicy:
        return IamPolicy(
            self,
            f"aws_iam_policy.{name}",
            name=naming.of(suffix),
            policy=self._document(name, *statements),
            tags=naming.tags,
        )

    def _document(self, name: str, *statements: dict[str, Any]) -> str:
        """Writes a policy document of statements that allow, as a local, and returns it as JSON text."""
        document = TerraformLocal(
            self,
            f"local.{name}_document",
            {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", **statement} for statement in statements],
            },
        )
        return Fn.jsonencode(document.expression)

    def _attachment(self, name: str, role: IamRole, policy: IamPolicy) -> IamRolePolicyAttachment:
        return IamRolePolicyAttachment(
            self, f"aws_iam_role_policy_attachment.{name}", role=role.name, policy_arn=policy.arn
        )
