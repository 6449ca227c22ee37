"""Terraform, and the module in it, for the tests in this folder."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version

from litellm_aws.fleet.tenants_file import load_fleet
from litellm_aws.stacks.synthesis import synthesize
from tests.conftest import PROJECT
from tests.terraform import Plan, Root, Terraform, TerraformUnavailable, open_terraform

Evaluate = Callable[..., Plan]

TRIAL: Mapping[str, Any] = {
    "region": "us-west-2",
    "tenant": "acme",
    "env": "dev",
    "azs": ["us-west-2a", "us-west-2b"],
    "allow_plaintext_alb": True,
}
"""The fewest inputs that plan."""

ACCOUNT = "us-west-2:111122223333"
EXAMPLES = sorted((PROJECT / "examples").glob("*/tenants.yaml"))
URLS = {"database_url": "postgresql://u:p@db.example.com/litellm", "redis_url": "rediss://redis.example.com"}
"""Of the example that has stores of its own."""


def remembered(planned: Evaluate) -> Evaluate:
    """Returns the same function, which makes each plan once."""
    plans: dict[str, Plan] = {}

    def once(**inputs: Any) -> Plan:
        key = json.dumps(inputs, sort_keys=True)
        if key not in plans:
            plans[key] = planned(**inputs)
        return plans[key]

    return once


@pytest.fixture(scope="session")
def terraform(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Terraform]:
    """Terraform with its providers running; skips, and says why, where they cannot be had."""
    with ExitStack() as stack:
        try:
            opened = open_terraform(
                work=tmp_path_factory.mktemp("terraform"),
                cache=pytestconfig.cache.mkdir("terraform-providers"),
            )
            terraform = stack.enter_context(opened)
        except TerraformUnavailable as reason:
            pytest.skip(str(reason))
        yield terraform


@pytest.fixture(scope="session")
def examples(terraform: Terraform, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Plan]:
    """The plan of each tenant of the examples, by its example and, in the fleet, its own name."""
    plans = {}
    for example in EXAMPLES:
        name = example.parent.name
        outdir = tmp_path_factory.mktemp(name) / "cdktf.out"
        fleet = load_fleet(example)
        synthesize(fleet, outdir)
        for tenant in fleet.tenants:
            # The account of the tests has no ID.
            root = terraform.root(outdir / "stacks" / tenant.label, provider={"allowed_account_ids": None})
            plan = root.plan(URLS if name == "existing-network-and-stores" else {})
            plans[name if len(fleet.tenants) == 1 else f"{name}/{tenant.label}"] = plan
    return plans


@pytest.fixture(scope="session")
def module_root(terraform: Terraform, stacks: Path) -> Root:
    """The module as a root by itself."""
    return terraform.root(stacks / "litellm")


@pytest.fixture(scope="session")
def plan(module_root: Root) -> Evaluate:
    """Plans the module, by itself, with the fewest inputs and those given by name."""
    return remembered(lambda **inputs: module_root.plan({**TRIAL, **inputs}))


@pytest.fixture(scope="session")
def default(plan: Evaluate) -> Plan:
    """The plan with the fewest inputs."""
    return plan()


@pytest.fixture(scope="session")
def refusal(module_root: Root) -> Callable[..., str]:
    """Returns why the module does not plan with the fewest inputs and those given by name."""
    return lambda **inputs: module_root.refusal({**TRIAL, **inputs})


@pytest.fixture(scope="session")
def made_up(module: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Values of attributes that only AWS knows, by the address of the resource.

    The ARN of a resource ends in its address; hosts of the stores are named after them.
    """
    addresses = set(re.findall(r"\b(aws_\w+\.\w+)(?:\[[^\]]*\])?\.arn\b", json.dumps(module)))
    addresses |= {f"aws_secretsmanager_secret.{name}" for name in module["resource"]["aws_secretsmanager_secret"]}
    computed: dict[str, dict[str, Any]] = {
        address: {"arn": f"arn:aws:mock:{ACCOUNT}:mock:{address}"} for address in addresses
    }
    computed["aws_vpc.this"] = {"arn": f"arn:aws:ec2:{ACCOUNT}:vpc/vpc-mock", "owner_id": ACCOUNT.partition(":")[2]}
    computed["data.aws_partition.current"] = {"partition": "aws"}
    computed["aws_rds_cluster.this"] = {
        "arn": f"arn:aws:rds:{ACCOUNT}:cluster:mock",
        "cluster_resource_id": "cluster-ABC",
        "endpoint": "writer.mock",
        "reader_endpoint": "reader.mock",
        "port": 5432,
    }
    computed["aws_elasticache_replication_group.this"] = {
        "primary_endpoint_address": "redis.mock",
        "member_clusters": ["redis-001", "redis-002"],
    }
    # The tests of containers store a configuration in a bucket without versions.
    computed["aws_s3_object.proxy_config"] = {"version_id": "null"}
    computed["aws_s3_bucket.this"] = {"id": "bucket-mock", "arn": "arn:aws:s3:::bucket-mock"}
    computed["aws_acm_certificate.this"] = {
        "arn": f"arn:aws:acm:{ACCOUNT}:certificate/mock",
        "domain_validation_options": [
            {
                "domain_name": "mock",
                "resource_record_name": "_name.mock",
                "resource_record_type": "CNAME",
                "resource_record_value": "_value.mock",
            }
        ],
    }
    computed["aws_lb.this"] = {"arn": f"arn:aws:mock:{ACCOUNT}:mock:aws_lb.this", "dns_name": "alb.mock"}
    return computed


@pytest.fixture(scope="session")
def evaluate(terraform: Terraform, module_root: Root, made_up: dict[str, dict[str, Any]]) -> Evaluate:
    """Plans like `plan`, with made-up values for what only AWS knows."""
    if terraform.version < Version("1.11"):
        pytest.skip(f"terraform {terraform.version} cannot make up values during a plan, 1.11 can")
    return remembered(lambda **inputs: module_root.evaluated({**TRIAL, **inputs}, made_up))
