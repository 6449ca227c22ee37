"""Expressions of Terraform's language, built from inputs, locals and attributes of resources.

    inputs.alb_internal.then(private_subnet_ids, public_subnet_ids)
    (inputs.azs.length() > 1) & ~inputs.create_redis
    for_list(inputs.azs, lambda zone: text("subnet-", zone))

An expression in a string, as in `f"{naming.stack}-redis"`, and as the value of an argument is a template, `${…}`.
Inside another expression, a Python value means itself: a string is a constant, in which nothing is a template.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from inspect import signature
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from cdktf import IResolvable, Token

NULL = "${null}"
"""Null as an argument. jsii drops nulls, so it is written as an expression."""

_LARGEST_SAFE_INTEGER = 2**53 - 1
_NUMBER_TOKENS = -1e288
"""CDKTF represents a reference to a number by a number near -1.888e289."""
_MAP_TOKEN = -123456789
"""CDKTF represents a number in a reference to a map by this one."""
"""The largest integer that JavaScript, and so jsii, carries without rounding (ECMA-262, MAX_SAFE_INTEGER)."""

_TOKEN_MARK = "TfToken["
"""CDKTF's marker for its own references in strings, even in a string that a user wrote."""
_QUOTED_TOKEN_MARK = f"${{{json.dumps(_TOKEN_MARK)}}}"

_CONDITIONAL, _OR, _AND, _EQUALITY, _ORDER, _SUM, _PRODUCT, _UNARY, _ATOM = range(9)
"""The precedence of Terraform's operators, from `?:` to a name (Terraform language, operators)."""

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")

Function = Literal[
    "alltrue",
    "can",
    "chunklist",
    "cidrsubnet",
    "coalesce",
    "compact",
    "concat",
    "contains",
    "distinct",
    "element",
    "file",
    "flatten",
    "floor",
    "join",
    "jsonencode",
    "keys",
    "length",
    "lookup",
    "lower",
    "max",
    "md5",
    "merge",
    "min",
    "nonsensitive",
    "one",
    "range",
    "regex",
    "regexall",
    "replace",
    "setintersection",
    "sha256",
    "slice",
    "sort",
    "split",
    "startswith",
    "strcontains",
    "substr",
    "templatefile",
    "tolist",
    "toset",
    "tostring",
    "trimspace",
    "trimsuffix",
    "try",
    "upper",
    "values",
    "yamlencode",
]
"""The functions of Terraform's language that we call."""


class Expression:
    """An expression. Its operators and methods return larger ones, with parentheses where they are needed."""

    def __init__(self, source: str, level: int = _ATOM) -> None:
        self._source = source
        self._level = level

    @property
    def source(self) -> str:
        """The expression in Terraform's language, without `${}`."""
        return self._source

    def __str__(self) -> str:
        return f"${{{self._source}}}"

    def __repr__(self) -> str:
        return f"Expression({self._source!r})"

    def __bool__(self) -> bool:
        raise TypeError(f"only Terraform knows whether {self._source} is true: use then, & or |")

    def __eq__(self, other: object) -> bool:
        raise TypeError(f"only Terraform knows what {self._source} equals: use equals or differs")

    __hash__ = object.__hash__
    # Without these, Python would iterate by __getitem__, and never end.
    __iter__ = None
    __contains__ = None

    @property
    def as_string(self) -> str:
        """For an argument of CDKTF that takes a string."""
        return str(self)

    @property
    def as_number(self) -> float:
        """For an argument of CDKTF that takes a number."""
        return _token().as_number(str(self))

    @property
    def as_boolean(self) -> IResolvable:
        """For an argument of CDKTF that takes true or false."""
        return _token().as_any(str(self))

    @property
    def as_list(self) -> list[str]:
        """For an argument of CDKTF that takes a list of strings."""
        return _token().as_list(str(self))

    @property
    def as_map(self) -> Mapping[str, str]:
        """For an argument of CDKTF that takes a map of strings."""
        return _token().as_string_map(str(self))

    def then(self, value: object, otherwise: object) -> Expression:
        """One value where this condition is true, another where it is false."""
        condition, yes = _within(self, _OR), _within(value, _OR)
        return Expression(f"{condition} ? {yes} : {_within(otherwise, _CONDITIONAL)}", _CONDITIONAL)

    def equals(self, other: object) -> Expression:
        """Whether it has the value of another."""
        return self._compared("==", other, _EQUALITY)

    def differs(self, other: object) -> Expression:
        """Whether it has another value."""
        return self._compared("!=", other, _EQUALITY)

    @property
    def is_set(self) -> Expression:
        """Whether a string is not empty."""
        return self.differs("")

    @property
    def is_null(self) -> Expression:
        """Whether it has no value."""
        return self.equals(None)

    def length(self) -> Expression:
        """Number of elements of a list or map, or of characters."""
        return call("length", self)

    @property
    def spread(self) -> Expression:
        """The elements of a list as the last arguments of a function."""
        return Expression(f"{_within(self, _ATOM)}...")

    def attribute(self, name: str) -> Expression:
        """An attribute of an object."""
        if not _IDENTIFIER.fullmatch(name):
            raise ValueError(f"{name} is not the name of an attribute")
        return Expression(f"{_within(self, _ATOM)}.{name}")

    def splat(self, name: str) -> Expression:
        """An attribute of every object in a list; of a single object, a list of one."""
        return Expression(f"{_within(self, _ATOM)}[*].{name}")

    def __getitem__(self, key: object) -> Expression:
        return Expression(f"{_within(self, _ATOM)}[{_within(key, _CONDITIONAL)}]")

    def __and__(self, other: object) -> Expression:
        return self._joined("&&", other, _AND)

    def __or__(self, other: object) -> Expression:
        return self._joined("||", other, _OR)

    def __invert__(self) -> Expression:
        return Expression(f"!{_within(self, _UNARY)}", _UNARY)

    def __lt__(self, other: object) -> Expression:
        return self._compared("<", other, _ORDER)

    def __le__(self, other: object) -> Expression:
        return self._compared("<=", other, _ORDER)

    def __gt__(self, other: object) -> Expression:
        return self._compared(">", other, _ORDER)

    def __ge__(self, other: object) -> Expression:
        return self._compared(">=", other, _ORDER)

    def __add__(self, other: object) -> Expression:
        return self._joined("+", other, _SUM)

    def __radd__(self, other: object) -> Expression:
        return Expression(f"{_within(other, _SUM)} + {_within(self, _PRODUCT)}", _SUM)

    def __rsub__(self, other: object) -> Expression:
        return Expression(f"{_within(other, _SUM)} - {_within(self, _PRODUCT)}", _SUM)

    def __sub__(self, other: object) -> Expression:
        return Expression(f"{_within(self, _SUM)} - {_within(other, _PRODUCT)}", _SUM)

    def __mul__(self, other: object) -> Expression:
        return self._joined("*", other, _PRODUCT)

    def __rmul__(self, other: object) -> Expression:
        return Expression(f"{_within(other, _PRODUCT)} * {_within(self, _UNARY)}", _PRODUCT)

    def __mod__(self, other: object) -> Expression:
        return self._joined("%", other, _PRODUCT)

    def __truediv__(self, other: object) -> Expression:
        return Expression(f"{_within(self, _PRODUCT)} / {_within(other, _UNARY)}", _PRODUCT)

    def __rtruediv__(self, other: object) -> Expression:
        return Expression(f"{_within(other, _PRODUCT)} / {_within(self, _UNARY)}", _PRODUCT)

    def _joined(self, operator: str, other: object, level: int) -> Expression:
        return Expression(f"{_within(self, level)} {operator} {_within(other, level)}", level)

    def _compared(self, operator: str, other: object, level: int) -> Expression:
        return Expression(f"{_within(self, level + 1)} {operator} {_within(other, level + 1)}", level)


class Text(Expression):
    """A string with expressions in it. As an argument it is the template alone, without `${}` around a literal."""

    def __init__(self, *parts: str | Expression) -> None:
        self._parts = parts
        super().__init__(f'"{self._template}"')

    def __str__(self) -> str:
        return self._as_argument

    @property
    def _template(self) -> str:
        return "".join(
            part._template if isinstance(part, Text) else str(part) if isinstance(part, Expression) else _quoted(part)
            for part in self._parts
        )

    @property
    def _as_argument(self) -> str:
        return "".join(str(part) if isinstance(part, Expression) else _escaped(part) for part in self._parts)


def text(*parts: str | Expression) -> Text:
    """Returns a string of constants and expressions."""
    return Text(*parts)


def call(function: Function, *arguments: object) -> Expression:
    """Calls a function of Terraform's language."""
    return Expression(f"{function}({', '.join(_within(argument, _CONDITIONAL) for argument in arguments)})")


def when(condition: Expression, value: object) -> Expression:
    """A value where a condition is true, else null."""
    return condition.then(value, None)


def for_list(
    items: object, element: Callable[..., object], *, where: Callable[..., Expression] | None = None
) -> Expression:
    """Returns a list with an element for each of some items.

    Args:
        items: a list, or a map.
        element: of one parameter, or of two for index or key and value. Terraform's variables have their names.
        where: of the same parameters: which items there is an element for.
    """
    names, variables = _variables(element)
    condition = "" if where is None else f" if {_within(where(*variables), _CONDITIONAL)}"
    return Expression(
        f"[for {names} in {_within(items, _OR)} : {_within(element(*variables), _CONDITIONAL)}{condition}]"
    )


def for_map(
    items: object,
    pair: Callable[..., tuple[object, object]],
    *,
    where: Callable[..., Expression] | None = None,
) -> Expression:
    """Returns a map with a key and a value for each of some items; the arguments are those of `for_list`."""
    names, variables = _variables(pair)
    condition = "" if where is None else f" if {_within(where(*variables), _CONDITIONAL)}"
    key, value = (_within(each, _CONDITIONAL) for each in pair(*variables))
    return Expression(f"{{ for {names} in {_within(items, _OR)} : {key} => {value}{condition} }}")


def without_nulls(map_: object) -> Expression:
    """Returns a map without the keys whose value is null."""
    return for_map(map_, lambda name, value: (name, value), where=lambda _name, value: value.differs(None))


def variable(name: str) -> Expression:
    """Returns a variable of the module."""
    return Expression(f"var.{name}")


def local_value(name: str) -> Expression:
    """Returns a local of the module."""
    return Expression(f"local.{name}")


def resource(kind: str, name: str) -> Expression:
    """Returns a resource."""
    return Expression(f"{kind}.{name}")


def data_source(kind: str, name: str) -> Expression:
    """Returns a data source."""
    return Expression(f"data.{kind}.{name}")


def module_output(module: str, name: str) -> Expression:
    """Returns an output of a called module."""
    return Expression(f"module.{module}").attribute(name)


SELF = Expression("self")
COUNT_INDEX = Expression("count.index")
EACH_KEY = Expression("each.key")
EACH_VALUE = Expression("each.value")


def module_file(name: str) -> Expression:
    """Returns the path of a file in the module's folder."""
    return Text(Expression("path.module"), f"/{name}")


def argument(value: object) -> Any:
    """Returns a value in which there may be expressions as CDKTF takes it. Strings in it may be templates."""
    match value:
        case Expression():
            return str(value)
        case None:
            return NULL
        case Mapping():
            return {key: argument(item) for key, item in value.items()}
        case list() | tuple():
            return [argument(item) for item in value]
        case _:
            return value


def constant(value: Any) -> Any:
    """Returns a value so that Terraform takes it literally, for a block's arguments.

    Nothing in it is a template to Terraform. Nulls and integers over 53 bits, which jsii would drop
    or round, and numbers that CDKTF would take for its own references are written as expressions.
    """
    match value:
        case str():
            return _escaped(value).replace(_TOKEN_MARK, _QUOTED_TOKEN_MARK)
        case None:
            return NULL
        case int() if not isinstance(value, bool) and abs(value) > _LARGEST_SAFE_INTEGER:
            return f"${{{value}}}"
        case int() | float() if value < _NUMBER_TOKENS or value == _MAP_TOKEN:
            return f"${{{value!r}}}"
        case list():
            return [constant(item) for item in value]
        case dict():
            return {constant(key): constant(item) for key, item in value.items()}
        case _:
            return value


def _token() -> type[Token]:
    # CDKTF takes half a second to import, and rules on a tenants file do not need it.
    from cdktf import Token

    return Token


def _within(value: object, level: int) -> str:
    """Returns a value in Terraform's language, in parentheses if it binds less tightly than `level`."""
    if isinstance(value, Expression):
        return value._source if value._level >= level else f"({value._source})"
    match value:
        case str():
            return f'"{_quoted(value)}"'
        case Mapping():
            return _object(value)
        case Sequence():
            return f"[{', '.join(_within(item, _CONDITIONAL) for item in value)}]"
        case _:
            return json.dumps(value)


def _object(value: Mapping[Any, object]) -> str:
    items = [f"{_key(key)} = {_within(item, _CONDITIONAL)}" for key, item in value.items()]
    return f"{{ {', '.join(items)} }}" if items else "{}"


def _key(key: object) -> str:
    if isinstance(key, str) and _IDENTIFIER.fullmatch(key):
        return key
    return _within(str(key), _ATOM) if not isinstance(key, Expression) else f"({key.source})"


def _escaped(value: str) -> str:
    return value.replace("${", "$${").replace("%{", "%%{")


def _quoted(value: str) -> str:
    """Returns a constant as it is written between quotes.

    Raises:
        ValueError: it holds a template, which would be taken literally.
    """
    if "${" in value:
        raise ValueError(f"{value} is a template in an expression: build it with text")
    return json.dumps(_escaped(value), ensure_ascii=False)[1:-1]


def _variables(function: Callable[..., object]) -> tuple[str, list[Expression]]:
    names = list(signature(function).parameters)
    return ", ".join(names), [Expression(name) for name in names]
