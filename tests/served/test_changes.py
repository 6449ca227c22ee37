"""Changes of a running stack under load: by an operator, and by accidents. The tests build on each other's stack."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from litellm_aws.commands.demo.fleet import DEFAULT_VERSION
from litellm_aws.local_aws.container_address import TASK_ADDRESS
from litellm_aws.local_aws.litellm.installation import VERSIONS
from tests.served.load import Load
from tests.served.served_stack import ServedStack, answers, becomes, example, keeps_idle_connections, served_stack
from tests.stand_ins.otlp_receiver import OtlpReceiver

CLIENTS = 3
PAUSE = 0.2
"""Seconds between two requests of a client, which leaves time for tasks to start."""
METRICS, SPANS = example("prometheus"), example("opentelemetry")
METRICS_PORT = METRICS["gateway_metrics_port"]
PROXIES = ("gateway", "backend")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedStack]:
    with served_stack(tmp_path_factory.mktemp("served") / "demo", DEFAULT_VERSION, VERSIONS[-1]) as stack:
        yield stack


@pytest.fixture(scope="module")
def key(stack: ServedStack) -> str:
    return stack.new_key()


@pytest.fixture(scope="module")
def collector() -> Iterator[OtlpReceiver]:
    with closing(OtlpReceiver("x-api-key", "a-key")) as receiver:
        yield receiver


def test_every_request_of_a_long_load_is_answered_and_recorded(stack: ServedStack, pytestconfig: pytest.Config) -> None:
    key = stack.new_key()
    with Load(stack, key, clients=8) as load:
        time.sleep(60 * pytestconfig.getoption("load_minutes"))
    assert not load.failures
    becomes(len(load.outcomes), lambda: stack.recorded_requests(key))


def test_a_killed_task_is_replaced(stack: ServedStack, key: str) -> None:
    """The load balancer answers 502 for what it sends to the task until ECS has deregistered it, as an ALB does."""
    before = stack.addresses("gateway")
    victim = before[0]
    with Load(stack, key, clients=CLIENTS, pause=PAUSE) as load:
        time.sleep(5)
        killed = time.monotonic()
        _kill_processes_at(victim)
        becomes(False, lambda: victim in stack.addresses("gateway"), 10)
        gone = time.monotonic()
        becomes(len(before), lambda: len(stack.addresses("gateway")))
        time.sleep(5)
    assert all(killed <= failure.ended and failure.began <= gone for failure in load.failures)
    assert set(load.results) <= {"200", "502"}
    sent = [outcome for outcome in load.outcomes if killed <= outcome.ended and outcome.began <= gone]
    print(f"{len(load.failures)} of {len(sent)} requests failed in the {gone - killed:.1f} s of the deregistration")


def _kill_processes_at(address: str) -> None:
    """Kills uvicorn in the container of a task."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environment, command = (process / "environ").read_bytes(), (process / "cmdline").read_bytes()
        except OSError:
            continue
        if f"{TASK_ADDRESS}={address}".encode() in environment.split(b"\0") and b"uvicorn" in command:
            found.append(int(process.name))
    assert found
    for pid in found:
        os.kill(pid, signal.SIGKILL)


def test_an_edit_of_the_proxy_config_rolls_both_services(stack: ServedStack, key: str) -> None:
    def add_model(config: dict[str, Any]) -> None:
        config["model_list"].append({**config["model_list"][0], "model_name": "gpt-4o-again"})

    before = {name: stack.service(name)["taskDefinition"] for name in PROXIES}
    with Load(stack, key, clients=CLIENTS, pause=PAUSE) as load:
        stack.edit_proxy_config(add_model)
        stack.wait_until_steady(*PROXIES)
        time.sleep(5)
    assert not load.failures
    assert all(stack.service(name)["taskDefinition"] != before[name] for name in PROXIES)
    assert stack.chat(model="gpt-4o-again").status == 200


def test_an_older_revision_keeps_its_proxy_config(stack: ServedStack) -> None:
    """So that a rollback returns to it."""
    family, _, _ = stack.service("gateway")["taskDefinition"].rpartition(":")
    with stack.task(f"{family}:1") as address:
        origin = f"http://{address}:4000"
        becomes(True, lambda: answers(f"{origin}/health/liveliness"))
        found = stack.ask("/v1/models", origin=origin).json["data"]
    assert [model["id"] for model in found] == [stack.model]


def test_a_broken_proxy_config_does_not_replace_the_running_version(stack: ServedStack, key: str) -> None:
    def break_it(config: dict[str, Any]) -> None:
        config["litellm_settings"] = {"callbacks": ["no_such_module.handler"]}

    with Load(stack, key, clients=CLIENTS, pause=PAUSE) as load:
        stack.edit_proxy_config(break_it)
        for name in PROXIES:
            becomes(True, lambda name=name: stack.has_failed_tasks(name))  # type: ignore[misc]
        time.sleep(10)
    assert not load.failures
    assert all(stack.addresses(name) for name in PROXIES)


def test_a_repair_and_an_upgrade_lose_no_request_and_keep_keys(
    stack: ServedStack, key: str, collector: OtlpReceiver
) -> None:
    """The new version also gets the metrics port and the collector of the examples."""

    def repair(config: dict[str, Any]) -> None:
        settings = [each["proxy_config"]["litellm_settings"] for each in (METRICS, SPANS)]
        config["litellm_settings"] = {"callbacks": [name for each in settings for name in each["callbacks"]]}

    with Load(stack, key, clients=CLIENTS, pause=PAUSE) as load:
        stack.edit_proxy_config(
            repair,
            litellm_version=f"v{VERSIONS[-1]}",
            gateway_metrics_port=METRICS_PORT,
            otel_endpoint=collector.url,
            otel_headers_secret_arn=stack.secret("globex/otel-headers", "x-api-key=a-key"),
        )
        stack.wait_until_steady(*PROXIES, "ui")
        time.sleep(5)
    assert not load.failures
    assert stack.ask("/openapi.json").json["info"]["version"] == VERSIONS[-1]
    assert stack.chat(key).status == 200
    assert stack.chat("sk-wrong").status == 401
    assert all(keeps_idle_connections(stack, name) for name in PROXIES)


def test_the_metrics_port_has_the_metrics_of_all_gateways(stack: ServedStack, key: str) -> None:
    for _ in range(2 * len(stack.addresses("gateway"))):
        assert stack.chat(key).status == 200
    for address in stack.addresses("gateway"):
        with urlopen(f"http://{address}:{METRICS_PORT}/metrics", timeout=10) as response:
            metrics = response.read().decode()
        tokens = [line for line in metrics.splitlines() if line.startswith("litellm_total_tokens_metric_total{")]
        assert sum(float(line.rpartition(" ")[2]) for line in tokens) > 0


def test_the_collector_gets_the_spans_of_the_new_version(stack: ServedStack, collector: OtlpReceiver) -> None:
    becomes(True, lambda: bool(collector.calls_of(stack.model)))
    [span, *_] = collector.calls_of(stack.model)
    assert span.resource["service.name"] == "globex-litellm-dev-gateway"
