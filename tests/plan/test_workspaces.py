"""The stack of HCP Terraform's workspaces, planned by Terraform against the schema of the tfe provider."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from litellm_aws.fleet.tenants_file import load_fleet
from litellm_aws.stacks.synthesis import synthesize
from tests.running_provider import running
from tests.terraform import Plan, Terraform

STAND_IN = Path(__file__).parents[1] / "stand_ins/tfe_provider.py"
CONNECTED = {"repository": "example/live", "github_app_installation_id": "ghain-1"}
DEFAULTS = """\
defaults:
  region: us-west-2
  azs: [us-west-2a, us-west-2b]
  allow_plaintext_alb: true
  backend: {cloud: {organization: example}}
tenants:
"""

PlanOf = Callable[..., Plan]


@pytest.fixture(scope="module")
def with_tfe(terraform: Terraform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terraform]:
    """Terraform that finds the stand-in for the tfe provider too."""
    before = dict(terraform.reattach)
    log = tmp_path_factory.mktemp("tfe") / "log"
    with running([sys.executable, "-u", str(STAND_IN), "--dev"], log, os.environ) as reattach:
        assert reattach, log.read_text()
        terraform.reattach |= reattach
        yield terraform
        terraform.reattach = before


@pytest.fixture
def synthesized(tmp_path: Path) -> Callable[..., Path]:
    """Synthesizes tenants in a repository's folder `live`, and returns the folder of the stacks."""

    def synthesize_tenants(*tenants: str) -> Path:
        (tmp_path / ".git").mkdir(exist_ok=True)
        (tmp_path / "live").mkdir(exist_ok=True)
        (tmp_path / "live/tenants.yaml").write_text(DEFAULTS + "".join(f"  - {{{tenant}}}\n" for tenant in tenants))
        synthesize(load_fleet(tmp_path / "live/tenants.yaml"), tmp_path / "live/cdktf.out")
        return tmp_path / "live/cdktf.out/stacks"

    return synthesize_tenants


@pytest.fixture
def plan_of(with_tfe: Terraform, synthesized: Callable[..., Path]) -> PlanOf:
    """Plans the workspaces of tenants."""

    def plan(*tenants: str, **variables: str) -> Plan:
        root = with_tfe.root(synthesized(*tenants) / "workspaces.example")
        assert root.validate() == []
        return root.plan({**CONNECTED, **variables})

    return plan


def test_each_tenant_has_a_workspace_that_runs_when_its_root_or_the_module_changes(plan_of: PlanOf) -> None:
    plan = plan_of("tenant: acme, env: dev", "tenant: acme, env: prod")
    assert plan.addresses == [
        f'tfe_workspace{kind}.this["acme-{env}"]' for kind in ("", "_settings") for env in ("dev", "prod")
    ]
    settings = plan.values('tfe_workspace_settings.this["acme-dev"]')
    assert (settings["execution_mode"], settings["agent_pool_id"]) == ("remote", None)
    found = {name: value for name, value in plan.values('tfe_workspace.this["acme-dev"]').items() if value is not None}
    assert found == {
        "name": "litellm-acme-dev",
        "organization": "example",
        "description": "LiteLLM of the tenant acme in dev",
        "working_directory": "live/cdktf.out/stacks/acme-dev",
        "trigger_patterns": ["live/cdktf.out/stacks/acme-dev/**/*", "live/cdktf.out/stacks/litellm/**/*"],
        "file_triggers_enabled": True,
        "auto_apply": True,
        "queue_all_runs": False,
        "tags": {"tenant": "acme", "env": "dev", "wave": "dev"},
        "vcs_repo": [
            {
                "identifier": "example/live",
                "branch": None,
                "github_app_installation_id": "ghain-1",
                "ingress_submodules": None,
                "oauth_token_id": None,
                "tags_regex": None,
            }
        ],
    }


def test_production_is_applied_by_hand_and_runs_are_an_agents_where_there_is_a_pool(plan_of: PlanOf) -> None:
    envs = {"dev": True, "stage": True, "prod": False, "prod-eu": False, "live": False}
    plan = plan_of(*(f"tenant: acme, env: {env}" for env in envs), agent_pool_id="apool-1")
    assert {env: plan.values(f'tfe_workspace.this["acme-{env}"]')["auto_apply"] for env in envs} == envs
    settings = plan.values('tfe_workspace_settings.this["acme-dev"]')
    assert (settings["execution_mode"], settings["agent_pool_id"]) == ("agent", "apool-1")


def test_a_workspace_is_in_its_tenants_project(plan_of: PlanOf) -> None:
    plan = plan_of(
        "tenant: a, env: dev, backend: {cloud: {project: LiteLLM}}",
        "tenant: b, env: dev, backend: {cloud: {project: Other, workspace: bees}}",
        "tenant: c, env: dev",
        "tenant: d, env: dev, backend: {cloud: {project: '${x}', workspace: '%{y}'}}",
    )
    found = {label: plan.values(f'tfe_workspace.this["{label}-dev"]') for label in ("a", "b", "c", "d")}
    assert {label: (each["name"], each["project_id"]) for label, each in found.items()} == {
        "a": ("litellm-a-dev", "prj-example-LiteLLM"),
        "b": ("bees", "prj-example-Other"),
        "c": ("litellm-c-dev", None),
        # What looks like a template stays as it is.
        "d": ("%{y}", "prj-example-${x}"),
    }


@pytest.mark.parametrize("connection", [{}, {"github_app_installation_id": "ghain-1", "oauth_token_id": "ot-1"}])
def test_a_repository_is_read_by_one_connection(
    with_tfe: Terraform, synthesized: Callable[..., Path], connection: dict[str, str]
) -> None:
    root = with_tfe.root(synthesized("tenant: acme, env: dev") / "workspaces.example")
    assert "Set one of github_app_installation_id and oauth_token_id: it reads the repository." in root.refusal(
        {"repository": "example/live", **connection}
    )


def test_what_is_applied_does_not_differ_in_the_next_plan(
    with_tfe: Terraform, synthesized: Callable[..., Path]
) -> None:
    root = with_tfe.root(synthesized("tenant: acme, env: dev", "tenant: acme, env: prod") / "workspaces.example")
    root.apply(CONNECTED)
    assert root.plan(CONNECTED, refresh=True).changes == {}


# Without Terraform


def configuration(stacks: Path, name: str) -> dict[str, Any]:
    return dict(json.loads((stacks / name / "cdk.tf.json").read_text()))


def test_the_stack_keeps_its_state_in_a_workspace_of_its_own(synthesized: Callable[..., Path]) -> None:
    found = configuration(synthesized("tenant: acme, env: dev"), "workspaces.example")
    assert found["terraform"]["cloud"] == {"organization": "example", "workspaces": {"name": "litellm-workspaces"}}
    assert "token" not in json.dumps(found["provider"])


def test_each_organization_has_a_stack_of_its_own(synthesized: Callable[..., Path]) -> None:
    stacks = synthesized(
        "tenant: a, env: dev, backend: {cloud: {organization: other}}",
        "tenant: b, env: dev, backend: {cloud: {hostname: app.terraform.io}}",
        "tenant: c, env: dev",
    )
    own = {path.name: configuration(stacks, path.name) for path in stacks.glob("workspaces*")}
    assert {name: list(found["locals"]["workspaces"]) for name, found in own.items()} == {
        "workspaces.other": ["a-dev"],
        "workspaces.example": ["b-dev", "c-dev"],
    }
    assert own["workspaces.other"]["terraform"]["cloud"]["organization"] == "other"


def test_a_stack_outside_of_the_repository_asks_where_the_roots_are(tmp_path: Path) -> None:
    (tmp_path / "live/.git").mkdir(parents=True)
    (tmp_path / "live/tenants.yaml").write_text(DEFAULTS + "  - {tenant: acme, env: dev}\n")
    synthesize(load_fleet(tmp_path / "live/tenants.yaml"), tmp_path / "out")
    found = configuration(tmp_path / "out/stacks", "workspaces.example")
    assert "default" not in found["variable"]["stacks_folder"]


def test_each_host_has_a_stack_of_its_own(synthesized: Callable[..., Path]) -> None:
    stacks = synthesized(
        "tenant: acme, env: dev", "tenant: acme, env: test, backend: {cloud: {hostname: tfe.example.com}}"
    )
    assert configuration(stacks, "workspaces.example")["locals"]["workspaces"].keys() == {"acme-dev"}
    own = configuration(stacks, "workspaces.tfe.example.com.example")
    assert own["locals"]["workspaces"].keys() == {"acme-test"}
    assert own["provider"] == {"tfe": [{"hostname": "tfe.example.com"}]}
    assert own["terraform"]["cloud"]["hostname"] == "tfe.example.com"


def test_without_a_tenant_in_hcp_terraform_there_is_no_stack(synthesized: Callable[..., Path]) -> None:
    stacks = synthesized("tenant: acme, env: dev", "tenant: b, env: dev")
    assert (stacks / "workspaces.example").exists()
    stacks = synthesized("tenant: acme, env: dev, backend: {local: {}}")
    assert not (stacks / "workspaces.example").exists()
