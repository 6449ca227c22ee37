"""What repeated measurements say: their middle, how far they lie apart, and how two series compare."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Spread:
    """The median of some values, the lowest and the highest of them."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        """Returns the spread of at least one value."""
        return cls(statistics.median(values), min(values), max(values))


def ratios(numerators: Sequence[float], denominators: Sequence[float]) -> list[float]:
    """Returns the ratio within each round, of two series that have one value for each.

    A denominator of zero or less is a cost that noise hides: it counts as infinitely smaller than a numerator
    that is more than that.
    """
    return [_ratio(above, below) for above, below in zip(numerators, denominators, strict=True)]


def _ratio(above: float, below: float) -> float:
    if below > 0:
        return above / below
    return math.inf if above > 0 else 0.0


def slopes(few: Sequence[float], many: Sequence[float], tenants: int) -> list[float]:
    """Returns, for each round, what one tenant more costs.

    Args:
        few: what a fleet takes in each round.
        many: what a larger fleet takes.
        tenants: how many more tenants that one has.
    """
    return [(more - less) / tenants for less, more in zip(few, many, strict=True)]
