"""The results as tables, for the terminal and in Markdown, and as a chart of bars."""

from collections.abc import Sequence
from dataclasses import dataclass

from fleet.text_table import text_table

from . import figures
from .aims import Verdict, verdicts
from .results import Results
from .variants import LOAD, PLANS, Kind, Variant

_BAR = 50
"""Characters of the longest bar."""


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        title: what it is about.
        rows: the first one is the head.
    """

    title: str
    rows: Sequence[Sequence[str]]

    @property
    def text(self) -> str:
        """The table for a terminal, below its title."""
        return "\n".join([self.title, *(f"  {line}" for line in text_table(self.rows))])

    @property
    def markdown(self) -> str:
        """The table in Markdown, without its title."""
        head, *body = (f"| {' | '.join(row)} |" for row in self.rows)
        return "\n".join([head, "|" + " --- |" * len(self.rows[0]), *body])


def terminal(results: Results) -> str:
    """Returns all that a run prints at its end."""
    machine = results.machine
    parts = [
        f"{machine.cores} cores, {machine.memory_bytes / 1e9:.0f} GB of memory, {machine.system}\n"
        + ", ".join(f"{name} {version}" for name, version in machine.versions.items()),
        f"Medians of {figures.rounds(results.rounds)}, in brackets the lowest and the highest value. "
        "A ratio is taken within each round.",
        synthesis(results).text,
        chart(results),
        next_tenant(results).text,
        memory(results).text,
        again(results).text,
        floor(results).text,
        plans(results).text,
        output(results).text,
        aims(list(verdicts(results))).text,
    ]
    return "\n\n".join(parts)


def synthesis(results: Results) -> Table:
    """Returns how long a synthesis takes."""
    rows = [("tenants", "ours", "baseline", "baseline / ours")]
    for size in results.sizes.ours:
        ours, baseline = Variant(Kind.OURS, size), Variant(Kind.BASELINE, size)
        compared = ("", "")
        if baseline in results.samples:
            compared = figures.seconds(results.seconds(baseline)), figures.times(results.times(baseline, ours))
        rows.append((f"{size:,}", figures.seconds(results.seconds(ours)), *compared))
    return Table("Synthesis", rows)


def chart(results: Results) -> str:
    """Returns the medians of the synthesis as bars of characters."""
    variants = [
        Variant(kind, size)
        for size in results.sizes.ours
        for kind in (Kind.OURS, Kind.BASELINE)
        if Variant(kind, size) in results.samples
    ]
    longest = max(results.seconds(variant).median for variant in variants)
    rows = []
    for variant in variants:
        taken = results.seconds(variant).median
        bar = "█" * max(1, round(_BAR * taken / longest))
        ours = variant.kind is Kind.OURS
        name = ("" if not ours else figures.tenants(variant.tenants), "ours" if ours else "baseline")
        rows.append((*name, f"{bar} {figures.number(taken)} s"))
    return "\n".join(f"  {line}" for line in text_table(rows))


def next_tenant(results: Results) -> Table:
    """Returns what one tenant more costs."""
    rows = [("from, to", "ours", "baseline", "baseline / ours")]
    for few, many in zip(results.sizes.ours, results.sizes.ours[1:], strict=False):
        compared = ("", "")
        if Variant(Kind.BASELINE, many) in results.samples:
            cost = results.next_tenant(Kind.BASELINE, few, many)
            compared = figures.milliseconds(cost), figures.times(results.times_next_tenant(few, many))
        ours = figures.milliseconds(results.next_tenant(Kind.OURS, few, many))
        rows.append((f"{few:,}, {many:,}", ours, *compared))
    return Table("The next tenant", rows)


def memory(results: Results) -> Table:
    """Returns the peak of the memory of a synthesis, and of the two processes that make the floor."""
    rows: list[tuple[str, ...]] = [("tenants", "ours", "baseline", "loading alone", "writing alone")]
    for size in results.sizes.ours:
        ours, baseline, write = (Variant(kind, size) for kind in (Kind.OURS, Kind.BASELINE, Kind.WRITE))
        measured = [ours, baseline, LOAD, write]
        peaks = [figures.megabytes(results.peak_bytes(each)) if each in results.samples else "" for each in measured]
        rows.append((f"{size:,}", *peaks))
    return Table("Peak memory", rows)


def again(results: Results) -> Table:
    """Returns what a synthesis takes whose output is there already."""
    largest = results.sizes.largest
    rows = [("what is there", "time", "memory")]
    for what, kind in (
        ("nothing", Kind.OURS),
        ("all; one tenant changed", Kind.ONE_CHANGED),
        ("all; nothing changed", Kind.NOTHING_CHANGED),
    ):
        rows.append((what, *_time_and_memory(results, Variant(kind, largest))))
    return Table(f"Our synthesis of {figures.tenants(largest)}, again", rows)


def floor(results: Results) -> Table:
    """Returns what no synthesis in Python with jsii can do without, and how far ours is from it."""
    rows: list[tuple[str, ...]] = [("tenants", "loading alone", "writing alone", "floor", "ours / floor")]
    for size in results.sizes.ours:
        parts = [results.seconds(LOAD), results.seconds(Variant(Kind.WRITE, size)), results.floor(size)]
        rows.append((f"{size:,}", *map(figures.seconds, parts), figures.times(results.times_floor(size))))
    return Table("The floor: load jsii and the bindings, and write the files", rows)


def plans(results: Results) -> Table:
    """Returns what `terraform plan` takes, or why nothing was planned."""
    rows = [("of", "time", "memory")]
    if results.no_plans:
        rows.append((f"skipped: {results.no_plans}", "", ""))
    else:
        rows += [(variant.kind.value, *_time_and_memory(results, variant)) for variant in PLANS]
        rows.append(("baseline / ours", figures.times(results.times(*reversed(PLANS))), ""))
    return Table("terraform plan", rows)


def output(results: Results) -> Table:
    """Returns the size of what is written."""
    found = results.output
    return Table(
        "Output",
        [
            ("of", "size"),
            ("our module, once", figures.kilobytes(found.module_bytes)),
            ("a tenant of ours", figures.kilobytes(found.our_tenant_bytes)),
            ("a tenant of the baseline", figures.kilobytes(found.baseline_tenant_bytes)),
        ],
    )


def aims(found: Sequence[Verdict]) -> Table:
    """Returns the aims, what was measured, and whether they are met."""
    rows = [("aim", "measured", "")]
    return Table("The aims", [*rows, *((verdict.aim, verdict.measured, verdict.word) for verdict in found)])


def _time_and_memory(results: Results, variant: Variant) -> tuple[str, str]:
    return figures.seconds(results.seconds(variant)), figures.megabytes(results.peak_bytes(variant))
