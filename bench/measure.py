"""Measures, and writes docs/benchmarks.md.

python -m bench.measure --rounds 3      # measures, and writes the whole page
python -m bench.measure --sizes-only    # updates the sizes on the page, and measures nothing
"""

from __future__ import annotations

import argparse

from . import plans, synthesis
from .page import PAGE, SIZES, TIMELINE, section, table_of_sizes, whole_page, with_section

_PLAN_ROUNDS = 7
"""A plan differs more from run to run than a synthesis."""


def main() -> None:
    """Measures and writes the page, as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="rounds of the syntheses, by default 3")
    parser.add_argument("--sizes-only", action="store_true", help="update only the sizes on the page")
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error("argument --rounds: must be 1 or more")
    page, sizes = PAGE.read_text(encoding="utf-8"), table_of_sizes(synthesis.sizes())
    if options.sizes_only:
        text = with_section(page, SIZES, sizes)
    else:
        planned = plans.measure(_PLAN_ROUNDS)
        synthesis.measure(1, synthesis.CASES[:3])  # fills the caches of Python and Node
        text = whole_page(synthesis.measure(options.rounds, synthesis.CASES), planned, sizes, section(page, TIMELINE))
    PAGE.write_text(text, encoding="utf-8")
    print(f"wrote {PAGE.name}")


if __name__ == "__main__":
    main()
