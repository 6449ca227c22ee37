"""A separate stack with the HCP Terraform workspaces that run the tenants' roots."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from litellm_aws.constructs.expressions import (
    EACH_KEY,
    EACH_VALUE,
    Expression,
    argument,
    constant,
    data_source,
    local_value,
    resource,
    text,
    variable,
    when,
)
from litellm_aws.constructs.versions import TERRAFORM
from litellm_aws.fleet.tenant import HCP_HOST, WORKSPACE_OF_WORKSPACES, TenantSettings
from litellm_aws.fleet.waves import Wave

from .configuration import Blocks

WORKSPACES = "workspaces"
"""Prefix of these stacks' names, followed by a dot, which a tenant's label cannot contain."""

_PROVIDERS = {"tfe": {"source": "hashicorp/tfe", "version": ">= 0.71, < 1"}}
_VARIABLES: dict[str, dict[str, Any]] = {
    "stacks_folder": {
        "type": "string",
        "description": "Folder of the roots, from the top of the repository.",
    },
    "repository": {
        "type": "string",
        "description": "Repository that contains the roots, such as <organization>/<repository>.",
    },
    "branch": {
        "type": "string",
        "description": "Branch to apply. Empty: the repository's default branch.",
        "default": "",
    },
    "github_app_installation_id": {
        "type": "string",
        "description": "ID of the HCP Terraform GitHub App installation that reads the repository. Empty: use "
        "oauth_token_id.",
        "default": "",
        "validation": [
            {
                "condition": str(
                    variable("github_app_installation_id").is_set.differs(variable("oauth_token_id").is_set)
                ),
                "error_message": "Set one of github_app_installation_id and oauth_token_id: it reads the repository.",
            }
        ],
    },
    "oauth_token_id": {
        "type": "string",
        "description": "ID of the OAuth token of the VCS provider that reads the repository. Empty: use "
        "github_app_installation_id.",
        "default": "",
    },
    "agent_pool_id": {
        "type": "string",
        "description": "ID of the agent pool that runs Terraform. The agents need the AWS CLI for the one-off tasks. "
        "Empty: run on HCP Terraform's infrastructure.",
        "default": "",
    },
}


def _or_null(name: str) -> Expression:
    return when(variable(name).is_set, variable(name))


def by_stack(tenants: Iterable[TenantSettings]) -> dict[str, list[TenantSettings]]:
    """Returns the tenants whose state is in HCP Terraform or Terraform Enterprise, by stack name.

    Each organization has its own stack, whose name does not depend on the other tenants.
    """
    stacks: defaultdict[str, list[TenantSettings]] = defaultdict(list)
    for tenant in tenants:
        cloud = tenant.backend.cloud
        if cloud is not None:
            host = "" if cloud.host == HCP_HOST else f".{cloud.host.replace(':', '.')}"
            stacks[f"{WORKSPACES}{host}.{cloud.organization}"].append(tenant)
    return stacks


def workspaces(tenants: list[TenantSettings], *, stacks_folder: Path) -> Blocks:
    """Returns a workspace for each tenant. A change of the tenant's root or of the module there starts a run.

    Args:
        tenants: of one stack: a value of `by_stack`.
        stacks_folder: folder of the roots, from the top of the repository. Starts with `..` if it is outside.
    """
    first = tenants[0].backend.cloud
    assert first is not None
    folder = {} if ".." in stacks_folder.parts else {"default": constant(str(stacks_folder))}
    each = local_value("workspaces")
    workspace = _workspace(each, local_value("module"), data_source("tfe_project", "this"))
    return {
        "terraform": {
            "required_version": TERRAFORM,
            "required_providers": _PROVIDERS,
            "cloud": constant(first.arguments(WORKSPACE_OF_WORKSPACES)),
        },
        "provider": {"tfe": [{"hostname": constant(first.hostname)} if first.hostname else {}]},
        "variable": {**_VARIABLES, "stacks_folder": {**_VARIABLES["stacks_folder"], **folder}},
        "locals": constant(_locals(tenants)),
        "data": {"tfe_project": {"this": argument(_project(local_value("projects")))}},
        "resource": {
            "tfe_workspace": {"this": argument(workspace)},
            "tfe_workspace_settings": {"this": argument(_settings(each, resource("tfe_workspace", "this")))},
        },
    }


def _locals(tenants: list[TenantSettings]) -> dict[str, Any]:
    projects = {}
    workspaces = {}
    for tenant in tenants:
        cloud = tenant.backend.cloud
        assert cloud is not None
        project = f"{cloud.organization}/{cloud.project}" if cloud.project else ""
        if project:
            projects[project] = {"organization": cloud.organization, "name": cloud.project}
        workspaces[tenant.label] = {
            "name": tenant.workspace,
            "organization": cloud.organization,
            "project": project,
            "auto_apply": tenant.effective_wave is not Wave.PROD,
            "tags": {"tenant": tenant.tenant, "env": tenant.env, "wave": tenant.effective_wave.value},
        }
    return {"module": tenants[0].module.name, "projects": projects, "workspaces": workspaces}


def _project(projects: Expression) -> dict[str, object]:
    return {
        "for_each": projects,
        "name": EACH_VALUE.attribute("name"),
        "organization": EACH_VALUE.attribute("organization"),
    }


def _workspace(workspaces: Expression, module: Expression, projects: Expression) -> dict[str, object]:
    tags, project = EACH_VALUE.attribute("tags"), EACH_VALUE.attribute("project")
    folder = variable("stacks_folder")
    return {
        "for_each": workspaces,
        "name": EACH_VALUE.attribute("name"),
        "organization": EACH_VALUE.attribute("organization"),
        "description": text("LiteLLM of the tenant ", tags.attribute("tenant"), " in ", tags.attribute("env")),
        "project_id": when(project.is_set, projects[project].attribute("id")),
        "tags": tags,
        "working_directory": text(folder, "/", EACH_KEY),
        "trigger_patterns": [text(folder, "/", changed, "/**/*") for changed in (EACH_KEY, module)],
        "file_triggers_enabled": True,
        "auto_apply": EACH_VALUE.attribute("auto_apply"),
        # The user starts the first run, after the workspace has credentials and the settings below.
        "queue_all_runs": False,
        "vcs_repo": [
            {
                "identifier": variable("repository"),
                "branch": _or_null("branch"),
                "github_app_installation_id": _or_null("github_app_installation_id"),
                "oauth_token_id": _or_null("oauth_token_id"),
            }
        ],
    }


def _settings(workspaces: Expression, workspace: Expression) -> dict[str, object]:
    return {
        "for_each": workspaces,
        "workspace_id": workspace[EACH_KEY].attribute("id"),
        "execution_mode": variable("agent_pool_id").equals("").then("remote", "agent"),
        "agent_pool_id": _or_null("agent_pool_id"),
    }
