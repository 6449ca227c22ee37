"""`litellm-aws changed` lists the tenants that a change touches."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from litellm_aws.commands.changed import Changed, Touch, TouchedTenant, changed_since, described
from litellm_aws.fleet.problems import FailedError, RefusedError
from litellm_aws.fleet.tenants_file import load_fleet
from litellm_aws.fleet.waves import Wave, wave_of
from litellm_aws.stacks.synthesis import synthesize

PROJECT = Path(__file__).parents[2]
DEFAULTS = "defaults: {region: us-west-2, azs: [us-west-2a, us-west-2b], allow_plaintext_alb: true}\n"
FILE = Path("tenants.yaml")
MODULE = Path("src/litellm_aws/constructs/litellm.py")


def git(*arguments: str) -> str:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    return subprocess.run(["git", *identity, *arguments], capture_output=True, text=True, check=True).stdout.strip()


def commit(message: str = "A change") -> str:
    """Commits everything, and returns the commit."""
    git("add", "--all")
    git("commit", "--quiet", "--allow-empty", "--message", message)
    return git("rev-parse", "HEAD")


def write(*tenants: str) -> None:
    FILE.write_text(DEFAULTS + "tenants:\n" + "".join(f"  - {{{tenant}}}\n" for tenant in tenants))


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a tenants file alone: the code is elsewhere."""
    monkeypatch.chdir(tmp_path)
    git("init", "--quiet", "--initial-branch", "main")
    write("tenant: acme, env: prod", "tenant: acme, env: dev", "tenant: globex, env: stage")
    commit()
    return tmp_path


def touched(changed: Changed) -> list[tuple[str, str]]:
    return [(each.label, each.touch) for each in changed.tenants]


def test_new_and_removed_tenants_are_listed_by_wave(repository: Path) -> None:
    write("tenant: acme, env: prod, ui_desired_count: 2", "tenant: hooli, env: prod", "tenant: acme, env: dev")
    changed = changed_since("main", FILE)
    assert changed.tenants == [
        TouchedTenant("globex-stage", Wave.STAGE, Touch.REMOVED),
        TouchedTenant("acme-prod", Wave.PROD, Touch.CHANGED),
        TouchedTenant("hooli-prod", Wave.PROD, Touch.NEW),
    ]
    assert (changed.of(Wave.STAGE), changed.of(Wave.PROD)) == ([], ["acme-prod", "hooli-prod"])
    # A removed tenant is in the table, with a warning: it was not destroyed.
    assert described(changed).endswith("Removed from the tenants file, but not destroyed: globex-stage.")


def test_before_the_first_push_every_tenant_is_new(repository: Path) -> None:
    """GitHub gives zeros as the commit before it."""
    changed = changed_since("0" * 40, FILE)
    assert {touch for _, touch in touched(changed)} == {"new"}
    assert len(changed.tenants) == len(changed.fleet.tenants)


def test_a_comment_and_another_order_change_nothing(repository: Path) -> None:
    FILE.write_text("# The fleet\n" + FILE.read_text())
    assert changed_since("HEAD", FILE).tenants == []


def test_the_module_is_made_once_for_both_sides(repository: Path, empty_cache: Path) -> None:
    changed_since("HEAD", FILE)
    assert len(list(empty_cache.iterdir())) == 1


def test_what_a_tenant_includes_counts(repository: Path) -> None:
    FILE.write_text("include: customers\nprofiles: {big: {ui_desired_count: 2}}\n" + FILE.read_text())
    Path("customers").mkdir()
    Path("customers/hooli.yaml").write_text("tenants: [{tenant: hooli, env: dev, profile: big}]\n")
    commit()
    FILE.write_text(FILE.read_text().replace("ui_desired_count: 2", "ui_desired_count: 3"))
    assert touched(changed_since("HEAD", FILE)) == [("hooli-dev", "changed")]
    assert touched(changed_since("HEAD~1", FILE)) == [("hooli-dev", "new")]


def test_a_change_of_the_lock_file_touches_every_tenant(repository: Path) -> None:
    lock = Path(".terraform.lock.hcl")
    lock.write_text("# one\n")
    assert {touch for _, touch in touched(changed_since("HEAD", FILE))} == {"changed"}
    commit()
    assert changed_since("HEAD", FILE).tenants == []
    lock.write_text("# two\n")
    assert len(touched(changed_since("HEAD", FILE))) == 3
    lock.unlink()
    assert len(touched(changed_since("HEAD", FILE))) == 3


def test_a_file_above_the_tenants_file_may_be_included(repository: Path) -> None:
    Path("profiles.yaml").write_text("profiles: {big: {ui_desired_count: 2}}\n")
    Path("live").mkdir()
    live = Path("live/tenants.yaml")
    live.write_text(FILE.read_text() + "include: ../profiles.yaml\n")
    commit()
    assert changed_since("HEAD", live).tenants == []


def test_an_output_of_another_tenants_file_in_the_commit_does_not_count(repository: Path) -> None:
    Path("other.yaml").write_text(FILE.read_text())
    synthesize(load_fleet(Path("other.yaml")), Path("cdktf.out"))
    write("tenant: acme, env: prod")
    commit()
    assert changed_since("HEAD", FILE).tenants == []


def test_before_the_tenants_file_there_were_no_tenants(repository: Path) -> None:
    git("mv", "tenants.yaml", "fleet.yaml")
    assert touched(changed_since("HEAD", Path("fleet.yaml"))) == [
        ("acme-dev", "new"),
        ("globex-stage", "new"),
        ("acme-prod", "new"),
    ]


def test_the_repository_and_the_output_are_left_as_they_were(repository: Path) -> None:
    Path("cdktf.out").mkdir()
    write("tenant: acme, env: prod")
    git("add", "tenants.yaml")
    write("tenant: acme, env: dev")
    before = git("status", "--porcelain"), git("diff", "--cached"), sorted(repository.rglob("*"))
    changed_since("HEAD", FILE)
    assert (git("status", "--porcelain"), git("diff", "--cached"), sorted(repository.rglob("*"))) == before


@pytest.mark.parametrize("ref", ["nope", "--all", "HEAD:tenants.yaml", "1" * 40])
def test_a_base_that_is_not_there_is_refused(repository: Path, ref: str) -> None:
    with pytest.raises(RefusedError) as raised:
        changed_since(ref, FILE)
    assert str(raised.value).startswith(f"{ref} is not a commit in {repository.resolve()}: ")


def test_a_base_that_cannot_be_synthesized_is_refused_with_its_errors(repository: Path) -> None:
    FILE.write_text("tenants: [{tenant: acme}]\n")
    commit()
    write("tenant: acme, env: dev")
    with pytest.raises(FailedError) as raised:
        changed_since("main", FILE)
    said = str(raised.value).splitlines()
    assert said[0].startswith("tenants.yaml:1: tenant acme: ")
    assert said[-1] == "These are errors in main: compare with another commit."


def test_a_tenants_file_outside_of_git_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    write("tenant: acme, env: dev")
    with pytest.raises(RefusedError, match="is not in a Git repository"):
        changed_since("HEAD", FILE)


def test_a_machine_without_git_is_told_so(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(RefusedError, match="git is not on the PATH: install Git"):
        changed_since("HEAD", FILE)


@pytest.mark.parametrize(
    ("env", "wave"),
    [
        *((env, Wave.DEV) for env in ("dev", "dev2", "dev-eu", "test", "qa", "sandbox")),
        *((env, Wave.STAGE) for env in ("stage", "staging", "stage2", "uat", "preprod", "pre-prod", "pre-eu")),
        # What is not known comes last.
        *(
            (env, Wave.PROD)
            for env in ("prod", "prod-eu", "live", "p1", "dev-prod", "qatar", "intl", "accounts", "prelive", "non-prod")
        ),
    ],
)
def test_an_environment_belongs_to_a_wave_by_its_name(env: str, wave: Wave) -> None:
    assert wave_of(env) is wave


# The code in the same repository


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with the code and, in a folder, a tenants file."""
    for name in ("main.py", "src", "Pipfile.lock"):
        copy = shutil.copytree if (PROJECT / name).is_dir() else shutil.copy
        copy(PROJECT / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    Path(".gitignore").write_text("__pycache__/\n")
    git("init", "--quiet", "--initial-branch", "main")
    Path("fleets").mkdir()
    monkeypatch.setattr(sys.modules[__name__], "FILE", Path("fleets/tenants.yaml"))
    write("tenant: acme, env: prod", "tenant: acme, env: dev", "tenant: globex, env: stage")
    commit()
    return tmp_path


def amend(change: str) -> None:
    """Changes the checkout's module, by arguments of `dataclasses.replace`."""
    imports = "from dataclasses import replace\nfrom pathlib import Path\n"
    MODULE.write_text(f"{MODULE.read_text()}\n{imports}\nLITELLM = replace(LITELLM, {change})\n")


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        # The code in the working directory, as if it were installed.
        [sys.executable, "-m", "litellm_aws.commands", "changed", *arguments],
        env=os.environ | {"PYTHONPATH": "src", "TENANTS_FILE": "fleets/tenants.yaml", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_change_of_the_module_touches_every_tenant_in_waves(checkout: Path) -> None:
    amend('outputs={**LITELLM.outputs, "vpc_id": "Another text."}')
    write("tenant: acme, env: prod, ui_desired_count: 2", "tenant: acme, env: dev", "tenant: globex, env: stage")
    ended = run()
    assert ended.returncode == 0
    assert ended.stderr.startswith("Warning: fleets/tenants.yaml:3: tenant acme-prod: the state of this production ")
    *table, _, summary = ended.stdout.splitlines()
    assert [line.split(maxsplit=2) for line in table[1:]] == [
        ["acme-dev", "dev", "module only"],
        ["globex-stage", "stage", "module only"],
        ["acme-prod", "prod", "changed"],
    ]
    assert summary.endswith("Apply it in waves: dev (1), then stage (1), then prod (1).")


def test_a_change_in_a_file_of_the_module_touches_every_tenant(checkout: Path) -> None:
    amend('files=(Path(__file__).with_name("a.sh"),)')
    script = Path("src/litellm_aws/constructs/a.sh")
    script.write_text("echo a\n")
    commit()
    script.write_text("echo b\n")
    found = json.loads(run("--format=json").stdout)
    assert (found["module"], {each["change"] for each in found["tenants"]}) == (True, {"module"})


def test_the_base_runs_the_code_of_its_commit(checkout: Path) -> None:
    """Also in the layout of the first releases: `main.py` with the constructs on its own path."""
    main, module = Path("main.py").read_text(), MODULE.read_text()
    Path("main.py").write_text(
        "import os, sys\nfrom pathlib import Path\n\n"
        'sys.path.insert(1, str(Path(__file__).with_name("src")))\n'
        "from litellm_aws.fleet.tenants_file import load_fleet\nfrom litellm_aws.stacks.synthesis import synthesize\n\n"
        'synthesize(load_fleet(Path(os.environ["TENANTS_FILE"])), Path(os.environ["CDKTF_OUTDIR"]))\n'
    )
    amend('outputs={**LITELLM.outputs, "vpc_id": "Another text."}')
    commit()
    Path("main.py").write_text(main)
    MODULE.write_text(module)
    assert json.loads(run("--format=json").stdout)["module"] is True


def test_a_program_reads_json(checkout: Path) -> None:
    write("tenant: acme, env: prod", "tenant: acme, env: dev", "tenant: hooli, env: dev")
    assert json.loads(run("--base=main", "--format=json").stdout) == {
        "base": git("rev-parse", "HEAD"),
        "module": False,
        "tenants": [
            {"root": "hooli-dev", "wave": "dev", "change": "new"},
            {"root": "globex-stage", "wave": "stage", "change": "removed"},
        ],
    }


def test_a_tenants_file_that_is_not_yet_committed_is_new_and_no_change_of_the_module(checkout: Path) -> None:
    shutil.copy("fleets/tenants.yaml", "fleets/new.yaml")
    found = json.loads(run("--format=json", TENANTS_FILE="fleets/new.yaml").stdout)
    assert (found["module"], {each["change"] for each in found["tenants"]}) == (False, {"new"})


def test_notes_are_no_difference(checkout: Path) -> None:
    rendering = Path("src/litellm_aws/stacks/configuration.py")
    text = rendering.read_text()
    rendering.write_text(text.replace('"version": _CDKTF,', '"version": "another",'))
    assert rendering.read_text() != text
    assert json.loads(run("--format=json").stdout)["tenants"] == []


def test_the_other_commit_reads_its_own_tenants_file(checkout: Path) -> None:
    """Even where `make` passed this one's by the variable TENANTS."""
    Path("Pipfile.lock").write_text(Path("Pipfile.lock").read_text() + "\n")
    Path("Makefile").write_text(
        f"ifdef TENANTS\nexport TENANTS_FILE := $(TENANTS)\nendif\nsynth:\n\t@{sys.executable} main.py\n"
    )
    commit()
    shutil.copy(PROJECT / "Pipfile.lock", "Pipfile.lock")
    write("tenant: acme, env: prod, ui_desired_count: 2", "tenant: acme, env: dev", "tenant: globex, env: stage")
    found = json.loads(run("--format=json", TENANTS=str(checkout / "fleets/tenants.yaml")).stdout)
    assert [each["root"] for each in found["tenants"]] == ["acme-prod"]


def test_before_the_code_there_were_no_tenants(checkout: Path) -> None:
    git("rm", "--quiet", "-r", "--cached", "main.py")
    git("commit", "--quiet", "--message", "Without the code")
    assert run("--format=names").stdout.split() == ["acme-dev", "globex-stage", "acme-prod"]


def test_mistakes_and_bad_refs_end_with_2(checkout: Path) -> None:
    assert run("--base=nope").returncode == 2
    Path("fleets/tenants.yaml").write_text("tenants: 5\n")
    ended = run()
    assert ended.returncode == 2
    assert ended.stderr.startswith("fleets/tenants.yaml:1: tenants must be a list")


def test_other_packages_are_installed_for_the_base(checkout: Path) -> None:
    Path("Makefile").write_text("synth:\n\t@echo the other packages are installed here >&2; exit 1\n")
    lock = Path("Pipfile.lock")
    whole = lock.read_text()
    lock.write_text(whole + "\n")
    commit()
    lock.write_text(whole)
    ended = run()
    assert ended.returncode == 1
    assert ended.stderr.startswith("Pipfile.lock differs: ")
    assert "the other packages are installed here" in ended.stderr
