"""What else runs in the gateway's tasks: the server of its metrics, and the collector."""

from typing import Any

from cdktf import TerraformLocal
from constructs import Construct

from .component_command import ComponentCommands
from .environment import METRICS_FOLDER, METRICS_FOLDER_VARIABLE, ContainerEnvironment
from .expressions import address, template
from .images import Images
from .input_variables import InputVariables
from .task_definition import container_log

_VOLUME = "prometheus-multiproc"
_VOLUME_CONTAINER = "metrics-volume"
_STOP_TIMEOUT = 30
"""Seconds that ECS gives a container to stop where a task definition says nothing (ECS, `stopTimeout`)."""
_JOB_ROLE = "LITELLM_JOB_ROLE"
_OPEN_VOLUME = f"import os; os.chmod('{METRICS_FOLDER}', 0o1777)"
"""Fargate mounts a task's volume as root with mode 0755, and the gateway runs as another user (ECS, bind mounts)."""
_HEALTH_CHECK = "import socket; socket.create_connection(('127.0.0.1', {port}), 5).close()"


class GatewaySidecars(Construct):
    """The gateway's sidecars, each where its input asks for it.

    Attributes:
        volumes: template of the list of the task's volumes.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        inputs: InputVariables,
        images: Images,
        commands: ComponentCommands,
        environment: ContainerEnvironment,
    ) -> None:
        super().__init__(scope, id_)
        self._inputs, self._environment = inputs, environment
        self._image, self._commands = images.of("gateway"), commands
        self._has_metrics = self._local("has_gateway_metrics", template("var.gateway_metrics_port != null"))
        self.volumes = template(f'{self._has_metrics} ? ["{_VOLUME}"] : []')
        self._mount = {"sourceVolume": _VOLUME, "containerPath": METRICS_FOLDER, "readOnly": False}
        self._volume_is_open = {"containerName": _VOLUME_CONTAINER, "condition": "SUCCESS"}

    def gateway_additions(self) -> dict[str, Any]:
        """Returns what the sidecars change in the gateway's own container, null where they do not."""
        opened = self._local("metrics_volume_is_open", [self._volume_is_open])
        # So that ECS stops the gateway first, and the collector gets its last records.
        collector = self._local("collector_has_started", [{"containerName": "collector", "condition": "START"}])
        mounts = self._local("gateway_mounts", [self._mount])
        needs = f"concat({self._has_metrics} ? {opened} : [], var.collector_enabled ? {collector} : [])"
        return {
            "mountPoints": template(f"{self._has_metrics} ? {mounts} : null"),
            "dependsOn": template(f"{self._has_metrics} || var.collector_enabled ? {needs} : null"),
            "cpu": template("var.collector_enabled ? var.gateway_cpu - var.collector_cpu : null"),
            "memory": template("var.collector_enabled ? var.gateway_memory - var.collector_memory : null"),
            # ECS's own timeout is left out: it would make a new task definition.
            "stopTimeout": template(f"var.gateway_drain_seconds != {_STOP_TIMEOUT} ? var.gateway_drain_seconds : null"),
        }

    def containers(self, log_group_name: str) -> str:
        """Returns the expression of the list of the containers, which log to a group."""
        volume, metrics = self._metrics_volume(log_group_name), self._metrics(log_group_name)
        collector = self._collector(log_group_name)
        return (
            f"[for container in [{volume}, {metrics}] : container if {self._has_metrics}], "
            f"[for container in [{collector}] : container if var.collector_enabled]"
        )

    def _metrics_volume(self, log_group_name: str) -> str:
        return self._local(
            "metrics_volume_container",
            {
                "name": _VOLUME_CONTAINER,
                "image": self._image,
                "essential": False,
                "user": "0",
                "entryPoint": ["python", "-c"],
                "command": [_OPEN_VOLUME],
                "mountPoints": [self._mount],
                "logConfiguration": container_log(log_group_name, self._inputs, _VOLUME_CONTAINER),
            },
        )

    def _metrics(self, log_group_name: str) -> str:
        # Read even where there is no metrics port, and a text must not hold null.
        port = template("tostring(coalesce(var.gateway_metrics_port, 0))")
        program = "python -m litellm.proxy.prometheus_metrics_server"
        return self._local(
            "gateway_metrics_container",
            {
                "name": "metrics",
                "image": self._image,
                "essential": False,
                **self._commands.container("metrics", program, ["--port", port], needs_config=False),
                "environment": [{"name": METRICS_FOLDER_VARIABLE, "value": METRICS_FOLDER}],
                "mountPoints": [self._mount],
                "dependsOn": [self._volume_is_open],
                "portMappings": [
                    {
                        "containerPort": template("var.gateway_metrics_port"),
                        "hostPort": template("var.gateway_metrics_port"),
                        "protocol": "tcp",
                    }
                ],
                "healthCheck": {
                    "command": ["CMD", "python", "-c", _HEALTH_CHECK.format(port=port)],
                    "interval": 30,
                    "timeout": 10,
                    "retries": 3,
                },
                "logConfiguration": container_log(log_group_name, self._inputs, "metrics"),
            },
        )

    def _collector(self, log_group_name: str) -> str:
        values, secrets = self._environment.values, self._environment.secrets
        return self._local(
            "collector_container",
            {
                "name": "collector",
                "image": self._image,
                "essential": False,
                "restartPolicy": {"enabled": True},
                "cpu": template("var.collector_cpu"),
                "memory": template("var.collector_memory"),
                **self._commands.container("collector", "python -m litellm.proxy.collector"),
                "stopTimeout": template(f"max({_STOP_TIMEOUT}, var.collector_drain_timeout_seconds + 10)"),
                # The gateway's, except for the folder of its metrics.
                "environment": template(
                    f'[for name, value in merge({values}, {{ {_JOB_ROLE} = "collector" }}) : '
                    f'{{ name = name, value = value }} if name != "{METRICS_FOLDER_VARIABLE}"]'
                ),
                "secrets": template(
                    f"[for name, arn in {secrets} : {{ name = name, valueFrom = arn }} "
                    f'if !contains(["{_JOB_ROLE}", "{METRICS_FOLDER_VARIABLE}"], name)]'
                ),
                "logConfiguration": container_log(log_group_name, self._inputs, "collector"),
            },
        )

    def _local(self, name: str, value: object) -> str:
        return address(TerraformLocal(self, f"local.{name}", value))
