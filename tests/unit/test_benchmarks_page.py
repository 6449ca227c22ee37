"""docs/benchmarks.md has the sizes of today, and the script that writes it works."""

from bench.measure import CASES, PAGE, Case, Program, measure, sizes, whole_page, with_sizes


def test_the_sizes_are_current() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert with_sizes(page, sizes()) == page, "run `python bench/measure.py --sizes-only`, and review the diff"


def test_all_programs_run_and_the_page_compares_them() -> None:
    ours, first, plain = CASES[:3]
    assert (ours, first, plain) == tuple(Case(program, 1) for program in Program)
    [results] = measure(1, [ours, first, plain])
    ratio = f"{results[plain].seconds / results[ours].seconds:.1f}"
    assert results[plain].output_bytes > 50_000
    assert f"| {ratio} ({ratio} to {ratio}) |\n" in whole_page([results], "")
