"""A local AWS, and Terraform that applies to it."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from local_aws.server import LocalAws, serving
from tests.terraform import Terraform, TerraformUnavailable, open_terraform

PROVIDER = {"s3_use_path_style": True, "max_retries": None, "skip_requesting_account_id": False}
"""Arguments of the AWS provider for a local AWS: moto knows no bucket by its host name."""


@pytest.fixture(scope="session")
def local_aws() -> Iterator[LocalAws]:
    with serving() as local_aws:
        yield local_aws


@pytest.fixture(scope="session")
def applying(
    local_aws: LocalAws, tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[Terraform]:
    """Terraform against the local AWS; skips, and says why, where there is no Terraform or AWS provider."""
    with ExitStack() as stack:
        try:
            terraform = stack.enter_context(
                open_terraform(
                    work=tmp_path_factory.mktemp("applied"),
                    cache=pytestconfig.cache.mkdir("terraform-providers"),
                    environment={**local_aws.environment, "AWS_REGION": "us-west-2"},
                    # The AWS CLI of the development packages, for the one-shot tasks.
                    path=[Path(sys.executable).parent],
                )
            )
        except TerraformUnavailable as reason:
            pytest.skip(str(reason))
        yield terraform
