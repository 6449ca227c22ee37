"""The command line and the make targets: help, exit codes, and values that arrive as they were given."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import litellm_aws.commands.__main__ as command_line

PROJECT = Path(__file__).parents[2]
PROGRAM = Path(sys.executable).with_name("litellm-aws")
TENANTS = (
    "tenants: [{tenant: a, env: dev, region: us-west-2, azs: [us-west-2a, us-west-2b], allow_plaintext_alb: true}]\n"
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the working directory."""
    for name in ("TENANTS_FILE", "CDKTF_OUTDIR", "MAKEFLAGS", "MAKELEVEL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)


def make(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs make in a copy of the Makefile, as if everything was installed, with a program that prints its arguments."""
    program = Path(".venv/bin/litellm-aws")
    if not program.exists():
        program.parent.mkdir(parents=True)
        program.write_text('#!/bin/sh\nprintf "%s\\n" "$@" "TENANTS_FILE=$TENANTS_FILE"\n')
        program.chmod(0o755)
        Path("Makefile").write_text((PROJECT / "Makefile").read_text())
        files = (
            "pyproject.toml",
            "Pipfile",
            "Pipfile.lock",
            "requirements/pipenv.txt",
            "requirements/checkov.txt",
            "requirements/site.txt",
        )
        for name in (*files, ".pipenv/.installed", ".venv/.installed"):
            Path(name).parent.mkdir(exist_ok=True)
            Path(name).touch()
        os.utime("Makefile", (0, 0))
        Path(".venv/.installed").write_text(f"{Path.cwd()}\n")
    return run("make", "--silent", *arguments, **environment)


@pytest.mark.parametrize(
    "command", ["", "synth", "explain", "changed", "engine", "init", "costs", "demo", "demo up", "demo down"]
)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command_line.run([*command.split(), "--help"])
    out, errors = capsys.readouterr()
    assert (ended.value.code, errors) == (0, "")
    assert out.startswith(f"usage: litellm-aws {command}".rstrip())


def test_help_writes_no_files() -> None:
    assert run(sys.executable, PROJECT / "main.py", "--help").stdout == run(PROGRAM, "synth", "--help").stdout
    assert list(Path().iterdir()) == []


def test_it_has_the_version_of_the_project() -> None:
    [version] = re.findall('^version = "(.*)"$', (PROJECT / "pyproject.toml").read_text(), re.MULTILINE)
    assert run(PROGRAM, "--version").stdout == f"{version}\n"


def test_it_works_in_any_folder_by_options_and_by_environment_variables() -> None:
    Path("live").mkdir()
    Path("live/fleet.yaml").write_text(TENANTS)
    assert run(PROGRAM, "synth", "--tenants", "live/fleet.yaml", CDKTF_OUTDIR="out").returncode == 0
    assert run(PROGRAM, "explain", "a", "dev", TENANTS_FILE="live/fleet.yaml").returncode == 0
    assert Path("out/stacks/a-dev/cdk.tf.json").exists()


@pytest.mark.parametrize("arguments", [[], ["unknown"], ["synth", "--tenant", "x"], ["changed", "--format", "xml"]])
def test_a_wrong_argument_ends_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command_line.run(arguments)
    assert ended.value.code == 2


@pytest.mark.parametrize("command", [("synth",), ("explain", "a", "prod"), ("engine", "hcp-terraform")])
def test_a_warning_about_the_tenants_file_is_printed_and_changes_no_exit_code(
    command: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    state = "backend: {cloud: {organization: o}}, proxy_config: {model_lists: []}"
    Path("tenants.yaml").write_text(TENANTS.replace("env: dev", f"env: prod, {state}"))
    assert command_line.run(command) == 0
    assert capsys.readouterr().err == (
        "Warning: tenants.yaml:1: tenant a-prod: proxy_config.model_lists is unknown to LiteLLM 1.86.0 and 1.108.7, "
        "which would ignore it: did you mean model_list?\n"
    )


def test_a_closed_pipe_is_no_error() -> None:
    Path("tenants.yaml").write_text(TENANTS)
    done = run("sh", "-c", f"{PROGRAM} explain a dev | true")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("command", "given", "advice"),
    [
        ("synth", "tenants", ": did you mean TENANTS?"),
        ("synth", "TENANT", ": did you mean TENANTS?"),
        ("engine", "engin", ": did you mean ENGINE?"),
        ("synth", "OUT", ". It takes TENANTS"),
    ],
)
def test_make_refuses_a_variable_that_a_command_does_not_take(command: str, given: str, advice: str) -> None:
    done = make(command, f"{given}=x")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"`make {command}` takes no variable {given}{advice}" in done.stderr


def test_make_sets_up_a_moved_checkout_again() -> None:
    assert "pipenv sync" not in make("--dry-run", "synth").stdout
    Path(".venv/.installed").write_text("/elsewhere\n")
    assert "rm -rf .venv" in make("--dry-run", "synth").stdout


AWKWARD = r"""a $(shell touch made) `touch made` $HOME "b" 'c' \ d=e x\\"""


def test_make_passes_values_literally() -> None:
    done = make("explain", f"TENANT={AWKWARD}", "ENV=--help", f"TENANTS={AWKWARD}")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["explain", "--", AWKWARD, "--help", f"TENANTS_FILE={AWKWARD}"]
    assert not Path("made").exists()


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (["synth"], ["synth"]),
        (["changed"], ["changed"]),
        (["changed", "BASE=-x", "FORMAT=json"], ["changed", "--base=-x", "--format=json"]),
        (["engine", "ENGINE=atlantis", "OUT=a b"], ["engine", "--output=a b", "--", "atlantis"]),
    ],
)
def test_a_target_runs_the_command_of_its_name(arguments: list[str], command: list[str]) -> None:
    assert make(*arguments).stdout.splitlines()[:-1] == command


def test_the_environment_names_the_tenants_file_unless_make_does() -> None:
    assert make("synth", TENANTS_FILE="a.yaml").stdout.splitlines()[-1] == "TENANTS_FILE=a.yaml"
    assert make("synth", "TENANTS_FILE=$c.yaml").stdout.splitlines()[-1] == "TENANTS_FILE=$c.yaml"
    assert make("synth", "TENANTS=b.yaml", TENANTS_FILE="a.yaml").stdout.splitlines()[-1] == "TENANTS_FILE=b.yaml"
