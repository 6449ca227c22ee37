"""The three ECS services: gateway, backend and UI."""

from collections.abc import Sequence

from cdktf import ITerraformDependable, TerraformLocal, TerraformResourceLifecycle, Token
from cdktf_cdktf_provider_aws.ecs_service import (
    EcsService,
    EcsServiceDeploymentCircuitBreaker,
    EcsServiceLoadBalancer,
    EcsServiceNetworkConfiguration,
)
from constructs import Construct

from .cluster import Cluster
from .component_command import ComponentCommands
from .environment import Environment
from .expressions import address, template
from .gateway_sidecars import GatewaySidecars
from .images import Images
from .input_variables import InputVariables
from .load_balancer import LoadBalancer
from .naming import Naming
from .network import Network
from .one_shot_tasks import OneShotTasks
from .ports import BACKEND_PORT, GATEWAY_PORT, UI_PORT
from .proxy_config import ProxyConfig
from .roles import Roles
from .secrets import Secrets
from .task_definition import TaskDefinition, TaskSize

_LAUNCHER = """\
$(python -c '
import importlib.util, sys
found = importlib.util.find_spec("gateway.launch")
print("python -m gateway.launch" if found else "uvicorn gateway.main:app")
if not found:
    print("This image has no gateway.launch, so there is no connection pool.", file=sys.stderr)
')"""
"""What starts the gateway with its pool, in the shell's language: only the launcher does, and images up to 1.86 have
none. Without single quotes in the program."""


class Services(Construct):
    """The services, each behind its target group.

    Attributes:
        gateway_name, backend_name, ui_name: of the ECS services.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        inputs: InputVariables,
        naming: Naming,
        network: Network,
        load_balancer: LoadBalancer,
        cluster: Cluster,
        images: Images,
        proxy_config: ProxyConfig,
        secrets: Secrets,
        roles: Roles,
        environment: Environment,
        one_shot_tasks: OneShotTasks,
    ) -> None:
        super().__init__(scope, id_)
        self._inputs, self._naming, self._network, self._cluster = inputs, naming, network, cluster
        commands = ComponentCommands(self, "commands", images=images, proxy_config=proxy_config)
        sidecars = GatewaySidecars(
            self,
            "gateway_sidecars",
            inputs=inputs,
            images=images,
            commands=commands,
            environment=environment.gateway,
        )
        launcher = TerraformLocal(self, "local.gateway_launcher", _LAUNCHER)
        server = template(f'var.gateway_connection_pool_enabled ? {address(launcher)} : "uvicorn gateway.main:app"')
        gateway = TaskDefinition(
            self,
            "gateway_task",
            name="gateway",
            inputs=inputs,
            naming=naming,
            size=TaskSize(inputs.gateway_cpu.string_value, inputs.gateway_memory.string_value),
            image=images.of("gateway"),
            execution_role_arn=roles.task_execution_arn,
            task_role_arn=roles.task_arn,
            port=GATEWAY_PORT,
            values=environment.gateway.values,
            secrets=environment.gateway.secrets,
            additions={
                **commands.container(
                    "gateway",
                    f"{environment.gateway.tracer}{server} --host 0.0.0.0 --port {GATEWAY_PORT}",
                    ["--workers", template("tostring(var.gateway_num_workers)")],
                ),
                **sidecars.gateway_additions(),
            },
            sidecars=sidecars.containers,
            volumes=sidecars.volumes,
        )
        backend = TaskDefinition(
            self,
            "backend_task",
            name="backend",
            inputs=inputs,
            naming=naming,
            size=TaskSize(inputs.backend_cpu.string_value, inputs.backend_memory.string_value),
            image=images.of("backend"),
            execution_role_arn=roles.task_execution_arn,
            task_role_arn=roles.task_arn,
            port=BACKEND_PORT,
            values=environment.backend.values,
            secrets=environment.backend.secrets,
            additions=commands.container(
                "backend",
                f"{environment.backend.tracer}uvicorn backend.main:app --host 0.0.0.0 --port {BACKEND_PORT}",
            ),
        )
        ui = TaskDefinition(
            self,
            "ui_task",
            name="ui",
            inputs=inputs,
            naming=naming,
            size=TaskSize(inputs.ui_cpu.string_value, inputs.ui_memory.string_value),
            image=images.of("ui"),
            execution_role_arn=roles.task_execution_arn,
            task_role_arn=roles.ui_task_arn,
            port=UI_PORT,
            additions={"command": images.component_command("ui")},
        )

        self._strategy = TerraformLocal(
            self,
            "local.gateway_capacity",
            {
                # One task on demand, whatever happens to Spot.
                "FARGATE": {"base": 1, "weight": template("100 - var.gateway_spot_percentage")},
                "FARGATE_SPOT": {"base": 0, "weight": template("var.gateway_spot_percentage")},
            },
        )
        can_start = [*load_balancer.listeners, *load_balancer.routes, *roles.start_permissions]
        can_work = [
            *can_start,
            *roles.task_permissions,
            one_shot_tasks.migration,
            *secrets.versions,
            *network.internet_access,
        ]
        self.gateway_name = self._service(
            "gateway",
            gateway,
            GATEWAY_PORT,
            load_balancer.gateway_target_group_arn,
            inputs.gateway_desired_count.number_value,
            depends_on=[*can_work, cluster.capacity_providers],
            spot=True,
        )
        self.backend_name = self._service(
            "backend",
            backend,
            BACKEND_PORT,
            load_balancer.backend_target_group_arn,
            inputs.backend_desired_count.number_value,
            depends_on=can_work,
        )
        self.ui_name = self._service(
            "ui",
            ui,
            UI_PORT,
            load_balancer.ui_target_group_arn,
            inputs.ui_desired_count.number_value,
            depends_on=[*can_start, *network.internet_access],
        )

    def _service(
        self,
        name: str,
        task: TaskDefinition,
        port: int,
        target_group_arn: str,
        desired_count: float,
        *,
        depends_on: Sequence[ITerraformDependable],
        spot: bool = False,
    ) -> str:
        """Makes a service, and returns its name.

        Args:
            spot: whether gateway_spot_percentage is about it.
        """
        service = EcsService(
            self,
            f"aws_ecs_service.{name}",
            name=self._naming.of(name),
            cluster=self._cluster.arn,
            task_definition=task.arn,
            desired_count=desired_count,
            launch_type=template('var.gateway_spot_percentage > 0 ? null : "FARGATE"') if spot else "FARGATE",
            enable_execute_command=self._inputs.enable_execute_command.boolean_value,
            health_check_grace_period_seconds=Token.as_number(
                template("var.health_check_grace_period_seconds > 0 ? var.health_check_grace_period_seconds : null")
            ),
            # Always said, for what is left out stays as it was.
            deployment_circuit_breaker=EcsServiceDeploymentCircuitBreaker(
                enable=self._inputs.deployment_circuit_breaker.boolean_value,
                rollback=self._inputs.deployment_circuit_breaker.boolean_value,
            ),
            deployment_minimum_healthy_percent=50,
            deployment_maximum_percent=200,
            network_configuration=EcsServiceNetworkConfiguration(
                subnets=self._network.task_subnet_ids,
                security_groups=self._network.task_group_ids,
                assign_public_ip=self._inputs.tasks_in_public_subnets.boolean_value,
            ),
            load_balancer=[
                EcsServiceLoadBalancer(
                    target_group_arn=target_group_arn,
                    container_name=task.container_name,
                    container_port=port,
                )
            ],
            tags=self._naming.tags,
            lifecycle=TerraformResourceLifecycle(ignore_changes=["desired_count"]),
            depends_on=depends_on,
        )
        if spot:
            # Otherwise another share makes the service anew.
            service.add_override("force_new_deployment", template("var.gateway_spot_percentage > 0 ? true : null"))
            service.add_override(
                "dynamic.capacity_provider_strategy",
                {
                    "for_each": template(f"var.gateway_spot_percentage > 0 ? {address(self._strategy)} : {{}}"),
                    "content": {
                        "capacity_provider": template("capacity_provider_strategy.key"),
                        "base": template("capacity_provider_strategy.value.base"),
                        "weight": template("capacity_provider_strategy.value.weight"),
                    },
                },
            )
        return str(service.name)
