"""ElastiCache, with Redis OSS or Valkey: the replication group and its subnets."""

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.elasticache_replication_group import ElasticacheReplicationGroup
from cdktf_cdktf_provider_aws.elasticache_subnet_group import ElasticacheSubnetGroup
from constructs import Construct

from .blocks import address, count_if, each, local, one
from .expressions import call, for_list, text
from .input_variables import InputVariables
from .naming import Naming
from .network import REDIS_PORT, Network

_ENGINES = {
    "redis": {"version": "7.1", "parameters": "default.redis7"},
    "valkey": {"version": "7.2", "parameters": "default.valkey7"},
}
"""Version and parameter group of each engine (ElastiCache User Guide, "Supported engines and versions"). Each is the
last minor version of its major one, so that ElastiCache's automatic upgrades of minor versions never leave it: to a
newer version than the declared one, the provider would answer with a replacement."""

_NAME_LIMIT = 40
"""Characters that ElastiCache takes in the ID of a replication group (CreateReplicationGroup)."""


class Cache(Construct):
    """A primary of Redis OSS or Valkey with its replicas, encrypted at rest and in transit, where there is to be one.

    Attributes:
        exists: whether there is one.
        host, port_text: of the primary; null where there is none.
        endpoint: both, as `host:port`; null where there is none.
        nodes: IDs of the nodes, of which a plan knows how many there are.
    """

    def __init__(self, scope: Construct, id_: str, *, inputs: InputVariables, naming: Naming, network: Network) -> None:
        super().__init__(scope, id_)
        self.exists = inputs.create_redis
        count = count_if(self.exists)
        subnets = ElasticacheSubnetGroup(
            self,
            "aws_elasticache_subnet_group.this",
            count=count,
            name=naming.of("redis"),
            subnet_ids=network.vpc.private_subnet_ids.as_list,
            tags=naming.tags,
        )
        engine = local(self, "cache_engines", _ENGINES)[inputs.redis_engine]
        has_replica = inputs.redis_num_replicas > 0
        group = ElasticacheReplicationGroup(
            self,
            "aws_elasticache_replication_group.this",
            count=count,
            replication_group_id=naming.within(_NAME_LIMIT, "redis"),
            description=f"Redis of {naming.stack}",
            engine=inputs.redis_engine.as_string,
            engine_version=engine.attribute("version").as_string,
            parameter_group_name=engine.attribute("parameters").as_string,
            node_type=inputs.redis_node_type.as_string,
            port=REDIS_PORT,
            num_cache_clusters=(1 + inputs.redis_num_replicas).as_number,
            automatic_failover_enabled=has_replica.as_boolean,
            multi_az_enabled=has_replica.as_boolean,
            at_rest_encryption_enabled="true",
            kms_key_id=naming.kms_key_arn.as_string,
            transit_encryption_enabled=True,
            # Otherwise a change waits for the maintenance window, and every plan until then shows it again.
            apply_immediately=True,
            subnet_group_name=one(subnets, "name").as_string,
            security_group_ids=[network.cache_group.id.as_string],
            tags=naming.tags,
            # AWS cannot change it: a Redis that exists keeps its own.
            lifecycle=TerraformResourceLifecycle(ignore_changes=["kms_key_id"]),
        )
        number = self.exists.then(1 + inputs.redis_num_replicas, 0)
        members = local(self, "redis_member_clusters", call("sort", call("flatten", each(group, "member_clusters"))))
        nodes = for_list(call("range", number), lambda index: call("try", members[index], None))
        self.nodes = local(self, "redis_nodes", nodes)
        self.host = one(group, "primary_endpoint_address")
        self.port_text = call("tostring", one(group, "port"))
        self.endpoint = call(
            "one",
            for_list(
                address(group),
                lambda group: text(group.attribute("primary_endpoint_address"), ":", group.attribute("port")),
            ),
        )
