"""docs/costs.md has the costs of today's plans, and the cheapest tenant with a database is cheap."""

from collections.abc import Mapping
from typing import Any

import pytest

from litellm_aws.commands.costs.page import SIZES, page
from litellm_aws.commands.costs.plan_costs import Plan as PricedPlan
from litellm_aws.commands.costs.plan_costs import plan_costs, total
from litellm_aws.commands.costs.prices import Prices, load_prices
from litellm_aws.fleet.documents import shipped_profiles
from tests.conftest import PROJECT
from tests.plan.conftest import Evaluate
from tests.terraform import Plan, Root

PAGE = PROJECT / "docs" / "costs.md"


def sized(inputs: Mapping[str, object]) -> dict[str, Any]:
    """Returns inputs with those of their profile."""
    own = {name: value for name, value in inputs.items() if name != "profile"}
    return {**shipped_profiles()[str(inputs["profile"])].plain(), **own} if "profile" in inputs else own


@pytest.fixture(scope="module")
def sizes(plan: Evaluate) -> dict[str, Plan]:
    """The plan of each size, with an image for both architectures."""
    return {name: plan(litellm_version="v1.110.2", **sized(inputs)) for name, inputs in SIZES.items()}


@pytest.fixture(scope="module")
def prices() -> Prices:
    return load_prices()


def test_every_size_plans_without_a_warning(sizes: dict[str, Plan]) -> None:
    assert {name: planned.warnings for name, planned in sizes.items()} == dict.fromkeys(SIZES, ())


def documents(plans: dict[str, Plan]) -> dict[str, Any]:
    return {name: planned.document for name, planned in plans.items()}


def test_the_page_is_current(
    sizes: dict[str, Plan],
    examples: dict[str, Plan],
    prices: Prices,
    module_root: Root,
    pytestconfig: pytest.Config,
) -> None:
    written = page(documents(sizes), documents(examples), prices, module_root.graph())
    if pytestconfig.getoption("--write-costs"):
        PAGE.write_text(written, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == written, "if the change is meant, run `make costs` and review the diff"


def test_the_cheapest_tenant_with_a_database_costs_less_than_a_third_of_the_defaults(
    sizes: dict[str, Plan], prices: Prices
) -> None:
    costs = {name: total(plan_costs(PricedPlan(planned.document), prices)) for name, planned in sizes.items()}
    assert "aws_rds_cluster.this[0]" in sizes["small"].addresses
    assert costs["small"] < costs["defaults"] / 3
    assert costs["standard"] <= costs["defaults"] < costs["busy"]
