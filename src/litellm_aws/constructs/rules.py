"""The kinds of limit that an input can have.

A rule is written once, in Python and in Terraform's language side by side. It is enforced three times from there: on
the tenants file when it is read (pydantic), by a `validation` block of the module's variable at plan time, and by the
JSON Schema in the editor. The words of the message are the same in all of them.
"""

from __future__ import annotations

import ipaddress
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from .expressions import Expression, call, for_list

RULE_BROKEN = "rule"
"""The type of the pydantic error that a broken rule raises; its message is the rule's own."""


class Rule(ABC):
    """One limit on the value of one input. Goes into the `Annotated` type of the input's field."""

    @property
    @abstractmethod
    def says(self) -> str:
        """What the value must be: the end of a sentence that starts with the input's name."""

    def sentence(self, input_: str = "") -> str:
        """Returns the sentence about an input, by its name or as "it", without a full stop."""
        return f"{input_ or 'It'} {self.says}"

    @abstractmethod
    def holds(self, value: Any) -> bool:
        """Whether a value of the right type keeps the rule."""

    @abstractmethod
    def condition(self, value: Expression) -> Expression:
        """The same in Terraform's language."""

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
    """A string that a regular expression matches, or does not match, as a whole.

    Args:
        pattern: without anchors, in the syntax that Python, RE2 and ECMAScript share.
        meaning: what the pattern asks for, in words.
        refused: whether a string that matches is refused; `meaning` then says what it must not be, and why.
    """

    pattern: str
    meaning: str
    refused: bool = False

    @property
    def says(self) -> str:
        return f"must not be {self.meaning}" if self.refused else f"must be {self.meaning}"

    def holds(self, value: str) -> bool:
        return (re.fullmatch(self.pattern, value) is None) is self.refused

    def condition(self, value: Expression) -> Expression:
        matches = call("can", call("regex", self._anchored, value))
        return ~matches if self.refused else matches

    def json_schema(self) -> dict[str, Any]:
        return {"not": {"pattern": self._anchored}} if self.refused else {"pattern": self._anchored}

    @property
    def or_empty(self) -> Matches:
        """The rule that takes an empty string, too."""
        return replace(self, pattern=f"(?:{self.pattern})?")

    @property
    def _anchored(self) -> str:
        return f"^(?:{self.pattern})$" if "|" in self.pattern else f"^{self.pattern}$"


@dataclass(frozen=True)
class EmptyOr(Rule):
    """A string that is empty (the feature is off) or keeps another rule."""

    rule: Rule

    @property
    def says(self) -> str:
        return f"{self.rule.says}, or empty"

    def holds(self, value: str) -> bool:
        return value == "" or self.rule.holds(value)

    def condition(self, value: Expression) -> Expression:
        # With the value once, the line of an input with a long name is not too long.
        if isinstance(self.rule, Matches) and not self.rule.refused:
            return self.rule.or_empty.condition(value)
        return value.equals("") | self.rule.condition(value)

    def json_schema(self) -> dict[str, Any]:
        return {"anyOf": [{"const": ""}, self.rule.json_schema()]}


@dataclass(frozen=True)
class Both(Rule):
    """A value that keeps two rules."""

    one: Rule
    other: Rule

    @property
    def says(self) -> str:
        return f"{self.one.says}, {self.other.says.removeprefix('must be ')}"

    def holds(self, value: Any) -> bool:
        return self.one.holds(value) and self.other.holds(value)

    def condition(self, value: Expression) -> Expression:
        return self.one.condition(value) & self.other.condition(value)

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

    def condition(self, value: Expression) -> Expression:
        return call("trimspace", value).differs("")

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

    def condition(self, value: Expression) -> Expression:
        return call("contains", self.values, value)

    def json_schema(self) -> dict[str, Any]:
        return {"enum": list(self.values)}


@dataclass(frozen=True)
class Number(Rule):
    """A number within limits, both included; `most` of None means no upper limit.

    Args:
        whole: whether it must be a whole number, which is Python's type already, and Terraform has none.
        step: what it must be a multiple of; None for any number.
    """

    least: int
    most: int | None = None
    whole: bool = False
    step: float | None = None

    @property
    def says(self) -> str:
        limits = f"of at least {self.least}" if self.most is None else f"from {self.least} to {self.most}"
        steps = "" if self.step is None else f" in steps of {self.step}"
        return f"must be a {'whole ' if self.whole else ''}number {limits}{steps}"

    def holds(self, value: float) -> bool:
        within = value >= self.least and (self.most is None or value <= self.most)
        return within and (self.step is None or value % self.step == 0)

    def condition(self, value: Expression) -> Expression:
        within = value >= self.least
        if self.most is not None:
            within &= value <= self.most
        step = 1 if self.whole else self.step
        return within if step is None else (value % step).equals(0) & within

    def json_schema(self) -> dict[str, Any]:
        limits = {"minimum": self.least, "maximum": self.most, "multipleOf": self.step}
        return {keyword: limit for keyword, limit in limits.items() if limit is not None}


def whole(least: int, most: int | None = None) -> Number:
    """A whole number within limits, both included."""
    return Number(least, most, whole=True)


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

    def condition(self, value: Expression) -> Expression:
        return value.differs(self.value)

    def json_schema(self) -> dict[str, Any]:
        return {"not": {"const": self.value}}


@dataclass(frozen=True)
class AllDifferent(Rule):
    """A list with no value twice."""

    @property
    def says(self) -> str:
        return "must not contain duplicates"

    def holds(self, value: Sequence[str]) -> bool:
        return len(set(value)) == len(value)

    def condition(self, value: Expression) -> Expression:
        # Not `distinct`, whose time is quadratic.
        return call("toset", value).length().equals(value.length())

    def json_schema(self) -> dict[str, Any]:
        return {"uniqueItems": True}


@dataclass(frozen=True)
class EachElement(Rule):
    """A list of strings in which every element keeps a rule."""

    rule: Rule

    @property
    def says(self) -> str:
        return self.rule.says

    def sentence(self, input_: str = "") -> str:
        return f"Each element{f' of {input_}' if input_ else ''} {self.says}"

    def holds(self, value: Sequence[str]) -> bool:
        return all(self.rule.holds(each) for each in value)

    def condition(self, value: Expression) -> Expression:
        return call("alltrue", for_list(value, lambda value: self.rule.condition(value)))

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return handler(list[Annotated[str, self.rule]])

    def json_schema(self) -> dict[str, Any]:
        return {"items": {"type": "string", **self.rule.json_schema()}}


@dataclass(frozen=True)
class EachValue(Rule):
    """A map of strings in which every value keeps a rule."""

    rule: Rule

    @property
    def says(self) -> str:
        return self.rule.says

    def sentence(self, input_: str = "") -> str:
        return f"Each value{f' of {input_}' if input_ else ''} {self.says}"

    def holds(self, value: Mapping[str, str]) -> bool:
        return all(self.rule.holds(each) for each in value.values())

    def condition(self, value: Expression) -> Expression:
        return call("alltrue", for_list(value, lambda value: self.rule.condition(value)))

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return handler(dict[str, Annotated[str, self.rule]])

    def json_schema(self) -> dict[str, Any]:
        return {"additionalProperties": {"type": "string", **self.rule.json_schema()}}


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

    def condition(self, value: Expression) -> Expression:
        return value.length() <= self.most

    def json_schema(self) -> dict[str, Any]:
        return {"maxItems": self.most, "maxProperties": self.most}


@dataclass(frozen=True)
class IsMap(Rule):
    """A map of anything, where Terraform's own type is `any`."""

    @property
    def says(self) -> str:
        return "must be a map"

    def holds(self, value: object) -> bool:
        return isinstance(value, dict)

    def condition(self, value: Expression) -> Expression:
        return call("can", call("keys", value))

    def json_schema(self) -> dict[str, Any]:
        return {"type": "object"}


@dataclass(frozen=True)
class Ipv4Cidr(Rule):
    """An IPv4 CIDR block, written with its first address.

    Args:
        meaning: what it must be, in words.
        widest: the shortest prefix allowed, e.g. 16.
        narrowest: the longest prefix allowed, e.g. 20.
    """

    meaning: str = "an IPv4 CIDR block such as 10.0.0.0/8, written with its first address"
    widest: int = 0
    narrowest: int = 32

    @property
    def says(self) -> str:
        return f"must be {self.meaning}"

    def holds(self, value: str) -> bool:
        try:
            network = ipaddress.IPv4Network(value)
        except ValueError:
            return False
        return str(network) == value and self.widest <= network.prefixlen <= self.narrowest

    def condition(self, value: Expression) -> Expression:
        block = call("cidrsubnet", value, 0, 0).equals(value) & ~call("strcontains", value, ":")
        if self.widest:
            block &= call("can", call("regex", f"/(?:{self._prefixes})$", value))
        return call("try", block, False)

    @property
    def _prefixes(self) -> str:
        return "|".join(str(prefix) for prefix in range(self.widest, self.narrowest + 1))

    def json_schema(self) -> dict[str, Any]:
        if not self.widest:
            return {"pattern": "^([0-9]{1,3}\\.){3}[0-9]{1,3}/([0-9]|[12][0-9]|3[0-2])$"}
        return {"pattern": f"^([0-9]{{1,3}}\\.){{3}}[0-9]{{1,3}}/({self._prefixes})$"}


_ARN_HEAD = "arn:aws[a-z-]*:{service}:[a-z0-9-]+:[0-9]{{12}}:{resource}"


def certificate_arn() -> Rule:
    """The ARN of an ACM certificate."""
    return Matches(
        _ARN_HEAD.format(service="acm", resource="certificate/[A-Za-z0-9-]+"),
        "the ARN of an ACM certificate, arn:aws:acm:<region>:<account>:certificate/<id>",
    )


def regional_web_acl_arn() -> Rule:
    """The ARN of a web ACL of AWS WAF that a load balancer can have."""
    return Matches(
        _ARN_HEAD.format(service="wafv2", resource="regional/webacl/[A-Za-z0-9_-]+/[A-Za-z0-9-]+"),
        "the ARN of a regional web ACL, arn:aws:wafv2:<region>:<account>:regional/webacl/<name>/<id>",
    )


def secret_arn(*, with_field: bool) -> Rule:
    """The ARN of a Secrets Manager secret.

    Args:
        with_field: whether `:<json key>:<version stage>:<version id>` may follow it, by which ECS takes one field of a
            JSON secret or one version.
    """
    head = _ARN_HEAD.format(service="secretsmanager", resource="secret:[A-Za-z0-9/_+=.@!-]+")
    shape = "arn:aws:secretsmanager:<region>:<account>:secret:<name>"
    if not with_field:
        return Matches(head, f"the ARN of a Secrets Manager secret, {shape}")
    return Matches(
        head + "((:[^:]*){3})?",
        f"a secret ARN, {shape}, with or without :<json key>:<stage>:<version>",
    )


def kms_key_arn() -> Rule:
    """The ARN of a KMS key."""
    return Matches(
        _ARN_HEAD.format(service="kms", resource="key/[A-Za-z0-9-]+"),
        "the ARN of a KMS key, arn:aws:kms:<region>:<account>:key/<id>",
    )


def topic_arn() -> Rule:
    """The ARN of a standard SNS topic.

    A FIFO topic wants a message group with each message (SNS API reference, Publish), which an alarm cannot name.
    """
    return Matches(
        _ARN_HEAD.format(service="sns", resource="[A-Za-z0-9_-]{1,256}"),
        "the ARN of a standard SNS topic, arn:aws:sns:<region>:<account>:<name>",
    )


def policy_arn() -> Rule:
    """The ARN of an IAM policy, of an account or of AWS."""
    return Matches(
        "arn:aws[a-z-]*:iam::(?:[0-9]{12}|aws):policy/[A-Za-z0-9_+=,.@/-]+",
        "the ARN of an IAM policy, arn:aws:iam::<account>:policy/<name>",
    )


def role_arn() -> Rule:
    """The ARN of an IAM role."""
    return Matches(
        "arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]+",
        "the ARN of an IAM role, arn:aws:iam::<account>:role/<name>",
    )
