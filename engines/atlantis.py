"""`atlantis.yaml`: one project for each tenant.

The format is version 3 of Atlantis's repo-level configuration
(https://www.runatlantis.io/docs/repo-level-atlantis-yaml).
"""

from pathlib import Path

import yaml

from fleet.command_line import CommandError
from fleet.tenants_file import Fleet
from fleet.waves import Wave

from .places import Places
from .remote_runs import check_remote_runs

FILE = Path("atlantis.yaml")
"""Where Atlantis looks for it, from the repository's top."""

_HEAD = "# Written by `make engine ENGINE=atlantis` from {}. Write it again when a tenant comes or goes.\n"


def content(fleet: Fleet, places: Places) -> str:
    """Returns the configuration.

    A project is planned when its root or the module changes. Projects of one wave are applied at the same
    time, and those of the next only when none of them failed.

    Raises:
        BadInputError: a tenant keeps its state in a file.
        CommandError: the roots are outside of the repository.
    """
    check_remote_runs(fleet, "Atlantis", {tenant.label for tenant in fleet.tenants}, has_profiles=True)
    if ".." in places.stacks.parts:
        raise CommandError(
            f"{fleet.file} and {places.stacks} are in different repositories: Atlantis needs the roots in its own"
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
                    "when_modified": ["*.tf*", ".terraform.lock.hcl", f"../{tenant.module.name}/*.tf*"],
                },
            }
            for tenant in fleet.tenants
        ],
    }
    return _HEAD.format(places.tenants_file) + yaml.safe_dump(document, sort_keys=False, width=120)
