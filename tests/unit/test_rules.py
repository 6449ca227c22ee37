"""Every rule takes what it should and refuses the rest, wherever the inputs are checked but for Terraform."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from litellm_aws.commands.reference import tenants_schema
from litellm_aws.constructs.inputs import Inputs
from litellm_aws.constructs.litellm import LITELLM
from tests.unit.rule_cases import BASE, CASES, CROSS_CASES, Cases, CrossCases

EDITOR = Draft202012Validator(tenants_schema(LITELLM))


def single(kind: str) -> list[Any]:
    """Returns each value of a kind as a parameter of a test."""
    return [
        pytest.param(cases, value, id=f"{cases.input}-{str(value)[:60]!r}")
        for cases in CASES
        for value in getattr(cases, kind)
    ]


def crossed(kind: str) -> list[Any]:
    return [
        pytest.param(cases, cases.values(pair), id=f"{cases.inputs[-1]}-{str(pair)[:60]}")
        for cases in CROSS_CASES
        for pair in getattr(cases, kind)
    ]


def refused(values: dict[str, Any]) -> list[tuple[str, str]]:
    """Returns the input and the message of every error by which the model refuses the values."""
    with pytest.raises(ValidationError) as raised:
        Inputs.model_validate({**BASE, **values})
    return [(str(error["loc"][0]), error["msg"]) for error in raised.value.errors()]


def test_every_rule_of_every_input_has_values_on_both_sides() -> None:
    covered = {(cases.input, cases.rule) for cases in CASES if cases.good and (cases.bad or cases.mistyped)}
    assert covered == {(declared.name, rule) for declared in LITELLM.inputs.values() for rule in declared.rules}


def test_every_rule_across_inputs_has_values_on_both_sides() -> None:
    assert {cases.rule for cases in CROSS_CASES if cases.good and cases.bad} == set(LITELLM.rules)


@pytest.mark.parametrize(("cases", "value"), single("good"))
def test_a_good_value_is_taken(cases: Cases, value: Any) -> None:
    assert getattr(Inputs.model_validate({**BASE, cases.input: value}), cases.input) == value


@pytest.mark.parametrize(("cases", "value"), single("bad"))
def test_a_bad_value_is_refused_in_the_words_of_its_rule(cases: Cases, value: Any) -> None:
    [(name, message)] = refused({cases.input: value})
    assert name == cases.input
    # A rule of each value of a map may speak of the value alone.
    assert cases.rule.says.endswith(message)


@pytest.mark.parametrize(("cases", "value"), single("mistyped"))
def test_a_value_of_another_type_is_refused(cases: Cases, value: Any) -> None:
    assert [name for name, _ in refused({cases.input: value})] == [cases.input]


@pytest.mark.parametrize(("cases", "values"), crossed("good"))
def test_good_values_are_taken_together(cases: CrossCases, values: dict[str, Any]) -> None:
    assert cases.rule.broken(Inputs.model_validate({**BASE, **values}).model_dump()) is None


@pytest.mark.parametrize(("cases", "values"), crossed("bad"))
def test_bad_values_are_refused_together_only(cases: CrossCases, values: dict[str, Any]) -> None:
    inputs = Inputs.model_validate({**BASE, **values}).model_dump()
    broken = [message for message in (rule.broken(inputs) for rule in LITELLM.rules) if message]
    assert [message[: len(cases.says)] for message in broken] == [cases.says]


def test_the_defaults_keep_the_rules() -> None:
    defaults = {each.name: each.default for each in LITELLM.inputs.values() if not each.required}
    inputs = Inputs.model_validate({**defaults, **BASE}).model_dump()
    assert [rule.broken(inputs) for rule in LITELLM.rules] == [None] * len(LITELLM.rules)


@pytest.mark.parametrize(
    ("cases", "value"), [each for each in single("good") if not LITELLM.inputs[each.values[0].input].sensitive]
)
def test_an_editor_objects_to_no_good_value(cases: Cases, value: Any) -> None:
    document = {"tenants": [{**BASE, cases.input: value}]}
    assert [error.message for error in EDITOR.iter_errors(document)] == []
