"""docs/operations.md: every procedure says what is tested, and what it names exists."""

import ast
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from litellm_aws.fleet.tenant import TenantSettings
from tests.conftest import PROJECT

PAGE = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")
HEADING = re.compile(r"^(##+) (.+)$", re.MULTILINE)
STATUS = re.compile(r"(?:Tested|Not tested here): ")
TEST = re.compile(r"`(tests/[\w/]+\.py)::([\w:]+)`")
FIRST_NEWER = "20260514120000_add_blocked_to_proxy_model_table"
CREATED = re.compile(r'CREATE TABLE (?:IF NOT EXISTS )?"(\w+)"')
TAKES = re.compile(r"\bDROP (?:TABLE|COLUMN)|\bRENAME\b|\bALTER COLUMN\b.*\b(?:TYPE|SET NOT NULL)\b", re.DOTALL)
CONSTRUCTS = PROJECT / "src" / "litellm_aws" / "constructs"

OTHERS_MESSAGES = {
    "ECS, messages of services and of stopped tasks": (
        "Capacity is unavailable at this time.",
        "You've reached the limit on the number of vCPUs you can run concurrently",
        "TaskFailedToStart",
        "ResourceInitializationError: unable to pull secrets or registry auth",
        "ResourceInitializationError: failed to validate logger args",
        "CannotPullContainerError",
        "OutOfMemoryError: Container killed due to memory usage",
    ),
    "error codes of EC2, ELBv2 and RDS": (
        "VpcLimitExceeded",
        "AddressLimitExceeded",
        "TooManyLoadBalancers",
        "InstanceQuotaExceeded",
    ),
    "Secrets Manager, CreateSecret": (
        "You can't create this secret because a secret with this name is already scheduled for deletion",
    ),
    "Bedrock, InvokeModel": (
        "AccessDeniedException",
        "bedrock:InvokeModel",
        "You don't have access to the model with the specified model ID.",
    ),
    "the AWS provider, aws_acm_certificate_validation": (
        "waiting for ACM Certificate (",
        ") to be issued",
        "PENDING_VALIDATION",
    ),
    "Terraform": ("Error acquiring the state lock",),
    "PostgreSQL, pg_hba and PAM": ("PAM authentication failed for user", "password authentication failed for user"),
    "LiteLLM, proxy/common_utils/encrypt_decrypt_utils.py": ("Did your master_key/salt key change recently?",),
    "the C library, ENOSPC, and Go's words for it": ("No space left on device", "no space left on device"),
}
"""Messages in the page that are not this project's, by their source."""
CONTAINERS = ("psql", "migrations")


def sections() -> dict[str, str]:
    """Returns the text under each heading."""
    parts = HEADING.split(PAGE)[1:]
    return dict(zip(parts[1::3], parts[2::3], strict=True))


def slug(heading: str) -> str:
    """Returns the anchor that GitHub gives a heading."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


@cache
def names_of_tests(file: str) -> frozenset[str]:
    """Returns the tests in a file, as pytest names them."""
    found = set()
    for node in ast.parse((PROJECT / file).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{each.name}" for each in node.body if isinstance(each, ast.FunctionDef)}
        elif isinstance(node, ast.FunctionDef):
            found.add(node.name)
    return frozenset(found)


@pytest.mark.parametrize("heading", [heading for heading in sections() if heading != "Contents"])
def test_every_procedure_says_what_is_tested(heading: str) -> None:
    first = sections()[heading].strip().partition("\n\n")[0]
    assert STATUS.match(first), f"write `Tested: ` or `Not tested here: ` under the heading {heading}"
    for statement in STATUS.split(first)[1:]:
        assert statement.strip()
    tested = first.partition("Not tested here: ")[0]
    named = TEST.findall(tested)
    assert bool(named) is bool(tested)
    for file, test in named:
        assert (PROJECT / file).is_file(), file
        assert test in names_of_tests(file), f"{file} has no {test}"


def test_the_contents_list_every_section_in_order() -> None:
    listed = re.findall(r"^- \[(.+)\]\(#(.+)\)$", sections()["Contents"], re.MULTILINE)
    headings = [heading for level, heading in HEADING.findall(PAGE) if level == "##" and heading != "Contents"]
    assert listed == [(heading, slug(heading)) for heading in headings]


@pytest.mark.parametrize(
    "page", [*sorted((PROJECT / "docs").glob("*.md")), PROJECT / "README.md"], ids=lambda p: p.stem
)
def test_links_to_the_page_find_their_section(page: Path) -> None:
    own = r"\]\(#" if page.name == "operations.md" else r"\]\((?:docs/)?operations\.md#"
    linked = set(re.findall(own + r"([^)]+)\)", page.read_text(encoding="utf-8")))
    assert linked <= {slug(heading) for heading in sections()}


def test_the_page_lists_every_log_group(module: dict[str, Any]) -> None:
    groups = {group["name"] for group in module["resource"]["aws_cloudwatch_log_group"].values()}
    listed = re.findall(r"^\| `(/[\w/-]+)` \|", sections()["Find logs"], re.MULTILINE)
    assert {re.sub(r"\$\{[^}]*\}", "acme-litellm-prod", name) for name in groups} == set(listed)


def test_our_messages_are_quoted_as_they_are() -> None:
    files = [*CONSTRUCTS.glob("*.py"), *(CONSTRUCTS / "module_files").glob("*.*")]
    # A variable is … in the page. SQL joins the literals of two lines.
    ours = re.sub(
        r"\$\{?\w+\}?|\$\([^)]*\)|\{\w+\}", "…", "\n".join(path.read_text(encoding="utf-8") for path in files)
    )
    ours = re.sub(r"'\n\s*'", "", ours)
    others = re.compile(
        "|".join(map(re.escape, sorted(sum(OTHERS_MESSAGES.values(), CONTAINERS), key=len, reverse=True)))
    )
    rows = re.findall(r"^\| (.+?) \| ", sections()["Common failures and what they say"], re.MULTILINE)[2:]
    quoted = [text for row in rows for text in re.findall(r"`([^`]+)`", row)]
    parts = {text: others.sub("…", re.sub(r"\d+\.$", "….", text)).split("…") for text in quoted}
    assert len(parts) > 20
    assert [text for text in quoted if not all(part in ours for part in parts[text])] == []


def test_every_input_in_the_examples_exists() -> None:
    examples = re.findall(r"^ *```yaml\n(.*?)^ *```", PAGE, re.MULTILINE | re.DOTALL)
    tenants = [tenant for example in examples for tenant in yaml.safe_load(example)]
    assert tenants
    assert {key for tenant in tenants for key in tenant} <= TenantSettings.model_fields.keys()


def test_the_newer_schema_has_all_that_the_older_release_uses() -> None:
    """Reads the migrations of litellm-proxy-extras 0.4.110 (LiteLLM 1.108.7) after the last of 0.4.72 (1.86.0)."""
    spec = find_spec("litellm_proxy_extras")
    assert spec is not None
    assert spec.origin is not None
    migrations = sorted(Path(spec.origin).parent.glob("migrations/*/migration.sql"))
    older = [path.read_text(encoding="utf-8") for path in migrations if path.parent.name < FIRST_NEWER]
    newer = [path.read_text(encoding="utf-8") for path in migrations if path.parent.name >= FIRST_NEWER]
    assert (len(older), len(newer)) == (122, 98)
    made = {table for script in older for table in CREATED.findall(script)}
    statements = [each for script in newer for each in re.sub(r"--.*", "", script).split(";")]
    taking = [each for each in statements if TAKES.search(each)]
    assert taking
    assert {table for each in taking for table in re.findall(r'TABLE (?:IF EXISTS )?"(\w+)"', each)} & made == set()
    indexes = {name for each in statements for name in re.findall(r'DROP INDEX (?:IF EXISTS )?"(\w+)"', each)}
    assert {name for name in indexes if not name.startswith("LiteLLM_ShadowEval")} == {
        "LiteLLM_JWTKeyMapping_jwt_claim_name_jwt_claim_value_is_act_idx",
        "LiteLLM_JWTKeyMapping_jwt_claim_name_jwt_claim_value_key",
    }
