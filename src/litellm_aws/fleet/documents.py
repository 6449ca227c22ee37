"""The tenants file and the files that it includes: the maps of inputs in them, and their places."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .input_files import InputFiles
from .problems import BadInputError, Findings, Problem, dotted, nearest
from .tenant import TenantSettings
from .yaml_tree import Mistake, Node, parse_yaml

DEFAULTS = "defaults"
SECTIONS = {
    "include": "Further files of this kind: a path from this file's folder, or a list of paths. "
    "A folder stands for the `.yaml` and `.yml` files in it. A file is read once.",
    DEFAULTS: "Inputs for every tenant in this file and in the files that it includes, unless the tenant sets them. "
    "Maps merge deeply, lists replace.",
    "profiles": "Named maps of inputs. Any tenant in any file can name them as its `profile`.",
    "tenants": "A map of inputs for each tenant in each environment.",
}
"""The keys of a tenants file, and what they mean."""
_SHAPE = "a tenants file has `tenants`, a list of maps, and may have `defaults`, `profiles` and `include`"
_EMPTY = "has no value: give it one, or remove the line"
_SHIPPED = Path(__file__).with_name("profiles")
_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True)
class Section:
    """A map of inputs in a file.

    Attributes:
        name: for messages: `defaults`, `profile <name>` or `tenant <tenant>-<env>`.
        node: the map.
    """

    name: str
    node: Node


@dataclass(frozen=True)
class TenantEntry:
    """A tenant in a file.

    Attributes:
        defaults: those that apply to it, the tenants file's first.
        own: its own map.
    """

    defaults: tuple[Section, ...]
    own: Section


@dataclass(frozen=True)
class Documents:
    """The contents of the tenants file and of all files that it includes.

    Attributes:
        defaults: of all files.
        profiles: by their names.
        tenants: in the order of the files.
    """

    defaults: list[Section] = field(default_factory=list)
    profiles: dict[str, Section] = field(default_factory=dict)
    tenants: list[TenantEntry] = field(default_factory=list)


def read_documents(file: Path, files: InputFiles, findings: Findings) -> Documents:
    """Reads a tenants file and the files that it includes.

    Raises:
        BadInputError: the tenants file itself cannot be read, or is not a map.
    """
    reader = _Reader(files, findings)
    reader.read(file, inherited=(), including=())
    for name, node in shipped_profiles().items():
        # A profile of the user's own with that name is meant.
        reader.documents.profiles.setdefault(name, Section(f"profile {name}", node))
    return reader.documents


def shipped_profiles() -> dict[str, Node]:
    """Returns the profiles that every fleet has, by name: the files in the folder `profiles`."""
    files = sorted(_SHIPPED.glob("*.yaml"))
    return {file.stem: parse_yaml(file.read_bytes(), file, refuse_ambiguous=True)[0] for file in files}


class _Reader:
    def __init__(self, files: InputFiles, findings: Findings) -> None:
        self.documents = Documents()
        self._files = files
        self._findings = findings
        self._included: dict[str, Node] = {}
        """The first `include` of each file, by its real path."""

    def read(self, file: Path, *, inherited: tuple[Section, ...], including: tuple[Path, ...]) -> None:
        root, mistakes = self._files.yaml(file, file, refuse_ambiguous=True)
        if not isinstance(root.value, dict):
            what = "is empty" if root.value is None and not mistakes else "must be a map"
            raise BadInputError([root.problem(f"{what}: {_SHAPE}")])
        for key, value in root.value.items():
            if key not in SECTIONS:
                self._findings.add(value.problem(f"{key} is unknown here{nearest(key, SECTIONS)}"))
        entries = self._entries(root, is_main=not including)
        owners = [_owner(entry, number) for number, entry in enumerate(entries, start=1)]
        for mistake in mistakes:
            self._add_misread(file, mistake, owners)

        defaults = self._map(root.value.get(DEFAULTS), DEFAULTS)
        if defaults is not None:
            inherited = (*inherited, Section(DEFAULTS, defaults))
            self.documents.defaults.append(inherited[-1])
        self._read_profiles(root)
        for own, owner in zip(entries, owners, strict=True):
            if isinstance(own.value, dict):
                self.documents.tenants.append(TenantEntry(inherited, Section(owner, own)))
            else:
                self._findings.add(own.problem("must be a map of inputs, with tenant and env", owner))
        self._read_included(root, inherited, (*including, file))

    def _entries(self, root: Node, *, is_main: bool) -> Sequence[Node]:
        tenants = root.value.get("tenants")
        if tenants is not None and isinstance(tenants.value, list):
            return list(tenants.value)
        if tenants is not None or (is_main and "include" not in root.value):
            what = f"tenants must be a list, one map for each tenant: {_SHAPE}"
            self._findings.add((tenants or root).problem(what))
        return []

    def _map(self, node: Node | None, name: str) -> Node | None:
        if node is None or isinstance(node.value, dict):
            return node
        self._findings.add(node.problem(f"{name} {_EMPTY if node.value is None else 'must be a map of inputs'}"))
        return None

    def _read_profiles(self, root: Node) -> None:
        profiles = root.value.get("profiles")
        if profiles is None:
            return
        if not isinstance(profiles.value, dict):
            what = _EMPTY if profiles.value is None else "must be a map from names to maps of inputs"
            self._findings.add(profiles.problem(f"profiles {what}"))
            return
        for name, node in profiles.value.items():
            first = self.documents.profiles.get(name)
            if first is not None:
                self._findings.add(
                    node.problem(f"profiles.{name} is also defined at {first.node.place}: rename or remove one")
                )
            elif self._map(node, f"profiles.{name}") is not None:
                self.documents.profiles[name] = Section(f"profile {name}", node)

    def _read_included(self, root: Node, inherited: tuple[Section, ...], including: tuple[Path, ...]) -> None:
        include = root.value.get("include")
        if include is None:
            return
        for named in include.value if isinstance(include.value, list) else [include]:
            if not isinstance(named.value, str) or not named.value or "\0" in named.value:
                what = _EMPTY if named.value is None else "must be a path, or a list of paths"
                self._findings.add(named.problem(f"include {what}"))
            elif os.path.isabs(named.value):
                self._findings.add(
                    named.problem(f"include {named.value} is absolute: give the path from this file's folder")
                )
            else:
                self._include(named, inherited, including)

    def _include(self, named: Node, inherited: tuple[Section, ...], including: tuple[Path, ...]) -> None:
        path = Path(os.path.normpath(named.file.parent / named.value))
        if not self._files.contain(path):
            self._findings.add(named.problem(f"include {named.value} {self._files.advice}"))
            return
        try:
            files = sorted(each for each in path.iterdir() if _is_document(each)) if path.is_dir() else [path]
        except OSError as error:
            what = f"include {named.value}: cannot be read: {error.strerror}: check the path"
            self._findings.add(named.problem(what))
            return
        if not files:
            what = f"include {named.value} is a folder without .yaml or .yml files: check the path"
            self._findings.add(named.problem(what))
        for file in files:
            if not self._files.contain(file):  # a link in a folder
                self._findings.add(named.problem(f"include {named.value}: {file} {self._files.advice}"))
                continue
            real = os.path.realpath(file)
            if real in (outer := [os.path.realpath(each) for each in including]):
                circle = " includes ".join(map(str, [*including[outer.index(real) :], file]))
                self._findings.add(named.problem(f"include {named.value} is circular: {circle}: remove one"))
                continue
            first = self._included.setdefault(real, named)
            if first is not named:
                what = f"include {named.value} reads {file} again, first included at {first.place}: remove one"
                self._findings.add(named.problem(what))
                continue
            try:
                self.read(file, inherited=inherited, including=including)
            except BadInputError as error:
                for problem in error.problems:
                    # A file that does not exist is reported where it is named.
                    missing = named.problem(f"include {named.value}: {problem.message}")
                    self._findings.add(problem if file.is_file() else missing)

    def _add_misread(self, file: Path, mistake: Mistake, owners: Sequence[str]) -> None:
        match mistake.path:
            case ("tenants", int(index), *rest) if index < len(owners):  # a second `tenants` may have fewer
                owner, path = owners[index], tuple(rest)
            case ("defaults", *rest):
                owner, path = DEFAULTS, tuple(rest)
            case ("profiles", str(profile), *rest) if rest:
                owner, path = f"profile {profile}", tuple(rest)
            case path:
                owner = ""
        if path and path[0] in {each.name for each in TenantSettings.module.sensitive_inputs}:
            return  # refused anyway, and this message would show the value
        name = dotted(path) or "the entry"
        self._findings.add_misread(Problem(file, mistake.line, f"{name} {mistake.message}", owner), name)


def _is_document(path: Path) -> bool:
    return path.suffix in _SUFFIXES and not path.name.startswith(".")


def _owner(entry: Node, number: int) -> str:
    if not isinstance(entry.value, dict):
        return f"tenant number {number}"
    names = [entry.value[key].text for key in ("tenant", "env") if key in entry.value]
    return f"tenant {'-'.join(names)}" if all(names) and names else f"tenant number {number}"
