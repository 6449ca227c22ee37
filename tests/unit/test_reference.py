"""The generated files are up to date, and an editor with the schema agrees with synthesis."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from litellm_aws.commands.docs import SCHEMA, generated
from litellm_aws.constructs.litellm import LITELLM
from litellm_aws.fleet.problems import BadInputError
from litellm_aws.fleet.tenant import TenantSettings
from litellm_aws.fleet.tenants_file import load_fleet

PROJECT = Path(__file__).parents[2]
GOOD = """\
tenants:
  - tenant: acme
    <<: {env: prod, allow_plaintext_alb: true}
    region: us-west-2
    azs: [us-west-2a, us-west-2b]
"""
"""The tests add line 6."""


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return dict(json.loads((PROJECT / SCHEMA).read_text(encoding="utf-8")))


def test_the_generated_files_are_up_to_date() -> None:
    for path, content in generated().items():
        assert (PROJECT / path).read_text(encoding="utf-8") == content, "run `make docs`, and review the diff"


def test_the_schema_is_valid(schema: dict[str, Any]) -> None:
    assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    Draft202012Validator.check_schema(schema)


def test_the_schema_knows_every_key_but_the_secrets(schema: dict[str, Any]) -> None:
    known = TenantSettings.model_fields.keys() - {secret.name for secret in LITELLM.sensitive_inputs}
    assert schema["$defs"]["Inputs"]["properties"].keys() == known


def test_an_editor_shows_what_every_key_means(schema: dict[str, Any]) -> None:
    for block in (schema, *schema["$defs"].values()):
        assert block.get("description") or block["title"]
        # A reference has the description of its definition.
        keys = block["properties"].items()
        assert [name for name, key in keys if not (key.get("description") or key.get("$ref"))] == []


@pytest.mark.parametrize(
    "document",
    [
        "tenants: []",
        f"defaults: {{env: prod}}\n{GOOD.replace('env: prod', 'tags: {}')}",
        f"defaults: {{backend: {{s3: {{bucket: b, region: us-west-2}}}}}}\n{GOOD}    backend: {{s3: {{key: k}}}}",
        f"defaults: {{provider: {{assume_role: {{session_name: ci}}}}}}\n{GOOD}"
        "    provider: {assume_role: {role_arn: 'arn:aws:iam::111122223333:role/a'}}",
        f"profiles: {{p: {{env: prod, profile: [q]}}, q: {{}}}}\n{GOOD.replace('env: prod', 'profile: p')}",
        f"defaults: {{tenant: acme}}\n{GOOD.replace('tenant: acme', 'tags: {}')}",
    ],
    ids=[
        "empty fleet",
        "one environment",
        "state of the defaults",
        "role of the tenant",
        "profiles",
        "one tenant of several environments",
    ],
)
def test_an_editor_objects_to_no_file_that_a_run_takes(schema: dict[str, Any], tmp_path: Path, document: str) -> None:
    file = tmp_path / "tenants.yaml"
    file.write_text(document)
    load_fleet(file)
    assert [error.message for error in Draft202012Validator(schema).iter_errors(yaml.safe_load(document))] == []


def test_the_example_names_the_schema_and_keeps_it(schema: dict[str, Any]) -> None:
    text = (PROJECT / "tenants.yaml").read_text(encoding="utf-8")
    assert text.startswith(f"# yaml-language-server: $schema=./{SCHEMA}\n")
    assert [error.message for error in Draft202012Validator(schema).iter_errors(yaml.safe_load(text))] == []


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("gateway_cpus: 1", "tenants[0]"),
        ("ui_password: x", "tenants[0]"),
        ("gateway_cpu: one", "tenants[0].gateway_cpu"),
        ("gateway_cpu: 1024.5", "tenants[0].gateway_cpu"),
        ("gateway_cpu: 255", "tenants[0].gateway_cpu"),
        ("gateway_cpu: ", "tenants[0].gateway_cpu"),
        ("gateway_cpu_target: 101", "tenants[0].gateway_cpu_target"),
        ("tags: {a: 1}", "tenants[0].tags.a"),
        ("allow_plaintext_alb: 1", "tenants[0].allow_plaintext_alb"),
        ("ui_image: ''", "tenants[0].ui_image"),
        ("db_name: a-b", "tenants[0].db_name"),
        ("vpc_cidr: 10.40.0.0/21", "tenants[0].vpc_cidr"),
        ("acm_certificate_arn: x", "tenants[0].acm_certificate_arn"),
        ("backend_extra_secrets: {A: x}", "tenants[0].backend_extra_secrets.A"),
        ("log_retention_days: 31", "tenants[0].log_retention_days"),
        ("otel_exporter: otlp", "tenants[0].otel_exporter"),
        ("proxy_config: []", "tenants[0].proxy_config"),
        ("proxy_config_file: ", "tenants[0].proxy_config_file"),
        ("provider: {access_key: x}", "tenants[0].provider"),
        ("provider: []", "tenants[0].provider"),
        ("backend: {s3: {bucket: b, region: us-west-2}, local: {}}", "tenants[0].backend"),
        ("backend: {}", "tenants[0].backend"),
        ("profile: {}", "tenants[0].profile"),
    ],
)
def test_an_editor_and_a_run_object_to_the_same_line(
    schema: dict[str, Any], tmp_path: Path, line: str, key: str
) -> None:
    file = tmp_path / "tenants.yaml"
    file.write_text(f"{GOOD}    {line}\n")
    errors = Draft202012Validator(schema).iter_errors(yaml.safe_load(file.read_text()))
    assert key in {error.json_path.removeprefix("$.") for error in errors}
    with pytest.raises(BadInputError) as raised:
        load_fleet(file)
    assert {problem.line for problem in raised.value.problems} == {6}
