"""`litellm-aws costs`: prints what the resources of a plan cost in a month."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from litellm_aws.commands.text_table import text_table
from litellm_aws.fleet.problems import RefusedError

from .plan_costs import Plan, plan_costs, total
from .prices import SHIPPED, Prices, load_prices

SUMMARY = "Show what the resources of a Terraform plan cost in a month"

NOT_IN_THE_SUM = (
    "data transfer, and what NAT gateways process",
    "capacity units of the load balancer beyond the first",
    "Aurora's storage, I/O and backups",
    "logs and the bucket's objects",
    "what models cost",
)


def add_arguments(parser: ArgumentParser) -> None:
    """Adds the arguments of the command."""
    parser.add_argument("plan", metavar="PLAN", help="what `terraform show -json` writes of a plan; -: standard input")
    parser.add_argument(
        "--prices", type=Path, metavar="FILE", default=SHIPPED, help="a price file; default: %(default)s"
    )
    parser.set_defaults(run=_run)


def _run(arguments: Namespace) -> None:
    print(report(_read(arguments.plan), load_prices(arguments.prices)))


def _read(file: str) -> Any:
    try:
        return json.loads(sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RefusedError(f"{file} cannot be read as JSON: {error}") from None


def report(document: Any, prices: Prices) -> str:
    """Returns the lines of a plan's costs as a table, with what is not in them.

    Args:
        document: what `terraform show -json` says of the plan.
        prices: of the region.

    Raises:
        RefusedError: it is no plan, or there is no price for one of its resources.
    """
    items = plan_costs(Plan(document), prices)
    lines = [(item.what, item.numbers, item.size, item.monthly) for item in items]
    lines.append(("In all", "", "", total(items)))
    rows = [(what, numbers, size, f"{monthly:>11,}") for what, numbers, size, monthly in lines]
    return "\n".join(
        [
            *text_table([("WHAT", "NUMBER", "SIZE", "USD A MONTH"), *rows]),
            "",
            f"On-demand prices of {prices.region} for {prices.hours_per_month} hours, as read on {prices.read}.",
            *_other_region(document, prices),
            "Not in the sum:",
            *(f"- {what}" for what in NOT_IN_THE_SUM),
        ]
    )


def _other_region(document: Any, prices: Prices) -> list[str]:
    providers = document.get("configuration", {}).get("provider_config", {})
    region = providers.get("aws", {}).get("expressions", {}).get("region", {}).get("constant_value", prices.region)
    return [] if region == prices.region else [f"The plan is for {region}, which has other prices."]
