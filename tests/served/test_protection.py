"""The protection of credentials that the real LiteLLM has stored."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from commands.demo.fleet import DEFAULT_VERSION
from local_aws.model_provider import ModelProvider
from tests.served.served_stack import ServedStack, becomes, served_stack

STORED = "stored-model"
"""A model whose credentials are in LiteLLM's database."""
PROVIDER_KEY = "sk-of-the-stored-model"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedStack]:
    folder = tmp_path_factory.mktemp("served") / "demo"
    with served_stack(folder, DEFAULT_VERSION) as stack, closing(ModelProvider(PROVIDER_KEY)) as provider:
        stack.add_model(STORED, provider.url, PROVIDER_KEY)
        tries = 2 * len(stack.addresses("gateway"))  # the load balancer takes turns
        becomes({200}, lambda: {stack.chat(model=STORED).status for _ in range(tries)})
        yield stack


def test_a_generated_salt_key_is_refused_where_credentials_are_stored(stack: ServedStack) -> None:
    said = stack.failed_apply(generate_salt_key=True)
    assert "a different salt key would make the credentials that LiteLLM has stored unreadable" in said
    assert stack.chat(model=STORED).status == 200
    stack.apply(generate_salt_key=False)
