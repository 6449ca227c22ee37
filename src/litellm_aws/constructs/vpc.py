"""The VPC of the stack, managed or existing."""

from cdktf_cdktf_provider_aws.data_aws_subnet import DataAwsSubnet
from cdktf_cdktf_provider_aws.data_aws_vpc import DataAwsVpc
from constructs import Construct

from .blocks import count_if, count_of, each, local
from .expressions import COUNT_INDEX, Expression, call
from .input_variables import InputVariables
from .managed_vpc import ManagedVpc
from .naming import Naming


class Vpc(Construct):
    """The VPC that the module creates, or the one that `vpc_id` names. Its users need not know which.

    Attributes:
        id: of the VPC.
        public_subnet_ids, private_subnet_ids: its subnets.
        nat_gateways: a map of the IDs of the managed NAT gateways, by availability zone.
        internet_gateway: what must exist before a load balancer can face the internet.
        internet_access: what must exist before a task in a private subnet can pull an image.
    """

    def __init__(self, scope: Construct, id_: str, *, inputs: InputVariables, naming: Naming) -> None:
        super().__init__(scope, id_)
        self._inputs = inputs
        # By the length of a list, which is known even where the ids in it are not.
        self._is_managed = local(self, "creates_vpc", inputs.private_subnet_ids.length().equals(0))
        self._managed = managed = ManagedVpc(self, "managed", inputs=inputs, naming=naming, exists=self._is_managed)
        self.id = self._either("vpc_id", managed.id, inputs.vpc_id)
        self.public_subnet_ids = self._either("public_subnet_ids", managed.public_subnet_ids, inputs.public_subnet_ids)
        self.private_subnet_ids = self._either(
            "private_subnet_ids", managed.private_subnet_ids, inputs.private_subnet_ids
        )
        self.nat_gateways = managed.nat_gateways
        self.internet_gateway = managed.internet_gateway
        self.internet_access = managed.internet_access

    def ranges(self, *, where: Expression) -> Expression:
        """Returns the IPv4 ranges of the VPC.

        Args:
            where: whether they are used; otherwise no data source reads an existing VPC.
        """
        existing = DataAwsVpc(
            self,
            "data.aws_vpc.existing",
            count=count_if(~self._is_managed & where),
            id=self._inputs.vpc_id.as_string,
        )
        blocks = each(existing, "cidr_block_associations").splat("cidr_block")
        return self._either("vpc_ranges", [self._inputs.vpc_cidr], call("flatten", blocks))

    def load_balancer_ranges(self, subnet_ids: Expression, *, where: Expression) -> Expression:
        """Returns the IPv4 ranges of the load balancer's subnets; the arguments are those of `ranges`."""
        existing = DataAwsSubnet(
            self,
            "data.aws_subnet.load_balancer",
            count=count_of((~self._is_managed & where).then(subnet_ids.length(), 0)),
            id=subnet_ids[COUNT_INDEX].as_string,
        )
        managed = self._inputs.alb_internal.then(self._managed.private_ranges, self._managed.public_ranges)
        return self._either("load_balancer_ranges", managed, each(existing, "cidr_block"))

    def _either(self, name: str, managed: object, existing: object) -> Expression:
        return local(self, name, self._is_managed.then(managed, existing))
