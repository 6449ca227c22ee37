"""What AWS knows about the resources of a call that the call itself does not say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..account import ACCOUNT_ID
from .api_calls import Call

_TYPES = {
    "vpc": "vpc",
    "subnet": "subnet",
    "sg": "security-group",
    "rtb": "route-table",
    "igw": "internet-gateway",
    "nat": "natgateway",
    "eipalloc": "elastic-ip",
    "fl": "vpc-flow-log",
}
"""The type of a resource of EC2, by the beginning of its ID."""


def tags(arn: str, call: Call) -> dict[str, str]:
    """Returns the tags of a resource as condition keys, for services whose ARNs have no names."""
    service, resource = arn.split(":")[2:6:3] if arn != "*" else ("", "")
    found: Any = {}
    if service == "ec2":
        found = _ec2(call).tags.get(resource.rpartition("/")[2], {})
    elif service == "acm":
        from moto.acm.models import acm_backends

        certificate = acm_backends[ACCOUNT_ID][call.region]._certificates.get(arn)
        found = certificate.tags if certificate else {}
    return {f"aws:ResourceTag/{key}": value or "" for key, value in found.items()}


def looked_up(kind: str, call: Call) -> Iterator[str]:
    """Yields the ARNs of a type of EC2's that AWS looks up by an ID in the call."""
    if call.service != "ec2":
        return
    identifiers = list(call.parameters.get("Resources", ()))  # of CreateTags and DeleteTags
    association = call.parameters.get("AssociationId", "")
    if call.operation == "DisassociateRouteTable":
        for table in _ec2(call).route_tables.values():
            if association in table._associations:
                identifiers += [table.id, table._associations[association]]
    elif call.operation == "DisassociateAddress":
        identifiers += [each.allocation_id for each in _ec2(call).addresses if each.association_id == association]
    elif call.operation == "CreateFlowLogs":
        identifiers += call.parameters["ResourceIds"]
    for identifier in identifiers:
        if _TYPES.get(identifier.partition("-")[0]) == kind:
            yield f"arn:aws:ec2:{call.region}:{ACCOUNT_ID}:{kind}/{identifier}"


def object_exists(bucket: str, key: str) -> bool:
    """Returns whether S3 has an object."""
    from moto.s3.models import s3_backends

    found = s3_backends[ACCOUNT_ID]["aws"].buckets.get(bucket)
    return found is not None and key in found.keys


def _ec2(call: Call) -> Any:
    from moto.ec2.models import ec2_backends

    return ec2_backends[ACCOUNT_ID][call.region]
