"""What is measured: kinds of processes, each for some number of tenants."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from . import figures


class Kind(Enum):
    """A kind of process; its value says what it is."""

    OURS = "our synth"
    BASELINE = "the baseline's synth"
    LOAD = "loading alone"
    WRITE = "writing alone"
    ONE_CHANGED = "our synth, one tenant changed"
    NOTHING_CHANGED = "our synth, nothing changed"
    OUR_PLAN = "our root's plan"
    BASELINE_PLAN = "the baseline's plan"


@dataclass(frozen=True)
class Variant:
    """A kind of process for a number of tenants, or for 0 where it is always the same."""

    kind: Kind
    tenants: int

    def __str__(self) -> str:
        return f"{self.kind.value}, {figures.tenants(self.tenants)}" if self.tenants else self.kind.value


@dataclass(frozen=True)
class Sizes:
    """The numbers of tenants.

    Attributes:
        compared: those that we and the baseline synthesize, ascending, at least two.
        largest: the one that we synthesize alone, more than those.

    Raises:
        ValueError: they are not that.
    """

    compared: tuple[int, ...]
    largest: int

    def __post_init__(self) -> None:
        if len(self.compared) < 2 or list(self.ours) != sorted({*self.ours}) or self.ours[0] < 1:
            raise ValueError("at least two numbers of tenants are compared, and they ascend to the largest")

    @property
    def ours(self) -> tuple[int, ...]:
        """Those that we synthesize."""
        return (*self.compared, self.largest)


LOAD = Variant(Kind.LOAD, 0)
PLANS = (Variant(Kind.OUR_PLAN, 0), Variant(Kind.BASELINE_PLAN, 0))


def variants(sizes: Sizes) -> Iterator[Variant]:
    """Yields all variants but the plans, in an order in which each finds what earlier ones wrote."""
    yield LOAD
    for tenants in sizes.ours:
        yield Variant(Kind.OURS, tenants)
        if tenants in sizes.compared:
            yield Variant(Kind.BASELINE, tenants)
        yield Variant(Kind.WRITE, tenants)
    yield Variant(Kind.ONE_CHANGED, sizes.largest)
    yield Variant(Kind.NOTHING_CHANGED, sizes.largest)
