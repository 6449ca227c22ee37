"""The root module of a tenant, which calls the shared module."""

import os
from pathlib import Path
from typing import Any

from cdktf import CloudBackend, LocalBackend, NamedCloudWorkspace, S3Backend, TerraformStack
from constructs import Construct

from litellm_aws.constructs.expressions import constant, module_output, variable
from litellm_aws.constructs.production import is_production
from litellm_aws.constructs.versions import PROVIDERS, TERRAFORM
from litellm_aws.fleet.tenant import TenantSettings

_LOCKFILE_TERRAFORM = ">= 1.10"
"""The first Terraform version whose S3 backend supports `use_lockfile`."""


class TenantRootStack(TerraformStack):
    """A root with provider, backend, sensitive variables, module call and outputs.

    Variables and outputs are written with a single override each, instead of a construct per block: a construct takes
    a millisecond, and a fleet can have a thousand roots.
    """

    def __init__(self, scope: Construct, tenant: TenantSettings, *, tenants_folder: Path, root_folder: Path) -> None:
        """Declares the root.

        Args:
            scope: the app.
            tenant: settings of the tenant.
            tenants_folder: folder of the tenants file, which also contains local states.
            root_folder: folder in which Terraform will run.
        """
        super().__init__(scope, tenant.label)
        # Only the provider that the root configures. The module declares the others.
        providers = {"aws": PROVIDERS["aws"]}
        self.add_override("terraform", {"required_version": TERRAFORM, "required_providers": providers})
        if tenant.backend.s3 is not None and tenant.backend.s3.use_lockfile:
            self.add_override("terraform.required_version", _LOCKFILE_TERRAFORM)
        self._add_backend(tenant, os.path.relpath(tenants_folder / tenant.state_file, root_folder))
        self.add_override("provider.aws", [_provider(tenant)])
        module = tenant.module
        # A tenant that names the secret takes no value, not even one that was exported for another tenant.
        secrets = [secret for secret in module.sensitive_inputs if not getattr(tenant, f"{secret.name}_secret_arn", "")]
        # The module declares types and validation rules, which keeps a root below 4 KB.
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
    if tenant.production is None and tenant.is_production and not is_production(tenant.env):
        inputs["production"] = True
    role = tenant.provider.assume_role
    # The AWS CLI, which starts the one-off tasks, does not use the provider's role. The input passes the role to it,
    # but does not support an external ID: with one, the CLI uses the credentials of the environment.
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
