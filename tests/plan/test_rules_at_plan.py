"""Terraform takes and refuses, at plan, the very values that the tenants file's reader takes and refuses.

A rule is a validation of a variable. So the values are tried on the module's variables alone, without its resources,
in one run of Terraform's test command; the whole module is planned with a few of them.

Terraform reports all failed validations of a plan at once. So the values are packed: a plan takes one of each
group of inputs that share a rule.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from litellm_aws.constructs.litellm import LITELLM
from tests.plan.conftest import Evaluate
from tests.terraform import Diagnostic, Root, Terraform, TerraformError
from tests.unit.rule_cases import BASE, CASES, CROSS_CASES

Variables = dict[str, Any]
Pack = tuple[Variables, list[str]]


def packed(changes: Iterable[tuple[Variables, str]]) -> list[Pack]:
    """Packs changes of single inputs or pairs, each with its message, into as few plans as they fit into."""
    plans: list[tuple[Variables, list[str], set[str]]] = []
    for change, message in changes:
        group = set(change).union(*(rule.inputs for rule in LITELLM.rules if not change.keys().isdisjoint(rule.inputs)))
        plan = next((plan for plan in plans if group.isdisjoint(plan[2])), None)
        if plan is None:
            plans.append(plan := ({}, [], set()))
        variables, messages, taken = plan
        variables.update(change)
        messages.append(message)
        taken.update(group)
    return [(variables, messages) for variables, messages, _ in plans]


def good() -> Iterator[tuple[Variables, str]]:
    for cross in CROSS_CASES:
        yield from ((cross.values(pair), "") for pair in cross.good)
    for cases in CASES:
        yield from (({**cases.others, cases.input: value}, "") for value in cases.good)


def bad() -> Iterator[tuple[Variables, str]]:
    for cross in CROSS_CASES:
        if cross.rule.refuses_plan and not cross.rule.precondition:
            yield from ((values, f"{cross.rule.broken(values)}.") for values in map(cross.values, cross.bad))
    for cases in CASES:
        message = f"{cases.rule.sentence(cases.input)}."
        yield from (({**cases.others, cases.input: value}, message) for value in (*cases.bad, *cases.mistyped))


def warned(kind: str) -> list[Pack]:
    """Packs the values of the rules that a plan only warns of."""
    rules = [cross for cross in CROSS_CASES if not cross.rule.refuses_plan]
    assert rules
    found = [(cross, values) for cross in rules for values in map(cross.values, getattr(cross, kind))]
    return packed((values, f"{cross.rule.broken(values)}.") for cross, values in found)


GOOD, BAD = packed(good()), packed(bad())


def words(errors: Iterable[Diagnostic]) -> list[str]:
    """Returns what the errors say, without the place of the rule."""
    texts = [error.text.removeprefix("Invalid value for variable: ") for error in errors]
    return sorted(text.partition(" This was checked by the validation rule at ")[0] for text in texts)


@pytest.fixture(scope="module")
def variables_alone(terraform: Terraform, module: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Root:
    """The module's variables, and the local values that their rules refer to."""
    folder = tmp_path_factory.mktemp("rules") / "variables"
    folder.mkdir()
    values: Variables = {}
    text = json.dumps(module["variable"])
    while further := set(re.findall(r"\blocal\.(\w+)", text)) - values.keys():
        values |= {name: module["locals"][name] for name in further}
        text = json.dumps(values)
    (folder / "main.tf.json").write_text(json.dumps({"variable": module["variable"], "locals": values}, indent=1))
    return terraform.root(folder, provider=None)


@pytest.fixture(scope="module")
def refused(variables_alone: Root) -> list[list[str]]:
    """The errors of each pack, the good ones first."""
    return [
        words(errors) for errors in variables_alone.refusals([{**BASE, **variables} for variables, _ in (*GOOD, *BAD)])
    ]


def test_terraform_takes_good_values(refused: list[list[str]]) -> None:
    assert refused[: len(GOOD)] == [[]] * len(GOOD)


def test_terraform_refuses_bad_values_in_the_same_words(refused: list[list[str]]) -> None:
    for (variables, messages), errors in zip(BAD, refused[len(GOOD) :], strict=True):
        for message in messages:
            assert any(error.startswith(message) for error in errors), f"not refused: {message}"
        assert [error for error in errors if variables.keys().isdisjoint(error.partition(":")[0].split())] == []


def test_the_whole_module_takes_and_refuses_the_same(evaluate: Evaluate, refused: list[list[str]]) -> None:
    assert evaluate(**GOOD[0][0]).changes
    for (variables, _), errors in list(zip(BAD, refused[len(GOOD) :], strict=True))[:2]:
        with pytest.raises(TerraformError) as raised:
            evaluate(**variables)
        assert words(raised.value.diagnostics) == errors


def test_the_precondition_of_a_resource_refuses_the_same(evaluate: Evaluate, module: dict[str, Any]) -> None:
    places = {
        precondition["error_message"]: f"{kind}.{name}"
        for kind, named in module["resource"].items()
        for name, resource in named.items()
        for precondition in resource.get("lifecycle", {}).get("precondition", [])
    }
    refused = {f"{cross.rule.summary()}.": cross for cross in CROSS_CASES if cross.rule.precondition}
    assert {places[message] for message in refused} == {
        *("aws_lb_listener.http", "aws_vpc.this", "aws_rds_cluster.this", "aws_s3_bucket.this")
    }
    for message, cross in refused.items():
        for values in map(cross.values, cross.bad):
            with pytest.raises(TerraformError) as raised:
                evaluate(**values)
            assert words(raised.value.diagnostics) == [f"Resource precondition failed: {message}"]


def test_terraform_warns_of_bad_values_in_the_same_words(plan: Evaluate) -> None:
    for variables, messages in warned("bad"):
        found = [warning.text for warning in plan(**variables).warnings]
        for message in messages:
            assert any(message in text for text in found), f"no warning: {message}"
        assert len(found) == len(messages)
    for variables, _ in warned("good"):
        assert plan(**variables).warnings == ()
