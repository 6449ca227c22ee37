"""`litellm-aws explain`: a tenant's inputs, and where each was set."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from typing import Any

from litellm_aws.fleet.layers import Layers
from litellm_aws.fleet.problems import RefusedError, dotted, nearest
from litellm_aws.fleet.tenant import TenantSettings
from litellm_aws.fleet.tenants_file import Fleet, load_fleet
from litellm_aws.fleet.yaml_tree import Node

from .command_line import add_tenants, warn
from .text_table import text_table

SUMMARY = "Show a tenant's inputs, and where each was set"

_WIDEST = 60
"""Characters of a value. Longer ones are cut."""


def add_arguments(parser: ArgumentParser) -> None:
    """Adds the arguments of the command."""
    parser.add_argument("tenant", metavar="TENANT", help="the tenant's name, such as acme")
    parser.add_argument("env", metavar="ENV", help="its environment, such as prod")
    add_tenants(parser)
    parser.set_defaults(run=_run)


def _run(arguments: Namespace) -> None:
    fleet = load_fleet(arguments.tenants)
    warn(fleet.warnings)
    print(explanation(fleet, arguments.tenant, arguments.env))


def explanation(fleet: Fleet, tenant: str, env: str) -> str:
    """Returns the layers of a tenant, its effective inputs, and where each was set.

    Raises:
        RefusedError: there is no such tenant.
    """
    label = f"{tenant}-{env}"
    settings = next((each for each in fleet.tenants if (each.tenant, each.env) == (tenant, env)), None)
    if settings is None:
        advice = nearest(label, fleet.layers, otherwise="")
        raise RefusedError(f"There is no tenant {tenant} in env {env} in {fleet.file}{advice}")
    layers = fleet.layers[label]
    return "\n".join(
        [
            f"{label}, from the lowest layer to the highest:",
            *(f"  {section.name}, {section.node.place}" for section in layers.sections),
            f"Its state is {settings.state_place}.",
            "",
            *text_table([("SET", "VALUE", "WHERE", "BY"), *_set(layers)]),
            "",
            *text_table([("NOT SET", "MODULE'S DEFAULT"), *_defaults(settings)]),
        ]
    )


def _set(layers: Layers) -> Iterator[tuple[str, str, str, str]]:
    order = [*TenantSettings.module.inputs, *TenantSettings.model_fields]
    for name, node in sorted(layers.node.value.items(), key=lambda item: order.index(item[0])):
        if name != "profile":  # the layers show it
            for path, leaf in _leaves(node, (name,)):
                yield dotted(path), _shown(leaf.plain()), leaf.place, layers.origin(path).name


def _leaves(node: Node, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Node]]:
    """Yields the values that replace one another as a whole: all but maps with a key."""
    if isinstance(node.value, dict) and node.value:
        for key, inner in node.value.items():
            yield from _leaves(inner, (*path, key))
    else:
        yield path, node


def _defaults(settings: TenantSettings) -> Iterator[tuple[str, str]]:
    secrets = {secret.name for secret in settings.module.sensitive_inputs}
    for name, declared in settings.module.inputs.items():
        if name in secrets:
            yield name, f"the environment variable TF_VAR_{name}, or else empty"
        elif name not in settings.model_fields_set:
            yield name, _shown(declared.default)


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"
