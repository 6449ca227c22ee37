"""Patches moto's classes in place."""

from collections.abc import Callable
from functools import wraps
from typing import Any


def patch_method(owner: type, name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Replaces a method with the decorated function, which gets the original method as its first argument."""
    original = getattr(owner, name)

    def patch(replacement: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(original)
        def method(*args: Any, **kwargs: Any) -> Any:
            return replacement(original, *args, **kwargs)

        setattr(owner, name, method)
        return replacement

    return patch


def set_member(owner: type, name: str, value: Any) -> None:
    """Adds a method or a property to a class, or replaces it."""
    setattr(owner, name, value)
