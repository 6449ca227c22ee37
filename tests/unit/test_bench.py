"""The bench counts rightly, says what it found, and ends in words when something fails."""

import itertools
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import astuple
from pathlib import Path

import psutil
import pytest
import yaml

from bench import __main__ as command
from bench import figures, report
from bench.aims import verdicts
from bench.machine import Machine
from bench.measurement import Command, ProcessFailedError, Sample, measure
from bench.output import Output
from bench.page import page, write
from bench.plans import PlansUnavailableError, ready_plans
from bench.results import Results
from bench.rounds import take_turns
from bench.spread import Spread, ratios, slopes
from bench.tenants import tenants, tenants_file
from bench.variants import LOAD, PLANS, Kind, Sizes, Variant, variants
from bench.workplace import Workplace
from fleet.tenants_file import load_fleet

PROJECT = Path(command.__file__).parents[1]
SIZES = Sizes((1, 10, 100), 1000)
SECONDS = {
    LOAD: (1.0, 1.1, 0.9),
    Variant(Kind.OURS, 1): (1.4, 1.5, 1.3),
    Variant(Kind.BASELINE, 1): (14.0, 12.0, 13.0),
    Variant(Kind.WRITE, 1): (0.1, 0.1, 0.1),
    Variant(Kind.OURS, 10): (1.5, 1.6, 1.4),
    Variant(Kind.BASELINE, 10): (15.0, 13.0, 14.0),
    Variant(Kind.WRITE, 10): (0.1, 0.1, 0.1),
    Variant(Kind.OURS, 100): (2.4, 2.2, 2.0),
    Variant(Kind.BASELINE, 100): (33.0, 31.0, 32.0),
    Variant(Kind.WRITE, 100): (0.2, 0.2, 0.2),
    Variant(Kind.OURS, 1000): (8.7, 9.4, 8.3),
    Variant(Kind.WRITE, 1000): (0.5, 0.5, 0.5),
    Variant(Kind.ONE_CHANGED, 1000): (8.0, 8.1, 8.2),
    Variant(Kind.NOTHING_CHANGED, 1000): (7.9, 8.0, 8.1),
    PLANS[0]: (3.0, 3.1, 3.2),
    PLANS[1]: (6.0, 6.2, 6.4),
}
"""Made up, one value for each of three rounds."""


def made_up(
    changed: Mapping[Variant, tuple[float, ...]] | None = None,
    *,
    memory: float = 9e8,
    tenant_bytes: float = 3500,
    no_plans: str = "",
) -> Results:
    return Results(
        sizes=SIZES,
        samples={
            variant: [Sample(each, int(memory)) for each in taken]
            for variant, taken in {**SECONDS, **(changed or {})}.items()
            if not (no_plans and variant in PLANS)
        },
        no_plans=no_plans,
        output=Output(100_000, tenant_bytes, 88_000, module_blocks=199, baseline_resources=93),
        bindings=2136,
        machine=Machine(2, 8_000_000_000, "Linux x86_64", {"Python": "3.11.7", "Node": "24.19.0"}),
    )


# Figures


def test_a_spread_is_the_median_and_the_ends() -> None:
    assert Spread.of([3.0, 1.0, 2.0]) == Spread(2.0, 1.0, 3.0)
    assert Spread.of([1.0, 2.0]).median == 1.5


def test_a_ratio_is_one_of_the_same_round() -> None:
    assert ratios([10.0, 40.0], [1.0, 2.0]) == [10.0, 20.0]
    with pytest.raises(ValueError, match="argument 2 is longer"):
        ratios([1.0], [1.0, 2.0])


def test_a_cost_that_noise_hides_is_infinitely_smaller() -> None:
    assert ratios([0.2, 0.2, -0.1], [0.0, -0.1, -0.1]) == [float("inf"), float("inf"), 0.0]
    assert figures.times(Spread.of([float("inf")])) == "∞ times (∞ to ∞)"


def test_the_next_tenant_costs_the_difference_by_the_number_of_tenants() -> None:
    assert slopes([1.0, 2.0], [10.0, 20.0], 90) == pytest.approx([0.1, 0.2])


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.0, "0.00"), (1.234, "1.23"), (9.996, "10.0"), (99.96, "100"), (12345.6, "12,346"), (-1.5, "-1.50")],
)
def test_a_number_has_three_digits_or_all_before_the_point(value: float, written: str) -> None:
    assert figures.number(value) == written


def test_results_follow_from_the_samples_of_each_round() -> None:
    results = made_up()
    assert results.rounds == 3
    assert results.seconds(LOAD) == Spread(1.0, 0.9, 1.1)
    ours, baseline = Variant(Kind.OURS, 1), Variant(Kind.BASELINE, 1)
    assert astuple(results.times(baseline, ours)) == pytest.approx((10.0, 8.0, 10.0))
    assert results.floor(1).median == pytest.approx(1.1)
    assert results.times_floor(1).high == pytest.approx(1.3)
    assert results.next_tenant(Kind.BASELINE, 10, 100).median == pytest.approx(0.2)
    assert results.next_tenant(Kind.OURS, 10, 100).median == pytest.approx(0.6 / 90)
    assert astuple(results.times_next_tenant(10, 100)) == pytest.approx((30.0, 20.0, 30.0))


# Aims


def test_aims_are_met() -> None:
    found = list(verdicts(made_up()))
    assert [verdict.word for verdict in found] == ["met"] * 7
    assert found[0].aim == "100 tenants: at least 5 times faster than the baseline"
    assert found[0].measured == "14.1 times (13.8 to 16.0)"


@pytest.mark.parametrize(
    ("results", "missed"),
    [
        (
            made_up({Variant(Kind.BASELINE, 100): (20.9, 18.9, 19.9), Variant(Kind.OURS, 100): (4.2, 4.3, 4.1)}),
            [0, 2, 3],
        ),
        (made_up({Variant(Kind.BASELINE, 1): (4.1, 4.4, 3.8)}), [1]),
        (made_up({Variant(Kind.BASELINE, 100): (21.0, 19.0, 20.0)}), [2]),
        (made_up({Variant(Kind.OURS, 100): (2.5, 2.6, 2.4)}), [3]),
        (made_up({Variant(Kind.OURS, 1000): (12.0, 12.1, 12.2)}), [4]),
        (made_up(memory=1_000_001_000), [5]),
        (made_up(tenant_bytes=4000), [6]),
    ],
    ids=["many", "one", "the next, compared", "the next of a hundred", "the next of a thousand", "memory", "output"],
)
def test_an_aim_that_is_missed_is_said(results: Results, missed: list[int]) -> None:
    found = list(verdicts(results))
    assert [index for index, verdict in enumerate(found) if verdict.word == "MISSED"] == missed


def test_an_aim_that_is_just_reached_is_met() -> None:
    one = {Variant(Kind.BASELINE, 1): (4.5, 4.5, 4.5), Variant(Kind.OURS, 1): (1.5, 1.5, 1.5)}
    found = list(verdicts(made_up(one, memory=1e9)))
    assert found[1].measured.startswith("3.00 times")
    assert (found[1].met, found[5].met) == (True, True)


# The report


def test_the_terminal_shows_every_table() -> None:
    text = report.terminal(made_up())
    assert "2 cores, 8 GB of memory, Linux x86_64\nPython 3.11.7, Node 24.19.0\n" in text
    assert "Medians of 3 rounds" in text
    assert (
        """\
Synthesis
  tenants  ours                   baseline               baseline / ours
  1        1.40 s (1.30 to 1.50)  13.0 s (12.0 to 14.0)  10.0 times (8.00 to 10.0)
  10       1.50 s (1.40 to 1.60)  14.0 s (13.0 to 15.0)  10.0 times (8.12 to 10.0)
  100      2.20 s (2.00 to 2.40)  32.0 s (31.0 to 33.0)  14.1 times (13.8 to 16.0)
  1,000    8.70 s (8.30 to 9.40)
"""
        in text
    )
    assert re.search(r"10, 100 +6\.67 ms \(6\.67 to 10\.0\) +200 ms \(200 to 200\) +30\.0 times", text)
    assert re.search(r"our root's plan +3\.10 s \(3\.00 to 3\.20\) +900 MB", text)
    assert re.search(r"all; one tenant changed +8\.10 s", text)
    assert re.search(r"a tenant of ours +3\.50 KB", text)
    assert text.count("  met") == 7


def test_the_bars_are_as_long_as_the_times() -> None:
    bars = {
        tuple(line.split()[-4:-2]): line.count("█")
        for line in report.chart(made_up()).splitlines()
        if "baseline" in line
    }
    assert sorted(bars.values()) == [20, 22, 50]
    assert "█ 1.40 s" in report.chart(made_up())


def test_the_page_holds_the_same_tables() -> None:
    results = made_up()
    text = page(results)
    assert "| 100 | 2.20 s (2.00 to 2.40) | 32.0 s (31.0 to 33.0) | 14.1 times (13.8 to 16.0) |" in text
    assert "| 100 tenants: at least 5 times faster than the baseline | 14.1 times (13.8 to 16.0) | met |" in text
    for part in (
        report.synthesis,
        report.next_tenant,
        report.memory,
        report.again,
        report.floor,
        report.plans,
        report.output,
    ):
        assert part(results).markdown in text
    assert "MISSED" in page(made_up(tenant_bytes=5000))


def test_the_numbers_in_the_prose_are_those_of_the_run() -> None:
    text = " ".join(page(made_up()).split())
    assert "medians over 3 rounds" in text
    assert "runs all of their 2,136 files" in text
    assert "declares 93 resources" in text
    assert "It has 199 variables" in text
    assert "With 1 tenant, our synthesis takes 1.40 s, and loading alone takes 1.00 s." in text
    assert "2 cores, 8 GB of memory, Linux x86_64" in text
    assert "looked at every 20 ms" in text


def test_plans_that_are_skipped_say_why() -> None:
    results = made_up(no_plans="terraform is not on the PATH")
    assert "terraform plan\n  of                                     time  memory\n  skipped: terraform is not on" in (
        report.terminal(results)
    )
    assert "| skipped: terraform is not on the PATH |  |  |" in page(results)


def test_the_page_is_replaced_at_once_and_readable_by_others(tmp_path: Path) -> None:
    file = tmp_path / "docs" / "page.md"
    for text in ("one", "two"):
        write(file, text)
        assert file.read_text() == text
    (tmp_path / "other").touch()
    assert file.stat().st_mode == (tmp_path / "other").stat().st_mode
    assert list(file.parent.iterdir()) == [file]


# What is measured


@pytest.mark.parametrize(
    ("compared", "largest"), [((1,), 10), ((10, 1), 100), ((1, 10), 10), ((0, 1), 10), ((1, 1), 10)]
)
def test_sizes_ascend(compared: tuple[int, ...], largest: int) -> None:
    with pytest.raises(ValueError, match="ascend"):
        Sizes(compared, largest)


def test_both_synthesize_the_same_tenants(tmp_path: Path) -> None:
    file = tmp_path / "tenants.yaml"
    file.write_text(tenants_file(3))
    ours = load_fleet(file).tenants
    assert [
        (each.tenant, each.env, each.region, tuple(each.azs), dict(each.gateway_extra_secrets), each.label)
        for each in ours
    ] == [
        (each.name, each.env, each.region, tuple(each.azs), each.gateway_extra_secrets, each.label)
        for each in tenants(3)
    ]
    # Plain HTTP is all that our module has to be told besides.
    said = {"tenant", "env", "region", "azs", "gateway_extra_secrets", "allow_plaintext_alb"}
    assert [each.inputs_set().keys() for each in ours] == [said] * 3


def test_one_tenant_changes_from_run_to_run_and_then_nothing(tmp_path: Path) -> None:
    workplace = Workplace(tmp_path)

    def said(variant: Variant) -> list[dict[str, object]]:
        file = workplace.command(variant).environment["TENANTS_FILE"]
        return list(yaml.safe_load(Path(file).read_text())["tenants"])

    changed, unchanged = (Variant(kind, 5) for kind in (Kind.ONE_CHANGED, Kind.NOTHING_CHANGED))
    states = [said(Variant(Kind.OURS, 5))]
    for _ in range(3):
        states.append(said(changed))
        assert said(unchanged) == states[-1]
    for before, after in itertools.pairwise(states):
        assert sum(one != other for one, other in zip(before, after, strict=True)) == 1


def test_variants_take_turns() -> None:
    order = list(variants(Sizes((1, 2), 3)))
    ran: list[Variant] = []

    def process(variant: Variant) -> Command:
        ran.append(variant)
        return Command(("true",), PROJECT, {})

    samples = take_turns(["round 1", "round 2"], order, process)
    assert ran == order * 2
    assert {variant: len(taken) for variant, taken in samples.items()} == dict.fromkeys(order, 2)


# Processes


def python(script: str) -> Command:
    return Command((sys.executable, "-c", script), PROJECT, {})


def test_children_count_to_the_memory() -> None:
    hold = "held = b'x' * 50_000_000"
    wait = "import time; time.sleep(0.5)"
    alone = measure(python(wait)).peak_bytes
    start = f"import subprocess, sys; subprocess.run([sys.executable, '-c', \"{hold}; {wait}\"])"
    assert measure(python(f"{hold}; {start}")).peak_bytes - alone > 100_000_000


def test_a_process_gets_nothing_that_makes_it_faster_or_slower(monkeypatch: pytest.MonkeyPatch) -> None:
    # The import of `fleet` has set the first two for this process, and the baseline must not profit from them.
    assert {"JSII_NODE", "NODE_OPTIONS"} <= os.environ.keys()
    monkeypatch.setenv("TENANTS_FILE", "other.yaml")
    measure(python("import os; assert not {'JSII_NODE', 'NODE_OPTIONS', 'TENANTS_FILE'} & os.environ.keys()"))


def test_a_process_that_fails_is_named_with_its_words() -> None:
    with pytest.raises(ProcessFailedError) as failure:
        take_turns(["round 1"], [LOAD], lambda _: python("import sys; sys.exit('out of luck')"))
    assert str(failure.value) == "loading alone failed: it ended with exit code 1, and said:\nout of luck"


def test_a_program_that_is_missing_is_named() -> None:
    with pytest.raises(ProcessFailedError, match="no-such-program cannot be started"):
        measure(Command(("no-such-program",), PROJECT, {}))


def test_plans_run_where_terraform_is_and_leave_the_roots_alone(stacks: Path, tmp_path: Path) -> None:
    root = stacks / "globex-dev"
    before = sorted(root.iterdir())
    with ExitStack() as stack:
        try:
            plans = stack.enter_context(ready_plans(tmp_path, root, root))
        except PlansUnavailableError as reason:
            pytest.skip(str(reason))
        assert plans.versions.keys() == {"Terraform", "aws provider", "random provider"}
        samples = take_turns(["round 1"], PLANS[:1], plans.commands.__getitem__)
    assert [len(taken) for taken in samples.values()] == [1]
    assert sorted(root.iterdir()) == before


# The command


@pytest.mark.parametrize("arguments", [["--rounds", "0"], ["--sizes", "10", "1"], ["--largest", "5"]])
def test_numbers_that_make_no_bench_are_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(arguments)
    assert ended.value.code == 2
    assert "usage: python -m bench" in capsys.readouterr().err


def test_a_failure_ends_with_1_and_leaves_the_page_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "page.md"
    file.write_text("before")
    monkeypatch.setattr("bench.workplace.PROJECT", tmp_path)  # where there is nothing to run
    assert command.main(["--page", str(file)]) == 1
    out, errors = capsys.readouterr()
    assert out == ""
    assert "The bench cannot go on: loading alone failed: it ended with exit code 1, and said:\n" in errors
    assert "No module named 'stacks'" in errors
    assert file.read_text() == "before"


def test_ctrl_c_ends_with_130_and_leaves_nothing_running(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "bench", "--page", str(tmp_path / "page.md")],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": "constructs", "TMPDIR": str(scratch)},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert process.stderr.read(len("warm-up:")) == "warm-up:"
    children: list[psutil.Process] = []
    while not children:
        assert process.poll() is None
        children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Interrupted." in errors
    assert "Traceback" not in errors
    assert psutil.wait_procs(children, timeout=10)[1] == []
    assert list(scratch.glob("bench-*")) == []
    assert not (tmp_path / "page.md").exists()


def test_a_run_measures_reports_and_writes_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # no terraform
    file = tmp_path / "page.md"
    sizes = ["--sizes", "1", "2", "--largest", "3"]
    code = command.main([*sizes, "--rounds", "1", "--no-warm-up", "--page", str(file)])
    out, errors = capsys.readouterr()
    words = [line.split()[-1] for line in out[out.index("The aims") :].splitlines()[2:]]
    assert len(words) == 7
    # Which aims so few tenants meet is the machine's affair; the output's size is not.
    assert words[-1] == "met"
    assert code == ("MISSED" in words)
    assert "round 1 of 1: the baseline's synth, 2 tenants … " in errors
    assert "skipped: terraform is not on the PATH" in out
    text = file.read_text()
    assert "skipped: terraform is not on the PATH" in text
    assert "declares 93 resources" in " ".join(text.split())
    assert str(tmp_path) not in text
    assert str(PROJECT) not in text
