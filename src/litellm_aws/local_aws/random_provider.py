"""Stand-in for the provider hashicorp/random, for machines that cannot install the real one.

It implements `random_password` and `random_id` with the schema of release 3.7. Terraform runs it like any plugin. With
`--dev`, it runs as a server, and prints the value of `TF_REATTACH_PROVIDERS` with which Terraform connects to it.

It differs from the real provider in three ways:

- `bcrypt_hash` is null, because Python's standard library has no bcrypt.
- `number`, the deprecated name of `numeric`, is respected, but does not change `numeric` in the plan.
- An argument that is removed from the configuration keeps its value until another change replaces the resource, because
  the package `tf` does not pass the configuration when it plans an update.
"""

import base64
import secrets
import string
from typing import Any

from tf.iface import CreateContext, DataSource, DeleteContext, Provider, ReadContext, Resource, UpdateContext
from tf.runner import run_provider
from tf.schema import Attribute, Schema
from tf.types import Bool, Map, Number, String, TfType, Unknown
from tf.utils import Diagnostics

Values = dict[str, Any]

CHARACTERS = {
    "numeric": string.digits,
    "lower": string.ascii_lowercase,
    "upper": string.ascii_uppercase,
    "special": "!@#$%&*()-_=+[]{}<>:?",
}


def _argument(name: str, of_type: TfType, **flags: Any) -> Attribute:
    """Returns an argument. A random value cannot change in place, so each change replaces the resource."""
    return Attribute(name, of_type, optional="required" not in flags, requires_replace=True, **flags)


def _with_default(name: str, of_type: TfType, default: bool | int) -> Attribute:
    return _argument(name, of_type, computed=True, default=default)


def _computed(name: str, sensitive: bool = False) -> Attribute:
    return Attribute(name, String(), computed=True, sensitive=sensitive)


def _require_at_least(diags: Diagnostics, known: Values, name: str, least: int, why: str = "") -> None:
    if known.get(name, least) < least:
        detail = f"Attribute {name} value must be at least {why}{least}, got: {known[name]}"
        diags.add_error("Invalid Attribute Value", detail, path=[name])


def _known(config: Values) -> Values:
    return {name: value for name, value in config.items() if value not in (None, Unknown)}


class _RandomResource(Resource):
    """A resource whose random values are generated at creation and stored only in the state."""

    def __init__(self, provider: Provider) -> None:
        """Stores nothing: `tf` creates a new object for each call."""

    def read(self, ctx: ReadContext, current: Values) -> Values:
        return current

    def update(self, ctx: UpdateContext, current: Values, planned: Values) -> Values:
        return planned

    def delete(self, ctx: DeleteContext, current: Values) -> None:
        pass


class RandomPassword(_RandomResource):
    """`random_password`: a string with a minimum number of characters of each kind."""

    @classmethod
    def get_name(cls) -> str:
        return "password"

    @classmethod
    def get_schema(cls) -> Schema:
        return Schema(
            version=3,
            attributes=[
                _argument("keepers", Map(String())),
                _argument("length", Number(), required=True),
                _argument("override_special", String()),
                *(_with_default(kind, Bool(), True) for kind in (*CHARACTERS, "number")),
                *(_with_default(f"min_{kind}", Number(), 0) for kind in CHARACTERS),
                _computed("id"),
                _computed("result", sensitive=True),
                _computed("bcrypt_hash", sensitive=True),
            ],
        )

    def validate(self, diags: Diagnostics, type_name: str, config: Values) -> None:
        super().validate(diags, type_name, config)
        known = _known(config)
        minimums = [f"min_{kind}" for kind in CHARACTERS]
        _require_at_least(diags, known, "length", 1)
        least = sum(known.get(name, 0) for name in minimums)
        _require_at_least(diags, known, "length", least, f"sum of {' + '.join(minimums)}: ")

    def create(self, ctx: CreateContext, planned: Values) -> Values:
        pools = CHARACTERS | {"special": planned["override_special"] or CHARACTERS["special"]}
        drawn = [secrets.choice(pool) for kind, pool in pools.items() for _ in range(planned[f"min_{kind}"])]
        allowed = planned | {"numeric": planned["numeric"] and planned["number"]}
        everything = "".join(pool for kind, pool in pools.items() if allowed[kind])
        drawn += [secrets.choice(everything) for _ in range(planned["length"] - len(drawn))]
        secrets.SystemRandom().shuffle(drawn)
        return planned | {"id": "none", "result": "".join(drawn), "bcrypt_hash": None}


class RandomId(_RandomResource):
    """`random_id`: random bytes in four encodings."""

    @classmethod
    def get_name(cls) -> str:
        return "id"

    @classmethod
    def get_schema(cls) -> Schema:
        return Schema(
            version=0,
            attributes=[
                _argument("keepers", Map(String())),
                _argument("byte_length", Number(), required=True),
                _argument("prefix", String()),
                *(_computed(name) for name in ("id", "b64_url", "b64_std", "hex", "dec")),
            ],
        )

    def validate(self, diags: Diagnostics, type_name: str, config: Values) -> None:
        super().validate(diags, type_name, config)
        _require_at_least(diags, _known(config), "byte_length", 1)

    def create(self, ctx: CreateContext, planned: Values) -> Values:
        drawn = secrets.token_bytes(planned["byte_length"])
        prefix = planned["prefix"] or ""
        b64_url = base64.urlsafe_b64encode(drawn).decode().rstrip("=")
        return planned | {
            "id": b64_url,
            "b64_url": prefix + b64_url,
            "b64_std": prefix + base64.b64encode(drawn).decode(),
            "hex": prefix + drawn.hex(),
            "dec": prefix + str(int.from_bytes(drawn, "big")),
        }


class RandomProvider(Provider):
    """The provider, with two resources and no configuration."""

    def full_name(self) -> str:
        return "registry.terraform.io/hashicorp/random"

    def get_model_prefix(self) -> str:
        return "random_"

    def get_provider_schema(self, diags: Diagnostics) -> Schema:
        return Schema()

    def validate_config(self, diags: Diagnostics, config: Values) -> None:
        pass

    def configure_provider(self, diags: Diagnostics, config: Values) -> None:
        pass

    def get_data_sources(self) -> list[type[DataSource]]:
        return []

    def get_resources(self) -> list[type[Resource]]:
        # `import_` has no body in `tf`, so mypy treats these classes as abstract.
        return [RandomPassword, RandomId]  # type: ignore[type-abstract]


if __name__ == "__main__":
    run_provider(RandomProvider())
