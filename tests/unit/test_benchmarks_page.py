"""docs/benchmarks.md has the sizes of today, and the programs that it measures run."""

from bench import plans, synthesis
from bench.page import PAGE, SIZES, section, table_of_sizes, whole_page
from bench.process import Execution
from bench.synthesis import CASES, Case, Program


def test_the_sizes_are_current() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert section(page, SIZES) == table_of_sizes(synthesis.sizes()), "run `make docs`, and review the diff"


def test_all_programs_run_and_the_page_compares_them() -> None:
    ours, first, plain = CASES[:3]
    assert (ours, first, plain) == tuple(Case(program, 1) for program in Program)
    [results] = synthesis.measure(1, [ours, first, plain])
    assert results[plain].output_bytes > 50_000
    commands = [(command, program) for command in plans.COMMANDS for program in plans.PROGRAMS]
    planned = {each: Execution(number, number) for number, each in enumerate(commands, start=1)}
    page = whole_page([results], [planned], "the sizes", "the timeline")
    ratio = f"{results[plain].seconds / results[ours].seconds:.1f}"
    assert f"| {ratio} ({ratio} to {ratio}) |\n" in page
    assert "| `terraform plan` | 3.0 s (3.0 s to 3.0 s) | 4.0 s (4.0 s to 4.0 s) | 0.75 (0.75 to 0.75) |" in page
    assert section(page, SIZES) == "the sizes"
