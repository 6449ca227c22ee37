"""The module's `variable` blocks, made from the declared inputs."""

from cdktf import TerraformVariable, TerraformVariableValidationConfig
from constructs import Construct

from .expressions import template
from .inputs import CROSS_RULES, Input, declared_inputs


class InputVariables(Construct):
    """One variable for each declared input; `inputs.vpc_cidr` is the variable `vpc_cidr`."""

    def __init__(self, scope: Construct, id_: str) -> None:
        super().__init__(scope, id_)
        self._variables = {
            declared.name: TerraformVariable(
                self,
                f"var.{declared.name}",
                type=declared.terraform_type,
                default=declared.default,
                description=declared.description,
                sensitive=declared.sensitive or None,
                nullable=False,
                validation=_validations(declared) or None,
            )
            for declared in declared_inputs().values()
        }

    def __getattr__(self, name: str) -> TerraformVariable:
        if name.startswith("_") or name not in self._variables:
            raise AttributeError(f"no input is called {name}")
        return self._variables[name]


def _validations(declared: Input) -> list[TerraformVariableValidationConfig]:
    own = [
        TerraformVariableValidationConfig(
            condition=template(rule.condition(f"var.{declared.name}")),
            error_message=f"{declared.name} {rule.says}.",
        )
        for rule in declared.rules
    ]
    across = [
        TerraformVariableValidationConfig(
            condition=template(rule.condition()), error_message=f"{rule.error_message()}."
        )
        for rule in CROSS_RULES
        if rule.inputs[-1] == declared.name
    ]
    return own + across
