"""Terraform takes and refuses, at plan, the very values that the tenants file's reader takes and refuses.

Terraform reports all failed validations of a plan at once. So the values are packed: a plan takes one of each
group of inputs that share a rule.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from litellm_aws.litellm import LITELLM
from tests.terraform import Root, Terraform, TerraformError
from tests.unit.rule_cases import BASE, CASES, CROSS_CASES, CrossCases

Variables = dict[str, Any]


def packed(changes: Iterable[tuple[Variables, str]]) -> list[tuple[Variables, list[str]]]:
    """Packs changes of single inputs or pairs, each with its message, into as few plans as they fit into."""
    plans: list[tuple[Variables, list[str], set[str]]] = []
    for change, message in changes:
        group = set(change).union(*(rule.inputs for rule in LITELLM.rules if not change.keys().isdisjoint(rule.inputs)))
        if "vpc_id" in change:
            group |= LITELLM.inputs.keys()  # with others, AWS would be asked about the network
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
        yield from (({**cases.beside, cases.input: value}, "") for value in cases.good)


def bad() -> Iterator[tuple[Variables, str]]:
    for cross in CROSS_CASES:
        if cross.rule.refuses_plan:
            yield from ((values, f"{cross.rule.broken(values)}.") for values in map(cross.values, cross.bad))
    for cases in CASES:
        message = f"{cases.input} {cases.rule.says}."
        yield from (({**cases.beside, cases.input: value}, message) for value in (*cases.bad, *cases.mistyped))


@pytest.fixture(scope="module")
def root(terraform: Terraform, stacks: Path) -> Root:
    return terraform.root(stacks / "litellm")


@pytest.mark.parametrize("variables", [variables for variables, _ in packed(good())])
def test_terraform_takes_good_values(root: Root, variables: Mapping[str, Any]) -> None:
    assert root.plan({**BASE, **variables}).changes


@pytest.mark.parametrize("cross", [cross for cross in CROSS_CASES if not cross.rule.refuses_plan])
def test_terraform_warns_of_bad_values_in_the_same_words(root: Root, cross: CrossCases) -> None:
    for values in map(cross.values, cross.bad):
        assert any(f"{cross.rule.broken(values)}." in found.text for found in root.plan({**BASE, **values}).warnings)
    for values in map(cross.values, cross.good):
        assert root.plan({**BASE, **values}).warnings == ()


@pytest.mark.parametrize(("variables", "messages"), packed(bad()))
def test_terraform_refuses_bad_values_in_the_same_words(
    root: Root, variables: Mapping[str, Any], messages: list[str]
) -> None:
    with pytest.raises(TerraformError) as raised:
        root.plan({**BASE, **variables})
    errors = [
        found.text.removeprefix("Invalid value for variable: ")
        for found in raised.value.diagnostics
        if found.severity == "error"
    ]
    for message in messages:
        assert any(error.startswith(message) for error in errors), f"not refused: {message}"
    assert [error for error in errors if variables.keys().isdisjoint(error.partition(":")[0].split())] == []
