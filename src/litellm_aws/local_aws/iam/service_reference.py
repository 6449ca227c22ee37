"""What AWS's Service Authorization Reference says about actions, from the data of the package policy_sentry.

policy_sentry (Salesforce, MIT) makes its data from the pages of
https://docs.aws.amazon.com/service-authorization/latest/reference/.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from policy_sentry.shared.iam_data import get_service_prefix_data

_PREFIXES = {"elbv2": "elasticloadbalancing"}
"""The service in actions, where it is not its name in boto3."""

_S3_PERMISSIONS = {
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListObjectsV2": "ListBucket",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
}
"""Actions of operations of S3 that no action's name or documentation names
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html)."""
_S3_VERSIONS = ("GetObject", "DeleteObject", "GetObjectTagging", "PutObjectTagging", "DeleteObjectTagging")
"""Actions of S3 that are `…Version…` where the request names a version (same page)."""


@dataclass(frozen=True)
class ResourceType:
    """A type of resource that an action can be allowed on.

    Attributes:
        arn: its ARN, with variables such as `${VpcId}`.
        required: whether a policy that names resources must name one of this type.
        keys: the condition keys that a request has for the resource.
    """

    arn: str
    required: bool
    keys: frozenset[str]

    def matches(self, arn: str) -> bool:
        """Returns whether an ARN is of this type."""
        return re.fullmatch(re.sub(r"\\\$\\{\w+\\}", ".*", re.escape(self.arn)), arn) is not None


@dataclass(frozen=True)
class Action:
    """An action.

    Attributes:
        name: such as `ec2:CreateVpc`.
        resource_types: by their names.
        keys: the condition keys that a request has whatever its resources.
        dependent: actions that the caller must be allowed, too.
    """

    name: str
    resource_types: Mapping[str, ResourceType]
    keys: frozenset[str]
    dependent: Sequence[str]


def action_of(service: str, operation: str, parameters: Mapping[str, Any]) -> Action | None:
    """Returns the action that an operation needs, or None if it needs none.

    It has the operation's name, or else the operation's page of the API reference is its documentation.

    Raises:
        LookupError: the reference does not say.
    """
    if (service, operation) == ("sts", "GetCallerIdentity"):
        return None  # "No permissions are required to perform this operation" (STS API reference)
    prefix = _PREFIXES.get(service, service)
    names = get_service_prefix_data(prefix)["privileges"]
    if service == "s3" and operation in _S3_PERMISSIONS:
        name = _S3_PERMISSIONS[operation]
    elif operation in names:
        name = operation
    else:
        name = _documented_by(prefix, operation)
    if service == "s3" and name in _S3_VERSIONS and parameters.get("VersionId"):
        name = name.replace("Object", "ObjectVersion")
    return action(f"{prefix}:{name}")


@cache
def action(name: str) -> Action:
    """Returns an action by its name, such as `ec2:CreateVpc`."""
    prefix, _, short = name.partition(":")
    data = get_service_prefix_data(prefix)
    rows = dict(data["privileges"][short]["resource_types"])
    general = rows.pop("", None)
    types = {}
    for row in rows.values():
        resource = data["resources"][row["resource_type"]]
        # A resource has the keys of its tags in every action, whether or not the action's row repeats them.
        keys = frozenset((*row["condition_keys"], *(key for key in resource["condition_keys"] if "ResourceTag" in key)))
        types[row["resource_type"]] = ResourceType(resource["arn"], row["required"], keys)
    dependent = sorted(
        {each for row in data["privileges"][short]["resource_types"].values() for each in row["dependent_actions"]}
    )
    return Action(name, types, frozenset(general["condition_keys"] if general else ()), dependent)


@cache
def _documented_by(prefix: str, operation: str) -> str:
    page = re.compile(rf"/API_{operation}\.html$")
    privileges = get_service_prefix_data(prefix)["privileges"]
    found = [name for name, each in privileges.items() if page.search(each["api_documentation_link"] or "")]
    if len(found) != 1:
        raise LookupError(f"which action {prefix} {operation} needs: {found or 'none is known'}")
    return str(found[0])
