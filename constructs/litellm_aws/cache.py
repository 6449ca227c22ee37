"""ElastiCache Redis: the replication group and its subnets."""

from cdktf import TerraformLocal, Token
from cdktf_cdktf_provider_aws.elasticache_replication_group import ElasticacheReplicationGroup
from cdktf_cdktf_provider_aws.elasticache_subnet_group import ElasticacheSubnetGroup
from constructs import Construct

from .expressions import one, one_if, template
from .input_variables import InputVariables
from .naming import Naming
from .network import REDIS_PORT, Network

_NAME_LIMIT = 40
"""Characters that ElastiCache takes in the id of a replication group (CreateReplicationGroup)."""


class Cache(Construct):
    """A Redis primary with its replicas, encrypted at rest and in transit, unless it is brought along or left out.

    Attributes:
        created: a local, whether there is one.
        host, port_text: of the primary; null where there is none.
        endpoint: both, as `host:port`; null where there is none.
    """

    def __init__(self, scope: Construct, id_: str, *, inputs: InputVariables, naming: Naming, network: Network) -> None:
        super().__init__(scope, id_)
        self.created = TerraformLocal(self, "local.creates_redis", inputs.create_redis.value)
        count = one_if(self.created)
        subnets = ElasticacheSubnetGroup(
            self,
            "aws_elasticache_subnet_group.this",
            count=count,
            name=naming.of("redis"),
            subnet_ids=network.private_subnet_ids,
            tags=naming.tags,
        )
        has_replica = TerraformLocal(self, "local.has_redis_replica", template("var.redis_num_replicas > 0")).as_boolean
        group = ElasticacheReplicationGroup(
            self,
            "aws_elasticache_replication_group.this",
            count=count,
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
            subnet_group_name=one(subnets, "name"),
            security_group_ids=[network.cache_group_id],
            tags=naming.tags,
        )
        self.host = one(group, "primary_endpoint_address")
        self.port_text = template(f"tostring(one({group.node.id}[*].port))")
        self.endpoint = template(
            f'one([for group in {group.node.id} : "${{group.primary_endpoint_address}}:${{group.port}}"])'
        )
