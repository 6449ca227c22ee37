"""The ECS cluster."""

from cdktf_cdktf_provider_aws.ecs_cluster import EcsCluster, EcsClusterSetting
from constructs import Construct

from .naming import Naming


class Cluster(Construct):
    """The ECS cluster, with container insights.

    Attributes:
        arn, name: of the cluster.
    """

    def __init__(self, scope: Construct, id_: str, *, naming: Naming) -> None:
        super().__init__(scope, id_)
        cluster = EcsCluster(
            self,
            "aws_ecs_cluster.this",
            name=naming.stack,
            setting=[EcsClusterSetting(name="containerInsights", value="enabled")],
            tags=naming.tags,
        )
        self.arn = cluster.arn
        self.name = cluster.name
