"""The guard of production data against `terraform destroy`."""

from cdktf import Precondition, TerraformVariable

from .expressions import template


def data_loss_precondition(flag: TerraformVariable, what: str) -> Precondition:
    """Returns the precondition that refuses `flag` in production without consent.

    Args:
        flag: the input that lets a destroy delete data.
        what: what the destroy would delete.
    """
    name = flag.node.id.removeprefix("var.")
    return Precondition(
        condition=template(f'!var.{name} || !startswith(var.env, "prod") || var.allow_data_loss'),
        error_message=(
            f"With {name}, destroying ${{local.name}} would delete {what}, and its env starts with prod: "
            f"set {name} = false or, if the loss is meant, allow_data_loss = true."
        ),
    )
