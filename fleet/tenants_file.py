"""The tenants file: reading it, and saying everything that is wrong with it in one go."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from litellm_aws.inputs import CROSS_RULES, declared_inputs, sensitive_inputs
from litellm_aws.rules import RULE_BROKEN

from .plain_secrets import plain_secret
from .problems import BadInputError, Problem
from .tenant import TenantSettings
from .yaml_tree import Mistake, Node, merged, read_yaml

_SHAPE = "a tenants file has `defaults`, a map, and `tenants`, a list of maps"
_SECTIONS = ("defaults", "tenants")
_DEFAULTS = "defaults"
_PLAIN_MAPS = ("proxy_config", "gateway_extra_env", "backend_extra_env")
"""Inputs in which people put secrets that belong into Secrets Manager."""
_CREDENTIALS = ("access_key", "secret_key", "token")

_Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Fleet:
    """The tenants of a tenants file.

    Attributes:
        file: the tenants file.
        tenants: in the order of the file.
    """

    file: Path
    tenants: list[TenantSettings]


def load_fleet(file: Path) -> Fleet:
    """Reads a tenants file.

    Raises:
        BadInputError: with every mistake in the file.
    """
    return _Loader(file).load()


@dataclass(frozen=True)
class _Entry:
    """A tenant of the file.

    Attributes:
        whose: `tenant <tenant>-<env>`, as messages name it.
        own: what stands in the tenant's entry.
        node: the same over the defaults.
    """

    whose: str
    own: Node
    node: Node


class _Loader:
    def __init__(self, file: Path) -> None:
        self._file = file
        self._folder = file.absolute().parent
        self._problems: list[Problem] = []
        self._misread: set[tuple[int, str]] = set()
        """Line and name of the values that YAML itself was at fault with, so that their type says nothing."""

    def load(self) -> Fleet:
        root, mistakes = read_yaml(self._file, self._file, refuse_ambiguous=True)
        if not isinstance(root.value, dict):
            what = "is empty" if root.value is None and not mistakes else "must be a map"
            raise BadInputError([root.problem(f"{what}: {_SHAPE}")])
        self._check_known(root, _SECTIONS, "")
        defaults = root.value.get("defaults")
        if defaults is not None and not isinstance(defaults.value, dict):
            empty = "has no value: give it one, or remove the line"
            what = empty if defaults.value is None else "must be a map of inputs"
            self._problems.append(defaults.problem(f"defaults {what}"))
            defaults = None
        tenants = root.value.get("tenants", root)
        entries = tenants.value if isinstance(tenants.value, list) else []
        if not isinstance(tenants.value, list):
            self._problems.append(tenants.problem(f"tenants must be a list, one map for each tenant: {_SHAPE}"))
        owners = [_owner(entry, number) for number, entry in enumerate(entries, start=1)]
        for mistake in mistakes:
            self._add_misread(mistake, owners)

        below = self._layer(defaults or Node({}, self._file, root.line), _DEFAULTS)
        known: list[_Entry] = []
        for own, whose in zip(entries, owners, strict=True):
            if not isinstance(own.value, dict):
                self._problems.append(own.problem("must be a map of inputs, with tenant and env", whose))
                continue
            own = self._layer(own, whose)
            known.append(_Entry(whose, own, _over(below, own)))
        self._check_roots(known)
        # Without a tenant nobody would look at the defaults.
        validated = [(entry, self._validated(entry)) for entry in known or [_Entry(_DEFAULTS, below, below)]]
        fleet = [(entry, settings) for entry, settings in validated if settings is not None]
        self._check_states(fleet)
        if self._problems:
            raise BadInputError(self._problems)
        return Fleet(self._file, [settings for _, settings in fleet])

    def _add_misread(self, mistake: Mistake, owners: Sequence[str]) -> None:
        match mistake.path:
            case ("tenants", int(index), *rest):
                whose, path = owners[index], tuple(rest)
            case ("defaults", *rest):
                whose, path = _DEFAULTS, tuple(rest)
            case path:
                whose = ""
        if path and path[0] in {each.name for each in sensitive_inputs()}:
            return  # refused as it is, and the message would show the value
        name = _dotted(path) or "the entry"
        self._misread.add((mistake.line, name))
        self._problems.append(Problem(self._file, mistake.line, f"{name} {mistake.message}", whose))

    def _check_known(self, node: Node, known: Iterable[str], whose: str) -> None:
        for key, value in node.value.items():
            if key not in known:
                self._problems.append(value.problem(f"{key} is not known here{_nearest(key, known)}", whose))

    def _layer(self, node: Node, whose: str) -> Node:
        """Returns defaults or a tenant's entry with its proxy_config_file read, and without secrets."""
        layer = dict(node.value)
        for sensitive in sensitive_inputs():
            if sensitive.name in layer:
                self._problems.append(
                    layer.pop(sensitive.name).problem(
                        f"{sensitive.name} is a secret, and would stand in the synthesized JSON: "
                        f"remove it, and export TF_VAR_{sensitive.name} when you run terraform",
                        whose,
                    )
                )
        named = layer.get("proxy_config_file")
        if named is not None and isinstance(named.value, str):
            config = self._proxy_config(named, whose)
            if "proxy_config" in layer:
                self._problems.append(
                    named.problem("proxy_config_file and proxy_config are both set: remove one of them", whose)
                )
            elif config is not None:
                layer["proxy_config"] = config
        for name in _PLAIN_MAPS:
            if name in layer:
                self._check_no_secret(name, layer[name], whose)
        return Node(layer, node.file, node.line)

    def _proxy_config(self, named: Node, whose: str) -> Node | None:
        written = Path(named.value)
        path = self._folder / written
        shown = Path(os.path.normpath(self._file.parent / written))
        inside = os.path.commonpath([self._folder.resolve(), _real(path)]) == str(self._folder.resolve())
        if written.is_absolute() or not inside:
            self._problems.append(
                named.problem(
                    f"proxy_config_file {named.value} lies outside of the tenants file's folder: "
                    "move it there, and give its path relative to the tenants file",
                    whose,
                )
            )
            return None
        try:
            config, mistakes = read_yaml(path, shown, refuse_ambiguous=False)
        except BadInputError as error:
            for problem in error.problems:
                message = f"proxy_config_file {named.value}: {problem.message}"
                if os.path.isfile(path):
                    self._problems.append(Problem(problem.file, problem.line, message, whose))
                else:
                    self._problems.append(named.problem(message, whose))
            return None
        for mistake in mistakes:
            name = _dotted(("proxy_config", *mistake.path))
            self._problems.append(Problem(shown, mistake.line, f"{name} {mistake.message}", whose))
        if not isinstance(config.value, dict):
            self._problems.append(config.problem("proxy_config must be a map: this file holds none", whose))
            return None
        return config

    def _check_no_secret(self, name: str, node: Node, whose: str) -> None:
        if name == "proxy_config":
            advice = "its ARN into gateway_extra_secrets and backend_extra_secrets, and os.environ/<NAME> here"
        else:
            advice = f"and its ARN into {name.removesuffix('env')}secrets"
        for path, string in node.strings():
            field = next((step for step in reversed(path) if isinstance(step, str)), name)
            kind = plain_secret(field, string.value)
            if kind is not None:
                self._problems.append(
                    string.problem(
                        f"{_dotted((name, *path))} holds {kind} in plain text: put it into Secrets Manager, {advice}",
                        whose,
                    )
                )

    def _validated(self, entry: _Entry) -> TenantSettings | None:
        values = entry.node.plain()
        try:
            settings = TenantSettings.model_validate(values)
            wrong: set[str] = set()
        except ValidationError as error:
            settings = None
            details = error.errors(include_url=False, include_context=False)
            wrong = {str(each["loc"][0]) for each in details if each["loc"]}
            for each in details:
                self._add(entry, each)
        inputs = {name: values.get(name, declared.default) for name, declared in declared_inputs().items()}
        wrong |= {name for name, node in entry.node.value.items() if (node.line, name) in self._misread}
        for rule in CROSS_RULES:
            message = None if wrong & set(rule.inputs) else rule.broken(inputs)
            if message is not None:
                # The tenant's own line rather than one of the defaults.
                nodes = [
                    layer.value[name]
                    for layer in (entry.node, entry.own)
                    for name in rule.inputs
                    if name in layer.value
                ]
                self._problems.append((nodes or [entry.own])[-1].problem(message, entry.whose))
        if settings is not None and settings.provider.region not in (None, settings.region):
            self._problems.append(
                entry.node.at(("provider", "region")).problem(
                    f"provider.region is {settings.provider.region}, but region is {settings.region}: "
                    "the stack is in its provider's region, so remove provider.region",
                    entry.whose,
                )
            )
        return settings

    def _add(self, entry: _Entry, details: ErrorDetails) -> None:
        path: _Path = details["loc"]
        node = entry.node.at(path)
        name = _dotted(path)
        if details["type"] == "missing":
            if entry.whose == _DEFAULTS and len(path) == 1:
                return  # defaults need not be complete
            where = node if len(path) > 1 else entry.own
            message = f"{name} is missing: set it" + ("" if len(path) > 1 else " here, or under defaults")
            self._problems.append(where.problem(message, entry.whose))
        elif details["type"] == "extra_forbidden":
            known = _fields(TenantSettings, path[:-1])
            advice = _nearest(str(path[-1]), known - {each.name for each in sensitive_inputs()})
            if difflib.get_close_matches(str(path[-1]), _CREDENTIALS, n=1, cutoff=0.8):
                advice = ", for it is a secret: use profile, assume_role or AWS's environment variables"
            self._problems.append(node.problem(f"{name} is not known here{advice}", entry.whose))
        elif (node.line, name) in self._misread:
            pass
        elif details["type"] == RULE_BROKEN:
            self._problems.append(node.problem(f"{name} {details['msg']}", entry.whose))
        else:
            self._problems.append(node.problem(f"{name} {_wrong_type(details['type'], node)}", entry.whose))

    def _check_roots(self, entries: Sequence[_Entry]) -> None:
        first_with: dict[str, _Entry] = {}
        for entry in entries:
            tenant, env = (entry.node.at((key,)).value for key in ("tenant", "env"))
            if not (isinstance(tenant, str) and isinstance(env, str)):
                continue
            first = first_with.setdefault(f"{tenant}-{env}", entry)
            if first is not entry:
                same = first.node.at(("tenant",)).value == tenant
                what = "is the same tenant and env as" if same else "would share its folder with"
                self._problems.append(
                    entry.own.problem(f"{what} the entry on line {first.own.line}: rename or remove one", entry.whose)
                )

    def _check_states(self, fleet: Sequence[tuple[_Entry, TenantSettings]]) -> None:
        first_with: dict[tuple[str | None, ...], tuple[_Entry, TenantSettings]] = {}
        for entry, settings in fleet:
            first, other = first_with.setdefault(settings.state_identity(self._folder), (entry, settings))
            if other.label != settings.label:
                self._problems.append(
                    entry.own.problem(
                        f"would share its state with {first.whose}, line {first.own.line}: give each a state "
                        "of its own, best by setting no key, path or workspace",
                        entry.whose,
                    )
                )


def _real(path: Path) -> str:
    """Returns a path with its links resolved, or as it is where that fails: reading it then says why."""
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):
        return os.path.normpath(path)


def _owner(entry: Node, number: int) -> str:
    if not isinstance(entry.value, dict):
        return f"tenant number {number}"
    names = [entry.value[key].text for key in ("tenant", "env") if key in entry.value]
    return f"tenant {'-'.join(names)}" if all(names) and names else f"tenant number {number}"


def _over(defaults: Node, own: Node) -> Node:
    """Returns a tenant's entry over the defaults. A backend of another kind replaces the default one."""
    result = merged(defaults, own)
    both = [layer.value.get("backend") for layer in (defaults, own)]
    if all(each is not None and isinstance(each.value, dict) for each in both):
        below, above = both
        if below.value.keys() != above.value.keys():
            result.value["backend"] = above
    return result


def _dotted(path: _Path) -> str:
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def _nearest(key: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(key.lower(), list(known), n=1)
    return f": did you mean {close[0]}?" if close else ": remove it"


def _fields(model: type[BaseModel], path: _Path) -> set[str]:
    """Returns the names that a model takes at a path."""
    for step in path:
        annotation = model.model_fields[str(step)].annotation
        candidates = [annotation, *get_args(annotation)]
        model = next(each for each in candidates if isinstance(each, type) and issubclass(each, BaseModel))
    return set(model.model_fields)


_EXPECTED = {
    "string_type": "a text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a map",
    "model_type": "a map",
}


def _wrong_type(kind: str, node: Node) -> str:
    expected = _EXPECTED.get(kind, "something else")
    text = "a secret" if plain_secret("", node.text) else f'the text "{node.text}"'
    match node.value:
        case None:
            return "has no value: give it one, or remove the line"
        case dict():
            return f"must be {expected}, not a map"
        case list():
            return f"must be {expected}, not a list"
        case str() if kind == "string_type":
            return f"must be {expected}"
        case str() if kind in ("int_type", "float_type") and node.text.strip().lstrip("+-").isdigit():
            return f"must be {expected}, not {text}: remove the quotes"
        case "true" | "false" if kind == "bool_type":
            return f"must be {expected}, not {text}: remove the quotes"
        case str():
            return f"must be {expected}, not {text}"
        case _ if kind == "string_type":
            return f'must be {expected}: write "{node.text}" in quotes'
        case _:
            return f"must be {expected}, not {node.text}"
