"""The protection of production data against `terraform destroy`."""

from cdktf import Precondition

from .expressions import call
from .input_variables import InputVariables


def data_loss_precondition(inputs: InputVariables, flag: str, what: str) -> Precondition:
    """Returns the precondition that refuses a flag in production, unless data loss is allowed.

    Args:
        flag: name of the input that lets a destroy delete data.
        what: what the destroy would delete.
    """
    in_production = call("startswith", inputs.env, "prod")
    return Precondition(
        condition=(~inputs.named(flag) | ~in_production | inputs.allow_data_loss).as_string,
        error_message=(
            f"In production, a destroy would delete {what}: set {flag} = false or, if you accept the loss, "
            "allow_data_loss = true."
        ),
    )
