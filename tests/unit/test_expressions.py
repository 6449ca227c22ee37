"""Each expression renders as Terraform reads it."""

import json
from collections.abc import Callable
from typing import Any

import cdktf
import pytest
from cdktf import DataResource, TerraformStack

from litellm_aws.constructs.blocks import address, attribute, count_if, dynamic_block, each, local, one
from litellm_aws.constructs.expressions import (
    COUNT_INDEX,
    Expression,
    argument,
    call,
    constant,
    for_list,
    for_map,
    module_file,
    text,
    variable,
    when,
    without_nulls,
)

A, B, C = (variable(name) for name in "abc")


@pytest.mark.parametrize(
    ("expression", "source"),
    [
        (A.then(1, "x"), 'var.a ? 1 : "x"'),
        (A.then(B.then(1, 2), C.then(3, 4)), "var.a ? (var.b ? 1 : 2) : var.c ? 3 : 4"),
        (A.then(True, False) & B, "(var.a ? true : false) && var.b"),
        ((A | B) & ~C, "(var.a || var.b) && !var.c"),
        (A & B | C, "var.a && var.b || var.c"),
        (~(A & B), "!(var.a && var.b)"),
        (~A.equals(1), "!(var.a == 1)"),
        ((A > 0) & (A <= 5), "var.a > 0 && var.a <= 5"),
        (A.is_set | A.is_null, 'var.a != "" || var.a == null'),
        ((A + 1) * 2, "(var.a + 1) * 2"),
        (100 - A, "100 - var.a"),
        (10 - (A - B), "10 - (var.a - var.b)"),
        (6 / A, "6 / var.a"),
        (A / (B * 2), "var.a / (var.b * 2)"),
        (A * 2 / B, "var.a * 2 / var.b"),
        (1 + COUNT_INDEX, "1 + count.index"),
        (A.length() > 0, "length(var.a) > 0"),
        (A["k"].attribute("x").splat("y"), 'var.a["k"].x[*].y'),
        ((A | B)[0], "(var.a || var.b)[0]"),
        (call("max", A.spread), "max(var.a...)"),
        (call("merge", {"litellm:stack": A, "b": None}, B), 'merge({ "litellm:stack" = var.a, b = null }, var.b)'),
        (call("concat", [A, "x"], []), 'concat([var.a, "x"], [])'),
        (when(A, [B]), "var.a ? [var.b] : null"),
        (for_list(A, lambda zone: text("x-", zone)), '[for zone in var.a : "x-${zone}"]'),
        (
            for_list(A, lambda i, one: i, where=lambda i, one: one.differs(None)),
            "[for i, one in var.a : i if one != null]",
        ),
        (for_map(A, lambda k, v: (k, v + 1)), "{ for k, v in var.a : k => v + 1 }"),
        (without_nulls(A), "{ for name, value in var.a : name => value if value != null }"),
        (for_list(A.then([1], []), lambda each: each), "[for each in (var.a ? [1] : []) : each]"),
        ((A % 1).equals(0), "var.a % 1 == 0"),
        (60 * (A + 1), "60 * (var.a + 1)"),
        (module_file("x.sh"), '"${path.module}/x.sh"'),
    ],
)
def test_an_expression_has_the_parentheses_that_it_needs(expression: Expression, source: str) -> None:
    assert expression.source == source


@pytest.mark.parametrize(
    ("expression", "template"),
    [
        (A, "${var.a}"),
        (text("a-", A), "a-${var.a}"),
        (text(text(A, "-b"), "-c"), "${var.a}-b-c"),
        (text("100% %{if} $(x)"), "100% %%{if} $(x)"),
        (module_file("x.sh"), "${path.module}/x.sh"),
    ],
)
def test_an_argument_is_a_template(expression: Expression, template: str) -> None:
    assert str(expression) == template
    assert argument({"x": [expression, None]}) == {"x": [template, "${null}"]}


@pytest.mark.parametrize(
    ("value", "source"),
    [
        ('say "x"\n', '"say \\"x\\"\\n"'),
        ("a\\d", '"a\\\\d"'),
        ("%{if}", '"%%{if}"'),
        ([1, "é"], '[1, "é"]'),
        (True, "true"),
        (None, "null"),
    ],
)
def test_a_value_means_itself_inside_of_an_expression(value: Any, source: str) -> None:
    assert call("try", value).source == f"try({source})"


def test_a_template_inside_of_an_expression_is_refused() -> None:
    with pytest.raises(ValueError, match="build it with text"):
        A.equals(f"{B}-x")


@pytest.mark.parametrize(
    "decide", [bool, list, lambda each: each == "x", lambda each: each != B, lambda each: 1 in each]
)
def test_python_does_not_decide_what_only_terraform_knows(decide: Callable[[Expression], object]) -> None:
    with pytest.raises(TypeError):
        decide(A)


@pytest.fixture
def stack() -> TerraformStack:
    return TerraformStack(cdktf.Testing.app(), "stack")


def test_a_misspelt_attribute_is_an_error(stack: TerraformStack) -> None:
    resource = DataResource(stack, "terraform_data.this")
    assert attribute(resource, "id").source == "terraform_data.this.id"
    assert each(resource, "id").source == "terraform_data.this[*].id"
    assert one(resource, "output").source == "one(terraform_data.this[*].output)"
    assert address(resource)[0].source == "terraform_data.this[0]"
    for read in (attribute, each, one):
        with pytest.raises(AttributeError, match=r"terraform_data\.this has no attribute idd"):
            read(resource, "idd")


def test_a_condition_becomes_a_count(stack: TerraformStack) -> None:
    DataResource(stack, "this", count=count_if(A & (B > 0)))
    [resource] = json.loads(cdktf.Testing.synth(stack))["resource"]["terraform_data"].values()
    assert resource["count"] == "${var.a && var.b > 0 ? 1 : 0}"


def test_a_local_is_declared_and_returned(stack: TerraformStack) -> None:
    declared = local(stack, "names", {"a": A, "b": [None, 1]})
    assert declared.source == "local.names"
    [value] = json.loads(cdktf.Testing.synth(stack))["locals"].values()
    assert value == {"a": "${var.a}", "b": ["${null}", 1]}


@pytest.mark.parametrize(
    ("read", "type_"),
    [
        (lambda each: each.as_number, float),
        (lambda each: each.as_list, list),
        (lambda each: each.as_string, str),
    ],
)
def test_an_argument_has_the_type_that_cdktf_asks_for(read: Callable[[Expression], object], type_: type) -> None:
    assert isinstance(read(A), type_)


def test_a_dynamic_block_refers_to_its_own_key_and_value() -> None:
    assert dynamic_block("volume", A, lambda key, value: {"name": value, "index": key}) == {
        "volume": {"for_each": "${var.a}", "content": {"name": "${volume.value}", "index": "${volume.key}"}}
    }


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
