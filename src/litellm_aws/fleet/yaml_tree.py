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

    def texts(self, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Node]]:
        """Yields every string and every number in the tree with its path."""
        match self.value:
            case dict():
                for key, node in self.value.items():
                    yield from node.texts((*path, key))
            case list():
                for index, node in enumerate(self.value):
                    yield from node.texts((*path, index))
            case str() | int() | float() if not isinstance(self.value, bool):
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


def parse_yaml(content: bytes, shown_as: Path, *, refuse_ambiguous: bool) -> tuple[Node, list[Mistake]]:
    """Returns the tree of a YAML file and the mistakes in it. The value of an empty file is None.

    Args:
        content: of the file.
        shown_as: its name in messages.
        refuse_ambiguous: whether a scalar that YAML 1.1 and 1.2 read differently is a mistake.

    Raises:
        BadInputError: the file is not YAML.
    """
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError:
        raise BadInputError([Problem(shown_as, 1, "is not UTF-8 text: save it as UTF-8")]) from None
    try:
        written = _check_depth(text, shown_as)
        root = yaml.compose(text, Loader=_LOADER)
        if root is None:
            return Node(None, shown_as, 1), []
        builder = _Builder(shown_as, refuse_ambiguous, most=written + _MOST_REPEATED)
        return builder.build(root, ()), builder.mistakes
    except yaml.YAMLError as error:
        raise BadInputError([_syntax_problem(error, text, shown_as)]) from None
    except RecursionError:
        raise BadInputError([Problem(shown_as, 1, _TOO_DEEP)]) from None


def _check_depth(text: str, shown_as: Path) -> int:
    """Refuses what is nested deeper than PyYAML in C can read without a crash, and returns the number of values."""
    depth = values = 0
    for event in yaml.parse(text, Loader=_LOADER):
        values += 1
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _DEEPEST:
                raise BadInputError([Problem(shown_as, _line(event), _TOO_DEEP)])
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return values


def shortened(text: str) -> str:
    """Returns a scalar as messages show it."""
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


_DEEPEST = 100
"""Levels of lists and maps. CDKTF writes less than 300."""
_TOO_DEEP = "is nested too deeply, or an alias contains itself: write the values out"
_MOST_REPEATED = 100_000
"""Values of a file that aliases and merge keys repeat."""
_LARGEST_INTEGER = 10**150
"""Terraform's numbers have 512 bits."""
_LONGEST_SHOWN = 100

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Builder:
    """Turns PyYAML's nodes into ours, and collects the mistakes in them."""

    def __init__(self, file: Path, refuse_ambiguous: bool, most: int) -> None:
        self.mistakes: list[Mistake] = []
        self._left = most
        self._file = file
        self._refuse_ambiguous = refuse_ambiguous
        self._scalars = yaml.constructor.SafeConstructor()

    def build(self, node: yaml.Node, path: tuple[str | int, ...]) -> Node:
        self._left -= 1
        if self._left < 0:
            message = f"has aliases that repeat more than {_MOST_REPEATED:,} values: write them out, or remove some"
            raise BadInputError([Problem(self._file, _line(node), message)])
        if len(path) > _DEEPEST:
            raise BadInputError([Problem(self._file, _line(node), _TOO_DEEP)])
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
                f"has the key {shortened(node.value)}, which YAML does not read as a string: "
                f'write "{shortened(node.value)}"',
            )
            return None
        if node.value == "__proto__":  # jsii, by which CDKTF is called, refuses it
            self._mistake(node, path, "has the key __proto__, which CDKTF cannot write: rename or remove it")
            return None
        return str(node.value)

    def _scalar(self, node: yaml.ScalarNode, path: tuple[str | int, ...]) -> object:
        text = node.value
        if node.tag in _TEXTS:
            return text
        shown = shortened(text)
        same = _SAME_IN_1_2.get(node.tag)
        if self._refuse_ambiguous and same is not None and not same.fullmatch(text):
            other = "true or false" if node.tag.endswith("bool") else "a decimal number without leading zeros"
            self._mistake(
                node,
                path,
                f'is {shown}, which YAML does not read as a string: write "{shown}" in quotes, or {other}',
            )
        try:
            value = self._scalars.construct_object(node) if node.tag in _SCALARS else math.nan
        except (ValueError, LookupError, OverflowError):
            value = math.nan
        is_number = isinstance(value, int | float)
        if is_number and not (math.isfinite(value) if isinstance(value, float) else abs(value) < _LARGEST_INTEGER):
            tag = node.tag.removeprefix(_TAG)
            self._mistake(node, path, f'is {shown}, which cannot be read as {tag}: write "{shown}" in quotes')
            return None
        return value

    def _mistake(self, node: yaml.Node, path: tuple[str | int, ...], message: str) -> None:
        self.mistakes.append(Mistake(path, _line(node), message))


def _line(node: yaml.Node | yaml.Event) -> int:
    assert node.start_mark is not None
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
