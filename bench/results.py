"""What the bench measured, and the figures that follow from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .machine import Machine
from .measurement import Sample
from .output import Output
from .spread import Spread, ratios, slopes
from .variants import LOAD, Kind, Sizes, Variant


@dataclass(frozen=True)
class Results:
    """A run of the bench.

    Attributes:
        sizes: the numbers of tenants.
        samples: of each variant, one for each round, in their order.
        no_plans: why nothing was planned, or empty.
        output: what was written.
        bindings: how many files the package of the AWS bindings imports.
        machine: where it ran.
    """

    sizes: Sizes
    samples: Mapping[Variant, Sequence[Sample]]
    no_plans: str
    output: Output
    bindings: int
    machine: Machine

    @property
    def rounds(self) -> int:
        """How many rounds were counted."""
        return len(self.samples[LOAD])

    def seconds(self, variant: Variant) -> Spread:
        """Returns how long a variant took."""
        return Spread.of(self._seconds(variant))

    def peak_bytes(self, variant: Variant) -> Spread:
        """Returns how much memory a variant took."""
        return Spread.of([sample.peak_bytes for sample in self.samples[variant]])

    def times(self, slow: Variant, fast: Variant) -> Spread:
        """Returns how many times as long as `fast` `slow` took."""
        return Spread.of(ratios(self._seconds(slow), self._seconds(fast)))

    def floor(self, tenants: int) -> Spread:
        """Returns the seconds that loading and writing take at the least."""
        return Spread.of(self._floor(tenants))

    def times_floor(self, tenants: int) -> Spread:
        """Returns how many times as long as the floor our synth took."""
        return Spread.of(ratios(self._seconds(Variant(Kind.OURS, tenants)), self._floor(tenants)))

    def next_tenant(self, kind: Kind, few: int, many: int) -> Spread:
        """Returns the seconds that a synthesis takes longer for each tenant between two sizes."""
        return Spread.of(self._next_tenant(kind, few, many))

    def times_next_tenant(self, few: int, many: int) -> Spread:
        """Returns how many times as much the next tenant costs with the baseline as with us."""
        costs = (self._next_tenant(kind, few, many) for kind in (Kind.BASELINE, Kind.OURS))
        return Spread.of(ratios(*costs))

    def _seconds(self, variant: Variant) -> list[float]:
        return [sample.seconds for sample in self.samples[variant]]

    def _floor(self, tenants: int) -> list[float]:
        writing = self._seconds(Variant(Kind.WRITE, tenants))
        return [load + write for load, write in zip(self._seconds(LOAD), writing, strict=True)]

    def _next_tenant(self, kind: Kind, few: int, many: int) -> list[float]:
        return slopes(self._seconds(Variant(kind, few)), self._seconds(Variant(kind, many)), many - few)
