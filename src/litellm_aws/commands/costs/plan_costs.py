"""The arithmetic: what the resources of a plan cost in a month.

In the sum is what is paid for by the hour or by the month. Every type of resource has a price here, or its place in the
price file among those that are free or cost by use only; another one is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from litellm_aws.fleet.problems import RefusedError

from .prices import Prices

ACUS_WHILE_RUNNING = Decimal("0.5")
"""The least capacity of a serverless instance that may pause, while it does not (Aurora User Guide, "Aurora Serverless
v2 capacity")."""
METRICS = {"cluster": 11, "service": 13, "family": 8}
"""How many metrics ECS Container Insights has for a cluster, a service, and a family of task definitions. They are
custom metrics (CloudWatch User Guide, "Amazon ECS Container Insights metrics", by dimensions)."""
ALARMS_PER_POLICY = 2
"""Target tracking makes one for each direction (AWS CLI, the example of `put-scaling-policy`)."""
_CENT = Decimal("0.01")
_PER_VCPU = _PER_GB = 1024


@dataclass(frozen=True)
class Item:
    """A line of the sum.

    Attributes:
        what: is paid for.
        number: of it.
        size: of each; empty where there is only one.
        monthly: the price of all of it, in USD.
        scaled: the numbers between which autoscaling changes it; empty where it does not.
    """

    what: str
    number: int
    size: str
    monthly: Decimal
    scaled: str = ""

    @property
    def numbers(self) -> str:
        """The number, and in brackets those of autoscaling."""
        return f"{self.number} ({self.scaled})" if self.scaled else str(self.number)


@dataclass(frozen=True)
class Resource:
    """A resource as it will be after the apply.

    Attributes:
        module: the address of the module that it is in.
        values: its attributes, without those that are not known yet.
    """

    address: str
    module: str
    type: str
    name: str
    values: Mapping[str, Any]


class Plan:
    """The resources that there are after the apply of a plan."""

    def __init__(self, document: Any) -> None:
        """Reads a plan.

        Args:
            document: what `terraform show -json` says of it.

        Raises:
            RefusedError: it says nothing of a plan.
        """
        try:
            self.resources = list(_resources(document["planned_values"].get("root_module", {}), ""))
        except (AttributeError, KeyError, TypeError):
            raise RefusedError("This is not what `terraform show -json` writes of a plan: check the file") from None

    def of_type(self, type_: str, module: str | None = None) -> list[Resource]:
        """Returns the resources of a type, of one module or of all."""
        return [each for each in self.resources if each.type == type_ and module in (None, each.module)]


def _resources(module: Mapping[str, Any], address: str) -> Iterator[Resource]:
    for found in module.get("resources", []):
        if found["mode"] == "managed":
            yield Resource(found["address"], address, found["type"], found["name"], found["values"])
    for child in module.get("child_modules", []):
        yield from _resources(child, child["address"])


def plan_costs(plan: Plan, prices: Prices) -> list[Item]:
    """Returns what the resources of a plan cost, each line rounded to cents.

    Raises:
        RefusedError: there is no price for one of them.
    """
    known = {*PRICED, *prices.by_use, *prices.free}
    unknown = sorted({each.type for each in plan.resources} - known)
    if unknown:
        raise RefusedError(
            f"There is no price for resources of type {', '.join(unknown)}: name them under `by_use` or `free` in a "
            "copy of the price file, and give that with --prices"
        )
    lines: dict[tuple[str, str], Item] = {}
    for type_, charges in PRICED.items():
        for resource in plan.of_type(type_):
            for item in charges(resource, plan, prices):
                line = lines.setdefault((item.what, item.size), replace(item, number=0, monthly=Decimal(0)))
                lines[item.what, item.size] = replace(
                    line, number=line.number + item.number, monthly=line.monthly + item.monthly
                )
    return [
        replace(line, monthly=line.monthly.quantize(_CENT, ROUND_HALF_UP)) for line in lines.values() if line.number
    ]


def total(items: Iterable[Item]) -> Decimal:
    """Returns the sum of lines."""
    return sum((item.monthly for item in items), Decimal("0.00"))


def _aurora_instance(instance: Resource, plan: Plan, prices: Prices) -> Iterator[Item]:
    class_ = instance.values["instance_class"]
    if class_ != "db.serverless":
        yield Item(f"Aurora {instance.name}", 1, class_, prices.monthly("aurora_instance_hour", class_))
        return
    [cluster] = plan.of_type("aws_rds_cluster", instance.module)
    [capacity] = cluster.values["serverlessv2_scaling_configuration"]
    least, largest = (Decimal(str(capacity[f"{limit}_capacity"])) for limit in ("min", "max"))
    running = max(least, ACUS_WHILE_RUNNING)
    size = f"{running.normalize():f} ACUs of {least.normalize():f} to {largest.normalize():f}"
    yield Item(f"Aurora {instance.name}", 1, size, running * prices.monthly("aurora_acu_hour"))


def _managed_password(cluster: Resource, _: Plan, prices: Prices) -> Iterator[Item]:
    # "When you store database secrets in Secrets Manager, your AWS account incurs charges" (RDS User Guide).
    if cluster.values.get("manage_master_user_password"):
        yield _secret(prices)


def _cache(group: Resource, _: Plan, prices: Prices) -> Iterator[Item]:
    engine, node, number = (group.values[name] for name in ("engine", "node_type", "num_cache_clusters"))
    yield Item(f"{engine.capitalize()} node", number, node, number * prices.monthly(f"{engine}_node_hour", node))


def _tasks(service: Resource, plan: Plan, prices: Prices) -> Iterator[Item]:
    name, number, scaled = service.values["name"], service.values["desired_count"], ""
    for target in plan.of_type("aws_appautoscaling_target", service.module):
        if target.values["resource_id"].endswith(f"/{name}"):
            least, most = (target.values[f"{limit}_capacity"] for limit in ("min", "max"))
            number, scaled = max(number, least), f"{least} to {most}"
    [task] = [
        each.values
        for each in plan.of_type("aws_ecs_task_definition", service.module)
        if each.values["family"] == name  # a service of this module has the name of its family
    ]
    vcpus, gigabytes = Decimal(task["cpu"]) / _PER_VCPU, Decimal(task["memory"]) / _PER_GB
    is_arm = any(each["cpu_architecture"] == "ARM64" for each in task["runtime_platform"])
    price = "fargate_arm" if is_arm else "fargate"
    each = vcpus * prices.monthly(f"{price}_vcpu_hour") + gigabytes * prices.monthly(f"{price}_gb_hour")
    size = f"{vcpus.normalize():f} vCPU, {gigabytes.normalize():f} GB{', ARM64' if is_arm else ''}"
    yield Item(f"Fargate task, {service.name}", number, size, number * each, scaled)
    if service.values["network_configuration"][0]["assign_public_ip"]:
        yield _public_address(prices, number)


def _load_balancer(balancer: Resource, plan: Plan, prices: Prices) -> Iterator[Item]:
    yield Item("Load balancer", 1, "", prices.monthly("load_balancer_hour"))
    yield Item("Load balancer capacity unit (LCU)", 1, "", prices.monthly("load_balancer_capacity_unit_hour"))
    if not balancer.values["internal"]:
        # One in each subnet. The IDs of subnets that do not exist yet are not known.
        subnets: Sequence[Any] = balancer.values.get("subnets") or [
            each for each in plan.of_type("aws_subnet", balancer.module) if each.name == "public"
        ]
        yield _public_address(prices, len(subnets))


def _nat_gateway(_: Resource, __: Plan, prices: Prices) -> Iterator[Item]:
    yield Item("NAT gateway", 1, "", prices.monthly("nat_gateway_hour"))


def _elastic_address(_: Resource, __: Plan, prices: Prices) -> Iterator[Item]:
    yield _public_address(prices, 1)


def _own_secret(_: Resource, __: Plan, prices: Prices) -> Iterator[Item]:
    yield _secret(prices)


def _container_insights(cluster: Resource, plan: Plan, prices: Prices) -> Iterator[Item]:
    if {"name": "containerInsights", "value": "enabled"} in cluster.values["setting"]:
        services = len(plan.of_type("aws_ecs_service", cluster.module))
        number = METRICS["cluster"] + services * (METRICS["service"] + METRICS["family"])
        yield Item("Container Insights metric", number, "", number * prices.monthly("custom_metric_month"))


def _policy(_: Resource, __: Plan, prices: Prices) -> Iterator[Item]:
    yield Item("Alarm of autoscaling", ALARMS_PER_POLICY, "", ALARMS_PER_POLICY * prices.monthly("alarm_month"))


def _alarm(alarm: Resource, _: Plan, prices: Prices) -> Iterator[Item]:
    metrics = sum(bool(query["metric"]) for query in alarm.values["metric_query"]) or 1
    yield Item("Metric of an alarm", metrics, "", metrics * prices.monthly("alarm_month"))


def _dashboard(_: Resource, __: Plan, prices: Prices) -> Iterator[Item]:
    yield Item("Dashboard", 1, "", prices.monthly("dashboard_month"))


def _secret(prices: Prices) -> Item:
    return Item("Secret", 1, "", prices.monthly("secret_month"))


def _public_address(prices: Prices, number: int) -> Item:
    return Item("Public IPv4 address", number, "", number * prices.monthly("public_ipv4_address_hour"))


PRICED: Mapping[str, Callable[[Resource, Plan, Prices], Iterator[Item]]] = {
    "aws_rds_cluster_instance": _aurora_instance,
    "aws_elasticache_replication_group": _cache,
    "aws_ecs_service": _tasks,
    "aws_lb": _load_balancer,
    "aws_nat_gateway": _nat_gateway,
    "aws_eip": _elastic_address,
    "aws_rds_cluster": _managed_password,
    "aws_secretsmanager_secret": _own_secret,
    "aws_ecs_cluster": _container_insights,
    "aws_appautoscaling_policy": _policy,
    "aws_cloudwatch_metric_alarm": _alarm,
    "aws_cloudwatch_dashboard": _dashboard,
}
"""What a resource of each type costs, in the order of the lines."""
