"""Each tenants file under examples/ plans, and its README says how."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from litellm_aws.fleet.tenants_file import load_fleet
from tests.plan.conftest import EXAMPLES, Evaluate
from tests.plan.test_containers import environment, secrets
from tests.plan.test_extended import ingress, statements
from tests.terraform import Plan

PROJECT = Path(__file__).parents[2]


def tenant(name: str) -> dict[str, Any]:
    """Returns the only tenant of an example, as its file says it."""
    [tenant] = yaml.safe_load((PROJECT / "examples" / name / "tenants.yaml").read_text())["tenants"]
    return dict(tenant)


def kinds(plan: Plan) -> set[str]:
    return {address.removeprefix("module.litellm.").partition(".")[0] for address in plan.addresses}


def module(plan: Plan) -> Plan:
    """The same plan, with the addresses of the module by itself."""
    return Plan(json.loads(json.dumps(plan.document).replace('"module.litellm.', '"')), plan.warnings)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.parent.name)
def test_an_example_keeps_the_schema_that_it_names(example: Path) -> None:
    schema: dict[str, Any] = json.loads((PROJECT / "tenants.schema.json").read_text())
    assert example.read_text().startswith("# yaml-language-server: $schema=../../tenants.schema.json\n")
    document = yaml.safe_load(example.read_text())
    assert [error.message for error in Draft202012Validator(schema).iter_errors(document)] == []


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.parent.name)
def test_the_readme_of_an_example_names_its_file_and_its_stacks(example: Path) -> None:
    readme = example.with_name("README.md").read_text()
    assert f"\nmake synth TENANTS={example.relative_to(PROJECT)}\n" in readme
    stacks = re.findall(r"-chdir=cdktf\.out/stacks/(\S+) (?:init|apply)\n", readme)
    assert len(stacks) == 2
    assert set(stacks) <= {tenant.label for tenant in load_fleet(example).tenants}


def test_every_architecture_makes_what_it_needs(examples: dict[str, Plan]) -> None:
    assert {name: plan.counts["create"] for name, plan in examples.items()} == {
        "bedrock": 99,
        "existing-network-and-stores": 69,
        "fleet/acme-prod": 96,
        "fleet/acme-stage": 96,
        "fleet/globex-dev": 89,
        "fleet/globex-live": 96,
        "opentelemetry": 97,
        "private-own-vpc": 82,
        "prometheus": 97,
        "public-tls": 111,
        "trial": 67,
    }
    assert {plan.warnings for plan in examples.values()} == {()}


def test_the_task_role_may_invoke_the_models_of_bedrock_and_there_is_no_key(examples: dict[str, Plan]) -> None:
    [statement] = statements(module(examples["bedrock"]), "bedrock_invoke")
    arns = tenant("bedrock")["bedrock_model_arns"]
    assert statement["Resource"] == arns
    for model in tenant("bedrock")["proxy_config"]["model_list"]:
        assert set(model["litellm_params"]) == {"model", "aws_region_name"}
        name = model["litellm_params"]["model"].removeprefix("bedrock/")
        # A profile, whose name begins with a geography, needs its model, too.
        assert [arn for arn in arns if arn.endswith(f"/{name}")]
        assert [arn for arn in arns if arn.endswith(f"foundation-model/{name.removeprefix('us.')}")]


def test_both_proxies_know_the_collector_and_get_its_header_from_a_secret(evaluate: Evaluate) -> None:
    inputs = tenant("opentelemetry")
    del inputs["backend"]
    plan = evaluate(**inputs, allow_plaintext_alb=False)
    for task in ("gateway", "backend"):
        assert environment(plan, task)["OTEL_ENDPOINT"] == "https://otel.example.com"
        assert environment(plan, task)["OTEL_ENVIRONMENT_NAME"] == "prod"
        assert secrets(plan, task)["OTEL_HEADERS"] == inputs["otel_headers_secret_arn"]
    assert environment(plan, "gateway")["OTEL_RESOURCE_ATTRIBUTES"].startswith("team=platform")


def test_prometheus_reaches_the_metrics_port_and_looks_for_it_where_it_is(examples: dict[str, Plan]) -> None:
    plan = module(examples["prometheus"])
    assert ingress(plan, "tasks")[9464] == (["10.40.10.0/24", "10.40.11.0/24"], [])
    private = [address for address in plan.addresses if address.startswith("aws_subnet.private[")]
    assert [plan.values(address)["cidr_block"] for address in private] == ["10.40.10.0/24", "10.40.11.0/24"]
    [job] = yaml.safe_load((PROJECT / "examples/prometheus/prometheus.yml").read_text())["scrape_configs"]
    [discovery] = job["aws_sd_configs"]
    [cluster] = discovery["clusters"]
    assert discovery["port"] == tenant("prometheus")["gateway_metrics_port"]
    assert discovery["region"] == tenant("prometheus")["region"]
    assert cluster.endswith(f":cluster/{plan.values('aws_ecs_cluster.this')['name']}")
    keep = job["relabel_configs"][0]
    assert keep["source_labels"] == ["__meta_ecs_service"]
    services = [plan.values(f"aws_ecs_service.{name}")["name"] for name in ("gateway", "backend", "ui")]
    assert [name for name in services if re.fullmatch(keep["regex"], name)] == [services[0]]


def test_the_profiles_of_the_fleet_make_the_difference(examples: dict[str, Plan]) -> None:
    targets = {
        name: {address for address in plan.addresses if ".aws_appautoscaling_target." in address}
        for name, plan in examples.items()
        if name.startswith("fleet/")
    }
    assert not targets.pop("fleet/globex-dev")
    assert all(targets.values())
    busy = module(examples["fleet/acme-prod"]).values("aws_appautoscaling_target.gateway")
    usual = module(examples["fleet/acme-stage"]).values("aws_appautoscaling_target.gateway")
    assert (busy["min_capacity"], busy["max_capacity"]) == (4, 40)
    assert (usual["min_capacity"], usual["max_capacity"]) == (1, 10)


def test_nothing_is_created_for_existing_network_and_stores(examples: dict[str, Plan]) -> None:
    made = kinds(examples["existing-network-and-stores"])
    assert not [kind for kind in made if kind.startswith(("aws_vpc", "aws_subnet", "aws_rds", "aws_elasticache"))]


def test_the_private_one_is_closed_to_the_world(examples: dict[str, Plan]) -> None:
    plan = module(examples["private-own-vpc"])
    assert plan.values("aws_lb.this")["internal"] is True
    for group in ("alb", "tasks", "rds", "redis"):
        assert "0.0.0.0/0" not in json.dumps(list(ingress(plan, group).values()))


def test_the_public_one_speaks_tls_by_its_own_name(examples: dict[str, Plan]) -> None:
    plan = examples["public-tls"]
    assert plan.outputs["alb_url"] == "https://llm.example.com"
    assert len([address for address in plan.addresses if ".aws_nat_gateway." in address]) == 3


def test_the_trial_has_no_nat_gateway_and_no_store(examples: dict[str, Plan]) -> None:
    made = kinds(examples["trial"])
    assert not made & {"aws_nat_gateway", "aws_eip", "aws_rds_cluster", "aws_elasticache_replication_group"}
