"""The wheel in an empty virtual environment, outside of the checkout: what a team that adopts the generator has.

The tests share the environment and the repository, and run in this order.
"""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tests.conftest import PROJECT

ANSWERS = {
    "account": "111122223333",
    "region": "us-west-2",
    "domain": "llm.example.com",
    "zone-id": "Z0123456789ABC",
    "state-bucket": "example-states",
}


class Adopted(NamedTuple):
    """What a team has.

    Attributes:
        wheels: of an old and of this version.
        environment: the virtual environment in which the old wheel is installed.
        repository: that `init` wrote.
    """

    wheels: tuple[Path, Path]
    environment: Path
    repository: Path

    def run(self, *command: str | Path, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Runs a program of the repository's environment, or else of the first one, without this process's packages."""
        own = self.repository / ".venv"
        environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
        return subprocess.run(
            [(own if own.exists() else self.environment) / "bin" / command[0], *command[1:]],
            cwd=folder or self.repository,
            env=environment | {"GIT_CONFIG_GLOBAL": os.devnull},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def folder(self) -> Path:
        """The folder of all."""
        return self.repository.parent

    def changed(self) -> dict[str, Any]:
        """Returns what `litellm-aws changed` says about the working tree, without the name of the commit."""
        done = self.run("litellm-aws", "changed", "--format=json")
        assert done.returncode == 0, done.stderr
        return {name: value for name, value in json.loads(done.stdout).items() if name != "base"}

    def git(self, *arguments: str) -> None:
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.com")
        subprocess.run(["git", *identity, *arguments], cwd=self.repository, capture_output=True, check=True)


def build(sources: Path, folder: Path) -> Path:
    """Builds the wheel as `make release` does."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, sources],
        capture_output=True,
        text=True,
        check=False,
    )
    skip_without_index(done)
    [wheel] = folder.glob("*.whl")
    return wheel


def skip_without_index(done: subprocess.CompletedProcess[str]) -> None:
    """Skips where pip reaches no package index; any other failure is one."""
    if (
        done.returncode
        and "No matching distribution found" in done.stderr
        and "Could not find a version" in done.stderr
    ):
        pytest.skip(f"pip finds no package index: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def adopted(tmp_path_factory: pytest.TempPathFactory) -> Adopted:
    folder = tmp_path_factory.mktemp("adopted")
    (folder / "sources").mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", "src"):
        copy = shutil.copytree if (PROJECT / name).is_dir() else shutil.copy
        copy(PROJECT / name, folder / "sources" / name)
    new = build(folder / "sources", folder / "new")
    # An older version, whose module differs in a text.
    for file, before, after in (
        ("pyproject.toml", '\nversion = "', '\nversion = "0.0.'),
        ("src/litellm_aws/constructs/litellm.py", '"vpc_id": "', '"vpc_id": "The older text. '),
    ):
        text = (folder / "sources" / file).read_text()
        assert text.count(before) == 1
        (folder / "sources" / file).write_text(text.replace(before, after))
    old = build(folder / "sources", folder / "old")
    subprocess.run([sys.executable, "-m", "venv", folder / "environment"], check=True)
    adopted = Adopted((old, new), folder / "environment", folder / "live")
    skip_without_index(adopted.run("pip", "install", "--quiet", str(old), folder=folder))
    return adopted


def test_it_installs_no_package_of_a_generic_name(adopted: Adopted) -> None:
    with zipfile.ZipFile(adopted.wheels[1]) as wheel:
        names = wheel.namelist()
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"litellm_aws"}
    assert [name for name in names if name.endswith("/LICENSE")]


def test_init_writes_a_repository_that_uses_the_installed_version(adopted: Adopted) -> None:
    options = [word for name, value in ANSWERS.items() for word in (f"--{name}", value)]
    done = adopted.run("litellm-aws", "init", "live", "--engine", "github-actions", *options, folder=adopted.folder)
    assert done.returncode == 0, done.stderr
    assert (adopted.repository / "requirements.txt").read_text() == f"./wheels/{adopted.wheels[0].name}\n"
    assert (adopted.repository / "wheels" / adopted.wheels[0].name).read_bytes() == adopted.wheels[0].read_bytes()


def test_its_workflow_installs_and_synthesizes(adopted: Adopted) -> None:
    workflow = yaml.safe_load((adopted.repository / ".github/workflows/litellm.yml").read_text())
    [step] = [step for step in workflow["jobs"]["changed"]["steps"] if step.get("name") == "Synthesize"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", step["run"]],
        cwd=adopted.repository,
        env=environment | {"PATH": f"{adopted.environment / 'bin'}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    root = json.loads((adopted.repository / "cdktf.out/stacks/main-dev/cdk.tf.json").read_text())
    assert root["module"]["litellm"]["domain_name"] == ANSWERS["domain"]
    adopted.git("init", "--quiet")
    adopted.git("add", "--all")
    adopted.git("commit", "--quiet", "--message", "The first version")
    assert adopted.changed() == {"module": False, "tenants": []}


def test_an_upgrade_is_one_line_and_shows_its_changes(adopted: Adopted) -> None:
    requirements = adopted.repository / "requirements.txt"
    old, new = adopted.wheels
    (adopted.repository / "wheels" / old.name).unlink()
    shutil.copy(new, adopted.repository / "wheels")
    requirements.write_text(requirements.read_text().replace(old.name, new.name))
    # Before the new version is installed, the old one would compare itself with itself.
    done = adopted.run("litellm-aws", "changed")
    assert done.returncode == 2
    assert "run `pip install --requirement requirements.txt`" in done.stderr
    done = adopted.run("pip", "install", "--quiet", "--requirement", "requirements.txt")
    assert done.returncode == 0, done.stderr
    assert adopted.changed() == {"module": True, "tenants": [{"root": "main-dev", "wave": "dev", "change": "module"}]}
    adopted.git("add", "--all")
    adopted.git("commit", "--quiet", "--message", "The upgrade")
    assert adopted.changed() == {"module": False, "tenants": []}


@pytest.mark.parametrize("command", [("demo", "up"), ("demo", "down")])
def test_what_needs_a_checkout_says_so(adopted: Adopted, command: tuple[str, str]) -> None:
    done = adopted.run("litellm-aws", *command)
    assert "Traceback" not in done.stderr
    if command == ("demo", "up"):
        assert (done.returncode, "from a checkout of this project" in done.stderr) == (1, True)
