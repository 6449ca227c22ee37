"""Actions that AWS checks beside the one of the operation: for tags, passed roles, keys and service-linked roles.

Most are in AWS's Service Authorization Reference, as "dependent actions"; here is when a request needs them. moto makes
none of these checks, and none of the calls that a service makes with the caller's permissions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ..account import ACCOUNT_ID
from . import existing_resources, service_reference
from .api_calls import Call
from .policies import Requirement
from .service_reference import Action

_SERVICE_LINKED_ROLES = {
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using-service-linked-roles.html
    "ecs:CreateCluster": ("ecs", "ECS"),
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-service-linked-roles.html
    "elasticloadbalancing:CreateLoadBalancer": ("elasticloadbalancing", "ElasticLoadBalancing"),
    # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.IAM.ServiceLinkedRoles.html
    "rds:CreateDBCluster": ("rds", "RDS"),
    # https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/using-service-linked-roles.html
    "elasticache:CreateReplicationGroup": ("elasticache", "ElastiCache"),
    # https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-service-linked-roles.html
    "application-autoscaling:RegisterScalableTarget": (
        "ecs.application-autoscaling",
        "ApplicationAutoScaling_ECSService",
    ),
}
"""The service and the role that AWS creates with the first resource of an account."""

_PASSED_ROLES = {
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
    "ecs:RegisterTaskDefinition": (("executionRoleArn", "taskRoleArn"), "ecs-tasks.amazonaws.com"),
    # https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
    "ec2:CreateFlowLogs": (("DeliverLogsPermissionArn",), "vpc-flow-logs.amazonaws.com"),
    # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_Monitoring.OS.Enabling.html
    "rds:CreateDBInstance": (("MonitoringRoleArn",), "monitoring.rds.amazonaws.com"),
    "rds:ModifyDBInstance": (("MonitoringRoleArn",), "monitoring.rds.amazonaws.com"),
}
"""The parameters that pass a role, and the service that gets it."""

_TAGGED = {
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/supported-iam-actions-tagging.html
    **dict.fromkeys(("ecs:CreateCluster", "ecs:CreateService", "ecs:RegisterTaskDefinition"), "ecs:TagResource"),
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags_roles.html and id_tags_customer-managed-policies.html
    "iam:CreateRole": "iam:TagRole",
    "iam:CreatePolicy": "iam:TagPolicy",
    # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
    "logs:CreateLogGroup": "logs:TagResource",
    # https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
    "secretsmanager:CreateSecret": "secretsmanager:TagResource",
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    "cloudwatch:PutMetricAlarm": "cloudwatch:TagResource",
    # https://docs.aws.amazon.com/acm/latest/userguide/tags-restrictions.html
    "acm:RequestCertificate": "acm:AddTagsToCertificate",
}
"""Actions that a creation with tags needs, where the reference does not say so."""
_TAGGING = {"ec2:CreateTags", "elasticloadbalancing:AddTags", "elasticache:AddTagsToResource", "rds:AddTagsToResource"}
_TAGGING |= {"application-autoscaling:TagResource"}

_SCALING = ("RegisterScalableTarget", "PutScalingPolicy", "DeleteScalingPolicy", "DeregisterScalableTarget")
_SCALED = ("ecs:DescribeServices", "ecs:UpdateService")
_ALARMS = ("cloudwatch:DeleteAlarms", "cloudwatch:DescribeAlarms", "cloudwatch:PutMetricAlarm")
"""What Application Auto Scaling checks with the caller's permissions
(https://docs.aws.amazon.com/AmazonECS/latest/developerguide/auto-scaling-IAM.html). It does so by requests that name no
alarm (https://docs.aws.amazon.com/autoscaling/application/userguide/security_iam_permission_validation.html), which a
policy for some alarms does not allow."""

_KEYS = ("KmsKeyId", "kmsKeyId", "MasterUserSecretKmsKeyId")
_KEY_ACTIONS = ("kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey")
"""What a service does with a key and the caller's permissions: RDS as the reference says, ElastiCache
(https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/at-rest-encryption.html), Secrets Manager
(https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html) and S3
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html) some of these."""

_OTHER: Mapping[str, Callable[[Mapping[str, Any]], bool]] = {
    # RDS keeps the password in a secret of its own, which it creates with the caller's permissions
    # (https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-secrets-manager.html).
    "secretsmanager:CreateSecret": lambda parameters: bool(parameters.get("ManageMasterUserPassword")),
    "secretsmanager:RotateSecret": lambda parameters: bool(parameters.get("ManageMasterUserPassword")),
    "secretsmanager:TagResource": lambda parameters: bool(parameters.get("ManageMasterUserPassword")),
    "rds:CreateDBClusterSnapshot": lambda parameters: "FinalDBSnapshotIdentifier" in parameters,
    # https://docs.aws.amazon.com/waf/latest/developerguide/security_iam_service-with-iam.html
    "elasticloadbalancing:CreateWebACLAssociation": lambda _parameters: True,
    "elasticloadbalancing:DeleteWebACLAssociation": lambda _parameters: True,
    "elasticloadbalancing:GetLoadBalancerWebACL": lambda _parameters: True,
    "elasticloadbalancing:SetWebAcl": lambda _parameters: True,
    "wafv2:GetWebACL": lambda _parameters: True,
    "ec2:DescribeNetworkInterfaces": lambda _parameters: True,
    "ec2:DescribeSubnets": lambda _parameters: True,
    "ec2:DescribeVpcs": lambda _parameters: True,
}
"""The other dependent actions, and when they are needed."""
_NOT_NEEDED = {
    # The service-linked role of ElastiCache has them. AWS's policy for who manages caches, AmazonElastiCacheFullAccess
    # (version 3), does not.
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "s3:GetObject",  # a cache that is created from a snapshot in a bucket
    "rds:CreateDBInstance",  # of Multi-AZ DB clusters; the caller has it anyway
    "rds:DeleteDBInstance",
    "rds:ModifyDBInstance",
    "rds:CreateDBSnapshot",  # the final snapshot of an instance outside of a cluster
    *("rds:CreateTenantDatabase", "rds:DeleteTenantDatabase"),  # RDS for Oracle
    # Flow logs with fields of ECS's.
    *("ecs:ListClusters", "ecs:ListContainerInstances", "ecs:ListServices", "ecs:ListTaskDefinitions", "ecs:ListTasks"),
    "wafv2:GetPermissionPolicy",  # web ACLs of Firewall Manager's
    "wafv2:PutPermissionPolicy",
}
"""Dependent actions that no request of this module's needs."""
_NOT_FOR_LOAD_BALANCERS = ("amplify:", "apigateway:", "apprunner:", "appsync:", "cognito-idp:", "ec2:")
"""What WAF needs for other resources than load balancers."""


def dependent_requirements(
    action: Action, call: Call, found: Sequence[Requirement], given: Mapping[str, str], *, tagged: bool
) -> Iterator[Requirement]:
    """Yields what a call needs beside its own action.

    Args:
        action: the call's own action.
        found: what the call needs for it.
        given: the condition keys of the call.
        tagged: whether the call sets tags.
    """
    if tagged:
        yield from _tagging(action, call, found, given)
    yield from _service_linked_role(action)
    yield from _passed_roles(action, call)
    yield from _keys(call)
    yield from _scaling(call)
    yield from _of_objects(action, call)
    for name in action.dependent:
        if action.name.startswith("wafv2:") and name.startswith(_NOT_FOR_LOAD_BALANCERS):
            continue
        if name in _OTHER and _OTHER[name](call.parameters):
            yield Requirement(name, _other_resource(name, call, found))
        elif name not in {*_OTHER, *_TAGGING, *_NOT_NEEDED, *_KEY_ACTIONS, "iam:PassRole"}:
            raise LookupError(f"whether {action.name} needs {name}")


def _tagging(
    action: Action, call: Call, found: Sequence[Requirement], given: Mapping[str, str]
) -> Iterator[Requirement]:
    """Yields the tagging of what the call creates."""
    names = [name for name in action.dependent if name in _TAGGING]
    names += [_TAGGED[action.name]] if action.name in _TAGGED else []
    service, _, operation = action.name.partition(":")
    tags = {key: value for key, value in given.items() if key.startswith("aws:RequestTag/")}
    for name in names:
        for each in found:
            if service == "ec2":
                if not tags.items() <= each.context.items():
                    continue  # a resource that exists
                yield Requirement(name, each.resource, {**tags, "ec2:CreateAction": operation})
            else:
                yield from (Requirement(name, arn, tags) for arn in _created(action, call, each.resource))


def _created(action: Action, call: Call, resource: str) -> list[str]:
    """Returns the ARNs of what a call creates that has a resource, from those of its own action."""
    kind = resource.split(":")[5:6]
    below = {"elasticloadbalancing:CreateListener": ("loadbalancer/", "listener/")}
    below["elasticloadbalancing:CreateRule"] = ("listener/", "listener-rule/")
    if action.name in below:
        return [f"{resource.replace(*below[action.name])}/*"]
    if action.name == "acm:RequestCertificate":
        return [f"arn:aws:acm:{call.region}:{ACCOUNT_ID}:certificate/*"]
    if action.name == "elasticache:CreateReplicationGroup":
        # The nodes get the tags, too (https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Tagging-Resources.html).
        return (
            [resource, f"{resource.replace('replicationgroup', 'cluster')}-*"] if kind == ["replicationgroup"] else []
        )
    made = {
        "rds:CreateDBCluster": ["cluster"],
        "rds:CreateDBInstance": ["db"],
        "rds:RestoreDBClusterFromSnapshot": ["cluster"],
    }
    return [resource] if kind == made.get(action.name, kind) else []


def _service_linked_role(action: Action) -> Iterator[Requirement]:
    if action.name in _SERVICE_LINKED_ROLES:
        service, role = _SERVICE_LINKED_ROLES[action.name]
        principal = f"{service}.amazonaws.com"
        yield Requirement(
            "iam:CreateServiceLinkedRole",
            f"arn:aws:iam::{ACCOUNT_ID}:role/aws-service-role/{principal}/AWSServiceRoleFor{role}",
            {"iam:AWSServiceName": principal},
        )


def _passed_roles(action: Action, call: Call) -> Iterator[Requirement]:
    names, service = _PASSED_ROLES.get(action.name, ((), ""))
    for name in names:
        if arn := call.parameters.get(name):
            yield Requirement("iam:PassRole", arn, {"iam:PassedToService": service})


def _keys(call: Call) -> Iterator[Requirement]:
    keys = {call.parameters[name] for name in _KEYS if call.parameters.get(name)}
    if call.operation == "PutBucketEncryption":
        for rule in call.parameters["ServerSideEncryptionConfiguration"]["Rules"]:
            keys |= {rule["ApplyServerSideEncryptionByDefault"].get("KMSMasterKeyID")} - {None}
    if call.service == "logs":
        return  # CloudWatch Logs uses the key by the key's policy
    for key in sorted(keys):
        via = {"kms:ViaService": f"{call.service}.{call.region}.amazonaws.com"}
        yield from (Requirement(name, key, via) for name in _KEY_ACTIONS)


def _scaling(call: Call) -> Iterator[Requirement]:
    if call.service != "application-autoscaling" or call.operation not in _SCALING:
        return
    scaled = f"arn:aws:ecs:{call.region}:{ACCOUNT_ID}:{call.parameters['ResourceId']}"
    yield from (Requirement(name, scaled) for name in _SCALED)
    yield from (Requirement(name, "*") for name in _ALARMS)


def _of_objects(action: Action, call: Call) -> Iterator[Requirement]:
    """Yields what S3 checks for objects.

    It is in https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html, API_HeadObject.html and
    API_PutObject.html.
    """
    bucket, key = call.parameters.get("Bucket", ""), call.parameters.get("Key", "")
    if action.name == "s3:GetObject" and not existing_resources.object_exists(bucket, key):
        yield Requirement("s3:ListBucket", f"arn:aws:s3:::{bucket}")
    if call.operation == "PutObject" and call.parameters.get("Tagging"):
        yield Requirement("s3:PutObjectTagging", f"arn:aws:s3:::{bucket}/{key}")


def _other_resource(name: str, call: Call, found: Sequence[Requirement]) -> str:
    if name.startswith("secretsmanager:"):
        return f"arn:aws:secretsmanager:{call.region}:{ACCOUNT_ID}:secret:rds!cluster-*"
    if name == "rds:CreateDBClusterSnapshot":
        return f"arn:aws:rds:{call.region}:{ACCOUNT_ID}:cluster-snapshot:{call.parameters['FinalDBSnapshotIdentifier']}"
    kinds = service_reference.action(name).resource_types.values()
    return next((each.resource for each in found if any(kind.matches(each.resource) for kind in kinds)), "*")
