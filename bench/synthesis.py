"""How long synthesis takes, against plain CDKTF."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from .process import Execution, execute

PROJECT = Path(__file__).resolve().parents[1]

_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "XDG_CACHE_HOME")
"""The caller's variables that a program gets. Others change what is measured, for example NODE_OPTIONS."""


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


# Plain CDKTF needs half a minute for 100 tenants, so that more are left to this project.
CASES = (
    *(Case(program, tenants) for tenants in (1, 100) for program in Program),
    *(Case(program, tenants) for tenants in (1000, 5000) for program in (Program.OURS, Program.FIRST)),
)


@dataclass(frozen=True)
class Run(Execution):
    """What one run of a program took and wrote.

    Attributes:
        output_bytes: total size of the files written.
    """

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
    took = execute([sys.executable, *arguments], folder=PROJECT, environment=environment, errors=folder / "errors.txt")
    return Run(took.seconds, took.peak_bytes, sum(path.stat().st_size for path in _files(outdir)))


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


def sizes() -> list[dict[str, int]]:
    """Synthesizes one tenant, and returns the sizes of the module and of the root, by their names.

    They depend on nothing but the code.

    Raises:
        SystemExit: the synthesis failed.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        synthesize(Case(Program.OURS, 1), Path(folder))
        return [_measures(Path(folder, "cdktf.out", "stacks", stack)) for stack in ("litellm", "t0000-dev")]


def _measures(stack: Path) -> dict[str, int]:
    contents = [path.read_bytes() for path in _files(stack)]
    resources = json.loads((stack / "cdk.tf.json").read_bytes()).get("resource", {})
    return {
        "files": len(contents),
        "bytes": sum(map(len, contents)),
        "lines": sum(content.count(b"\n") for content in contents),
        "resources that it declares": sum(map(len, resources.values())),
    }


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
