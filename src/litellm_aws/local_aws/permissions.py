"""The permissions of the account's roles."""

import json
from typing import Any

from botocore.exceptions import ClientError

from .account import Account


def allowed(account: Account, role_arn: str, action: str, resource: str) -> bool:
    """Returns whether a role's policies allow an action on a resource, and none denies it.

    A role that does not exist has no permissions.

    Args:
        account: the account that holds the role.
        role_arn: ARN of the role.
        action: the action, such as `secretsmanager:GetSecretValue`.
        resource: ARN of the resource.
    """
    from moto.iam.access_control import IAMPolicy, PermissionResult

    results = {
        IAMPolicy(document).is_action_permitted(action, resource)
        for document in _policies(account, role_arn.rpartition("/")[2])
    }
    return PermissionResult.PERMITTED in results and PermissionResult.DENIED not in results


def can_be_assumed(account: Account, role_arn: str, service: str) -> bool:
    """Returns whether a role exists and trusts a service, such as `ecs-tasks.amazonaws.com`."""
    try:
        role = account.client("iam").get_role(RoleName=role_arn.rpartition("/")[2])["Role"]
    except ClientError:
        return False
    return any(
        statement["Effect"] == "Allow"
        and "sts:AssumeRole" in _as_list(statement["Action"])
        and service in _as_list(statement["Principal"].get("Service", []))
        for statement in _as_list(role["AssumeRolePolicyDocument"]["Statement"])
    )


def _as_list(found: Any) -> list[Any]:
    """Returns a list: a policy may contain a single element without brackets."""
    return found if isinstance(found, list) else [found]


def _policies(account: Account, role: str) -> list[str]:
    iam = account.client("iam")
    try:
        names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    except ClientError:
        return []
    documents: list[Any] = [iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names]
    for attached in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        arn = attached["PolicyArn"]
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        documents.append(iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"])
    return [json.dumps(document) for document in documents]
