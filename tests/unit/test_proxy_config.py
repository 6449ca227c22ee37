"""What the tenants file's reader says of a proxy_config that LiteLLM would take silently."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from litellm_aws.fleet.problems import BadInputError
from litellm_aws.fleet.proxy_config import OF_MODULE
from litellm_aws.fleet.tenants_file import load_fleet

SECRET = "arn:aws:secretsmanager:us-west-2:111122223333:secret:key"
MODELS = "model_list: [{model_name: a, litellm_params: {model: openai/a, api_key: os.environ/KEY}}]"

Said = Callable[..., tuple[list[str], list[str]]]


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Said:
    """Returns the problems and the warnings of a proxy_config, in line 1, and of more lines."""
    monkeypatch.chdir(tmp_path)

    def read(config: str, *lines: str) -> tuple[list[str], list[str]]:
        Path("config.yaml").write_text(f"{{{config}}}\n")
        Path("tenants.yaml").write_text(
            "defaults: {region: us-west-2, azs: [us-west-2a, us-west-2b], allow_plaintext_alb: true}\n"
            "tenants:\n  - tenant: acme\n    env: dev\n    proxy_config_file: config.yaml\n"
            + "".join(f"    {line}\n" for line in lines)
        )
        try:
            fleet = load_fleet(Path("tenants.yaml"))
        except BadInputError as error:
            return [str(each) for each in error.problems], []
        return [], [str(each) for each in fleet.warnings]

    return read


def test_a_variable_that_the_gateway_has_not_is_refused_where_it_is_named(said: Said) -> None:
    missing = (
        "config.yaml:1: tenant acme-dev: proxy_config.model_list[0].litellm_params.api_key is os.environ/KEY, and the "
        "gateway has no such variable: set KEY in gateway_extra_secrets or gateway_extra_env"
    )
    assert said(MODELS) == ([missing], [])
    assert said(MODELS, "gateway_extra_secrets: {KEYS: '" + SECRET + "'}") == ([missing], [])
    assert said(MODELS, "backend_extra_env: {KEY: a}") == ([missing], [])
    assert said("mcp_servers: {a: {headers: {Authorization: Bearer os.environ/KEY}}}")[0] != []


@pytest.mark.parametrize(
    "lines", [("gateway_extra_secrets: {KEY: '" + SECRET + "'}",), ("gateway_extra_env: {KEY: a}",)]
)
def test_a_variable_of_the_gateway_is_enough_for_what_only_the_gateway_uses(said: Said, lines: tuple[str]) -> None:
    assert said(MODELS, *lines) == ([], [])


def test_a_setting_whose_variable_the_backend_has_not_is_warned_of(said: Said) -> None:
    config = "litellm_settings: {cache_params: {password: os.environ/KEY}}"
    assert said(config, "gateway_extra_env: {KEY: a}") == (
        [],
        [
            "config.yaml:1: tenant acme-dev: proxy_config.litellm_settings.cache_params.password is os.environ/KEY, "
            "and the backend has no such variable: set KEY in backend_extra_secrets or backend_extra_env, too"
        ],
    )
    assert said(config, "gateway_extra_env: {KEY: a}", "backend_extra_env: {KEY: a}") == ([], [])


@pytest.mark.parametrize(
    "config",
    [
        "general_settings: {master_key: os.environ/LITELLM_MASTER_KEY, database_url: os.environ/DATABASE_URL}",
        "model_list: [{litellm_params: {aws_region_name: os.environ/AWS_DEFAULT_REGION}}]",
        f"environment_variables: {{KEY: a}}, {MODELS}",
        f"general_settings: {{key_management_system: aws_secret_manager}}, {MODELS}",
        "litellm_settings: {note: the variable os.environ/KEY, other: os.environ/oidc/google/x}",
    ],
)
def test_a_variable_with_a_value_is_accepted(said: Said, config: str) -> None:
    assert said(config) == ([], [])


def test_the_variables_of_the_module_are_those_that_it_sets(module: dict[str, Any]) -> None:
    maps: dict[str, dict[str, Any]] = module["locals"]
    shared = maps["stores_environment"].keys() | maps["shared_environment"].keys() | maps["shared_secrets"].keys()
    assert {
        "gateway": shared | maps["gateway_only_environment"].keys(),
        "backend": shared | maps["backend_only_environment"].keys() | maps["backend_only_secrets"].keys(),
    } == OF_MODULE


def test_a_name_that_litellm_does_not_know_is_warned_of(said: Said) -> None:
    unknown = "is unknown to LiteLLM 1.86.0 and 1.108.7, which would ignore it"
    problems, warnings = said("router_setings: {}, xyz: 1, model_list: [{model_nam: a, tpm: 1, model_info: {a: 1}}, 5]")
    assert problems == []
    assert warnings == [
        f"config.yaml:1: tenant acme-dev: proxy_config.{said}"
        for said in (
            f"model_list[0].model_nam {unknown}: did you mean model_name?",
            f"router_setings {unknown}: did you mean router_settings?",
            f"xyz {unknown}: check the name",
        )
    ]


def test_a_warning_that_tenants_inherit_is_said_once(tmp_path: Path) -> None:
    file = tmp_path / "tenants.yaml"
    defaults = {"region": "us-west-2", "azs": ["us-west-2a", "us-west-2b"], "allow_plaintext_alb": True}
    tenants = [{"tenant": name, "env": "dev"} for name in "abc"]
    file.write_text(json.dumps({"defaults": {**defaults, "proxy_config": {"models": []}}, "tenants": tenants}))
    [warning] = load_fleet(file).warnings
    assert warning.owner == "tenant a-dev and 2 more"
