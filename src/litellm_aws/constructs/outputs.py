"""The outputs of the module."""

from cdktf import TerraformOutput
from constructs import Construct

from .expressions import Expression
from .module_kind import ModuleKind


class Outputs(Construct):
    """The `output` blocks of the module."""

    def __init__(self, scope: Construct, id_: str, *, module: ModuleKind, **values: Expression) -> None:
        """Declares the outputs.

        Args:
            values: one for each of the module's outputs.
        """
        super().__init__(scope, id_)
        if values.keys() != module.outputs.keys():
            raise TypeError(f"outputs without value or description: {values.keys() ^ module.outputs.keys()}")
        for name, description in module.outputs.items():
            TerraformOutput(self, f"output.{name}", value=str(values[name]), description=description)
