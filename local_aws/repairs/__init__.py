"""Where moto is not true enough for this stack: each function here mends one thing, and says what AWS does."""

from collections.abc import Callable

REPAIRS: tuple[Callable[[], None], ...] = ()
"""All repairs. Each changes moto's classes in this process, once."""


def mend_moto() -> None:
    """Applies all repairs."""
    for repair in REPAIRS:
        repair()
