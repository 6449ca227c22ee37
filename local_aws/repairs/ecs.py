"""ECS: tasks on Fargate, and services that report what they were created with.

What AWS does is in https://docs.aws.amazon.com/AmazonECS/latest/APIReference/.
"""

import copy
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.ecs.models import EC2ContainerServiceBackend, TaskDefinition
from moto.ecs.responses import EC2ContainerServiceResponse

from .wrapping import around, give


def count_the_memory_of_a_task() -> None:
    """On Fargate the memory is the task's; a container of it need not have any of its own.

    moto adds up what the containers have, and fails in RunTask where one has none.
    """

    @around(EC2ContainerServiceBackend, "_calculate_task_resource_requirements")
    def with_memory(original: Callable[[TaskDefinition], dict[str, Any]], definition: TaskDefinition) -> dict[str, Any]:
        counted = copy.copy(definition)
        memory = int(definition.memory or 0)
        counted.container_definitions = [{"memory": memory, **each} for each in definition.container_definitions]
        return original(counted)

    wrapped = EC2ContainerServiceBackend._calculate_task_resource_requirements
    give(EC2ContainerServiceBackend, "_calculate_task_resource_requirements", staticmethod(wrapped))


def report_all_of_a_service() -> None:
    """AWS reports every setting that a service was created with; availability zones are rebalanced by default.

    moto drops some of them at creation, though not in an update.
    """
    settings = {
        "availabilityZoneRebalancing": ("availability_zone_rebalancing", "ENABLED"),
        "capacityProviderStrategy": ("capacity_provider_strategy", None),
        "deploymentConfiguration": ("deployment_configuration", None),
        "enableECSManagedTags": ("enable_ecs_managed_tags", False),
        "enableExecuteCommand": ("enable_execute_command", False),
        "healthCheckGracePeriodSeconds": ("health_check_grace_period_seconds", None),
    }

    @around(EC2ContainerServiceResponse, "create_service")
    def with_settings(original: Callable[..., ActionResult], response: EC2ContainerServiceResponse) -> ActionResult:
        answer = original(response)
        service: Any = answer.result["service"]  # type: ignore[index]
        for key, (name, default) in settings.items():
            setattr(service, name, response._get_param(key, default))
        return answer


def list_what_is_active() -> None:
    """On AWS ListServices and ListClusters leave out what was deleted, which DescribeServices still describes.

    moto lists it for ever.
    """

    @around(EC2ContainerServiceBackend, "list_services")
    def active_services(
        original: Callable[..., list[str]], backend: EC2ContainerServiceBackend, *args: Any, **kwargs: Any
    ) -> list[str]:
        active = {service.arn for service in backend.services.values() if service.status == "ACTIVE"}
        return [arn for arn in original(backend, *args, **kwargs) if arn in active]

    @around(EC2ContainerServiceBackend, "list_clusters")
    def active_clusters(original: Callable[..., list[str]], backend: EC2ContainerServiceBackend) -> list[str]:
        active = {cluster.arn for cluster in backend.clusters.values() if cluster.status == "ACTIVE"}
        return [arn for arn in original(backend) if arn in active]
