"""The price file: prices, their sources, and the resources that cost nothing or by use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator

from litellm_aws.fleet.problems import RefusedError

SHIPPED = Path(__file__).with_name("prices.yaml")
_Usd = Annotated[Decimal, BeforeValidator(str)]
"""From the digits that the file has, and not from the float that YAML makes of them."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Source(_Part):
    """The public text that a price is from.

    Attributes:
        dated: the date of its prices; None where it has none.
        regions: those that the text, and what `note` names, give the prices for.
    """

    title: str
    url: str
    dated: date | None
    regions: Sequence[str]
    note: str = ""


class Price(_Part):
    """A price, or those of several classes.

    Attributes:
        source: a name among the sources.
        usd: by class, where the price has classes.
    """

    source: str
    usd: _Usd | Mapping[str, _Usd]


class Prices(_Part):
    """All prices of a region.

    Attributes:
        read: when the sources were read.
        prices: by name, which ends in `_hour` or `_month`.
        by_use, free: types of resources, and why they are not in the sum.
    """

    region: str
    read: date
    hours_per_month: int
    sources: Mapping[str, Source]
    prices: Mapping[str, Price]
    by_use: Mapping[str, str]
    free: Mapping[str, str]

    @model_validator(mode="after")
    def _has_every_source(self) -> Prices:
        if missing := {price.source for price in self.prices.values()} - self.sources.keys():
            raise ValueError(f"no such source: {', '.join(sorted(missing))}")
        return self

    def monthly(self, name: str, class_: str = "") -> Decimal:
        """Returns a price for a month.

        Raises:
            RefusedError: there is none.
        """
        price = self.prices.get(name)
        usd = price.usd if price else None
        if isinstance(usd, Mapping):
            usd = usd.get(class_)
        if usd is None:
            raise RefusedError(
                f"There is no price {name}{f' of {class_}' if class_ else ''}: add it to a copy of {SHIPPED}, and give "
                "that with --prices"
            )
        return usd * (self.hours_per_month if name.endswith("_hour") else 1)


def load_prices(file: Path = SHIPPED) -> Prices:
    """Reads a price file.

    Raises:
        RefusedError: it is not one.
    """
    try:
        return Prices.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as error:
        raise RefusedError(f"{file} is no price file such as {SHIPPED}: {error}") from None
