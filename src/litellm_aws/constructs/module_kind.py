"""A kind of Terraform module, described once: what is generated for it is made from this description."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from .cross_rules import CrossRule
from .rules import Rule


@dataclass(frozen=True)
class Sensitive:
    """Marks an input whose value must not appear in a plan, and must not be written to a file."""


@dataclass(frozen=True)
class TerraformType:
    """Gives Terraform's type constraint of an input, where Python's type does not say it."""

    constraint: str


@dataclass(frozen=True)
class Input:
    """One declared input.

    Attributes:
        section: the heading under which the reference lists it.
        terraform_type: Terraform's type constraint, e.g. `list(string)`.
        nullable: whether null is a value.
        default: None where the input is required, or null.
        description: the first paragraph of the field's docstring, which is the variable's description.
        details: the other paragraphs, for the reference.
    """

    name: str
    section: str
    terraform_type: str
    required: bool
    nullable: bool
    default: Any
    description: str
    details: str
    sensitive: bool
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class ModuleKind:
    """A kind of module. The stack that declares it is in `stacks/`.

    Attributes:
        name: of its folder in the output, and of the `module` block that calls it.
        model: a pydantic model with a field for each input. Its base classes are the sections of the reference, and
            their docstrings are the headings.
        rules: the rules that look at more than one input.
        outputs: descriptions of the outputs by name, in the order of the reference.
        files: files that the module reads by `path.module`: synthesis copies them to the module's folder.
    """

    name: str
    model: type[BaseModel]
    rules: tuple[CrossRule, ...]
    outputs: Mapping[str, str]
    files: tuple[Path, ...] = ()

    @cached_property
    def inputs(self) -> Mapping[str, Input]:
        """Every input by name, in the order of the declaration."""
        return {
            name: _input(name, section.__doc__ or "", field)
            for section in self.model.__bases__
            if issubclass(section, BaseModel)
            for name, field in section.model_fields.items()
        }

    @cached_property
    def defaults(self) -> Mapping[str, Any]:
        """The default of every input by name."""
        return {name: declared.default for name, declared in self.inputs.items()}

    @cached_property
    def sensitive_inputs(self) -> tuple[Input, ...]:
        """The inputs that only `TF_VAR_<name>` may carry."""
        return tuple(each for each in self.inputs.values() if each.sensitive)


_TERRAFORM_TYPES: Mapping[Any, str] = {
    str: "string",
    int: "number",
    float: "number",
    bool: "bool",
    list[str]: "list(string)",
    dict[str, str]: "map(string)",
    dict[str, Any]: "any",
}


def _input(name: str, section: str, field: FieldInfo) -> Input:
    if not field.description:
        raise TypeError(f"input {name} has no docstring")
    description, _, details = field.description.partition("\n\n")
    annotation, metadata = field.annotation, field.metadata
    nullable = type(None) in get_args(annotation)
    if nullable:
        [annotation] = (each for each in get_args(annotation) if each is not type(None))
        if get_origin(annotation) is Annotated:
            annotation, *metadata = get_args(annotation)
    constraints = [each.constraint for each in metadata if isinstance(each, TerraformType)]
    return Input(
        name=name,
        section=section,
        terraform_type=constraints[0] if constraints else _TERRAFORM_TYPES[annotation],
        required=field.is_required(),
        nullable=nullable,
        default=None if field.is_required() else field.default,
        description=" ".join(description.split()),
        details=" ".join(details.split()),
        sensitive=any(isinstance(each, Sensitive) for each in metadata),
        rules=tuple(each for each in metadata if isinstance(each, Rule)),
    )
