"""Where moto is not true enough for this stack: each function here mends one thing, and says what AWS does.

moto reads its settings from the environment when it is imported, and it is imported with this package.
"""

from collections.abc import Callable
from functools import cache

from . import application_autoscaling, ec2, ecs, elasticache, rds, s3

REPAIRS: tuple[Callable[[], None], ...] = (
    application_autoscaling.tag_scalable_targets,
    application_autoscaling.delete_policies_with_their_target,
    application_autoscaling.replace_the_alarms_of_a_changed_policy,
    ec2.delete_the_interface_of_a_nat_gateway,
    ec2.delete_the_default_network_acl_of_a_vpc,
    ecs.count_the_memory_of_a_task,
    ecs.report_all_of_a_service,
    ecs.list_what_is_active,
    elasticache.count_cache_clusters,
    elasticache.place_clusters_in_their_subnets,
    elasticache.fill_in_defaults_of_replication_groups,
    elasticache.make_the_clusters_of_replication_groups,
    elasticache.describe_cache_clusters_in_full,
    elasticache.modify_all_of_a_replication_group,
    elasticache.change_the_number_of_replicas,
    elasticache.delete_replication_groups_for_good,
    elasticache.change_and_delete_subnet_groups,
    rds.report_scaling_of_serverless_clusters_alone,
    rds.report_performance_insights,
    rds.choose_maintenance_windows_apart_from_backups,
    rds.give_each_instance_a_resource_id,
    rds.ask_for_a_final_snapshot_or_none,
    rds.back_up_clusters_as_a_whole,
    rds.delete_automated_snapshots_with_their_cluster,
    rds.keep_modified_subnet_groups,
    s3.keep_versions_when_versioning_is_suspended,
)
"""All repairs. Each changes moto's classes in this process."""


@cache
def mend_moto() -> None:
    """Applies all repairs, once in a process."""
    for repair in REPAIRS:
        repair()
