"""A Fargate task definition with its log group, to which containers are added."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

from cdktf import TerraformLocal
from cdktf_cdktf_provider_aws.ecs_task_definition import EcsTaskDefinition
from constructs import Construct

from .blocks import add_dynamic_block, address, attribute_where, count_if, local
from .expressions import Expression, argument, call, for_list, text, when, without_nulls
from .input_variables import InputVariables
from .log_group import log_group
from .naming import Naming

_OPENER = "tmp"
_OPENER_FOLDER = "/volumes/"
_IS_OPEN = {"containerName": _OPENER, "condition": "SUCCESS"}


@dataclass(frozen=True)
class TaskSize:
    """What a task gets of Fargate.

    Attributes:
        cpu: CPU units, 1024 to a vCPU, as text: that is how ECS takes it.
        memory: MiB, as text.
    """

    cpu: str
    memory: str


@dataclass(frozen=True)
class ConditionalPart:
    """A part of a container that it has under a condition.

    Attributes:
        condition: whether it has the part.
        value: an element of `mountPoints` or `dependsOn`.
    """

    condition: Expression
    value: Mapping[str, object]


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
        execution_role_arn: Expression,
        task_role_arn: Expression | None,
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
        path = f"/ecs/{naming.stack}/{name}"
        logs = log_group(self, self._label, path=path, inputs=inputs, naming=naming, count=self._count)
        self.log_group_name = attribute_where(logs, "name", exists)
        self._containers: list[Expression] = []
        self._volumes: list[Expression] = []
        self._is_read_only = inputs.read_only_root_filesystem
        self._listed = TerraformLocal(self, f"local.{self._label}_containers", [])
        self._volume_names = TerraformLocal(self, f"local.{self._label}_volumes", [])
        self.resource = EcsTaskDefinition(
            self,
            f"aws_ecs_task_definition.{self._label}",
            count=self._count,
            family=naming.of(name),
            requires_compatibilities=["FARGATE"],
            network_mode="awsvpc",
            cpu=size.cpu,
            memory=size.memory,
            execution_role_arn=execution_role_arn.as_string,
            task_role_arn=None if task_role_arn is None else task_role_arn.as_string,
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
        add_dynamic_block(
            self.resource,
            "volume",
            for_list(address(self._volume_names), lambda name: name, where=lambda name: name.differs(None)),
            lambda _key, value: {"name": value},
        )
        self.arn = attribute_where(self.resource, "arn", exists)

    def add_container(
        self,
        container: Mapping[str, object],
        *,
        log_prefix: str = "",
        exists: Expression | None = None,
        mounts: Sequence[ConditionalPart] = (),
        dependencies: Sequence[ConditionalPart] = (),
    ) -> None:
        """Adds a container, which logs to the task's group. With a read-only root file system, it has its own /tmp.

        Args:
            container: a container definition of ECS, in which an absent part is null. It is essential, unless it says
                otherwise.
            log_prefix: of its streams; by default the task's.
            exists: whether there is one; None is always.
            mounts, dependencies: its `mountPoints` and `dependsOn`.
        """
        name = str(container["name"])
        volume = f"tmp-{name}"
        has_tmp = self._is_read_only if exists is None else self._is_read_only & exists
        self.add_volume(volume, exists=has_tmp)
        tmp = ConditionalPart(self._is_read_only, {"sourceVolume": volume, "containerPath": "/tmp", "readOnly": False})
        self._declare(
            {
                **container,
                "mountPoints": self._present(f"{name}_mounts", [*mounts, tmp]),
                "dependsOn": self._present(
                    f"{name}_dependencies", [*dependencies, ConditionalPart(self._is_read_only, _IS_OPEN)]
                ),
            },
            log_prefix,
            exists,
        )

    def open_tmp_folders(self, image: Expression) -> None:
        """Adds what makes the containers' /tmp writable, after the last of them: Fargate mounts a task's volume as root
        with mode 0755, and the images run as another user (ECS, bind mounts).

        Args:
            image: one with `sh` and `chmod`.
        """
        volumes = local(
            self,
            f"{self._label}_tmp_volumes",
            for_list(
                address(self._volume_names),
                lambda name: name,
                where=lambda name: call("startswith", call("coalesce", name, "-"), "tmp-"),
            ),
        )
        folders = for_list(volumes, lambda name: text(_OPENER_FOLDER, name))
        mounts = for_list(
            volumes,
            lambda name: {"sourceVolume": name, "containerPath": text(_OPENER_FOLDER, name), "readOnly": False},
        )
        self._declare(
            {
                "name": _OPENER,
                "image": image,
                "essential": False,
                "user": "0",
                "entryPoint": ["sh", "-c"],
                "command": [text("chmod 1777 ", call("join", " ", folders))],
                "mountPoints": mounts,
            },
            _OPENER,
            self._is_read_only,
        )

    def add_volume(self, name: str, *, exists: Expression) -> None:
        """Declares a volume of the task, which containers can mount, under a condition."""
        self._volumes.append(when(exists, name))
        self._volume_names.expression = argument(self._volumes)

    def _declare(self, container: Mapping[str, object], log_prefix: str, exists: Expression | None) -> None:
        registry = self._inputs.image_registry_secret_arn
        declared = local(
            self,
            f"{self._local_name(container)}_container",
            {
                "essential": True,
                "readonlyRootFilesystem": when(self._is_read_only, True),
                "repositoryCredentials": when(registry.is_set, {"credentialsParameter": registry}),
                "logConfiguration": self._log_configuration(log_prefix or self.log_stream_prefix),
                **container,
            },
        )
        self._containers.append(declared if exists is None else when(exists, declared))
        self._listed.expression = argument(self._containers)
        definitions = for_list(
            address(self._listed),
            lambda container: without_nulls(container),
            where=lambda container: container.differs(None),
        )
        self.resource.container_definitions = call("jsonencode", definitions).as_string

    def _local_name(self, container: Mapping[str, object]) -> str:
        name = str(container["name"]).replace("-", "_")
        return f"{self._label}_{name}" if name == _OPENER else name

    def _present(self, name: str, parts: Sequence[ConditionalPart]) -> Expression:
        """Returns the parts whose condition holds; null where none does."""
        listed = local(self, name.replace("-", "_"), [when(part.condition, part.value) for part in parts])
        present = for_list(listed, lambda part: part, where=lambda part: part.differs(None))
        return when(reduce(or_, (part.condition for part in parts)), present)

    def _log_configuration(self, prefix: str) -> dict[str, object]:
        return {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": self.log_group_name,
                "awslogs-region": self._inputs.region,
                "awslogs-stream-prefix": prefix,
            },
        }
