"""Changes to moto's classes, in place."""

from collections.abc import Callable
from functools import wraps
from typing import Any


def around(owner: type, name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorates a function that takes a method's place: it gets the original first, then what the method gets."""
    original = getattr(owner, name)

    def put_around(replacement: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(original)
        def method(*args: Any, **kwargs: Any) -> Any:
            return replacement(original, *args, **kwargs)

        setattr(owner, name, method)
        return replacement

    return put_around


def give(owner: type, name: str, value: Any) -> None:
    """Gives a class a method or a property, or another one in its place."""
    setattr(owner, name, value)
