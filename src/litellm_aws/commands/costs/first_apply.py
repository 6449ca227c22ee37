"""How long a first apply takes: the graph of Terraform's resources, with typical durations."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

_EDGE = re.compile(r'^ *"([^"]+)" -> "([^"]+)";$', re.MULTILINE)
"""A line of `terraform graph`: the first resource waits for the second."""
_RECORD_SECONDS = 0
"""Of a `terraform_data` without a provisioner, which is only in the state."""


@dataclass(frozen=True)
class Duration:
    """How long AWS takes to create something.

    Attributes:
        name: what people call it.
        least, most: seconds.
        seen: the seconds in public logs of `terraform apply`, and how many logs that were.
    """

    name: str
    least: int
    most: int
    seen: str = ""


DURATIONS: Mapping[str, Duration] = {
    "aws_nat_gateway.this": Duration("NAT gateway", 120, 120, "85 to 126 in 10 logs"),
    "aws_lb.this": Duration("load balancer", 150, 150, "141 to 187 in 5 logs"),
    "aws_elasticache_replication_group.this": Duration("Redis or Valkey", 600, 900, "358 to 555 in 4 logs"),
    "aws_rds_cluster.this": Duration("Aurora cluster", 60, 60, "43 in 1 log"),
    "aws_rds_cluster_instance.writer": Duration("Aurora writer", 480, 480, "381 in 1 log"),
    "aws_rds_cluster_instance.reader": Duration("Aurora reader", 480, 741, "741 in 1 log"),
    "terraform_data.bootstrap_db": Duration("database bootstrap", 60, 60),
    "terraform_data.migration": Duration("schema migration", 90, 90),
}
"""Resources that take minutes, by address. The logs are public files on GitHub with `Creation complete after` for
resources of these types, found on 2026-11-28; the reader is the second of two instances that were created together. The
one-off tasks take the 30 to 60 seconds that Fargate needs to start a task, and what they then do on the local AWS."""

OTHER = Duration("everything else", 5, 5)
"""A request to AWS, and the provider's first look at the result."""


@dataclass(frozen=True)
class Step:
    """The creation of a resource, in seconds from the start of the apply.

    Attributes:
        address: of the resource, without an index.
        after: the last of the resources that it waits for; None where it waits for none.
    """

    address: str
    begin: int
    end: int
    after: str | None


class FirstApply:
    """An apply that creates everything, with as many requests at once as the graph allows.

    Terraform's limit of ten (`-parallelism`) is left out.
    """

    def __init__(self, graph: str, plan: Any, *, longest: bool = False) -> None:
        """Reads a graph.

        Args:
            graph: what `terraform graph` writes about the module.
            plan: what `terraform show -json` says about a plan of it. A resource that it does not create takes no time.
            longest: take the most seconds of each duration instead of the least.
        """
        self._longest = longest
        self._created = {
            change["address"].partition("[")[0]
            for change in plan["resource_changes"]
            if change["mode"] == "managed" and "create" in change["change"]["actions"]
        }
        self._waits_for: dict[str, set[str]] = {}
        for waiting, first in _EDGE.findall(graph):
            self._waits_for.setdefault(waiting, set()).add(first)

    @property
    def steps(self) -> Mapping[str, Step]:
        """The creation of each resource, by address, in the order of their ends."""
        created = (step for address, step in self._all.items() if address in self._created)
        return {step.address: step for step in sorted(created, key=lambda step: step.end)}

    @property
    def seconds(self) -> int:
        """When the apply ends."""
        return max(each.end for each in self.steps.values())

    def path_to(self, address: str) -> list[Step]:
        """Returns the steps that a resource waits for, one after the other, and its own."""
        step = self._all[address]
        before = self.path_to(step.after) if step.after else []
        return [*before, *([step] if address in self._created else [])]

    def long_steps_before(self, address: str) -> list[str]:
        """Returns the last ones of `DURATIONS` that a resource waits for, directly or not, ordered by their ends."""
        found = self._long_steps_before(address)
        implied = {other for each in found for other in self._long_steps_before(each)}
        return [each for each in self.steps if each in found - implied]

    def _long_steps_before(self, address: str) -> set[str]:
        found = set()
        for first in self._waits_for.get(address, ()):
            is_long = first in DURATIONS and first in self._created
            found |= self._long_steps_before(first) | ({first} if is_long else set())
        return found

    @cached_property
    def _all(self) -> Mapping[str, Step]:
        steps: dict[str, Step] = {}

        def step(address: str) -> Step:
            if address not in steps:
                first = [step(each) for each in sorted(self._waits_for.get(address, ()))]
                last = max(first, key=lambda each: each.end, default=None)
                begin = last.end if last else 0
                steps[address] = Step(address, begin, begin + self._seconds(address), last.address if last else None)
            return steps[address]

        for address in sorted(self._created | self._waits_for.keys()):
            step(address)
        return steps

    def _seconds(self, address: str) -> int:
        if address not in self._created:
            return 0
        duration = DURATIONS.get(address, OTHER)
        if address.startswith("terraform_data.") and address not in DURATIONS:
            return _RECORD_SECONDS
        return duration.most if self._longest else duration.least
