"""Makes policies from what the requests of a deployer needed.

The policies have placeholders: ACCOUNT, REGION, and STACK for the beginning of the names of the stacks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..account import ACCOUNT_ID, REGION
from .api_calls import Call
from .policies import Requirement
from .requirements import requirements

TAG = "litellm:stack"
"""The tag with the name of the stack, which every resource has that can have tags."""
LIMIT = 6144
"""The characters of a managed policy, without white space
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html)."""
_LONGEST = {"ACCOUNT": "1" * 12, "REGION": "ap-southeast-1", "STACK": "a-tenant-of-21-letter-litellm-"}
"""The longest values of the placeholders."""
_KEPT = ("iam:PassedToService", "application-autoscaling:service-namespace", "kms:ViaService", "ec2:CreateAction")
"""The condition keys of the policies beside those of tags."""
_FILES = {
    "network": ("acm", "ec2", "elasticloadbalancing", "route53", "wafv2"),
    "data": ("elasticache", "kms", "rds", "s3", "secretsmanager"),
    "tasks": ("application-autoscaling", "cloudwatch", "ecs", "iam", "logs"),
}
"""The policies, and the services whose actions they have."""


@dataclass(frozen=True, order=True)
class Grant:
    """What a policy has to allow for a requirement.

    Attributes:
        action: the action.
        resource: ARN of the resources, with placeholders.
        conditions: condition keys and the patterns that their values match.
    """

    action: str
    resource: str
    conditions: tuple[tuple[str, str], ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """The condition keys."""
        return tuple(key for key, _ in self.conditions)

    @property
    def is_of_stack(self) -> bool:
        """Whether the resource is the stack's, by its name or its tag."""
        return (
            "STACK" in self.resource
            or (f"aws:RequestTag/{TAG}" in self.keys and not self.is_adopted)
            or f"aws:ResourceTag/{TAG}" in self.keys
        )

    @property
    def is_adopted(self) -> bool:
        """Whether the resource exists without the stack's tag, and gets it, as the default security group of a VPC."""
        return self.action == "ec2:CreateTags" and self.keys == (f"aws:RequestTag/{TAG}",)

    @property
    def line(self) -> str:
        """The grant in a line of text."""
        return " ".join([self.action, self.resource, *(f"{key}={value}" for key, value in self.conditions)])

    @classmethod
    def from_line(cls, line: str) -> Grant:
        """Returns the grant of a line."""
        action, resource, *conditions = line.split()
        pairs = (condition.partition("=") for condition in conditions)
        return cls(action, resource, tuple((key, value) for key, _, value in pairs))


def grant_for(needed: Requirement, stack: str) -> Grant:
    """Returns what allows a requirement of a stack, and as little else as AWS can tell apart.

    Resources whose ARN has the stack's name are told by it; others by their tag, or by the tag that the request gives
    them. What has neither is allowed for all resources of the type.

    Args:
        needed: the requirement.
        stack: the stack's name.
    """
    conditions = {key: value.replace(REGION, "REGION") for key, value in needed.context.items() if key in _KEPT}
    resource = needed.resource.replace(ACCOUNT_ID, "ACCOUNT").replace(REGION, "REGION")
    before, name, _ = resource.partition(stack)
    if name:
        resource = f"{before}STACK*"
    else:
        if needed.context.get(f"aws:ResourceTag/{TAG}") == stack:
            conditions = {f"aws:ResourceTag/{TAG}": "STACK*"}
        elif needed.context.get(f"aws:RequestTag/{TAG}") == stack:
            conditions[f"aws:RequestTag/{TAG}"] = "STACK*"
        if "*" not in resource and "/aws-service-role/" not in resource:
            resource = re.sub(r"^((?:[^:]*:){5}(?:[^:/]*[:/])?).*", r"\1*", resource)
    return Grant(needed.action, resource, tuple(sorted(conditions.items())))


def seldom_needed() -> set[Grant]:
    """Returns what requests need that no deployment of the record makes.

    Scripts stop a task that takes too long, and read the log of one that fails. Terraform updates resources in place
    when the module or what it names changes in other ways than in the record; these are the operations with which the
    provider updates the module's types of resources (internal/service in hashicorp/terraform-provider-aws).
    """
    stack, arn = "STACK", f"arn:aws:%s:{REGION}:{ACCOUNT_ID}:%s"
    balancer, listener, rule, group = (
        arn % ("elasticloadbalancing", name)
        for name in (
            f"loadbalancer/app/{stack}/1",
            f"listener/app/{stack}/1/2",
            f"listener-rule/app/{stack}/1/2/3",
            f"targetgroup/{stack}/1",
        )
    )
    tag = {f"aws:ResourceTag/{TAG}": stack}
    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("cloudwatch", "UntagResource", {"ResourceARN": arn % ("cloudwatch", f"alarm:{stack}")}),
        ("ecs", "ListTasks", {"cluster": stack}),
        ("ecs", "StopTask", {"cluster": stack, "task": arn % ("ecs", "task/STACK/1")}),
        ("ecs", "UpdateCluster", {"cluster": stack}),
        ("ecs", "PutClusterCapacityProviders", {"cluster": stack}),
        ("elasticache", "ModifyCacheSubnetGroup", {"CacheSubnetGroupName": stack}),
        ("elbv2", "ModifyListener", {"ListenerArn": listener}),
        ("elbv2", "ModifyListenerAttributes", {"ListenerArn": listener}),
        ("elbv2", "ModifyRule", {"RuleArn": rule}),
        ("elbv2", "ModifyTargetGroup", {"TargetGroupArn": group}),
        ("elbv2", "SetRulePriorities", {"RuleArns": [rule]}),
        ("elbv2", "SetSecurityGroups", {"LoadBalancerArn": balancer}),
        ("elbv2", "SetSubnets", {"LoadBalancerArn": balancer}),
        ("iam", "UpdateAssumeRolePolicy", {"RoleName": stack}),
        ("iam", "UpdateRole", {"RoleName": stack}),
        ("logs", "DeleteRetentionPolicy", {"logGroupName": f"/ecs/{stack}"}),
        ("logs", "DisassociateKmsKey", {"logGroupName": f"/ecs/{stack}"}),
        ("logs", "GetLogEvents", {"logGroupName": f"/ecs/{stack}", "logStreamName": "*"}),
        ("rds", "ModifyDBSubnetGroup", {"DBSubnetGroupName": stack}),
        *(
            ("rds", "RestoreDBClusterFromSnapshot", {"DBClusterIdentifier": stack, "SnapshotIdentifier": snapshot})
            for snapshot in (stack, f"rds:{stack}")
        ),
        ("s3", "DeleteObjectTagging", {"Bucket": stack, "Key": "litellm-config.yaml"}),
    ]
    needed = [each for call in calls for each in requirements(Call(*call, REGION))]
    tagged = [
        Requirement("acm:RemoveTagsFromCertificate", arn % ("acm", "certificate/1"), tag),
        *(Requirement(f"ec2:{name}", arn % ("ec2", "route-table/1"), tag) for name in ("DeleteRoute", "ReplaceRoute")),
    ]
    return {grant_for(each, stack) for each in [*needed, *tagged]}


def documents(grants: Iterable[Grant]) -> dict[str, dict[str, Any]]:
    """Returns the policies that allow grants, by their names."""
    of_file: dict[str, list[Grant]] = {name: [] for name in _FILES}
    for grant in grants:
        service = grant.action.partition(":")[0]
        of_file[next(name for name, services in _FILES.items() if service in services)].append(grant)
    return {name: document(found) for name, found in of_file.items()}


def document(grants: Iterable[Grant]) -> dict[str, Any]:
    """Returns a policy that allows grants."""
    grants = _without_implied(set(grants))
    resources: dict[tuple[Any, ...], set[str]] = {}
    for grant in grants:
        if not grant.is_of_stack:
            resources.setdefault((grant.action, grant.keys), set()).add(grant.resource)
    statements: dict[tuple[tuple[str, ...], ...], list[Grant]] = {}
    for grant in sorted(grants):
        service = grant.action.partition(":")[0]
        if grant.resource == "*":
            group: tuple[str, ...] = ("*",)
        elif grant.is_of_stack:
            # An action applies to resources of its own types only, so that all that are the stack's can be together.
            group = (service,)
        else:
            group = (service, *sorted(resources[grant.action, grant.keys]))
        statements.setdefault((group, grant.keys), []).append(grant)
    return {"Version": "2012-10-17", "Statement": [_statement(members) for _, members in sorted(statements.items())]}


def size(policy: Mapping[str, Any]) -> int:
    """Returns the largest number of characters that a policy has for IAM."""
    return len(filled(re.sub(r"\s", "", json.dumps(policy)), _LONGEST))


def filled(text: str, values: Mapping[str, str]) -> str:
    """Replaces the placeholders in the text of a policy."""
    return re.sub("|".join(values), lambda found: values[found[0]], text)


def _without_implied(grants: set[Grant]) -> list[Grant]:
    """Returns grants without those that another one, for all resources or with fewer conditions, implies."""
    of_action: dict[str, list[Grant]] = {}
    for grant in grants:
        if not grant.is_adopted:
            of_action.setdefault(grant.action, []).append(grant)
    return [
        grant
        for grant in grants
        if not any(
            other != grant
            and other.resource in (grant.resource, "*")
            and set(other.conditions) <= set(grant.conditions)
            for other in of_action.get(grant.action, ())
        )
    ]


def _statement(members: Sequence[Grant]) -> dict[str, Any]:
    resources = sorted({each.resource for each in members})
    if members[0].action.startswith("ec2:") and members[0].is_of_stack:
        # A resource that exists has its own tag, and EC2 checks the tag of the request for what it creates only.
        resources = ["arn:aws:ec2:REGION:ACCOUNT:*"]
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Action": _one_or_all(sorted({each.action for each in members})),
        "Resource": _one_or_all(resources),
    }
    conditions: dict[str, set[str]] = {}
    for key, value in (pair for each in members for pair in each.conditions):
        conditions.setdefault(key, set()).add(value)
    operators: dict[str, dict[str, Any]] = {}
    for key, values in sorted(conditions.items()):
        operator = "StringLike" if any("*" in value for value in values) else "StringEquals"
        operators.setdefault(operator, {})[key] = _one_or_all(sorted(values))
    return {**statement, "Condition": operators} if operators else statement


def _one_or_all(values: Sequence[str]) -> Any:
    return values[0] if len(values) == 1 else list(values)
