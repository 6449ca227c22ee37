"""Mistakes in what the user wrote: collected, located, and shown all at once."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake.

    Attributes:
        file: as the user named it.
        line: counted from 1.
        message: what is wrong and what to do.
        whose: `tenant <tenant>-<env>` or `defaults`, where the mistake is inside of one.
    """

    file: Path
    line: int
    message: str
    whose: str = ""

    def __str__(self) -> str:
        whose = f"{self.whose}: " if self.whose else ""
        return f"{self.file}:{self.line}: {whose}{self.message}"


class BadInputError(Exception):
    """What the user wrote cannot be synthesized.

    Attributes:
        problems: at least one.
    """

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = _merged(problems)
        super().__init__(f"{len(self.problems)} problem{'s' if len(self.problems) > 1 else ''}")


def _merged(problems: list[Problem]) -> list[Problem]:
    """Sorts the problems, and says only once what several tenants inherit from the same line."""
    owners: dict[tuple[Path, int, str], list[str]] = {}
    for problem in sorted(set(problems)):
        owners.setdefault((problem.file, problem.line, problem.message), []).append(problem.whose)
    return [
        Problem(file, line, message, whose[0] + (f" and {len(whose) - 1} more" if len(whose) > 1 else ""))
        for (file, line, message), whose in owners.items()
    ]
