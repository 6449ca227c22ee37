"""Whether a request meets the conditions of a listener rule.

Sources: RuleCondition in the ELBv2 API reference, and "Condition types for listener rules" in the user guide of
Application Load Balancers.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import unquote

from multidict import CIMultiDict, CIMultiDictProxy


@dataclass(frozen=True)
class RoutedRequest:
    """The parts of a request that conditions refer to.

    Attributes:
        method: the HTTP method.
        target: path and query, as sent.
        headers: all headers.
        source: IP address of the client.
    """

    method: str
    target: str
    headers: CIMultiDict[str] | CIMultiDictProxy[str]
    source: str

    @property
    def path(self) -> str:
        """The path, without the query."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """The query, without the question mark."""
        return self.target.partition("?")[2]

    @property
    def host(self) -> str:
        """The Host header, without the port."""
        return self.headers.get("Host", "").partition(":")[0]

    def parameters(self) -> Iterator[tuple[str, str]]:
        """Yields the decoded keys and values of the query."""
        for pair in self.query.split("&"):
            key, _, value = pair.partition("=")
            yield unquote(key), unquote(value)


def meets(request: RoutedRequest, conditions: Sequence[Mapping[str, Any]]) -> bool:
    """Returns whether a request meets all conditions, each of which needs one of its values to match."""
    return all(_meets(request, condition) for condition in conditions)


def matches(pattern: str, text: str, *, case_sensitive: bool) -> bool:
    """Returns whether a whole text matches a pattern.

    Args:
        pattern: `*` matches any number of characters, `?` exactly one, and a backslash makes the next one literal.
        text: the text.
        case_sensitive: whether case matters.
    """
    return _compiled(pattern, case_sensitive).fullmatch(text) is not None


@cache
def _compiled(pattern: str, case_sensitive: bool) -> re.Pattern[str]:
    wildcards = {"*": ".*", "?": "."}
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    expression = "".join(wildcards.get(part) or re.escape(part[-1]) for part in parts)
    return re.compile(expression, re.DOTALL if case_sensitive else re.DOTALL | re.IGNORECASE)


def _meets(request: RoutedRequest, condition: Mapping[str, Any]) -> bool:
    def any_matches(values: Sequence[str], *, case_sensitive: bool = False) -> bool:
        return any(matches(pattern, value, case_sensitive=case_sensitive) for pattern in patterns for value in values)

    field = condition["Field"]
    settings = condition.get(_SETTINGS[field], condition)
    patterns = settings["Values"]
    if field == "path-pattern":
        return any_matches([request.path], case_sensitive=True)
    if field == "host-header":
        return any_matches([request.host])
    if field == "http-header":
        return any_matches(request.headers.getall(settings["HttpHeaderName"], []))
    if field == "http-request-method":
        return request.method in patterns
    if field == "source-ip":
        return any(ip_address(request.source) in ip_network(block) for block in patterns)
    return any(
        matches(pattern.get("Key", "*"), key, case_sensitive=False)
        and matches(pattern["Value"], value, case_sensitive=False)
        for pattern in patterns
        for key, value in request.parameters()
    )


_SETTINGS = {
    "path-pattern": "PathPatternConfig",
    "host-header": "HostHeaderConfig",
    "http-header": "HttpHeaderConfig",
    "http-request-method": "HttpRequestMethodConfig",
    "query-string": "QueryStringConfig",
    "source-ip": "SourceIpConfig",
}
"""The member of a condition that contains its values. Path and host conditions can also have `Values` directly."""
