"""The module's `variable` blocks, made from the declared inputs."""

from cdktf import TerraformVariable, TerraformVariableValidationConfig
from constructs import Construct

from .expressions import template
from .module_kind import Input, ModuleKind

NULL = template("null")
"""Null as the default of a variable. jsii drops nulls, so this stands for it until the configuration is written."""


class InputVariables(Construct):
    """One variable for each declared input; `inputs.vpc_cidr` is the variable `vpc_cidr`."""

    def __init__(self, scope: Construct, id_: str, *, module: ModuleKind) -> None:
        super().__init__(scope, id_)
        self._variables = {
            declared.name: TerraformVariable(
                self,
                f"var.{declared.name}",
                type=declared.terraform_type,
                default=None if declared.required else NULL if declared.default is None else declared.default,
                description=declared.description,
                sensitive=declared.sensitive or None,
                nullable=declared.nullable,
                validation=_validations(module, declared) or None,
            )
            for declared in module.inputs.values()
        }

    def __getattr__(self, name: str) -> TerraformVariable:
        if name.startswith("_") or name not in self._variables:
            raise AttributeError(f"no input is called {name}")
        return self._variables[name]


def _validations(module: ModuleKind, declared: Input) -> list[TerraformVariableValidationConfig]:
    return [
        *_no_nulls(declared),
        *(
            TerraformVariableValidationConfig(
                condition=template(_unless_null(declared, rule.condition(f"var.{declared.name}"))),
                error_message=f"{declared.name} {rule.says}.",
            )
            for rule in declared.rules
        ),
        *(
            TerraformVariableValidationConfig(
                condition=template(rule.condition()), error_message=f"{rule.error_message()}."
            )
            for rule in module.rules
            if rule.refuses_plan and rule.inputs[-1] == declared.name
        ),
    ]


def _unless_null(declared: Input, condition: str) -> str:
    return f"var.{declared.name} == null ? true : {condition}" if declared.nullable else condition


def _no_nulls(declared: Input) -> list[TerraformVariableValidationConfig]:
    """Returns what Python's types say at synth and Terraform's cannot: that no element is null."""
    elements = {"list(string)": "var.{}", "map(string)": "values(var.{})"}.get(declared.terraform_type)
    if elements is None:
        return []
    return [
        TerraformVariableValidationConfig(
            condition=template(f"alltrue([for element in {elements.format(declared.name)} : element != null])"),
            error_message=f"{declared.name} must not hold null: give each element a value, or leave it out.",
        )
    ]
