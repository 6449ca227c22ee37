"""ELBv2: the targets of target groups.

AWS's behavior is documented in https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/.
"""

from collections.abc import Callable
from typing import Any

from moto.elbv2.models import FakeTargetGroup

from .patching import patch_method


def ignore_deregistration_of_unknown_targets() -> None:
    """On AWS, DeregisterTargets succeeds for a target that does not exist.

    moto rejects the request, after deregistering the targets in front of it.
    """

    @patch_method(FakeTargetGroup, "deregister")
    def of_known(original: Callable[..., None], group: FakeTargetGroup, targets: list[dict[str, Any]]) -> None:
        original(group, [target for target in targets if target["Id"] in group.targets])
