"""The three ECS services: gateway, backend and UI."""

from collections.abc import Sequence

from cdktf import ITerraformDependable, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.ecs_service import (
    EcsService,
    EcsServiceLoadBalancer,
    EcsServiceNetworkConfiguration,
)
from constructs import Construct

from .cluster import Cluster
from .environment import Environment
from .expressions import template
from .input_variables import InputVariables
from .load_balancer import BACKEND_PORT, GATEWAY_PORT, UI_PORT, LoadBalancer
from .naming import Naming
from .network import Network
from .one_shot_tasks import OneShotTasks
from .proxy_command import ProxyCommand
from .roles import Roles
from .secrets import Secrets
from .storage import Storage
from .task_definition import TaskDefinition, TaskSize


class Services(Construct):
    """The services, each behind its target group, none with a public address.

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
        storage: Storage,
        secrets: Secrets,
        roles: Roles,
        environment: Environment,
        one_shot_tasks: OneShotTasks,
    ) -> None:
        super().__init__(scope, id_)
        self._naming, self._network, self._cluster = naming, network, cluster
        gateway_command = ProxyCommand(
            self,
            "gateway_command",
            service="gateway",
            port=GATEWAY_PORT,
            storage=storage,
            options=["--workers", template("tostring(var.gateway_num_workers)")],
        )
        gateway = TaskDefinition(
            self,
            "gateway_task",
            name="gateway",
            inputs=inputs,
            naming=naming,
            size=TaskSize(inputs.gateway_cpu.string_value, inputs.gateway_memory.string_value),
            image=inputs.gateway_image.string_value,
            execution_role_arn=roles.task_execution_arn,
            task_role_arn=roles.task_arn,
            port=GATEWAY_PORT,
            command=gateway_command.words,
            values=environment.gateway.values,
            secrets=environment.gateway.secrets,
        )
        backend_command = ProxyCommand(self, "backend_command", service="backend", port=BACKEND_PORT, storage=storage)
        backend = TaskDefinition(
            self,
            "backend_task",
            name="backend",
            inputs=inputs,
            naming=naming,
            size=TaskSize(inputs.backend_cpu.string_value, inputs.backend_memory.string_value),
            image=inputs.backend_image.string_value,
            execution_role_arn=roles.task_execution_arn,
            task_role_arn=roles.task_arn,
            port=BACKEND_PORT,
            command=backend_command.words,
            values=environment.backend.values,
            secrets=environment.backend.secrets,
        )
        ui = TaskDefinition(
            self,
            "ui_task",
            name="ui",
            inputs=inputs,
            naming=naming,
            size=TaskSize(inputs.ui_cpu.string_value, inputs.ui_memory.string_value),
            image=inputs.ui_image.string_value,
            execution_role_arn=roles.task_execution_arn,
            task_role_arn=roles.ui_task_arn,
            port=UI_PORT,
        )

        can_start = [*load_balancer.listeners, *load_balancer.routes, *roles.start_permissions]
        can_work = [
            *can_start,
            *roles.task_permissions,
            one_shot_tasks.migration,
            secrets.master_key_version,
            secrets.license_version,
        ]
        self.gateway_name = self._service(
            "gateway",
            gateway,
            GATEWAY_PORT,
            load_balancer.gateway_target_group_arn,
            inputs.gateway_desired_count.number_value,
            depends_on=can_work,
        )
        self.backend_name = self._service(
            "backend",
            backend,
            BACKEND_PORT,
            load_balancer.backend_target_group_arn,
            inputs.backend_desired_count.number_value,
            depends_on=[*can_work, secrets.ui_password_version],
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
    ) -> str:
        service = EcsService(
            self,
            f"aws_ecs_service.{name}",
            name=self._naming.of(name),
            cluster=self._cluster.arn,
            task_definition=task.arn,
            desired_count=desired_count,
            launch_type="FARGATE",
            deployment_minimum_healthy_percent=50,
            deployment_maximum_percent=200,
            network_configuration=EcsServiceNetworkConfiguration(
                subnets=self._network.private_subnet_ids,
                security_groups=[self._network.tasks_group_id],
                assign_public_ip=False,
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
        return str(service.name)
