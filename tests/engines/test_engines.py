"""The engines' files: each keeps its engine's format, and means what the docs say of it."""

import fnmatch
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from engines import atlantis, github_actions
from engines.__main__ import write
from engines.examples import FLEET, generated
from engines.places import Places
from fleet.changed import Changed, Touch, TouchedTenant
from fleet.command_line import CommandError
from fleet.problems import BadInputError
from fleet.tenants_file import Fleet, load_fleet
from fleet.waves import Wave, wave_of

PROJECT = Path(__file__).parents[2]
HERE = Path(__file__).parent
STATE = "backend: {s3: {bucket: states, region: us-west-2}}"


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a fleet in a folder, and that folder as the working directory."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "live").mkdir()
    monkeypatch.chdir(tmp_path / "live")
    return tmp_path


def load(*tenants: str, defaults: str = STATE) -> Fleet:
    """Reads a fleet of tenants, each a map in YAML's short form without its braces."""
    entries = "".join(f"  - {{{tenant}}}\n" for tenant in tenants)
    Path("tenants.yaml").write_text(
        f"defaults: {{region: us-west-2, azs: [us-west-2a, us-west-2b], {defaults}}}\n"
        f"tenants:{' []' if not tenants else ''}\n{entries}"
    )
    return load_fleet(Path("tenants.yaml"))


def places(fleet: Fleet) -> Places:
    return Places.of(fleet.file, Path("cdktf.out"), Path())


def test_a_workflow_in_another_repository_than_the_project_is_refused(tmp_path: Path) -> None:
    fleet = load("tenant: acme, env: dev")
    with pytest.raises(CommandError, match="are in different repositories"):
        github_actions.content(fleet, Places.of(fleet.file, Path("cdktf.out"), tmp_path.parent))


# The example fleet


@pytest.mark.parametrize("path", generated(PROJECT), ids=str)
def test_an_example_is_fresh(path: Path) -> None:
    assert (PROJECT / path).read_text(encoding="utf-8") == generated(PROJECT)[path], "run `make docs`, and review"


def test_the_example_fleet_keeps_the_schema_that_it_names() -> None:
    schema = Draft202012Validator(json.loads((PROJECT / "tenants.schema.json").read_text()))
    files = [*(PROJECT / FLEET).glob("*.yaml"), *(PROJECT / FLEET).glob("tenants/*.yaml")]
    fleet_files = [file for file in files if file.name != "atlantis.yaml"]
    assert len(fleet_files) == 5
    for file in fleet_files:
        [first, *_] = file.read_text().splitlines()
        named = first.removeprefix("# yaml-language-server: $schema=")
        assert (file.parent / named).resolve() == PROJECT / "tenants.schema.json"
        assert [error.message for error in schema.iter_errors(yaml.safe_load(file.read_text()))] == []


# Atlantis


@pytest.fixture
def atlantis_schema() -> Draft202012Validator:
    return Draft202012Validator(json.loads((HERE / "atlantis.schema.json").read_text()))


def test_atlantis_yaml_keeps_the_format(atlantis_schema: Draft202012Validator) -> None:
    document = yaml.safe_load((PROJECT / FLEET / "atlantis.yaml").read_text())
    assert [error.message for error in atlantis_schema.iter_errors(document)] == []


def test_atlantis_has_a_project_for_each_tenant_and_prod_comes_last() -> None:
    fleet = load(
        "tenant: acme, env: prod", "tenant: acme, env: stage", "tenant: acme, env: dev", "tenant: b, env: live"
    )
    document = yaml.safe_load(atlantis.content(fleet, places(fleet)))
    assert [(each["name"], each["dir"], each["execution_order_group"]) for each in document["projects"]] == [
        ("acme-prod", "live/cdktf.out/stacks/acme-prod", 2),
        ("acme-stage", "live/cdktf.out/stacks/acme-stage", 1),
        ("acme-dev", "live/cdktf.out/stacks/acme-dev", 0),
        ("b-live", "live/cdktf.out/stacks/b-live", 2),
    ]
    assert (document["parallel_plan"], document["parallel_apply"]) == (True, True)
    assert document["abort_on_execution_order_fail"] is True


@pytest.mark.parametrize(
    ("changed", "planned"),
    [
        ("live/cdktf.out/stacks/acme-prod/cdk.tf.json", ["acme-prod"]),
        ("live/cdktf.out/stacks/litellm/cdk.tf.json", ["acme-prod", "acme-dev"]),
        ("live/cdktf.out/stacks/acme-dev/terraform.tfvars", ["acme-dev"]),
        ("live/tenants.yaml", []),
        ("live/cdktf.out/manifest.json", []),
    ],
)
def test_atlantis_plans_a_project_when_its_root_or_the_module_changes(changed: str, planned: list[str]) -> None:
    fleet = load("tenant: acme, env: prod", "tenant: acme, env: dev")
    document = yaml.safe_load(atlantis.content(fleet, places(fleet)))
    assert [
        project["name"]
        for project in document["projects"]
        # As Atlantis does: the pattern counts from the project's folder.
        if any(
            fnmatch.fnmatchcase(changed, os.path.normpath(f"{project['dir']}/{pattern}"))
            for pattern in project["autoplan"]["when_modified"]
        )
    ] == planned


def test_roots_outside_of_the_repository_are_refused(tmp_path: Path) -> None:
    fleet = load("tenant: acme, env: dev")
    with pytest.raises(CommandError, match="are in different repositories"):
        atlantis.content(fleet, Places.of(fleet.file, tmp_path.parent / "out", PROJECT))


# GitHub Actions


@pytest.fixture
def workflow() -> dict[str, Any]:
    # `on` is a boolean in YAML 1.1.
    text = (PROJECT / FLEET / "github-actions.yml").read_text().replace("\non:", '\n"on":')
    return dict(yaml.safe_load(text))


@pytest.mark.parametrize("schema", ["vendor.github-workflows", "custom.github-workflows-require-timeout"])
def test_the_workflow_keeps_githubs_schema(schema: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, PROJECT / FLEET / "github-actions.yml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_the_workflow_plans_pull_requests_and_applies_main_wave_by_wave(workflow: dict[str, Any]) -> None:
    jobs = workflow["jobs"]
    assert workflow["on"].keys() == {"pull_request", "push", "workflow_dispatch"}
    assert workflow["on"]["push"] == {"branches": ["main"]}
    assert list(jobs) == ["changed", "plan", "apply-dev", "apply-stage", "apply-prod"]
    assert "github.event_name == 'pull_request'" in jobs["plan"]["if"]
    waves = [jobs[f"apply-{wave}"] for wave in Wave]
    assert [job["needs"] for job in waves] == [
        ["changed"],
        ["changed", "apply-dev"],
        ["changed", "apply-dev", "apply-stage"],
    ]
    for job in waves:
        assert "github.event_name != 'pull_request' && github.ref == 'refs/heads/main'" in job["if"]
    assert [job.get("environment") for job in waves] == [None, None, "production"]


def test_the_workflow_takes_roles_by_oidc_and_no_more_rights_than_it_needs(workflow: dict[str, Any]) -> None:
    assert workflow["permissions"] == {}
    jobs = workflow["jobs"]
    assert jobs.pop("changed")["permissions"] == {"contents": "read"}
    for name, job in jobs.items():
        assert job["permissions"] == {"id-token": "write"}
        [role] = [step["with"] for step in job["steps"] if "configure-aws-credentials" in step.get("uses", "")]
        assert role["role-to-assume"] == f"${{{{ vars.AWS_{'PLAN' if name == 'plan' else 'APPLY'}_ROLE_ARN }}}}"
    text = (PROJECT / FLEET / "github-actions.yml").read_text()
    assert "aws-access-key-id" not in text
    assert "AWS_SECRET_ACCESS_KEY" not in text


def test_no_script_of_the_workflow_holds_an_expression_which_a_stranger_could_write(workflow: dict[str, Any]) -> None:
    scripts = [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]
    assert len(scripts) == 6
    assert [script for script in scripts if "${{" in script] == []


def changed(fleet: Fleet, *touches: tuple[str, Touch]) -> Changed:
    envs = {tenant.label: tenant.env for tenant in fleet.tenants}
    return Changed(
        base="0" * 40,
        module=False,
        tenants=[TouchedTenant(label, wave_of(envs.get(label, "dev")), touch) for label, touch in touches],
        fleet=fleet,
    )


def outputs(text: str) -> dict[str, Any]:
    return {name: json.loads(value) for name, _, value in (line.partition("=") for line in text.splitlines())}


def test_the_matrix_holds_the_roots_of_each_wave_that_are_there_to_apply() -> None:
    fleet = load("tenant: acme, env: prod", "tenant: acme, env: dev", "tenant: b, env: dev")
    found = outputs(
        github_actions.job_outputs(
            changed(fleet, ("acme-dev", Touch.MODULE), ("c-dev", Touch.REMOVED), ("acme-prod", Touch.CHANGED))
        )
    )
    dev, prod = ({"name": label, "roots": label} for label in ("acme-dev", "acme-prod"))
    assert found == {"all": [dev, prod], "dev": [dev], "stage": [], "prod": [prod]}


def test_a_thousand_roots_fit_into_the_jobs_that_github_allows() -> None:
    labels = [f"t{number}-dev" for number in range(1000)]
    fleet = load(*(f"tenant: {label.removesuffix('-dev')}, env: dev" for label in labels))
    found = outputs(github_actions.job_outputs(changed(fleet, *((label, Touch.MODULE) for label in labels))))
    assert len(found["dev"]) <= github_actions.MOST_JOBS == 256
    assert [root for job in found["dev"] for root in job["roots"].split()] == labels
    assert found["dev"][0] == {"name": "t0-dev and 3 more", "roots": "t0-dev t1-dev t2-dev t3-dev"}


@pytest.mark.parametrize("job", ["plan", "apply-prod"])
def test_a_job_runs_terraform_in_each_of_its_roots_and_fails_when_one_fails(
    workflow: dict[str, Any], tmp_path: Path, job: str
) -> None:
    log = tmp_path / "log"
    terraform = tmp_path / "bin/terraform"
    terraform.parent.mkdir()
    terraform.write_text(f'#!/bin/sh\necho "$*" >> {log}\ncase "$*" in *b-dev*apply*|*b-dev*plan*) exit 1;; esac\n')
    terraform.chmod(0o755)
    script = workflow["jobs"][job]["steps"][-1]["run"]

    def run(roots: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            # What GitHub makes of `shell: bash`.
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            env={"PATH": f"{terraform.parent}:{os.environ['PATH']}", "ROOTS": roots},
            capture_output=True,
            text=True,
            check=False,
        )

    good = run("a-dev c-dev")
    assert good.returncode == 0, good.stdout + good.stderr
    log.unlink()
    bad = run("a-dev b-dev c-dev")
    assert bad.returncode == 1
    assert bad.stdout.splitlines()[-1] in ("::error::No plan of b-dev", "::error::Not applied: b-dev")
    command = "plan -lock=false" if job == "plan" else "apply -auto-approve -lock-timeout=15m"
    assert log.read_text().splitlines() == [
        f"-chdir=cdktf.out/stacks/{root} {step}" for root in ("a-dev", "b-dev", "c-dev") for step in ("init", command)
    ]


def test_the_matrix_command_runs_as_in_the_workflow(workflow: dict[str, Any], tmp_path: Path) -> None:
    """The steps of the job `changed`, for real: in a clone whose main branch got a commit."""
    clone = tmp_path / "clone"
    clone.mkdir()
    for name in ("main.py", "fleet", "stacks", "constructs", "engines", "Pipfile.lock"):
        copy = shutil.copytree if (PROJECT / name).is_dir() else shutil.copy
        copy(PROJECT / name, clone / name)
    # What `make synth` does, once everything is installed.
    (clone / "Makefile").write_text("synth:\n\t@.venv/bin/python main.py\n")
    (clone / ".venv/bin").mkdir(parents=True)
    (clone / ".venv/bin/python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (clone / ".venv/bin/python").chmod(0o755)
    (clone / ".gitignore").write_text("__pycache__/\ncdktf.out/\n.venv/\n")

    def git(*arguments: str) -> str:
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
        command = ["git", "-C", str(clone), *identity, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    git("init", "--quiet")
    for count in ("", ", ui_desired_count: 2"):
        load("tenant: acme, env: prod" + count, "tenant: acme, env: dev", "tenant: b, env: stage")
        shutil.move("tenants.yaml", clone / "tenants.yaml")
        git("add", "--all")
        git("commit", "--quiet", "--message", "A change")

    job = workflow["jobs"]["changed"]
    summary, output = tmp_path / "summary", tmp_path / "output"
    for step in job["steps"]:
        if "run" in step:
            subprocess.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
                cwd=clone / job["defaults"]["run"]["working-directory"],
                env=os.environ
                | {
                    **workflow["env"],
                    "CDKTF_OUTDIR": str(tmp_path / "cdktf.out"),
                    "BASE": "HEAD^1",
                    "GITHUB_STEP_SUMMARY": str(summary),
                    "GITHUB_OUTPUT": str(output),
                },
                check=True,
            )
    job_of_prod = [{"name": "acme-prod", "roots": "acme-prod"}]
    assert outputs(output.read_text()) == {"all": job_of_prod, "dev": [], "stage": [], "prod": job_of_prod}
    assert summary.read_text().endswith(f"1 of 3 tenants differ from {git('rev-parse', 'HEAD^1')[:12]}.\n")
    assert (tmp_path / "cdktf.out/stacks/acme-prod/cdk.tf.json").exists()


# What an engine cannot have


@pytest.mark.parametrize(("engine", "name"), [(atlantis, "Atlantis"), (github_actions, "GitHub Actions")])
def test_a_state_in_a_file_is_refused(engine: Any, name: str) -> None:
    fleet = load("tenant: acme, env: prod", f"tenant: acme, env: dev, {STATE}", defaults="tags: {}")
    with pytest.raises(BadInputError) as raised:
        engine.content(fleet, places(fleet))
    assert [str(problem) for problem in raised.value.problems] == [
        "tenants.yaml:3: tenant acme-prod: its state is the file terraform.acme-prod.tfstate, "
        f"which {name} loses with the machine that it runs Terraform on: set a backend, s3 or cloud, here or under "
        "defaults"
    ]


def test_a_runner_has_no_profiles() -> None:
    state = "backend: {s3: {bucket: states, region: us-west-2, profile: states}}"
    fleet = load("tenant: acme, env: prod, provider: {profile: acme}", f"tenant: acme, env: dev, {state}")
    with pytest.raises(BadInputError) as raised:
        github_actions.content(fleet, places(fleet))
    why = "and the machine that GitHub Actions runs Terraform on has no AWS configuration files: use assume_role"
    assert [str(problem) for problem in raised.value.problems] == [
        f"tenants.yaml:3: tenant acme-prod: provider.profile is acme, {why}",
        f"tenants.yaml:4: tenant acme-dev: backend.s3.profile is states, {why}",
    ]
    # Atlantis's server may have some.
    assert atlantis.content(fleet, places(fleet))


def test_only_tenants_that_are_touched_are_asked_for_their_state() -> None:
    fleet = load("tenant: acme, env: dev", f"tenant: b, env: dev, {STATE}", defaults="tags: {}")
    assert outputs(github_actions.job_outputs(changed(fleet, ("b-dev", Touch.CHANGED))))["dev"]
    with pytest.raises(BadInputError):
        github_actions.job_outputs(changed(fleet, ("acme-dev", Touch.CHANGED)))


# The command


def test_a_file_is_written_where_its_engine_looks_for_it(repository: Path) -> None:
    fleet = load("tenant: acme, env: dev")
    assert write("atlantis", fleet, Path("cdktf.out"), None) == Path("../atlantis.yaml")
    # A second time over our own.
    write("atlantis", load("tenant: acme, env: dev", "tenant: b, env: dev"), Path("cdktf.out"), None)
    assert len(yaml.safe_load((repository / "atlantis.yaml").read_text())["projects"]) == 2
    assert sorted(path.name for path in repository.iterdir()) == [".git", "atlantis.yaml", "live"]


def test_a_file_of_somebody_elses_is_left_alone(repository: Path) -> None:
    (repository / "atlantis.yaml").write_text("version: 3\n")
    with pytest.raises(CommandError, match="is there, and not of our making: move it, or name another by OUT="):
        write("atlantis", load("tenant: acme, env: dev"), Path("cdktf.out"), None)
    assert (repository / "atlantis.yaml").read_text() == "version: 3\n"
    assert write("atlantis", load("tenant: acme, env: dev"), Path("cdktf.out"), Path("own/a.yaml")).exists()


def run_command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "engines", *arguments],
        env=os.environ | {"PYTHONPATH": f"{PROJECT}:{PROJECT / 'constructs'}"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_warns_when_git_ignores_what_atlantis_reads(repository: Path) -> None:
    (repository / ".git").rmdir()
    subprocess.run(["git", "init", "--quiet", repository], check=True)
    load("tenant: acme, env: dev")
    assert run_command("atlantis").stderr == ""
    (repository / ".gitignore").write_text("cdktf.out/\n")
    assert run_command("atlantis").stderr == (
        "Warning: Git ignores cdktf.out, in which Atlantis looks for the roots: take it out of .gitignore, "
        "and commit it.\n"
    )


def test_an_engine_that_is_not_known_is_refused() -> None:
    done = run_command("jenkins")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "Say which engine: make engine ENGINE=<atlantis or github-actions> [OUT=file]\n"


def test_an_empty_fleet_has_no_projects() -> None:
    fleet = load()
    assert yaml.safe_load(atlantis.content(fleet, places(fleet)))["projects"] == []
    assert github_actions.content(fleet, places(fleet))
