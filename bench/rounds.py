"""Runs the variants in turns, round after round."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from . import figures
from .machine import Machine
from .measurement import Command, ProcessFailedError, Sample, measure
from .output import Output, bindings
from .plans import PlansUnavailableError, ready_plans
from .results import Results
from .tenants import tenants
from .variants import PLANS, Kind, Sizes, Variant, variants
from .workplace import Workplace

_WARM_UP = "warm-up"


def measured(sizes: Sizes, rounds: int, *, warm_up: bool, folder: Path) -> Results:
    """Runs everything, tells of it on stderr, and returns the results.

    Args:
        sizes: the numbers of tenants.
        rounds: how many rounds are counted, at least one.
        warm_up: whether a round that is not counted comes first.
        folder: an empty one to work in.

    Raises:
        ProcessFailedError: a process failed.
    """
    machine = Machine.this()
    names = [f"round {number} of {rounds}" for number in range(1, rounds + 1)]
    workplace = Workplace(folder)
    if warm_up:
        # The larger sizes of the baseline warm nothing more, and take the longest.
        some = (each for each in variants(sizes) if each.kind is not Kind.BASELINE or each.tenants == sizes.ours[0])
        take_turns([_WARM_UP], some, workplace.command, workplace.done)
    samples = take_turns(names, variants(sizes), workplace.command, workplace.done)
    ours, baseline = (
        [workplace.kept(Variant(kind, size)) for size in sizes.compared] for kind in (Kind.OURS, Kind.BASELINE)
    )
    no_plans = ""
    try:
        (folder / "plans").mkdir()
        root = Path("stacks", tenants(1)[0].label)
        with ready_plans(folder / "plans", ours[0] / root, baseline[0] / root) as plans:
            if warm_up:
                take_turns([_WARM_UP], PLANS, plans.commands.__getitem__)
            samples |= take_turns(names, PLANS, plans.commands.__getitem__)
            machine = replace(machine, versions={**machine.versions, **plans.versions})
    except PlansUnavailableError as reason:
        no_plans = " ".join(str(reason).split())
        print(f"The plans are skipped: {no_plans}.", file=sys.stderr)
    return Results(
        sizes=sizes,
        samples=samples,
        no_plans=no_plans,
        output=Output.of(ours[-1], baseline[-1], sizes.compared[-1]),
        bindings=bindings(),
        machine=machine,
    )


def take_turns(
    rounds: Iterable[str],
    in_turn: Iterable[Variant],
    command: Callable[[Variant], Command],
    done: Callable[[Variant], None] = lambda _: None,
) -> dict[Variant, list[Sample]]:
    """Runs each variant once in each round, and returns what they took.

    Args:
        rounds: a name of each round.
        in_turn: the variants in their order.
        command: called before each run; prepares it, and returns its process.
        done: called after each run.

    Raises:
        ProcessFailedError: a process failed; the message says of which variant.
    """
    order: Sequence[Variant] = list(in_turn)
    samples: dict[Variant, list[Sample]] = {variant: [] for variant in order}
    for round_ in rounds:
        for variant in order:
            print(f"{round_}: {variant} … ", end="", file=sys.stderr, flush=True)
            try:
                sample = measure(command(variant))
            except ProcessFailedError as error:
                print("failed", file=sys.stderr)
                raise ProcessFailedError(f"{variant} failed: {error}") from error
            took = f"{figures.number(sample.seconds)} s, {figures.number(sample.peak_bytes / 1e6)} MB"
            print(took, file=sys.stderr)
            samples[variant].append(sample)
            done(variant)
    return samples
