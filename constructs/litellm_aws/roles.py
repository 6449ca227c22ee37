"""The roles of the tasks and what they may do."""

from collections.abc import Mapping
from typing import Any

from cdktf import Fn, ITerraformDependable, TerraformCount, TerraformLocal, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.data_aws_partition import DataAwsPartition
from cdktf_cdktf_provider_aws.iam_policy import IamPolicy
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy_attachment import IamRolePolicyAttachment
from constructs import Construct

from .database import Database
from .environment import Environment
from .expressions import one, one_if, template
from .input_variables import InputVariables
from .naming import Naming
from .secrets import Secrets
from .storage import Storage


class Roles(Construct):
    """The execution role, with which ECS starts a task, and the roles that the tasks themselves have.

    Attributes:
        task_execution_arn, task_arn, ui_task_arn: the UI's role may do nothing.
        bedrock_model_import_arn: of the role for Bedrock's import jobs; null where there is none.
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
            secrets.arns,
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
            count=database.count,
        )
        log_in = self._policy(
            "rds_iam_connect",
            "rds-iam-connect",
            [{"Action": ["rds-db:connect"], "Resource": database.login_arns}],
            naming,
            count=database.count,
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
        can_pull = [
            self._attachment(
                f"task_execution_{name}",
                task_execution,
                self._policy(
                    name,
                    name.replace("_", "-"),
                    [{"Action": [action], "Resource": [template(f"var.{name}_arn")]}],
                    naming,
                    count=one_if(f'var.{name}_arn != ""'),
                ),
                count=one_if(f'var.{name}_arn != ""'),
            )
            for name, action in (
                ("image_registry_secret", "secretsmanager:GetSecretValue"),
                ("image_registry_kms_key", "kms:Decrypt"),
            )
        ]
        self.start_permissions: list[ITerraformDependable] = [
            start,
            *can_pull,
            self._attachment("task_execution_secrets", task_execution, read_secrets),
        ]
        self.bootstrap_permissions: list[ITerraformDependable] = [
            start,
            *can_pull,
            self._attachment(
                "task_execution_bootstrap_secrets", task_execution, read_master_password, count=database.count
            ),
        ]
        self.task_permissions: list[ITerraformDependable] = [
            self._attachment("task_rds_iam_connect", task, log_in, count=database.count),
            self._attachment("task_s3_access", task, use_bucket),
            *self._bedrock(task, naming),
        ]
        self._execute_command({"task": task, "ui_task": ui_task}, naming)
        self.bedrock_model_import_arn = self._model_import(task, storage, inputs, naming)

    def _bedrock(self, task: IamRole, naming: Naming) -> list[IamRolePolicyAttachment]:
        invokes = one_if("length(var.bedrock_model_arns) > 0")
        invoke = self._policy(
            "bedrock_invoke",
            "bedrock-invoke",
            [
                {
                    "Action": ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"],
                    "Resource": template("var.bedrock_model_arns"),
                }
            ],
            naming,
            count=invokes,
        )
        has_mantle = one_if("var.enable_bedrock_mantle")
        mantle = self._policy(
            "bedrock_mantle",
            "bedrock-mantle",
            [
                {
                    "Action": ["bedrock-mantle:CreateInference"],
                    "Resource": ["*"],
                    "Condition": {"StringEquals": {"aws:RequestedRegion": "${var.region}"}},
                }
            ],
            naming,
            count=has_mantle,
        )
        return [
            self._attachment("task_bedrock_invoke", task, invoke, count=invokes),
            self._attachment("task_bedrock_mantle", task, mantle, count=has_mantle),
        ]

    def _execute_command(self, roles: Mapping[str, IamRole], naming: Naming) -> None:
        enabled = one_if("var.enable_execute_command")
        policy = self._policy(
            "execute_command",
            "execute-command",
            [
                {
                    # What the agent of ECS Exec calls; IAM knows no resources for them.
                    "Action": [
                        "ssmmessages:CreateControlChannel",
                        "ssmmessages:CreateDataChannel",
                        "ssmmessages:OpenControlChannel",
                        "ssmmessages:OpenDataChannel",
                    ],
                    "Resource": ["*"],
                }
            ],
            naming,
            count=enabled,
        )
        for name, role in roles.items():
            self._attachment(f"{name}_execute_command", role, policy, count=enabled)

    def _model_import(self, task: IamRole, storage: Storage, inputs: InputVariables, naming: Naming) -> str:
        """Makes the role that Bedrock imports custom models with, and returns its ARN, null where there is none."""
        enabled = one_if("var.enable_bedrock_custom_model_import")
        # `arn:<partition>:iam::<account>:role/<name>` knows partition and account without asking STS.
        partition, account = (template(f'split(":", {task.node.id}.arn)[{part}]') for part in (1, 4))
        region = inputs.region.string_value
        trust = self._document(
            "bedrock_model_import_trust",
            {
                "Action": ["sts:AssumeRole"],
                "Principal": {"Service": ["bedrock.amazonaws.com"]},
                "Condition": {
                    "StringEquals": {"aws:SourceAccount": account},
                    "ArnEquals": {"aws:SourceArn": f"arn:{partition}:bedrock:{region}:{account}:model-import-job/*"},
                },
            },
        )
        role = IamRole(
            self,
            "aws_iam_role.bedrock_model_import",
            count=enabled,
            name=naming.of("bedrock-model-import"),
            assume_role_policy=trust,
            tags=naming.tags,
        )
        read = self._policy(
            "bedrock_model_import",
            "bedrock-model-import",
            [
                # Bedrock assumes the role with a policy of its own, which lists without a prefix.
                {"Action": ["s3:ListBucket"], "Resource": [storage.bucket_arn]},
                {
                    "Action": ["s3:GetObject", "s3:GetObjectAttributes"],
                    "Resource": [f"{storage.bucket_arn}/models/*"],
                },
            ],
            naming,
            count=enabled,
        )
        IamRolePolicyAttachment(
            self,
            "aws_iam_role_policy_attachment.bedrock_model_import",
            count=enabled,
            role=one(role, "name"),
            policy_arn=one(read, "arn"),
        )
        return one(role, "arn")

    def _role(self, name: str, suffix: str, trust: str, naming: Naming) -> IamRole:
        return IamRole(
            self,
            f"aws_iam_role.{name}",
            name=naming.of(suffix),
            assume_role_policy=trust,
            tags=naming.tags,
        )

    def _policy(
        self,
        name: str,
        suffix: str,
        statements: list[dict[str, Any]],
        naming: Naming,
        *,
        count: TerraformCount | None = None,
    ) -> IamPolicy:
        return IamPolicy(
            self,
            f"aws_iam_policy.{name}",
            count=count,
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

    def _attachment(
        self, name: str, role: IamRole, policy: IamPolicy, *, count: TerraformCount | None = None
    ) -> IamRolePolicyAttachment:
        return IamRolePolicyAttachment(
            self,
            f"aws_iam_role_policy_attachment.{name}",
            count=count,
            role=role.name,
            policy_arn=policy.arn if count is None else one(policy, "arn"),
        )
