"""`make bench`: measures our synthesis and the baseline side by side, and writes docs/benchmarks.md."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from fleet import command_line

from .aims import verdicts
from .measurement import ProcessFailedError
from .page import page, write
from .report import terminal
from .rounds import measured
from .variants import Sizes
from .workplace import PROJECT


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the bench, and returns the exit code: 1 where a process fails or an aim is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds that are counted; by default 5")
    parser.add_argument(
        "--sizes",
        type=int,
        nargs="+",
        default=[1, 10, 100],
        metavar="TENANTS",
        help="numbers of tenants that the baseline synthesizes too, at least two; by default 1 10 100",
    )
    parser.add_argument(
        "--largest",
        type=int,
        default=1000,
        metavar="TENANTS",
        help="number of tenants that we synthesize alone; by default 1000",
    )
    parser.add_argument(
        "--no-warm-up", dest="warm_up", action="store_false", help="leave out the round that is not counted"
    )
    parser.add_argument(
        "--page",
        type=Path,
        default=PROJECT / "docs" / "benchmarks.md",
        metavar="FILE",
        help="file to write; by default docs/benchmarks.md",
    )
    options = parser.parse_args(arguments)
    if options.rounds < 1:
        parser.error("at least one round is needed")
    try:
        sizes = Sizes(tuple(options.sizes), options.largest)
    except ValueError as error:
        parser.error(str(error))
    return command_line.run(lambda: bench(sizes, options.rounds, warm_up=options.warm_up, file=options.page))


def bench(sizes: Sizes, rounds: int, *, warm_up: bool, file: Path) -> None:
    """Measures everything, prints the results, and writes the page.

    Args:
        sizes: the numbers of tenants.
        rounds: how many rounds are counted.
        warm_up: whether a round that is not counted comes first.
        file: the page.

    Raises:
        CommandError: a process failed, or an aim is missed; of a failure, no page is written.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            results = measured(sizes, rounds, warm_up=warm_up, folder=Path(folder))
    except (ProcessFailedError, OSError) as error:
        raise command_line.CommandError(f"The bench cannot go on: {error}", command_line.FAILURE) from error
    print(terminal(results))
    try:
        write(file, page(results))
    except OSError as error:
        raise command_line.CommandError(f"{file} cannot be written: {error}", command_line.FAILURE) from error
    missed = sum(not verdict.met for verdict in verdicts(results))
    if missed:
        raise command_line.CommandError(f"{missed} aim{'s are' if missed > 1 else ' is'} missed.", command_line.FAILURE)


if __name__ == "__main__":
    command_line.end_in_words()
    signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))
    sys.exit(main())
