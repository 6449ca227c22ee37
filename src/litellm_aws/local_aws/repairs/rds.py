"""RDS: the attributes and the snapshots of Aurora clusters.

AWS's behavior is documented in https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/.
"""

import secrets
import string
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.rds.exceptions import (
    DBClusterParameterGroupNotFoundError,
    DBSubnetGroupNotFoundError,
    InvalidParameterCombination,
)
from moto.rds.models import DBCluster, DBInstance, DBInstanceClustered, DBSubnetGroup, RDSBackend
from moto.rds.responses import RDSResponse
from moto.rds.utils import valid_preferred_maintenance_window

from .patching import patch_method, set_member


def report_scaling_of_serverless_clusters_only() -> None:
    """AWS reports ScalingConfigurationInfo for Aurora Serverless v1 only.

    moto reports it, without values, for every cluster.
    """
    reported: Any = DBCluster.scaling_configuration_info

    def scaling_configuration_info(cluster: DBCluster) -> dict[str, Any] | None:
        info: dict[str, Any] | None = reported.fget(cluster) if cluster.scaling_configuration else None
        return info

    set_member(DBCluster, "scaling_configuration_info", property(scaling_configuration_info))


def report_performance_insights() -> None:
    """AWS reports whether Performance Insights is enabled, and its retention period: 7 days by default.

    moto drops EnablePerformanceInsights when an instance is created, and reports nothing.
    """

    @patch_method(DBInstance, "__init__")
    def with_insights(original: Callable[..., None], instance: DBInstance, *args: Any, **wanted: Any) -> None:
        original(instance, *args, **wanted)
        enabled = wanted.get("enable_performance_insights", False)
        days = wanted.get("performance_insights_retention_period", 7 if enabled else None)
        vars(instance).update(
            # The names that ModifyDBInstance sets.
            enable_performance_insights=enabled,
            performance_insights_retention_period=days,
            performance_insights_kms_key_id=wanted.get("performance_insights_kms_key_id"),
        )

    set_member(
        DBInstance, "performance_insights_enabled", property(lambda instance: instance.enable_performance_insights)
    )


def choose_maintenance_windows_outside_backup_windows() -> None:
    """AWS selects a default maintenance window that does not overlap with the cluster's backup window.

    moto always selects the same window, and then rejects all modifications of an instance whose windows overlap.
    """

    @patch_method(DBInstance, "__init__")
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


def assign_unique_resource_ids() -> None:
    """On AWS, each instance has its own DbiResourceId.

    In moto, all instances have the same one.
    """

    @patch_method(DBInstance, "__init__")
    def with_id(original: Callable[..., None], instance: DBInstance, *args: Any, **wanted: Any) -> None:
        original(instance, *args, **wanted)
        letters = string.ascii_uppercase + string.digits
        instance.dbi_resource_id = "db-" + "".join(secrets.choice(letters) for _ in range(26))


def require_a_final_snapshot_choice() -> None:
    """On AWS, DeleteDBCluster requires either FinalDBSnapshotIdentifier or SkipFinalSnapshot, but not both.

    moto ignores SkipFinalSnapshot. Without an identifier, it creates no snapshot.
    """

    @patch_method(RDSResponse, "delete_db_cluster")
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


def snapshot_clusters_only() -> None:
    """Aurora creates snapshots of a cluster, not of its instances.

    moto creates an automated snapshot of each instance too.
    """
    set_member(DBInstanceClustered, "save_automated_backup", lambda _instance: None)


def delete_automated_snapshots_with_their_cluster() -> None:
    """AWS deletes a cluster's automated snapshots together with the cluster, but keeps manual and final snapshots.

    moto keeps all snapshots. Within a minute, a new cluster with the same name then cannot be created, because its
    first automated snapshot would have the name of an existing one.
    """

    @patch_method(RDSBackend, "delete_db_cluster")
    def with_snapshots(original: Callable[..., DBCluster], backend: RDSBackend, *args: Any, **kwargs: Any) -> DBCluster:
        deleted = original(backend, *args, **kwargs)
        for name, snapshot in list(backend.cluster_snapshots.items()):
            if (
                snapshot.snapshot_type == "automated"
                and snapshot.db_cluster_identifier == deleted.db_cluster_identifier
            ):
                del backend.cluster_snapshots[name]
        return deleted


def restore_clusters_with_a_default_configuration() -> None:
    """RestoreDBClusterFromSnapshot creates a cluster "with a default configuration" and the settings of the request.

    The data, and with them the database's name, the master user and its password, are those of the snapshot. Deletion
    protection and IAM authentication are disabled by default. moto takes over all settings of the snapshot's cluster,
    and ignores those of the request that are false.
    """

    @patch_method(RDSBackend, "restore_db_cluster_from_snapshot")
    def restored(_: Callable[..., DBCluster], backend: RDSBackend, name: str, wanted: dict[str, Any]) -> DBCluster:
        # A request has the name of a snapshot, or its ARN.
        name = name.rpartition(":cluster-snapshot:")[2]
        [snapshot] = backend.describe_db_cluster_snapshots(db_cluster_identifier=None, db_snapshot_identifier=name)
        source = snapshot.cluster
        own = {
            "database_name": source.database_name,
            "master_username": source.master_username,
            "master_user_password": source._master_user_password,
            "storage_encrypted": snapshot.storage_encrypted,
            "kms_key_id": snapshot.kms_key_id,
        }
        settings = {key: value for key, value in wanted.items() if key != "snapshot_identifier"}
        return backend.create_db_cluster({"engine_version": snapshot.engine_version, **settings, **own})


def modify_iam_authentication() -> None:
    """ModifyDBCluster enables and disables IAM authentication.

    moto reports the value with which the cluster was created.
    """

    @patch_method(RDSBackend, "modify_db_cluster")
    def modified(original: Callable[..., DBCluster], backend: RDSBackend, wanted: dict[str, Any]) -> DBCluster:
        enabled = wanted.pop("enable_iam_database_authentication", None)
        if enabled is not None:
            backend.clusters[wanted["db_cluster_identifier"]].iam_auth = enabled
        return original(backend, wanted)


def modify_the_exported_logs() -> None:
    """ModifyDBCluster starts and stops exports of logs (CloudwatchLogsExportConfiguration). moto ignores them."""

    @patch_method(RDSBackend, "modify_db_cluster")
    def modified(original: Callable[..., DBCluster], backend: RDSBackend, wanted: dict[str, Any]) -> DBCluster:
        exports = wanted.pop("cloudwatch_logs_export_configuration", None) or {}
        exports = wanted.pop("enable_cloudwatch_logs_exports", None) or exports
        cluster = backend.clusters[wanted["db_cluster_identifier"]]
        kept = set(cluster.enabled_cloudwatch_logs_exports) - set(exports.get("DisableLogTypes", []))
        cluster.enabled_cloudwatch_logs_exports = sorted(kept | set(exports.get("EnableLogTypes", [])))
        return original(backend, wanted)


def keep_modified_subnet_groups() -> None:
    """On AWS, ModifyDBSubnetGroup changes a group.

    moto removes the group to change it, and does not add it again.
    """

    @patch_method(RDSBackend, "modify_db_subnet_group")
    def kept(
        original: Callable[..., DBSubnetGroup], backend: RDSBackend, subnet_name: str, *args: Any, **kwargs: Any
    ) -> DBSubnetGroup:
        if subnet_name not in backend.subnet_groups:
            raise DBSubnetGroupNotFoundError(subnet_name)
        group = original(backend, subnet_name, *args, **kwargs)
        backend.subnet_groups[subnet_name] = group
        return group


def reset_cluster_parameters() -> None:
    """ResetDBClusterParameterGroup gives parameters their default values again. moto does not have it."""

    def reset(response: RDSResponse) -> ActionResult:
        name = response.params["DBClusterParameterGroupName"]
        if name not in response.backend.db_cluster_parameter_groups:
            raise DBClusterParameterGroupNotFoundError(name)
        group = response.backend.db_cluster_parameter_groups[name]
        if response.params.get("ResetAllParameters"):
            group.parameters.clear()
        for parameter in response.params.get("Parameters", []):
            group.parameters.pop(parameter["ParameterName"], None)
        return ActionResult({"DBClusterParameterGroupName": group.name})

    set_member(RDSResponse, "reset_db_cluster_parameter_group", reset)
