"""The engines that run Terraform for the tenants, one file each."""

from collections.abc import Mapping

from .atlantis import ATLANTIS
from .engine import Engine
from .github_actions import GITHUB_ACTIONS
from .hcp_terraform import HCP_TERRAFORM

ENGINES: Mapping[str, Engine] = {engine.name: engine for engine in (ATLANTIS, GITHUB_ACTIONS, HCP_TERRAFORM)}
"""Every engine by its name on the command line."""
