"""Where everything of the stack is placed, and who may reach whom."""

from constructs import Construct

from .blocks import local
from .expressions import Expression, call
from .input_variables import InputVariables
from .naming import Naming
from .ports import SERVICE_PORTS
from .security_group import ANYWHERE, SecurityGroup
from .vpc import Vpc

HTTP_PORT = 80
HTTPS_PORT = 443
POSTGRES_PORT = 5432
REDIS_PORT = 6379


class Network(Construct):
    """The VPC and the security groups.

    Attributes:
        vpc: managed or existing.
        task_subnet_ids, load_balancer_subnet_ids: of the services' tasks and of the load balancer. All else is in the
            VPC's private subnets.
        load_balancer_ranges: IPv4 ranges from which the load balancer connects.
        load_balancer_group, tasks_group, database_group, cache_group: security groups. The last two exist only with a
            managed database or cache.
        task_group_ids: all security groups of the tasks.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        inputs: InputVariables,
        naming: Naming,
        reads_load_balancer_ranges: Expression,
    ) -> None:
        """Declares the network.

        Args:
            reads_load_balancer_ranges: whether `load_balancer_ranges` is used.
        """
        super().__init__(scope, id_)
        self._inputs, self._naming = inputs, naming
        self.vpc = Vpc(self, "vpc", inputs=inputs, naming=naming)
        private, public = self.vpc.private_subnet_ids, self.vpc.public_subnet_ids
        self.task_subnet_ids = inputs.tasks_in_public_subnets.then(public, private)
        self.load_balancer_subnet_ids = local(
            self, "load_balancer_subnet_ids", inputs.alb_internal.then(private, public)
        )
        self.load_balancer_ranges = self.vpc.load_balancer_ranges(
            self.load_balancer_subnet_ids, where=reads_load_balancer_ranges
        )

        self.load_balancer_group = self._group("alb")
        has_default_ingress = local(
            self, "has_default_alb_ingress", inputs.alb_ingress_cidrs.equals(call("tolist", [ANYWHERE]))
        )
        limited, limited_tasks = inputs.restrict_alb_to_services, inputs.restrict_task_egress
        vpc_ranges = self.vpc.ranges(where=inputs.alb_internal & has_default_ingress | limited | limited_tasks)
        allowed = self._load_balancer_ingress(has_default_ingress, vpc_ranges)
        for port, is_open in ((HTTP_PORT, inputs.alb_http_redirect), (HTTPS_PORT, None)):
            self.load_balancer_group.allow_from_cidrs(
                allowed, inputs.alb_ingress_prefix_list_ids, port=port, where=is_open
            )
        self.load_balancer_group.allow_to(*((vpc_ranges, port) for port in SERVICE_PORTS), where=limited)
        self.tasks_group = self._group("tasks")
        for port in SERVICE_PORTS:
            self.tasks_group.allow_from(self.load_balancer_group, port=port)
        scrapers = inputs.gateway_metrics_scrape_cidrs
        self.tasks_group.allow_from_cidrs(scrapers, port=inputs.gateway_metrics_port, where=scrapers.length() > 0)
        everywhere = call("tolist", [ANYWHERE])
        self.tasks_group.allow_to((vpc_ranges, None), (everywhere, HTTPS_PORT), where=limited_tasks)
        self.task_group_ids = local(
            self,
            "task_security_group_ids",
            call("concat", [self.tasks_group.id], inputs.additional_task_security_group_ids),
        )
        self.database_group = self._group("rds", exists=inputs.create_database)
        self.database_group.allow_from(self.tasks_group, port=POSTGRES_PORT)
        self.cache_group = self._group("redis", exists=inputs.create_redis)
        self.cache_group.allow_from(self.tasks_group, port=REDIS_PORT)

    def _load_balancer_ingress(self, has_default: Expression, vpc_ranges: Expression) -> Expression:
        """Returns the IPv4 ranges that may reach the load balancer. The input's default has several meanings."""
        inputs = self._inputs
        default = local(
            self,
            "default_alb_ingress_cidrs",
            (inputs.alb_ingress_prefix_list_ids.length() > 0).then(
                [], inputs.alb_internal.then(vpc_ranges, inputs.alb_ingress_cidrs)
            ),
        )
        return local(self, "alb_ingress_cidrs", has_default.then(default, inputs.alb_ingress_cidrs))

    def _group(self, name: str, exists: Expression | None = None) -> SecurityGroup:
        return SecurityGroup(self, name, naming=self._naming, vpc_id=self.vpc.id, exists=exists)
