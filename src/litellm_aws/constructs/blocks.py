"""Blocks of Terraform and the expressions that refer to them."""

from collections.abc import Callable, Mapping
from typing import Any

from cdktf import TerraformCount, TerraformElement, TerraformLocal, TerraformStack
from constructs import Construct

from .expressions import Expression, argument, call


def local(scope: Construct, name: str, value: object) -> Expression:
    """Declares a local, and returns it."""
    return address(TerraformLocal(scope, f"local.{name}", argument(value)))


def address(element: TerraformElement) -> Expression:
    """Returns a block, such as `aws_vpc.this`."""
    return Expression(element.node.id)


def attribute(element: TerraformElement, name: str) -> Expression:
    """Returns an attribute of a resource or data source without count.

    Raises:
        AttributeError: the resource has no such attribute.
    """
    return address(element).attribute(_known(element, name))


def each(element: TerraformElement, name: str) -> Expression:
    """Returns the list of an attribute of all instances of a resource with count."""
    return address(element).splat(_known(element, name))


def one(element: TerraformElement, name: str) -> Expression:
    """Returns the attribute of a resource with a count of 0 or 1; null where there is none."""
    return call("one", each(element, name))


def attribute_where(element: TerraformElement, name: str, exists: Expression | None) -> Expression:
    """Returns an attribute of a resource that exists under a condition, null where it does not; None is always."""
    return attribute(element, name) if exists is None else one(element, name)


def count_if(condition: Expression) -> TerraformCount:
    """Returns the count of a resource that exists only under a condition."""
    return count_of(condition.then(1, 0))


def count_of(number: Expression) -> TerraformCount:
    """Returns a count."""
    return TerraformCount.of(number.as_number)


def dynamic_block(
    name: str, for_each: object, content: Callable[[Expression, Expression], Mapping[str, object]]
) -> dict[str, Any]:
    """Returns the value of `dynamic` for a block that there is for each element of a list or map.

    Args:
        content: returns the arguments of a block from the key and the value of an element.
    """
    block = Expression(name)
    arguments = content(block.attribute("key"), block.attribute("value"))
    return {name: {"for_each": argument(for_each), "content": argument(arguments)}}


def add_dynamic_block(
    element: TerraformElement,
    name: str,
    for_each: object,
    content: Callable[[Expression, Expression], Mapping[str, object]],
    *,
    within: str = "",
) -> None:
    """Adds a `dynamic_block` to a resource.

    Args:
        within: path of the block that holds it, such as `default_action.0.`; empty is the resource itself.
    """
    element.add_override(f"{within}dynamic.{name}", dynamic_block(name, for_each, content)[name])


def add_block(scope: Construct, path: str, value: object) -> Expression:
    """Adds a block for which there is no class, such as `check.redis`, to the stack of a construct, and returns it."""
    TerraformStack.of(scope).add_override(path, argument(value))
    return Expression(path.removeprefix("resource."))


def _known(element: TerraformElement, name: str) -> str:
    if not hasattr(type(element), name):
        raise AttributeError(f"{element.node.id} has no attribute {name}")
    return name
