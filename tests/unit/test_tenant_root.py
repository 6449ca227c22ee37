"""A tenant's root: provider, backend, secret variables, the module's call, outputs."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from litellm_aws.constructs.litellm import LITELLM
from litellm_aws.fleet.tenants_file import load_fleet
from litellm_aws.stacks.synthesis import synthesize

Configuration = dict[str, Any]
RootOf = Callable[..., Configuration]

ACME = {
    "region": "us-west-2",
    "tenant": "acme",
    "env": "dev",
    "azs": ["us-west-2a", "us-west-2b"],
    "allow_plaintext_alb": True,
}


@pytest.fixture
def root_of(tmp_path: Path) -> RootOf:
    """Synthesizes the root of acme-dev with some settings."""

    def synthesized(**settings: Any) -> Configuration:
        file = tmp_path / "fleet" / "tenants.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(yaml.safe_dump({"tenants": [{**ACME, **settings}]}), encoding="utf-8")
        synthesize(load_fleet(file), tmp_path / "cdktf.out")
        return dict(json.loads((tmp_path / "cdktf.out/stacks/acme-dev/cdk.tf.json").read_text(encoding="utf-8")))

    return synthesized


def test_a_root_passes_on_what_the_tenant_sets_and_the_secrets(root_of: RootOf) -> None:
    call = root_of(gateway_cpu=2048)["module"]["litellm"]
    assert call == {
        **ACME,
        "gateway_cpu": 2048,
        "source": "../litellm",
        **{secret.name: f"${{var.{secret.name}}}" for secret in LITELLM.sensitive_inputs},
    }


def test_the_one_shot_tasks_are_started_by_the_role_that_terraform_assumes(root_of: RootOf) -> None:
    role = "arn:aws:iam::111122223333:role/deployer"
    provider = {"assume_role": {"role_arn": role}}
    assert root_of(provider=provider)["module"]["litellm"]["one_shot_assume_role_arn"] == role
    other = root_of(provider=provider, one_shot_assume_role_arn="")["module"]["litellm"]
    assert other["one_shot_assume_role_arn"] == ""
    guarded = root_of(provider={"assume_role": {"role_arn": role, "external_id": "x1"}})["module"]["litellm"]
    assert "one_shot_assume_role_arn" not in guarded


def test_the_own_wave_of_a_tenant_makes_it_production(root_of: RootOf) -> None:
    def production(**settings: Any) -> Any:
        return root_of(**settings)["module"]["litellm"].get("production")

    assert production(wave="prod") is True
    assert production(wave="stage") is None
    assert production(wave="prod", production=False) is False


def test_a_name_that_says_production_needs_no_input(tmp_path: Path) -> None:
    file = tmp_path / "tenants.yaml"
    file.write_text(yaml.safe_dump({"tenants": [{**ACME, "env": "prd2", "wave": "prod"}, ACME]}), encoding="utf-8")
    fleet = load_fleet(file)
    assert [tenant.is_production for tenant in fleet.tenants] == [True, False]
    synthesize(fleet, tmp_path / "cdktf.out")
    root = json.loads((tmp_path / "cdktf.out/stacks/acme-prd2/cdk.tf.json").read_text(encoding="utf-8"))
    assert "production" not in root["module"]["litellm"]


def test_the_secrets_are_sensitive_variables_and_empty_by_default(root_of: RootOf) -> None:
    variables = root_of()["variable"]
    assert set(variables) == {secret.name for secret in LITELLM.sensitive_inputs}
    for variable in variables.values():
        # Without a type Terraform takes a TF_VAR_ as the text it is, and the module's variable has the type.
        assert variable == {"default": "", "sensitive": True}


def test_all_outputs_of_the_module_are_outputs_of_the_root(root_of: RootOf, module: Configuration) -> None:
    assert root_of()["output"] == {name: {"value": f"${{module.litellm.{name}}}"} for name in module["output"]}


def test_the_provider_is_in_the_tenants_region(root_of: RootOf) -> None:
    assert root_of()["provider"] == {"aws": [{"region": "us-west-2"}]}


def test_the_provider_takes_all_its_options(root_of: RootOf) -> None:
    root = root_of(
        provider={
            "profile": "acme",
            "assume_role": {"role_arn": "arn:aws:iam::111122223333:role/deployer", "external_id": "x1"},
            "default_tags": {"cost": "${literally}"},
            "allowed_account_ids": ["111122223333"],
            "endpoints": {"s3": "http://localhost:4566"},
            "s3_use_path_style": True,
        }
    )
    assert root["provider"]["aws"] == [
        {
            "region": "us-west-2",
            "profile": "acme",
            "assume_role": [{"role_arn": "arn:aws:iam::111122223333:role/deployer", "external_id": "x1"}],
            "default_tags": [{"tags": {"cost": "$${literally}"}}],
            "allowed_account_ids": ["111122223333"],
            "endpoints": [{"s3": "http://localhost:4566"}],
            "s3_use_path_style": True,
        }
    ]


def test_without_a_backend_the_state_is_next_to_the_tenants_file(root_of: RootOf, tmp_path: Path) -> None:
    [(kind, backend)] = root_of()["terraform"]["backend"].items()
    assert kind == "local"
    assert not os.path.isabs(backend["path"])
    state = os.path.normpath(tmp_path / "cdktf.out/stacks/acme-dev" / backend["path"])
    assert Path(state) == tmp_path / "fleet" / "terraform.acme-dev.tfstate"


def test_an_s3_backend_has_a_key_and_a_lock_for_each_tenant(root_of: RootOf) -> None:
    terraform = root_of(backend={"s3": {"bucket": "states", "region": "eu-west-1"}})["terraform"]
    assert terraform["backend"] == {
        "s3": {
            "bucket": "states",
            "region": "eu-west-1",
            "key": "litellm/acme-dev/terraform.tfstate",
            "use_lockfile": True,
            "encrypt": True,
        }
    }
    assert terraform["required_version"] == ">= 1.10"


def test_an_s3_backend_without_a_lockfile_runs_on_the_oldest_terraform(root_of: RootOf) -> None:
    terraform = root_of(backend={"s3": {"bucket": "b", "region": "us-west-2", "use_lockfile": False, "key": "mine"}})[
        "terraform"
    ]
    assert terraform["backend"]["s3"]["key"] == "mine"
    assert terraform["required_version"] == ">= 1.9"


def test_hcp_terraform_has_a_workspace_for_each_tenant(root_of: RootOf) -> None:
    terraform = root_of(backend={"cloud": {"organization": "acme", "project": "llm", "hostname": "tfe.acme.com"}})[
        "terraform"
    ]
    assert "backend" not in terraform
    assert terraform["cloud"] == {
        "organization": "acme",
        "hostname": "tfe.acme.com",
        "workspaces": {"name": "litellm-acme-dev", "project": "llm"},
    }


def test_what_a_backend_is_given_is_no_template(root_of: RootOf) -> None:
    local = root_of(backend={"local": {"path": "${path}"}})["terraform"]["backend"]["local"]
    assert local["path"].endswith("/$${path}")
    cloud = root_of(backend={"cloud": {"organization": "o", "project": "${p}", "workspace": "%{w}"}})["terraform"]
    assert cloud["cloud"]["workspaces"] == {"name": "%%{w}", "project": "$${p}"}


def test_what_a_tenant_writes_is_no_template(root_of: RootOf) -> None:
    call = root_of(
        gateway_extra_env={"PROMPT": '${file("/etc/passwd")} %{ if true }'},
        proxy_config={"none": None, "list": [None, 1], "big": 2**64, "nested": {"${key}": "${TfToken[TOKEN.0]}"}},
    )["module"]["litellm"]
    assert call["gateway_extra_env"] == {"PROMPT": '$${file("/etc/passwd")} %%{ if true }'}
    assert call["proxy_config"] == {
        "none": "${null}",
        "list": ["${null}", 1],
        "big": f"${{{2**64}}}",
        "nested": {"$${key}": '$${${"TfToken["}TOKEN.0]}'},
    }
