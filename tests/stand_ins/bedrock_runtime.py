"""The runtime endpoint of Amazon Bedrock, as far as the operation Converse.

Source: botocore's service model `bedrock-runtime`, against which each request and each answer is checked; and the
Bedrock user guide, "Geographic cross-Region inference" (whoever invokes an inference profile needs the permission for
the profile, and for its model) and "Converse" (it needs bedrock:InvokeModel).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import unquote

import boto3
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel
from botocore.validate import ParamValidator

from litellm_aws.local_aws.account import ACCOUNT_ID, Account
from litellm_aws.local_aws.permissions import allowed

from .http_server import HttpServer

_CREDENTIAL = re.compile(r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/\d{8}/(?P<region>[^/]+)/bedrock/aws4_request, ")
"""Signature Version 4, "Authorization header"."""


class BedrockRuntime(HttpServer):
    """Answers requests for inference profiles, where the sender's role has the permission.

    It does not check signatures.

    Attributes:
        roles: ARNs of the roles whose requests were answered.
    """

    def __init__(self, account: Account) -> None:
        """Starts it, for the roles of an account."""
        self.roles: list[str] = []
        model = ServiceModel(Loader().load_service_model("bedrock-runtime", "service-2"))
        super().__init__(partial(_Handler, self.roles, account, model.operation_model("Converse")))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, roles: list[str], account: Account, converse: OperationModel, *arguments: Any) -> None:
        self._roles, self._account, self._converse = roles, account, converse
        super().__init__(*arguments)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        path = re.fullmatch("/model/([^/]+)/converse", self.path)
        signed = _CREDENTIAL.match(self.headers.get("Authorization", ""))
        if path is None:
            self._send_error(HTTPStatus.NOT_FOUND, "UnknownOperationException", self.path)
        elif signed is None:
            self._send_error(
                HTTPStatus.FORBIDDEN, "MissingAuthenticationTokenException", "Missing Authentication Token"
            )
        else:
            self._answer(unquote(path[1]), body, signed["key"], signed["region"])

    def _answer(self, model: str, asked: Mapping[str, Any], access_key: str, region: str) -> None:
        wrong = ParamValidator().validate({"modelId": model, **asked}, self._converse.input_shape)
        role = self._role(access_key)
        _, _, foundation_model = model.partition(".")
        resources = (
            f"arn:aws:bedrock:{region}:{ACCOUNT_ID}:inference-profile/{model}",
            f"arn:aws:bedrock:{region}::foundation-model/{foundation_model}",
        )
        refused = [arn for arn in resources if not allowed(self._account, role, "bedrock:InvokeModel", arn)]
        if wrong.has_errors():
            self._send_error(HTTPStatus.BAD_REQUEST, "ValidationException", wrong.generate_report())
        elif refused:
            said = f"User: {role} is not authorized to perform: bedrock:InvokeModel on resource: {refused[0]}"
            self._send_error(HTTPStatus.FORBIDDEN, "AccessDeniedException", said)
        else:
            self._roles.append(role)
            self._send(HTTPStatus.OK, self._completion(asked))

    def _role(self, access_key: str) -> str:
        """Returns the ARN of the role to whose session an access key belongs."""
        sts = boto3.client(
            "sts",
            region_name="us-west-2",
            endpoint_url=self._account.endpoint,
            aws_access_key_id=access_key,
            aws_secret_access_key="unknown",
            aws_session_token=self.headers["X-Amz-Security-Token"],
        )
        _, role, _ = sts.get_caller_identity()["Arn"].split("/")
        return f"arn:aws:iam::{ACCOUNT_ID}:role/{role}"

    def _completion(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        question = " ".join(block["text"] for block in asked["messages"][-1]["content"])
        answer = {
            "output": {"message": {"role": "assistant", "content": [{"text": f"You asked: {question}"}]}},
            "stopReason": "end_turn",
            "usage": {"inputTokens": 5, "outputTokens": 7, "totalTokens": 12},
            "metrics": {"latencyMs": 1},
        }
        wrong = ParamValidator().validate(answer, self._converse.output_shape)
        assert not wrong.has_errors(), wrong.generate_report()
        return answer

    def log_message(self, *_: Any) -> None:
        """Does not write to standard error."""

    def _send_error(self, status: HTTPStatus, kind: str, message: str) -> None:
        self._send(status, {"message": message}, {"x-amzn-ErrorType": kind})

    def _send(self, status: HTTPStatus, answer: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
