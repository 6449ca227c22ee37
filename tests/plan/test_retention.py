"""Production: by the name of the environment, by the input; what follows from it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from litellm_aws.constructs.expressions import constant, variable
from litellm_aws.constructs.production import in_production
from tests.plan.conftest import Evaluate
from tests.terraform import Terraform
from tests.unit.test_production import NO_PRODUCTION, PRODUCTION

LOST = {"skip_final_snapshot": True, "s3_force_destroy": True}


def test_terraform_and_the_generator_agree_on_production(terraform: Terraform, tmp_path: Path) -> None:
    names = [*PRODUCTION, *NO_PRODUCTION]
    (tmp_path / "names").mkdir()
    configuration: dict[str, Any] = {"variable": {}, "output": {}}
    for index, name in enumerate(names):
        configuration["variable"] |= {
            f"env{index}": {"default": constant(name)},
            f"production{index}": {"type": "bool", "default": None},
        }
        found = in_production(variable(f"env{index}"), variable(f"production{index}"))
        configuration["output"][name] = {"value": str(found)}
    (tmp_path / "names" / "main.tf.json").write_text(json.dumps(configuration))
    planned = terraform.root(tmp_path / "names", provider=None).plan().outputs
    assert planned == {**dict.fromkeys(PRODUCTION, True), **dict.fromkeys(NO_PRODUCTION, False)}


@pytest.mark.parametrize(
    ("inputs", "protected"),
    [
        ({"env": "eu-prd2"}, True),
        ({"env": "stage"}, False),
        ({"env": "acct", "production": True}, True),
        ({"env": "prod", "production": False, **LOST}, False),
        ({"env": "prod", "allow_data_loss": True, **LOST}, False),
        ({"env": "prod", "allow_data_loss": True, "deletion_protection": True}, True),
        ({"env": "prod", "deletion_protection": False}, False),
        ({"env": "dev", "deletion_protection": True}, True),
    ],
)
def test_production_is_protected_against_deletion(evaluate: Evaluate, inputs: dict[str, Any], protected: bool) -> None:
    planned = evaluate(**inputs)
    assert planned.values("aws_rds_cluster.this")["deletion_protection"] is protected
    assert planned.values("aws_lb.this")["enable_deletion_protection"] is protected


@pytest.mark.parametrize(
    "inputs",
    [{"env": "eu-live"}, {"env": "acct", "production": True}, {"env": "prod", "deletion_protection": False}],
)
def test_production_does_not_lose_data_unless_it_is_allowed(
    refusal: Callable[..., str], inputs: dict[str, Any]
) -> None:
    message = refusal(**inputs, **LOST)
    assert "set skip_final_snapshot = false" in message
    assert "set s3_force_destroy = false" in message


def test_a_database_is_created_from_a_snapshot(evaluate: Evaluate) -> None:
    planned = evaluate(snapshot_identifier="acme-litellm-dev-final-0a1b2c3d")
    assert planned.values("aws_rds_cluster.this")["snapshot_identifier"] == "acme-litellm-dev-final-0a1b2c3d"
    assert evaluate().values("aws_rds_cluster.this").get("snapshot_identifier") is None
