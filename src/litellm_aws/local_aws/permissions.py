"""The permissions of the account's roles."""

from botocore.exceptions import ClientError

from .account import Account
from .iam.policies import Document, Requirement, allows, as_list


def allowed(account: Account, role_arn: str, action: str, resource: str) -> bool:
    """Returns whether a role's policies allow an action on a resource, and none denies it.

    A role that does not exist has no permissions.

    Args:
        account: the account that holds the role.
        role_arn: ARN of the role.
        action: the action, such as `secretsmanager:GetSecretValue`.
        resource: ARN of the resource.
    """
    return allows(policies(account, role_arn), Requirement(action, resource))


def can_be_assumed(account: Account, role_arn: str, service: str) -> bool:
    """Returns whether a role exists and trusts a service, such as `ecs-tasks.amazonaws.com`."""
    try:
        role = account.client("iam").get_role(RoleName=role_arn.rpartition("/")[2])["Role"]
    except ClientError:
        return False
    return any(
        statement["Effect"] == "Allow"
        and "sts:AssumeRole" in as_list(statement["Action"])
        and service in as_list(statement["Principal"].get("Service", []))
        for statement in as_list(role["AssumeRolePolicyDocument"]["Statement"])
    )


def policies(account: Account, role_arn: str) -> list[Document]:
    """Returns the documents of a role's policies; none if it does not exist."""
    iam, role = account.client("iam"), role_arn.rpartition("/")[2]
    try:
        names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    except ClientError:
        return []
    documents: list[Document] = [
        iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names
    ]
    for attached in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        arn = attached["PolicyArn"]
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        documents.append(iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"])
    return documents
