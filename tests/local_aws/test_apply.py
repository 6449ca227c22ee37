"""The module applied to the local AWS: the tasks run, the plan is empty afterwards, nothing is left behind."""

from pathlib import Path

import pytest

from local_aws.server import LocalAws
from tests.local_aws.conftest import PROVIDER
from tests.plan.conftest import TRIAL
from tests.terraform import Root, Terraform


@pytest.fixture(scope="module")
def root(applying: Terraform, stacks: Path) -> Root:
    root = applying.root(stacks / "litellm", provider=PROVIDER)
    root.apply({**TRIAL, "proxy_config": {"model_list": []}})
    return root


def test_x(root: Root, local_aws: LocalAws) -> None:
    assert root.plan({**TRIAL, "proxy_config": {"model_list": []}}, refresh=True).changes == {}
