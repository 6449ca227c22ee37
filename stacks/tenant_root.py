"""A tenant's root: what stands between the module and `terraform apply`."""

import os
from pathlib import Path
from typing import Any

from cdktf import CloudBackend, LocalBackend, NamedCloudWorkspace, S3Backend, TerraformStack
from constructs import Construct

from fleet.tenant import TenantSettings
from litellm_aws.expressions import constant, module_output, variable
from litellm_aws.versions import PROVIDERS, TERRAFORM

_LOCKFILE_TERRAFORM = ">= 1.10"
"""The first Terraform whose S3 backend knows `use_lockfile`."""


class TenantRootStack(TerraformStack):
    """Provider, backend, the secret variables, the module's call and its outputs.

    Variables and outputs are written with one override for all, not with a construct for each: a
    construct costs a millisecond, and a fleet has a thousand roots.
    """

    def __init__(self, scope: Construct, tenant: TenantSettings, *, tenants_folder: Path, root_folder: Path) -> None:
        """Declares the root.

        Args:
            tenants_folder: folder of the tenants file, beside which a local state lies.
            root_folder: folder in which Terraform will run.
        """
        super().__init__(scope, tenant.label)
        # The provider that the root configures. The module says what else it needs.
        providers = {"aws": PROVIDERS["aws"]}
        self.add_override("terraform", {"required_version": TERRAFORM, "required_providers": providers})
        if tenant.backend.s3 is not None and tenant.backend.s3.use_lockfile:
            self.add_override("terraform.required_version", _LOCKFILE_TERRAFORM)
        self._add_backend(tenant, os.path.relpath(tenants_folder / tenant.state_file, root_folder))
        self.add_override("provider.aws", [_provider(tenant)])
        module = tenant.module
        secrets = module.sensitive_inputs
        # Types and rules are the module's: a root stays below 4 KB.
        self.add_override(
            "variable", {secret.name: {"default": secret.default, "sensitive": True} for secret in secrets}
        )
        self.add_override(
            f"module.{module.name}",
            {
                "source": f"../{module.name}",
                **constant(_inputs(tenant)),
                **{secret.name: variable(secret.name).as_string for secret in secrets},
            },
        )
        self.add_override(
            "output",
            {name: {"value": module_output(module.name, name).as_string} for name in module.outputs},
        )

    def _add_backend(self, tenant: TenantSettings, state_file: str) -> None:
        backend = tenant.backend
        if backend.s3 is not None:
            S3Backend(self, bucket=backend.s3.bucket, key=tenant.state_key)
            self.add_override("terraform.backend.s3", constant({**backend.s3.given(), "key": tenant.state_key}))
        elif backend.cloud is not None:
            CloudBackend(
                self,
                hostname=backend.cloud.hostname and constant(backend.cloud.hostname),
                organization=constant(backend.cloud.organization),
                workspaces=NamedCloudWorkspace(
                    constant(tenant.workspace), backend.cloud.project and constant(backend.cloud.project)
                ),
            )
        else:
            LocalBackend(self, path=constant(state_file))


def _inputs(tenant: TenantSettings) -> dict[str, Any]:
    inputs = tenant.inputs_set()
    role = tenant.provider.assume_role
    # Terraform assumes that role for itself alone, and the one-shot tasks are started by the AWS CLI. It knows of no
    # external id, so that a role which asks for one is left to the credentials at hand.
    if role is None or role.external_id is not None:
        return inputs
    return {"one_shot_assume_role_arn": role.role_arn, **inputs}


def _provider(tenant: TenantSettings) -> dict[str, Any]:
    options = constant(tenant.provider.given())
    for block in ("assume_role", "endpoints"):
        if block in options:
            options[block] = [options[block]]
    if "default_tags" in options:
        options["default_tags"] = [{"tags": options["default_tags"]}]
    return {"region": constant(tenant.region), **options}
