"""The benchmark's baseline makes what our module makes, and Terraform takes it."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version

from tests.conftest import PROJECT
from tests.plan.conftest import ACCOUNT, TRIAL
from tests.terraform import Plan, Root, Terraform

TENANTS = ("t0000", "t0001")
OPENAI_KEY = f"arn:aws:secretsmanager:{ACCOUNT}:secret:openai-api-key-AbCdEf"

COMPUTED: Mapping[str, Mapping[str, Any]] = {
    "aws_elasticache_replication_group": {"primary_endpoint_address": "redis.mock"},
    "aws_lb": {"dns_name": "alb.mock"},
    "aws_rds_cluster": {
        "arn": f"arn:aws:rds:{ACCOUNT}:cluster:mock",
        "cluster_resource_id": "cluster-ABC",
        "endpoint": "writer.mock",
        "reader_endpoint": "reader.mock",
        "port": 5432,
    },
    "random_password": {"result": "generated"},
}
"""Values made up for what only AWS knows; ids and ARNs are made up from names."""


@pytest.fixture(scope="module")
def baseline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the baseline's stacks, made in a process of its own: it imports the bindings whole."""
    outdir = tmp_path_factory.mktemp("baseline")
    command = [sys.executable, "-m", "bench.plain_cdktf", str(len(TENANTS)), str(outdir)]
    subprocess.run(command, cwd=PROJECT, check=True)
    return outdir / "stacks"


@pytest.fixture(scope="module", params=TENANTS)
def tenant(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def inputs(tenant: str) -> dict[str, Any]:
    """The module's inputs that make the tenant."""
    return {**TRIAL, "tenant": tenant, "gateway_extra_secrets": {"OPENAI_API_KEY": OPENAI_KEY}}


@pytest.fixture(scope="module")
def configuration(baseline: Path, tenant: str) -> dict[str, Any]:
    return dict(json.loads((baseline / f"{tenant}-dev" / "cdk.tf.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def root(terraform: Terraform, baseline: Path, tenant: str) -> Root:
    return terraform.root(baseline / f"{tenant}-dev")


@pytest.fixture(scope="module")
def theirs(root: Root) -> Plan:
    return root.plan()


@pytest.fixture(scope="module")
def ours(module_root: Root, inputs: dict[str, Any]) -> Plan:
    return module_root.plan(inputs)


def creations(plan: Plan) -> list[dict[str, Any]]:
    return [change for change in plan.document["resource_changes"] if change["mode"] == "managed"]


def attributes(plan: Plan) -> list[str]:
    """Each resource's type, what is known of it, and which of its attributes are not known; no addresses."""
    parts = ([each["type"], each["change"]["after"], each["change"]["after_unknown"]] for each in creations(plan))
    return sorted(json.dumps(part, sort_keys=True) for part in parts)


def evaluated(root: Root, plan: Plan, inputs: Mapping[str, Any]) -> Plan:
    """Plans with made-up values that are the same wherever a resource of this type and name stands."""
    computed: dict[str, dict[str, Any]] = {"data.aws_partition.current": {"partition": "aws"}}
    for created in creations(plan):
        after, unknown = created["change"]["after"], created["change"]["after_unknown"]
        name = f"{created['type']}/{after.get('name') or after.get('family') or ''}"
        made_up = {"id": name, "arn": f"arn:aws:mock:{ACCOUNT}:mock:{name}", **COMPUTED.get(created["type"], {})}
        address = created["address"].partition("[")[0]
        computed[address] = {key: value for key, value in made_up.items() if unknown.get(key)}
    return root.evaluated(inputs, computed)


def documents(plan: Plan) -> Iterator[tuple[str, Any]]:
    """The containers, policies and secrets, by the names of what they belong to."""
    for created in creations(plan):
        after = created["change"]["after"]
        if created["type"] == "aws_ecs_task_definition":
            yield after["family"], json.loads(after["container_definitions"])
        elif created["type"] == "aws_iam_policy":
            yield after["name"], json.loads(after["policy"])
        elif created["type"] == "aws_secretsmanager_secret_version":
            yield after["secret_id"], after["secret_string"]


def test_the_baseline_is_valid(root: Root) -> None:
    assert root.validate() == []


def test_the_baseline_declares_one_by_one_what_the_module_makes(configuration: dict[str, Any], ours: Plan) -> None:
    declared = configuration["resource"]
    assert {type_: len(resources) for type_, resources in declared.items()} == Counter(
        created["type"] for created in creations(ours)
    )
    assert not any(
        {"count", "for_each"} & resource.keys() for resources in declared.values() for resource in resources.values()
    )


def test_the_baseline_plans_what_the_module_plans(theirs: Plan, ours: Plan) -> None:
    assert theirs.counts == ours.counts == Counter(create=len(ours.addresses))
    assert attributes(theirs) == attributes(ours)


def test_the_baseline_has_the_modules_containers_policies_secrets_and_outputs(
    terraform: Terraform, root: Root, module_root: Root, theirs: Plan, ours: Plan, inputs: dict[str, Any]
) -> None:
    if terraform.version < Version("1.11"):
        pytest.skip(f"terraform {terraform.version} cannot make up values during a plan, 1.11 can")
    by_them, by_us = evaluated(root, theirs, {}), evaluated(module_root, ours, inputs)
    assert dict(documents(by_them)) == dict(documents(by_us))
    assert by_them.outputs == by_us.outputs


def test_the_baseline_runs_the_one_shot_tasks_as_the_module_does(
    configuration: dict[str, Any], module: dict[str, Any]
) -> None:
    assert configuration["locals"]["one_shot_script"] == module["locals"]["one_shot_script"]
    for name, ours in module["resource"]["terraform_data"].items():
        [theirs] = configuration["resource"]["terraform_data"][name]["provisioner"]
        [expected] = ours["provisioner"]
        assert theirs["local-exec"]["command"] == expected["local-exec"]["command"]
        assert theirs["local-exec"]["environment"].keys() == expected["local-exec"]["environment"].keys()
