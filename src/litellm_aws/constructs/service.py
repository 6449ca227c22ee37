"""An ECS service behind its target group."""

from collections.abc import Sequence

from cdktf import ITerraformDependable, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.ecs_service import (
    EcsService,
    EcsServiceDeploymentCircuitBreaker,
    EcsServiceLoadBalancer,
    EcsServiceNetworkConfiguration,
)
from cdktf_cdktf_provider_aws.lb_target_group import LbTargetGroup
from constructs import Construct

from .blocks import add_dynamic_block, attribute, local
from .cluster import Cluster
from .expressions import Expression, argument, when
from .input_variables import InputVariables
from .naming import Naming
from .network import Network
from .task_definition import TaskDefinition


class Service(Construct):
    """A service, `aws_ecs_service.<name>`.

    Attributes:
        id: the ARN.
        service_name: in ECS.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        inputs: InputVariables,
        naming: Naming,
        network: Network,
        cluster: Cluster,
        task: TaskDefinition,
        port: int,
        target_group: LbTargetGroup,
        depends_on: Sequence[ITerraformDependable],
        spot_percentage: Expression | None = None,
    ) -> None:
        """Declares the service.

        Args:
            task: its container for the target group has the name of the service.
            port: TCP port of that container.
            spot_percentage: percentage of the tasks that run on Fargate Spot; None is none.
        """
        super().__init__(scope, f"{name}_service")
        on_demand = "FARGATE" if spot_percentage is None else when(spot_percentage.equals(0), "FARGATE").as_string
        grace = inputs.health_check_grace_period_seconds
        self._service = EcsService(
            self,
            f"aws_ecs_service.{name}",
            name=naming.of(name),
            cluster=cluster.arn.as_string,
            task_definition=task.arn.as_string,
            desired_count=inputs.named(f"{name}_desired_count").as_number,
            launch_type=on_demand,
            enable_execute_command=inputs.enable_execute_command.as_boolean,
            health_check_grace_period_seconds=when(grace > 0, grace).as_number,
            # Always declared: an absent block would keep the old value.
            deployment_circuit_breaker=EcsServiceDeploymentCircuitBreaker(
                enable=inputs.deployment_circuit_breaker.as_boolean,
                rollback=inputs.deployment_circuit_breaker.as_boolean,
            ),
            deployment_minimum_healthy_percent=50,
            deployment_maximum_percent=200,
            network_configuration=EcsServiceNetworkConfiguration(
                subnets=network.task_subnet_ids.as_list,
                security_groups=network.task_group_ids.as_list,
                assign_public_ip=inputs.tasks_in_public_subnets.as_boolean,
            ),
            load_balancer=[
                EcsServiceLoadBalancer(
                    target_group_arn=attribute(target_group, "arn").as_string, container_name=name, container_port=port
                )
            ],
            tags=naming.tags,
            lifecycle=TerraformResourceLifecycle(ignore_changes=["desired_count"]),
            depends_on=depends_on,
        )
        self.id = attribute(self._service, "id")
        self.service_name = attribute(self._service, "name")
        if spot_percentage is not None:
            self._run_on_spot(name, spot_percentage)

    def _run_on_spot(self, name: str, percentage: Expression) -> None:
        uses_spot = percentage > 0
        strategy = local(
            self,
            f"{name}_capacity",
            {
                # One task on demand, whatever happens to Spot.
                "FARGATE": {"base": 1, "weight": 100 - percentage},
                "FARGATE_SPOT": {"base": 0, "weight": percentage},
            },
        )
        add_dynamic_block(
            self._service,
            "capacity_provider_strategy",
            uses_spot.then(strategy, {}),
            lambda provider, share: {
                "capacity_provider": provider,
                "base": share.attribute("base"),
                "weight": share.attribute("weight"),
            },
        )
        # Otherwise a change of the percentage would replace the service.
        self._service.add_override("force_new_deployment", argument(when(uses_spot, True)))
