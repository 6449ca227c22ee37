"""The reference of a module's inputs, and the JSON Schema of the tenants file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema

from litellm_aws.constructs.module_kind import Input, ModuleKind
from litellm_aws.constructs.rules import Rule
from litellm_aws.fleet.documents import DEFAULTS, SECTIONS
from litellm_aws.fleet.tenant import (
    AssumeRole,
    CloudBackend,
    LocalBackend,
    Provider,
    S3Backend,
    S3BackendEndpoints,
    TenantSettings,
)


def inputs_reference(module: ModuleKind) -> str:
    """Returns docs/inputs.md, in Markdown."""
    return "\n".join(_reference_lines(module)) + "\n"


def tenants_schema(module: ModuleKind) -> dict[str, Any]:
    """Returns the JSON Schema (2020-12) of a tenants file."""
    tenant = TenantSettings.model_json_schema(schema_generator=_WithoutTitles)
    definitions = tenant.pop("$defs")
    for definition in (tenant, *definitions.values()):
        del definition["title"]
    for definition in definitions.values():
        definition.pop("required", None)  # the defaults may have the rest of a block
    definitions["Backend"] |= {"minProperties": 1, "maxProperties": 1}
    for blocks in ("provider", "backend"):
        del tenant["properties"][blocks]["default"]
    for secret in module.sensitive_inputs:
        del tenant["properties"][secret.name]
    del tenant["required"]  # all of it may come from defaults and profiles
    tenant["description"] = "Inputs of a tenant, or of several."
    for properties in (tenant["properties"], *(each["properties"] for each in definitions.values())):
        for field in properties.values():
            if "description" in field:
                field["description"] = " ".join(field["description"].split())
    inputs = {"$ref": "#/$defs/Inputs"}
    shapes = {
        "include": tenant["properties"]["profile"],
        DEFAULTS: inputs,
        "profiles": {"type": "object", "additionalProperties": inputs},
        "tenants": {"type": "array", "items": inputs},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Tenants of LiteLLM on AWS",
        "type": "object",
        "additionalProperties": False,
        "minProperties": 1,
        "properties": {name: shapes[name] | {"description": text} for name, text in SECTIONS.items()},
        "$defs": definitions | {"Inputs": tenant},
    }


class _WithoutTitles(GenerateJsonSchema):
    """A generator of JSON Schema that leaves out titles, which only repeat the names."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False


def _reference_lines(module: ModuleKind) -> Iterator[str]:
    yield "# Inputs and outputs"
    yield ""
    yield "<!-- Written by `make docs` from the declarations. Do not edit. -->"
    yield ""
    yield "The inputs are the variables of the module `cdktf.out/stacks/litellm`, and the keys of a tenant, of a"
    yield "profile or of `defaults` in the tenants file."
    inputs = module.inputs.values()
    for section in dict.fromkeys(each.section for each in inputs):
        yield from ("", f"## {section}")
        for each in inputs:
            if each.section == section:
                yield from ("", f"### {each.name}", "", *_entry(each))
    yield from ("", "## Rules across inputs", "", "Refused at synth and at plan:", "")
    for rule in module.rules:
        yield f"- {_escaped(rule.summary())}."
    yield from ("", "## The tenants file", "", "Of these, a file has at least one:", "")
    yield from _table(("section", "description"), ((f"`{name}`", text) for name, text in SECTIONS.items()))
    yield from ("", "## Keys of the tenants file only", "")
    yield from _table(
        ("key", "type", "default", "description"),
        (_field_row(name, field) for name, field in TenantSettings.model_fields.items() if name not in module.inputs),
    )
    for title, model in (
        ("provider", Provider),
        ("provider.assume_role and backend.s3.assume_role", AssumeRole),
        ("backend.local", LocalBackend),
        ("backend.s3", S3Backend),
        ("backend.s3.endpoints", S3BackendEndpoints),
        ("backend.cloud", CloudBackend),
    ):
        yield from ("", f"### {title}", "")
        rows = (_field_row(name, field) for name, field in model.model_fields.items())
        yield from _table(("key", "type", "default", "description"), rows)
    yield from ("", "## Outputs", "")
    yield from _table(("output", "description"), ((f"`{name}`", text) for name, text in module.outputs.items()))


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _entry(declared: Input) -> tuple[str, ...]:
    default = "required" if declared.required else f"default `{json.dumps(declared.default)}`"
    limits = [f"{rule.sentence()}." for rule in declared.rules]
    if declared.sensitive:
        limits.append(f"Sensitive: set it by `TF_VAR_{declared.name}`, never in a file.")
    text = " ".join(filter(None, [declared.description, declared.details, *limits]))
    return (f"`{declared.terraform_type}`, {default}", "", _escaped(text))


def _field_row(name: str, field: FieldInfo) -> tuple[str, ...]:
    default = "required" if field.is_required() else ""
    if isinstance(field.default, bool):
        default = f"`{json.dumps(field.default)}`"
    rules = [each for each in field.metadata if isinstance(each, Rule)]
    text = " ".join([field.description or "", *(f"{rule.sentence()}." for rule in rules)])
    return (f"`{name}`", f"`{_type(field.annotation)}`", default, _escaped(text))


def _type(annotation: Any) -> str:
    """Returns Terraform's word for the type of an option, which may be optional."""
    if get_origin(annotation) in (Annotated, Union, UnionType):
        return _type(get_args(annotation)[0])
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "object"
    return {str: "string", bool: "bool", list: "list(string)", dict: "map(string)"}[
        get_origin(annotation) or annotation
    ]


def _escaped(text: str) -> str:
    """Returns a table cell in which Markdown sees no markup but code spans."""
    outside_and_inside = text.replace("|", "\\|").split("`")
    outside_and_inside[::2] = [part.replace("<", "&lt;") for part in outside_and_inside[::2]]
    return "`".join(outside_and_inside)
