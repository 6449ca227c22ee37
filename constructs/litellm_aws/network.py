"""The VPC, its subnets and routes, and the security groups."""

from collections.abc import Mapping
from inspect import signature

from cdktf import Fn, Precondition, TerraformCount, TerraformLocal, TerraformResourceLifecycle, Token
from cdktf_cdktf_provider_aws.data_aws_subnet import DataAwsSubnet
from cdktf_cdktf_provider_aws.data_aws_vpc import DataAwsVpc
from cdktf_cdktf_provider_aws.eip import Eip
from cdktf_cdktf_provider_aws.internet_gateway import InternetGateway
from cdktf_cdktf_provider_aws.nat_gateway import NatGateway
from cdktf_cdktf_provider_aws.route_table import RouteTable, RouteTableRoute
from cdktf_cdktf_provider_aws.route_table_association import RouteTableAssociation
from cdktf_cdktf_provider_aws.security_group import SecurityGroup, SecurityGroupEgress, SecurityGroupIngress
from cdktf_cdktf_provider_aws.subnet import Subnet
from cdktf_cdktf_provider_aws.vpc import Vpc
from constructs import Construct

from .expressions import one, one_if, template
from .input_variables import InputVariables
from .naming import KEPT_DESCRIPTION, Naming
from .rules import literal

_ANYWHERE = "0.0.0.0/0"
_SUBNET_BITS = 8
_FIRST_PRIVATE_SUBNET = 10
HTTP_PORT = 80
HTTPS_PORT = 443
POSTGRES_PORT = 5432
REDIS_PORT = 6379

_NO_RANGES_GIVEN = f"(var.alb_ingress_cidrs == tolist([{literal(_ANYWHERE)}]))"
"""Whether alb_ingress_cidrs has its default, which stands for more than it says: see the input."""
_ONE_OR_PER_AZ = "var.nat_gateway_per_az ? length(local.own_azs) : min(length(local.own_azs), 1)"
"""How many NAT gateways there are, where any, and private route tables: one for all zones or one for each."""


class Network(Construct):
    """A VPC with a public and a private subnet in each availability zone, and NAT gateways; or what is there already.

    Attributes:
        vpc_id: the VPC's id.
        private_subnet_ids: of Aurora, Redis and the one-shot tasks.
        task_subnet_ids, load_balancer_subnet_ids: of the services' tasks and of the load balancer.
        load_balancer_ranges: IPv4 ranges that the load balancer speaks from, as an expression.
        internet_gateway: what must exist before a load balancer can face the internet.
        internet_access: what must exist before a task in a private subnet can pull an image.
        load_balancer_group_id, database_group_id, cache_group_id: security groups; null where there is no database
            or cache of the stack's own.
        tasks_group_id, task_group_ids: the stack's own security group of the tasks, and all that they have.
    """

    def __init__(
        self, scope: Construct, id_: str, *, inputs: InputVariables, naming: Naming, reads_load_balancer_ranges: str
    ) -> None:
        """Declares the network.

        Args:
            reads_load_balancer_ranges: expression, whether anybody reads `load_balancer_ranges`.
        """
        super().__init__(scope, id_)
        # By the length of a list, which is known even where the ids in it are not.
        creates_vpc = TerraformLocal(self, "local.creates_vpc", template("length(var.private_subnet_ids) == 0"))
        azs = TerraformLocal(self, "local.own_azs", template("local.creates_vpc ? var.azs : []"))
        per_az = TerraformCount.of(Fn.length_of(azs.as_list))
        az = Fn.element(azs.as_list, per_az.index)
        one_vpc = one_if(creates_vpc)

        vpc = Vpc(
            self,
            "aws_vpc.this",
            count=one_vpc,
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
        own_vpc_id = one(vpc, "id")
        self.vpc_id = TerraformLocal(
            self, "local.vpc_id", template("local.creates_vpc ? one(aws_vpc.this[*].id) : var.vpc_id")
        ).as_string
        gateway = InternetGateway(
            self, "aws_internet_gateway.this", count=one_vpc, vpc_id=own_vpc_id, tags=naming.tagged(naming.stack)
        )

        public = Subnet(
            self,
            "aws_subnet.public",
            count=per_az,
            vpc_id=own_vpc_id,
            availability_zone=az,
            cidr_block=Fn.cidrsubnet(inputs.vpc_cidr.string_value, _SUBNET_BITS, per_az.index),
            map_public_ip_on_launch=True,
            tags=naming.tagged(naming.of(f"public-{az}")),
        )
        private = Subnet(
            self,
            "aws_subnet.private",
            count=per_az,
            vpc_id=own_vpc_id,
            availability_zone=az,
            cidr_block=template(f"cidrsubnet(var.vpc_cidr, {_SUBNET_BITS}, count.index + {_FIRST_PRIVATE_SUBNET})"),
            tags=naming.tagged(naming.of(f"private-{az}")),
        )
        self._either("public_subnet_ids", public)
        private_subnet_ids = self._either("private_subnet_ids", private)
        self.private_subnet_ids = private_subnet_ids.as_list
        self.task_subnet_ids = Token.as_list(
            template("var.tasks_in_public_subnets ? local.public_subnet_ids : local.private_subnet_ids")
        )
        self.load_balancer_subnet_ids = TerraformLocal(
            self,
            "local.load_balancer_subnet_ids",
            template("var.alb_internal ? local.private_subnet_ids : local.public_subnet_ids"),
        ).as_list

        nat_gateways = TerraformLocal(
            self,
            "local.nat_gateway_count",
            template(f"var.tasks_in_public_subnets ? 0 : {_ONE_OR_PER_AZ}"),
        )
        per_nat = TerraformCount.of(nat_gateways.as_number)
        address = Eip(
            self,
            "aws_eip.nat",
            count=per_nat,
            domain="vpc",
            tags=naming.tagged(naming.of("nat")),
            depends_on=[gateway],
        )
        nat = NatGateway(
            self,
            "aws_nat_gateway.this",
            count=per_nat,
            allocation_id=template(f"{address.node.id}[count.index].id"),
            subnet_id=template(f"{public.node.id}[count.index].id"),
            tags=naming.tagged(naming.stack),
            depends_on=[gateway],
        )

        public_table = RouteTable(
            self,
            "aws_route_table.public",
            count=one_vpc,
            vpc_id=own_vpc_id,
            route=[RouteTableRoute(cidr_block=_ANYWHERE, gateway_id=one(gateway, "id"))],
            tags=naming.tagged(naming.of("public")),
        )
        private_table = RouteTable(
            self,
            "aws_route_table.private",
            count=TerraformCount.of(Token.as_number(template(_ONE_OR_PER_AZ))),
            vpc_id=own_vpc_id,
            tags=naming.tagged(naming.of("private")),
        )
        nats = f"local.nat_gateway_count == 0 ? [] : [element({nat.node.id}[*].id, count.index)]"
        route = dict.fromkeys(list(signature(RouteTableRoute).parameters), "null")
        route |= {"cidr_block": literal(_ANYWHERE), "nat_gateway_id": "id"}
        fields = ", ".join(f"{name} = {value}" for name, value in route.items())
        private_table.add_override("route", template(f"[for id in {nats} : {{ {fields} }}]"))
        routes = [
            self._association(public, per_az, f"one({public_table.node.id}[*].id)"),
            self._association(private, per_az, f"element({private_table.node.id}[*].id, count.index)"),
        ]
        self.internet_gateway = gateway
        self.internet_access = [gateway, *routes]

        brought_vpc = DataAwsVpc(
            self,
            "data.aws_vpc.brought",
            count=one_if(f"!{creates_vpc.node.id} && var.alb_internal && {_NO_RANGES_GIVEN}"),
            id=inputs.vpc_id.string_value,
        )
        TerraformLocal(
            self,
            "local.vpc_ranges",
            template(
                "local.creates_vpc ? [var.vpc_cidr] : "
                f"flatten({brought_vpc.node.id}[*].cidr_block_associations[*].cidr_block)"
            ),
        )
        ingress_ranges = TerraformLocal(
            self,
            "local.alb_ingress_cidrs",
            template(
                f"!{_NO_RANGES_GIVEN} ? var.alb_ingress_cidrs : length(var.alb_ingress_prefix_list_ids) > 0 ? [] : "
                "var.alb_internal ? local.vpc_ranges : var.alb_ingress_cidrs"
            ),
        )
        brought_subnets = DataAwsSubnet(
            self,
            "data.aws_subnet.load_balancer",
            count=TerraformCount.of(
                Token.as_number(
                    template(
                        f"!{creates_vpc.node.id} && {reads_load_balancer_ranges} "
                        "? length(local.load_balancer_subnet_ids) : 0"
                    )
                )
            ),
            id=template("local.load_balancer_subnet_ids[count.index]"),
        )
        own_ranges = f"var.alb_internal ? {private.node.id}[*].cidr_block : {public.node.id}[*].cidr_block"
        self.load_balancer_ranges = TerraformLocal(
            self,
            "local.load_balancer_ranges",
            template(f"local.creates_vpc ? ({own_ranges}) : {brought_subnets.node.id}[*].cidr_block"),
        ).node.id

        load_balancer = self._security_group(
            "alb",
            naming,
            ingress=[
                SecurityGroupIngress(
                    protocol="tcp",
                    from_port=port,
                    to_port=port,
                    cidr_blocks=ingress_ranges.as_list,
                    prefix_list_ids=inputs.alb_ingress_prefix_list_ids.list_value,
                )
                for port in (HTTP_PORT, HTTPS_PORT)
            ],
            egress=[_TO_ANYWHERE],
        )
        self.load_balancer_group_id = load_balancer.id
        tasks = self._security_group("tasks", naming, ingress=[], egress=[_TO_ANYWHERE])
        own = {
            "protocol": '"tcp"',
            "from_port": "0",
            "to_port": "65535",
            "security_groups": "[aws_security_group.alb.id]",
        }
        scraping = {
            "protocol": '"tcp"',
            "from_port": "var.gateway_metrics_port",
            "to_port": "var.gateway_metrics_port",
            "cidr_blocks": "var.gateway_metrics_scrape_cidrs",
        }
        is_scraped = "length(var.gateway_metrics_scrape_cidrs) > 0"
        tasks.add_override(
            "ingress",
            template(f"concat([{_rule(own)}], [for rule in [{_rule(scraping)}] : rule if {is_scraped}])"),
        )
        self.tasks_group_id = tasks.id
        self.task_group_ids = TerraformLocal(
            self,
            "local.task_security_group_ids",
            template("concat([aws_security_group.tasks.id], var.additional_task_security_group_ids)"),
        ).as_list
        database = self._security_group(
            "rds",
            naming,
            only_if="var.create_database",
            ingress=[_from_group(self.tasks_group_id, POSTGRES_PORT, POSTGRES_PORT)],
        )
        cache = self._security_group(
            "redis",
            naming,
            only_if="var.create_redis",
            ingress=[_from_group(self.tasks_group_id, REDIS_PORT, REDIS_PORT)],
        )
        self.database_group_id, self.cache_group_id = one(database, "id"), one(cache, "id")

    def _either(self, name: str, own: Subnet) -> TerraformLocal:
        """Returns the ids of the stack's own subnets, or of those that were brought along."""
        return TerraformLocal(self, f"local.{name}", template(f"local.creates_vpc ? {own.node.id}[*].id : var.{name}"))

    def _association(self, subnet: Subnet, per_az: TerraformCount, table_id: str) -> RouteTableAssociation:
        return RouteTableAssociation(
            self,
            f"aws_route_table_association.{subnet.node.id.rpartition('.')[2]}",
            count=per_az,
            subnet_id=template(f"{subnet.node.id}[count.index].id"),
            route_table_id=template(table_id),
        )

    def _security_group(
        self,
        suffix: str,
        naming: Naming,
        *,
        ingress: list[SecurityGroupIngress],
        egress: list[SecurityGroupEgress] | None = None,
        only_if: str | None = None,
    ) -> SecurityGroup:
        return SecurityGroup(
            self,
            f"aws_security_group.{suffix}",
            count=None if only_if is None else one_if(only_if),
            name=naming.of(suffix),
            vpc_id=self.vpc_id,
            ingress=ingress,
            egress=egress,
            tags=naming.tags,
            lifecycle=TerraformResourceLifecycle(ignore_changes=KEPT_DESCRIPTION),
        )


def _rule(arguments: Mapping[str, str]) -> str:
    """Returns the expression of an inline rule, of which Terraform wants every argument."""
    everything = {name.removesuffix("_attribute"): "null" for name in signature(SecurityGroupIngress).parameters}
    return f"{{ {', '.join(f'{name} = {value}' for name, value in (everything | dict(arguments)).items())} }}"


def _from_group(group_id: str, first_port: int, last_port: int) -> SecurityGroupIngress:
    return SecurityGroupIngress(protocol="tcp", from_port=first_port, to_port=last_port, security_groups=[group_id])


_TO_ANYWHERE = SecurityGroupEgress(protocol="-1", from_port=0, to_port=0, cidr_blocks=[_ANYWHERE])
