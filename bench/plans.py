"""How long `terraform validate` and `terraform plan` take, against a stack of plain CDKTF.

Each command starts Terraform and the AWS provider, as a user's does. Nothing is asked of AWS.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.terraform import TerraformUnavailable, open_terraform

from .process import Execution, execute
from .synthesis import Case, Program, synthesize

COMMANDS: Mapping[str, tuple[str, ...]] = {
    "validate": ("validate",),
    "plan": ("plan", "-input=false", "-lock=false", "-refresh=false"),
}
PROGRAMS = (Program.OURS, Program.PLAIN)
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
                        (name, program): execute(
                            ["terraform", *command],
                            folder=roots[program],
                            environment=terraform.environment,
                            errors=work / "errors.txt",
                        )
                        for name, command in COMMANDS.items()
                        for program in (PROGRAMS if number % 2 else reversed(PROGRAMS))
                    }
                    for (name, program), execution in found.items():
                        print(f"{name}, {program}: {execution.seconds:.1f} s", file=sys.stderr)
                    results += [found] if number else []
        except TerraformUnavailable as reason:
            raise SystemExit(f"The plans cannot be measured: {reason}") from None
    return results
