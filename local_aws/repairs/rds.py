"""RDS: Aurora as AWS reports it, and its snapshots.

What AWS does is in https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/.
"""

import secrets
import string
from collections.abc import Callable
from typing import Any

from moto.rds.exceptions import DBSubnetGroupNotFoundError, InvalidParameterCombination
from moto.rds.models import DBCluster, DBInstance, DBInstanceClustered, DBSubnetGroup, RDSBackend
from moto.rds.responses import RDSResponse
from moto.rds.utils import valid_preferred_maintenance_window

from .wrapping import around, give


def report_scaling_of_serverless_clusters_alone() -> None:
    """AWS reports ScalingConfigurationInfo for Aurora Serverless v1 only.

    moto reports one, without values, for every cluster.
    """
    reported: Any = DBCluster.scaling_configuration_info

    def scaling_configuration_info(cluster: DBCluster) -> dict[str, Any] | None:
        info: dict[str, Any] | None = reported.fget(cluster) if cluster.scaling_configuration else None
        return info

    give(DBCluster, "scaling_configuration_info", property(scaling_configuration_info))


def report_performance_insights() -> None:
    """AWS reports whether Performance Insights are on, and then for how many days they are kept: 7 by default.

    moto drops EnablePerformanceInsights at creation, and reports nothing.
    """

    @around(DBInstance, "__init__")
    def with_insights(original: Callable[..., None], instance: DBInstance, *args: Any, **wanted: Any) -> None:
        original(instance, *args, **wanted)
        enabled = wanted.get("enable_performance_insights", False)
        days = wanted.get("performance_insights_retention_period", 7 if enabled else None)
        vars(instance).update(
            # By the names that ModifyDBInstance sets.
            enable_performance_insights=enabled,
            performance_insights_retention_period=days,
            performance_insights_kms_key_id=wanted.get("performance_insights_kms_key_id"),
        )

    give(DBInstance, "performance_insights_enabled", property(lambda instance: instance.enable_performance_insights))


def choose_maintenance_windows_apart_from_backups() -> None:
    """AWS chooses the maintenance window that a request leaves out, apart from the backup window of the cluster.

    moto gives all instances one window, whatever the cluster's backup window is, and then refuses any modification
    of an instance whose windows overlap.
    """

    @around(DBInstance, "__init__")
    def with_window(
        original: Callable[..., None], instance: DBInstance, backend: RDSBackend, *args: Any, **wanted: Any
    ) -> None:
        cluster = backend.clusters.get(wanted.get("db_cluster_identifier") or "")
        if cluster and "preferred_maintenance_window" not in wanted:
            windows = (f"sun:{hour:02}:00-sun:{hour:02}:30" for hour in range(24))
            backup = cluster.preferred_backup_window
            wanted["preferred_maintenance_window"] = next(
                window for window in windows if valid_preferred_maintenance_window(window, backup) is None
            )
        original(instance, backend, *args, **wanted)


def give_each_instance_a_resource_id() -> None:
    """On AWS DbiResourceId is an instance's own.

    In moto all instances have the same.
    """

    @around(DBInstance, "__init__")
    def with_id(original: Callable[..., None], instance: DBInstance, *args: Any, **wanted: Any) -> None:
        original(instance, *args, **wanted)
        letters = string.ascii_uppercase + string.digits
        instance.dbi_resource_id = "db-" + "".join(secrets.choice(letters) for _ in range(26))


def ask_for_a_final_snapshot_or_none() -> None:
    """On AWS DeleteDBCluster takes either FinalDBSnapshotIdentifier or SkipFinalSnapshot, and refuses both or none.

    moto ignores SkipFinalSnapshot: without an identifier it takes no snapshot.
    """

    @around(RDSResponse, "delete_db_cluster")
    def with_choice(original: Callable[..., Any], response: RDSResponse) -> Any:
        skipped = response._get_bool_param("SkipFinalSnapshot", False)
        named = response._get_param("FinalDBSnapshotIdentifier")
        if not skipped and not named:
            raise InvalidParameterCombination(
                "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified."
            )
        if skipped and named:
            raise InvalidParameterCombination(
                "FinalDBSnapshotIdentifier cannot be specified when SkipFinalSnapshot is specified."
            )
        return original(response)


def back_up_clusters_as_a_whole() -> None:
    """Aurora's snapshots are the cluster's: its instances have none.

    moto makes an automated snapshot of each instance as well.
    """
    give(DBInstanceClustered, "save_automated_backup", lambda _instance: None)


def delete_automated_snapshots_with_their_cluster() -> None:
    """On AWS a cluster's automated snapshots are deleted with it, and the manual ones stay, with the final one.

    moto keeps them all. A new cluster of that name cannot be made within a minute, for its first automated
    snapshot would have the old one's name.
    """

    @around(RDSBackend, "delete_db_cluster")
    def with_snapshots(original: Callable[..., DBCluster], backend: RDSBackend, *args: Any, **kwargs: Any) -> DBCluster:
        deleted = original(backend, *args, **kwargs)
        for name, snapshot in list(backend.cluster_snapshots.items()):
            if (
                snapshot.snapshot_type == "automated"
                and snapshot.db_cluster_identifier == deleted.db_cluster_identifier
            ):
                del backend.cluster_snapshots[name]
        return deleted


def keep_modified_subnet_groups() -> None:
    """On AWS ModifyDBSubnetGroup changes a group.

    moto takes it out of its books to change it, and does not put it back.
    """

    @around(RDSBackend, "modify_db_subnet_group")
    def kept(
        original: Callable[..., DBSubnetGroup], backend: RDSBackend, subnet_name: str, *args: Any, **kwargs: Any
    ) -> DBSubnetGroup:
        if subnet_name not in backend.subnet_groups:
            raise DBSubnetGroupNotFoundError(subnet_name)
        group = original(backend, subnet_name, *args, **kwargs)
        backend.subnet_groups[subnet_name] = group
        return group
