"""A Fargate task definition with its log group, to which containers are added."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cdktf import TerraformLocal
from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from cdktf_cdktf_provider_aws.ecs_task_definition import EcsTaskDefinition
from constructs import Construct

from .blocks import add_dynamic_block, address, attribute_where, count_if, local
from .expressions import Expression, argument, call, for_list, when, without_nulls
from .input_variables import InputVariables
from .naming import Naming
from .role import Role


@dataclass(frozen=True)
class TaskSize:
    """What a task gets of Fargate.

    Attributes:
        cpu: CPU units, 1024 to a vCPU, as text: that is how ECS takes it.
        memory: MiB, as text.
    """

    cpu: str
    memory: str


def environment_list(values: Expression) -> Expression:
    """Returns the `environment` of a container from a map; a value that is null is left out."""
    return for_list(
        values, lambda name, value: {"name": name, "value": value}, where=lambda _, value: value.differs(None)
    )


def secrets_list(arns: Expression) -> Expression:
    """Returns the `secrets` of a container from a map of ARNs."""
    return for_list(arns, lambda name, arn: {"name": name, "valueFrom": arn})


def tcp_port(port: int | Expression) -> list[dict[str, object]]:
    """Returns the `portMappings` of a container that listens on a port."""
    return [{"containerPort": port, "hostPort": port, "protocol": "tcp"}]


class TaskDefinition(Construct):
    """A Fargate task definition, and the log group that its containers write to.

    Attributes:
        resource: the task definition.
        arn: with the revision; null where there is none.
        log_group_name: of CloudWatch Logs; null where there is none.
        log_stream_prefix: of the streams, `<prefix>/<container>/<task id>`.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        inputs: InputVariables,
        naming: Naming,
        size: TaskSize,
        execution_role: Role,
        task_role: Role | None,
        exists: Expression | None = None,
    ) -> None:
        """Declares the task definition, without containers.

        Args:
            name: of the component, such as `bootstrap-db`; in addresses its hyphens are underscores.
            exists: whether there is one; None is always.
        """
        super().__init__(scope, f"{name}_task")
        self._inputs, self._naming = inputs, naming
        self._label = name.replace("-", "_")
        self._count = None if exists is None else count_if(exists)
        self.log_stream_prefix = name
        log_group = self._log_group(name)
        self.log_group_name = attribute_where(log_group, "name", exists)
        self._containers: list[Expression] = []
        self._where: Callable[[Expression], Expression] | None = None
        self._listed = TerraformLocal(self, f"local.{self._label}_containers", [])
        self.resource = EcsTaskDefinition(
            self,
            f"aws_ecs_task_definition.{self._label}",
            count=self._count,
            family=naming.of(name),
            requires_compatibilities=["FARGATE"],
            network_mode="awsvpc",
            cpu=size.cpu,
            memory=size.memory,
            execution_role_arn=execution_role.arn.as_string,
            task_role_arn=None if task_role is None else task_role.arn.as_string,
            container_definitions="[]",  # until a container is added
            tags=naming.tags,
        )
        # Fargate's default architecture is not declared: it would replace every task definition.
        architecture = inputs.cpu_architecture
        add_dynamic_block(
            self.resource,
            "runtime_platform",
            architecture.equals("X86_64").then([], [architecture]),
            lambda _key, value: {"operating_system_family": "LINUX", "cpu_architecture": value},
        )
        self.arn = attribute_where(self.resource, "arn", exists)

    def _log_group(self, name: str) -> CloudwatchLogGroup:
        return CloudwatchLogGroup(
            self,
            f"aws_cloudwatch_log_group.{self._label}",
            count=self._count,
            name=f"/ecs/{self._naming.stack}/{name}",
            retention_in_days=self._inputs.log_retention_days.as_number,
            tags=self._naming.tags,
        )

    def add_container(
        self, container: Mapping[str, object], *, log_prefix: str = "", exists: Expression | None = None
    ) -> None:
        """Adds a container, which logs to the task's group.

        Args:
            container: a container definition of ECS, in which an absent part is null. It is essential, unless it says
                otherwise.
            log_prefix: of its streams; by default the task's.
            exists: whether there is one; None is always.
        """
        registry = self._inputs.image_registry_secret_arn
        declared = local(
            self,
            f"{str(container['name']).replace('-', '_')}_container",
            {
                "essential": True,
                "repositoryCredentials": when(registry.is_set, {"credentialsParameter": registry}),
                "logConfiguration": self._log_configuration(log_prefix or self.log_stream_prefix),
                **container,
            },
        )
        self._containers.append(declared if exists is None else when(exists, declared))
        self._listed.expression = argument(self._containers)
        if exists is not None:
            self._where = lambda container: container.differs(None)
        definitions = for_list(address(self._listed), lambda container: without_nulls(container), where=self._where)
        self.resource.container_definitions = call("jsonencode", definitions).as_string

    def share_volume(self, name: str, *, exists: Expression) -> None:
        """Declares the volume that the task's containers share, under a condition. A task has one at most."""
        add_dynamic_block(self.resource, "volume", exists.then([name], []), lambda _key, value: {"name": value})

    def _log_configuration(self, prefix: str) -> dict[str, object]:
        return {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": self.log_group_name,
                "awslogs-region": self._inputs.region,
                "awslogs-stream-prefix": prefix,
            },
        }
