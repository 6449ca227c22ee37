"""ELBv2: the targets of target groups, and the deletion of load balancers.

AWS's behavior is documented in https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/.
"""

from collections.abc import Callable
from typing import Any

from moto.elbv2.exceptions import ELBClientError
from moto.elbv2.models import ELBv2Backend, FakeTargetGroup

from .patching import patch_method


def ignore_deregistration_of_unknown_targets() -> None:
    """On AWS, DeregisterTargets succeeds for a target that does not exist.

    moto rejects the request, after deregistering the targets in front of it.
    """

    @patch_method(FakeTargetGroup, "deregister")
    def of_known(original: Callable[..., None], group: FakeTargetGroup, targets: list[dict[str, Any]]) -> None:
        original(group, [target for target in targets if target["Id"] in group.targets])


def protect_load_balancers() -> None:
    """On AWS, DeleteLoadBalancer fails with OperationNotPermitted if deletion protection is enabled.

    moto only records the attribute.
    """

    @patch_method(ELBv2Backend, "delete_load_balancer")
    def deleted(original: Callable[..., None], backend: ELBv2Backend, arn: str) -> None:
        found = backend.load_balancers.get(arn)
        if found is not None and found.attrs.get("deletion_protection.enabled") == "true":
            raise ELBClientError(
                "OperationNotPermitted",
                f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled",
            )
        original(backend, arn)
