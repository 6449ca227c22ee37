"""How figures are written: with three digits or so, the lowest and the highest value in brackets.

A MB is 1,000,000 bytes; KB and GB likewise.
"""

from collections.abc import Callable

from .spread import Spread

Figure = Callable[[Spread], str]


def times(spread: Spread) -> str:
    """Returns a ratio."""
    return _written(spread, " times", 1)


def seconds(spread: Spread) -> str:
    """Returns a time that is given in seconds."""
    return _written(spread, " s", 1)


def milliseconds(spread: Spread) -> str:
    """Returns a time that is given in seconds, for what takes little of it."""
    return _written(spread, " ms", 1000)


def megabytes(spread: Spread) -> str:
    """Returns an amount of memory that is given in bytes."""
    return _written(spread, " MB", 1e-6)


def kilobytes(size: float) -> str:
    """Returns a size that is given in bytes."""
    return f"{number(size / 1000)} KB"


def number(value: float) -> str:
    """Returns a number with three digits, or with all that it has before the point."""
    if abs(value) == float("inf"):
        return "∞" if value > 0 else "-∞"
    decimals = next((digits for digits, limit in ((2, 9.995), (1, 99.95)) if abs(value) < limit), 0)
    return f"{value:,.{decimals}f}"


def tenants(count: int) -> str:
    """Returns a number of tenants."""
    return f"{count:,} tenant{'' if count == 1 else 's'}"


def rounds(count: int) -> str:
    """Returns a number of rounds."""
    return f"{count:,} round{'' if count == 1 else 's'}"


def _written(spread: Spread, unit: str, factor: float) -> str:
    low, high = number(spread.low * factor), number(spread.high * factor)
    return f"{number(spread.median * factor)}{unit} ({low} to {high})"
