"""The code keeps the rules of its structure: Terraform is built, not typed, and functions can be read."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONSTRUCTS = ROOT / "src" / "litellm_aws" / "constructs"
SOURCES = [*sorted(CONSTRUCTS.glob("*.py")), *sorted((ROOT / "src" / "litellm_aws" / "stacks").glob("*.py"))]
LONGEST_FUNCTION = 60
TERRAFORM_TEXT = re.compile(
    r"\b(?:var|local|module|path|count|each|self)\.[a-z_]+|\b(?:data\.)?(?:aws|random|tfe|terraform)_[a-z0-9_]+\.|\$\{[a-z]"
)
"""References of Terraform's language, and the templates around them."""


def names(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def texts(tree: ast.Module) -> Iterator[ast.Constant]:
    """Yields the strings of a file, except docstrings and the IDs of constructs."""
    skipped: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            skipped.add(id(node.value))  # a docstring
        if isinstance(node, ast.Call) and len(node.args) > 1:
            # The second argument of a construct is its id, which is the block's address.
            of_scope = isinstance(node.args[0], ast.Name) and node.args[0].id in ("self", "scope")
            if of_scope:
                skipped |= {id(each) for each in ast.walk(node.args[1])}
    yield from (
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped
    )


@pytest.mark.parametrize("path", [each for each in SOURCES if each.name != "expressions.py"], ids=names)
def test_terraform_is_built_not_typed(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typed = {each.lineno: each.value for each in texts(tree) if TERRAFORM_TEXT.search(str(each.value))}
    assert typed == {}


@pytest.mark.parametrize("path", SOURCES, ids=names)
def test_a_function_can_be_read(path: Path) -> None:
    functions = [
        node
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    lengths = {each.name: (each.end_lineno or 0) - each.lineno + 1 for each in functions}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FUNCTION} == {}
