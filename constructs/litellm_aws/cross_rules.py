"""The kinds of limit that several inputs share."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from .rules import literal


class CrossRule(ABC):
    """A limit that two or more inputs share. It becomes a `validation` of the last input that it names.

    Attributes:
        refuses_plan: whether a plan is refused too; if not, it warns. A tenants file is always refused.
    """

    refuses_plan = True

    @property
    @abstractmethod
    def inputs(self) -> tuple[str, ...]:
        """The names of the inputs that it looks at."""

    @abstractmethod
    def broken(self, values: Mapping[str, Any]) -> str | None:
        """The message, without a full stop, when the values of `inputs` break the rule, else None."""

    @abstractmethod
    def condition(self) -> str:
        """The rule as a Terraform expression over `var.…`."""

    @abstractmethod
    def error_message(self) -> str:
        """The words of `broken` as a Terraform template."""

    def summary(self) -> str:
        """The words of `broken` for whatever values, as the reference shows them."""
        return self.error_message()


class Fact(ABC):
    """Something about one input that is so or not."""

    @property
    @abstractmethod
    def inputs(self) -> tuple[str, ...]:
        """The name of the input."""

    @abstractmethod
    def holds(self, values: Mapping[str, Any]) -> bool:
        """Whether it is so of these values."""

    @abstractmethod
    def condition(self) -> str:
        """The same as a Terraform expression over `var.…`."""


@dataclass(frozen=True)
class Given(Fact):
    """An input has another value than the one which means "none": empty, false, 0 or null."""

    name: str
    none: str | int | bool | None = ""

    @property
    def inputs(self) -> tuple[str, ...]:
        return (self.name,)

    def holds(self, values: Mapping[str, Any]) -> bool:
        return bool(values[self.name] != self.none)

    def condition(self) -> str:
        return f"var.{self.name} != {literal(self.none)}"


@dataclass(frozen=True)
class Is(Fact):
    """An input has a value."""

    name: str
    value: str | int | bool | None

    @property
    def inputs(self) -> tuple[str, ...]:
        return (self.name,)

    def holds(self, values: Mapping[str, Any]) -> bool:
        return bool(values[self.name] == self.value)

    def condition(self) -> str:
        return f"var.{self.name} == {literal(self.value)}"


@dataclass(frozen=True)
class Fewer(Fact):
    """A list has fewer elements than so many."""

    name: str
    than: int

    @property
    def inputs(self) -> tuple[str, ...]:
        return (self.name,)

    def holds(self, values: Mapping[str, Any]) -> bool:
        return len(values[self.name]) < self.than

    def condition(self) -> str:
        return f"length(var.{self.name}) < {self.than}"


@dataclass(frozen=True)
class Some(Fact):
    """A list, or a map, has elements."""

    name: str

    @property
    def inputs(self) -> tuple[str, ...]:
        return (self.name,)

    def holds(self, values: Mapping[str, Any]) -> bool:
        return len(values[self.name]) > 0

    def condition(self) -> str:
        return f"length(var.{self.name}) > 0"


@dataclass(frozen=True, init=False)
class Refused(CrossRule):
    """Some facts do not go together.

    Args:
        facts: what is refused when all of it is so. The message is shown at the last one's input.
        says: why, a colon, and what to do.
    """

    facts: tuple[Fact, ...]
    says: str

    def __init__(self, *facts: Fact, says: str) -> None:
        object.__setattr__(self, "facts", facts)
        object.__setattr__(self, "says", says)

    @property
    def inputs(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for fact in self.facts for name in fact.inputs))

    def broken(self, values: Mapping[str, Any]) -> str | None:
        return self.says if all(fact.holds(values) for fact in self.facts) else None

    def condition(self) -> str:
        return f"!({' && '.join(fact.condition() for fact in self.facts)})"

    def error_message(self) -> str:
        return self.says


@dataclass(frozen=True)
class NotAbove(CrossRule):
    """One number is not above another."""

    lower: str
    upper: str

    @property
    def inputs(self) -> tuple[str, ...]:
        return (self.lower, self.upper)

    def broken(self, values: Mapping[str, Any]) -> str | None:
        return None if values[self.lower] <= values[self.upper] else self.error_message()

    def condition(self) -> str:
        return f"var.{self.lower} <= var.{self.upper}"

    def error_message(self) -> str:
        return f"{self.lower} must not be above {self.upper}: lower the one or raise the other"


FARGATE_MEMORY: dict[int, tuple[int, ...]] = {
    256: (512, 1024, 2048),
    512: tuple(range(1024, 4096 + 1, 1024)),
    1024: tuple(range(2048, 8192 + 1, 1024)),
    2048: tuple(range(4096, 16384 + 1, 1024)),
    4096: tuple(range(8192, 30720 + 1, 1024)),
    8192: tuple(range(16384, 61440 + 1, 4096)),
    16384: tuple(range(32768, 122880 + 1, 8192)),
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
        if values[self.memory] in FARGATE_MEMORY.get(values[self.cpu], ()):
            return None
        return self.error_message()

    def condition(self) -> str:
        table = {str(cpu): memory for cpu, memory in FARGATE_MEMORY.items()}
        return f"contains(try({literal(table)}[tostring(var.{self.cpu})], []), var.{self.memory})"

    def error_message(self) -> str:
        sizes = "; ".join(f"{cpu} with {_steps(memory)}" for cpu, memory in FARGATE_MEMORY.items())
        return f"{self.cpu} and {self.memory} must be a pair that Fargate offers: {sizes}"


def _steps(sizes: tuple[int, ...]) -> str:
    [step, *other_steps] = {later - earlier for earlier, later in pairwise(sizes)}
    return ", ".join(map(str, sizes)) if other_steps else f"{sizes[0]} to {sizes[-1]} in steps of {step}"


@dataclass(frozen=True)
class NoSharedKey(CrossRule):
    """Two maps have no key in common."""

    one: str
    other: str
    reason: str

    @property
    def inputs(self) -> tuple[str, ...]:
        return (self.one, self.other)

    def broken(self, values: Mapping[str, Any]) -> str | None:
        shared = sorted(values[self.one].keys() & values[self.other].keys())
        return self._message(", ".join(shared)) if shared else None

    def condition(self) -> str:
        return f"length({self._shared}) == 0"

    def error_message(self) -> str:
        return self._message(f'${{join(", ", {self._shared})}}')

    def summary(self) -> str:
        return self._message("the same name")

    @property
    def _shared(self) -> str:
        return f"setintersection(keys(var.{self.one}), keys(var.{self.other}))"

    def _message(self, shared: str) -> str:
        return f"{self.one} and {self.other} both set {shared}: remove it from one of them ({self.reason})"


_VERSION = "[0-9]+[.][0-9]+[.][0-9]+"


@dataclass(frozen=True)
class SameVersion(CrossRule):
    """Images whose tags name a version name the same one. A digest, or a tag without a version, is not compared.

    A plan only warns, because a root of the public module may be halfway through an upgrade.
    """

    refuses_plan = False
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

    def condition(self) -> str:
        return f"length(distinct(values({self._versions}))) <= 1"

    def error_message(self) -> str:
        listed = f'[for name, version in {self._versions} : "${{name}} has ${{version}}"]'
        return self._message(f'${{join(", ", {listed})}}')

    def summary(self) -> str:
        return self._message("one differs")

    @property
    def _versions(self) -> str:
        images = ", ".join(f"{name} = var.{name}" for name in self.images)
        tag = 'element(split(":", image), length(split(":", image)) - 1)'
        pattern = literal(_VERSION)
        return (
            f"{{ for name, image in {{ {images} }} : name => regex({pattern}, {tag}) if can(regex({pattern}, {tag})) }}"
        )

    def _message(self, found: str) -> str:
        return f"{self.images[0]} and the other images must have one version of LiteLLM, but {found}: {self.remedy}"


@dataclass(frozen=True)
class Different(CrossRule):
    """Two strings are not the same."""

    one: str
    other: str
    reason: str

    @property
    def inputs(self) -> tuple[str, ...]:
        return (self.one, self.other)

    def broken(self, values: Mapping[str, Any]) -> str | None:
        return None if values[self.one] != values[self.other] else self.error_message()

    def condition(self) -> str:
        return f"var.{self.one} != var.{self.other}"

    def error_message(self) -> str:
        return f"{self.one} and {self.other} must be different: {self.reason}"


@dataclass(frozen=True)
class Less(CrossRule):
    """One number is below another while a switch is on."""

    part: str
    whole: str
    when: str

    @property
    def inputs(self) -> tuple[str, ...]:
        return (self.when, self.part, self.whole)

    def broken(self, values: Mapping[str, Any]) -> str | None:
        return self.error_message() if values[self.when] and values[self.part] >= values[self.whole] else None

    def condition(self) -> str:
        return f"!var.{self.when} || var.{self.part} < var.{self.whole}"

    def error_message(self) -> str:
        return f"{self.part} is a part of {self.whole}, and must be below it: lower the one or raise the other"


@dataclass(frozen=True)
class Apart(CrossRule):
    """Two ports of one task are not the same while a switch is on."""

    one: str
    other: str
    when: str

    @property
    def inputs(self) -> tuple[str, ...]:
        return (self.when, self.one, self.other)

    def broken(self, values: Mapping[str, Any]) -> str | None:
        return self.error_message() if values[self.when] and values[self.one] == values[self.other] else None

    def condition(self) -> str:
        return f"!(var.{self.when} && var.{self.one} == var.{self.other})"

    def error_message(self) -> str:
        return f"{self.one} and {self.other} are of one task, and must be different: change one of them"
