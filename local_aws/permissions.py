"""What a role of the account may do."""

import json
from typing import Any

from botocore.exceptions import ClientError

from .account import Account


def allowed(account: Account, role_arn: str, action: str, resource: str) -> bool:
    """Whether the policies of a role allow an action on a resource, and none denies it.

    A role that does not exist may do nothing.

    Args:
        action: such as `secretsmanager:GetSecretValue`.
        resource: the ARN.
    """
    from moto.iam.access_control import IAMPolicy, PermissionResult

    results = {
        IAMPolicy(document).is_action_permitted(action, resource)
        for document in _policies(account, role_arn.rpartition("/")[2])
    }
    return PermissionResult.PERMITTED in results and PermissionResult.DENIED not in results


def may_be_assumed(account: Account, role_arn: str, service: str) -> bool:
    """Whether a role exists, and its trust policy lets a service, such as `ecs-tasks.amazonaws.com`, assume it."""
    try:
        role = account.client("iam").get_role(RoleName=role_arn.rpartition("/")[2])["Role"]
    except ClientError:
        return False
    return any(
        statement["Effect"] == "Allow"
        and "sts:AssumeRole" in _listed(statement["Action"])
        and service in _listed(statement["Principal"].get("Service", []))
        for statement in _listed(role["AssumeRolePolicyDocument"]["Statement"])
    )


def _listed(found: Any) -> list[Any]:
    """A policy may leave out the brackets around a single element."""
    return found if isinstance(found, list) else [found]


def _policies(account: Account, role: str) -> list[str]:
    iam = account.client("iam")
    try:
        iam.get_role(RoleName=role)
    except ClientError:
        return []
    documents: list[Any] = [
        iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
    ]
    for attached in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        arn = attached["PolicyArn"]
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        documents.append(iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"])
    return [json.dumps(document) for document in documents]
