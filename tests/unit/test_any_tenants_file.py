"""Whatever the tenants file holds, its reader answers with settings or with messages.

Roots are rendered from settings as CDKTF does it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from litellm_aws.constructs.inputs import TokensMetric
from litellm_aws.constructs.litellm import LITELLM
from litellm_aws.fleet.documents import SECTIONS
from litellm_aws.fleet.problems import BadInputError
from litellm_aws.fleet.tenant import (
    AssumeRole,
    Backend,
    CloudBackend,
    LocalBackend,
    Provider,
    S3Backend,
    TenantSettings,
)
from litellm_aws.fleet.tenants_file import load_fleet
from litellm_aws.stacks.configuration import Blocks, body, configuration
from litellm_aws.stacks.tenant_root import tenant_root
from tests.cdktf_stacks import written_by_cdktf

FOLDER = Path("/fleet")


@dataclass(frozen=True)
class Raw:
    """A piece of YAML, as it is."""

    text: str


@dataclass(frozen=True)
class Pairs:
    """A map in which a key may be twice."""

    pairs: list[tuple[Any, Any]]


ODD = (
    *("NO", "on", "~", "0755", "0x1f", "1:30", "1_000", ".inf", ".nan", "1e400", "9" * 6000, "2026-01-01", "=", "a b"),
    *("!!binary x", "!!set {a, b}", "!!omap [a: 1]", "!Ref x", "!!python/object:os.system x", '"\\0"', '"\\U0001F600"'),
    *("{a: 1, a: 2}", "{<<: {a: 1}}", "{<<: [1]}", "{? [a] : b}", "{1: a}", "{NO}", "{? a}", "[? a]", "[a: b]", "''"),
)
"""What YAML reads in a way of its own."""
BROKEN = (
    *("'", '"', "[", "}", "#", "|", ">", "%", "@", "`", "\t", "\n", "---", "...", "\x07", "\ufeff", "\u2028", "- a"),
    *('"\\ud800"', "[" * 200, "&a [*a]", "*a", "&a 1, *a"),
)
"""What YAML does not read, at least not anywhere."""
STRINGS = (
    *(
        "acme",
        "prod",
        "us-west-2",
        "us-west-2a",
        "vpc-1",
        "subnet-1",
        "sg-1",
        "10.0.0.0/16",
        "Z1",
        "a.example.com",
        ".",
    ),
    *("tenants.yaml", "../x", "/etc/passwd", "/dev/zero", "a\0b", "os.environ/KEY", "os.environ/DATABASE_URL", "15m"),
    *("sk-0123456789abcdefghij", "Bearer 0123456789abcdef", "${x}", "%{ if }", "TfToken[TOKEN.0]", "__proto__", "//"),
    "arn:aws:iam::111122223333:role/x",
    "arn:aws:acm:us-west-2:111122223333:certificate/a",
    "arn:aws:secretsmanager:us-west-2:111122223333:secret:a",
)
MODELS = (TenantSettings, Provider, AssumeRole, Backend, LocalBackend, S3Backend, CloudBackend, TokensMetric)
WITH_KEYS = ("provider", "backend", "gateway_tokens_metric", "proxy_config", "tags", "gateway_extra_secrets")
OF_LITELLM = ("model_list", "litellm_params", "general_settings", "key_management_system", "environment_variables")
NAMES = sorted({*SECTIONS, *OF_LITELLM, *(name for model in MODELS for name in model.model_fields)})

odd = st.sampled_from([Raw(text) for text in ODD])
names = st.sampled_from(NAMES)
keys = names | names | st.sampled_from(STRINGS) | st.sampled_from([Raw("<<"), Raw("NO")]) | st.text(max_size=5)
scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(STRINGS) | odd
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.builds(Pairs, st.lists(st.tuples(keys, inner), max_size=3)),
    max_leaves=6,
)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
REQUIRED = {"region": "us-west-2", "azs": ["us-west-2a", "us-west-2b"], "allow_plaintext_alb": True}
DEFAULTS = {name: declared.default for name, declared in LITELLM.inputs.items() if not declared.nullable}


def tenants(inputs: st.SearchStrategy[Pairs]) -> st.SearchStrategy[Any]:
    """Returns tenants with the required inputs and others."""
    tenant = st.builds(
        lambda tenant, env, more: Pairs([*REQUIRED.items(), ("tenant", tenant), ("env", env), *more.pairs]),
        st.sampled_from(["acme", "globex", "a-b"]),
        st.sampled_from(["prod", "dev", "b-c"]),
        inputs,
    )
    return st.builds(lambda entry: {"tenants": [entry]}, tenant)


maps = st.builds(Pairs, st.lists(st.tuples(keys, values), max_size=3, unique_by=lambda pair: str(pair[0])))
any_input = st.tuples(names, values) | st.tuples(st.sampled_from(WITH_KEYS), maps)
good_input = (
    names.filter(lambda name: name in DEFAULTS and name not in REQUIRED).map(lambda name: (name, DEFAULTS[name]))
    | st.tuples(st.sampled_from(["proxy_config", "tags", "gateway_extra_env"]), st.dictionaries(st.text(), st.text()))
    | st.tuples(st.just("proxy_config"), st.dictionaries(st.text(max_size=8), plain, max_size=4))
)
sections = st.sampled_from([*SECTIONS])
whole = st.one_of(
    st.builds(Pairs, st.lists(st.tuples(sections | odd, st.lists(values, max_size=2) | values), max_size=3)),
    tenants(st.builds(Pairs, st.lists(any_input, max_size=3, unique_by=lambda pair: pair[0]))),
    tenants(st.builds(Pairs, st.lists(good_input, max_size=3, unique_by=lambda pair: pair[0]))),
).map(lambda document: written(document).encode())
broken = st.builds(
    lambda content, place, piece: content[: place % len(content)] + piece + content[place % len(content) :],
    whole,
    st.integers(min_value=0, max_value=1000),
    st.sampled_from([piece.encode() for piece in (*BROKEN, *ODD)]) | st.binary(max_size=3),
)
documents = whole | whole | broken | st.binary(max_size=100)


def written(value: Any) -> str:
    """Returns a value in YAML's flow style, a line for each element."""
    match value:
        case Raw():
            return value.text
        case Pairs():
            return written_pairs(value.pairs)
        case dict():
            return written_pairs(list(value.items()))
        case list():
            return f"[{','.join(f'{chr(10)} {written(item)}' for item in value)}]"
        case _:
            shown = json.dumps(value, ensure_ascii=False)
            return "".join(each if each.isprintable() else f"\\U{ord(each):08x}" for each in shown)


def written_pairs(pairs: list[tuple[Any, Any]]) -> str:
    return f"{{{','.join(f'{chr(10)} {written(key)}: {written(item)}' for key, item in pairs)}}}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fleet")


def test_any_file_is_read_or_refused_with_a_line_and_a_message(folder: Path) -> None:
    accepted: list[TenantSettings] = []

    @settings(max_examples=400, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
    @given(documents)
    def read(content: bytes) -> None:
        file = folder / "tenants.yaml"
        file.write_bytes(content)
        try:
            fleet = load_fleet(file)
        except BadInputError as error:
            said = error.problems
            assert said
        else:
            said = fleet.warnings
            accepted.extend(fleet.tenants)
        assert all(problem.line >= 1 and problem.message.strip() for problem in said)

    read()
    assert len(accepted) > 20
    roots: dict[str, Blocks] = {}
    for number, tenant in enumerate(accepted):
        named = tenant.model_copy(update={"tenant": f"t{number}"})
        roots[named.label] = tenant_root(named, tenants_folder=folder, root_folder=folder / named.label)
    written = written_by_cdktf(roots, {name: {} for name in roots}, folder / "cdktf.out")
    for name, root in roots.items():
        assert configuration(name, root["terraform"], body(root), {}) == written[name]
