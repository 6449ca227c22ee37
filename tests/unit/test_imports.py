"""The packages import one another downward only."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
LAYERS = ("commands", "engines", "stacks", "fleet", "litellm_aws")
"""Each may import those after it."""
ALLOWED = {
    **{layer: {*LAYERS[position + 1 :]} for position, layer in enumerate(LAYERS)},
    # The AWS that the demo and the tests apply to.
    "local_aws": {"litellm_aws"},
}
ALLOWED["commands"] |= {"local_aws", "tests"}
FOLDERS = {name: PROJECT / name for name in ALLOWED} | {"litellm_aws": PROJECT / "constructs/litellm_aws"}
OF_THE_TESTS = "tests.provider_packages"
"""The demo's only import from the tests: the mirror of the providers on this machine."""


def imported(file: Path) -> Iterator[str]:
    """Yields the modules that a file imports by an absolute name."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module or ""


def imported_packages(package: str) -> dict[str, set[str]]:
    """Returns the files of a package that import another one of this project, by that one's name."""
    found: dict[str, set[str]] = {}
    for file in FOLDERS[package].rglob("*.py"):
        for module in imported(file):
            name = module.partition(".")[0]
            if name != package and name in (*FOLDERS, "tests", "main", "bench"):
                found.setdefault(name, set()).add(str(file.relative_to(PROJECT)))
    return found


@pytest.mark.parametrize("package", FOLDERS)
def test_a_package_imports_only_those_below_it(package: str) -> None:
    upward = {name: files for name, files in imported_packages(package).items() if name not in ALLOWED[package]}
    assert upward == {}


def test_of_the_tests_only_the_providers_are_imported() -> None:
    modules = {module for file in FOLDERS["commands"].rglob("*.py") for module in imported(file)}
    assert {module for module in modules if module.startswith("tests")} <= {OF_THE_TESTS}


def test_every_package_of_the_project_has_its_place() -> None:
    packages = {path.parent for folder in (PROJECT, PROJECT / "constructs") for path in folder.glob("*/__init__.py")}
    assert packages - {PROJECT / "bench"} == {*FOLDERS.values()}
