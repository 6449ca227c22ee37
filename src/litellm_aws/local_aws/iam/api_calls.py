"""The requests to the local AWS as calls of operations, as botocore's service models describe them."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from typing import Any

from ..retried_requests import Environment

_CREDENTIAL = re.compile(r"Credential=(?P<access_key>[^/]+)/[^/]+/(?P<region>[^/]+)/(?P<service>[^/]+)/")
"""The scope of a signature (IAM User Guide, "AWS Signature Version 4 for API requests")."""
_SERVICES = {"elasticloadbalancing": "elbv2", "monitoring": "cloudwatch"}
"""The service in boto3, where it is not the name that a request is signed for."""


@dataclass(frozen=True)
class Signature:
    """Who signed a request, for what."""

    access_key: str
    region: str
    service: str


@dataclass(frozen=True)
class Call:
    """A call of an operation.

    Attributes:
        service: the service's name in boto3, such as `elbv2`.
        operation: the operation, such as `CreateLoadBalancer`.
        parameters: its parameters, as boto3 takes them.
        region: the region that it was signed for.
    """

    service: str
    operation: str
    parameters: dict[str, Any] = field(repr=False)
    region: str


def signature_of(environment: Environment) -> Signature | None:
    """Returns the signature of a request, or None if it has none."""
    found = _CREDENTIAL.search(environment.get("HTTP_AUTHORIZATION", ""))
    return found and Signature(**found.groupdict())


def call_of(environment: Environment, signature: Signature) -> Call:
    """Returns the call that a request makes. The request can still be processed afterwards."""
    from moto.core.parse import PROTOCOL_PARSERS
    from moto.core.request import Request, determine_request_protocol
    from moto.core.routing import get_service_router
    from moto.core.utils import get_service_model

    body = environment["wsgi.input"].read(int(environment.get("CONTENT_LENGTH") or 0))
    environment["wsgi.input"] = io.BytesIO(body)
    request = Request({**environment, "wsgi.input": io.BytesIO(body)})
    service = _SERVICES.get(signature.service, signature.service)
    operation, labels = get_service_router(service).match(request)
    protocol = determine_request_protocol(get_service_model(service), request.content_type)
    parameters = PROTOCOL_PARSERS[protocol](operation).parse(
        {
            "method": request.method,
            "values": request.values,
            "headers": request.headers,
            "body": request.data,
            "url_path": request.path,
            "url_params": labels,
        }
    )
    return Call(service, operation.name, parameters, signature.region)
