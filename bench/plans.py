"""How long `terraform validate` and `terraform plan` take, against a stack of plain CDKTF.

Each command starts Terraform and the AWS provider, as a user's does. Nothing is asked of AWS.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.terraform import TerraformUnavailable, open_terraform

from .synthesis import Case, Program, synthesize

COMMANDS: Mapping[str, tuple[str, ...]] = {
    "validate": ("validate",),
    "plan": ("plan", "-input=false", "-lock=false", "-refresh=false"),
}
PROGRAMS = (Program.OURS, Program.PLAIN)


@dataclass(frozen=True)
class Execution:
    """What one command took.

    Attributes:
        seconds: from the start of Terraform to its end.
        peak_bytes: peak resident memory of the larger process, Terraform or the AWS provider.
    """

    seconds: float
    peak_bytes: int


Round = dict[tuple[str, Program], Execution]


def measure(rounds: int) -> list[Round]:
    """Runs each command for the root of a tenant and for plain CDKTF's stack of it, in turns.

    Args:
        rounds: number of rounds that count. There is one more before them.

    Raises:
        SystemExit: Terraform or the AWS provider is missing, or a command failed.
    """
    results: list[Round] = []
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        work = Path(folder)
        try:
            with open_terraform(work=work, cache=work) as terraform:
                roots = {}
                for program in PROGRAMS:
                    (work / program.name).mkdir()
                    synthesize(Case(program, 1), work / program.name)
                    source = work / program.name / "cdktf.out" / "stacks" / "t0000-dev"
                    roots[program] = terraform.root(source, attached=False).directory
                for number in range(rounds + 1):
                    found = {
                        (name, program): _run(command, roots[program], terraform.environment)
                        for name, command in COMMANDS.items()
                        for program in (PROGRAMS if number % 2 else reversed(PROGRAMS))
                    }
                    for (name, program), execution in found.items():
                        print(f"{name}, {program}: {execution.seconds:.1f} s", file=sys.stderr)
                    results += [found] if number else []
        except TerraformUnavailable as reason:
            raise SystemExit(f"The plans cannot be measured: {reason}") from None
    return results


def _run(command: tuple[str, ...], root: Path, environment: Mapping[str, str]) -> Execution:
    with (root / "errors.txt").open("w+b") as errors:
        begin = time.perf_counter()
        process = subprocess.Popen(
            ["terraform", *command], cwd=root, env=environment, stdout=subprocess.DEVNULL, stderr=errors
        )
        # Unlike `process.wait`, this returns the peak memory, also of the provider, which Terraform has waited for.
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            errors.seek(0)
            raise SystemExit(f"terraform {command[0]} failed:\n{errors.read().decode(errors='replace')}")
    return Execution(seconds, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024))
