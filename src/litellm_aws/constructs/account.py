"""The AWS account of the stack."""

from cdktf_cdktf_provider_aws.data_aws_partition import DataAwsPartition
from constructs import Construct

from .blocks import attribute, local
from .cluster import Cluster
from .expressions import call


class Account(Construct):
    """The account and its partition.

    Attributes:
        id: of 12 digits.
        partition: such as `aws`.
    """

    def __init__(self, scope: Construct, id_: str, *, cluster: Cluster) -> None:
        super().__init__(scope, id_)
        self.partition = attribute(DataAwsPartition(self, "data.aws_partition.current"), "partition")
        # `arn:<partition>:ecs:<region>:<account>:cluster/<name>` has the account, without asking STS.
        self.id = local(self, "account_id", call("element", call("split", ":", cluster.arn), 4))

    def aws_policy(self, path: str) -> str:
        """Returns the ARN of a policy that AWS manages, such as `service-role/AmazonECSTaskExecutionRolePolicy`."""
        return f"arn:{self.partition}:iam::aws:policy/{path}"
