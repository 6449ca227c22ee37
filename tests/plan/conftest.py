"""Terraform for the tests in this folder."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.terraform import Terraform, TerraformUnavailable, open_terraform


@pytest.fixture(scope="session")
def terraform(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Terraform]:
    """Terraform with its providers running; skips, and says why, where they cannot be had."""
    with ExitStack() as stack:
        try:
            opened = open_terraform(
                work=tmp_path_factory.mktemp("terraform"),
                cache=pytestconfig.cache.mkdir("terraform-providers"),
            )
            terraform = stack.enter_context(opened)
        except TerraformUnavailable as reason:
            pytest.skip(str(reason))
        yield terraform
