"""Evaluates policies as IAM does (IAM User Guide, "Policy evaluation logic", for one account)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Document = Mapping[str, Any]
"""A policy document."""


@dataclass(frozen=True)
class Requirement:
    """An action on a resource that a request needs.

    Attributes:
        action: the action, such as `ec2:CreateTags`.
        resource: ARN of the resource; `*` if the action has none. Its unknown parts are `*`, too.
        context: the condition keys of the request and their values.
    """

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)


def allows(documents: Iterable[Document], wanted: Requirement) -> bool:
    """Returns whether policies allow a requirement, and none denies it."""
    effects = {
        statement["Effect"]
        for document in documents
        for statement in as_list(document["Statement"])
        if _applies(statement, wanted)
    }
    return effects == {"Allow"}


def as_list(found: Any) -> list[Any]:
    """Returns a list: a policy may contain a single element without brackets."""
    return found if isinstance(found, list) else [found]


def _applies(statement: Mapping[str, Any], wanted: Requirement) -> bool:
    return (
        _one_matches(statement["Action"], wanted.action, re.IGNORECASE)
        and _one_matches(statement["Resource"], wanted.resource)
        and all(_holds(operator, keys, wanted.context) for operator, keys in statement.get("Condition", {}).items())
    )


def _holds(operator: str, keys: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    # A key that is not in the request does not match (IAM User Guide, "Condition operators").
    if operator not in ("StringEquals", "StringLike"):
        raise NotImplementedError(f"the condition operator {operator}")
    return all(
        key in context
        and (context[key] in as_list(values) if operator == "StringEquals" else _one_matches(values, context[key]))
        for key, values in keys.items()
    )


def _one_matches(patterns: Any, value: str, flags: int = 0) -> bool:
    return any(_matches(pattern, value, flags) for pattern in as_list(patterns))


def _matches(pattern: str, value: str, flags: int) -> bool:
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, value, flags | re.DOTALL) is not None
