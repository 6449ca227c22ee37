"""ElastiCache Redis: the replication group and its subnets."""

from cdktf import TerraformLocal, Token
from cdktf_cdktf_provider_aws.elasticache_replication_group import ElasticacheReplicationGroup
from cdktf_cdktf_provider_aws.elasticache_subnet_group import ElasticacheSubnetGroup
from constructs import Construct

from .expressions import template
from .input_variables import InputVariables
from .naming import Naming
from .network import REDIS_PORT, Network

_NAME_LIMIT = 40
"""Characters that ElastiCache takes in the id of a replication group (CreateReplicationGroup)."""


class Cache(Construct):
    """A Redis primary with its replicas, encrypted at rest and in transit.

    Attributes:
        host, port: of the primary.
        endpoint: both, as `host:port`.
    """

    def __init__(self, scope: Construct, id_: str, *, inputs: InputVariables, naming: Naming, network: Network) -> None:
        super().__init__(scope, id_)
        subnets = ElasticacheSubnetGroup(
            self,
            "aws_elasticache_subnet_group.this",
            name=naming.of("redis"),
            subnet_ids=network.private_subnet_ids,
            tags=naming.tags,
        )
        has_replica = TerraformLocal(self, "local.has_redis_replica", template("var.redis_num_replicas > 0")).as_boolean
        group = ElasticacheReplicationGroup(
            self,
            "aws_elasticache_replication_group.this",
            replication_group_id=naming.within(_NAME_LIMIT, "redis"),
            description=f"Redis of {naming.stack}",
            engine="redis",
            engine_version="7.1",
            parameter_group_name="default.redis7",
            node_type=inputs.redis_node_type.string_value,
            port=REDIS_PORT,
            num_cache_clusters=Token.as_number(template("1 + var.redis_num_replicas")),
            automatic_failover_enabled=has_replica,
            multi_az_enabled=has_replica,
            at_rest_encryption_enabled="true",
            transit_encryption_enabled=True,
            # Otherwise a change waits for the maintenance window, and every plan until then shows it again.
            apply_immediately=True,
            subnet_group_name=subnets.name,
            security_group_ids=[network.cache_group_id],
            tags=naming.tags,
        )
        self.host = group.primary_endpoint_address
        self.port = group.port
        self.endpoint = f"{group.primary_endpoint_address}:{Token.as_string(group.port)}"
