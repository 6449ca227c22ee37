"""What the users of a stack meet: LiteLLM's answers, keys, budgets and models, and its UI."""

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from litellm_aws.commands.demo.fleet import DEFAULT_VERSION
from litellm_aws.local_aws.account import ACCOUNT_ID
from litellm_aws.local_aws.model_provider import ModelProvider
from tests.conftest import PROJECT
from tests.served.served_stack import QUESTION, ServedStack, becomes, example, keeps_idle_connections, served_stack
from tests.stand_ins.bedrock_runtime import BedrockRuntime
from tests.stand_ins.otlp_receiver import OtlpReceiver

SCREENSHOT = PROJECT / "docs" / "ui-keys.png"
PAGE_SECONDS = 60


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedStack]:
    with served_stack(tmp_path_factory.mktemp("served") / "demo", DEFAULT_VERSION) as stack:
        yield stack


def test_the_answer_of_a_chat_completion(stack: ServedStack) -> None:
    answer = stack.chat(stack.new_key())
    assert answer.status == 200, answer.text
    assert QUESTION["content"] in answer.content


def test_a_wrong_key_is_refused(stack: ServedStack) -> None:
    assert stack.chat("sk-wrong").status == 401


def test_a_key_is_refused_for_another_model(stack: ServedStack) -> None:
    assert stack.chat(stack.new_key(models=["another-model"])).status == 403


def test_a_key_is_refused_when_its_budget_is_spent(stack: ServedStack) -> None:
    key = stack.new_key(max_budget=0.000001)
    assert stack.chat(key).status == 200
    becomes(429, lambda: stack.chat(key).status)
    assert "Budget has been exceeded" in stack.chat(key).text


def test_a_model_added_in_the_ui_is_served_by_all_gateways_and_streamed(stack: ServedStack) -> None:
    """The model's provider takes 0.1 s for each word."""
    with closing(ModelProvider("sk-slow", chunk_seconds=0.1)) as provider:
        stack.add_model("slow", provider.url, "sk-slow")
        tries = 2 * len(stack.addresses("gateway"))  # the load balancer takes turns
        becomes({200}, lambda: {stack.chat(model="slow").status for _ in range(tries)})
        began = time.monotonic()
        words = list(_streamed_words(stack, "slow"))
    times = [at - began for at, _ in words]
    assert QUESTION["content"] in "".join(word for _, word in words)
    assert times[-1] > 0.1 * len(words)
    assert times[0] < times[-1] / 2


def _streamed_words(stack: ServedStack, model: str) -> Iterator[tuple[float, str]]:
    """Yields the parts of an answer, each with the time at which it arrived."""
    body = {"model": model, "messages": [QUESTION], "stream": True}
    headers = {"Authorization": f"Bearer {stack.key}", "Content-Type": "application/json"}
    with urlopen(Request(f"{stack.url}/v1/chat/completions", json.dumps(body).encode(), headers)) as response:
        for line in response:
            data = line.decode().strip().removeprefix("data: ")
            if data.startswith("{"):
                yield time.monotonic(), json.loads(data)["choices"][0]["delta"].get("content") or ""


@pytest.mark.parametrize("service", ["gateway", "backend"])
def test_a_service_keeps_idle_connections(stack: ServedStack, service: str) -> None:
    assert keeps_idle_connections(stack, service)


@pytest.fixture
def page() -> Iterator[Page]:
    """A page in headless Chromium. Skips the test where Debian's package `chromium` is missing."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not on the PATH")
    with sync_playwright() as playwright:
        # Chromium's sandbox does not work as root.
        options = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=program, args=options)
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.set_default_timeout(PAGE_SECONDS * 1000)
        yield page
        browser.close()


def test_the_ui_shows_a_key(stack: ServedStack, page: Page, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    stack.new_key(key_alias="billing-service", max_budget=25)
    page.goto(f"{stack.url}/ui")
    page.get_by_placeholder("Enter your username").fill("admin")
    page.get_by_placeholder("Enter your password").fill(stack.key)
    page.get_by_role("button", name="Login", exact=True).click()
    expect(page.get_by_text("billing-service")).to_be_visible(timeout=PAGE_SECONDS * 1000)
    shown = SCREENSHOT if pytestconfig.getoption("take_screenshot") else tmp_path / SCREENSHOT.name
    page.screenshot(path=shown, animations="disabled")
    assert shown.stat().st_size > 10_000


class Examples(NamedTuple):
    """What the stack uses with the inputs of the examples `bedrock` and `opentelemetry`."""

    bedrock: BedrockRuntime
    collector: OtlpReceiver


@pytest.fixture(scope="module")
def examples(stack: ServedStack) -> Iterator[Examples]:
    """The same stack, with the inputs of two examples. Their models and their callback are added to its own."""
    models, spans = example("bedrock"), example("opentelemetry")

    def edit(config: dict[str, Any]) -> None:
        config["model_list"] += models["proxy_config"]["model_list"]
        config["litellm_settings"] = spans["proxy_config"]["litellm_settings"]

    with closing(BedrockRuntime(stack.account)) as bedrock, closing(OtlpReceiver("x-api-key", "a-key")) as collector:
        stack.edit_proxy_config(
            edit,
            bedrock_model_arns=models["bedrock_model_arns"],
            otel_endpoint=collector.url,
            otel_headers_secret_arn=stack.secret("globex/otel-headers", "x-api-key=a-key"),
            gateway_extra_env={**spans["gateway_extra_env"], "AWS_BEDROCK_RUNTIME_ENDPOINT": bedrock.url},
        )
        stack.wait_until_steady("gateway", "backend")
        yield Examples(bedrock, collector)


def test_a_model_of_bedrock_is_invoked_with_the_credentials_of_the_task_role(
    stack: ServedStack, examples: Examples
) -> None:
    answer = stack.chat(model="nova-2-lite")
    assert answer.status == 200, answer.text
    assert QUESTION["content"] in answer.content
    assert examples.bedrock.roles == [f"arn:aws:iam::{ACCOUNT_ID}:role/globex-litellm-dev-task"]


def test_the_collector_gets_the_span_of_a_chat_completion_without_its_content(
    stack: ServedStack, examples: Examples
) -> None:
    asked = {"role": "user", "content": "What does a span of this request contain?"}
    assert stack.chat(messages=[asked]).status == 200

    becomes(True, lambda: bool(examples.collector.calls_of(stack.model)))
    [span, *_] = examples.collector.calls_of(stack.model)
    expected = {"service.name": "globex-litellm-dev-gateway", "deployment.environment": "dev", "team": "platform"}
    assert expected.items() <= span.resource.items()
    assert not [body for body in examples.collector.bodies if asked["content"].encode() in body]
