"""What else runs in the gateway's tasks: the server of its metrics, and the collector."""

from constructs import Construct

from .blocks import local
from .component_command import ComponentCommands
from .environment import METRICS_FOLDER, METRICS_FOLDER_VARIABLE, ContainerEnvironment
from .expressions import Expression, call, for_list, text, when
from .images import Images
from .input_variables import InputVariables
from .task_definition import ConditionalPart, TaskDefinition, tcp_port

_VOLUME = "prometheus-multiproc"
_VOLUME_CONTAINER = "metrics-volume"
_STOP_TIMEOUT = 30
"""ECS's default stop timeout, in seconds (ECS, `stopTimeout`)."""
_JOB_ROLE = "LITELLM_JOB_ROLE"
_OPEN_VOLUME = f"import os; os.chmod('{METRICS_FOLDER}', 0o1777)"
"""Fargate mounts a task's volume as root with mode 0755, and the gateway runs as another user (ECS, bind mounts)."""
_MOUNT = {"sourceVolume": _VOLUME, "containerPath": METRICS_FOLDER, "readOnly": False}
_VOLUME_IS_OPEN = {"containerName": _VOLUME_CONTAINER, "condition": "SUCCESS"}


class GatewaySidecars(Construct):
    """The gateway's sidecars, each where its input asks for it."""

    def __init__(
        self, scope: Construct, id_: str, *, inputs: InputVariables, images: Images, commands: ComponentCommands
    ) -> None:
        super().__init__(scope, id_)
        self._inputs, self._commands = inputs, commands
        self._image = images.of("gateway")
        self._has_metrics = inputs.gateway_metrics_port.differs(None)
        self._has_collector = inputs.collector_enabled

    def gateway_mounts(self) -> list[ConditionalPart]:
        """Returns what the sidecars share with the gateway's own container."""
        return [ConditionalPart(self._has_metrics, _MOUNT)]

    def gateway_dependencies(self) -> list[ConditionalPart]:
        """Returns what the gateway's own container waits for."""
        # ECS stops a container before the one that it depends on: so the collector gets the gateway's last records.
        collector = {"containerName": "collector", "condition": "START"}
        return [ConditionalPart(self._has_metrics, _VOLUME_IS_OPEN), ConditionalPart(self._has_collector, collector)]

    def gateway_properties(self) -> dict[str, object]:
        """Returns what else the sidecars change in the gateway's own container, null where they do not."""
        inputs = self._inputs
        drain = inputs.gateway_drain_seconds
        return {
            "cpu": when(self._has_collector, inputs.gateway_cpu - inputs.collector_cpu),
            "memory": when(self._has_collector, inputs.gateway_memory - inputs.collector_memory),
            # ECS's own timeout is left out: it would make a new task definition.
            "stopTimeout": when(drain.differs(_STOP_TIMEOUT), drain),
        }

    def add_to(self, task: TaskDefinition, environment: ContainerEnvironment) -> None:
        """Adds the sidecars to the gateway's task.

        Args:
            environment: the gateway's.
        """
        task.add_volume(_VOLUME, exists=self._has_metrics)
        mounts = [ConditionalPart(self._has_metrics, _MOUNT)]
        task.add_container(
            self._metrics_volume(), log_prefix=_VOLUME_CONTAINER, exists=self._has_metrics, mounts=mounts
        )
        task.add_container(
            self._metrics(),
            log_prefix="metrics",
            exists=self._has_metrics,
            mounts=mounts,
            dependencies=[ConditionalPart(self._has_metrics, _VOLUME_IS_OPEN)],
        )
        task.add_container(self._collector(environment), log_prefix="collector", exists=self._has_collector)

    def _metrics_volume(self) -> dict[str, object]:
        return {
            "name": _VOLUME_CONTAINER,
            "image": self._image,
            "essential": False,
            "user": "0",
            "entryPoint": ["python", "-c"],
            "command": [_OPEN_VOLUME],
        }

    def _metrics(self) -> dict[str, object]:
        port = self._inputs.gateway_metrics_port
        # Read even where there is no metrics port, and a text must not hold null.
        port_text = call("tostring", call("coalesce", port, 0))
        connect = text("import socket; socket.create_connection(('127.0.0.1', ", port_text, "), 5).close()")
        program = text("python -m litellm.proxy.prometheus_metrics_server")
        return {
            "name": "metrics",
            "image": self._image,
            "essential": False,
            **self._commands.container("metrics", program, ["--port", port_text], needs_config=False),
            "environment": [{"name": METRICS_FOLDER_VARIABLE, "value": METRICS_FOLDER}],
            "portMappings": tcp_port(port),
            "healthCheck": {"command": ["CMD", "python", "-c", connect], "interval": 30, "timeout": 10, "retries": 3},
        }

    def _collector(self, environment: ContainerEnvironment) -> dict[str, object]:
        inputs = self._inputs
        values = call("merge", environment.values, {_JOB_ROLE: "collector"})
        return {
            "name": "collector",
            "image": self._image,
            "essential": False,
            "restartPolicy": {"enabled": True},
            "cpu": inputs.collector_cpu,
            "memory": inputs.collector_memory,
            **self._commands.container("collector", text("python -m litellm.proxy.collector")),
            "stopTimeout": call("max", _STOP_TIMEOUT, inputs.collector_drain_timeout_seconds + 10),
            # The gateway's, except for the folder of its metrics.
            "environment": for_list(
                local(self, "collector_environment", values),
                lambda name, value: {"name": name, "value": value},
                where=lambda name, value: name.differs(METRICS_FOLDER_VARIABLE) & value.differs(None),
            ),
            "secrets": for_list(
                environment.secrets,
                lambda name, arn: {"name": name, "valueFrom": arn},
                where=_is_not_the_collectors_own,
            ),
        }


def _is_not_the_collectors_own(name: Expression, arn: Expression) -> Expression:  # noqa: ARG001
    return ~call("contains", [_JOB_ROLE, METRICS_FOLDER_VARIABLE], name)
