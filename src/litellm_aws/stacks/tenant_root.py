"""The root module of a tenant, which calls the shared module."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from litellm_aws.constructs.expressions import constant, module_output, variable
from litellm_aws.constructs.production import is_production
from litellm_aws.constructs.versions import PROVIDERS, TERRAFORM
from litellm_aws.fleet.tenant import TenantSettings

from .configuration import Blocks

_LOCKFILE_TERRAFORM = ">= 1.10"
"""The first Terraform version whose S3 backend supports `use_lockfile`."""


def tenant_root(tenant: TenantSettings, *, tenants_folder: Path, root_folder: Path) -> Blocks:
    """Returns a root with provider, backend, sensitive variables, module call and outputs.

    It is plain data: without CDKTF, a thousand roots take less than a second.

    Args:
        tenant: settings of the tenant.
        tenants_folder: folder of the tenants file, which also contains local states.
        root_folder: folder in which Terraform will run.
    """
    module = tenant.module
    locks = tenant.backend.s3 is not None and tenant.backend.s3.use_lockfile
    # A tenant that names the secret takes no value, not even one that was exported for another tenant.
    secrets = [secret for secret in module.sensitive_inputs if not getattr(tenant, f"{secret.name}_secret_arn", "")]
    return {
        "terraform": {
            "required_version": _LOCKFILE_TERRAFORM if locks else TERRAFORM,
            # Only the provider that the root configures. The module declares the others.
            "required_providers": {"aws": PROVIDERS["aws"]},
            **constant(_backend(tenant, os.path.relpath(tenants_folder / tenant.state_file, root_folder))),
        },
        "provider": {"aws": [constant(_provider(tenant))]},
        # The module declares types and validation rules, which keeps a root below 4 KB.
        "variable": {secret.name: {"default": secret.default, "sensitive": True} for secret in secrets},
        "module": {
            module.name: {
                "source": f"../{module.name}",
                **constant(_inputs(tenant)),
                **{secret.name: variable(secret.name).as_string for secret in secrets},
            }
        },
        "output": {name: {"value": module_output(module.name, name).as_string} for name in module.outputs},
    }


def _backend(tenant: TenantSettings, state_file: str) -> dict[str, Any]:
    backend = tenant.backend
    if backend.s3 is not None:
        return {"backend": {"s3": {**backend.s3.given(), "key": tenant.state_key}}}
    if backend.cloud is not None:
        return {"cloud": backend.cloud.arguments(tenant.workspace, backend.cloud.project)}
    return {"backend": {"local": {"path": state_file}}}


def _inputs(tenant: TenantSettings) -> dict[str, Any]:
    inputs = tenant.inputs_set()
    if tenant.production is None and tenant.is_production and not is_production(tenant.env):
        inputs["production"] = True
    role = tenant.provider.assume_role
    # The AWS CLI, which starts the one-off tasks, does not use the provider's role. The input passes the role to it,
    # but does not support an external ID: with one, the CLI uses the credentials of the environment.
    if role is None or role.external_id is not None:
        return inputs
    return {"one_shot_assume_role_arn": role.role_arn, **inputs}


def _provider(tenant: TenantSettings) -> dict[str, Any]:
    options = tenant.provider.given()
    for block in ("assume_role", "endpoints"):
        if block in options:
            options[block] = [options[block]]
    if "default_tags" in options:
        options["default_tags"] = [{"tags": options["default_tags"]}]
    return {"region": tenant.region, **options}
