"""The planned containers start on all published images, with the real uvicorn.

The tests run the planned containers on the local Fargate, which combines `entryPoint`, `command`, ENTRYPOINT and CMD
like ECS. `litellm_aws/local_aws/litellm/images.py` names the sources of the images' entry points. The programs in the
images are stand-ins from `litellm_image`; its README names their sources.
"""

import json
import os
import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from litellm_aws.local_aws.container_user import can_change_users
from litellm_aws.local_aws.images import NONROOT, Image, find_image
from litellm_aws.local_aws.litellm.images import litellm_images
from litellm_aws.local_aws.server import LocalAws
from tests.local_aws.test_fargate import SECONDS, Place, address_of
from tests.plan.conftest import Evaluate

PROGRAMS = Path(__file__).with_name("litellm_image")
CONFIG = "model_list: []\n"
PORTS = {"gateway": 4000, "backend": 4001}


def with_programs(image: Image, programs: Path = PROGRAMS) -> Image:
    """Returns an image with the programs of the tests."""
    return replace(
        image,
        path=[PROGRAMS / "bin", Path(sys.executable).parent],
        overrides={"PYTHONPATH": str(programs), "PYTHONUNBUFFERED": "1"},
    )


def image_of(name: str) -> Image:
    """Returns the known image for a name."""
    image = find_image(litellm_images([]), name)
    assert image is not None, name
    return image


IMAGES = {
    "gateway v1.86.0-dev": ("gateway", image_of("x/litellm-gateway:v1.86.0-dev")),
    "gateway between": (
        "gateway",
        replace(
            image_of("x/litellm-gateway:v1.86.0-dev"),
            entry_point=["sh", "-c", 'exec uvicorn gateway.main:app --workers "${NUM_WORKERS:-1}" "$@"', "--"],
        ),
    ),
    "gateway v1.108.7": ("gateway", image_of("x/litellm-gateway:v1.108.7")),
    "backend v1.86.0-dev": ("backend", image_of("x/litellm-backend:v1.86.0-dev")),
    "backend v1.108.7": ("backend", image_of("x/litellm-backend:v1.108.7")),
}
"""The component images, with their old, intermediate and new entry points."""


class RolePlace(Place):
    """A place whose tasks have a role, which gives them credentials for S3."""

    def __init__(self, local_aws: LocalAws) -> None:
        super().__init__(local_aws)
        self.role = self.task_role()


@pytest.fixture(scope="module")
def place(local_aws: LocalAws) -> Iterator["RolePlace"]:
    place = RolePlace(local_aws)
    s3 = place.client("s3")
    s3.create_bucket(Bucket="bucket-mock", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    s3.put_object(Bucket="bucket-mock", Key="config/litellm-config.yaml", Body=CONFIG.encode())
    yield place
    s3.delete_object(Bucket="bucket-mock", Key="config/litellm-config.yaml")
    s3.delete_bucket(Bucket="bucket-mock")


def run(place: RolePlace, planned: Mapping[str, Any], image: Image, programs: Path = PROGRAMS) -> dict[str, Any]:
    """Runs a planned container until it responds, and returns the response. Fails if the container exits first."""
    container = {
        **planned,
        "image": place.image(with_programs(image, programs)),
        "secrets": [],
        "logConfiguration": place.container()["logConfiguration"],
    }
    [task] = place.start_task(container, role=place.role)["tasks"]
    arn, [port] = task["taskArn"], [each["containerPort"] for each in planned["portMappings"]]
    try:
        return answer_of(lambda: place.describe(arn), port)
    finally:
        place.client("ecs").stop_task(cluster=place.name, task=arn)
        place.ended(arn)


def answer_of(describe: Callable[[], Mapping[str, Any]], port: int) -> dict[str, Any]:
    """Returns the response of a task on a port. Fails if the task stops first.

    Args:
        describe: returns the task from DescribeTasks.
        port: the port.
    """
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        task = describe()
        assert task["lastStatus"] != "STOPPED", (task.get("stoppedReason"), task["containers"])
        try:
            with urlopen(f"http://{address_of(task)}:{port}/health/readiness", timeout=5) as response:
                return dict(json.load(response))
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"no answer in {SECONDS} s: {describe()}")


def listens(port: int, task: Mapping[str, Any]) -> bool:
    with socket.socket() as found:
        return found.connect_ex((address_of(task), port)) == 0


@pytest.mark.parametrize("traced", [False, True], ids=["untraced", "traced"])
@pytest.mark.parametrize("configured", [False, True], ids=["without configuration", "with configuration"])
@pytest.mark.parametrize("name", IMAGES)
def test_a_container_starts_on_its_own_image(
    place: RolePlace, evaluate: Evaluate, name: str, configured: bool, traced: bool
) -> None:
    component, image = IMAGES[name]
    answer = run(place, planned(evaluate, component, configured, traced), image)
    assert answer["config"] == (CONFIG if configured else None)
    assert (answer["traced"], answer["traces_openai"]) == (("yes", "False") if traced else (None, None))


@pytest.mark.parametrize("traced", [False, True], ids=["untraced", "traced"])
@pytest.mark.parametrize("configured", [False, True], ids=["without configuration", "with configuration"])
@pytest.mark.parametrize("component", PORTS)
@pytest.mark.parametrize("version", [{"image": "x/litellm:1.110.2"}, {"litellm_version": "v1.110.2"}], ids=str)
def test_a_container_starts_on_the_image_for_all_components(
    place: RolePlace, evaluate: Evaluate, version: dict[str, str], component: str, configured: bool, traced: bool
) -> None:
    container = planned(evaluate, component, configured, traced, **version)
    assert container["image"] == version.get("image", "ghcr.io/berriai/litellm:v1.110.2")
    answer = run(place, container, image_of(container["image"]))
    assert answer["config"] == (CONFIG if configured else None)
    assert (answer["traced"], answer["traces_openai"]) == (("yes", "False") if traced else (None, None))


@pytest.mark.parametrize("traced", [False, True], ids=["untraced", "traced"])
@pytest.mark.parametrize("version", [{}, {"litellm_version": "v1.110.2"}], ids=["own image", "one image"])
def test_the_launcher_starts_the_connection_pool(
    place: RolePlace, evaluate: Evaluate, version: dict[str, str], traced: bool
) -> None:
    container = planned(evaluate, "gateway", True, traced, gateway_connection_pool_enabled=True, **version)
    answer = run(place, container, image_of(container["image"]))
    assert (answer["config"], answer["launched"]) == (CONFIG, True)
    assert answer["traced"] == ("yes" if traced else None)


def test_without_a_launcher_the_gateway_starts_and_has_no_pool(
    place: RolePlace, evaluate: Evaluate, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """LiteLLM 1.86 has neither a launcher nor a pool."""
    container = planned(evaluate, "gateway", False, False, gateway_connection_pool_enabled=True)
    programs = tmp_path_factory.mktemp("without-launcher") / "programs"
    shutil.copytree(PROGRAMS, programs, ignore=shutil.ignore_patterns("launch.py"))
    answer = run(place, container, image_of(container["image"]), programs)
    assert answer["launched"] is False


@pytest.mark.parametrize("task", ["ui", "migrations"])
def test_the_image_for_all_components_gets_its_component_as_an_argument(evaluate: Evaluate, task: str) -> None:
    definition = evaluate(litellm_version="v1.110.2").values(f"aws_ecs_task_definition.{task}")
    [container] = json.loads(definition["container_definitions"])
    assert (container["image"], container["command"]) == ("ghcr.io/berriai/litellm:v1.110.2", [task])
    assert "entryPoint" not in container


@pytest.mark.parametrize("version", [{}, {"litellm_version": "v1.110.2"}], ids=["own image", "one image"])
def test_the_sidecars_keep_running_with_the_gateway(
    place: RolePlace, evaluate: Evaluate, version: dict[str, str]
) -> None:
    inputs = {"gateway_metrics_port": 9464, "collector_enabled": True, "proxy_config": {"model_list": []}, **version}
    definition = evaluate(**inputs).values("aws_ecs_task_definition.gateway")
    containers = [
        {
            **container,
            "image": place.image(with_programs(image_of(container["image"]))),
            "secrets": [],
            "logConfiguration": place.container()["logConfiguration"],
        }
        for container in json.loads(definition["container_definitions"])
    ]
    [task] = place.start_task(*containers, volumes=["prometheus-multiproc"], role=place.role)["tasks"]
    arn = task["taskArn"]
    try:
        answer = answer_of(lambda: place.describe(arn), 4000)
        assert answer["metrics_folder_is_writable"] is True
        assert answer["uid"] == (NONROOT if can_change_users() else os.getuid())
        for port in (9464, 4010):
            place.wait(arn, partial(listens, port))
        states = {
            each["name"]: (each["lastStatus"], each.get("exitCode")) for each in place.describe(arn)["containers"]
        }
        assert states == {
            "metrics-volume": ("STOPPED", 0),
            **dict.fromkeys(("gateway", "metrics", "collector"), ("RUNNING", None)),
        }
    finally:
        place.client("ecs").stop_task(cluster=place.name, task=arn)
        place.ended(arn)


def planned(evaluate: Evaluate, component: str, configured: bool, traced: bool, **inputs: Any) -> dict[str, Any]:
    """Returns the planned container of a component."""
    if configured:
        inputs["proxy_config"] = {"model_list": []}
    if traced:
        inputs |= {f"{service}_extra_env": {"USE_DDTRACE": "TRUE"} for service in PORTS}
    definition = evaluate(**inputs).values(f"aws_ecs_task_definition.{component}")
    [container] = json.loads(definition["container_definitions"])
    return dict(container)
