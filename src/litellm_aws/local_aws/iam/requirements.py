"""Which actions on which resources a call needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..account import ACCOUNT_ID
from . import existing_resources
from .api_calls import Call
from .dependent_actions import dependent_requirements
from .policies import Requirement
from .service_reference import Action, ResourceType, action_of

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "BucketName": ("Bucket",),
    "ClusterName": ("clusterName", "cluster", "clusters"),
    "ClusterParameterGroupName": ("DBClusterParameterGroupName",),
    "ClusterSnapshotName": ("DBClusterSnapshotIdentifier", "FinalDBSnapshotIdentifier", "SnapshotIdentifier"),
    "DbClusterInstanceName": ("DBClusterIdentifier",),
    "DbInstanceName": ("DBInstanceIdentifier",),
    "Id": ("Id", "HostedZoneId"),
    "LoadBalancerName": ("Name",),
    "ObjectName": ("Key",),
    "PolicyNameWithPath": ("PolicyName",),
    "RoleNameWithPath": ("RoleName",),
    "SecretId": ("SecretId", "Name"),
    "SecurityGroupId": ("GroupId",),
    "ServiceName": ("serviceName", "service", "services"),
    "SubnetGroupName": ("DBSubnetGroupName",),
    "TargetGroupName": ("Name",),
    "TaskDefinitionFamilyName": ("family", "taskDefinition"),
    "VpcFlowLogId": ("FlowLogIds",),
}
"""The parameters with the value of a variable in ARNs. Others have the variable's own name."""
_EVERYWHERE = ("Partition", "Region", "Account")
_OTHER_LOAD_BALANCERS = ("/gwy/", "/net/")
_NOT_IN_PARAMETERS = {"application-autoscaling": {"ResourceId"}}
"""Variables that are not the parameter of their name: the ARN of a scalable target has an ID of its own
(https://docs.aws.amazon.com/autoscaling/application/APIReference/API_ScalableTarget.html)."""
_ALWAYS_NAMED = {
    *(("rds:CreateDBCluster", "og"), ("rds:RestoreDBClusterFromSnapshot", "og")),
    *(("rds:CreateDBInstance", "og"), ("rds:CreateDBInstance", "pg")),
}
"""Resources that a policy must allow though the request does not name them: RDS takes the default option group and
parameter group (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/security_iam_id-based-policy-examples.html)."""


def requirements(call: Call) -> list[Requirement]:
    """Returns what a call needs.

    Raises:
        LookupError: the Service Authorization Reference does not have the operation.
    """
    needed = action_of(call.service, call.operation, call.parameters)
    if needed is None:
        return []
    tags = request_tags(call.parameters)
    given = {f"aws:RequestTag/{key}": value for key, value in tags.items()}
    given |= _given(call)
    found = [
        Requirement(needed.name, arn, _context(needed, kind, {**given, **existing_resources.tags(arn, call)}))
        for arn, kind in resources(needed, call).items()
    ]
    return [*found, *dependent_requirements(needed, call, found, given, tagged=bool(tags))]


def resources(needed: Action, call: Call) -> dict[str, ResourceType | None]:
    """Returns the ARNs of the resources of a call, with their types; `*` if there are none."""
    service = needed.name.partition(":")[0]
    found: dict[str, ResourceType | None] = {}
    for name, kind in needed.resource_types.items():
        for arn in [*_arns(kind, call), *_named(kind, call, service), *existing_resources.looked_up(name, call)]:
            found[arn] = kind
    if service in ("ec2", "wafv2"):
        # EC2 checks a resource that it is about to create as `<type>/*` (EC2 User Guide, "Identity-based policies").
        # WAF looks a web ACL up by its load balancer.
        unnamed = [kind for kind in needed.resource_types.values() if kind.required and kind not in found.values()]
    elif not found:
        unnamed = [kind for kind in needed.resource_types.values() if kind.required]
    else:
        unnamed = [
            kind
            for name, kind in needed.resource_types.items()
            if (needed.name, name) in _ALWAYS_NAMED and kind not in found.values()
        ]
    found |= {_filled(kind.arn, call, {}): kind for kind in unnamed}
    return found or {"*": None}


def request_tags(parameters: Mapping[str, Any]) -> dict[str, str]:
    """Returns the tags that a call sets, in any of the ways in which services take them."""
    found: dict[str, str] = {}
    for name, value in parameters.items():
        if name in ("Tags", "tags", "AddTags") and isinstance(value, dict):
            found |= value
        elif name in ("Tags", "tags", "AddTags"):
            found |= {_member(tag, "Key"): _member(tag, "Value") or "" for tag in value}
        elif name == "TagSpecifications":
            for each in value:
                found |= request_tags(each)
    return found


def _member(tag: Mapping[str, str], name: str) -> str:
    return tag.get(name) or tag.get(name.lower(), "")


def _given(call: Call) -> dict[str, str]:
    """Returns the condition keys of single services that the policy can use."""
    if call.service == "application-autoscaling" and "ServiceNamespace" in call.parameters:
        return {"application-autoscaling:service-namespace": call.parameters["ServiceNamespace"]}
    return {}


def _context(needed: Action, kind: ResourceType | None, values: Mapping[str, str]) -> dict[str, str]:
    """Returns the condition keys that AWS documents for an action and its resource."""
    documented = needed.keys | (kind.keys if kind else frozenset())
    return {key: value for key, value in values.items() if re.sub("/.*", "/${TagKey}", key) in documented}


def _arns(kind: ResourceType, call: Call) -> Iterator[str]:
    """Yields the parameters that are ARNs of a type."""
    yield from (value for value in _values(call.parameters) if value.startswith("arn:") and kind.matches(value))


def _named(kind: ResourceType, call: Call, service: str) -> Iterator[str]:
    """Yields the ARNs of a type that are made from names and IDs in the parameters."""
    parameters = {name.lower(): value for name, value in call.parameters.items()}
    values: dict[str, list[str]] = {}
    for variable in _VARIABLE.findall(kind.arn):
        if variable in _NOT_IN_PARAMETERS.get(service, ()):
            continue
        for name in _PARAMETERS.get(variable, (variable, f"{variable}s")):
            given = parameters.get(name.lower())
            if given:
                values[variable] = [_short(variable, each) for each in (given if isinstance(given, list) else [given])]
    # Of other ARNs, the parameters say at most a part.
    first = next(variable for variable in _VARIABLE.findall(kind.arn) if variable not in _EVERYWHERE)
    if first not in values or any(other in kind.arn for other in _OTHER_LOAD_BALANCERS):
        return
    # Of a list, there are as many resources as elements.
    for position in range(max(len(each) for each in values.values())):
        chosen = {variable: each[min(position, len(each) - 1)] for variable, each in values.items()}
        yield _filled(kind.arn, call, chosen)


def _short(variable: str, value: str) -> str:
    """Returns the name in a parameter that can also be an ARN, or a path."""
    if variable == "TaskDefinitionFamilyName":
        return value.rpartition("/")[2].partition(":")[0]
    if variable == "SecretId" and value.startswith("arn:"):
        return value.split(":", 6)[6]
    return value.rpartition("/")[2] if value.startswith(("arn:", "/hostedzone/")) else value


def _filled(arn: str, call: Call, values: Mapping[str, str]) -> str:
    known = {"Partition": "aws", "Region": call.region, "Account": ACCOUNT_ID, "Scope": "regional", **values}
    fill: Callable[[re.Match[str]], str] = lambda variable: known.get(variable[1], "*")  # noqa: E731
    return _VARIABLE.sub(fill, arn)


def _values(parameters: Mapping[str, Any]) -> Iterator[str]:
    for value in parameters.values():
        yield from (each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str))
