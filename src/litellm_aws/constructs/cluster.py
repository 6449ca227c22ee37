"""The ECS cluster."""

from cdktf_cdktf_provider_aws.ecs_cluster import EcsCluster, EcsClusterSetting
from cdktf_cdktf_provider_aws.ecs_cluster_capacity_providers import EcsClusterCapacityProviders
from constructs import Construct

from .blocks import attribute, count_if
from .input_variables import InputVariables
from .naming import Naming


class Cluster(Construct):
    """The ECS cluster, with container insights.

    Attributes:
        arn, name: of the cluster.
        capacity_providers: what must exist before a service can use Spot.
    """

    def __init__(self, scope: Construct, id_: str, *, inputs: InputVariables, naming: Naming) -> None:
        super().__init__(scope, id_)
        cluster = EcsCluster(
            self,
            "aws_ecs_cluster.this",
            name=naming.stack.as_string,
            setting=[EcsClusterSetting(name="containerInsights", value="enabled")],
            tags=naming.tags,
        )
        self.arn = attribute(cluster, "arn")
        self.name = attribute(cluster, "name")
        self.capacity_providers = EcsClusterCapacityProviders(
            self,
            "aws_ecs_cluster_capacity_providers.this",
            count=count_if(inputs.gateway_spot_percentage > 0),
            cluster_name=self.name.as_string,
            capacity_providers=["FARGATE", "FARGATE_SPOT"],
        )
