"""What ends a command: mistakes in the user's files, with their places and all at once, and other errors."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake.

    Attributes:
        file: as the user named it.
        line: counted from 1.
        message: what is wrong and what to do.
        owner: `tenant <tenant>-<env>`, `profile <name>` or `defaults`, or empty for the rest of a file.
    """

    file: Path
    line: int
    message: str
    owner: str = ""

    def __str__(self) -> str:
        owner = f"{self.owner}: " if self.owner else ""
        return f"{self.file}:{self.line}: {owner}{self.message}"


class BadInputError(Exception):
    """What the user wrote cannot be synthesized.

    Attributes:
        problems: at least one.
    """

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = merged_problems(problems)
        super().__init__(f"{len(self.problems)} problem{'s' if len(self.problems) > 1 else ''}")


class RefusedError(Exception):
    """The user asks for something that is not possible. The message says why, and what to do."""


class FailedError(Exception):
    """Something failed that is not in the user's files, such as a disk. The message says what, and what to do."""


class Findings:
    """The problems found so far.

    Attributes:
        problems: in the order of finding.
        warnings: what is probably a mistake, but can be synthesized.
    """

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self._misread: set[tuple[Path, int, str]] = set()

    def add(self, problem: Problem) -> None:
        """Notes a problem."""
        self.problems.append(problem)

    def warn(self, warning: Problem) -> None:
        """Notes a warning."""
        self.warnings.append(warning)

    def add_misread(self, problem: Problem, name: str) -> None:
        """Notes a value that YAML misreads. Its type is not checked then."""
        self.add(problem)
        self._misread.add((problem.file, problem.line, name))

    def is_misread(self, file: Path, line: int, name: str) -> bool:
        """Returns whether YAML misread the value of that name at a place."""
        return (file, line, name) in self._misread


def dotted(path: Iterable[str | int]) -> str:
    """Returns a path of keys and indices as messages show it: `tags.team`, `azs[0]`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def is_utf8(path: Path | str) -> bool:
    """Returns whether a path is UTF-8, as JSON and YAML files are."""
    return not any("\ud800" <= character <= "\udfff" for character in str(path))


def nearest(key: str, known: Iterable[str], otherwise: str = ": remove it") -> str:
    """Returns the advice for an unknown name."""
    # Stricter than difflib's default, which takes a misspelled secret for another input.
    close = difflib.get_close_matches(key.lower(), list(known), n=1, cutoff=0.7)
    return f": did you mean {close[0]}?" if close else otherwise


def merged_problems(problems: list[Problem]) -> list[Problem]:
    """Sorts problems, and merges those that several tenants inherit from the same line."""
    owners: dict[tuple[Path, int, str], list[str]] = {}
    for problem in sorted(set(problems)):
        owners.setdefault((problem.file, problem.line, problem.message), []).append(problem.owner)
    return [
        Problem(file, line, message, names[0] + (f" and {len(names) - 1} more" if len(names) > 1 else ""))
        for (file, line, message), names in owners.items()
    ]
