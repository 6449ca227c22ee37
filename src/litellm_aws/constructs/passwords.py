"""Passwords that Terraform generates."""

from cdktf import TerraformCount
from cdktf_cdktf_provider_random.password import Password
from constructs import Construct


def generated_password(scope: Construct, name: str, *, length: int, count: TerraformCount | None = None) -> Password:
    """Makes `random_password.<name>`, which needs no quoting in a URL, a shell or a header.

    Args:
        length: in characters, letters and digits only.
        count: of 0 or 1; None makes one.
    """
    return Password(
        scope,
        f"random_password.{name}",
        count=count,
        length=length,
        special=False,
        min_lower=4,
        min_upper=4,
        min_numeric=4,
    )
