"""An IAM policy, and documents of statements."""

from collections.abc import Mapping, Sequence
from typing import Any

from cdktf_cdktf_provider_aws.iam_policy import IamPolicy
from constructs import Construct

from .account import Account
from .blocks import attribute_where, count_if, local
from .expressions import Expression, call
from .naming import Naming

Statement = Mapping[str, Any]


def document(scope: Construct, name: str, statements: Sequence[Statement]) -> Expression:
    """Returns a policy document as JSON text.

    Args:
        name: of the local `<name>_document`, which holds it.
        statements: each with its Action and Resource or Principal, and its Effect: by default `Allow`.
    """
    complete = [{"Effect": "Allow", **statement} for statement in statements]
    return call("jsonencode", local(scope, f"{name}_document", {"Version": "2012-10-17", "Statement": complete}))


def assumed_by(service: str, account: Account) -> dict[str, Any]:
    """Returns the statement that lets a service of AWS assume a role, for resources of an account only.

    Otherwise, the service could be made to act for somebody else (IAM User Guide, "The confused deputy problem").
    """
    return {
        "Action": ["sts:AssumeRole"],
        "Principal": {"Service": [service]},
        "Condition": {"StringEquals": {"aws:SourceAccount": account.id}},
    }


class Policy(Construct):
    """A managed policy, `aws_iam_policy.<name>`.

    Attributes:
        name: in addresses.
        arn: null where it does not exist.
        exists: whether there is one; None is always.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        *statements: Statement,
        naming: Naming,
        suffix: str = "",
        exists: Expression | None = None,
    ) -> None:
        """Declares the policy.

        Args:
            suffix: what its name in IAM ends in; by default `name` with hyphens.
        """
        super().__init__(scope, f"{name}_policy")
        self.name, self.exists = name, exists
        policy = IamPolicy(
            self,
            f"aws_iam_policy.{name}",
            count=None if exists is None else count_if(exists),
            name=naming.of(suffix or name.replace("_", "-")),
            policy=document(self, name, statements).as_string,
            tags=naming.tags,
        )
        self.arn = attribute_where(policy, "arn", exists)
