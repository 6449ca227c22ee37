"""The module's `variable` blocks, made from the declared inputs."""

from cdktf import Precondition, TerraformVariable, TerraformVariableValidationConfig
from constructs import Construct

from .blocks import local
from .expressions import NULL, Expression, call, for_list, variable
from .module_kind import Input, ModuleKind
from .rules import Rule


class InputVariables(Construct):
    """One variable for each declared input; `inputs.vpc_cidr` is the value of the variable `vpc_cidr`."""

    def __init__(self, scope: Construct, id_: str, *, module: ModuleKind) -> None:
        super().__init__(scope, id_)
        self._module = module
        self._rule_locals: dict[str, Expression] = {}
        for declared in module.inputs.values():
            TerraformVariable(
                self,
                f"var.{declared.name}",
                type=declared.terraform_type,
                default=None if declared.required else NULL if declared.default is None else declared.default,
                description=declared.description,
                sensitive=declared.sensitive or None,
                nullable=declared.nullable,
                validation=self._validations(declared) or None,
            )

    def __getattr__(self, name: str) -> Expression:
        if name.startswith("_"):
            raise AttributeError(name)
        return self.named(name)

    def named(self, name: str) -> Expression:
        """Returns the value of an input.

        Raises:
            AttributeError: there is no such input.
        """
        if name not in self._module.inputs:
            raise AttributeError(f"no input is called {name}")
        return variable(name)

    def precondition(self, name: str) -> Precondition:
        """Returns a rule across inputs that is a precondition of a resource."""
        [rule] = (rule for rule in self._module.rules if rule.precondition == name)
        return Precondition(
            condition=rule.condition(self.name_local).as_string,
            error_message=f"{rule.error_message(self.name_local)}.",
        )

    def name_local(self, name: str, value: object) -> Expression:
        """Declares a local that rules across inputs share, once, and returns it."""
        if name not in self._rule_locals:
            self._rule_locals[name] = local(self, name, value)
        return self._rule_locals[name]

    def _validations(self, declared: Input) -> list[TerraformVariableValidationConfig]:
        value = variable(declared.name)
        return [
            *_no_nulls(declared, value),
            *(_validation(_condition(declared, rule, value), rule.sentence(declared.name)) for rule in declared.rules),
            *(
                _validation(rule.condition(self.name_local), rule.error_message(self.name_local))
                for rule in self._module.rules
                if rule.refuses_plan and not rule.precondition and rule.inputs[-1] == declared.name
            ),
        ]


def _validation(condition: Expression, message: str) -> TerraformVariableValidationConfig:
    return TerraformVariableValidationConfig(condition=str(condition), error_message=f"{message}.")


def _condition(declared: Input, rule: Rule, value: Expression) -> Expression:
    if declared.nullable:
        # So that the line has the name of the variable once.
        return call("alltrue", for_list([value], lambda value: value.is_null.then(True, rule.condition(value))))
    return rule.condition(value)


def _no_nulls(declared: Input, value: Expression) -> list[TerraformVariableValidationConfig]:
    """Returns what Python's types say at synth and Terraform's cannot: that no element is null."""
    elements = {"list(string)": value, "map(string)": call("values", value)}.get(declared.terraform_type)
    if elements is None:
        return []
    return [
        _validation(
            call("alltrue", for_list(elements, lambda element: element.differs(None))),
            f"{declared.name} must not contain null: set a value, or remove the element",
        )
    ]
