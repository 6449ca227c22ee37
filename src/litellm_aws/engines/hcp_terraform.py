"""The stacks of workspaces of HCP Terraform and Terraform Enterprise, one for each organization.

Synthesis writes the same files with the tenants' roots.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from litellm_aws.fleet.problems import RefusedError
from litellm_aws.fleet.tenants_file import Fleet
from litellm_aws.stacks.synthesis import CONFIGURATION, workspaces_configurations

from .engine import Engine
from .places import Places


class HcpTerraform(Engine):
    """HCP Terraform and Terraform Enterprise: a workspace for each tenant, which runs on commits."""

    name = "hcp-terraform"
    title = "HCP Terraform"
    begins = '{\n  "//": {\n    "metadata": {'
    reads_git = True

    def files(self, fleet: Fleet, places: Places) -> Mapping[Path, str]:
        """Returns the configuration of each organization's workspaces."""
        if not any(tenant.backend.cloud for tenant in fleet.tenants):
            raise RefusedError(
                f"No tenant in {fleet.file} has its state in {self.title}: set backend.cloud, for example in defaults"
            )
        stacks = workspaces_configurations(fleet, tenants_file=places.tenants_file, stacks_folder=places.stacks)
        return {places.stacks / name / CONFIGURATION: content.decode() for name, content in stacks.items()}


HCP_TERRAFORM = HcpTerraform()
