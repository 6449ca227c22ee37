"""The dashboard: what it shows of which stack, and where it is."""

import json
from typing import Any

import pytest

from tests.plan.conftest import Evaluate
from tests.plan.test_alarms import DOCUMENTED, TARGET, alarms, watched
from tests.plan.test_extended import NO_STORES
from tests.terraform import Plan
from tests.unit.rule_cases import TOPIC


@pytest.fixture(scope="module")
def shown(evaluate: Evaluate) -> Plan:
    return evaluate(dashboard_enabled=True, alarm_topic_arn=TOPIC)


def widgets(plan: Plan) -> list[dict[str, Any]]:
    return list(json.loads(plan.values("aws_cloudwatch_dashboard.this")["dashboard_body"])["widgets"])


def lines(plan: Plan) -> list[tuple[str, str, dict[str, str]]]:
    """Returns namespace, name and dimensions of each line of each chart."""
    return [
        (namespace, name, dict(zip(dimensions[::2], dimensions[1::2], strict=True)))
        for widget in widgets(plan)
        for namespace, name, *dimensions, _ in widget["properties"].get("metrics", [])
    ]


def test_there_is_none_by_default(default: Plan) -> None:
    assert not any(address.startswith("aws_cloudwatch_dashboard.") for address in default.addresses)
    assert default.outputs.get("dashboard_url") is None


def test_its_address_is_an_output(plan: Evaluate) -> None:
    url = plan(dashboard_enabled=True).outputs["dashboard_url"]
    assert (
        url == "https://console.aws.amazon.com/cloudwatch/home?region=us-west-2#dashboards/dashboard/acme-litellm-dev"
    )


@pytest.mark.parametrize("partition", ["aws-us-gov", "aws-cn"])
def test_a_partition_has_a_console_of_its_own(module: dict[str, Any], partition: str) -> None:
    suffix = {"aws-us-gov": "amazonaws-us-gov.com", "aws-cn": "amazonaws.cn"}[partition]
    assert module["locals"]["consoles"][partition] == f"console.{suffix}"


def test_every_line_has_data_of_the_stack(shown: Plan) -> None:
    own = {tuple(sorted(dims.items())) for values in alarms(shown).values() for _, _, dims in watched(values)}
    for namespace, name, dimensions in lines(shown):
        assert dimensions.keys() == (TARGET if name == "RequestCount" else DOCUMENTED[namespace, name])
        assert tuple(sorted(dimensions.items())) in own, (name, dimensions)


def test_what_an_alarm_watches_can_be_seen(shown: Plan) -> None:
    watches = {(namespace, name) for values in alarms(shown).values() for namespace, name, _ in watched(values)}
    assert watches - {line[:2] for line in lines(shown)} == {("AWS/RDS", "FreeLocalStorage")}


def test_a_line_says_what_it_is_of(shown: Plan) -> None:
    for widget in widgets(shown):
        labels = [line[-1]["label"] for line in widget["properties"].get("metrics", [])]
        assert len(set(labels)) == len(labels)
        assert widget["properties"]["region"] == "us-west-2"
        assert widget["properties"]["title"]
    [latency] = [each for each in widgets(shown) if each["properties"]["title"].startswith("Seconds")]
    stats = {line[-1]["label"]: line[-1]["stat"] for line in latency["properties"]["metrics"]}
    assert stats == {f"{service} {stat}": stat for service in ("backend", "gateway", "ui") for stat in ("p50", "p95")}


def test_the_logs_of_the_services_are_searched_for_errors(shown: Plan) -> None:
    [log] = [widget["properties"] for widget in widgets(shown) if widget["type"] == "log"]
    sources = [part for part in log["query"].split(" | ") if part.startswith("SOURCE ")]
    assert sources == [f"SOURCE '/ecs/acme-litellm-dev/{service}'" for service in ("gateway", "backend", "ui")]
    assert "filter @message like /(?i)(error|exception|traceback|fatal)/" in log["query"]


def test_a_row_has_24_columns(shown: Plan) -> None:
    row = 0
    for widget in widgets(shown):
        row = 0 if row == 24 else row
        row += widget["width"]
        assert row <= 24
    assert row == 24


def test_a_stack_without_stores_has_no_charts_of_them(evaluate: Evaluate) -> None:
    planned = evaluate(dashboard_enabled=True, tasks_in_public_subnets=True, **NO_STORES)
    assert {namespace for namespace, _, _ in lines(planned)} == {
        "AWS/ApplicationELB",
        "AWS/ECS",
        "ECS/ContainerInsights",
    }
