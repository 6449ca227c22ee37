"""The commands of the demo, `up` and `down`, in a temporary folder."""

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from litellm_aws.commands.demo.local_server import LocalServer
from litellm_aws.commands.demo.terraform import Terraform as DemoTerraform
from litellm_aws.commands.demo.traffic import QUESTION, Traffic
from litellm_aws.fleet.problems import FailedError
from litellm_aws.local_aws.provider_packages import packages_in, provider_folders
from tests.terraform import Terraform

PROGRAM = Path(sys.executable).with_name("litellm-aws")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """The folder of the demo. Stops a server that a failed test left running."""
    folder = tmp_path / "demo"
    yield folder
    LocalServer(folder).stop()


def begin(folder: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [PROGRAM, "demo", *arguments, "--folder", str(folder)],
        cwd=folder.parent,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def run(folder: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    process = begin(folder, *arguments, **environment)
    output, _ = process.communicate(timeout=600)
    return process.returncode, output


def left(folder: Path) -> list[str]:
    """Returns the files in the folder, except the lock file."""
    return sorted(path.name for path in folder.iterdir() if path.name != "lock")


def ended(pid: int) -> bool:
    """Returns whether a process exits within a minute, which a busy machine may take. It may still be a zombie."""
    deadline = time.monotonic() + 60
    while True:
        done = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
        if done.stdout.strip()[:1] in ("", "Z"):
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(0.5)


def without_terraform(tmp_path: Path) -> str:
    """Returns a PATH without terraform."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("sh", "cat", "rm", "sleep"):
        (programs / name).symlink_to(shutil.which(name) or name)
    return str(programs)


def test_without_terraform_the_demo_fails_and_cleans_up(folder: Path, tmp_path: Path) -> None:
    code, output = run(folder, "up", PATH=without_terraform(tmp_path))
    assert code == 1
    assert "terraform is not on the PATH: install Terraform" in output
    assert "Traceback" not in output
    assert left(folder) == []


def test_a_download_of_the_providers_is_kept_for_the_next_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin" / "terraform"
    program.parent.mkdir()
    program.write_text(
        f"#!{sys.executable}\n"
        "import json, os, pathlib, sys\n"
        "if sys.argv[1] == 'version':\n"
        "    print(json.dumps({'terraform_version': '1.11.4', 'platform': 'linux_amd64'}))\n"
        "else:\n"
        "    cache = pathlib.Path(os.environ['TF_PLUGIN_CACHE_DIR'], 'registry.terraform.io/hashicorp')\n"
        "    [(cache / name / version / 'linux_amd64').mkdir(parents=True)\n"
        "     for name, version in (('aws', '5.100.0'), ('random', '3.7.2'))]\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("TF_PLUGIN_CACHE_DIR", raising=False)
    monkeypatch.setattr("litellm_aws.commands.demo.terraform.newest_packages", lambda *_: {})
    DemoTerraform(tmp_path, {}, tmp_path).init()
    folder = tmp_path / ".terraform.d" / "plugin-cache" / "registry.terraform.io"
    assert folder in provider_folders(tmp_path)
    assert {package.provider for package in packages_in(folder, "linux_amd64")} == {"aws", "random"}


def test_a_port_in_use_is_reported(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, output = run(folder, "up", "--port", str(port))
    assert code == 1
    assert f"The local AWS cannot start on port {port}: " in output
    assert "Choose another port" in output
    assert "Traceback" not in output
    assert left(folder) == []


def expect_answers(folder: Path) -> None:
    """The real LiteLLM answers through the load balancer, and checks keys and models."""
    file = folder / "access.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    access = json.loads(file.read_text())
    assert access.keys() == {"url", "master_key", "model"}
    traffic = Traffic(**access)
    assert QUESTION in "".join(traffic.streamed_answer())
    key = traffic.new_key(budget=1)
    assert QUESTION in "".join(traffic.streamed_answer(key))
    assert 0 < traffic.spend(key) < 1
    with pytest.raises(FailedError, match="answered 401"):
        list(traffic.streamed_answer("sk-unknown"))
    with pytest.raises(FailedError, match="answered 403"):
        list(Traffic(access["url"], access["master_key"], "another-model").streamed_answer(key))
    with urlopen(f"{access['url']}/ui/login", timeout=10) as page:
        assert "text/html" in page.headers["Content-Type"]


def test_down_without_a_demo(folder: Path) -> None:
    assert run(folder, "down") == (0, "No demo is up.\n")


def test_a_second_demo_is_refused_and_ctrl_c_cleans_up(folder: Path, applying: Terraform) -> None:
    process = begin(folder, "up")
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("terraform apply"):
            break
    pid = LocalServer(folder).pid
    assert pid is not None
    started = time.monotonic()
    code, output = run(folder, "up")
    assert (code, output) == (1, "Another `make demo` or `make demo-down` is running here: wait until it ends.\n")
    time.sleep(max(0, started + 10 - time.monotonic()))
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=180)
    assert process.returncode == 130
    assert "Interrupted; cleaning up …" in output
    assert "Traceback" not in output
    assert left(folder) == []
    assert ended(pid)


def test_a_demo_starts_after_a_killed_one(folder: Path, applying: Terraform) -> None:
    killed = begin(folder, "up")
    assert killed.stdout is not None
    for line in killed.stdout:
        if line.startswith("terraform init"):
            break
    killed.kill()
    killed.communicate(timeout=60)
    abandoned = LocalServer(folder).pid

    code, output = run(folder, "up")
    assert code == 0, output
    assert "Apply complete! Resources: 96 added, 0 changed, 0 destroyed." in output
    assert "is a member of rds_iam" in output
    assert "Applied 220 migrations; 0 were applied before." in output
    assert "tables created by the migration  102" in output
    if abandoned is not None:
        assert ended(abandoned)
    unavailable = [line for line in output.splitlines() if line.startswith("LiteLLM is not available")]
    if not unavailable:
        expect_answers(folder)

    # Uses only the endpoints of the tenants file: with a missing endpoint, the provider would call the real AWS.
    environment = f". {folder}/environment && unset AWS_ENDPOINT_URL"
    plan = f"{environment} && terraform -chdir={folder}/cdktf.out/stacks/globex-dev plan -detailed-exitcode"
    planned = subprocess.run(["/bin/sh", "-c", plan], capture_output=True, text=True, check=False)
    assert planned.returncode == 0, planned.stdout + planned.stderr

    code, output = run(folder, "up")
    assert code == 1
    assert output.startswith("A demo is already up at http://127.0.0.1:")

    pid = LocalServer(folder).pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    code, output = run(folder, "down")
    assert (code, output) == (0, "The local AWS is stopped; nothing of the demo is left.\n")
    assert not folder.exists()
    if unavailable:
        pytest.skip(f"all but the answers is tested: {unavailable[0]}")
