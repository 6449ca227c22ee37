"""The roots of the example fleet, and of tenants of every kind, planned with the real AWS provider."""

import json
import random
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from fleet.synthesis import synthesize
from fleet.tenants_file import load_fleet
from tests.plan.conftest import TRIAL
from tests.terraform import Root, Terraform, TerraformError

RootOf = Callable[..., Root]
SECRETS = {"litellm_master_key": "sk-given", "litellm_license": "lic", "ui_password": "pw"}


@pytest.fixture
def root_of(terraform: Terraform, tmp_path: Path) -> RootOf:
    """Synthesizes the root of a tenant with some settings."""

    def made(**settings: Any) -> Root:
        (tmp_path / "tenants.yaml").write_text(yaml.safe_dump({"tenants": [{**TRIAL, **settings}]}))
        fleet = load_fleet(tmp_path / "tenants.yaml")
        synthesize(fleet, tmp_path / "cdktf.out")
        return terraform.root(tmp_path / "cdktf.out/stacks" / fleet.tenants[0].label)

    return made


@pytest.mark.parametrize(
    ("stack", "resources"),
    # 93, and: a configuration; a certificate; for the stage, without the gateway's autoscaling
    [("acme-prod", 93 + 1 + 1), ("acme-stage", 93 + 1 - 3), ("globex-dev", 93 + 1)],
)
def test_an_example_root_is_valid_and_plans(terraform: Terraform, stacks: Path, stack: str, resources: int) -> None:
    root = terraform.root(stacks / stack)
    assert root.validate() == []
    planned = root.plan()
    assert planned.counts == Counter(create=resources)
    assert all(address.startswith("module.litellm.") for address in planned.addresses)


def test_a_production_root_with_a_configuration_adds_ninety_four(root_of: RootOf) -> None:
    planned = root_of(env="prod", proxy_config={"model_list": [{"model_name": "m"}]}).plan()
    assert planned.counts == Counter(create=94)


def test_a_root_hands_its_secret_variables_to_the_module(root_of: RootOf) -> None:
    planned = root_of().plan(SECRETS)
    secret = "module.litellm.aws_secretsmanager_secret_version"
    assert planned.values(f"{secret}.master_key")["secret_string"] == "sk-given"
    assert planned.values(f"{secret}.license[0]")["secret_string"] == "lic"
    assert planned.values(f"{secret}.ui_password[0]")["secret_string"] == "pw"


def test_a_root_without_tls_is_refused_at_plan(root_of: RootOf) -> None:
    message = root_of(allow_plaintext_alb=False).refusal()
    assert "set acm_certificate_arn" in message
    assert "allow_plaintext_alb = true" in message


def test_a_production_root_keeps_its_final_snapshot(root_of: RootOf) -> None:
    assert "set skip_final_snapshot = false" in root_of(env="prod", skip_final_snapshot=True).refusal()


def test_a_bad_secret_is_refused_at_plan(root_of: RootOf) -> None:
    message = root_of().refusal({"litellm_master_key": "1234"})
    assert "litellm_master_key must be a key that starts with sk-, or empty." in message


def test_default_tags_of_the_provider_lie_beneath_the_tags(root_of: RootOf) -> None:
    root = root_of(provider={"default_tags": {"org": "acme", "managed-by": "nobody"}})
    tags = root.plan().values("module.litellm.aws_vpc.this[0]")["tags_all"]
    assert tags["org"] == "acme"
    assert tags["managed-by"] == "terraform"


def test_what_a_tenant_writes_arrives_to_the_letter(root_of: RootOf) -> None:
    config: dict[str, Any] = {
        "none": None,
        "list": [None, 1, {}],
        "big": 2**64,
        "float": 0.1,
        "text": '${var.x} %{ if } "quoted" \\ é',
        "${key}": "${TfToken[TOKEN.0]}",
        "no": False,
    }
    root = root_of(proxy_config=config, tags={"note": "${x}"})
    planned = root.plan()
    content = planned.values("module.litellm.aws_s3_object.proxy_config[0]")["content"]
    assert yaml.safe_load(content) == {**config, "general_settings": yaml.safe_load(content)["general_settings"]}
    assert planned.values("module.litellm.aws_vpc.this[0]")["tags"]["note"] == "${x}"


@pytest.mark.parametrize(
    "backend",
    [
        {"s3": {"bucket": "states", "region": "us-west-2", "assume_role": {"role_arn": "arn:aws:iam::1:role/x"}}},
        {"cloud": {"hostname": "localhost:9", "organization": "acme", "project": "llm"}},
    ],
    ids=["s3", "cloud"],
)
def test_terraform_knows_every_argument_of_a_backend(root_of: RootOf, backend: dict[str, Any]) -> None:
    """Init gets as far as it can where nobody listens: beyond reading the arguments."""
    root = root_of(backend=backend)
    override = json.loads((root.directory / "tests_override.tf.json").read_text())
    del override["terraform"]
    (root.directory / "tests_override.tf.json").write_text(json.dumps(override))
    shutil.rmtree(root.directory / ".terraform")
    with pytest.raises(TerraformError) as refused:
        root.init()
    message = str(refused.value)
    assert "Unsupported" not in message
    assert "Missing required" not in message
    assert "connection refused" in message


def test_of_a_thousand_tenants_any_ten_validate(terraform: Terraform, tmp_path: Path) -> None:
    tenants = "".join(f"  - {{tenant: t{number:03}, env: dev}}\n" for number in range(1000))
    defaults = "defaults: {region: us-west-2, azs: [us-west-2a, us-west-2b], allow_plaintext_alb: true}\n"
    (tmp_path / "tenants.yaml").write_text(f"{defaults}tenants:\n{tenants}")
    synthesized = synthesize(load_fleet(tmp_path / "tenants.yaml"), tmp_path / "cdktf.out")
    assert len(synthesized.changes) == 1001
    for label in random.sample(list(synthesized.changes), 10):
        assert terraform.root(tmp_path / "cdktf.out/stacks" / label).validate() == [], label
