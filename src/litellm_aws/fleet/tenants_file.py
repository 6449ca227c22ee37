"""Reads the tenants file, and reports all mistakes in it together."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from litellm_aws.constructs.module_kind import ModuleKind
from litellm_aws.constructs.rules import RULE_BROKEN

from .documents import read_documents
from .input_files import InputFiles
from .layers import Layers, layered
from .plain_secrets import plain_secret
from .problems import BadInputError, Findings, Problem, dotted, is_utf8, merged_problems, nearest
from .proxy_config import check_proxy_config
from .tenant import TenantSettings
from .yaml_tree import Node, shortened

_OF_PROXY_CONFIG = frozenset(
    ("proxy_config", *(f"{service}_extra_{kind}" for service in ("gateway", "backend") for kind in ("env", "secrets")))
)
_CREDENTIALS = ("access_key", "secret_key", "token")

_Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Fleet:
    """The tenants of a tenants file.

    Attributes:
        file: the tenants file.
        tenants: in the order of the file, those of included files last.
        layers: of each tenant, by its label.
        warnings: what is probably a mistake.
    """

    file: Path
    tenants: list[TenantSettings]
    layers: dict[str, Layers]
    warnings: list[Problem]

    @property
    def module(self) -> ModuleKind:
        """The module that the tenants' roots call."""
        return TenantSettings.module


def load_fleet(file: Path) -> Fleet:
    """Reads a tenants file, and the files that it includes.

    Raises:
        BadInputError: with all mistakes in them.
    """
    if not is_utf8(file):
        raise BadInputError([Problem(file, 1, "its name is not UTF-8: rename it, or its folder")])
    findings = Findings()
    files = InputFiles(file)
    documents = read_documents(file, files, findings)
    validator = _Validator(file.absolute().parent, findings)
    fleet = validator.validated(list(layered(documents, files, findings)))
    if findings.problems:
        raise BadInputError(findings.problems)
    return Fleet(
        file,
        [settings for _, settings in fleet],
        {settings.label: layers for layers, settings in fleet},
        merged_problems(findings.warnings),
    )


class _Validator:
    def __init__(self, folder: Path, findings: Findings) -> None:
        self._folder = folder
        self._findings = findings

    def validated(self, all_layers: Sequence[Layers]) -> list[tuple[Layers, TenantSettings]]:
        """Returns the tenants with valid settings, and notes the problems of the others."""
        tenants = [layers for layers in all_layers if layers.is_tenant]
        self._check_roots(tenants)
        checked = [(layers, self._settings(layers)) for layers in all_layers]
        fleet = [(layers, settings) for layers, settings in checked if settings is not None and layers.is_tenant]
        self._check_states(fleet)
        self._warn_of_local_states(fleet)
        return fleet

    def _settings(self, layers: Layers) -> TenantSettings | None:
        values = layers.node.plain()
        try:
            settings = TenantSettings.model_validate(values)
            wrong: set[str] = set()
        except ValidationError as error:
            settings = None
            details = error.errors(include_url=False, include_context=False)
            wrong = {str(each["loc"][0]) for each in details if each["loc"]}
            for each in details:
                self._add(layers, each)
        if layers.is_tenant:  # a tenant may complete the others
            misread = {name for name, node in layers.node.value.items() if self._is_misread(node, name)}
            self._check_across(layers, values, wrong | misread, settings)
            if not _OF_PROXY_CONFIG & wrong:
                check_proxy_config(layers, self._findings)
        if settings is not None and settings.provider.region not in (None, settings.region):
            self._findings.add(
                layers.node.at(("provider", "region")).problem(
                    f"provider.region is {settings.provider.region}, but region is {settings.region}: "
                    "the stack is in its provider's region, so remove provider.region",
                    layers.owner,
                )
            )
        return settings

    def _check_across(
        self, layers: Layers, values: dict[str, Any], wrong: set[str], settings: TenantSettings | None
    ) -> None:
        inputs = {**TenantSettings.module.defaults, **values}
        if settings is not None:
            inputs["production"] = settings.is_production  # by the wave, too
        # The values of secrets are unknown before the plan.
        unknown = wrong | {secret.name for secret in TenantSettings.module.sensitive_inputs}
        for rule in TenantSettings.module.rules:
            message = rule.broken(inputs) if unknown.isdisjoint(rule.inputs) else None
            if message is not None:
                # Reported at the tenant's own line, if it sets one of the inputs.
                nodes = [
                    section.node.value[name]
                    for section in layers.sections
                    for name in rule.inputs
                    if name in section.node.value
                ]
                self._findings.add((nodes or [layers.own])[-1].problem(message, layers.owner))

    def _is_misread(self, node: Node, name: str) -> bool:
        return self._findings.is_misread(node.file, node.line, name)

    def _add(self, layers: Layers, details: ErrorDetails) -> None:
        path: _Path = details["loc"]
        node = layers.node.at(path)
        name = dotted(path)
        if details["type"] == "missing":
            if not layers.is_tenant:
                return  # defaults and profiles need not be complete
            where = node if len(path) > 1 else layers.own
            message = f"{name} is missing: set it" + ("" if len(path) > 1 else " here, or under defaults")
            self._findings.add(where.problem(message, layers.owner))
        elif details["type"] == "extra_forbidden":
            known = _fields(TenantSettings, path[:-1])
            advice = nearest(str(path[-1]), known - {each.name for each in TenantSettings.module.sensitive_inputs})
            if difflib.get_close_matches(str(path[-1]), _CREDENTIALS, n=1, cutoff=0.8):
                advice = ", and a secret: use profile, assume_role or AWS's environment variables"
            self._findings.add(node.problem(f"{name} is unknown here{advice}", layers.owner))
        elif self._is_misread(node, name):
            pass
        elif details["type"] == RULE_BROKEN:
            self._findings.add(node.problem(f"{name} {details['msg']}", layers.owner))
        else:
            self._findings.add(
                node.problem(f"{name} {_wrong_type(details['type'], str(path[-1]), node)}", layers.owner)
            )

    def _check_roots(self, tenants: Sequence[Layers]) -> None:
        first_with: dict[str, Layers] = {}
        for layers in tenants:
            tenant, env = (layers.node.at((key,)).value for key in ("tenant", "env"))
            if not (isinstance(tenant, str) and isinstance(env, str)):
                continue
            first = first_with.setdefault(f"{tenant}-{env}", layers)
            if first is not layers:
                same = first.node.at(("tenant",)).value == tenant
                what = "has the same tenant and env as" if same else "has the same folder as"
                where = _where(first.own, layers.own)
                self._findings.add(layers.own.problem(f"{what} the entry {where}: rename or remove one", layers.owner))

    def _check_states(self, fleet: Sequence[tuple[Layers, TenantSettings]]) -> None:
        first_with: dict[tuple[str | None, ...], tuple[Layers, TenantSettings]] = {}
        for layers, settings in fleet:
            first, other = first_with.setdefault(settings.state_identity(self._folder), (layers, settings))
            if other.label != settings.label:
                self._findings.add(
                    layers.own.problem(
                        f"has the same state as {first.owner}, {_where(first.own, layers.own)}: give each "
                        "its own state, for example by removing key, path or workspace",
                        layers.owner,
                    )
                )

    def _warn_of_local_states(self, fleet: Sequence[tuple[Layers, TenantSettings]]) -> None:
        for layers, settings in fleet:
            if settings.is_production and settings.backend.local is not None:
                self._findings.warn(
                    layers.own.at(("backend",)).problem(
                        f"the state of this production stack is a local file, {settings.state_file}, which is easily "
                        "lost: set a backend, s3 or cloud",
                        layers.owner,
                    )
                )


def _where(node: Node, seen_from: Node) -> str:
    return f"on line {node.line}" if node.file == seen_from.file else f"at {node.place}"


def _fields(model: type[BaseModel], path: _Path) -> set[str]:
    """Returns the names that a model takes at a path."""
    for step in path:
        annotation = model.model_fields[str(step)].annotation
        candidates = [annotation, *get_args(annotation)]
        candidates += [inner for each in candidates for inner in get_args(each)]  # of Annotated
        model = next(each for each in candidates if isinstance(each, type) and issubclass(each, BaseModel))
    return set(model.model_fields)


_EXPECTED = {
    "string_type": "a string",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a map",
    "model_type": "a map",
}


def _wrong_type(kind: str, field: str, node: Node) -> str:
    expected = _EXPECTED.get(kind, "something else")
    is_secret = plain_secret(field, node.text) is not None
    text = "a secret" if is_secret else f'the string "{shortened(node.text)}"'
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
        case _ if is_secret:
            return f"must be {expected}"
        case _ if kind == "string_type":
            return f'must be {expected}: write "{shortened(node.text)}" in quotes'
        case _:
            return f"must be {expected}, not {shortened(node.text)}"
