"""The engines' files of the example fleet, as if its folder were a repository: `python -m engines.examples`."""

import shutil
import tempfile
from pathlib import Path

from fleet.synthesis import configuration_of, configurations
from fleet.tenants_file import load_fleet
from stacks.workspaces import WORKSPACES

from . import atlantis, github_actions
from .places import Places

FLEET = Path("docs/examples/fleet")
_PLACES = Places(Path("tenants.yaml"), Path("cdktf.out/stacks"), Path())


def generated(project: Path) -> dict[Path, str]:
    """Returns the content of every file by its path from the project's folder."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = shutil.copytree(project / FLEET, Path(scratch, "repository"))
        fleet = load_fleet(folder / "tenants.yaml")
        in_hcp = configurations(load_fleet(folder / "hcp.yaml"), folder / "cdktf.out")
        return {
            FLEET / atlantis.FILE: atlantis.content(fleet, _PLACES),
            FLEET / "github-actions.yml": github_actions.content(fleet, _PLACES),
            FLEET / "hcp-terraform/cdk.tf.json": in_hcp[configuration_of(f"{WORKSPACES}.example")],
        }


if __name__ == "__main__":
    for path, content in generated(Path()).items():
        path.write_text(content, encoding="utf-8")
        print(f"wrote {path}")
