"""The packages import one another downward only."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
PACKAGE = PROJECT / "src" / "litellm_aws"
LAYERS = ("commands", "engines", "stacks", "fleet", "constructs")
"""Each may import those after it."""
ALLOWED = {
    **{layer: {*LAYERS[position + 1 :]} for position, layer in enumerate(LAYERS)},
    # The AWS that the demo and the tests apply to.
    "local_aws": {"constructs"},
}
ALLOWED["commands"] |= {"local_aws"}


def imported(file: Path) -> Iterator[str]:
    """Yields the full names of the modules that a file imports."""
    package = file.relative_to(PACKAGE.parent).parent.parts
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join((*above, *filter(None, [node.module])))
            yield from (f"{module}.{alias.name}" for alias in node.names)


def imported_packages(package: str) -> dict[str, set[str]]:
    """Returns the files of a package that import another one of this project, by that one's name."""
    found: dict[str, set[str]] = {}
    for file in (PACKAGE / package).rglob("*.py"):
        for module in imported(file):
            first, second = [*module.split("."), ""][:2]
            name = second if first == PACKAGE.name else first
            if name != package and name in (*ALLOWED, "tests", "main", "bench"):
                found.setdefault(name, set()).add(str(file.relative_to(PROJECT)))
    return found


@pytest.mark.parametrize("package", ALLOWED)
def test_a_package_imports_only_those_below_it(package: str) -> None:
    upward = {name: files for name, files in imported_packages(package).items() if name not in ALLOWED[package]}
    assert upward == {}
    assert imported_packages("commands").keys() >= {"engines", "fleet", "stacks"}


def test_every_package_of_the_project_has_its_place() -> None:
    assert {path.parent.name for path in PACKAGE.glob("*/__init__.py")} == {*ALLOWED}
    assert [path.name for path in PACKAGE.glob("*.py")] == ["__init__.py"]
