"""The VPC that the module creates: subnets, gateways and routes."""

from inspect import signature

from cdktf import IResolvable, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.default_security_group import DefaultSecurityGroup
from cdktf_cdktf_provider_aws.eip import Eip
from cdktf_cdktf_provider_aws.internet_gateway import InternetGateway
from cdktf_cdktf_provider_aws.nat_gateway import NatGateway
from cdktf_cdktf_provider_aws.route_table import RouteTable, RouteTableRoute
from cdktf_cdktf_provider_aws.route_table_association import RouteTableAssociation
from cdktf_cdktf_provider_aws.subnet import Subnet
from cdktf_cdktf_provider_aws.vpc import Vpc
from constructs import Construct

from .blocks import address, count_if, count_of, each, local, one
from .expressions import COUNT_INDEX, Expression, argument, call, for_list, for_map, text
from .flow_log import FlowLog
from .input_variables import InputVariables
from .naming import Naming
from .security_group import ANYWHERE

_SUBNET_BITS = 8
_FIRST_PRIVATE_SUBNET = 10


class ManagedVpc(Construct):
    """A VPC with a public and a private subnet in each availability zone, and NAT gateways.

    Attributes:
        id: of the VPC; null where there is none.
        public_subnet_ids, private_subnet_ids: empty where there is none.
        public_ranges, private_ranges: IPv4 ranges of the subnets.
        nat_gateways: a map of the IDs of the NAT gateways, by availability zone.
        internet_gateway: what must exist before a load balancer can face the internet.
        internet_access: what must exist before a task in a private subnet can pull an image.
    """

    def __init__(
        self, scope: Construct, id_: str, *, inputs: InputVariables, naming: Naming, exists: Expression
    ) -> None:
        """Declares the VPC.

        Args:
            exists: whether there is one.
        """
        super().__init__(scope, id_)
        self._inputs, self._naming = inputs, naming
        self._one = count_if(exists)
        self._azs = local(self, "managed_azs", exists.then(inputs.azs, []))
        self._per_az = count_of(self._azs.length())
        self._vpc = self._managed_vpc()
        self.id = one(self._vpc, "id")
        self.internet_gateway = InternetGateway(
            self,
            "aws_internet_gateway.this",
            count=self._one,
            vpc_id=self.id.as_string,
            tags=naming.tagged(),
        )
        DefaultSecurityGroup(
            self,
            "aws_default_security_group.this",
            count=count_if(exists & inputs.restrict_default_security_group),
            vpc_id=self.id.as_string,
            # Without these, Terraform keeps the rules that somebody adds.
            ingress=[],
            egress=[],
            tags=naming.tagged("default"),
        )
        FlowLog(self, "flow_log", inputs=inputs, naming=naming, vpc=self._vpc, exists=exists & inputs.flow_logs_enabled)
        public = self._subnet("public", COUNT_INDEX, map_public_ip_on_launch=inputs.map_public_ip_on_launch.as_boolean)
        private = self._subnet("private", COUNT_INDEX + _FIRST_PRIVATE_SUBNET)
        self.public_subnet_ids, self.public_ranges = each(public, "id"), each(public, "cidr_block")
        self.private_subnet_ids, self.private_ranges = each(private, "id"), each(private, "cidr_block")
        public_table = self._public_routes()
        nat_gateways = self._nat_gateways(public)
        self.nat_gateways = for_map(each(nat_gateways, "id"), lambda index, id: (self._azs[index], id))  # noqa: A006
        private_table = self._private_routes(nat_gateways)
        self.internet_access = [
            self.internet_gateway,
            self._association("public", public, one(public_table, "id")),
            self._association("private", private, call("element", each(private_table, "id"), COUNT_INDEX)),
        ]

    def _managed_vpc(self) -> Vpc:
        return Vpc(
            self,
            "aws_vpc.this",
            count=self._one,
            cidr_block=self._inputs.vpc_cidr.as_string,
            enable_dns_hostnames=True,
            enable_dns_support=True,
            tags=self._naming.tagged(),
            lifecycle=TerraformResourceLifecycle(precondition=[self._inputs.precondition("zones")]),
        )

    def _subnet(self, kind: str, number: Expression, *, map_public_ip_on_launch: IResolvable | None = None) -> Subnet:
        """Makes a subnet in each availability zone.

        Args:
            number: which 256th of the VPC's range it takes.
        """
        az = call("element", self._azs, COUNT_INDEX)
        return Subnet(
            self,
            f"aws_subnet.{kind}",
            count=self._per_az,
            vpc_id=self.id.as_string,
            availability_zone=az.as_string,
            cidr_block=call("cidrsubnet", self._inputs.vpc_cidr, _SUBNET_BITS, number).as_string,
            map_public_ip_on_launch=map_public_ip_on_launch,
            tags=self._naming.tagged(text(kind, "-", az)),
        )

    def _nat_gateways(self, public: Subnet) -> NatGateway:
        inputs = self._inputs
        number = local(self, "nat_gateway_count", inputs.tasks_in_public_subnets.then(0, self._one_or_per_az))
        count = count_of(number)
        eip = Eip(
            self,
            "aws_eip.nat",
            count=count,
            domain="vpc",
            tags=self._naming.tagged("nat"),
            depends_on=[self.internet_gateway],
        )
        return NatGateway(
            self,
            "aws_nat_gateway.this",
            count=count,
            allocation_id=address(eip)[COUNT_INDEX].attribute("id").as_string,
            subnet_id=address(public)[COUNT_INDEX].attribute("id").as_string,
            tags=self._naming.tagged(),
            depends_on=[self.internet_gateway],
        )

    @property
    def _one_or_per_az(self) -> Expression:
        """How many NAT gateways, where any, and private route tables there are: one, or one for each zone."""
        zones = self._azs.length()
        return self._inputs.nat_gateway_per_az.then(zones, call("min", zones, 1))

    def _public_routes(self) -> RouteTable:
        return RouteTable(
            self,
            "aws_route_table.public",
            count=self._one,
            vpc_id=self.id.as_string,
            route=[RouteTableRoute(cidr_block=ANYWHERE, gateway_id=one(self.internet_gateway, "id").as_string)],
            tags=self._naming.tagged("public"),
        )

    def _private_routes(self, nat_gateways: NatGateway) -> RouteTable:
        table = RouteTable(
            self,
            "aws_route_table.private",
            count=count_of(self._one_or_per_az),
            vpc_id=self.id.as_string,
            tags=self._naming.tagged("private"),
        )
        # An expression rather than a dynamic block: without a block, Terraform keeps the routes that are there.
        # An object must have all attributes, also those of newer providers: odb_network_arn is of 6.47.
        unset = local(self, "unset_route", dict.fromkeys([*signature(RouteTableRoute).parameters, "odb_network_arn"]))
        ids = local(self, "nat_gateways", each(nat_gateways, "id"))
        used = (ids.length() > 0).then([call("element", ids, COUNT_INDEX)], [])
        routes = for_list(used, lambda id: call("merge", unset, {"cidr_block": ANYWHERE, "nat_gateway_id": id}))  # noqa: A006
        table.add_override("route", argument(routes))
        return table

    def _association(self, kind: str, subnets: Subnet, table_id: Expression) -> RouteTableAssociation:
        return RouteTableAssociation(
            self,
            f"aws_route_table_association.{kind}",
            count=self._per_az,
            subnet_id=address(subnets)[COUNT_INDEX].attribute("id").as_string,
            route_table_id=table_id.as_string,
        )
