"""What the tests see through the harness is what Terraform and the provider say without it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.terraform import Terraform, TerraformError

AWS = {"required_providers": {"aws": {"source": "hashicorp/aws", "version": ">= 5.100, < 7"}}}
VPC = {"aws_vpc": {"this": {"cidr_block": "10.0.0.0/16"}}}


def written(directory: Path, configuration: dict[str, Any]) -> Path:
    """Writes a root module and returns its folder."""
    directory.mkdir()
    (directory / "main.tf.json").write_text(json.dumps(configuration))
    return directory


def test_a_plan_is_the_same_as_without_the_relay(terraform: Terraform, tmp_path: Path) -> None:
    secret = {"secret_id": "x", "secret_string_wo": "y", "secret_string_wo_version": 1}
    source = written(
        tmp_path / "root",
        {"terraform": AWS, "resource": {**VPC, "aws_secretsmanager_secret_version": {"this": secret}}},
    )
    attached, launched = (terraform.root(source, attached=how).plan().document for how in (True, False))
    for part in ("planned_values", "resource_changes", "configuration"):
        assert attached[part] == launched[part]


def test_each_root_plans_with_its_own_provider_configuration(terraform: Terraform, tmp_path: Path) -> None:
    source = written(tmp_path / "root", {"terraform": AWS, "resource": VPC})
    roots = {
        team: terraform.root(source, provider={"default_tags": {"tags": {"team": team}}}) for team in ("blue", "green")
    }
    for team in ("blue", "green", "blue"):
        assert roots[team].plan().values("aws_vpc.this")["tags_all"] == {"team": team}
    assert terraform.root(source).plan().unknown("aws_vpc.this")["tags_all"] is True


def test_a_call_to_aws_fails_at_once(terraform: Terraform, tmp_path: Path) -> None:
    source = written(tmp_path / "root", {"terraform": AWS, "data": {"aws_caller_identity": {"this": {}}}})
    assert "connection refused" in terraform.root(source).refusal()


def test_a_variable_that_is_not_declared_is_an_error(terraform: Terraform, tmp_path: Path) -> None:
    root = terraform.root(written(tmp_path / "root", {"variable": {"tenant": {"default": "acme"}}}))
    with pytest.raises(TerraformError, match='does not declare a variable named "tennant"'):
        root.plan({"tennant": "acme"})


def test_the_callers_environment_is_not_seen(
    terraform: Terraform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_VAR_tenant", "globex")
    monkeypatch.setenv("TF_CLI_ARGS_plan", "-destroy")
    configuration = {
        "variable": {"tenant": {"default": "acme"}},
        "output": {"tenant": {"value": "${var.tenant}"}},
    }
    assert terraform.root(written(tmp_path / "root", configuration)).plan().outputs == {"tenant": "acme"}


def test_a_backend_elsewhere_is_replaced_by_a_local_one(terraform: Terraform, tmp_path: Path) -> None:
    backend = {"s3": {"bucket": "state", "key": "acme", "region": "us-west-2"}}
    source = written(tmp_path / "root", {"terraform": AWS | {"backend": backend}, "resource": VPC})
    assert terraform.root(source).plan().counts == {"create": 1}


def test_a_release_outside_the_constraint_is_refused(terraform: Terraform, tmp_path: Path) -> None:
    old = {"required_providers": {"aws": {"source": "hashicorp/aws", "version": "< 5"}}}
    with pytest.raises(TerraformError, match="no available releases match"):
        terraform.root(written(tmp_path / "root", {"terraform": old}), attached=False)
