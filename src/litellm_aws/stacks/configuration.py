"""Renders stacks with the values and the order of CDKTF: configurations in Terraform's JSON, and CDKTF's manifest."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from importlib.metadata import version
from json.encoder import encode_basestring
from typing import Any

Blocks = Mapping[str, Any]
"""The blocks of a stack by kind, such as `resource`, as Terraform's JSON nests them. Its strings may be templates."""

_ORDER = ("terraform", "provider", "variable", "locals", "data", "module", "resource", "moved", "check", "output")
"""The order of the blocks in a configuration."""
_CDKTF = version("cdktf")
_FIRST_WITH_EXPONENT = 1e21
"""JavaScript writes smaller numbers without an exponent (ECMA-262, Number::toString)."""


def body(blocks: Blocks) -> str:
    """Returns the blocks as members of a JSON object."""
    return ",\n  ".join(
        f'"{kind}": {_json(block)}' for kind, block in sorted(blocks.items(), key=lambda item: _ORDER.index(item[0]))
    )


def configuration(stack: str, terraform: Mapping[str, Any], members: str, note: Mapping[str, Any]) -> bytes:
    """Returns the configuration of a stack.

    Args:
        stack: its name.
        terraform: its block `terraform`, which holds the backend.
        members: the `body`.
        note: additional metadata.
    """
    cloud = terraform.get("cloud")
    metadata = {
        "backend": "cloud" if cloud else next(iter(terraform.get("backend", {})), "local"),
        **({"cloud": "tfc" if _is_hcp(cloud.get("hostname")) else "tfe"} if cloud else {}),
        "stackName": stack,
        "version": _CDKTF,
        **note,
    }
    shown = json.dumps({"metadata": metadata}, indent=2, ensure_ascii=False).replace("\n", "\n  ")
    return f'{{\n  "//": {shown},\n  {members}\n}}\n'.encode()


def manifest(stacks: Iterable[str]) -> bytes:
    """Returns the file that tells `cdktf deploy` where the stacks are."""
    entries = {
        stack: {
            "annotations": [],
            "constructPath": stack,
            "dependencies": [],
            "name": stack,
            "stackMetadataPath": f"stacks/{stack}/metadata.json",
            "synthesizedStackPath": f"stacks/{stack}/cdk.tf.json",
            "workingDirectory": f"stacks/{stack}",
        }
        for stack in stacks
    }
    return _json({"stacks": entries, "version": _CDKTF}, "\n").replace("[]", "[\n      ]").encode()


def _is_hcp(hostname: str | None) -> bool:
    return hostname is None or hostname.startswith("app.terraform.io")


def _json(value: Any, newline: str = "\n  ") -> str:
    """Returns a value as CDKTF's `JSON.stringify` does: keys in order, whole numbers as JavaScript has them.

    Args:
        newline: with the indentation of the line that the value starts on.
    """
    inner = f"{newline}  "
    match value:
        case str():
            return encode_basestring(value)
        case dict() if value:
            items = [f"{encode_basestring(key)}: {_json(value[key], inner)}" for key in sorted(value, key=_in_order)]
            return f"{{{inner}{f',{inner}'.join(items)}{newline}}}"
        case list() if value:
            return f"[{inner}{f',{inner}'.join(_json(item, inner) for item in value)}{newline}]"
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer() and abs(value) < _FIRST_WITH_EXPONENT:
            return str(int(Decimal(repr(value))))
        case _:
            return json.dumps(value)


def _in_order(key: str) -> bytes:
    """JavaScript compares the UTF-16 of strings (ECMA-262, IsLessThan)."""
    return key.encode("utf-16-be")
