"""The layers of a tenant: defaults, then profiles, then its own entry. Later ones override earlier ones."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from .documents import Documents, Section
from .input_files import InputFiles
from .plain_secrets import is_secret_name, plain_secret
from .problems import BadInputError, Findings, Problem, dotted, nearest
from .tenant import TenantSettings
from .yaml_tree import Node, merged

_PLAIN_MAPS = ("proxy_config", "gateway_extra_env", "backend_extra_env")
"""Inputs with names of the user's own, in which a name can tell a secret. In other inputs, only its shape can."""
_OPTIONS = ("provider", "backend")
_CHECKED_INPUTS = TenantSettings.model_fields.keys() - {"gateway_extra_secrets", "backend_extra_secrets"}
"""Inputs that are checked for plain secrets: all but the sensitive ones and those that must be ARNs anyway."""


@dataclass(frozen=True)
class Layers:
    """The maps of inputs that make a tenant's settings.

    Attributes:
        sections: the lowest first, the tenant's own entry last. Defaults and profiles without a tenant have layers,
            too, so that they are checked.
        node: the sections, merged.
        is_tenant: whether this is a tenant.
    """

    sections: tuple[Section, ...]
    node: Node
    is_tenant: bool = True

    @property
    def owner(self) -> str:
        """`tenant <tenant>-<env>`, for messages."""
        return self.sections[-1].name

    @property
    def own(self) -> Node:
        """The tenant's own entry."""
        return self.sections[-1].node

    def origin(self, path: tuple[str | int, ...]) -> Section:
        """Returns the section that sets the value at a path of keys.

        Raises:
            KeyError: no section sets it.
        """
        for section in reversed(self.sections):
            if section.node.has(path):
                return section
        raise KeyError(dotted(path))


def layered(documents: Documents, files: InputFiles, findings: Findings) -> Iterator[Layers]:
    """Yields the layers of every tenant, then those of defaults and profiles without a tenant."""
    profiles = _Profiles(documents, files, findings)
    defaults = {id(section): _prepared(section, files, findings) for section in documents.defaults}
    used: set[int] = set()
    for entry in documents.tenants:
        own = _prepared(entry.own, files, findings)
        below = [defaults[id(section)] for section in entry.defaults]
        names = profiles.named_by([own, *reversed(below)])
        sections = (*below, *profiles.expanded(names), own)
        used |= {id(section) for section in sections}
        yield Layers(sections, _over(sections, names))
    for section in defaults.values():
        if id(section) not in used:
            names = profiles.named_by([section])
            yield Layers((section,), _over((section,), names), is_tenant=False)
    for name in documents.profiles:
        sections = profiles.expanded([name])
        if id(sections[-1]) not in used:
            yield Layers(sections, _over(sections, []), is_tenant=False)


class _Profiles:
    """The profiles, each with those that it is based on."""

    def __init__(self, documents: Documents, files: InputFiles, findings: Findings) -> None:
        self._findings = findings
        self._sections = {name: _prepared(section, files, findings) for name, section in documents.profiles.items()}
        based_on = {name: self.named_by([section]) for name, section in self._sections.items()}
        self._orders: dict[str, dict[str, None]] = {}
        for name in self._without_circles(based_on):
            order = [each for base in based_on[name] for each in self._orders[base]]
            self._orders[name] = dict.fromkeys([*order, name])

    def named_by(self, sections: Sequence[Section]) -> list[str]:
        """Returns the profiles named by the first section with the key `profile`, and notes unknown ones."""
        named, owner = next(
            ((each.node.value["profile"], each.name) for each in sections if "profile" in each.node.value), (None, "")
        )
        if named is None:
            return []
        known = []
        for each in named.value if isinstance(named.value, list) else [named]:
            if not isinstance(each.value, str):
                self._findings.add(each.problem("profile must be a name, or a list of names", owner))
            elif each.value in self._sections:
                known.append(each.value)
            else:
                advice = nearest(each.value, self._sections)
                self._findings.add(each.problem(f"there is no profile {each.value}{advice}", owner))
        return known

    def expanded(self, names: Sequence[str]) -> tuple[Section, ...]:
        """Returns profiles, each once and after those that it is based on."""
        order = dict.fromkeys(each for name in names for each in self._orders[name])
        return tuple(self._sections[name] for name in order)

    def _without_circles(self, based_on: dict[str, list[str]]) -> list[str]:
        """Returns the profiles, each after those that it is based on. It notes every circle, and breaks it."""
        while True:
            try:
                return list(TopologicalSorter(based_on).static_order())
            except CycleError as error:
                circle = list(reversed(error.args[1]))
                first = min(circle, key=list(based_on).index)
                at = circle.index(first)
                circle = [*circle[at:-1], *circle[: at + 1]]
                section = self._sections[first]
                what = f"profile {first} is based on itself, by {' on '.join(circle)}: remove one"
                self._findings.add(section.node.value["profile"].problem(what, section.name))
                based_on[first].remove(circle[1])


def _prepared(section: Section, files: InputFiles, findings: Findings) -> Section:
    """Returns a section with its proxy_config_file read, and without secrets."""
    owner = section.name
    values = dict(section.node.value)
    for sensitive in TenantSettings.module.sensitive_inputs:
        if sensitive.name in values:
            findings.add(
                values.pop(sensitive.name).problem(
                    f"{sensitive.name} is a secret, and would be written to the synthesized JSON: "
                    f"remove it, and {_instead_of(sensitive.name)}export TF_VAR_{sensitive.name} when you run "
                    "terraform",
                    owner,
                )
            )
    named = values.get("proxy_config_file")
    if named is not None and isinstance(named.value, str):
        config = _proxy_config(named, owner, files, findings)
        if "proxy_config" in values:
            findings.add(named.problem("proxy_config_file and proxy_config are both set: remove one of them", owner))
        elif config is not None:
            values["proxy_config"] = config
    for name in values.keys() & _CHECKED_INPUTS:
        _check_no_secret(name, values[name], owner, findings)
    return Section(owner, Node(values, section.node.file, section.node.line))


def _instead_of(secret: str) -> str:
    by_reference = f"{secret}_secret_arn"
    return f"set {by_reference}, or " if by_reference in TenantSettings.module.inputs else ""


def _proxy_config(named: Node, owner: str, files: InputFiles, findings: Findings) -> Node | None:
    folder = named.file.absolute().parent
    written = Path(named.value)
    path = folder / written
    shown = Path(os.path.normpath(named.file.parent / written))
    if written.is_absolute() or os.path.normpath(written).startswith(".."):
        findings.add(
            named.problem(
                f"proxy_config_file {named.value} is outside of the folder of {named.file}: "
                "move it there, and give its path from that folder",
                owner,
            )
        )
        return None
    if not files.contain(path):  # by a link
        findings.add(named.problem(f"proxy_config_file {named.value} {files.advice}", owner))
        return None
    try:
        config, mistakes = files.yaml(path, shown, refuse_ambiguous=False)
    except BadInputError as error:
        for problem in error.problems:
            message = f"proxy_config_file {named.value}: {problem.message}"
            if os.path.isfile(path):
                findings.add(Problem(problem.file, problem.line, message, owner))
            else:
                findings.add(named.problem(message, owner))
        return None
    for mistake in mistakes:
        name = dotted(("proxy_config", *mistake.path))
        findings.add(Problem(shown, mistake.line, f"{name} {mistake.message}", owner))
    if not isinstance(config.value, dict):
        findings.add(config.problem("proxy_config must be a map, and this file contains none", owner))
        return None
    return config


def _check_no_secret(name: str, node: Node, owner: str, findings: Findings) -> None:
    if name == "proxy_config":
        advice = "its ARN into gateway_extra_secrets and backend_extra_secrets, and os.environ/<NAME> here"
    elif name not in _PLAIN_MAPS:
        advice = "and remove it here"
    else:
        advice = f"and its ARN into {name.removesuffix('env')}secrets"
    for path, text in node.texts():
        field = next((step for step in reversed(path) if isinstance(step, str)), name)
        if name in _OPTIONS and is_secret_name(field):
            continue  # refused anyway: there is no such option
        kind = plain_secret(field if name in _PLAIN_MAPS else "", text.value)
        if kind is not None:
            findings.add(
                text.problem(
                    f"{dotted((name, *path))} contains {kind} in plain text: put it into Secrets Manager, {advice}",
                    owner,
                )
            )


def _over(sections: Sequence[Section], profiles: list[str]) -> Node:
    node = reduce(_over_one, (section.node for section in sections))
    values = {name: value for name, value in node.value.items() if name != "profile"}
    if profiles:
        values["profile"] = Node([Node(name, node.file, node.line) for name in profiles], node.file, node.line)
    return Node(values, node.file, node.line)


def _over_one(below: Node, above: Node) -> Node:
    """Returns one layer over another. A backend of another kind replaces the lower one."""
    result = merged(below, above)
    both = [layer.value.get("backend") for layer in (below, above)]
    if all(each is not None and isinstance(each.value, dict) for each in both):
        lower, upper = both
        if lower.value.keys() != upper.value.keys():
            result.value["backend"] = upper
    return result
