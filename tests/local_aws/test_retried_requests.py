"""A request that a client retries because the response was lost is processed only once."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from litellm_aws.local_aws.retried_requests import RetriedRequests


class Counter:
    """An application that counts its requests and responds with the count."""

    def __init__(self, status: str = "200 OK") -> None:
        self.status = status
        self.requests = 0

    def __call__(self, environment: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        self.requests += 1
        start_response(self.status, [("X-Count", str(self.requests))])
        return [b"answer ", str(self.requests).encode()]


def ask(application: RetriedRequests, **headers: str) -> tuple[str, bytes]:
    started: list[str] = []
    body = application({"PATH_INFO": "/", **headers}, lambda status, headers: started.append(status))
    return started[0], b"".join(body)


def test_a_retry_gets_the_first_response() -> None:
    counter = Counter()
    application = RetriedRequests(counter)
    first = ask(application, HTTP_AMZ_SDK_INVOCATION_ID="a")
    assert ask(application, HTTP_AMZ_SDK_INVOCATION_ID="a") == first == ("200 OK", b"answer 1")
    assert ask(application, HTTP_AMZ_SDK_INVOCATION_ID="b") == ("200 OK", b"answer 2")


@pytest.mark.parametrize("status", ["400 Bad Request", "500 Internal Server Error"])
def test_a_rejected_request_is_processed_again(status: str) -> None:
    counter = Counter(status)
    application = RetriedRequests(counter)
    ask(application, HTTP_AMZ_SDK_INVOCATION_ID="a")
    assert ask(application, HTTP_AMZ_SDK_INVOCATION_ID="a") == (status, b"answer 2")


def test_a_request_without_a_response_is_processed_again() -> None:
    counter = Counter()

    def failing(environment: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if counter.requests == 0:
            counter.requests += 1
            raise OSError("broken")
        return counter(environment, start_response)

    application = RetriedRequests(failing)
    with pytest.raises(OSError, match="broken"):
        ask(application, HTTP_AMZ_SDK_INVOCATION_ID="a")
    assert ask(application, HTTP_AMZ_SDK_INVOCATION_ID="a") == ("200 OK", b"answer 2")


def test_requests_without_an_invocation_id_are_always_processed() -> None:
    counter = Counter()
    application = RetriedRequests(counter)
    ask(application)
    assert ask(application) == ("200 OK", b"answer 2")
