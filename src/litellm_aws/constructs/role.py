"""An IAM role, to which policies are attached."""

from functools import reduce
from operator import and_

from cdktf import ITerraformDependable, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy_attachment import IamRolePolicyAttachment
from constructs import Construct

from .blocks import attribute_where, count_if
from .expressions import Expression
from .naming import Naming
from .policy import Policy


class Role(Construct):
    """A role, `aws_iam_role.<name>`.

    Attributes:
        arn, role_name: null where it does not exist.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        naming: Naming,
        trust: Expression,
        exists: Expression | None = None,
    ) -> None:
        """Declares the role.

        Args:
            trust: JSON text, who may assume it.
            exists: whether there is one; None is always.
        """
        super().__init__(scope, f"{name}_role")
        self._name, self._exists = name, exists
        role = IamRole(
            self,
            f"aws_iam_role.{name}",
            count=None if exists is None else count_if(exists),
            name=naming.of(name.replace("_", "-")),
            assume_role_policy=trust.as_string,
            permissions_boundary=naming.permissions_boundary.as_string,
            tags=naming.tags,
        )
        self.arn, self.role_name = (attribute_where(role, each, exists) for each in ("arn", "name"))

    def attach(self, policy: Policy, *, name: str = "", where: Expression | None = None) -> ITerraformDependable:
        """Lets the role do what a policy allows, and returns what must exist before it can.

        Args:
            name: of the attachment; by default `<role>_<policy>`.
            where: a further condition; None is always.
        """
        conditions = [each for each in (policy.exists, self._exists, where) if each is not None]
        return IamRolePolicyAttachment(
            self,
            f"aws_iam_role_policy_attachment.{name or f'{self._name}_{policy.name}'}",
            count=count_if(reduce(and_, conditions)) if conditions else None,
            role=self.role_name.as_string,
            policy_arn=policy.arn.as_string,
        )

    def attach_aws_policy(self, name: str, arn: str) -> ITerraformDependable:
        """Lets the role do what a policy of AWS allows.

        Args:
            name: of the attachment.
        """
        return IamRolePolicyAttachment(
            self,
            f"aws_iam_role_policy_attachment.{name}",
            count=None if self._exists is None else count_if(self._exists),
            role=self.role_name.as_string,
            policy_arn=arn,
            # A `depends_on` on the whole module may defer the partition to the apply; that must not detach it.
            lifecycle=TerraformResourceLifecycle(ignore_changes=["policy_arn"]),
        )
