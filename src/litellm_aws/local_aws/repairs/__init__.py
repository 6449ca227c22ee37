"""Repairs moto where it differs from AWS. Each function makes one repair, and documents what AWS and moto do.

This package imports moto, which reads its settings from the environment at import.
"""

from collections.abc import Callable
from functools import cache

from . import application_autoscaling, ec2, ecs, elasticache, elbv2, logs, rds, route53, s3

REPAIRS: tuple[Callable[[], None], ...] = (
    application_autoscaling.tag_scalable_targets,
    application_autoscaling.delete_policies_with_their_target,
    application_autoscaling.update_policies_in_place,
    ec2.delete_nat_gateway_interfaces,
    ec2.delete_default_network_acls,
    ecs.use_task_memory,
    ecs.report_all_service_settings,
    ecs.reject_names_of_services_in_use,
    ecs.keep_what_an_update_of_a_service_leaves_out,
    ecs.reject_target_groups_without_load_balancer,
    ecs.count_tasks_and_services_of_clusters,
    ecs.list_active_services_and_clusters,
    ecs.list_tasks_of_a_service,
    elasticache.count_cache_clusters,
    elasticache.place_clusters_in_their_subnets,
    elasticache.report_replication_group_defaults,
    elasticache.create_clusters_of_replication_groups,
    elasticache.describe_all_cache_cluster_fields,
    elasticache.modify_all_replication_group_settings,
    elasticache.change_the_number_of_replicas,
    elasticache.delete_replication_groups_completely,
    elasticache.modify_and_delete_subnet_groups,
    elbv2.ignore_deregistration_of_unknown_targets,
    elbv2.protect_load_balancers,
    logs.change_the_key_of_a_log_group,
    logs.delete_the_tags_of_a_log_group,
    rds.report_scaling_of_serverless_clusters_only,
    rds.report_performance_insights,
    rds.choose_maintenance_windows_outside_backup_windows,
    rds.assign_unique_resource_ids,
    rds.require_a_final_snapshot_choice,
    rds.snapshot_clusters_only,
    rds.delete_automated_snapshots_with_their_cluster,
    rds.keep_modified_subnet_groups,
    rds.modify_iam_authentication,
    rds.modify_the_exported_logs,
    rds.reset_cluster_parameters,
    rds.restore_clusters_with_a_default_configuration,
    route53.begin_zone_ids_with_z,
    s3.keep_versions_when_versioning_is_suspended,
    s3.report_how_many_noncurrent_versions_stay,
)
"""All repairs. Each one patches moto's classes in this process."""


@cache
def repair_moto() -> None:
    """Applies all repairs, once per process."""
    for repair in REPAIRS:
        repair()
