"""Which environments are production, by their names: for the waves of a fleet and for the module's protection."""

import re

from .expressions import Expression, call

_BEGINNINGS = ("prod", "prd", "live")
_PRODUCTION = f"(?:^|[0-9-])(?:{'|'.join(_BEGINNINGS)})"
"""A word that begins like this, between digits and hyphens. Both Python and Terraform (RE2) take the pattern."""
_NOT_YET = "(^|[0-9-])(pre|non)-"
"""A word that belongs to the next one: `pre-prod` is `preprod`."""


def is_production(env: str) -> bool:
    """Whether the name of an environment, such as prod, prd2 or eu-live, says that it is production."""
    return re.search(_PRODUCTION, re.sub(_NOT_YET, r"\1\2", env)) is not None


def in_production(env: Expression, production: Expression) -> Expression:
    """The same in Terraform's language, unless the input `production` says it."""
    by_name = call("can", call("regex", _PRODUCTION, call("replace", env, f"/{_NOT_YET}/", "$1$2")))
    return call("coalesce", production, by_name)
