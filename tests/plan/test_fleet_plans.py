"""The lines of docs/fleet.md that plan what differs from a commit, run as they are."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import PROJECT
from tests.terraform import PROVIDER_FLAGS, Terraform

[LINES] = re.findall(
    r"^```sh\n(\(\n  set -e\n  export TF_PLUGIN_CACHE_DIR.*?)^```",
    (PROJECT / "docs/fleet.md").read_text(),
    re.DOTALL | re.MULTILINE,
)
CHANGED = ["t03-dev", "t11-dev", "t19-dev"]


class Fleet:
    """Twenty tenants in a Git repository, with a lock file."""

    def __init__(self, folder: Path, terraform: Terraform) -> None:
        self.folder = folder
        self.environment = {
            **terraform.environment,
            "HOME": str(folder / "home"),
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), terraform.environment["PATH"]]),
            "GIT_CONFIG_GLOBAL": os.devnull,
            **{
                f"GIT_{who}_{what}": "test@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
            },
        }

    def write(self, changed: Mapping[str, Any]) -> None:
        """Writes the tenants file, with inputs of the tenants in `CHANGED`."""
        defaults = {
            "region": "us-west-2",
            "azs": ["us-west-2a", "us-west-2b"],
            "allow_plaintext_alb": True,
        }
        tenants: list[dict[str, Any]] = [{"tenant": f"t{number:02}", "env": "dev"} for number in range(20)]
        for tenant in tenants:
            tenant |= changed if f"{tenant['tenant']}-dev" in CHANGED else {}
        text = yaml.safe_dump({"defaults": defaults, "tenants": tenants})
        (self.folder / "tenants.yaml").write_text(text, encoding="utf-8")

    def synthesize(self) -> None:
        """Runs `litellm-aws synth`, and lets the provider of the tenants in `CHANGED` plan without AWS."""
        done = self.run("litellm-aws synth")
        assert done.returncode == 0, done.stderr
        for root in CHANGED:
            override = self.folder / "cdktf.out/stacks" / root / "tests_override.tf.json"
            override.write_text(json.dumps({"provider": {"aws": PROVIDER_FLAGS}}), encoding="utf-8")

    def run(self, script: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", script], cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )


@pytest.fixture(scope="module")
def fleet(terraform: Terraform, tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    fleet = Fleet(tmp_path_factory.mktemp("fleet"), terraform)
    fleet.write({})
    fleet.synthesize()
    made = fleet.run(
        "set -e; git init -q; printf 'cdktf.out\\nplans\\n' > .gitignore; "
        "terraform -chdir=cdktf.out/stacks/t00-dev init -backend=false; "
        "cp cdktf.out/stacks/t00-dev/.terraform.lock.hcl .; git add .; git commit -qm first; git tag v1.4"
    )
    assert made.returncode == 0, made.stderr
    return fleet


def test_three_changed_tenants_of_twenty_are_planned(fleet: Fleet) -> None:
    fleet.write({"gateway_cpu": 2048})
    fleet.synthesize()
    ended = fleet.run(LINES)
    assert ended.returncode == 0, ended.stderr
    results = [line for line in ended.stdout.splitlines() if "Plan: " in line]
    assert sorted(results) == [f"{root}: Plan: 95 to add, 0 to change, 0 to destroy." for root in CHANGED]
    # The provider is there once, whatever the number of roots.
    folders = [fleet.folder / "cdktf.out/stacks" / root / ".terraform/providers" for root in CHANGED]
    cache = fleet.folder / "home/.terraform.d/plugin-cache"
    for folder in folders:
        [binary] = folder.glob("**/hashicorp/aws/*/*")
        assert cache in binary.readlink().parents


def test_a_root_that_cannot_be_planned_fails_the_lines_and_says_where_to_look(fleet: Fleet) -> None:
    fleet.write({"gateway_cpu": 2048, "gateway_image": "registry.example.com/one:1"})
    fleet.synthesize()
    broken = fleet.folder / "cdktf.out/stacks/t11-dev/broken.tf.json"
    broken.write_text('{"output": {"lost": {"value": "${var.lost}"}}}')
    ended = fleet.run(LINES)
    broken.unlink()
    assert ended.returncode != 0
    [file] = re.findall(r"^t11-dev: failed, see (\S+)$", ended.stdout, re.MULTILINE)
    assert "Error: Reference to undeclared input variable" in Path(file).read_text()
    assert "t19-dev: Plan: 95 to add" in ended.stdout


def test_without_a_change_nothing_is_planned(fleet: Fleet) -> None:
    fleet.write({})
    ended = fleet.run(LINES)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.endswith("No root differs.\n")


def test_a_commit_that_does_not_exist_ends_the_lines(fleet: Fleet) -> None:
    ended = fleet.run(LINES.replace("v1.4", "v9"))
    assert ended.returncode != 0
    assert "v9" in ended.stderr
    assert "Initializing" not in ended.stdout
