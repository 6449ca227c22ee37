"""Expressions of Terraform's language that CDKTF's `Fn` and `Op` cannot say.

Each function takes addresses (`construct.node.id`) or bare expressions, and returns a template
`"${…}"` as it stands in the synthesized JSON. Whoever uses such an expression more than once gives
it a name with a `TerraformLocal`.
"""

from typing import Any

from cdktf import TerraformCount, TerraformElement, Token

from .rules import literal

_LARGEST_SAFE_INTEGER = 2**53 - 1
"""The largest integer that JavaScript, and so jsii, carries without rounding (ECMA-262, MAX_SAFE_INTEGER)."""

_TOKEN_MARK = "TfToken["
"""By this CDKTF knows a reference of its own in a string, even in a string that a user wrote."""


def address(element: TerraformElement) -> str:
    """Returns the address of a block, such as `aws_vpc.this` or `var.tenant`."""
    return element.node.id


def template(expression: str) -> str:
    """Returns the expression as a template, `"${…}"`."""
    return f"${{{expression}}}"


def is_set(string: TerraformElement) -> str:
    """Whether a string is not empty."""
    return template(f'{address(string)} != ""')


def one_if(condition: TerraformElement | str) -> TerraformCount:
    """The count of a resource that exists only under a condition, a block or an expression."""
    text = condition if isinstance(condition, str) else address(condition)
    return TerraformCount.of(Token.as_number(template(f"{text} ? 1 : 0")))


def one(resource: TerraformElement, attribute: str) -> str:
    """The attribute of a resource with `count` of 0 or 1; null where there is none."""
    return template(f"one({address(resource)}[*].{attribute})")


def shortened(name: str, limit: int) -> str:
    """A name cut to `limit` characters, if it is longer, and then with a hash of the whole name at its end.

    Args:
        name: a template such as `"${local.name}-redis"`.
        limit: the most characters that AWS takes.
    """
    digest = 6
    cut = f'trimsuffix(substr("{name}", 0, {limit - digest - 1}), "-")'
    hashed = f'"${{{cut}}}-${{substr(sha256("{name}"), 0, {digest})}}"'
    return template(f'length("{name}") <= {limit} ? "{name}" : {hashed}')


def constant(value: Any) -> Any:
    """Returns a value so that Terraform reads it to the letter, for a block's arguments.

    Nothing in it is a template to Terraform. Nulls and integers over 53 bits, which jsii would drop
    or round, are written as expressions.
    """
    match value:
        case str():
            escaped = value.replace("${", "$${").replace("%{", "%%{")
            return escaped.replace(_TOKEN_MARK, template(literal(_TOKEN_MARK)))
        case None:
            return template("null")
        case int() if not isinstance(value, bool) and abs(value) > _LARGEST_SAFE_INTEGER:
            return template(str(value))
        case list():
            return [constant(item) for item in value]
        case dict():
            return {constant(key): constant(item) for key, item in value.items()}
        case _:
            return value


def only_if(condition: str, map_: str) -> str:
    """The map of an expression where a condition holds, else an empty one. Not a template."""
    return f"{{for name, value in {map_} : name => value if {condition}}}"


def merged(*maps: str) -> str:
    """The maps of some expressions in one; of a name that several have, the last counts. Not a template."""
    return f"merge({', '.join(maps)})"
