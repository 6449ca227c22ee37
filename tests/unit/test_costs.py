"""`litellm-aws costs` adds up what the resources of a plan cost, and refuses a resource that it has no price for."""

import io
import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from litellm_aws.commands import __main__ as command_line
from litellm_aws.commands.costs.plan_costs import PRICED, Plan, plan_costs
from litellm_aws.commands.costs.prices import SHIPPED, Prices, load_prices
from litellm_aws.fleet.problems import RefusedError

ACU_HOUR, VCPU_HOUR, GB_HOUR, ARM_VCPU_HOUR, ARM_GB_HOUR = 3, 5, 7, 2, 4
HOURS = 10
PRICES = Prices.model_validate(
    {
        "region": "us-west-2",
        "read": date(2026, 1, 1),
        "hours_per_month": HOURS,
        "sources": {"made up": {"title": "Made up", "url": "https://example.com", "dated": None, "regions": []}},
        "prices": {
            name: {"source": "made up", "usd": usd}
            for name, usd in {
                "aurora_acu_hour": ACU_HOUR,
                "aurora_instance_hour": {"db.t4g.medium": 11},
                "redis_node_hour": {"cache.t4g.micro": 13},
                "valkey_node_hour": {"cache.t4g.micro": 12},
                "fargate_vcpu_hour": VCPU_HOUR,
                "fargate_gb_hour": GB_HOUR,
                "fargate_arm_vcpu_hour": ARM_VCPU_HOUR,
                "fargate_arm_gb_hour": ARM_GB_HOUR,
                "load_balancer_hour": 17,
                "load_balancer_capacity_unit_hour": 19,
                "nat_gateway_hour": 23,
                "public_ipv4_address_hour": 1,
                "secret_month": 29,
                "custom_metric_month": 31,
                "alarm_month": 37,
            }.items()
        },
        "by_use": {"aws_s3_bucket": "what is stored"},
        "free": {
            "aws_subnet": "part of the VPC",
            "aws_appautoscaling_target": "free",
            "aws_ecs_task_definition": "free",
        },
    }
)
"""The prices are such that each sum can be of one thing only."""


def document(resources: list[dict[str, Any]]) -> dict[str, Any]:
    """What Terraform says of a plan with these resources, which are in a module."""
    module = {"address": "module.litellm", "resources": [{"mode": "managed", **each} for each in resources]}
    return {"planned_values": {"root_module": {"child_modules": [module]}}}


def resource(address: str, **values: Any) -> dict[str, Any]:
    type_, name = address.split(".")
    return {"address": f"module.litellm.{address}", "type": type_, "name": name, "values": values}


def costs(*resources: dict[str, Any]) -> dict[str, Any]:
    """Returns number, size and price of each thing that these resources cost."""
    items = plan_costs(Plan(document(list(resources))), PRICES)
    return {item.what: (item.numbers, item.size, item.monthly) for item in items}


def service(desired: int, architecture: str = "X86_64", *, public: bool = False) -> list[dict[str, Any]]:
    task = {"family": "acme-gateway", "cpu": "512", "memory": "2048"}
    network = [{"assign_public_ip": public}]
    return [
        resource("aws_ecs_task_definition.gateway", runtime_platform=[{"cpu_architecture": architecture}], **task),
        resource("aws_ecs_task_definition.other", runtime_platform=[], family="other", cpu="4096", memory="8192"),
        resource("aws_ecs_service.gateway", name="acme-gateway", desired_count=desired, network_configuration=network),
    ]


def serverless(least: float, largest: float) -> list[dict[str, Any]]:
    capacity = [{"min_capacity": least, "max_capacity": largest}]
    return [
        resource("aws_rds_cluster.this", serverlessv2_scaling_configuration=capacity),
        resource("aws_rds_cluster_instance.writer", instance_class="db.serverless"),
    ]


def test_an_instance_costs_what_its_class_does() -> None:
    writer, reader = (resource(f"aws_rds_cluster_instance.{name}", instance_class="db.t4g.medium") for name in "wr")
    assert costs(writer, reader) == {
        "Aurora w": ("1", "db.t4g.medium", 11 * HOURS),
        "Aurora r": ("1", "db.t4g.medium", 11 * HOURS),
    }


@pytest.mark.parametrize(
    ("least", "size", "running"),
    [(2, "2 ACUs of 2 to 8", "2"), (1.5, "1.5 ACUs of 1.5 to 8", "1.5"), (0, "0.5 ACUs of 0 to 8", "0.5")],
)
def test_a_serverless_instance_costs_its_least_capacity_and_does_not_pause(
    least: float, size: str, running: str
) -> None:
    assert costs(*serverless(least, 8)) == {"Aurora writer": ("1", size, Decimal(running) * ACU_HOUR * HOURS)}


@pytest.mark.parametrize(("engine", "usd"), [("redis", 13), ("valkey", 12)])
def test_each_node_of_a_cache_costs_what_its_engine_does(engine: str, usd: int) -> None:
    group = resource(
        "aws_elasticache_replication_group.this", engine=engine, node_type="cache.t4g.micro", num_cache_clusters=3
    )
    assert costs(group) == {f"{engine.capitalize()} node": ("3", "cache.t4g.micro", 3 * usd * HOURS)}


def test_a_task_costs_its_own_vcpus_and_memory() -> None:
    one = Decimal("0.5") * VCPU_HOUR + 2 * GB_HOUR
    assert costs(*service(3)) == {"Fargate task, gateway": ("3", "0.5 vCPU, 2 GB", 3 * one * HOURS)}
    arm = Decimal("0.5") * ARM_VCPU_HOUR + 2 * ARM_GB_HOUR
    assert costs(*service(1, "ARM64")) == {"Fargate task, gateway": ("1", "0.5 vCPU, 2 GB, ARM64", arm * HOURS)}


@pytest.mark.parametrize(("desired", "number"), [(1, "2 (2 to 6)"), (4, "4 (2 to 6)")])
def test_there_are_at_least_as_many_tasks_as_autoscaling_keeps(desired: int, number: str) -> None:
    target = resource(
        "aws_appautoscaling_target.gateway", resource_id="service/acme/acme-gateway", min_capacity=2, max_capacity=6
    )
    other = resource("aws_appautoscaling_target.ui", resource_id="service/acme/acme-ui", min_capacity=9, max_capacity=9)
    assert costs(*service(desired), target, other)["Fargate task, gateway"][0] == number


def test_every_public_address_costs() -> None:
    tasks = costs(*service(3, public=True))["Public IPv4 address"]
    address = costs(resource("aws_eip.nat", domain="vpc"))["Public IPv4 address"]
    existing = costs(resource("aws_lb.this", internal=False, subnets=["subnet-1", "subnet-2"]))["Public IPv4 address"]
    subnets = [resource("aws_subnet.public"), resource("aws_subnet.public"), resource("aws_subnet.private")]
    made = costs(resource("aws_lb.this", internal=False), *subnets)["Public IPv4 address"]
    assert [tasks, address, existing, made] == [(str(n), "", n * HOURS) for n in (3, 1, 2, 2)]
    assert "Public IPv4 address" not in costs(resource("aws_lb.this", internal=True), *subnets)


def test_the_load_balancer_costs_a_capacity_unit_too() -> None:
    assert costs(resource("aws_lb.this", internal=True)) == {
        "Load balancer": ("1", "", 17 * HOURS),
        "Load balancer capacity unit (LCU)": ("1", "", 19 * HOURS),
    }


def test_lines_of_one_thing_are_added_up() -> None:
    gateways = [resource("aws_nat_gateway.this"), resource("aws_nat_gateway.this")]
    assert costs(*gateways) == {"NAT gateway": ("2", "", 2 * 23 * HOURS)}


def test_a_secret_costs_also_where_rds_keeps_it() -> None:
    secret = resource("aws_secretsmanager_secret.master_key")
    by_rds, by_terraform = (resource("aws_rds_cluster.this", manage_master_user_password=each) for each in (True, None))
    assert costs(secret, by_rds) == {"Secret": ("2", "", 2 * 29)}
    assert costs(secret, by_terraform) == {"Secret": ("1", "", 29)}


def test_monitoring_costs_by_the_month() -> None:
    on, off = (
        resource("aws_ecs_cluster.this", setting=[{"name": "containerInsights", "value": value}])
        for value in ("enabled", "disabled")
    )
    assert costs(on, *service(1))["Container Insights metric"] == ("32", "", 32 * 31)
    assert "Container Insights metric" not in costs(off, *service(1))
    assert costs(resource("aws_appautoscaling_policy.cpu")) == {"Alarm of autoscaling": ("2", "", 2 * 37)}


def test_what_costs_nothing_or_by_use_is_no_line() -> None:
    assert costs(resource("aws_subnet.public"), resource("aws_s3_bucket.this")) == {}


def test_a_type_without_a_price_is_refused() -> None:
    with pytest.raises(RefusedError, match="no price for resources of type aws_a, aws_b: name them under"):
        costs(resource("aws_b.this"), resource("aws_a.this"), resource("aws_subnet.public"))


def test_a_class_without_a_price_is_refused() -> None:
    with pytest.raises(RefusedError, match=r"no price aurora_instance_hour of db\.r9g\.large: add it to a copy of"):
        costs(resource("aws_rds_cluster_instance.writer", instance_class="db.r9g.large"))


# The price file


def test_every_type_of_the_module_has_a_place_in_the_price_file(module: dict[str, Any]) -> None:
    prices = load_prices()
    places = [set(PRICED), set(prices.by_use), set(prices.free)]
    assert set(module["resource"]) <= set.union(*places)
    assert sum(map(len, places)) == len(set.union(*places)), "a type has two places"


def test_a_price_file_is_checked(tmp_path: Path) -> None:
    document = yaml.safe_load(SHIPPED.read_text())
    document["prices"]["alarm_month"] = {"source": "hearsay", "usd": 1}
    file = tmp_path / "prices.yaml"
    for content, said in [(yaml.dump(document), "no such source: hearsay"), ("[1", "no price file"), ("{}", "region")]:
        file.write_text(content)
        with pytest.raises(RefusedError, match=said):
            load_prices(file)


# The command


def test_the_command_prints_a_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = document([resource("aws_nat_gateway.this"), *serverless(0.5, 4)])
    plan["configuration"] = {"provider_config": {"aws": {"expressions": {"region": {"constant_value": "eu-west-1"}}}}}
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(plan))
    assert command_line.run(["costs", str(file)]) == 0
    printed = capsys.readouterr().out
    assert [line.split() for line in printed.splitlines()[:4]] == [
        ["WHAT", "NUMBER", "SIZE", "USD", "A", "MONTH"],
        ["Aurora", "writer", "1", "0.5", "ACUs", "of", "0.5", "to", "4", "43.80"],
        ["NAT", "gateway", "1", "32.85"],
        ["In", "all", "76.65"],
    ]
    assert "prices of us-west-2 for 730 hours" in printed
    assert "The plan is for eu-west-1, which has other prices." in printed
    assert "- data transfer, and what NAT gateways process" in printed

    monkeypatch.setattr("sys.stdin", io.StringIO(file.read_text()))
    assert command_line.run(["costs", "-"]) == 0
    assert capsys.readouterr().out == printed


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("PK\3\4", "cannot be read as JSON"),
        ('{"values": {}}', "not what `terraform show -json` writes of a plan"),
        ("[]", "not what `terraform show -json` writes of a plan"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, said: str) -> None:
    file = tmp_path / "acme.tfplan"
    file.write_text(content)
    assert command_line.run(["costs", str(file)]) != 0
    assert said in capsys.readouterr().err


def test_a_price_file_of_ones_own_is_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own, plan = tmp_path / "prices.yaml", tmp_path / "plan.json"
    document_ = yaml.safe_load(SHIPPED.read_text())
    document_["prices"]["nat_gateway_hour"]["usd"] = 1
    own.write_text(yaml.dump(document_))
    plan.write_text(json.dumps(document([resource("aws_nat_gateway.this")])))
    command_line.run(["costs", str(plan), "--prices", str(own)])
    assert "730.00" in capsys.readouterr().out
