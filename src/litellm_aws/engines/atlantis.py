"""`atlantis.yaml`: one project for each tenant.

The format is version 3 of Atlantis's repo-level configuration
(https://www.runatlantis.io/docs/repo-level-atlantis-yaml).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

from litellm_aws.fleet.problems import RefusedError
from litellm_aws.fleet.tenants_file import Fleet
from litellm_aws.fleet.waves import Wave

from .engine import Engine
from .places import Places

_HEAD = "# Written by `litellm-aws engine atlantis` from {}. Write it again when a tenant is added or removed.\n"


class Atlantis(Engine):
    """Atlantis plans a project when its root or the module changes.

    It applies the projects of one wave at the same time, and those of the next wave only when none of them failed.
    """

    name = "atlantis"
    title = "Atlantis"
    begins = "# Written by `litellm-aws engine"
    reads_git = True

    def files(self, fleet: Fleet, places: Places) -> Mapping[Path, str]:
        """Returns atlantis.yaml."""
        self.check(fleet, {tenant.label for tenant in fleet.tenants})
        if ".." in places.stacks.parts:
            raise RefusedError(
                f"{fleet.file} and {places.stacks} are in different repositories: {self.title} needs the roots in the "
                "tenants file's"
            )
        waves = list(Wave)
        document = {
            "version": 3,
            "automerge": False,
            "parallel_plan": True,
            "parallel_apply": True,
            "abort_on_execution_order_fail": True,
            "projects": [
                {
                    "name": tenant.label,
                    "dir": str(places.stacks / tenant.label),
                    "execution_order_group": waves.index(tenant.effective_wave),
                    "autoplan": {
                        "enabled": True,
                        "when_modified": ["*.tf*", ".terraform.lock.hcl", f"../{tenant.module.name}/*"],
                    },
                }
                for tenant in fleet.tenants
            ],
        }
        content = _HEAD.format(places.tenants_file) + yaml.safe_dump(document, sort_keys=False, width=120)
        return {Path("atlantis.yaml"): content}


ATLANTIS = Atlantis()
