"""The alarms: which there are in which configuration, what they watch, and what makes them notify."""

import re
import subprocess
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from litellm_aws.local_aws.postgres import Postgres, programs
from tests.conftest import PROJECT
from tests.plan.conftest import Evaluate
from tests.plan.test_extended import NO_STORES, VPC
from tests.terraform import Plan
from tests.unit.rule_cases import TOPIC

ALARM = re.compile(r'aws_cloudwatch_metric_alarm\.(\w+)\[(?:"(.*)"|0)\]')
SERVICES = {"gateway", "backend", "ui"}
ROLES = {"writer", "reader"}
ALL: Mapping[str, set[str]] = {
    "alb_5xx": {""},
    "target_5xx": SERVICES,
    "gateway_latency": {""},
    "unhealthy_targets": SERVICES,
    "running_tasks": SERVICES,
    "service_cpu": SERVICES,
    "service_memory": SERVICES,
    "database_cpu": ROLES,
    "database_memory": ROLES,
    "database_local_storage": ROLES,
    "database_connections": ROLES,
    "database_replica_lag": {""},
    "database_failed_logins": {""},
    "redis_memory": {"1", "2"},
    "redis_evictions": {"1", "2"},
    "nat_port_allocation": {"us-west-2a"},
}
"""The keys of each alarm with all that a stack has by default, and PostgreSQL's log."""
SERVERLESS = {"db_serverless_min_capacity": 0.5, "db_serverless_max_capacity": 4}
DATABASE = {name for name in ALL if name.startswith("database_")}
REDIS = {name for name in ALL if name.startswith("redis_")}

TARGET = {"LoadBalancer", "TargetGroup"}
SERVICE = {"ClusterName", "ServiceName"}
ROLE = {"DBClusterIdentifier", "Role"}
DOCUMENTED: Mapping[tuple[str, str], set[str]] = {
    ("AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count"): {"LoadBalancer"},
    **{
        ("AWS/ApplicationELB", metric): TARGET
        for metric in ("HTTPCode_Target_5XX_Count", "TargetResponseTime", "UnHealthyHostCount")
    },
    **{("AWS/ECS", metric): SERVICE for metric in ("CPUUtilization", "MemoryUtilization")},
    **{("ECS/ContainerInsights", metric): SERVICE for metric in ("DesiredTaskCount", "RunningTaskCount")},
    **{
        ("AWS/RDS", metric): ROLE
        for metric in (
            *("CPUUtilization", "FreeableMemory", "FreeLocalStorage", "DatabaseConnections", "AuroraReplicaLag"),
        )
    },
    **{
        ("AWS/ElastiCache", metric): {"CacheClusterId"}
        for metric in ("DatabaseMemoryUsagePercentage", "Evictions", "EngineCPUUtilization")
    },
    ("AWS/NATGateway", "ErrorPortAllocation"): {"NatGatewayId"},
}
"""Dimensions of metrics, from AWS's documentation: the ELB, ECS, CloudWatch (Container Insights), Aurora, ElastiCache
and VPC guides. RequestCount has those of the load balancer and those of a target group."""


def keys(plan: Plan) -> dict[str, set[str]]:
    """Returns the keys of each planned alarm."""
    found: dict[str, set[str]] = defaultdict(set)
    for address in plan.addresses:
        if match := ALARM.fullmatch(address):
            found[match[1]].add(match[2] or "")
    return dict(found)


def alarms(plan: Plan) -> dict[str, dict[str, Any]]:
    """Returns the attributes of each planned alarm by its address."""
    return {address: plan.values(address) for address in plan.addresses if ALARM.fullmatch(address)}


def alarm(plan: Plan, name: str, key: str = "") -> dict[str, Any]:
    return plan.values(f"aws_cloudwatch_metric_alarm.{name}" + (f'["{key}"]' if key else ""))


def watched(values: Mapping[str, Any]) -> list[tuple[str, str, dict[str, str]]]:
    """Returns namespace, name and dimensions of the metrics of an alarm."""
    metrics = [query["metric"][0] for query in values["metric_query"] or [] if query["metric"]]
    return [(each["namespace"], each["metric_name"], each["dimensions"] or {}) for each in metrics or [values]]


def value(values: Mapping[str, Any], **data: float) -> float:
    """Returns the value of an alarm's metric math, in which a missing data point is 0."""
    known: dict[str, float] = {query["id"]: 0 for query in values["metric_query"]} | data
    # Terraform has them in no order.
    for query in sorted(values["metric_query"], key=lambda query: query["return_data"] or False):
        if query["expression"]:
            conditional = re.sub(r"IF\((.+), (.+), (.+)\)", r"(\2) if (\1) else (\3)", query["expression"])
            known[query["id"]] = eval(conditional, {**known})
    [result] = [query["id"] for query in values["metric_query"] if query["return_data"]]
    return known[result]


@pytest.fixture(scope="module")
def everything(evaluate: Evaluate) -> Plan:
    return evaluate(alarm_topic_arn=TOPIC, db_log_exports=True)


def test_there_is_no_alarm_without_a_topic(default: Plan) -> None:
    assert keys(default) == {}
    assert not any(address.startswith("aws_cloudwatch_log_metric_filter.") for address in default.addresses)


def test_whatever_the_stack_has_is_watched(everything: Plan) -> None:
    assert keys(everything) == ALL
    assert "aws_cloudwatch_log_metric_filter.database_failed_logins[0]" in everything.addresses


@pytest.mark.parametrize(
    ("inputs", "fewer"),
    [
        ({"create_database": False, "gateway_max_capacity": 1}, DATABASE),
        ({"create_redis": False, "gateway_max_capacity": 1}, REDIS | {"database_failed_logins"}),
        ({}, {"database_failed_logins"}),
        ({**VPC, "alb_ingress_cidrs": ["10.0.0.0/8"], "db_log_exports": True}, {"nat_port_allocation"}),
        ({**NO_STORES, "tasks_in_public_subnets": True}, {*DATABASE, *REDIS, "nat_port_allocation"}),
    ],
    ids=["no database", "no Redis", "no log", "existing VPC", "no NAT gateway"],
)
def test_what_the_stack_has_not_is_not_watched(plan: Evaluate, inputs: dict[str, Any], fewer: set[str]) -> None:
    planned = plan(alarm_topic_arn=TOPIC, **inputs)
    assert keys(planned) == {name: each for name, each in ALL.items() if name not in fewer}
    filters = [address for address in planned.addresses if address.startswith("aws_cloudwatch_log_metric_filter.")]
    assert len(filters) == ("database_failed_logins" not in fewer)


def test_a_database_without_a_reader_has_no_lag(plan: Evaluate) -> None:
    watched = keys(plan(alarm_topic_arn=TOPIC, db_reader=False))
    assert "database_replica_lag" not in watched
    assert watched["database_cpu"] == {"writer"}


def test_every_node_and_nat_gateway_is_watched(plan: Evaluate) -> None:
    planned = keys(plan(alarm_topic_arn=TOPIC, nat_gateway_per_az=True, redis_num_replicas=3))
    assert planned["nat_port_allocation"] == {"us-west-2a", "us-west-2b"}
    assert planned["redis_memory"] == planned["redis_evictions"] == {"1", "2", "3", "4"}


def test_an_alarm_and_its_end_are_notified(everything: Plan) -> None:
    for address, values in alarms(everything).items():
        assert values["alarm_actions"] == values["ok_actions"] == [TOPIC], address
        assert values["insufficient_data_actions"] is None, address
        assert values["alarm_description"], address
    names = [values["alarm_name"] for values in alarms(everything).values()]
    assert len(set(names)) == len(names)
    assert all(name.startswith("acme-litellm-dev-") for name in names)


def test_the_metrics_are_those_that_aws_documents(everything: Plan) -> None:
    for address, values in alarms(everything).items():
        for namespace, name, dimensions in watched(values):
            if name == "RequestCount":
                assert dimensions.keys() in ({"LoadBalancer"}, TARGET), address
            elif address != "aws_cloudwatch_metric_alarm.database_failed_logins[0]":
                assert dimensions.keys() == DOCUMENTED[namespace, name], address


def test_they_are_metrics_of_the_stacks_own_resources(everything: Plan) -> None:
    def of(name: str, key: str = "") -> list[dict[str, str]]:
        return [dimensions for _, _, dimensions in watched(alarm(everything, name, key))]

    balancer = {"LoadBalancer": everything.values("aws_lb.this")["arn_suffix"]}
    cluster = {"ClusterName": everything.values("aws_ecs_cluster.this")["name"]}
    assert of("alb_5xx") == [balancer, balancer]
    for service in SERVICES:
        group = everything.values(f"aws_lb_target_group.{service}")["arn_suffix"]
        for name in ("target_5xx", "unhealthy_targets"):
            assert all(each == {**balancer, "TargetGroup": group} for each in of(name, service))
        own = {**cluster, "ServiceName": everything.values(f"aws_ecs_service.{service}")["name"]}
        for name in ("running_tasks", "service_cpu", "service_memory"):
            assert all(each == own for each in of(name, service))
    assert of("gateway_latency")[0] == of("target_5xx", "gateway")[0]
    database = everything.values("aws_rds_cluster.this")["cluster_identifier"]
    for role in ROLES:
        own = {"DBClusterIdentifier": database, "Role": role.upper()}
        for name in ("database_cpu", "database_memory", "database_local_storage", "database_connections"):
            assert of(name, role) == [own]
    assert of("database_replica_lag") == [{"DBClusterIdentifier": database, "Role": "READER"}]
    members = everything.values("aws_elasticache_replication_group.this")["member_clusters"]
    for name in ("redis_memory", "redis_evictions"):
        assert [of(name, key) for key in ("1", "2")] == [[{"CacheClusterId": member}] for member in sorted(members)]
    nat = everything.values("aws_nat_gateway.this")["id"]
    assert of("nat_port_allocation", "us-west-2a") == [{"NatGatewayId": nat}]


def test_tasks_are_counted_by_container_insights(everything: Plan) -> None:
    [(namespace, _, _), _] = watched(alarm(everything, "running_tasks", "ui"))
    assert namespace == "ECS/ContainerInsights"
    assert everything.values("aws_ecs_cluster.this")["setting"] == [{"name": "containerInsights", "value": "enabled"}]


@pytest.mark.parametrize(
    ("name", "key", "data", "is_bad"),
    [
        ("target_5xx", "gateway", {"total": 1, "errors": 1}, False),
        ("target_5xx", "gateway", {"total": 20, "errors": 1}, False),
        ("target_5xx", "gateway", {"total": 20, "errors": 2}, True),
        ("target_5xx", "gateway", {"total": 1000, "errors": 50}, False),
        ("target_5xx", "gateway", {"total": 1000, "errors": 51}, True),
        ("target_5xx", "gateway", {"total": 1000}, False),
        ("target_5xx", "gateway", {}, False),
        ("alb_5xx", "", {"requests": 5, "errors": 1}, False),
        # The load balancer has no target: it counts no request.
        ("alb_5xx", "", {"errors": 30}, True),
        ("alb_5xx", "", {"requests": 1000, "errors": 10}, False),
        ("gateway_latency", "", {"total": 19, "latency": 100}, False),
        ("gateway_latency", "", {"total": 20, "latency": 59}, False),
        ("gateway_latency", "", {"total": 20, "latency": 61}, True),
        ("gateway_latency", "", {}, False),
        ("running_tasks", "backend", {"desired": 2, "running": 2}, False),
        ("running_tasks", "backend", {"desired": 2, "running": 4}, False),
        ("running_tasks", "backend", {"desired": 2, "running": 1}, True),
        ("running_tasks", "backend", {"desired": 2}, True),
        ("running_tasks", "backend", {}, False),
    ],
)
def test_metric_math(everything: Plan, name: str, key: str, data: dict[str, float], is_bad: bool) -> None:
    values = alarm(everything, name, key)
    assert values["comparison_operator"] == "GreaterThanThreshold"
    assert (value(values, **data) > values["threshold"]) is is_bad


def test_latency_is_compared_with_the_idle_timeout(plan: Evaluate) -> None:
    assert alarm(plan(alarm_topic_arn=TOPIC, alb_idle_timeout_seconds=600), "gateway_latency")["threshold"] == 300
    quicker = plan(alarm_topic_arn=TOPIC, alb_idle_timeout_seconds=600, alarm_gateway_latency_seconds=5)
    assert alarm(quicker, "gateway_latency")["threshold"] == 5


@pytest.mark.parametrize(
    ("instance_class", "gib", "connections", "local_gib"),
    [
        ("db.t4g.medium", 4, 405, 8.13),
        ("db.t3.large", 8, 844, 16),
        ("db.r5.large", 16, 1600, 31),
        ("db.r6g.large", 16, 1722, 32),
        ("db.r6g.xlarge", 32, 3479, 63),
        ("db.r5.24xlarge", 768, 5000, 1500),
        ("db.x2g.large", 32, 3479, 67),
        ("db.x2g.16xlarge", 1024, 5000, 1829),
    ],
)
def test_aurora_is_compared_with_what_its_class_has(
    plan: Evaluate, instance_class: str, gib: float, connections: int, local_gib: float
) -> None:
    """Memory, max_connections and temporary storage are those of the Aurora User Guide's tables."""
    planned = plan(alarm_topic_arn=TOPIC, db_instance_class=instance_class)
    assert 0.8 <= alarm(planned, "database_connections", "writer")["threshold"] / connections <= 0.91
    assert alarm(planned, "database_memory", "writer")["threshold"] == int(0.05 * gib * 2**30)
    assert 0.095 <= alarm(planned, "database_local_storage", "writer")["threshold"] / (local_gib * 2**30) <= 0.115


def test_a_plan_says_where_a_threshold_is_not_known(plan: Evaluate) -> None:
    unknown = plan(alarm_topic_arn=TOPIC, **SERVERLESS)
    assert {name for name in keys(unknown) if name.startswith("database")} == {"database_cpu", "database_replica_lag"}
    assert [warning.text for warning in unknown.warnings] == [
        "Check block assertion failed: The memory of a db.serverless is not known, so no alarm watches Aurora's "
        "memory, local storage and connections: make your own."
    ]
    assert plan(**SERVERLESS).warnings == ()
    assert plan(alarm_topic_arn=TOPIC, create_database=False, db_instance_class="db.new.large").warnings == ()


def test_silence_is_bad_only_of_what_always_reports(everything: Plan) -> None:
    treated = {address: values["treat_missing_data"] for address, values in alarms(everything).items()}
    bad = {address for address, missing in treated.items() if missing == "breaching"}
    assert bad == {f'aws_cloudwatch_metric_alarm.database_cpu["{role}"]' for role in ROLES}
    # A load balancer and a metric filter report nothing where there are no requests and no lines.
    silent = {
        address
        for address, values in alarms(everything).items()
        if watched(values)[0][0] in ("AWS/ApplicationELB", "LiteLLM/acme-litellm-dev")
    }
    assert {treated[address] for address in silent} == {"notBreaching"}


def test_aurora_runs_before_its_silence_is_an_alarm(module: dict[str, Any]) -> None:
    waits = module["resource"]["aws_cloudwatch_metric_alarm"]["database_cpu"]["depends_on"]
    assert set(waits) == {f"aws_rds_cluster_instance.{role}" for role in ROLES}


def test_the_topic_is_one_of_the_stacks_region(refusal: Callable[..., str]) -> None:
    assert "alarm_topic_arn must be in the stack's region" in refusal(
        alarm_topic_arn=TOPIC.replace("us-west-2", "us-east-1")
    )


def test_the_documentation_has_a_row_for_every_alarm(everything: Plan) -> None:
    section = (PROJECT / "docs/operations.md").read_text(encoding="utf-8").split("\n## Alarms\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.+) \| (.+) \| (.+) \|$", section, re.MULTILINE)
    assert [name for name, *_ in rows] == [name for name in ALL if name in keys(everything)]
    for _, *cells in rows:
        assert all(len(cell) > 20 for cell in cells)


def matches(pattern: str, line: str) -> bool:
    """Whether a line has one of the phrases of a pattern `?"…" ?"…"` (CloudWatch Logs User Guide, "Filter and pattern
    syntax": any of the terms marked with ?, an exact phrase in quotes, case-sensitive)."""
    phrases = re.findall(r'\?"([^"]+)"', pattern)
    assert " ".join(f'?"{phrase}"' for phrase in phrases) == pattern
    return any(phrase in line for phrase in phrases)


def logged_logins(folder: Path) -> tuple[list[str], int]:
    """Returns the lines that PostgreSQL logs of some logins, and how many it refused."""
    server = Postgres(folder / "home", folder, master="postgres", password="right", database="litellm")
    try:
        # The prefix of RDS (RDS User Guide, "RDS for PostgreSQL database log files").
        server.execute("ALTER SYSTEM SET log_line_prefix = '%t:%r:%u@%d:[%p]:'")
        server.execute("ALTER SYSTEM SET log_connections = on")
        server.execute("SELECT pg_reload_conf()")
        ended = [
            subprocess.run(
                [
                    programs(folder) / "psql",
                    "-X",
                    "-c",
                    "SELECT 1",
                    f"host={server.socket.parent} dbname=litellm {login}",
                ],
                capture_output=True,
                env={"HOME": str(folder)},
                check=False,
            ).returncode
            for login in (
                "user=postgres password=right",
                "user=postgres password=wrong",
                "user=nobody password=x",
                # No rule of pg_hba.conf allows it.
                "user=postgres password=right replication=true",
            )
        ]
        return (folder / "home" / "log").read_text(encoding="utf-8").splitlines(), len(ended) - ended.count(0)
    finally:
        server.remove()


def test_the_filter_counts_the_logins_that_postgresql_refuses(everything: Plan) -> None:
    values = everything.values("aws_cloudwatch_log_metric_filter.database_failed_logins")
    with TemporaryDirectory(prefix="pg") as folder:
        Path(folder).chmod(0o711)  # PostgreSQL may run as another user
        lines, refused = logged_logins(Path(folder))
    assert refused == 3
    found = [line for line in lines if matches(values["pattern"], line)]
    assert len(found) == refused
    assert all(":FATAL:  " in line for line in found)
    # What RDS logs where an IAM token is wrong (AWS re:Post, "How do I connect using IAM authentication").
    assert matches(values["pattern"], 'FATAL:  PAM authentication failed for user "litellm_app"')

    [metric] = values["metric_transformation"]
    assert (metric["value"], metric["default_value"]) == ("1", "0")
    assert watched(alarm(everything, "database_failed_logins")) == [(metric["namespace"], metric["name"], {})]
    assert values["log_group_name"] == everything.values("aws_cloudwatch_log_group.database")["name"]
