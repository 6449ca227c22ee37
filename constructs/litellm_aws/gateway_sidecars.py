"""What runs beside the gateway in its tasks: the server of its metrics, and the collector."""

from cdktf import TerraformLocal
from constructs import Construct

from .environment import METRICS_FOLDER, METRICS_FOLDER_VARIABLE, POOL_VARIABLES, ContainerEnvironment
from .expressions import address, merged, only_if, template
from .input_variables import InputVariables
from .proxy_command import FETCH_SCRIPT
from .proxy_config import ProxyConfig
from .rules import literal
from .task_definition import container_log

_VOLUME = "prometheus-multiproc"
_STOP_TIMEOUT = 30
"""Seconds that ECS gives a container to stop where a task definition says nothing (ECS, `stopTimeout`)."""
_HEALTH_CHECK = "import socket; socket.create_connection(('127.0.0.1', {port}), 5).close()"


class GatewaySidecars(Construct):
    """The containers beside the gateway's own, each where its input asks for it.

    Attributes:
        volumes: template of the list of the task's volumes.
        gateway_additions: expression of a map that goes over the gateway's own container.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        inputs: InputVariables,
        environment: ContainerEnvironment,
        proxy_config: ProxyConfig,
    ) -> None:
        super().__init__(scope, id_)
        self._inputs, self._environment, self._proxy_config = inputs, environment, proxy_config
        self._has_metrics = self._local("has_gateway_metrics", template("var.gateway_metrics_port != null"))
        self.volumes = template(f'{self._has_metrics} ? ["{_VOLUME}"] : []')
        self._mount = {"sourceVolume": _VOLUME, "containerPath": METRICS_FOLDER, "readOnly": False}
        mounts = self._local("gateway_mounts", {"mountPoints": [self._mount]})
        share = self._local(
            "gateway_share",
            {
                "cpu": template("var.gateway_cpu - var.collector_cpu"),
                "memory": template("var.gateway_memory - var.collector_memory"),
                # So that ECS stops the gateway first, and the collector gets its last records.
                "dependsOn": [{"containerName": "collector", "condition": "START"}],
            },
        )
        # To say ECS's own timeout would make the task definition anew.
        stop = self._local("gateway_stop", {"stopTimeout": template("var.gateway_drain_seconds")})
        self.gateway_additions = merged(
            only_if(self._has_metrics, mounts),
            only_if("var.collector_enabled", share),
            only_if(f"var.gateway_drain_seconds != {_STOP_TIMEOUT}", stop),
        )

    def containers(self, log_group_name: str) -> str:
        """Returns the expression of the list of the containers, which log to a group."""
        # Read even where there is no metrics port, and a text must not hold null.
        port = template("tostring(coalesce(var.gateway_metrics_port, 0))")
        metrics = self._local(
            "gateway_metrics_container",
            {
                "name": "metrics",
                "image": self._inputs.gateway_image.string_value,
                "essential": False,
                "command": ["python", "-m", "litellm.proxy.prometheus_metrics_server", "--port", port],
                "environment": [{"name": METRICS_FOLDER_VARIABLE, "value": METRICS_FOLDER}],
                "mountPoints": [self._mount],
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
        values, secrets = self._environment.values, self._environment.secrets
        run = ["python", "-m", "litellm.proxy.collector"]
        fetch_and_run = self._local("collector_fetch_and_run", f"{FETCH_SCRIPT}exec {' '.join(run)}\n")
        collector = self._local(
            "collector_container",
            {
                "name": "collector",
                "image": self._inputs.gateway_image.string_value,
                "essential": False,
                "cpu": template("var.collector_cpu"),
                "memory": template("var.collector_memory"),
                "command": template(f'{self._proxy_config.exists} ? ["sh", "-c", {fetch_and_run}] : {literal(run)}'),
                "stopTimeout": template(f"max({_STOP_TIMEOUT}, var.collector_drain_timeout_seconds + 10)"),
                # Without what is the gateway's alone: its pool, and the folder of its metrics.
                "environment": template(
                    f"[for name, value in {values} : {{ name = name, value = value }} "
                    f'if !startswith(name, "{POOL_VARIABLES}") && name != "{METRICS_FOLDER_VARIABLE}"]'
                ),
                "secrets": template(f"[for name, arn in {secrets} : {{ name = name, valueFrom = arn }}]"),
                "logConfiguration": container_log(log_group_name, self._inputs, "collector"),
            },
        )
        return (
            f"[for container in [{metrics}] : container if {self._has_metrics}], "
            f"[for container in [{collector}] : container if var.collector_enabled]"
        )

    def _local(self, name: str, value: object) -> str:
        return address(TerraformLocal(self, f"local.{name}", value))
