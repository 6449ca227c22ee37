"""The stack's resources as CloudWatch knows them: the dimensions of their metrics."""

from constructs import Construct

from .blocks import local
from .cache import Cache
from .cluster import Cluster
from .database import Database
from .expressions import Expression, call, for_map
from .load_balancer import LoadBalancer
from .network import Network
from .services import Services

LOAD_BALANCER = "AWS/ApplicationELB"
"""User Guide for Application Load Balancers, "CloudWatch metrics for your Application Load Balancer"."""
SERVICE = "AWS/ECS"
"""ECS Developer Guide, "Amazon ECS CloudWatch metrics"."""
TASKS = "ECS/ContainerInsights"
"""CloudWatch User Guide, "Amazon ECS Container Insights metrics". The cluster always has Container Insights."""
DATABASE = "AWS/RDS"
"""Aurora User Guide, "Amazon CloudWatch metrics for Amazon Aurora" and "Amazon CloudWatch dimensions for Aurora"."""
REDIS = "AWS/ElastiCache"
"""ElastiCache User Guide, "Metrics for Valkey and Redis OSS"."""
NAT_GATEWAY = "AWS/NATGateway"
"""VPC User Guide, "NAT gateway metrics and dimensions"."""


class Metrics(Construct):
    """The dimensions of the metrics of the stack's resources, from name to value.

    All but the first are maps of them, by a key that is known at plan.

    Attributes:
        load_balancer: of the load balancer as a whole.
        target_groups: by service: gateway, backend and ui.
        services: by service, in `AWS/ECS` and in `ECS/ContainerInsights`.
        database: by `writer` and, where `has_reader`, `reader`, whichever instance has that role: a failover swaps
            them. Only where `has_database`.
        redis_nodes: by number; empty where there is no managed Redis.
        nat_gateways: by availability zone; empty where there is no managed VPC.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        network: Network,
        load_balancer: LoadBalancer,
        cluster: Cluster,
        services: Services,
        database: Database,
        cache: Cache,
    ) -> None:
        super().__init__(scope, id_)
        balancer = {"LoadBalancer": load_balancer.arn_suffix}
        self.load_balancer = self._local("load_balancer", balancer)
        self.target_groups = self._local(
            "target_group",
            {
                service: {**balancer, "TargetGroup": suffix}
                for service, suffix in load_balancer.target_group_suffixes.items()
            },
        )
        self.services = self._local(
            "service",
            {service: {"ClusterName": cluster.name, "ServiceName": name} for service, name in services.names.items()},
        )
        self.has_database, self.has_reader = database.exists, database.has_reader
        roles = local(self, "database_roles", {"writer": True, "reader": database.has_reader})
        self.database = self._local(
            "database",
            for_map(
                roles,
                lambda role, _is_there: (
                    role,
                    {"DBClusterIdentifier": database.identifier, "Role": call("upper", role)},
                ),
                where=lambda _, is_there: is_there,
            ),
        )
        self.redis_nodes = self._local(
            "redis_node",
            for_map(cache.nodes, lambda index, id: (call("tostring", index + 1), {"CacheClusterId": id})),  # noqa: A006
        )
        self.nat_gateways = self._local(
            "nat_gateway",
            for_map(network.vpc.nat_gateways, lambda zone, id: (zone, {"NatGatewayId": id})),  # noqa: A006
        )

    def _local(self, name: str, dimensions: object) -> Expression:
        return local(self, f"{name}_dimensions", dimensions)
