"""Each expression renders as Terraform reads it."""

import json
from typing import Any

import cdktf
import pytest
from cdktf import App, DataResource, TerraformLocal, TerraformStack

from litellm_aws.expressions import address, constant, is_set, merged, one, one_if, only_if, shortened, template
from litellm_aws.rules import literal


@pytest.fixture(scope="module")
def block(tmp_path_factory: pytest.TempPathFactory) -> TerraformLocal:
    app = App(outdir=str(tmp_path_factory.mktemp("out")))
    return TerraformLocal(TerraformStack(app, "stack"), "aws_vpc.this", "any block will do")


def test_a_block_is_referred_to_by_its_address(block: TerraformLocal) -> None:
    assert address(block) == "aws_vpc.this"
    assert is_set(block) == '${aws_vpc.this != ""}'
    assert one(block, "arn") == "${one(aws_vpc.this[*].arn)}"


@pytest.mark.parametrize("condition", ["var.enabled", "var.enabled && var.target > 0"])
def test_a_condition_becomes_a_count(condition: str) -> None:
    stack = TerraformStack(cdktf.Testing.app(), "stack")
    DataResource(stack, "data", count=one_if(condition))
    [resource] = json.loads(cdktf.Testing.synth(stack))["resource"]["terraform_data"].values()
    assert resource["count"] == f"${{{condition} ? 1 : 0}}"


def test_a_name_is_measured_before_it_is_cut() -> None:
    assert shortened("${local.name}-ui", 32) == (
        '${length("${local.name}-ui") <= 32 ? "${local.name}-ui" : '
        '"${trimsuffix(substr("${local.name}-ui", 0, 25), "-")}-${substr(sha256("${local.name}-ui"), 0, 6)}"}'
    )


def test_an_expression_becomes_a_template() -> None:
    assert template("null") == "${null}"


@pytest.mark.parametrize(
    ("value", "rendered"),
    [
        ("plain", "plain"),
        ("${var.x} %{if}", "$${var.x} %%{if}"),
        ("$${x}", "$$${x}"),
        ("${TfToken[TOKEN.0]}", '$${${"TfToken["}TOKEN.0]}'),
        (None, "${null}"),
        ([None, 1, {"a": None}], ["${null}", 1, {"a": "${null}"}]),
        (2**53 - 1, 2**53 - 1),
        (2**53, "${9007199254740992}"),
        (True, True),
        (1.5, 1.5),
        ({"${k}": {}}, {"$${k}": {}}),
    ],
)
def test_a_constant_means_itself_to_terraform(value: Any, rendered: Any) -> None:
    assert constant(value) == rendered


@pytest.mark.parametrize(
    ("value", "rendered"),
    [('say "${x}"', '"say \\"$${x}\\""'), ("a\\d", '"a\\\\d"'), ([1, "é"], '[1, "é"]'), (True, "true")],
)
def test_a_literal_means_itself_inside_of_an_expression(value: Any, rendered: str) -> None:
    assert literal(value) == rendered


def test_a_map_may_depend_on_a_condition() -> None:
    assert only_if("var.on", "local.map") == "{for name, value in local.map : name => value if var.on}"


def test_of_several_maps_the_last_counts() -> None:
    assert merged("local.one", "local.other") == "merge(local.one, local.other)"
