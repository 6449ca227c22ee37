"""A Fargate task definition with its container and its log group, as every task of the stack has them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cdktf import TerraformCount, TerraformLocal
from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from cdktf_cdktf_provider_aws.ecs_task_definition import EcsTaskDefinition
from constructs import Construct

from .expressions import address, merged, one, only_if, template
from .input_variables import InputVariables
from .naming import Naming

_REGISTRY_LOGIN = "{ repositoryCredentials = { credentialsParameter = var.image_registry_secret_arn } }"


@dataclass(frozen=True)
class TaskSize:
    """What a task gets of Fargate.

    Attributes:
        cpu: CPU units, 1024 to a vCPU, as text: that is how ECS takes it.
        memory: MiB, as text.
    """

    cpu: str
    memory: str


def container_log(group: str, inputs: InputVariables, prefix: str) -> dict[str, Any]:
    """Returns how a container logs.

    Args:
        group: name of the log group.
        prefix: of the streams, `<prefix>/<container>/<task id>`.
    """
    return {
        "logDriver": "awslogs",
        "options": {
            "awslogs-group": group,
            "awslogs-region": inputs.region.string_value,
            "awslogs-stream-prefix": prefix,
        },
    }


class TaskDefinition(Construct):
    """A Fargate task definition, of one container or with others beside it, and the log group that it writes to.

    Attributes:
        address: of the resource.
        arn: with the revision; null where there is none.
        log_group_name: of CloudWatch Logs; null where there is none.
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
        values: str | None = None,
        secrets: str | None = None,
        count: TerraformCount | None = None,
        additions: Mapping[str, Any] | None = None,
        sidecars: Callable[[str], str] = lambda _: "[]",
        volumes: str | None = None,
    ) -> None:
        """Declares the task definition.

        Args:
            name: of the component, such as `bootstrap-db`; in addresses its hyphens are underscores.
            container_name: by default the component's name.
            port: TCP port that the container listens on.
            values, secrets: expressions of maps, from name to value and from name to ARN.
            count: of 0 or 1; None makes one.
            additions: further properties of the container, such as `command`; one that is null in Terraform is left
                out, so that the image's own counts.
            sidecars: returns the expression of a list of further containers, which log to the group that it is given.
            volumes: template of a list of names of volumes; None makes none.
        """
        super().__init__(scope, id_)
        label = name.replace("-", "_")
        self.container_name = container_name or name
        self.log_stream_prefix = name
        log_group = CloudwatchLogGroup(
            self,
            f"aws_cloudwatch_log_group.{label}",
            count=count,
            name=f"/ecs/{naming.stack}/{name}",
            retention_in_days=inputs.log_retention_days.number_value,
            tags=naming.tags,
        )
        self.log_group_name = log_group.name if count is None else one(log_group, "name")
        container: dict[str, Any] = {
            "name": self.container_name,
            "image": image,
            "essential": True,
            "logConfiguration": container_log(self.log_group_name, inputs, self.log_stream_prefix),
        }
        if port is not None:
            container["portMappings"] = [{"containerPort": port, "hostPort": port, "protocol": "tcp"}]
        if values is not None:
            container["environment"] = template(f"[for name, value in {values} : {{ name = name, value = value }}]")
        if secrets is not None:
            container["secrets"] = template(f"[for name, arn in {secrets} : {{ name = name, valueFrom = arn }}]")
        declared = TerraformLocal(self, f"local.{label}_container", {**container, **(additions or {})})
        registry = only_if('var.image_registry_secret_arn != ""', _REGISTRY_LOGIN)
        given = "{ for name, value in container : name => value if value != null }"
        containers = f"concat([{address(declared)}], {sidecars(self.log_group_name)})"
        definition = EcsTaskDefinition(
            self,
            f"aws_ecs_task_definition.{label}",
            count=count,
            family=naming.of(name),
            requires_compatibilities=["FARGATE"],
            network_mode="awsvpc",
            cpu=size.cpu,
            memory=size.memory,
            execution_role_arn=execution_role_arn,
            task_role_arn=task_role_arn,
            container_definitions=template(f"jsonencode([for container in {containers} : {merged(given, registry)}])"),
            tags=naming.tags,
        )
        # Fargate's own architecture stays unsaid: to say it would make every task definition anew.
        definition.add_override(
            "dynamic.runtime_platform",
            {
                "for_each": template('var.cpu_architecture == "X86_64" ? [] : [var.cpu_architecture]'),
                "content": {
                    "operating_system_family": "LINUX",
                    "cpu_architecture": template("runtime_platform.value"),
                },
            },
        )
        if volumes is not None:
            definition.add_override(
                "dynamic.volume", {"for_each": volumes, "content": {"name": template("volume.value")}}
            )
        self.address = address(definition)
        self.arn = definition.arn if count is None else one(definition, "arn")
