"""YAML files as trees of nodes that know their file and line.

The dialect is YAML 1.1, as in PyYAML and LiteLLM. Values that YAML 1.1 and 1.2 read differently (`NO`, `0755`, `1:30`)
can be refused, because few authors know both readings.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from .problems import BadInputError, Problem

_TAG = "tag:yaml.org,2002:"
_TEXTS = frozenset(f"{_TAG}{kind}" for kind in ("str", "timestamp", "value", "merge"))
"""Values that are texts in YAML 1.2: a date, `=` and `<<` as well."""
_SCALARS = frozenset(f"{_TAG}{kind}" for kind in ("null", "bool", "int", "float"))
_SAME_IN_1_2 = {
    f"{_TAG}bool": re.compile("true|True|TRUE|false|False|FALSE"),
    f"{_TAG}int": re.compile("[-+]?(0|[1-9][0-9]*)"),
}


@dataclass(frozen=True)
class Node:
    """A value of a YAML file.

    Attributes:
        value: a scalar, a list of nodes, or a dict from string to node.
        file: its file, as the user named it.
        line: its first line, counted from 1.
        text: the scalar as it was written.
    """

    value: Any
    file: Path
    line: int
    text: str = ""

    def plain(self) -> Any:
        """Returns the value without files and lines."""
        match self.value:
            case dict():
                return {key: node.plain() for key, node in self.value.items()}
            case list():
                return [node.plain() for node in self.value]
            case _:
                return self.value

    def at(self, path: Sequence[str | int]) -> Node:
        """Returns the node at a path of keys and indices, or the last one on the way that exists."""
        node = self
        for step in path:
            try:
                node = node.value[step]
            except (KeyError, IndexError, TypeError):
                break
        return node

    def has(self, path: Sequence[str | int]) -> bool:
        """Returns whether there is a node at a path of keys and indices."""
        node = self
        for step in path:
            try:
                node = node.value[step]
            except (KeyError, IndexError, TypeError):
                return False
        return True

    @property
    def place(self) -> str:
        """`<file>:<line>`."""
        return f"{self.file}:{self.line}"

    def problem(self, message: str, owner: str = "") -> Problem:
        """Returns a problem at this place."""
        return Problem(self.file, self.line, message, owner)

    def strings(self, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Node]]:
        """Yields every string in the tree with its path."""
        match self.value:
            case dict():
                for key, node in self.value.items():
                    yield from node.strings((*path, key))
            case list():
                for index, node in enumerate(self.value):
                    yield from node.strings((*path, index))
            case str():
                yield path, self


def merged(below: Node, above: Node) -> Node:
    """Returns `above` over `below`: maps merge deeply, anything else replaces."""
    if not (isinstance(below.value, dict) and isinstance(above.value, dict)):
        return above
    value = dict(below.value)
    for key, node in above.value.items():
        value[key] = merged(value[key], node) if key in value else node
    return Node(value, above.file, above.line)


@dataclass(frozen=True)
class Mistake:
    """A mistake in the YAML itself, such as a duplicate key.

    Attributes:
        path: keys and indices from the file's root.
        line: counted from 1.
        message: what is wrong and what to do.
    """

    path: tuple[str | int, ...]
    line: int
    message: str


def read_yaml(path: Path, shown_as: Path, *, refuse_ambiguous: bool) -> tuple[Node, list[Mistake]]:
    """Reads a YAML file, and returns its tree and the mistakes in it. The value of an empty file is None.

    Args:
        path: the file.
        shown_as: its name in messages.
        refuse_ambiguous: whether a scalar that YAML 1.1 and 1.2 read differently is a mistake.

    Raises:
        BadInputError: the file cannot be read, or is not YAML.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise BadInputError([Problem(shown_as, 1, "there is no such file: check the path")]) from None
    except UnicodeDecodeError:
        raise BadInputError([Problem(shown_as, 1, "is not UTF-8 text: save it as UTF-8")]) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BadInputError([Problem(shown_as, 1, f"cannot be read: {reason}: check the path")]) from None
    try:
        root = yaml.compose(text, Loader=_LOADER)
        if root is None:
            return Node(None, shown_as, 1), []
        builder = _Builder(shown_as, refuse_ambiguous)
        return builder.build(root, ()), builder.mistakes
    except yaml.YAMLError as error:
        raise BadInputError([_syntax_problem(error, text, shown_as)]) from None
    except RecursionError:
        message = "is nested too deeply, or an alias contains itself: write the values out"
        raise BadInputError([Problem(shown_as, 1, message)]) from None


_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Builder:
    """Turns PyYAML's nodes into ours, and collects the mistakes in them."""

    def __init__(self, file: Path, refuse_ambiguous: bool) -> None:
        self.mistakes: list[Mistake] = []
        self._file = file
        self._refuse_ambiguous = refuse_ambiguous
        self._scalars = yaml.constructor.SafeConstructor()

    def build(self, node: yaml.Node, path: tuple[str | int, ...]) -> Node:
        match node:
            case yaml.MappingNode():
                built = Node(self._mapping(node, path), self._file, _line(node))
            case yaml.SequenceNode():
                items = [self.build(item, (*path, index)) for index, item in enumerate(node.value)]
                built = Node(items, self._file, _line(node))
            case yaml.ScalarNode():
                built = Node(self._scalar(node, path), self._file, _line(node), node.value)
        return built

    def _mapping(self, node: yaml.MappingNode, path: tuple[str | int, ...]) -> dict[str, Node]:
        own: dict[str, Node] = {}
        inherited: dict[str, Node] = {}
        for key_node, value_node in node.value:
            if key_node.tag == f"{_TAG}merge":
                for base in reversed(self._bases(value_node, path)):
                    inherited |= base
                continue
            key = self._key(key_node, path)
            if key is None:
                continue
            if key in own:
                self._mistake(key_node, (*path, key), f"is set twice, first on line {own[key].line}: remove one")
            built = self.build(value_node, (*path, key))
            # The key's line: an empty value has none, and a block begins on a later one.
            own[key] = Node(built.value, self._file, _line(key_node), built.text)
        return inherited | own

    def _bases(self, node: yaml.Node, path: tuple[str | int, ...]) -> list[dict[str, Node]]:
        nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
        built = [self.build(base, path).value for base in nodes]
        if not all(isinstance(base, dict) for base in built):
            self._mistake(node, (*path, "<<"), "takes a map, or a list of maps")
        return [base for base in built if isinstance(base, dict)]

    def _key(self, node: yaml.Node, path: tuple[str | int, ...]) -> str | None:
        if not isinstance(node, yaml.ScalarNode):
            self._mistake(node, path, "has a list or a map as a key: a key must be a string")
            return None
        if node.tag != f"{_TAG}str":
            self._mistake(
                node,
                path,
                f'has the key {node.value}, which YAML does not read as a string: write "{node.value}"',
            )
            return None
        return str(node.value)

    def _scalar(self, node: yaml.ScalarNode, path: tuple[str | int, ...]) -> object:
        text = node.value
        if node.tag in _TEXTS:
            return text
        same = _SAME_IN_1_2.get(node.tag)
        if self._refuse_ambiguous and same is not None and not same.fullmatch(text):
            other = "true or false" if node.tag.endswith("bool") else "a decimal number without leading zeros"
            self._mistake(
                node,
                path,
                f'is {text}, which YAML does not read as a string: write "{text}" in quotes, or {other}',
            )
        try:
            value = self._scalars.construct_object(node) if node.tag in _SCALARS else math.nan
        except (ValueError, LookupError):
            value = math.nan
        if isinstance(value, float) and not math.isfinite(value):
            tag = node.tag.removeprefix(_TAG)
            self._mistake(node, path, f'is {text}, which cannot be read as {tag}: write "{text}" in quotes')
            return None
        return value

    def _mistake(self, node: yaml.Node, path: tuple[str | int, ...], message: str) -> None:
        self.mistakes.append(Mistake(path, _line(node), message))


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _syntax_problem(error: yaml.YAMLError, text: str, file: Path) -> Problem:
    if isinstance(error, yaml.reader.ReaderError):
        before, character, _ = text.partition(chr(error.character))
        return Problem(file, before.count("\n") + 1, f"contains the control character {character!r}: remove it")
    reason = getattr(error, "problem", None) or str(error)
    # An unclosed quote is reported at its beginning.
    mark = getattr(error, "context_mark" if "end of stream" in reason else "problem_mark", None)
    lines = text.splitlines() or [""]
    index, column = (min(mark.line, len(lines) - 1), mark.column) if mark else (0, 0)
    if "tab character" in reason or lines[index][column : column + 1] == "\t":
        message = "is indented with a tab: use spaces"
    elif "another document" in reason:
        message = "contains a second YAML document: remove the line `---` and what follows"
    else:
        message = f"is not YAML: {reason}: look at the indentation, quotes, brackets and colons here and just above"
    return Problem(file, index + 1, message)
