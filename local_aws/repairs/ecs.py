"""ECS: the memory of Fargate tasks, the settings of services, and lists.

AWS's behavior is documented in https://docs.aws.amazon.com/AmazonECS/latest/APIReference/.
"""

import copy
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.ecs.models import EC2ContainerServiceBackend, Task, TaskDefinition
from moto.ecs.responses import EC2ContainerServiceResponse

from .patching import patch_method, set_member


def use_task_memory() -> None:
    """On Fargate, the task defines the memory, and containers need not set it.

    moto adds up the memory of the containers, and RunTask fails if a container does not set it.
    """

    @patch_method(EC2ContainerServiceBackend, "_calculate_task_resource_requirements")
    def with_memory(original: Callable[[TaskDefinition], dict[str, Any]], definition: TaskDefinition) -> dict[str, Any]:
        counted = copy.copy(definition)
        memory = int(definition.memory or 0)
        counted.container_definitions = [{"memory": memory, **each} for each in definition.container_definitions]
        return original(counted)

    wrapped = EC2ContainerServiceBackend._calculate_task_resource_requirements
    set_member(EC2ContainerServiceBackend, "_calculate_task_resource_requirements", staticmethod(wrapped))


def report_all_service_settings() -> None:
    """AWS reports all settings of a service. Availability Zone rebalancing is enabled by default.

    moto drops some settings when a service is created, but not when it is updated.
    """
    settings = {
        "availabilityZoneRebalancing": ("availability_zone_rebalancing", "ENABLED"),
        "capacityProviderStrategy": ("capacity_provider_strategy", None),
        "deploymentConfiguration": ("deployment_configuration", None),
        "enableECSManagedTags": ("enable_ecs_managed_tags", False),
        "enableExecuteCommand": ("enable_execute_command", False),
        "healthCheckGracePeriodSeconds": ("health_check_grace_period_seconds", None),
    }

    @patch_method(EC2ContainerServiceResponse, "create_service")
    def with_settings(original: Callable[..., ActionResult], response: EC2ContainerServiceResponse) -> ActionResult:
        answer = original(response)
        service: Any = answer.result["service"]  # type: ignore[index]
        for key, (name, default) in settings.items():
            setattr(service, name, response._get_param(key, default))
        return answer


def list_active_services_and_clusters() -> None:
    """On AWS, ListServices and ListClusters omit deleted services and clusters, although Describe calls return them.

    moto always lists them.
    """

    @patch_method(EC2ContainerServiceBackend, "list_services")
    def active_services(
        original: Callable[..., list[str]], backend: EC2ContainerServiceBackend, *args: Any, **kwargs: Any
    ) -> list[str]:
        active = {service.arn for service in backend.services.values() if service.status == "ACTIVE"}
        return [arn for arn in original(backend, *args, **kwargs) if arn in active]

    @patch_method(EC2ContainerServiceBackend, "list_clusters")
    def active_clusters(original: Callable[..., list[str]], backend: EC2ContainerServiceBackend) -> list[str]:
        active = {cluster.arn for cluster in backend.clusters.values() if cluster.status == "ACTIVE"}
        return [arn for arn in original(backend) if arn in active]


def list_tasks_of_a_service() -> None:
    """On AWS, ListTasks filters by serviceName, and by the desired status RUNNING by default.

    moto ignores serviceName, and lists all tasks by default.
    """

    @patch_method(EC2ContainerServiceBackend, "list_tasks")
    def of_service(
        original: Callable[..., list[Task]],
        backend: EC2ContainerServiceBackend,
        cluster_str: str | None = None,
        container_instance: str | None = None,
        family: str | None = None,
        started_by: str | None = None,
        service_name: str | None = None,
        desired_status: str | None = None,
    ) -> list[Task]:
        status = desired_status or "RUNNING"
        tasks = original(backend, cluster_str, container_instance, family, started_by, None, status)
        if service_name is None:
            return tasks
        return [task for task in tasks if task.group == f"service:{service_name.rpartition('/')[2]}"]
