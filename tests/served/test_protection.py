"""The hardened profile with the real LiteLLM: keys that change, deployments that fail, and a state without secrets.

The tests share one stack and run in this order.
"""

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from litellm_aws.commands.demo.fleet import DEFAULT_VERSION
from litellm_aws.local_aws.model_provider import ModelProvider
from tests.served.load import Load
from tests.served.served_stack import ServedStack, becomes, served_stack

CLIENTS = 2
PAUSE = 0.5
"""Seconds between two requests of a client."""
PROXIES = ("gateway", "backend")
NEW_MASTER_KEY = "sk-another-master-key"
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


@pytest.fixture(scope="module")
def key(stack: ServedStack) -> str:
    return stack.new_key(models=[])


def test_a_generated_salt_key_is_refused_where_credentials_are_stored(stack: ServedStack) -> None:
    said = stack.failed_apply(generate_salt_key=True)
    assert "a different salt key would make the credentials that LiteLLM has stored unreadable" in said
    assert stack.chat(model=STORED).status == 200
    stack.apply(generate_salt_key=False)


def test_the_master_key_changes_and_stored_credentials_still_work(stack: ServedStack, key: str) -> None:
    """The salt key is the first master key, with which LiteLLM has encrypted them (docs/operations.md, "Salt key")."""
    old = stack.key
    with Load(stack, key, clients=CLIENTS, pause=PAUSE) as load:
        stack.apply(
            profile="hardened",
            alb_http_redirect=True,  # the demo has no certificate
            litellm_salt_key_secret_arn=stack.secret("globex/salt-key", old),
            litellm_master_key_secret_arn=stack.secret("globex/master-key", NEW_MASTER_KEY),
        )
    assert not load.failures
    # The apply has waited for the deployments.
    stack.key = NEW_MASTER_KEY
    assert stack.chat(model=STORED).status == 200
    assert stack.chat(old).status == 401
    assert stack.chat(key).status == 200


def test_a_broken_proxy_config_fails_the_apply_and_the_old_version_serves(stack: ServedStack, key: str) -> None:
    before = {name: stack.service(name)["taskDefinition"] for name in PROXIES}
    config = stack.proxy_config.read_text()
    stack.proxy_config.write_text(config + '\nlitellm_settings: {callbacks: ["no_such_module.handler"]}\n')
    with Load(stack, key, clients=CLIENTS, pause=PAUSE) as load:
        said = stack.failed_apply()
    assert not load.failures
    assert "no_such_module" in said
    assert "Essential container in task exited" in said
    assert {name: stack.service(name)["taskDefinition"] for name in PROXIES} == before
    stack.proxy_config.write_text(config)


def test_an_image_that_does_not_start_fails_the_apply_and_the_old_version_serves(stack: ServedStack, key: str) -> None:
    with Load(stack, key, clients=CLIENTS, pause=PAUSE) as load:
        said = stack.failed_apply(gateway_image="registry.example.com/no-such-gateway:1")
    assert not load.failures
    assert "CannotPullContainerError" in said
    assert "globex-litellm-dev-gateway" in said


def test_the_next_good_apply_succeeds(stack: ServedStack, key: str) -> None:
    stack.apply(gateway_image=f"ghcr.io/berriai/litellm-gateway:v{DEFAULT_VERSION}-dev", gateway_min_capacity=3)
    stack.wait_until_steady(*PROXIES)
    assert stack.chat(key).status == 200
    assert "No changes" in stack.terraform("plan", "-no-color")


def test_the_state_contains_no_secret_that_the_stack_uses(stack: ServedStack) -> None:
    manager = stack.account.client("secretsmanager")
    listed = [each["ARN"] for each in manager.list_secrets()["SecretList"]]
    values = {arn: manager.get_secret_value(SecretId=arn)["SecretString"] for arn in listed}
    # The salt key was this stack's generated master key, which stays in the state.
    elsewhere = ("globex-litellm-dev-master-key", "globex/salt-key")
    used: set[Any] = {value for arn, value in values.items() if not any(name in arn for name in elsewhere)}
    passwords = {json.loads(value)["password"] for value in used if value.startswith("{")}
    secrets = passwords | {value for value in used if not value.startswith("{")}
    assert NEW_MASTER_KEY in secrets
    assert len(passwords) == 1
    shown = stack.terraform("show", "-json")
    assert [value for value in secrets if value in shown] == []
    assert "postgresql://" not in shown
    assert "rediss://" not in shown
