"""ElastiCache: the cache clusters of replication groups, and changes to subnet groups.

AWS's behavior is documented in https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/.
"""

import inspect
import re
from collections.abc import Callable
from itertools import cycle, islice
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.elasticache.exceptions import (
    CacheSubnetGroupNotFound,
    ElastiCacheException,
    InvalidParameterValueException,
)
from moto.elasticache.models import (
    CacheCluster,
    CacheSubnetGroup,
    ElastiCacheBackend,
    ReplicationGroup,
)
from moto.elasticache.responses import ElastiCacheResponse

from .patching import patch_method, set_member

_SHARED = (
    "at_rest_encryption_enabled",
    "auto_minor_version_upgrade",
    "cache_node_type",
    "cache_parameter_group_name",
    "cache_subnet_group_name",
    "engine",
    "engine_version",
    "ip_discovery",
    "network_type",
    "notification_topic_arn",
    "port",
    "preferred_maintenance_window",
    "security_group_ids",
    "snapshot_window",
    "transit_encryption_enabled",
    "transit_encryption_mode",
)
"""Attributes that a replication group shares with its clusters."""

_MODIFIED = {
    "AutoMinorVersionUpgrade": "auto_minor_version_upgrade",
    "CacheParameterGroupName": "cache_parameter_group_name",
    "NotificationTopicArn": "notification_topic_arn",
    "PreferredMaintenanceWindow": "preferred_maintenance_window",
    "SecurityGroupIds": "security_group_ids",
    "SnapshotWindow": "snapshot_window",
    "TransitEncryptionEnabled": "transit_encryption_enabled",
    "TransitEncryptionMode": "transit_encryption_mode",
}
"""Parameters of ModifyReplicationGroup that take effect immediately, and that moto ignores."""

_MODIFIED_IN_MAINTENANCE = {"CacheNodeType": "cache_node_type", "EngineVersion": "engine_version"}
"""Parameters that take effect in the maintenance window, unless ApplyImmediately is set."""


class CacheSubnetGroupInUse(ElastiCacheException):
    """A subnet group that contains clusters cannot be deleted."""

    code = "CacheSubnetGroupInUse"

    def __init__(self, name: str) -> None:
        super().__init__(f"Cache subnet group {name} is currently in use by a cache cluster.")


class NoOperation(ElastiCacheException):
    """The replication group already has this number of replicas."""

    code = "NoOperationFault"


def count_cache_clusters() -> None:
    """On AWS, NumCacheClusters is the number of clusters, primary and replicas, of a group with one shard.

    moto creates only the primary, unless ReplicasPerNodeGroup is set.
    """

    @patch_method(ReplicationGroup, "_set_node_members_clusters_disabled")
    def with_replicas(original: Callable[..., None], group: ReplicationGroup, **wanted: Any) -> None:
        wanted["replicas_per_node_group"] = wanted["replicas_per_node_group"] or wanted["num_cache_clusters"] - 1
        original(group, **wanted)


def place_clusters_in_their_subnets() -> None:
    """AWS distributes the clusters of a group over the Availability Zones of its subnet group.

    moto places them in zones of us-east-1 in every region.
    """

    @patch_method(ElastiCacheBackend, "create_replication_group")
    def with_zones(original: Callable[..., ReplicationGroup], backend: ElastiCacheBackend, **wanted: Any) -> Any:
        subnets = backend.cache_subnet_groups.get(wanted["cache_subnet_group_name"])
        if subnets and not wanted["preferred_cache_cluster_azs"]:
            clusters = wanted["num_cache_clusters"] or 1 + (wanted["replicas_per_node_group"] or 0)
            wanted["preferred_cache_cluster_azs"] = list(islice(cycle(_zones(subnets)), clusters))
        return original(backend, **wanted)


def report_replication_group_defaults() -> None:
    """AWS reports the defaults of omitted parameters, and full versions: 7.1.0 for 7.1.

    moto reports only the parameters of the request, unchanged.
    """

    @patch_method(ReplicationGroup, "__init__")
    def with_defaults(original: Callable[..., None], group: ReplicationGroup, *args: Any, **wanted: Any) -> None:
        original(group, *args, **wanted)
        if group.auto_minor_version_upgrade is None:
            group.auto_minor_version_upgrade = True
        if group.transit_encryption_enabled and not group.transit_encryption_mode:
            group.transit_encryption_mode = "required"
        group.preferred_maintenance_window = group.preferred_maintenance_window or "sun:10:00-sun:11:00"
        group.engine_version = _full_version(group.engine_version)


def create_clusters_of_replication_groups() -> None:
    """On AWS, each member of a replication group is a cache cluster, which DescribeCacheClusters returns.

    moto lists the names of the members, but does not create the clusters.
    """

    @patch_method(ElastiCacheBackend, "create_replication_group")
    def with_clusters(original: Callable[..., ReplicationGroup], backend: ElastiCacheBackend, **wanted: Any) -> Any:
        group = original(backend, **wanted)
        _match_clusters(backend, group)
        return group


def describe_all_cache_cluster_fields() -> None:
    """AWS reports a cluster's security groups, its parameter group and its pending modifications.

    moto stores the names of the groups, but does not report them.
    """

    def security_groups(cluster: CacheCluster) -> list[dict[str, str]]:
        return [{"SecurityGroupId": group, "Status": "active"} for group in cluster.security_group_ids]

    def cache_parameter_group(cluster: CacheCluster) -> dict[str, Any] | None:
        name = cluster.cache_parameter_group_name
        return {"CacheParameterGroupName": name, "ParameterApplyStatus": "in-sync"} if name else None

    set_member(CacheCluster, "security_groups", property(security_groups))
    set_member(CacheCluster, "cache_parameter_group", property(cache_parameter_group))


def modify_all_replication_group_settings() -> None:
    """On AWS, ModifyReplicationGroup changes the clusters of the group.

    A new node type or engine version takes effect in the next maintenance window, or with ApplyImmediately. moto
    supports only some of the parameters, applies them immediately, and does not change the clusters.
    """

    @patch_method(ElastiCacheResponse, "modify_replication_group")
    def with_clusters(original: Callable[..., Any], response: ElastiCacheResponse) -> Any:
        parameters = response._get_params()
        backend = response.elasticache_backend
        [group] = backend.describe_replication_groups(parameters["ReplicationGroupId"])
        waiting: dict[str, str] = vars(group).setdefault("waiting", {})
        waiting.update({key: parameters.pop(key) for key in _MODIFIED_IN_MAINTENANCE if key in parameters})
        answer = original(response)
        changed = {name: parameters[key] for key, name in _MODIFIED.items() if key in parameters}
        if parameters.get("ApplyImmediately"):
            changed |= {_MODIFIED_IN_MAINTENANCE[key]: value for key, value in waiting.items()}
            waiting.clear()
        for name, value in changed.items():
            setattr(group, name, _full_version(value) if name == "engine_version" else value)
        _match_clusters(backend, group)
        return answer


def change_the_number_of_replicas() -> None:
    """AWS has IncreaseReplicaCount and DecreaseReplicaCount. A group with Multi-AZ keeps at least one replica.

    moto implements neither.
    """

    def change(response: ElastiCacheResponse) -> ActionResult:
        backend = response.elasticache_backend
        [group] = backend.describe_replication_groups(response._get_param("ReplicationGroupId"))
        wanted = response._get_int_param("NewReplicaCount")
        present = len(group.member_clusters) - 1
        if wanted is None or group.cluster_enabled:
            raise InvalidParameterValueException("Only NewReplicaCount of a group with one shard is supported here.")
        if wanted == present:
            raise NoOperation(f"The replication group already has {present} replicas.")
        if wanted == 0 and "enabled" in (group.multi_az, group.automatic_failover):
            raise InvalidParameterValueException("With Multi-AZ a replication group has at least one replica.")
        _set_replicas(backend, group, wanted)
        _match_clusters(backend, group)
        return ActionResult({"ReplicationGroup": group})

    set_member(ElastiCacheResponse, "increase_replica_count", change)
    set_member(ElastiCacheResponse, "decrease_replica_count", change)


def delete_replication_groups_completely() -> None:
    """AWS deletes a replication group with its clusters. RetainPrimaryCluster keeps the primary.

    FinalSnapshotIdentifier creates a final snapshot. moto keeps the group forever, with the status deleting.
    """

    @patch_method(ElastiCacheResponse, "delete_replication_group")
    def with_snapshot(original: Callable[..., Any], response: ElastiCacheResponse) -> Any:
        if snapshot := response._get_param("FinalSnapshotIdentifier"):
            group = response._get_param("ReplicationGroupId")
            response.elasticache_backend.create_snapshot(snapshot, group, None, None, None)
        return original(response)

    @patch_method(ElastiCacheBackend, "delete_replication_group")
    def with_clusters(
        original: Callable[..., ReplicationGroup],
        backend: ElastiCacheBackend,
        replication_group_id: str,
        retain_primary_cluster: bool | None,
    ) -> ReplicationGroup:
        group = original(backend, replication_group_id, retain_primary_cluster)
        del backend.replication_groups[replication_group_id]
        backend.tagging_service.delete_all_tags_for_resource(group.arn)
        for name, cluster in list(backend.cache_clusters.items()):
            if getattr(cluster, "replication_group_id", None) == replication_group_id:
                if retain_primary_cluster and name == f"{replication_group_id}-001":
                    cluster.replication_group_id = None
                else:
                    del backend.cache_clusters[name]
        return group


def modify_and_delete_subnet_groups() -> None:
    """AWS has ModifyCacheSubnetGroup, and DeleteCacheSubnetGroup, which fails if the group contains clusters.

    moto implements neither.
    """

    def modify(response: ElastiCacheResponse) -> ActionResult:
        backend = response.elasticache_backend
        name = response._get_param("CacheSubnetGroupName")
        [present] = backend.describe_cache_subnet_groups(name)
        described = response._get_param("CacheSubnetGroupDescription", present.cache_subnet_group_description)
        subnets = response._get_param("SubnetIds", present.subnet_ids)
        changed = CacheSubnetGroup(backend.account_id, backend.region_name, name, described, subnets, present.tags)
        backend.cache_subnet_groups[name] = changed
        return ActionResult({"CacheSubnetGroup": changed})

    def delete(response: ElastiCacheResponse) -> EmptyResult:
        backend = response.elasticache_backend
        name = response._get_param("CacheSubnetGroupName")
        if name not in backend.cache_subnet_groups:
            raise CacheSubnetGroupNotFound(name)
        if any(cluster.cache_subnet_group_name == name for cluster in backend.cache_clusters.values()):
            raise CacheSubnetGroupInUse(name)
        group = backend.cache_subnet_groups.pop(name)
        backend.tagging_service.delete_all_tags_for_resource(group.arn)
        return EmptyResult()

    set_member(ElastiCacheResponse, "modify_cache_subnet_group", modify)
    set_member(ElastiCacheResponse, "delete_cache_subnet_group", delete)


def _zones(subnets: CacheSubnetGroup) -> list[str]:
    return sorted({subnet["subnet_availability_zone"] for subnet in subnets.subnets})


def _full_version(version: str | None) -> str | None:
    return f"{version}.0" if version and re.fullmatch(r"\d+\.\d+", version) else version


def _match_clusters(backend: ElastiCacheBackend, group: ReplicationGroup) -> None:
    """Creates, deletes and changes clusters until they match the group."""
    for name, cluster in list(backend.cache_clusters.items()):
        of_group = getattr(cluster, "replication_group_id", None) == group.replication_group_id
        if of_group and name not in group.member_clusters:
            del backend.cache_clusters[name]
    members = [member for node_group in group.node_groups for member in node_group["node_group_members"]]
    for member in members:
        name = member["cache_cluster_id"]
        if name not in backend.cache_clusters:
            parameters = dict.fromkeys(inspect.signature(backend.create_cache_cluster).parameters)
            given = {
                "cache_cluster_id": name,
                "cache_node_type": group.cache_node_type,
                "engine": "redis",  # moto records the replication group only for redis; the real engine is set below
                "preferred_availability_zone": member["preferred_availability_zone"],
                "replication_group_id": group.replication_group_id,
            }
            backend.create_cache_cluster(**(parameters | given))  # type: ignore[arg-type]
        cluster = backend.cache_clusters[name]
        for shared in _SHARED:
            setattr(cluster, shared, getattr(group, shared))
        cluster.security_group_ids = group.security_group_ids or []
        cluster.pending_modified_values = vars(group).get("waiting", {})


def _set_replicas(backend: ElastiCacheBackend, group: ReplicationGroup, number: int) -> None:
    """Replaces the group's members, in the same way as moto creates them."""
    [node_group] = group.node_groups
    subnets = backend.cache_subnet_groups.get(group.cache_subnet_group_name or "")
    domain = node_group["reader_endpoint_address"].removeprefix("replica.")
    group.member_clusters.clear()
    node_group["node_group_members"].clear()
    group._set_node_members_clusters_disabled(
        member_clusters=group.member_clusters,
        replication_group_id=group.replication_group_id,
        replication_group_domain=domain,
        node_group=node_group,
        preferred_cache_cluster_azs=list(islice(cycle(_zones(subnets)), number + 1)) if subnets else [],
        num_cache_clusters=number + 1,
        replicas_per_node_group=0,
    )
