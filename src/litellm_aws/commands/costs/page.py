"""docs/costs.md, for developers of this project: `make costs` writes it from the plans of examples and sizes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .command import NOT_IN_THE_SUM
from .first_apply import DURATIONS, OTHER, FirstApply
from .plan_costs import Item, Plan, plan_costs, total
from .prices import Prices

SIZES: Mapping[str, Mapping[str, object]] = {
    "defaults": {},
    "small": {"profile": "small"},
    "small, serverless": {
        "profile": "small",
        "db_serverless_min_capacity": 0.5,
        "db_serverless_max_capacity": 2,
    },
    "standard": {"profile": "standard"},
    "busy": {"profile": "busy"},
}
"""The tenants whose sizes are compared, and the inputs of each."""


def page(sizes: Mapping[str, Any], examples: Mapping[str, Any], prices: Prices, graph: str) -> str:
    """Returns the page.

    Args:
        sizes, examples: what `terraform show -json` says of the plan of each tenant, by its name.
        prices: of the region.
        graph: what `terraform graph` says of the module.
    """
    costs = {name: plan_costs(Plan(document), prices) for name, document in {**sizes, **examples}.items()}
    defaults, small = total(costs["defaults"]), total(costs["small"])
    nat = prices.monthly("nat_gateway_hour") + prices.monthly("public_ipv4_address_hour")
    even = prices.monthly("aurora_instance_hour", "db.t4g.medium") / prices.monthly("aurora_acu_hour")
    durations = _durations(graph, sizes["defaults"])
    return f"""\
# What a tenant costs

`make costs` writes this page from Terraform's plans of the shipped sizes and of `examples`. The prices are
AWS's on-demand prices in USD for {prices.hours_per_month} hours, in {prices.region}, without tax. **Not in the sums:**

{_bullets(NOT_IN_THE_SUM)}

For a plan of your own:

```sh
terraform -chdir=cdktf.out/stacks/acme-prod plan -out=/tmp/acme.tfplan
terraform -chdir=cdktf.out/stacks/acme-prod show -json /tmp/acme.tfplan | litellm-aws costs -
rm /tmp/acme.tfplan                    # it contains secrets
```

The command fails where it has no price for a
resource; `--prices` takes a price file of your own, in the form of `commands/costs/prices.yaml`.

## Sizes

`small`, `standard` and `busy` are profiles that ship with the tool: `profile: small`. Each tenant here has a VPC of its
own with two zones. "1 (1 to 4)" is one task now, and up to four with
autoscaling; the price is for one.

{_matrix({name: costs[name] for name in sizes})}

`small` costs {small / defaults:.0%} of the defaults. What is left of it is hard to make smaller:

- The NAT gateway and its address ({nat:.2f} USD) fall away with an existing VPC (`vpc_id`) that has a way to the
  internet. `tasks_in_public_subnets` needs no NAT gateway either, but is refused with a database: the one-off tasks
  that create its user and its tables run in the private subnets.
- Aurora Serverless v2 with 0.5 ACUs is cheaper than db.t4g.medium only while it needs less than {even:.2f} ACUs on
  average. AWS recommends at least 2 ACUs with Performance Insights, which is on here. With 0 ACUs it would pause, but
  not while a gateway or backend task runs: [operations.md](operations.md#stores-that-cost-less).
- Fargate costs a fifth less with `cpu_architecture: ARM64`, which needs images that are built for it.

## Examples

{_matrix({name: costs[name] for name in examples})}

## A first apply

The seconds are typical creation times on AWS, not measured with this stack; AWS promises none. The rest is computed
from Terraform's plan and graph of the defaults: steps that do not wait for one another run at the same time, and what
is not listed takes {OTHER.least} seconds. The certificate of a `domain_name` is not here: AWS validates it by DNS, in
minutes.

{_table(("step", "seconds", "in public logs", "waits for", "ends after, in minutes"), durations)}

The tasks start with their services. `wait_for_steady_state` waits for them, too. In the one public log of two instances
of Aurora that were created together, the second was available six minutes after the first. No task waits for the
reader. Terraform's limit of ten requests at the same time is left out.

## Prices

{_table(("price", "USD", "source"), _prices(prices, costs.values()))}

All sources were read on {prices.read}. "Dated" is the date that a source has for its prices. Where it is missing, we
could not confirm the price for any date; where {prices.region} is not among the regions, not for this region.

{_table(("source", "text", "dated", "regions", "note"), _sources(prices))}

## What is not in the sums

Costs by use only:

{_table(("resource", "what is paid for"), ((f"`{name}`", what) for name, what in sorted(prices.by_use.items())))}

Free:

{_table(("resource", "why"), ((f"`{name}`", why) for name, why in sorted(prices.free.items())))}
"""


def _matrix(costs: Mapping[str, Sequence[Item]]) -> str:
    """Returns a table with a column for each tenant and a line for each thing that any of them pays for."""
    lines = list(dict.fromkeys(item.what for items in costs.values() for item in items))
    rows = [
        (what, *(_cell([item for item in items if item.what == what]) for items in costs.values())) for what in lines
    ]
    sums = [f"**{total(items):,}**" for items in costs.values()]
    return _table(("", *costs), [*rows, ("**USD a month**", *sums)])


def _cell(items: Sequence[Item]) -> str:
    return ", ".join(f"{item.numbers}{f' of {item.size}' if item.size else ''}: {item.monthly:,}" for item in items)


def _durations(graph: str, plan: Any) -> Iterable[tuple[str, str, str, str, str]]:
    bounds = [FirstApply(graph, plan, longest=longest) for longest in (False, True)]
    shortest = bounds[0]
    for address in (each for each in shortest.steps if each in DURATIONS):
        duration = DURATIONS[address]
        seconds = _range(str(duration.least), str(duration.most))
        after = ", ".join(DURATIONS[each].name for each in shortest.long_steps_before(address))
        ends = _range(*(_clock(each.steps[address].end) for each in bounds))
        yield duration.name, seconds, duration.seen, after, ends
    service = "aws_ecs_service.gateway"
    after = ", ".join(DURATIONS[each].name for each in shortest.long_steps_before(service))
    yield "gateway and backend", "", "", after, _range(*(_clock(each.steps[service].end) for each in bounds))
    yield "**the apply**", "", "", "", _range(*(f"**{_clock(each.seconds)}**" for each in bounds))


def _range(least: str, most: str) -> str:
    return least if least == most else f"{least} to {most}"


def _clock(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02}"


def _prices(prices: Prices, costs: Iterable[Sequence[Item]]) -> Iterable[tuple[str, str, str]]:
    sizes = {item.size for items in costs for item in items}
    for name, price in prices.prices.items():
        classes = price.usd if isinstance(price.usd, Mapping) else {"": price.usd}
        for class_, usd in classes.items():
            if class_ in {"", *sizes}:
                yield f"`{name}`{f' of {class_}' if class_ else ''}", f"{usd}", price.source


def _sources(prices: Prices) -> Iterable[tuple[str, str, str, str, str]]:
    for name, source in prices.sources.items():
        dated = str(source.dated or "missing")
        yield name, f"[{source.title}]({source.url})", dated, ", ".join(source.regions), source.note


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("|" + "|".join(f" {cell} " if cell else " " for cell in cells) + "|" for cells in lines)
