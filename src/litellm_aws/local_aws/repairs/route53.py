"""Route 53: the IDs of hosted zones.

AWS's behavior is documented in https://docs.aws.amazon.com/Route53/latest/APIReference/.
"""

from collections.abc import Callable
from typing import Any

from moto.route53.models import HostedZoneIdentifier

from .patching import patch_method


def begin_zone_ids_with_z() -> None:
    """The IDs of hosted zones begin with Z, as in all examples of the API reference. moto's begin with any letter."""

    @patch_method(HostedZoneIdentifier, "generate")
    def with_z(original: Callable[..., str], identifier: HostedZoneIdentifier, *arguments: Any, **others: Any) -> str:
        return f"Z{original(identifier, *arguments, **others)[1:]}"
