"""ECS: the memory of Fargate tasks, the settings of services, and lists.

AWS's behavior is documented in https://docs.aws.amazon.com/AmazonECS/latest/APIReference/.
"""

import copy
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.ecs.exceptions import InvalidParameterException
from moto.ecs.models import EC2ContainerServiceBackend, Service, Task, TaskDefinition
from moto.ecs.responses import EC2ContainerServiceResponse
from moto.elbv2.models import elbv2_backends

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


def reject_names_of_services_in_use() -> None:
    """On AWS, CreateService fails with the name of an active or draining service (DeleteService in the API reference).

    moto replaces the service.
    """
    errors = {
        "ACTIVE": "Creation of service was not idempotent.",
        "DRAINING": "Unable to Start a service that is still Draining.",
    }

    @patch_method(EC2ContainerServiceBackend, "create_service")
    def with_unused_name(
        original: Callable[..., Any],
        backend: EC2ContainerServiceBackend,
        cluster: str,
        name: str,
        *args: Any,
        **kw: Any,
    ) -> Any:
        services, _ = backend.describe_services(cluster, [name])
        for service in services:
            if service.status in errors:
                raise InvalidParameterException(errors[service.status])
        return original(backend, cluster, name, *args, **kw)


def keep_what_an_update_of_a_service_leaves_out() -> None:
    """UpdateService changes the parts of deploymentConfiguration that a request has. moto forgets the others."""

    @patch_method(EC2ContainerServiceBackend, "update_service")
    def kept(original: Callable[..., Service], backend: EC2ContainerServiceBackend, wanted: dict[str, Any]) -> Service:
        given = wanted.get("deployment_configuration")
        if given is not None:
            service: Any = backend._get_service(wanted.get("cluster", "default"), wanted["service"].split("/")[-1])
            wanted = {**wanted, "deployment_configuration": {**(service.deployment_configuration or {}), **given}}
        return original(backend, wanted)


def reject_target_groups_without_load_balancer() -> None:
    """On AWS, CreateService fails if no listener forwards to a target group of the service.

    moto accepts every target group.
    """

    @patch_method(EC2ContainerServiceResponse, "create_service")
    def with_listeners(original: Callable[..., ActionResult], response: EC2ContainerServiceResponse) -> ActionResult:
        elb = elbv2_backends[response.current_account][response.region]
        for each in response._get_param("loadBalancers", []):
            arn = each.get("targetGroupArn")
            if arn and not elb._any_listener_using(arn):
                raise InvalidParameterException(
                    f"The target group with targetGroupArn {arn} does not have an associated load balancer."
                )
        return original(response)


def count_tasks_and_services_of_clusters() -> None:
    """AWS counts the running and pending tasks and the active services of a cluster (Cluster in the API reference).

    moto adds and subtracts the counts of services when they change, and never counts services.
    """
    attributes = {"RUNNING": "running_tasks_count", "PENDING": "pending_tasks_count"}

    @patch_method(EC2ContainerServiceBackend, "describe_clusters")
    def counted(original: Callable[..., Any], backend: EC2ContainerServiceBackend, names: list[str]) -> Any:
        clusters, failures = original(backend, names)
        for cluster in clusters:
            statuses = [task.last_status for task in list(backend.tasks.get(cluster.name, {}).values())]
            for status, attribute in attributes.items():
                setattr(cluster, attribute, statuses.count(status))
            cluster.active_services_count = sum(
                service.cluster_name == cluster.name and service.status == "ACTIVE"
                for service in list(backend.services.values())
            )
        return clusters, failures


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
