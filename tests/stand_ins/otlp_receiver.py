"""A collector that receives spans by OTLP over HTTP.

Source: the OpenTelemetry Protocol specification 1.x, "OTLP/HTTP" (https://opentelemetry.io/docs/specs/otlp/): binary
protobuf, by POST to /v1/traces; an empty ExportTraceServiceResponse is a full success. The numbers of the fields are
those of open-telemetry/opentelemetry-proto (trace_service.proto, trace.proto, common.proto, resource.proto), and the
encoding is protobuf's (https://protobuf.dev/programming-guides/encoding/).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any

from .http_server import HttpServer

_PROTOBUF = "application/x-protobuf"
_RESOURCE_SPANS, _RESOURCE, _SCOPE_SPANS, _SPANS = 1, 1, 2, 2
_RESOURCE_ATTRIBUTES, _SPAN_NAME, _SPAN_ATTRIBUTES = 1, 5, 9
_KEY, _VALUE, _STRING = 1, 2, 1


@dataclass(frozen=True)
class Span:
    """A span, with its attributes and those of its resource that are text."""

    name: str
    attributes: dict[str, str]
    resource: dict[str, str]


class OtlpReceiver(HttpServer):
    """Receives the requests that have a header.

    Attributes:
        bodies: of these requests.
    """

    def __init__(self, header: str, value: str) -> None:
        """Starts it.

        Args:
            header, value: the header.
        """
        self.bodies: list[bytes] = []
        super().__init__(partial(_Handler, self.bodies, header, value))

    def calls_of(self, model: str) -> list[Span]:
        """Returns the spans of the calls of a model, which OpenTelemetry's semantic conventions define for GenAI."""
        spans = [span for body in list(self.bodies) for span in _spans(body)]
        return [span for span in spans if span.attributes.get("gen_ai.request.model") == model]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, bodies: list[bytes], header: str, value: str, *arguments: Any) -> None:
        self._bodies, self._header, self._value = bodies, header, value
        super().__init__(*arguments)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path != "/v1/traces":
            self._send(HTTPStatus.NOT_FOUND)
        elif self.headers.get(self._header) != self._value:
            self._send(HTTPStatus.UNAUTHORIZED)
        elif self.headers["Content-Type"] != _PROTOBUF or "Content-Encoding" in self.headers:
            self._send(HTTPStatus.BAD_REQUEST)
        else:
            self._bodies.append(body)
            self._send(HTTPStatus.OK)

    def log_message(self, *_: Any) -> None:
        """Does not write to standard error."""

    def _send(self, status: HTTPStatus) -> None:
        self.send_response(status)
        self.send_header("Content-Type", _PROTOBUF)
        self.send_header("Content-Length", "0")
        self.end_headers()


def _spans(request: bytes) -> Iterator[Span]:
    for resource_spans in _messages(request, _RESOURCE_SPANS):
        resource: dict[str, str] = {}
        for message in _messages(resource_spans, _RESOURCE):
            resource.update(_attributes(message, _RESOURCE_ATTRIBUTES))
        for scope_spans in _messages(resource_spans, _SCOPE_SPANS):
            for span in _messages(scope_spans, _SPANS):
                [name] = _messages(span, _SPAN_NAME)
                yield Span(name.decode(), dict(_attributes(span, _SPAN_ATTRIBUTES)), resource)


def _attributes(message: bytes, number: int) -> Iterator[tuple[str, str]]:
    for attribute in _messages(message, number):
        [key] = _messages(attribute, _KEY)
        for value in _messages(attribute, _VALUE):
            for text in _messages(value, _STRING):
                yield key.decode(), text.decode()


def _messages(message: bytes, number: int) -> Iterator[bytes]:
    """Yields the values of a field whose values have a length: messages and texts."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        match key & 7:
            case 0:
                _, at = _varint(message, at)
            case 1:
                at += 8
            case 5:
                at += 4
            case _:
                size, at = _varint(message, at)
                if key >> 3 == number:
                    yield message[at : at + size]
                at += size


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """Returns the number at a position, and the position after it."""
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
