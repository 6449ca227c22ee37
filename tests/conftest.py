"""What all tests share: the example fleet, synthesized once."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from litellm_aws.fleet.tenants_file import load_fleet
from litellm_aws.stacks.synthesis import synthesize

PROJECT = Path(__file__).parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the options that write files of the repository, and the duration of the load."""
    parser.addoption("--take-snapshots", action="store_true", help="write tests/snapshots instead of comparing")
    parser.addoption("--take-screenshot", action="store_true", help="write the screenshot of the UI in docs")
    parser.addoption(
        "--write-costs", action="store_true", help="write docs/costs.md and the chart of an apply instead of comparing"
    )
    parser.addoption("--take-deployer-policy", action="store_true", help="write docs/deployer-policy from a new record")
    parser.addoption("--load-minutes", type=float, default=1, help="duration of the load on the served stack")


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Has this session make the module again, once."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def empty_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache without entries, with which synthesis runs CDKTF."""
    folder = tmp_path_factory.mktemp("empty-cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder / "litellm-aws"


@pytest.fixture(scope="session")
def stacks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the synthesized stacks of the example fleet."""
    checkout = tmp_path_factory.mktemp("checkout")
    shutil.copy(PROJECT / "tenants.yaml", checkout)
    shutil.copytree(PROJECT / "config", checkout / "config")
    synthesize(load_fleet(checkout / "tenants.yaml"), checkout / "cdktf.out")
    return checkout / "cdktf.out" / "stacks"


@pytest.fixture(scope="session")
def module(stacks: Path) -> dict[str, Any]:
    """The module's configuration."""
    return dict(json.loads((stacks / "litellm" / "cdk.tf.json").read_text(encoding="utf-8")))
