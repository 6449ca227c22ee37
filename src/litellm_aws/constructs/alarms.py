"""The alarms of a stack, for whoever is paged. docs/operations.md says what to do at each of them.

"Recommended" in a comment is the CloudWatch User Guide, "Recommended alarms".
"""

from collections.abc import Iterator, Sequence

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_aws.cloudwatch_log_metric_filter import (
    CloudwatchLogMetricFilter,
    CloudwatchLogMetricFilterMetricTransformation,
)
from constructs import Construct

from .alarm import Alarm, Each, Math, Metric, One, Span
from .aurora_memory import AuroraMemory
from .blocks import count_if, local
from .database import Database
from .expressions import call, text
from .input_variables import InputVariables
from .metrics import DATABASE, LOAD_BALANCER, NAT_GATEWAY, REDIS, SERVICE, TASKS, Metrics
from .naming import Naming

_FIVE_MINUTES = Span(60, points=5, latest=5)
"""What stops requests at once, and is not over by itself. Recommended for most metrics."""
_TEN_MINUTES = Span(300, points=2, latest=2)
"""A share of requests: five minutes have enough of them, and one burst of a model provider's errors is no incident."""
_FIFTEEN_MINUTES = Span(300, points=3, latest=3)
"""What makes requests slow, and autoscaling or a vacuum may end."""
_TEN_OF_FIFTEEN_MINUTES = Span(60, points=10, latest=15)
"""A task takes some minutes to start, and one that crashes again and again runs now and then."""
_AT_ONCE = Span(300, points=1, latest=1)

_ERROR_PERCENT = 5
"""Recommended for 5XXError of API Gateway."""
_REQUESTS = 20
"""Requests in five minutes below which neither errors nor latency count: a single error is 5 % of them, not more."""
_BUSY_PERCENT = 90
"""CPU, recommended for Aurora. For ECS, 80 is, which is too near to autoscaling's targets: 70 of CPU, 80 of memory."""
_FULL_PERCENT = 80
"""What refuses or evicts when it is full. Of the connections, it is 83 to 90 % of the real limit: see `AuroraMemory`.
Recommended are 90 to 95 %."""
_FREE_MEMORY = 0.05
"""Recommended for FreeableMemory of Aurora."""
_FREE_LOCAL_STORAGE = 0.1
"""Recommended are 10 to 20 %."""
_REPLICA_LAG_MS = 1000
"""It is usually below 100 (Aurora User Guide, "Replication with Amazon Aurora")."""
_FAILED_LOGINS = 5
"""In five minutes. The tasks log in with tokens, so there are none; a person may mistype a password."""
_LATENCY_OF_IDLE_TIMEOUT = 0.5
"""A response that does not begin within the idle timeout is an error, 504 (User Guide for Application Load Balancers,
"Troubleshoot your Application Load Balancers"). When every twentieth takes half of it, the slowest are about to be."""

_FAILED_LOGIN = '?"authentication failed for user" ?"no pg_hba.conf entry for"'
"""Either phrase, in every line with which PostgreSQL refuses a login (auth.c of its source, `auth_failed` and
`ClientAuthentication`). Phrases and `?` are those of "Filter and pattern syntax" in the CloudWatch Logs User Guide."""


class Alarms(Construct):
    """The alarms on what the stack has, where `alarm_topic_arn` is set.

    Attributes:
        know_the_database: whether no alarm on the managed database is missing, as its threshold is not known.
        database_class: class of the managed database's instances.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        inputs: InputVariables,
        naming: Naming,
        metrics: Metrics,
        database: Database,
    ) -> None:
        super().__init__(scope, id_)
        self._inputs, self._naming, self._metrics = inputs, naming, metrics
        self._exist = local(self, "has_alarms", inputs.alarm_topic_arn.is_set)
        self._has_database = local(self, "has_database_alarms", self._exist & metrics.has_database)
        self.database_class = database.instance_class
        memory = AuroraMemory(self, "aurora_memory", instance_class=database.instance_class)
        self.know_the_database = ~self._has_database | memory.is_known
        for alarm in (
            *self._of_requests(),
            *self._of_services(),
            *self._of_database(memory, database.instances),
            self._of_logins(database),
            *self._of_redis(),
            self._of_nat_gateways(),
        ):
            alarm.declare(self, naming=naming, topic_arn=inputs.alarm_topic_arn)

    def _of_requests(self) -> Iterator[Alarm]:
        balancer = One(LOAD_BALANCER, self._metrics.load_balancer, self._exist)
        groups = self._metrics.target_groups
        targets = Each(LOAD_BALANCER, self._exist.then(groups, {}))
        gateway = One(LOAD_BALANCER, groups.attribute("gateway"), self._exist)
        requests = Metric("RequestCount", "Sum")
        errors = f"IF(total >= {_REQUESTS}, 100 * errors / total, 0)"
        default = _LATENCY_OF_IDLE_TIMEOUT * self._inputs.alb_idle_timeout_seconds
        yield Alarm(
            "alb_5xx",
            balancer,
            Math(
                {"errors": Metric("HTTPCode_ELB_5XX_Count", "Sum"), "requests": requests},
                # RequestCount has no request for which the load balancer found no target.
                {"total": "requests + errors", "error_percent": errors},
            ),
            _TEN_MINUTES,
            "notBreaching",  # no request
            f"The load balancer itself answers more than {_ERROR_PERCENT} % of the requests with 5xx.",
            over=_ERROR_PERCENT,
        )
        yield Alarm(
            "target_5xx",
            targets,
            Math({"errors": Metric("HTTPCode_Target_5XX_Count", "Sum"), "total": requests}, {"error_percent": errors}),
            _TEN_MINUTES,
            "notBreaching",  # no request
            f"The service answers more than {_ERROR_PERCENT} % of its requests with 5xx.",
            over=_ERROR_PERCENT,
        )
        yield Alarm(
            "gateway_latency",
            gateway,
            Math(
                {"latency": Metric("TargetResponseTime", "p95"), "total": requests},
                {"latency_of_enough": f"IF(total >= {_REQUESTS}, latency, 0)"},
            ),
            _TEN_MINUTES,
            "notBreaching",  # no request
            "5 % of the gateway's requests wait too long for the first byte of their response.",
            over=call("coalesce", self._inputs.alarm_gateway_latency_seconds, default),
        )
        yield Alarm(
            "unhealthy_targets",
            targets,
            Metric("UnHealthyHostCount", "Maximum"),
            _FIVE_MINUTES,
            "notBreaching",  # no target: running_tasks watches that
            "A task of the service fails its health checks.",
            over=0,
        )

    def _of_services(self) -> Iterator[Alarm]:
        services = self._exist.then(self._metrics.services, {})
        yield Alarm(
            "running_tasks",
            Each(TASKS, services),
            Math(
                {"desired": Metric("DesiredTaskCount", "Average"), "running": Metric("RunningTaskCount", "Average")},
                {"missing_tasks": "desired - running"},
            ),
            _TEN_OF_FIFTEEN_MINUTES,
            "notBreaching",  # recommended
            "Fewer tasks of the service run than are desired.",
            over=0,
        )
        for name, metric, says in (
            ("service_cpu", Metric("CPUUtilization", "Average"), "The tasks of the service use more than {} % CPU."),
            # A task that needs more memory than it has is killed, whatever the others have left.
            ("service_memory", Metric("MemoryUtilization", "Maximum"), "A task uses more than {} % of its memory."),
        ):
            # A service may have no tasks.
            yield Alarm(
                name,
                Each(SERVICE, services),
                metric,
                _FIFTEEN_MINUTES,
                "missing",
                says.format(_BUSY_PERCENT),
                over=_BUSY_PERCENT,
            )

    def _of_database(self, memory: AuroraMemory, instances: Sequence[ITerraformDependable]) -> Iterator[Alarm]:
        roles = self._metrics.database
        sized = Each(DATABASE, (self._has_database & memory.is_known).then(roles, {}))
        yield Alarm(
            "database_cpu",
            Each(DATABASE, self._has_database.then(roles, {})),
            Metric("CPUUtilization", "Average"),
            _FIFTEEN_MINUTES,
            "breaching",  # recommended: an instance that says nothing is down
            f"Aurora's writer or reader uses more than {_BUSY_PERCENT} % of its CPU, or is down.",
            over=_BUSY_PERCENT,
            after=instances,
        )
        for name, metric, span, limit, says in (
            (
                "database_memory",
                Metric("FreeableMemory", "Average"),
                _FIFTEEN_MINUTES,
                _FREE_MEMORY * memory.bytes,
                f"Aurora has less than {_FREE_MEMORY:.0%} of its memory left.",
            ),
            (
                "database_local_storage",
                Metric("FreeLocalStorage", "Average"),
                _FIVE_MINUTES,
                _FREE_LOCAL_STORAGE * memory.local_storage,
                f"Aurora has less than {_FREE_LOCAL_STORAGE:.0%} of its storage for temporary files left.",
            ),
        ):
            # database_cpu says that an instance is down.
            yield Alarm(name, sized, metric, span, "missing", says, under=call("floor", limit))
        yield Alarm(
            "database_connections",
            sized,
            Metric("DatabaseConnections", "Average"),
            _FIVE_MINUTES,
            "missing",
            f"Aurora has more than {_FULL_PERCENT} % of the connections that it allows.",
            over=call("floor", _FULL_PERCENT / 100 * memory.connections),
        )
        yield Alarm(
            "database_replica_lag",
            One(DATABASE, roles.attribute("reader"), self._exist & self._metrics.has_reader),
            Metric("AuroraReplicaLag", "Average"),
            _FIVE_MINUTES,
            "missing",
            "Aurora's reader is behind its writer, so that LiteLLM reads old data.",
            over=_REPLICA_LAG_MS,
        )

    def _of_logins(self, database: Database) -> Alarm:
        exists = local(self, "has_login_alarm", self._has_database & self._inputs.db_log_exports)
        # A metric of a filter has no dimension that could name the stack.
        namespace, name = text("LiteLLM/", self._naming.stack), "FailedLogins"
        CloudwatchLogMetricFilter(
            self,
            "aws_cloudwatch_log_metric_filter.database_failed_logins",
            count=count_if(exists),
            name=self._naming.of("failed-logins"),
            log_group_name=database.log_group_name.as_string,
            pattern=_FAILED_LOGIN,
            metric_transformation=CloudwatchLogMetricFilterMetricTransformation(
                namespace=namespace.as_string, name=name, value="1", default_value="0", unit="Count"
            ),
        )
        return Alarm(
            "database_failed_logins",
            One(namespace.as_string, None, exists),
            Metric(name, "Sum"),
            _AT_ONCE,
            "notBreaching",  # nothing was logged
            f"Aurora has refused more than {_FAILED_LOGINS} logins in five minutes.",
            over=_FAILED_LOGINS,
        )

    def _of_redis(self) -> Iterator[Alarm]:
        nodes = Each(REDIS, self._exist.then(self._metrics.redis_nodes, {}))
        yield Alarm(
            "redis_memory",
            nodes,
            Metric("DatabaseMemoryUsagePercentage", "Average"),
            _FIFTEEN_MINUTES,
            "missing",  # recommended
            f"A Redis node uses more than {_FULL_PERCENT} % of its memory.",
            over=_FULL_PERCENT,
        )
        yield Alarm(
            "redis_evictions",
            nodes,
            Metric("Evictions", "Sum"),
            _FIFTEEN_MINUTES,
            "missing",
            "Redis deletes keys that have not expired, as its memory is full.",
            over=0,
        )

    def _of_nat_gateways(self) -> Alarm:
        return Alarm(
            "nat_port_allocation",
            Each(NAT_GATEWAY, self._exist.then(self._metrics.nat_gateways, {})),
            Metric("ErrorPortAllocation", "Sum"),
            _FIVE_MINUTES,
            "missing",  # recommended
            "A NAT gateway has no free port for a connection.",
            over=0,
        )
