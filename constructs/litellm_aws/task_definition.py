"""A Fargate task definition with its container and its log group, as every task of the stack has them."""

from dataclasses import dataclass
from typing import Any

from cdktf import Fn, TerraformLocal
from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from cdktf_cdktf_provider_aws.ecs_task_definition import EcsTaskDefinition
from constructs import Construct

from .expressions import template
from .input_variables import InputVariables
from .naming import Naming


@dataclass(frozen=True)
class TaskSize:
    """What a task gets of Fargate.

    Attributes:
        cpu: CPU units, 1024 to a vCPU, as text: that is how ECS takes it.
        memory: MiB, as text.
    """

    cpu: str
    memory: str


class TaskDefinition(Construct):
    """A Fargate task definition of one container, and the log group that it writes to.

    Attributes:
        arn: with the revision.
        log_group_name: of CloudWatch Logs.
        log_stream_prefix: of the streams, `<prefix>/<container>/<task id>`.
        container_name: of the one container.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        inputs: InputVariables,
        naming: Naming,
        size: TaskSize,
        image: str,
        execution_role_arn: str,
        task_role_arn: str | None,
        container_name: str | None = None,
        port: int | None = None,
        command: list[str] | str | None = None,
        values: str | None = None,
        secrets: str | None = None,
    ) -> None:
        """Declares the task definition.

        Args:
            name: of the component, such as `bootstrap-db`; in addresses its hyphens are underscores.
            container_name: by default the component's name.
            port: TCP port that the container listens on.
            command: words, or a template that yields a list of words; None leaves the image's own.
            values, secrets: expressions of maps, from name to value and from name to ARN.
        """
        super().__init__(scope, id_)
        label = name.replace("-", "_")
        self.container_name = container_name or name
        self.log_stream_prefix = name
        log_group = CloudwatchLogGroup(
            self,
            f"aws_cloudwatch_log_group.{label}",
            name=f"/ecs/{naming.stack}/{name}",
            retention_in_days=inputs.log_retention_days.number_value,
            tags=naming.tags,
        )
        self.log_group_name = log_group.name
        container: dict[str, Any] = {
            "name": self.container_name,
            "image": image,
            "essential": True,
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-group": log_group.name,
                    "awslogs-region": inputs.region.string_value,
                    "awslogs-stream-prefix": self.log_stream_prefix,
                },
            },
        }
        if command is not None:
            container["command"] = command
        if port is not None:
            container["portMappings"] = [{"containerPort": port, "hostPort": port, "protocol": "tcp"}]
        if values is not None:
            container["environment"] = template(f"[for name, value in {values} : {{ name = name, value = value }}]")
        if secrets is not None:
            container["secrets"] = template(f"[for name, arn in {secrets} : {{ name = name, valueFrom = arn }}]")
        declared = TerraformLocal(self, f"local.{label}_container", container)
        self.arn = EcsTaskDefinition(
            self,
            f"aws_ecs_task_definition.{label}",
            family=naming.of(name),
            requires_compatibilities=["FARGATE"],
            network_mode="awsvpc",
            cpu=size.cpu,
            memory=size.memory,
            execution_role_arn=execution_role_arn,
            task_role_arn=task_role_arn,
            container_definitions=Fn.jsonencode([declared.expression]),
            tags=naming.tags,
        ).arn
