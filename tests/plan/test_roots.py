"""The roots of the example fleet, and of tenants of every kind, planned with the real AWS provider."""

import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from litellm_aws.fleet.problems import BadInputError
from litellm_aws.fleet.tenants_file import load_fleet
from litellm_aws.stacks.synthesis import synthesize
from tests.plan.conftest import TRIAL
from tests.terraform import Plan, Root, Terraform, TerraformError

RootOf = Callable[..., Root]
SECRETS = {"litellm_master_key": "sk-given", "litellm_license": "lic", "ui_password": "pw"}


def synthesized(terraform: Terraform, folder: Path, **settings: Any) -> Root:
    """Synthesizes the root of a tenant with some settings."""
    (folder / "tenants.yaml").write_text(yaml.safe_dump({"tenants": [{**TRIAL, **settings}]}))
    fleet = load_fleet(folder / "tenants.yaml")
    synthesize(fleet, folder / "cdktf.out")
    return terraform.root(folder / "cdktf.out/stacks" / fleet.tenants[0].label)


@pytest.fixture
def root_of(terraform: Terraform, tmp_path: Path) -> RootOf:
    return lambda **settings: synthesized(terraform, tmp_path, **settings)


@pytest.mark.parametrize(
    ("stack", "resources"),
    # 95, and: a configuration; a certificate; for the stage, without the gateway's autoscaling
    [("acme-prod", 95 + 1 + 1), ("acme-stage", 95 + 1 - 3), ("globex-dev", 95 + 1)],
)
def test_an_example_root_is_valid_and_plans(terraform: Terraform, stacks: Path, stack: str, resources: int) -> None:
    planned = terraform.root(stacks / stack).plan()
    assert planned.warnings == ()
    assert planned.counts == Counter(create=resources)
    assert all(address.startswith("module.litellm.") for address in planned.addresses)


CONFIG: dict[str, Any] = {
    "none": None,
    "list": [None, 1, {}],
    "big": 2**64,
    "float": 0.1,
    "text": '${var.x} %{ if } "quoted" \\ é',
    "${key}": "${TfToken[TOKEN.0]}",
    "no": False,
}


@pytest.fixture(scope="module")
def acme(terraform: Terraform, tmp_path_factory: pytest.TempPathFactory) -> Root:
    """The root of a tenant with odd texts, whose provider has tags of its own."""
    return synthesized(
        terraform,
        tmp_path_factory.mktemp("acme"),
        provider={"default_tags": {"org": "acme", "managed-by": "nobody"}},
        proxy_config=CONFIG,
        tags={"note": "${x}"},
    )


@pytest.fixture(scope="module")
def planned(acme: Root) -> Plan:
    return acme.plan(SECRETS)


def test_a_root_hands_its_secret_variables_to_the_module(planned: Plan) -> None:
    secret = "module.litellm.aws_secretsmanager_secret_version"
    assert planned.values(f"{secret}.master_key")["secret_string"] == "sk-given"
    assert planned.values(f"{secret}.license[0]")["secret_string"] == "lic"
    assert planned.values(f"{secret}.ui_password[0]")["secret_string"] == "pw"


def test_what_would_harm_is_refused_at_synth(root_of: RootOf) -> None:
    for harm in ({"env": "prod"}, {"env": "blue", "wave": "prod"}, {"production": True}):
        with pytest.raises(BadInputError) as raised:
            root_of(**harm, skip_final_snapshot=True)
        assert "set skip_final_snapshot = false" in str(raised.value.problems[0])


def test_a_bad_secret_is_refused_at_plan(acme: Root) -> None:
    message = acme.refusal({"litellm_master_key": "1234"})
    assert "litellm_master_key must be a key that starts with sk-, or empty." in message


def test_the_tags_override_the_default_tags_of_the_provider(planned: Plan) -> None:
    tags = planned.values("module.litellm.aws_vpc.this[0]")["tags_all"]
    assert tags["org"] == "acme"
    assert tags["managed-by"] == "terraform"


def test_what_a_tenant_writes_arrives_to_the_letter(planned: Plan) -> None:
    content = planned.values("module.litellm.aws_s3_object.proxy_config[0]")["content"]
    assert yaml.safe_load(content) == {**CONFIG, "general_settings": yaml.safe_load(content)["general_settings"]}
    assert planned.values("module.litellm.aws_vpc.this[0]")["tags"]["note"] == "${x}"


@pytest.mark.parametrize(
    "backend",
    [
        {"s3": {"bucket": "b", "region": "us-west-2", "assume_role": {"role_arn": "arn:aws:iam::111122223333:role/x"}}},
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
