"""ElastiCache Redis: the replication group and its subnets."""

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.elasticache_replication_group import ElasticacheReplicationGroup
from cdktf_cdktf_provider_aws.elasticache_subnet_group import ElasticacheSubnetGroup
from constructs import Construct

from .blocks import address, count_if, one
from .expressions import call, for_list, text
from .input_variables import InputVariables
from .naming import Naming
from .network import REDIS_PORT, Network

_NAME_LIMIT = 40
"""Characters that ElastiCache takes in the ID of a replication group (CreateReplicationGroup)."""


class Cache(Construct):
    """A Redis primary with its replicas, encrypted at rest and in transit, where `create_redis` asks for it.

    Attributes:
        exists: whether there is one.
        host, port_text: of the primary; null where there is none.
        endpoint: both, as `host:port`; null where there is none.
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
        has_replica = inputs.redis_num_replicas > 0
        group = ElasticacheReplicationGroup(
            self,
            "aws_elasticache_replication_group.this",
            count=count,
            replication_group_id=naming.within(_NAME_LIMIT, "redis"),
            description=f"Redis of {naming.stack}",
            engine="redis",
            engine_version="7.1",
            parameter_group_name="default.redis7",
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
        self.host = one(group, "primary_endpoint_address")
        self.port_text = call("tostring", one(group, "port"))
        self.endpoint = call(
            "one",
            for_list(
                address(group),
                lambda group: text(group.attribute("primary_endpoint_address"), ":", group.attribute("port")),
            ),
        )
