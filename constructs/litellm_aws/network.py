"""The VPC, its subnets and routes, and the security groups."""

from cdktf import Fn, Precondition, TerraformCount, TerraformLocal, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.eip import Eip
from cdktf_cdktf_provider_aws.internet_gateway import InternetGateway
from cdktf_cdktf_provider_aws.nat_gateway import NatGateway
from cdktf_cdktf_provider_aws.route_table import RouteTable, RouteTableRoute
from cdktf_cdktf_provider_aws.route_table_association import RouteTableAssociation
from cdktf_cdktf_provider_aws.security_group import SecurityGroup, SecurityGroupEgress, SecurityGroupIngress
from cdktf_cdktf_provider_aws.subnet import Subnet
from cdktf_cdktf_provider_aws.vpc import Vpc
from constructs import Construct

from .expressions import each, template
from .input_variables import InputVariables
from .naming import Naming

_ANYWHERE = "0.0.0.0/0"
_SUBNET_BITS = 8
_FIRST_PRIVATE_SUBNET = 10
HTTP_PORT = 80
HTTPS_PORT = 443
POSTGRES_PORT = 5432
REDIS_PORT = 6379


class Network(Construct):
    """A VPC with a public and a private subnet in each availability zone, and one NAT gateway.

    Attributes:
        vpc_id: the VPC's id.
        public_subnet_ids, private_subnet_ids: one subnet for each availability zone.
        internet_gateway: what must exist before a load balancer can face the internet.
        internet_access: what must exist before a task in a private subnet can pull an image.
        load_balancer_group_id, tasks_group_id, database_group_id, cache_group_id: security groups.
    """

    def __init__(self, scope: Construct, id_: str, *, inputs: InputVariables, naming: Naming) -> None:
        super().__init__(scope, id_)
        per_az = TerraformCount.of(Fn.length_of(inputs.azs.list_value))
        az = Fn.element(inputs.azs.list_value, per_az.index)

        vpc = Vpc(
            self,
            "aws_vpc.this",
            cidr_block=inputs.vpc_cidr.string_value,
            enable_dns_hostnames=True,
            enable_dns_support=True,
            tags=naming.tagged(naming.stack),
            lifecycle=TerraformResourceLifecycle(
                precondition=[
                    Precondition(
                        condition=template("length(distinct(var.azs)) >= 2"),
                        error_message="Aurora and the load balancer need two availability zones: set azs to two.",
                    )
                ]
            ),
        )
        self.vpc_id = vpc.id
        gateway = InternetGateway(self, "aws_internet_gateway.this", vpc_id=vpc.id, tags=naming.tagged(naming.stack))

        public = Subnet(
            self,
            "aws_subnet.public",
            count=per_az,
            vpc_id=vpc.id,
            availability_zone=az,
            cidr_block=Fn.cidrsubnet(inputs.vpc_cidr.string_value, _SUBNET_BITS, per_az.index),
            map_public_ip_on_launch=True,
            tags=naming.tagged(naming.of(f"public-{az}")),
        )
        private = Subnet(
            self,
            "aws_subnet.private",
            count=per_az,
            vpc_id=vpc.id,
            availability_zone=az,
            cidr_block=template(f"cidrsubnet(var.vpc_cidr, {_SUBNET_BITS}, count.index + {_FIRST_PRIVATE_SUBNET})"),
            tags=naming.tagged(naming.of(f"private-{az}")),
        )
        self.public_subnet_ids = TerraformLocal(self, "local.public_subnet_ids", each(public, "id")).as_list
        self.private_subnet_ids = TerraformLocal(self, "local.private_subnet_ids", each(private, "id")).as_list

        address = Eip(self, "aws_eip.nat", domain="vpc", tags=naming.tagged(naming.of("nat")), depends_on=[gateway])
        nat = NatGateway(
            self,
            "aws_nat_gateway.this",
            allocation_id=address.id,
            subnet_id=template("aws_subnet.public[0].id"),
            tags=naming.tagged(naming.of("nat")),
            depends_on=[gateway],
        )

        routes = [
            self._routes("public", public, per_az, vpc, naming, gateway_id=gateway.id),
            self._routes("private", private, per_az, vpc, naming, nat_gateway_id=nat.id),
        ]
        self.internet_gateway = gateway
        self.internet_access = [gateway, *routes]

        self.load_balancer_group_id = self._security_group(
            "alb",
            vpc,
            naming,
            ingress=[_from_anywhere(HTTP_PORT), _from_anywhere(HTTPS_PORT)],
            egress=[_TO_ANYWHERE],
        )
        self.tasks_group_id = self._security_group(
            "tasks",
            vpc,
            naming,
            ingress=[_from_group(self.load_balancer_group_id, 0, 65535)],
            egress=[_TO_ANYWHERE],
        )
        self.database_group_id = self._security_group(
            "rds", vpc, naming, ingress=[_from_group(self.tasks_group_id, POSTGRES_PORT, POSTGRES_PORT)]
        )
        self.cache_group_id = self._security_group(
            "redis", vpc, naming, ingress=[_from_group(self.tasks_group_id, REDIS_PORT, REDIS_PORT)]
        )

    def _routes(
        self, kind: str, subnet: Subnet, per_az: TerraformCount, vpc: Vpc, naming: Naming, **target: str
    ) -> RouteTableAssociation:
        table = RouteTable(
            self,
            f"aws_route_table.{kind}",
            vpc_id=vpc.id,
            route=[RouteTableRoute(cidr_block=_ANYWHERE, **target)],
            tags=naming.tagged(naming.of(kind)),
        )
        return RouteTableAssociation(
            self,
            f"aws_route_table_association.{kind}",
            count=per_az,
            subnet_id=template(f"{subnet.node.id}[count.index].id"),
            route_table_id=table.id,
        )

    def _security_group(
        self,
        suffix: str,
        vpc: Vpc,
        naming: Naming,
        *,
        ingress: list[SecurityGroupIngress],
        egress: list[SecurityGroupEgress] | None = None,
    ) -> str:
        group = SecurityGroup(
            self,
            f"aws_security_group.{suffix}",
            name=naming.of(suffix),
            vpc_id=vpc.id,
            ingress=ingress,
            egress=egress,
            tags=naming.tags,
        )
        return str(group.id)


def _from_anywhere(port: int) -> SecurityGroupIngress:
    return SecurityGroupIngress(protocol="tcp", from_port=port, to_port=port, cidr_blocks=[_ANYWHERE])


def _from_group(group_id: str, first_port: int, last_port: int) -> SecurityGroupIngress:
    return SecurityGroupIngress(protocol="tcp", from_port=first_port, to_port=last_port, security_groups=[group_id])


_TO_ANYWHERE = SecurityGroupEgress(protocol="-1", from_port=0, to_port=0, cidr_blocks=[_ANYWHERE])
