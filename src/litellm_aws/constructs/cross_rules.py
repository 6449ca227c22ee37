"""The kinds of limit that several inputs share."""

from __future__ import annotations

import operator
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, reduce
from typing import Any, ClassVar

from .expressions import Expression, call, for_list, for_map, text, variable
from .production import in_production, is_production

NameLocal = Callable[[str, object], Expression]
"""Declares a local of a name, once, and returns it: for parts of a condition that would make its line too long. A local
that is part of a validation must not refer to the variable that is validated: Terraform takes that for a cycle."""


class CrossRule(ABC):
    """A limit that two or more inputs share. It becomes a `validation` of the last input that it names.

    Attributes:
        refuses_plan: whether a plan is refused too; if not, it warns. A tenants file is always refused.
        precondition: the name by which a resource takes it as a `precondition` instead; empty: none does.
    """

    refuses_plan: ClassVar[bool] = True
    precondition: str = ""

    @property
    @abstractmethod
    def inputs(self) -> tuple[str, ...]:
        """The names of the inputs that it looks at."""

    @abstractmethod
    def broken(self, values: Mapping[str, Any]) -> str | None:
        """The message, without a full stop, when the values of `inputs` break the rule, else None."""

    @abstractmethod
    def condition(self, name_local: NameLocal) -> Expression:
        """The rule in Terraform's language."""

    @abstractmethod
    def error_message(self, name_local: NameLocal) -> str:
        """The words of `broken` as a Terraform template."""

    @abstractmethod
    def summary(self) -> str:
        """The words of `broken` for whatever values, as the reference shows them."""


class Fact(ABC):
    """Something about inputs that is so or not."""

    @property
    @abstractmethod
    def inputs(self) -> tuple[str, ...]:
        """The names of the inputs."""

    @abstractmethod
    def holds(self, values: Mapping[str, Any]) -> bool:
        """Whether it is so of these values."""

    @abstractmethod
    def condition(self) -> Expression:
        """The same in Terraform's language."""


@dataclass(frozen=True)
class Is(Fact):
    """An input has a value; `~Is(…)`: another one."""

    name: str
    value: str | int | bool | None
    negated: bool = False

    def __invert__(self) -> Is:
        return replace(self, negated=not self.negated)

    @property
    def inputs(self) -> tuple[str, ...]:
        return (self.name,)

    def holds(self, values: Mapping[str, Any]) -> bool:
        return bool(values[self.name] == self.value) is not self.negated

    def condition(self) -> Expression:
        value = variable(self.name)
        if isinstance(self.value, bool):
            return value if self.value is not self.negated else ~value
        return value.differs(self.value) if self.negated else value.equals(self.value)


def on(name: str) -> Is:
    """A switch is on."""
    return Is(name, True)


def empty(name: str) -> Is:
    """A string is empty, and so what it is for is not wanted."""
    return Is(name, "")


_COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "==": operator.eq,
}


def _compare(one: Any, comparison: str, other: Any) -> Any:
    if comparison == "==" and isinstance(one, Expression):
        return one.equals(other)
    return _COMPARISONS[comparison](one, other)


@dataclass(frozen=True)
class Elements(Fact):
    """The number of a list's or a map's elements compares with another, by `<`, `>` or `==`."""

    name: str
    comparison: str
    number: int

    @property
    def inputs(self) -> tuple[str, ...]:
        return (self.name,)

    def holds(self, values: Mapping[str, Any]) -> bool:
        return bool(_compare(len(values[self.name]), self.comparison, self.number))

    def condition(self) -> Expression:
        compared: Expression = _compare(variable(self.name).length(), self.comparison, self.number)
        return compared


@dataclass(frozen=True)
class Compares(Fact):
    """The value of one input compares with that of another, by `>`, `>=` or `==`."""

    one: str
    comparison: str
    other: str

    @property
    def inputs(self) -> tuple[str, ...]:
        return (self.one, self.other)

    def holds(self, values: Mapping[str, Any]) -> bool:
        return bool(_compare(values[self.one], self.comparison, values[self.other]))

    def condition(self) -> Expression:
        compared: Expression = _compare(variable(self.one), self.comparison, variable(self.other))
        return compared


@dataclass(frozen=True)
class Above(Fact):
    """An input is above another, where both have a value."""

    one: str
    other: str

    @property
    def inputs(self) -> tuple[str, ...]:
        return (self.one, self.other)

    def holds(self, values: Mapping[str, Any]) -> bool:
        one, other = (values[name] for name in self.inputs)
        return one is not None and other is not None and bool(one > other)

    def condition(self) -> Expression:
        # A null cannot be compared, and `&&` does not keep Terraform before 1.12 from trying.
        return call("try", variable(self.one) > variable(self.other), False)


@dataclass(frozen=True)
class Older(Fact):
    """A version is older than the oldest minor version of its major one that will do, or is of an older major one.

    A major version alone stands for its newest minor version.

    Args:
        name: of the input.
        oldest: the oldest minor version that will do, by its major version.
    """

    name: str
    oldest: Mapping[int, int] = field(hash=False)

    @property
    def inputs(self) -> tuple[str, ...]:
        return (self.name,)

    def holds(self, values: Mapping[str, Any]) -> bool:
        return re.search(self._pattern, values[self.name]) is not None

    def condition(self) -> Expression:
        return call("can", call("regex", self._pattern, variable(self.name)))

    @property
    def _pattern(self) -> str:
        minors = (f"{major}[.](?:{_below(minor)})" for major, minor in self.oldest.items())
        return f"^(?:{'|'.join((_below(min(self.oldest)), *minors))})(?:[.]|$)"


def _below(number: int) -> str:
    """Returns the pattern of the numbers from 0 that are below one of at most 20."""
    return f"[0-{number - 1}]" if number <= 10 else f"[0-9]|1[0-{number - 11}]"


@dataclass(frozen=True)
class InProduction(Fact):
    """The stack is production."""

    @property
    def inputs(self) -> tuple[str, ...]:
        return ("env", "production")

    def holds(self, values: Mapping[str, Any]) -> bool:
        production = values["production"]
        return is_production(values["env"]) if production is None else bool(production)

    def condition(self) -> Expression:
        return in_production(variable("env"), variable("production"))


@dataclass(frozen=True)
class ZoneElsewhere(Fact):
    """A list has an availability zone of another region than the stack's. A zone's name begins with its region's."""

    name: str

    @property
    def inputs(self) -> tuple[str, ...]:
        return ("region", self.name)

    def holds(self, values: Mapping[str, Any]) -> bool:
        return not all(zone.startswith(values["region"]) for zone in values[self.name])

    def condition(self) -> Expression:
        region = variable("region")
        return ~call("alltrue", for_list(variable(self.name), lambda zone: call("startswith", zone, region)))


@dataclass(frozen=True)
class ArnElsewhere(Fact):
    """An ARN, where there is one, is of another region than the stack's."""

    name: str

    @property
    def inputs(self) -> tuple[str, ...]:
        return ("region", self.name)

    def holds(self, values: Mapping[str, Any]) -> bool:
        arn = values[self.name]
        return bool(arn) and arn.split(":")[3:4] != [values["region"]]

    def condition(self) -> Expression:
        arn = variable(self.name)
        return arn.is_set & call("element", call("split", ":", arn), 3).differs(variable("region"))


@dataclass(frozen=True, init=False)
class Refused(CrossRule):
    """Some facts do not go together.

    Args:
        facts: what is refused when all of it is so. The message is shown at the last one's input.
        says: why, a colon, and what to do.
        name: of a local with one line for each fact but the last, where all in one would make too long a line.
        precondition: see `CrossRule`.
    """

    facts: tuple[Fact, ...]
    says: str
    name: str
    precondition: str

    def __init__(self, *facts: Fact, says: str, name: str = "", precondition: str = "") -> None:
        object.__setattr__(self, "facts", facts)
        object.__setattr__(self, "says", says)
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "precondition", precondition)

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for fact in self.facts for name in fact.inputs))

    def broken(self, values: Mapping[str, Any]) -> str | None:
        return self.says if all(fact.holds(values) for fact in self.facts) else None

    def condition(self, name_local: NameLocal) -> Expression:
        *others, last = [fact.condition() for fact in self.facts]
        if self.name:
            others = [call("alltrue", name_local(self.name, others))]
        return ~reduce(operator.and_, [*others, last])

    def error_message(self, name_local: NameLocal) -> str:  # noqa: ARG002
        return self.says

    def summary(self) -> str:
        return self.says


FARGATE_MEMORY: dict[int, range | tuple[int, ...]] = {
    256: (512, 1024, 2048),
    512: range(1024, 4096 + 1, 1024),
    1024: range(2048, 8192 + 1, 1024),
    2048: range(4096, 16384 + 1, 1024),
    4096: range(8192, 30720 + 1, 1024),
    8192: range(16384, 61440 + 1, 4096),
    16384: range(32768, 122880 + 1, 8192),
}
"""Memory in MiB that Fargate offers for a number of cpu units (ECS Developer Guide, task size)."""


@dataclass(frozen=True)
class FargateSize(CrossRule):
    """Cpu and memory are a pair that Fargate offers."""

    cpu: str
    memory: str

    @property
    def inputs(self) -> tuple[str, ...]:
        return (self.cpu, self.memory)

    def broken(self, values: Mapping[str, Any]) -> str | None:
        offered = values[self.memory] in FARGATE_MEMORY.get(values[self.cpu], ())
        return None if offered else self.summary()

    def condition(self, name_local: NameLocal) -> Expression:
        offered = name_local("fargate_memory", {str(cpu): _sizes(memory) for cpu, memory in FARGATE_MEMORY.items()})
        sizes = call("try", offered[call("tostring", variable(self.cpu))], [])
        return call("contains", sizes, variable(self.memory))

    def error_message(self, name_local: NameLocal) -> str:
        return self._message(str(call("join", "; ", name_local("fargate_sizes", self._offered))))

    def summary(self) -> str:
        return self._message("; ".join(self._offered))

    @property
    def _offered(self) -> list[str]:
        return [f"{cpu} with {_steps(memory)}" for cpu, memory in FARGATE_MEMORY.items()]

    def _message(self, sizes: str) -> str:
        return f"{self.cpu} and {self.memory} must be a pair that Fargate offers: {sizes}"


def _sizes(memory: range | tuple[int, ...]) -> object:
    return call("range", memory.start, memory.stop, memory.step) if isinstance(memory, range) else memory


def _steps(memory: range | tuple[int, ...]) -> str:
    if isinstance(memory, range):
        return f"{memory[0]} to {memory[-1]} in steps of {memory.step}"
    return ", ".join(map(str, memory))


@dataclass(frozen=True)
class NoSharedKey(CrossRule):
    """Two maps have no key in common."""

    one: str
    other: str

    @property
    def inputs(self) -> tuple[str, ...]:
        return (self.one, self.other)

    def broken(self, values: Mapping[str, Any]) -> str | None:
        shared = sorted(values[self.one].keys() & values[self.other].keys())
        return self._message(", ".join(shared)) if shared else None

    def condition(self, name_local: NameLocal) -> Expression:  # noqa: ARG002
        return self._shared.length().equals(0)

    def error_message(self, name_local: NameLocal) -> str:  # noqa: ARG002
        return self._message(str(call("join", ", ", self._shared)))

    def summary(self) -> str:
        return self._message("the same name")

    @property
    def _shared(self) -> Expression:
        return call("setintersection", *(call("keys", variable(name)) for name in self.inputs))

    def _message(self, shared: str) -> str:
        return f"{self.one} and {self.other} both set {shared}: remove one of the two"


_GENERATED = (
    ".+:secret:[a-z0-9-]+-litellm-[a-z0-9-]+-((master|salt)-key|license|(ui|db-master)-password|(database|redis)-url"
    "|billing-metrics-[a-z-]+)-[A-Za-z0-9]{6}(:.*)?"
)
"""ARNs of secrets that the module makes. Secrets Manager adds a hyphen and six characters to a name."""


@dataclass(frozen=True)
class NoGeneratedSecret(CrossRule):
    """An input names no secret that the module made: another stack's is not this one's to read, its own it has.

    Args:
        input: an ARN, or a map of them.
    """

    input: str

    @property
    def inputs(self) -> tuple[str, ...]:
        return (self.input,)

    def broken(self, values: Mapping[str, Any]) -> str | None:
        value = values[self.input]
        arns = value.values() if isinstance(value, Mapping) else [value]
        return self.summary() if any(re.fullmatch(_GENERATED, arn) for arn in arns) else None

    def condition(self, name_local: NameLocal) -> Expression:
        pattern = name_local("generated_secret", f"^{_GENERATED}$")
        arns = call("flatten", [call("try", call("values", variable(self.input)), variable(self.input))])
        return call("alltrue", for_list(arns, lambda arn: ~call("can", call("regex", pattern, arn))))

    def error_message(self, name_local: NameLocal) -> str:  # noqa: ARG002
        return self.summary()

    def summary(self) -> str:
        return f"{self.input} has the name of a secret that this module makes for a stack: name one that you made"


_VERSION = "[0-9]+[.][0-9]+[.][0-9]+"


@dataclass(frozen=True)
class SameVersion(CrossRule):
    """Images whose tags name a version name the same one. A digest, or a tag without a version, is not compared.

    A plan only warns, because a root of the public module may be halfway through an upgrade.
    """

    refuses_plan: ClassVar[bool] = False
    images: tuple[str, ...]
    remedy: str

    @property
    def inputs(self) -> tuple[str, ...]:
        return self.images

    def broken(self, values: Mapping[str, Any]) -> str | None:
        found = [(name, re.search(_VERSION, values[name].rpartition(":")[2])) for name in self.images]
        versions = {name: match.group() for name, match in found if match}
        if len(set(versions.values())) <= 1:
            return None
        return self._message(", ".join(f"{name} has {version}" for name, version in sorted(versions.items())))

    def condition(self, name_local: NameLocal) -> Expression:
        versions = call("values", self._versions(name_local))
        return call("distinct", versions).length() <= 1

    def error_message(self, name_local: NameLocal) -> str:
        found = for_list(self._versions(name_local), lambda name, version: text(name, " has ", version))
        listed = name_local("listed_image_versions", found)
        return self._message(str(call("join", ", ", listed)))

    def summary(self) -> str:
        return self._message("one differs")

    def _versions(self, name_local: NameLocal) -> Expression:
        tags = name_local("image_tags", {name: _tag(variable(name)) for name in self.images})
        return name_local(
            "image_versions",
            for_map(
                tags,
                lambda name, tag: (name, call("regex", _VERSION, tag)),
                where=lambda _, tag: call("can", call("regex", _VERSION, tag)),
            ),
        )

    def _message(self, found: str) -> str:
        return f"{self.images[0]} and the other images must have one version of LiteLLM, but {found}: {self.remedy}"


def _tag(image: Expression) -> Expression:
    parts = call("split", ":", image)
    return call("element", parts, parts.length() - 1)
