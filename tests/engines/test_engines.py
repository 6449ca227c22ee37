"""The engines' files: each has its engine's format, and does what docs/fleet.md says."""

import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from litellm_aws.commands.docs import FLEET
from litellm_aws.commands.engine import write
from litellm_aws.engines.atlantis import ATLANTIS
from litellm_aws.engines.engine import Engine
from litellm_aws.engines.github_actions import GITHUB_ACTIONS, MOST_JOBS
from litellm_aws.engines.hcp_terraform import HCP_TERRAFORM
from litellm_aws.engines.places import Places
from litellm_aws.fleet.problems import BadInputError, RefusedError
from litellm_aws.fleet.tenants_file import Fleet, load_fleet
from litellm_aws.fleet.waves import Wave
from litellm_aws.stacks.synthesis import synthesize

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
        f"defaults: {{region: us-west-2, azs: [us-west-2a, us-west-2b], allow_plaintext_alb: true, {defaults}}}\n"
        f"tenants:{' []' if not tenants else ''}\n{entries}"
    )
    return load_fleet(Path("tenants.yaml"))


def places(fleet: Fleet) -> Places:
    return Places.of(fleet.file, Path("cdktf.out"), checkout=Path(), requirements=None)


def content(engine: Engine, fleet: Fleet) -> str:
    """Returns the content of the engine's one file."""
    [content] = engine.files(fleet, places(fleet)).values()
    return content


def test_a_workflow_without_a_way_to_install_the_program_is_refused(tmp_path: Path) -> None:
    fleet = load("tenant: acme, env: dev")
    elsewhere = Places.of(fleet.file, Path("cdktf.out"), checkout=tmp_path.parent, requirements=None)
    with pytest.raises(RefusedError, match="has none: `litellm-aws init` writes one"):
        GITHUB_ACTIONS.files(fleet, elsewhere)


# The example fleet


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
    document = yaml.safe_load(content(ATLANTIS, fleet))
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
        ("live/cdktf.out/stacks/litellm/script.sh", ["acme-prod", "acme-dev"]),
        ("live/cdktf.out/stacks/acme-dev/terraform.tfvars", ["acme-dev"]),
        ("live/tenants.yaml", []),
        ("live/cdktf.out/manifest.json", []),
    ],
)
def test_atlantis_plans_a_project_when_its_root_or_the_module_changes(changed: str, planned: list[str]) -> None:
    fleet = load("tenant: acme, env: prod", "tenant: acme, env: dev")
    document = yaml.safe_load(content(ATLANTIS, fleet))
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
    with pytest.raises(RefusedError, match="are in different repositories"):
        ATLANTIS.files(fleet, Places.of(fleet.file, tmp_path.parent / "out", checkout=PROJECT, requirements=None))


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


def test_the_workflow_applies_wave_by_wave_and_prod_after_a_review(workflow: dict[str, Any]) -> None:
    waves = [workflow["jobs"][f"apply-{wave}"] for wave in Wave]
    assert [job["needs"] for job in waves] == [
        ["changed"],
        ["changed", "apply-dev"],
        ["changed", "apply-dev", "apply-stage", "plan-prod"],
    ]
    assert [job.get("environment") for job in waves] == [None, None, "production"]
    assert workflow["jobs"]["plan-prod"]["needs"] == ["changed", "apply-dev", "apply-stage"]
    assert "environment" not in workflow["jobs"]["plan-prod"]


def test_the_workflow_takes_roles_by_oidc_and_no_more_rights_than_it_needs(workflow: dict[str, Any]) -> None:
    assert workflow["permissions"] == {}
    jobs = workflow["jobs"]
    assert jobs.pop("changed")["permissions"] == {"contents": "read"}
    for name, job in jobs.items():
        assert job["permissions"] == {"id-token": "write"}
        [role] = [step["with"] for step in job["steps"] if "configure-aws-credentials" in step.get("uses", "")]
        assert (
            role["role-to-assume"] == f"${{{{ vars.AWS_{'PLAN' if name.startswith('plan') else 'APPLY'}_ROLE_ARN }}}}"
        )
    text = (PROJECT / FLEET / "github-actions.yml").read_text()
    assert "aws-access-key-id" not in text
    assert "AWS_SECRET_ACCESS_KEY" not in text


def test_the_session_of_a_role_lasts_as_long_as_its_job(workflow: dict[str, Any]) -> None:
    for job in workflow["jobs"].values():
        # The most that GitHub gives a job on its runners, and AWS a session:
        # https://docs.github.com/en/actions/reference/limits
        # https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
        assert job["timeout-minutes"] < 360
        for step in job["steps"]:
            if "configure-aws-credentials" in step.get("uses", ""):
                assert job["timeout-minutes"] * 60 <= step["with"]["role-duration-seconds"] <= 43200


@pytest.mark.parametrize(
    "path",
    [PROJECT / FLEET / "github-actions.yml", *PROJECT.glob(".github/**/*.y*ml")],
    ids=lambda path: str(path.relative_to(PROJECT)),
)
def test_every_action_is_pinned_to_a_commit(path: Path) -> None:
    used = re.findall(r"^[ -]*uses: *(.*)$", path.read_text(), re.MULTILINE)
    assert used
    assert [each for each in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each)] == []


def test_no_script_of_the_workflow_holds_an_expression_which_a_stranger_could_write(workflow: dict[str, Any]) -> None:
    scripts = [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]
    assert len(scripts) == 13
    assert [script for script in scripts if "${{" in script] == []


def outputs(text: str) -> dict[str, Any]:
    return {name: json.loads(value) for name, _, value in (line.partition("=") for line in text.splitlines())}


def waves(**labels: list[str]) -> dict[Wave, list[str]]:
    return {wave: labels.get(wave.value, []) for wave in Wave}


def test_the_matrix_holds_the_roots_of_each_wave() -> None:
    fleet = load("tenant: acme, env: prod", "tenant: acme, env: dev", "tenant: b, env: dev")
    found = outputs(GITHUB_ACTIONS.job_outputs(fleet, waves(dev=["acme-dev"], prod=["acme-prod"])))
    dev, prod = ({"name": label, "roots": label} for label in ("acme-dev", "acme-prod"))
    assert found == {"all": [dev, prod], "dev": [dev], "stage": [], "prod": [prod]}


def test_a_thousand_roots_fit_into_the_jobs_that_github_allows() -> None:
    labels = [f"t{number}-dev" for number in range(1000)]
    fleet = load(*(f"tenant: {label.removesuffix('-dev')}, env: dev" for label in labels))
    found = outputs(GITHUB_ACTIONS.job_outputs(fleet, waves(dev=labels)))
    assert len(found["dev"]) <= MOST_JOBS == 256
    assert [root for job in found["dev"] for root in job["roots"].split()] == labels


def run_step(
    workflow: dict[str, Any], job: str, name: str, folder: Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Runs the script of a step as GitHub does with `shell: bash`, and without the caller's settings."""
    [script] = [step["run"] for step in workflow["jobs"][job]["steps"] if step.get("name") == name]
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("job", "step", "command"),
    [
        ("plan", "terraform plan", "plan -lock=false"),
        ("plan-prod", "terraform plan", "plan -lock=false -out={folder}/plans/{root}"),
        ("apply-dev", "terraform apply", "apply -lock-timeout=15m -auto-approve"),
        ("apply-prod", "terraform apply", "apply -lock-timeout=15m {folder}/plans/{root}"),
    ],
)
def test_a_job_runs_terraform_in_each_of_its_roots_and_fails_when_one_fails(
    workflow: dict[str, Any], tmp_path: Path, job: str, step: str, command: str
) -> None:
    log = tmp_path / "log"
    terraform = tmp_path / "bin/terraform"
    terraform.parent.mkdir()
    terraform.write_text(f'#!/bin/sh\necho "$*" >> {log}\ncase "$*" in *b-dev*apply*|*b-dev*plan*) exit 1;; esac\n')
    terraform.chmod(0o755)

    def run(roots: str) -> subprocess.CompletedProcess[str]:
        path = f"{terraform.parent}:{os.environ['PATH']}"
        shutil.rmtree(tmp_path / "plans", ignore_errors=True)
        return run_step(workflow, job, step, tmp_path, PATH=path, ROOTS=roots, PLAN_PASSPHRASE="a passphrase")

    good = run("a-dev c-dev")
    assert good.returncode == 0, good.stdout + good.stderr
    log.unlink()
    bad = run("a-dev b-dev c-dev")
    assert bad.returncode == 1
    assert bad.stdout.splitlines()[-1] in ("::error::No plan of b-dev", "::error::Not applied: b-dev")
    assert log.read_text().splitlines() == [
        f"-chdir=cdktf.out/stacks/{root} {each}"
        for root in ("a-dev", "b-dev", "c-dev")
        for each in ("init", command.format(folder=tmp_path, root=root))
    ]


@pytest.mark.skipif(not (shutil.which("terraform") and shutil.which("gpg")), reason="needs terraform and gpg")
def test_prod_gets_the_plan_that_was_reviewed_and_only_on_the_state_that_it_was_made_for(
    workflow: dict[str, Any], tmp_path: Path
) -> None:
    state = tmp_path / "terraform.tfstate"
    configuration = {
        "terraform": {"backend": {"local": {"path": str(state)}}},
        "variable": {"litellm_license": {"sensitive": True}},
        "resource": {"terraform_data": {"this": {"input": "${var.litellm_license}"}}},
    }
    plan, apply = tmp_path / "plan", tmp_path / "apply"
    for machine in (plan, apply):
        root = machine / "cdktf.out/stacks/acme-prod"
        root.mkdir(parents=True)
        (root / "cdk.tf.json").write_text(json.dumps(configuration))
    secret = "a-secret-of-the-plan"
    environment = {"ROOTS": "acme-prod", "PLAN_PASSPHRASE": "a passphrase", "TF_VAR_litellm_license": secret}

    planned = run_step(workflow, "plan-prod", "terraform plan", plan, **environment)
    assert planned.returncode == 0, planned.stdout + planned.stderr
    assert "1 to add" in planned.stdout
    # The artifact: encrypted, for whoever has the passphrase.
    shutil.copy(plan / "plans.gpg", apply)
    wrong = environment | {"PLAN_PASSPHRASE": "another"}
    assert run_step(workflow, "apply-prod", "Decrypt the plans", apply, **wrong).returncode != 0
    assert run_step(workflow, "apply-prod", "Decrypt the plans", apply, **environment).returncode == 0

    now = environment | {"TF_VAR_litellm_license": "changed since"}
    applied = run_step(workflow, "apply-prod", "terraform apply", apply, **now)
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert secret in state.read_text()
    again = run_step(workflow, "apply-prod", "terraform apply", apply, **now)
    assert again.returncode == 1
    assert "Saved plan is stale" in again.stderr


def test_without_a_passphrase_there_is_no_plan_to_review(workflow: dict[str, Any], tmp_path: Path) -> None:
    done = run_step(workflow, "plan-prod", "terraform plan", tmp_path, ROOTS="acme-prod", PLAN_PASSPHRASE="")
    assert done.returncode != 0
    assert "PLAN_PASSPHRASE: Set this secret of the repository" in done.stderr
    assert list(tmp_path.glob("plans*")) == []


@pytest.mark.parametrize("job", ["plan", "apply-dev", "plan-prod", "apply-prod"])
def test_terraform_downloads_only_the_providers_of_a_lock_file_and_each_once(
    workflow: dict[str, Any], tmp_path: Path, job: str
) -> None:
    root = tmp_path / "cdktf.out/stacks/acme-prod"
    root.mkdir(parents=True)
    variables = tmp_path / "variables"
    variables.touch()

    def set_variables() -> str:
        step = "Download only the providers of the lock file, once for all roots, if there is one"
        names = {"GITHUB_ENV": str(variables), "RUNNER_TEMP": str(tmp_path)}
        assert run_step(workflow, job, step, tmp_path, **names).returncode == 0
        return variables.read_text()

    assert set_variables() == ""
    (root / ".terraform.lock.hcl").touch()
    assert set_variables() == f"TF_PLUGIN_CACHE_DIR={tmp_path}/plugins\nTF_CLI_ARGS_init=-lockfile=readonly\n"
    assert (tmp_path / "plugins").is_dir()
    # actions/upload-artifact leaves out files whose names begin with a dot, unless it is told otherwise:
    # https://github.com/actions/upload-artifact/releases/tag/v4.4.0
    uploads = [
        step["with"] for step in workflow["jobs"]["changed"]["steps"] if "upload-artifact" in step.get("uses", "")
    ]
    assert [upload["include-hidden-files"] for upload in uploads] == [True]


def test_the_matrix_command_runs_as_in_the_workflow(workflow: dict[str, Any], tmp_path: Path) -> None:
    """The steps of the job `changed`, for real: in a clone whose main branch got a commit."""
    clone = tmp_path / "clone"
    clone.mkdir()
    for name in ("main.py", "src", "Pipfile.lock"):
        copy = shutil.copytree if (PROJECT / name).is_dir() else shutil.copy
        copy(PROJECT / name, clone / name)
    # What `make synth` does and makes, when everything is installed.
    (clone / "Makefile").write_text("synth:\n\t@.venv/bin/litellm-aws synth\n")
    (clone / ".venv/bin").mkdir(parents=True)
    program = clone / ".venv/bin/litellm-aws"
    program.write_text(f'#!/bin/sh\nPYTHONPATH=src exec {sys.executable} -m litellm_aws.commands "$@"\n')
    program.chmod(0o755)
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


@pytest.mark.parametrize("engine", [ATLANTIS, GITHUB_ACTIONS], ids=lambda engine: engine.name)
def test_a_state_in_a_file_is_refused(engine: Engine) -> None:
    fleet = load("tenant: acme, env: prod", f"tenant: acme, env: dev, {STATE}", defaults="tags: {}")
    with pytest.raises(BadInputError) as raised:
        engine.files(fleet, places(fleet))
    [problem] = raised.value.problems
    assert str(problem).startswith(
        "tenants.yaml:3: tenant acme-prod: its state is the local file terraform.acme-prod.tfstate, "
        f"which {engine.title} does not keep: "
    )


def test_a_runner_has_no_profiles() -> None:
    state = "backend: {s3: {bucket: states, region: us-west-2, profile: states}}"
    fleet = load("tenant: acme, env: prod, provider: {profile: acme}", f"tenant: acme, env: dev, {state}")
    with pytest.raises(BadInputError) as raised:
        content(GITHUB_ACTIONS, fleet)
    why = "and GitHub Actions has no AWS configuration files: use assume_role"
    assert [str(problem) for problem in raised.value.problems] == [
        f"tenants.yaml:3: tenant acme-prod: provider.profile is acme, {why}",
        f"tenants.yaml:4: tenant acme-dev: backend.s3.profile is states, {why}",
    ]
    # Atlantis's server may have some.
    assert content(ATLANTIS, fleet)


def test_only_the_roots_of_a_run_are_checked() -> None:
    fleet = load("tenant: acme, env: dev", f"tenant: b, env: dev, {STATE}", defaults="tags: {}")
    assert outputs(GITHUB_ACTIONS.job_outputs(fleet, waves(dev=["b-dev"])))["dev"]
    with pytest.raises(BadInputError):
        GITHUB_ACTIONS.job_outputs(fleet, waves(dev=["acme-dev"]))


# HCP Terraform


def test_hcp_terraform_has_the_workspaces_that_synthesis_writes(repository: Path) -> None:
    fleet = load("tenant: acme, env: dev", "tenant: b, env: dev", defaults="backend: {cloud: {organization: example}}")
    synthesize(fleet, Path("cdktf.out"))
    [(path, text)] = HCP_TERRAFORM.files(fleet, places(fleet)).items()
    assert path == Path("live/cdktf.out/stacks/workspaces.example/cdk.tf.json")
    assert (repository / path).read_text() == text


def test_a_fleet_without_workspaces_is_refused() -> None:
    fleet = load("tenant: acme, env: dev")
    with pytest.raises(RefusedError, match=r"No tenant in tenants.yaml has its state in HCP Terraform: set backend"):
        HCP_TERRAFORM.files(fleet, places(fleet))


# The command


def test_a_file_is_written_where_its_engine_looks_for_it(repository: Path) -> None:
    fleet = load("tenant: acme, env: dev")
    assert write(ATLANTIS, fleet, Path("cdktf.out"), None) == [Path("../atlantis.yaml")]
    # Again, over the first one.
    write(ATLANTIS, load("tenant: acme, env: dev", "tenant: b, env: dev"), Path("cdktf.out"), None)
    assert len(yaml.safe_load((repository / "atlantis.yaml").read_text())["projects"]) == 2
    assert sorted(path.name for path in repository.iterdir()) == [".git", "atlantis.yaml", "live"]


def test_a_file_that_somebody_else_wrote_is_not_overwritten(repository: Path) -> None:
    (repository / "atlantis.yaml").write_text("version: 3\n")
    with pytest.raises(RefusedError, match=r"atlantis\.yaml was not written by this command"):
        write(ATLANTIS, load("tenant: acme, env: dev"), Path("cdktf.out"), None)
    assert (repository / "atlantis.yaml").read_text() == "version: 3\n"
    assert write(ATLANTIS, load("tenant: acme, env: dev"), Path("cdktf.out"), Path("own/a.yaml"))[0].exists()


def test_several_files_do_not_fit_into_one(repository: Path) -> None:
    fleet = load(
        "tenant: a, env: dev, backend: {cloud: {organization: one}}",
        "tenant: b, env: dev, backend: {cloud: {organization: two}}",
        defaults="tags: {}",
    )
    with pytest.raises(RefusedError, match="HCP Terraform needs 2 files"):
        write(HCP_TERRAFORM, fleet, Path("cdktf.out"), Path("one.json"))
    assert len(write(HCP_TERRAFORM, fleet, Path("cdktf.out"), None)) == 2


def run_command(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("litellm-aws")), "engine", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("engine", ["atlantis", "hcp-terraform"])
def test_the_command_warns_when_git_ignores_what_the_engine_reads(repository: Path, engine: str) -> None:
    (repository / ".git").rmdir()
    subprocess.run(["git", "init", "--quiet", repository], check=True)
    load("tenant: acme, env: dev", defaults="backend: {cloud: {organization: example}}")
    assert run_command(engine).stderr == ""
    (repository / ".gitignore").write_text("cdktf.out/\n")
    assert run_command(engine).stderr.startswith("Warning: Git ignores cdktf.out")


def test_an_unknown_engine_is_refused() -> None:
    done = run_command("jenkins")
    assert (done.returncode, done.stdout) == (2, "")
    assert "invalid choice: 'jenkins'" in done.stderr


def test_an_empty_fleet_has_no_projects() -> None:
    fleet = load()
    assert yaml.safe_load(content(ATLANTIS, fleet))["projects"] == []
    assert content(GITHUB_ACTIONS, fleet)
