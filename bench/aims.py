"""The project's aims, and whether a run of the bench meets them."""

from collections.abc import Iterator
from dataclasses import dataclass

from . import figures
from .results import Results
from .spread import Spread
from .variants import Kind, Variant

FASTER_FOR_MANY = 5
"""Times, at the largest size that the baseline synthesizes too."""
FASTER_FOR_ONE = 3
"""Times, at the smallest size."""
CHEAPER_NEXT_TENANT = 12
"""Times, between the two largest sizes that the baseline synthesizes too."""
NEXT_TENANT_SECONDS = 0.010
MEMORY_BYTES = 1e9
"""At the largest size."""
TENANT_BYTES = 4000
"""For the output; a tenant has to stay below it."""


@dataclass(frozen=True)
class Verdict:
    """What became of an aim.

    Attributes:
        aim: in words.
        measured: in words.
        met: whether that is enough.
    """

    aim: str
    measured: str
    met: bool

    @property
    def word(self) -> str:
        """`met` or `MISSED`."""
        return "met" if self.met else "MISSED"


def verdicts(results: Results) -> Iterator[Verdict]:
    """Yields the verdict on each aim. The median decides."""
    one, (few, many), largest = results.sizes.compared[0], results.sizes.compared[-2:], results.sizes.largest
    for size, limit in ((many, FASTER_FOR_MANY), (one, FASTER_FOR_ONE)):
        faster = results.times(Variant(Kind.BASELINE, size), Variant(Kind.OURS, size))
        yield _at_least(f"{figures.tenants(size)}: at least {limit} times faster than the baseline", faster, limit)
    yield _at_least(
        f"the next tenant, from {few:,} to {many:,}: at least {CHEAPER_NEXT_TENANT} times cheaper than the baseline's",
        results.times_next_tenant(few, many),
        CHEAPER_NEXT_TENANT,
    )
    for fewer, more in ((few, many), (many, largest)):
        cost = results.next_tenant(Kind.OURS, fewer, more)
        yield Verdict(
            f"the next tenant, from {fewer:,} to {more:,}: at most {NEXT_TENANT_SECONDS * 1000:g} ms",
            figures.milliseconds(cost),
            cost.median <= NEXT_TENANT_SECONDS,
        )
    memory = results.peak_bytes(Variant(Kind.OURS, largest))
    yield Verdict(
        f"{figures.tenants(largest)}: at most {MEMORY_BYTES / 1e6:,.0f} MB of memory",
        figures.megabytes(memory),
        memory.median <= MEMORY_BYTES,
    )
    yield Verdict(
        f"output for a tenant: less than {TENANT_BYTES / 1000:g} KB",
        figures.kilobytes(results.output.our_tenant_bytes),
        results.output.our_tenant_bytes < TENANT_BYTES,
    )


def _at_least(aim: str, ratio: Spread, limit: float) -> Verdict:
    return Verdict(aim, figures.times(ratio), ratio.median >= limit)
