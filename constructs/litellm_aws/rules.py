"""The kinds of limit that an input can have.

A rule is written once, in Python and in Terraform's language side by side, and it is enforced
three times from there: on the tenants file when it is read (pydantic), by a `validation` block
of the module's variable at plan time, and by the JSON Schema in the editor. The words of the
message are the same in all of them.
"""

from __future__ import annotations

import ipaddress
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

RULE_BROKEN = "rule"
"""The type of the pydantic error that a broken rule raises; its message is the rule's own."""


def literal(value: object) -> str:
    """Writes a string, number, bool, list or map of them as a literal of Terraform's language."""
    return json.dumps(value, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")


class Rule(ABC):
    """One limit on the value of one input. Goes into the `Annotated` type of the input's field."""

    @property
    @abstractmethod
    def says(self) -> str:
        """What the value must be: the end of a sentence that starts with the input's name."""

    @abstractmethod
    def holds(self, value: Any) -> bool:
        """Whether a value of the right type keeps the rule."""

    @abstractmethod
    def condition(self, reference: str) -> str:
        """The same as a Terraform expression over `reference`, e.g. `var.tenant`."""

    @abstractmethod
    def json_schema(self) -> dict[str, Any]:
        """The same as keywords of JSON Schema, as far as JSON Schema can say it."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def check(value: Any) -> Any:
            if not self.holds(value):
                raise PydanticCustomError(RULE_BROKEN, "{says}", {"says": self.says})
            return value

        return core_schema.no_info_after_validator_function(check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        described, own = handler(schema), self.json_schema()
        if any(described.get(keyword, value) != value for keyword, value in own.items()):
            return {**described, "allOf": [*described.get("allOf", []), own]}
        return {**described, **own}


@dataclass(frozen=True)
class Matches(Rule):
    """A string that a regular expression matches as a whole.

    Args:
        pattern: without anchors, in the syntax that Python, RE2 and ECMAScript share.
        meaning: what the pattern asks for, in words.
    """

    pattern: str
    meaning: str

    @property
    def says(self) -> str:
        return f"must be {self.meaning}"

    def holds(self, value: str) -> bool:
        return re.fullmatch(self.pattern, value) is not None

    def condition(self, reference: str) -> str:
        return f"can(regex({literal(_anchored(self.pattern))}, {reference}))"

    def json_schema(self) -> dict[str, Any]:
        return {"pattern": _anchored(self.pattern)}


def _anchored(pattern: str) -> str:
    return f"^(?:{pattern})$"


@dataclass(frozen=True)
class NotReserved(Rule):
    """A string that a regular expression does not match as a whole.

    Args:
        pattern: as of `Matches`.
        meaning: what it must not be, and why, in words.
    """

    pattern: str
    meaning: str

    @property
    def says(self) -> str:
        return f"must not be {self.meaning}"

    def holds(self, value: str) -> bool:
        return re.fullmatch(self.pattern, value) is None

    def condition(self, reference: str) -> str:
        return f"!can(regex({literal(_anchored(self.pattern))}, {reference}))"

    def json_schema(self) -> dict[str, Any]:
        return {"not": {"pattern": _anchored(self.pattern)}}


@dataclass(frozen=True)
class EmptyOr(Rule):
    """A string that is empty (the feature is off) or keeps another rule."""

    rule: Rule

    @property
    def says(self) -> str:
        return f"{self.rule.says}, or empty"

    def holds(self, value: str) -> bool:
        return value == "" or self.rule.holds(value)

    def condition(self, reference: str) -> str:
        return f'{reference} == "" || {self.rule.condition(reference)}'

    def json_schema(self) -> dict[str, Any]:
        return {"anyOf": [{"const": ""}, self.rule.json_schema()]}


@dataclass(frozen=True)
class Both(Rule):
    """A value that keeps two rules."""

    one: Rule
    other: Rule

    @property
    def says(self) -> str:
        return f"{self.one.says}, and {self.other.says}"

    def holds(self, value: Any) -> bool:
        return self.one.holds(value) and self.other.holds(value)

    def condition(self, reference: str) -> str:
        return f"{self.one.condition(reference)} && {self.other.condition(reference)}"

    def json_schema(self) -> dict[str, Any]:
        return {"allOf": [self.one.json_schema(), self.other.json_schema()]}


@dataclass(frozen=True)
class NotEmpty(Rule):
    """A string with at least one character that is not a blank."""

    @property
    def says(self) -> str:
        return "must not be empty"

    def holds(self, value: str) -> bool:
        return value.strip() != ""

    def condition(self, reference: str) -> str:
        return f'trimspace({reference}) != ""'

    def json_schema(self) -> dict[str, Any]:
        return {"pattern": "\\S"}


@dataclass(frozen=True)
class OneOf(Rule):
    """One of a few values, numbers or strings."""

    values: tuple[str, ...] | tuple[int, ...]

    @property
    def says(self) -> str:
        return f"must be one of {', '.join(map(str, self.values))}"

    def holds(self, value: str | int) -> bool:
        return value in self.values

    def condition(self, reference: str) -> str:
        return f"contains({literal(list(self.values))}, {reference})"

    def json_schema(self) -> dict[str, Any]:
        return {"enum": list(self.values)}


@dataclass(frozen=True)
class Whole(Rule):
    """A whole number within limits, both included; `most` of None means no upper limit."""

    least: int
    most: int | None = None

    @property
    def says(self) -> str:
        upper = "" if self.most is None else f" and at most {self.most}"
        return f"must be a whole number of at least {self.least}{upper}"

    def holds(self, value: int) -> bool:
        return value >= self.least and (self.most is None or value <= self.most)

    def condition(self, reference: str) -> str:
        upper = "" if self.most is None else f" && {reference} <= {self.most}"
        return f"floor({reference}) == {reference} && {reference} >= {self.least}{upper}"

    def json_schema(self) -> dict[str, Any]:
        return {"minimum": self.least} | ({} if self.most is None else {"maximum": self.most})


@dataclass(frozen=True)
class AtLeast(Rule):
    """A number, whole or not, that is not below a limit."""

    least: int

    @property
    def says(self) -> str:
        return f"must be a number of at least {self.least}"

    def holds(self, value: float) -> bool:
        return value >= self.least

    def condition(self, reference: str) -> str:
        return f"{reference} >= {self.least}"

    def json_schema(self) -> dict[str, Any]:
        return {"minimum": self.least}


@dataclass(frozen=True)
class Not(Rule):
    """A number other than one that has another use."""

    value: int
    use: str

    @property
    def says(self) -> str:
        return f"must not be {self.value}, {self.use}"

    def holds(self, value: int) -> bool:
        return value != self.value

    def condition(self, reference: str) -> str:
        return f"{reference} != {self.value}"

    def json_schema(self) -> dict[str, Any]:
        return {"not": {"const": self.value}}


@dataclass(frozen=True)
class Between(Rule):
    """A number, whole or not, within limits, both included."""

    least: int
    most: int

    @property
    def says(self) -> str:
        return f"must be a number from {self.least} to {self.most}"

    def holds(self, value: float) -> bool:
        return self.least <= value <= self.most

    def condition(self, reference: str) -> str:
        return f"{reference} >= {self.least} && {reference} <= {self.most}"

    def json_schema(self) -> dict[str, Any]:
        return {"minimum": self.least, "maximum": self.most}


@dataclass(frozen=True)
class AllDifferent(Rule):
    """A list with no value twice."""

    @property
    def says(self) -> str:
        return "must not name anything twice"

    def holds(self, value: Sequence[str]) -> bool:
        return len(set(value)) == len(value)

    def condition(self, reference: str) -> str:
        return f"length(distinct({reference})) == length({reference})"

    def json_schema(self) -> dict[str, Any]:
        return {"uniqueItems": True}


@dataclass(frozen=True)
class EachElement(Rule):
    """A list of strings in which every element keeps a rule."""

    rule: Rule

    @property
    def says(self) -> str:
        return f"must hold elements each of which {self.rule.says}"

    def holds(self, value: Sequence[str]) -> bool:
        return all(self.rule.holds(each) for each in value)

    def condition(self, reference: str) -> str:
        return f"alltrue([for value in {reference} : {self.rule.condition('value')}])"

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return handler(list[Annotated[str, self.rule]])

    def json_schema(self) -> dict[str, Any]:
        return {"items": {"type": "string", **self.rule.json_schema()}}


@dataclass(frozen=True)
class NoOverlap(Rule):
    """A list of IPv4 CIDR blocks none of which holds an address of another."""

    @property
    def says(self) -> str:
        return "must be ranges that do not overlap: remove the narrower one"

    def holds(self, value: Sequence[str]) -> bool:
        try:
            networks = [ipaddress.IPv4Network(each) for each in value]
        except ValueError:
            return True  # which is another rule's concern
        return not any(one.overlaps(other) for one, other in combinations(networks, 2))

    def condition(self, reference: str) -> str:
        # Two ranges overlap when they begin alike, as far as the shorter of their prefixes reaches.
        prefix = 'min(tonumber(split("/", one)[1]), tonumber(split("/", other)[1]))'
        begins = [f'cidrhost("${{split("/", {each})[0]}}/${{{prefix}}}", 0)' for each in ("one", "other")]
        pairs = f"[for i, one in {reference} : [for j, other in {reference} : {begins[0]} != {begins[1]} if i < j]]"
        return f"try(alltrue(flatten({pairs})), true)"

    def json_schema(self) -> dict[str, Any]:
        return {}


@dataclass(frozen=True)
class AtMost(Rule):
    """A list or a map of at most so many elements, because of a limit of AWS's."""

    most: int
    reason: str

    @property
    def says(self) -> str:
        return f"must have at most {self.most} elements: {self.reason}"

    def holds(self, value: Sequence[str] | Mapping[str, str]) -> bool:
        return len(value) <= self.most

    def condition(self, reference: str) -> str:
        return f"length({reference}) <= {self.most}"

    def json_schema(self) -> dict[str, Any]:
        return {"maxItems": self.most, "maxProperties": self.most}


@dataclass(frozen=True)
class EachValue(Rule):
    """A map of strings in which every value keeps a rule."""

    rule: Rule

    @property
    def says(self) -> str:
        return f"must map names to values each of which {self.rule.says}"

    def holds(self, value: Mapping[str, str]) -> bool:
        return all(self.rule.holds(each) for each in value.values())

    def condition(self, reference: str) -> str:
        return f"alltrue([for value in values({reference}) : {self.rule.condition('value')}])"

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return handler(dict[str, Annotated[str, self.rule]])

    def json_schema(self) -> dict[str, Any]:
        return {"additionalProperties": {"type": "string", **self.rule.json_schema()}}


@dataclass(frozen=True)
class IsMap(Rule):
    """A map of anything, where Terraform's own type is `any`."""

    @property
    def says(self) -> str:
        return "must be a map"

    def holds(self, value: object) -> bool:
        return isinstance(value, dict)

    def condition(self, reference: str) -> str:
        return f"can(keys({reference}))"

    def json_schema(self) -> dict[str, Any]:
        return {"type": "object"}


@dataclass(frozen=True)
class Ipv4Network(Rule):
    """An IPv4 CIDR block, written with its first address, within prefix lengths.

    Args:
        widest: the shortest prefix allowed, e.g. 16.
        narrowest: the longest prefix allowed, e.g. 20.
        reason: why it must not be narrower.
    """

    widest: int
    narrowest: int
    reason: str

    @property
    def says(self) -> str:
        return (
            f"must be an IPv4 CIDR block from /{self.widest} to /{self.narrowest}, such as 10.40.0.0/16, "
            f"written with its first address ({self.reason})"
        )

    def holds(self, value: str) -> bool:
        try:
            network = ipaddress.IPv4Network(value)
        except ValueError:
            return False
        return str(network) == value and self.widest <= network.prefixlen <= self.narrowest

    def condition(self, reference: str) -> str:
        canonical = f'"${{cidrhost({reference}, 0)}}/${{tonumber(split("/", {reference})[1])}}" == {reference}'
        prefix = f'tonumber(split("/", {reference})[1])'
        within = f"{prefix} >= {self.widest} && {prefix} <= {self.narrowest}"
        return f'try({canonical} && {within} && !strcontains({reference}, ":"), false)'

    def json_schema(self) -> dict[str, Any]:
        prefixes = "|".join(str(prefix) for prefix in range(self.widest, self.narrowest + 1))
        return {"pattern": f"^([0-9]{{1,3}}\\.){{3}}[0-9]{{1,3}}/({prefixes})$"}


@dataclass(frozen=True)
class Ipv4Range(Rule):
    """An IPv4 CIDR block of any width, written with its first address."""

    @property
    def says(self) -> str:
        return "must be an IPv4 CIDR block such as 10.0.0.0/8, written with its first address"

    def holds(self, value: str) -> bool:
        try:
            return str(ipaddress.IPv4Network(value)) == value
        except ValueError:
            return False

    def condition(self, reference: str) -> str:
        canonical = f'"${{cidrhost({reference}, 0)}}/${{tonumber(split("/", {reference})[1])}}" == {reference}'
        return f'try({canonical} && !strcontains({reference}, ":"), false)'

    def json_schema(self) -> dict[str, Any]:
        return {"pattern": "^([0-9]{1,3}\\.){3}[0-9]{1,3}/([0-9]|[12][0-9]|3[0-2])$"}


_ARN_HEAD = "arn:aws[a-z-]*:{service}:[a-z0-9-]+:[0-9]{{12}}:{resource}"


def certificate_arn() -> Rule:
    """The ARN of an ACM certificate."""
    return Matches(
        _ARN_HEAD.format(service="acm", resource="certificate/[A-Za-z0-9-]+"),
        "the ARN of an ACM certificate, arn:aws:acm:<region>:<account>:certificate/<id>",
    )


def secret_arn(*, with_field: bool) -> Rule:
    """The ARN of a Secrets Manager secret.

    Args:
        with_field: whether `:<json key>:<version stage>:<version id>` may stand behind it, by which
            ECS takes one field of a JSON secret or one version.
    """
    head = _ARN_HEAD.format(service="secretsmanager", resource="secret:[A-Za-z0-9/_+=.@!-]+")
    shape = "arn:aws:secretsmanager:<region>:<account>:secret:<name>"
    if not with_field:
        return Matches(head, f"the ARN of a Secrets Manager secret, {shape}")
    return Matches(
        head + "(?::[^:]*:[^:]*:[^:]*)?",
        f"the ARN of a Secrets Manager secret, {shape}, and optionally :<json key>:<stage>:<version> behind it",
    )


def kms_key_arn() -> Rule:
    """The ARN of a KMS key."""
    return Matches(
        _ARN_HEAD.format(service="kms", resource="key/[A-Za-z0-9-]+"),
        "the ARN of a KMS key, arn:aws:kms:<region>:<account>:key/<id>",
    )


def role_arn() -> Rule:
    """The ARN of an IAM role."""
    return Matches(
        "arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]+",
        "the ARN of an IAM role, arn:aws:iam::<account>:role/<name>",
    )
