"""What a tenant's inputs are in effect, and where each was set: `make explain TENANT=acme ENV=prod`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from typing import Any

from litellm_aws.litellm import LITELLM

from . import command_line
from .layers import Layers
from .problems import dotted, nearest
from .tenant import TenantSettings
from .tenants_file import Fleet, load_fleet
from .text_table import text_table
from .yaml_tree import Node

_WIDEST = 60
"""Characters of a value; what is longer is cut."""


def explanation(fleet: Fleet, tenant: str, env: str) -> str:
    """Returns where a tenant stands, its effective inputs, and where each was set.

    Raises:
        CommandError: there is no such tenant.
    """
    label = f"{tenant}-{env}"
    settings = next((each for each in fleet.tenants if (each.tenant, each.env) == (tenant, env)), None)
    if settings is None:
        advice = nearest(label, fleet.layers).replace(": remove it", "")
        raise command_line.CommandError(f"There is no tenant {tenant} in env {env} in {fleet.file}{advice}")
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
    order = [*LITELLM.inputs, *TenantSettings.model_fields]
    for name, node in sorted(layers.node.value.items(), key=lambda item: order.index(item[0])):
        if name != "profile":  # which the layers tell
            for path, leaf in _leaves(node, (name,)):
                yield dotted(path), _shown(leaf.plain()), leaf.place, layers.origin(path).name


def _leaves(node: Node, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Node]]:
    """Yields what replaces as a whole: everything but a map that holds something."""
    if isinstance(node.value, dict) and node.value:
        for key, inner in node.value.items():
            yield from _leaves(inner, (*path, key))
    else:
        yield path, node


def _defaults(settings: TenantSettings) -> Iterator[tuple[str, str]]:
    secrets = {secret.name for secret in LITELLM.sensitive_inputs}
    for name, declared in LITELLM.inputs.items():
        if name in secrets:
            yield name, f"the environment's TF_VAR_{name}, else empty"
        elif name not in settings.model_fields_set:
            yield name, _shown(declared.default)


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


def _explain() -> None:
    parser = argparse.ArgumentParser(prog="make explain", usage="make explain TENANT=<tenant> ENV=<env>")
    parser.add_argument("tenant", nargs="?", default="")
    parser.add_argument("env", nargs="?", default="")
    arguments = parser.parse_args()
    if not (arguments.tenant and arguments.env):
        raise command_line.CommandError("Say which tenant: make explain TENANT=<tenant> ENV=<env>")
    print(explanation(load_fleet(command_line.tenants_file()), arguments.tenant, arguments.env))


if __name__ == "__main__":
    command_line.end_in_words()
    sys.exit(command_line.run(_explain))
