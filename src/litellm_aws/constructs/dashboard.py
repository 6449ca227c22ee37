"""The CloudWatch dashboard of a stack."""

from collections.abc import Mapping
from typing import Any

from cdktf_cdktf_provider_aws.cloudwatch_dashboard import CloudwatchDashboard
from constructs import Construct

from .account import Account
from .blocks import count_if, local
from .expressions import Expression, call, for_list, for_map, text, when
from .input_variables import InputVariables
from .metrics import DATABASE, LOAD_BALANCER, NAT_GATEWAY, REDIS, SERVICE, TASKS, Metrics
from .naming import Naming
from .services import Services

_COLUMNS = 24
_HEIGHT = 6
_SECONDS = 60
_CONSOLES = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}
"""Host of the console by partition."""
_ERRORS = (
    "fields @timestamp, @log, @message",
    "filter @message like /(?i)(error|exception|traceback|fatal)/",
    "sort @timestamp desc",
    "limit 50",
)
"""CloudWatch Logs Insights: the newest lines that look like errors. LiteLLM's lines are plain text."""

Widget = Mapping[str, Any]
"""A widget of the dashboard's body, and whether there is one."""


class Dashboard(Construct):
    """A dashboard of the requests, the tasks, the stores and the errors in the logs, where `dashboard_enabled` is set.

    Its body is the one of the CloudWatch API reference, "Dashboard body structure and syntax".

    Attributes:
        url: of the dashboard in the console; null where there is none.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        inputs: InputVariables,
        naming: Naming,
        account: Account,
        metrics: Metrics,
        services: Services,
    ) -> None:
        super().__init__(scope, id_)
        self._region, self._metrics = inputs.region, metrics
        self._targets = self._named("target_group", metrics.target_groups)
        charts = [*self._of_requests(), *self._of_services(), *self._of_database(), *self._of_redis(), self._of_nat()]
        widgets = local(self, "dashboard_widgets", [*charts, self._log_errors(services)])
        shown = for_list(widgets, lambda each: each.attribute("widget"), where=lambda each: each.attribute("exists"))
        CloudwatchDashboard(
            self,
            "aws_cloudwatch_dashboard.this",
            count=count_if(inputs.dashboard_enabled),
            dashboard_name=naming.stack.as_string,
            dashboard_body=call("jsonencode", {"widgets": shown}).as_string,
        )
        console = call("lookup", local(self, "consoles", _CONSOLES), account.partition, _CONSOLES["aws"])
        page = text(console, "/cloudwatch/home?region=", inputs.region, "#dashboards/dashboard/", naming.stack)
        self.url = when(inputs.dashboard_enabled, text("https://", local(self, "dashboard_page", page)))

    def _of_requests(self) -> list[Widget]:
        balancer = self._named("load_balancer", {"load balancer": self._metrics.load_balancer})
        errors = (
            _lines(LOAD_BALANCER, "HTTPCode_ELB_5XX_Count", balancer),
            _lines(LOAD_BALANCER, "HTTPCode_Target_5XX_Count", self._targets),
        )
        latency = (
            _lines(LOAD_BALANCER, "TargetResponseTime", self._targets, label=f" {stat}", stat=stat)
            for stat in ("p50", "p95")
        )
        return [
            self._chart("Requests", _lines(LOAD_BALANCER, "RequestCount", self._targets), stat="Sum"),
            self._chart("Responses with 5xx", self._joined("errors", *errors), stat="Sum"),
            self._chart("Seconds until the first byte of a response", self._joined("latency", *latency)),
        ]

    def _of_services(self) -> list[Widget]:
        services = self._named("service", self._metrics.services)
        tasks = (
            _lines(TASKS, metric, services, label=label)
            for metric, label in (("RunningTaskCount", " running"), ("DesiredTaskCount", " desired"))
        )
        cpu, memory = (_lines(SERVICE, metric, services) for metric in ("CPUUtilization", "MemoryUtilization"))
        unhealthy = _lines(LOAD_BALANCER, "UnHealthyHostCount", self._targets)
        return [
            self._chart("Tasks", self._joined("tasks", *tasks), width=6),
            self._chart("Unhealthy targets", unhealthy, width=6, stat="Maximum"),
            self._chart("CPU of the tasks in percent", cpu, width=6),
            self._chart("Memory of the tasks in percent", memory, width=6, stat="Maximum"),
        ]

    def _of_database(self) -> list[Widget]:
        roles = self._named("database", self._metrics.database)
        # The writer has no lag, and so no data.
        charts = {
            "Connections to Aurora": "DatabaseConnections",
            "CPU of Aurora in percent": "CPUUtilization",
            "Free memory of Aurora in bytes": "FreeableMemory",
            "Lag of Aurora's reader in milliseconds": "AuroraReplicaLag",
        }
        exists = {"AuroraReplicaLag": self._metrics.has_reader}
        return [
            self._chart(
                title,
                _lines(DATABASE, metric, roles),
                width=6,
                exists=exists.get(metric, self._metrics.has_database),
            )
            for title, metric in charts.items()
        ]

    def _of_redis(self) -> list[Widget]:
        nodes = self._named("redis_node", self._metrics.redis_nodes)
        return [
            self._chart(title, _lines(REDIS, metric, nodes), width=6, stat=stat, exists=nodes.length() > 0)
            for title, metric, stat in (
                ("Memory of Redis in percent", "DatabaseMemoryUsagePercentage", "Average"),
                ("Evictions of Redis", "Evictions", "Sum"),
                ("CPU of Redis in percent", "EngineCPUUtilization", "Average"),
            )
        ]

    def _of_nat(self) -> Widget:
        gateways = self._named("nat_gateway", self._metrics.nat_gateways)
        lines = _lines(NAT_GATEWAY, "ErrorPortAllocation", gateways)
        exists = gateways.length() > 0
        return self._chart("Connections without a NAT gateway's port", lines, width=6, stat="Sum", exists=exists)

    def _chart(
        self, title: str, lines: Expression, *, stat: str = "Average", width: int = 8, exists: Expression | bool = True
    ) -> Widget:
        properties = {
            "title": title,
            "region": self._region,
            "view": "timeSeries",
            "stat": stat,
            "period": _SECONDS,
            "metrics": lines,
        }
        return _widget("metric", properties, width, exists)

    def _log_errors(self, services: Services) -> Widget:
        groups = [text("SOURCE '", group, "'") for group in services.log_groups.values()]
        query = call("join", " | ", local(self, "log_errors_query", [*groups, *_ERRORS]))
        properties = {"title": "Errors in the logs", "region": self._region, "view": "table", "query": query}
        return _widget("log", properties, _COLUMNS, True)

    def _named(self, name: str, resources: object) -> Expression:
        """Returns the dimensions of resources as a line has them, each a name and a value, by the resource's key."""
        return local(
            self,
            f"{name}_lines",
            for_map(
                resources,
                lambda key, dimensions: (
                    key,
                    call("flatten", for_list(dimensions, lambda dimension, value: [dimension, value])),
                ),
            ),
        )

    def _joined(self, name: str, *lines: Expression) -> Expression:
        return call("concat", *(local(self, f"{name}_lines_{index}", each) for index, each in enumerate(lines)))


def _lines(namespace: str, metric: str, named: Expression, *, label: str = "", **options: str) -> Expression:
    """Returns a line of a chart for each resource.

    Args:
        label: follows the resource's key.
    """
    return for_list(
        named,
        lambda key, dimensions: call(
            "concat", [namespace, metric], dimensions, [{"label": text(key, label) if label else key, **options}]
        ),
    )


def _widget(kind: str, properties: Mapping[str, Any], width: int, exists: Expression | bool) -> Widget:
    """Returns a widget, which CloudWatch places after the one before it."""
    widget = {"type": kind, "width": width, "height": _HEIGHT, "properties": properties}
    return {"exists": exists, "widget": widget}
