"""The page docs/benchmarks.md: the results, how they were measured, and why they are as they are."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from string import Template

from . import figures, report
from .aims import verdicts
from .measurement import SAMPLING_SECONDS, SHORT_SAMPLING_SECONDS, SHORT_SECONDS
from .results import Results
from .variants import LOAD, Kind, Variant

_PAGE = Template("""\
# How fast synthesis is

`make bench` measures this and writes this page; do not edit it. `make bench ROUNDS=3` takes three rounds instead
of five. Figures are medians over $rounds, with the lowest and the highest value in brackets. A ratio is
taken within each round, and the median is that of the ratios.

*Ours* is `python main.py`. The *baseline* is [bench/plain_cdktf.py](../bench/plain_cdktf.py): the stacks of the
documented module with its defaults, as CDKTF users write them today: one with all resources for each tenant.

$aims

## Synthesis

$synthesis

```
$chart
```

What one tenant more costs is the difference between two sizes, divided by the tenants between them. Where noise is
large beside the difference, the figure says little.

$next_tenant

The memory is the largest sum of the resident sets of Python and Node. The last two columns belong to the floor, below.

$memory

There are two reasons for the difference:

- **Bindings are loaded when they are used.** The usual import of the AWS bindings runs all of their
  $bindings files in Python, and all in Node. We import the resources that we use: the package's `__init__` is not run
  ([jsii_runtime.py](../constructs/litellm_aws/jsii_runtime.py)), and Node reads a resource's file when it is
  first asked for ([lazy_bindings.cjs](../constructs/litellm_aws/lazy_bindings.cjs)). This counts once in each run.
- **A tenant is a thin root.** It calls the one module that all tenants share, where the baseline declares
  $resources resources. This counts for each tenant.

## After a change

Every run synthesizes the whole fleet, and replaces only the files whose content differs. This is
what it takes for $largest_tenants:

$again

## The output

The manifest that CDKTF writes for all stacks is part of a tenant's share.

$output

## terraform plan

$plans

## How far from the floor

Two things cannot be left out as long as Python and CDKTF do the work: a process that starts Python and Node and
loads jsii, CDKTF and the bindings that we use; and the writing of the files. Each was measured in a process that
does nothing else. The floor is the sum of the two, in which Python starts twice.

$floor

With $one_tenants, our synthesis takes $one_ours s, and loading alone takes $load s. What that time goes to, in
this order:

1. Python and Node start.
2. jsii reads the assemblies of CDKTF and of the AWS bindings: the descriptions of all their types.
3. The module is constructed. It has $blocks variables, locals, data sources, resources and outputs, and the
   construct for each is a round trip from Python to Node, at the least.
4. CDKTF synthesizes in Node. We put the blocks in a reader's order, and write the files that differ.

The first two are the floor. The third is the same for every fleet. What the next tenant costs is its root: a few
constructs, its part of the fourth, and the reading of its entry in the tenants file.

## How it was measured

- The machine: $cores cores, $memory_size GB of memory, $system.
- The versions: $versions.
- The variants run one after another, in turns: a round runs each of them once, so that noise hits all of them
  alike. A round before the first one is not counted. It fills the caches of Python and jsii; of the baseline, it
  has the smallest size alone. Plans have rounds of their own.
- A time is that of a whole process, from its start to its end. A synthesis writes to a new folder, and has no
  more of the caller's environment than PATH, home, language and temporary folder.
- The memory of the process and its children is looked at every $interval ms, and every $short_interval ms in the
  first $short ms. Pages that processes share count for each of them. A MB is 1,000,000 bytes; KB and GB likewise.
- The tenants differ in their names alone. They are the same for both; our tenants file says what they share in its
  defaults.
- Before it synthesizes, CDKTF runs `terraform version` for every `terraform_data` of the baseline. A script answers
  at once, so that the baseline is not charged with the start of Terraform. Ours does not ask.
- In *one tenant changed*, a tenant in the middle of the fleet gets an input, or loses it.
- A plan runs in a root that is initialised, with an empty state. Terraform starts the real AWS provider, which is
  told not to call AWS.
""")


def page(results: Results) -> str:
    """Returns the page."""
    one = results.sizes.compared[0]
    machine = results.machine
    return _PAGE.substitute(
        rounds=figures.rounds(results.rounds),
        aims=report.aims(list(verdicts(results))).markdown,
        synthesis=report.synthesis(results).markdown,
        chart=report.chart(results),
        next_tenant=report.next_tenant(results).markdown,
        memory=report.memory(results).markdown,
        bindings=f"{results.bindings:,}",
        resources=results.output.baseline_resources,
        largest_tenants=figures.tenants(results.sizes.largest),
        again=report.again(results).markdown,
        output=report.output(results).markdown,
        plans=report.plans(results).markdown,
        floor=report.floor(results).markdown,
        one_tenants=figures.tenants(one),
        one_ours=figures.number(results.seconds(Variant(Kind.OURS, one)).median),
        load=figures.number(results.seconds(LOAD).median),
        blocks=results.output.module_blocks,
        cores=machine.cores,
        memory_size=f"{machine.memory_bytes / 1e9:.0f}",
        system=machine.system,
        versions=", ".join(f"{name} {version}" for name, version in machine.versions.items()),
        interval=f"{SAMPLING_SECONDS * 1000:g}",
        short_interval=f"{SHORT_SAMPLING_SECONDS * 1000:g}",
        short=f"{SHORT_SECONDS * 1000:g}",
    )


def write(path: Path, text: str) -> None:
    """Puts a text in the place of a file at once, so that nobody ever reads half of it.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        # What a new file of this user has, where a temporary one is for its owner alone.
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, 0o666 & ~mask)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
