"""The generated files are fresh, complete and sound: docs/inputs.md and tenants.schema.json."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from fleet.problems import BadInputError
from fleet.reference import INPUTS, SCHEMA, generated
from fleet.tenant import AssumeRole, CloudBackend, LocalBackend, Provider, S3Backend, TenantSettings
from fleet.tenants_file import load_fleet
from litellm_aws.litellm import LITELLM

PROJECT = Path(__file__).parents[2]
GOOD = """\
tenants:
  - tenant: acme
    env: prod
    region: us-west-2
    azs: [us-west-2a, us-west-2b]
"""
"""Before the line that is wrong, line 6."""


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return dict(json.loads((PROJECT / SCHEMA).read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def reference() -> str:
    return (PROJECT / INPUTS).read_text(encoding="utf-8")


def rows(reference: str, begin: str, end: str = "\\Z") -> dict[str, list[str]]:
    """Returns the cells behind each name in the tables between two headings."""
    [part] = re.findall(rf"^## {begin}$(.*?){end}", reference, re.MULTILINE | re.DOTALL)
    table = [re.split(r" (?<!\\)\| ", line[2:-2]) for line in part.splitlines() if line.startswith("| `")]
    return {name.strip("`"): [cell.replace("&lt;", "<") for cell in cells] for name, *cells in table}


@pytest.mark.parametrize("path", generated(), ids=str)
def test_a_generated_file_is_fresh(path: Path) -> None:
    assert (PROJECT / path).read_text(encoding="utf-8") == generated()[path], "run `make docs`, and review the diff"


def test_the_reference_has_a_row_for_every_input_with_its_rules(reference: str) -> None:
    found = rows(reference, "Stack", "## Rules across inputs")
    assert list(found) == list(LITELLM.inputs)
    for name, declared in LITELLM.inputs.items():
        terraform_type, default, description = found[name]
        assert terraform_type == f"`{declared.terraform_type}`"
        assert default == ("required" if declared.required else f"`{json.dumps(declared.default)}`")
        assert description.startswith(declared.description)
        assert [rule.says for rule in declared.rules if rule.says not in description] == []
        assert (f"TF_VAR_{name}" in description) == declared.sensitive


def test_the_reference_names_every_rule_across_inputs_and_every_output(reference: str) -> None:
    assert [rule for rule in LITELLM.rules if f"- {rule.summary()}.\n" not in reference] == []
    assert rows(reference, "Outputs") == {name: [text] for name, text in LITELLM.outputs.items()}


@pytest.mark.parametrize("model", [AssumeRole, LocalBackend, S3Backend, CloudBackend, Provider])
def test_the_reference_has_a_row_for_every_option_of_a_block(reference: str, model: type[Any]) -> None:
    assert [name for name in model.model_fields if f"\n| `{name}` |" not in reference] == []


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
        f"defaults: {{backend: {{s3: {{bucket: b, region: r}}}}}}\n{GOOD}    backend: {{s3: {{key: k}}}}",
        f"defaults: {{provider: {{assume_role: {{session_name: s}}}}}}\n{GOOD}"
        "    provider: {assume_role: {role_arn: a}}",
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
        ("backend: {s3: {bucket: b, region: r}, local: {}}", "tenants[0].backend"),
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
