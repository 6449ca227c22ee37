"""`cdktf deploy` deploys the synthesized roots."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from litellm_aws.local_aws.server import LocalAws
from tests.terraform import Terraform

PROJECT = Path(__file__).parents[2]
PINNED = PROJECT / "tests/cdktf_cli"
FLEET = """\
defaults:
  region: us-west-2
  azs: [us-west-2a, us-west-2b]
  allow_plaintext_alb: true
  provider: {s3_use_path_style: true}
tenants:
  - {tenant: hooli, env: dev}
  - {tenant: initech, env: dev}
  - {tenant: hooli, env: stage}
"""


@pytest.fixture(scope="module")
def cdktf(pytestconfig: pytest.Config) -> list[str]:
    """The command line of the CDKTF CLI. Skips the test if the CLI cannot be installed."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("the CDKTF CLI requires node and npm on the PATH")
    cache = pytestconfig.cache.mkdir("cdktf-cli")
    lock = (PINNED / "package-lock.json").read_text()
    installed = cache / "installed.json"
    if not installed.exists() or installed.read_text() != lock:
        shutil.copytree(PINNED, cache, dirs_exist_ok=True)
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=cache, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"the CDKTF CLI cannot be installed: {done.stderr.strip().splitlines()[-1]}")
        installed.write_text(lock)
    abi = subprocess.run([node, "-p", "process.versions.modules"], capture_output=True, text=True, check=True)
    terminals = cache / "node_modules/@cdktf/node-pty-prebuilt-multiarch/prebuilds"
    if not list(terminals.glob(f"*/node.abi{abi.stdout.strip()}.node")):
        pytest.skip(f"the CDKTF CLI has no binaries for the node on the PATH (ABI {abi.stdout.strip()})")
    return [node, str(cache / "node_modules/cdktf-cli/bundle/bin/cdktf")]


def test_cdktf_deploys_the_matching_tenants_in_parallel(
    cdktf: list[str], applying: Terraform, local_aws: LocalAws, tmp_path: Path
) -> None:
    (tmp_path / "tenants.yaml").write_text(FLEET)
    settings = json.loads((PROJECT / "cdktf.json").read_text())
    # Runs this checkout's main.py.
    settings["app"] = f"{sys.executable} {PROJECT / 'main.py'}"
    (tmp_path / "cdktf.json").write_text(json.dumps(settings))
    deployed = subprocess.run(
        # Skips the provider lock file, for which Terraform would need the registry.
        [*cdktf, "deploy", "*-dev", "--parallelism", "4", "--auto-approve", "--skip-provider-lock"],
        cwd=tmp_path,
        env={**applying.environment, "JSII_NODE": os.environ["JSII_NODE"], "CI": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert deployed.returncode == 0, deployed.stdout[-3000:] + deployed.stderr[-3000:]
    assert deployed.stdout.count("Apply complete! Resources: 95 added, 0 changed, 0 destroyed.") == 2
    # Both started before the first one finished. A line names its stack if the previous line was from another stack.
    until_the_first, _, _ = deployed.stdout.partition("Apply complete!")
    assert set(re.findall(r"^(\w+)-dev .*: Creating\.\.\.", until_the_first, re.MULTILINE)) == {"hooli", "initech"}
    # Next to the tenants file, the same place as with plain Terraform.
    assert sorted(path.name for path in tmp_path.glob("*.tfstate")) == [
        "terraform.hooli-dev.tfstate",
        "terraform.initech-dev.tfstate",
    ]
    for tenant in ("hooli", "initech"):
        server = local_aws.databases.server(f"{tenant}-litellm-dev")
        assert server is not None
        assert server.execute("SELECT pg_has_role('litellm_app', 'rds_iam', 'member')", "litellm") == "t"
