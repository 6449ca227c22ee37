"""What `litellm-aws synth` writes, and how it ends."""

import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

import litellm_aws.commands.__main__ as command_line
from litellm_aws.constructs.litellm import LITELLM
from litellm_aws.fleet.tenant import TenantSettings
from litellm_aws.fleet.tenants_file import load_fleet
from litellm_aws.stacks.synthesis import synthesize

MAIN = Path(__file__).parents[2] / "main.py"
DEFAULTS = "defaults: {region: us-west-2, azs: [us-west-2a, us-west-2b]}\ntenants:\n"
ACME = """\
  - tenant: acme
    env: prod
    acm_certificate_arn: arn:aws:acm:us-west-2:111122223333:certificate/a
    backend: {s3: {bucket: states, region: us-west-2}}
"""
GLOBEX = "  - {tenant: globex, env: dev, allow_plaintext_alb: true}\n"
HOOLI = (
    "  - {tenant: hooli, env: dev, region: eu-west-1, azs: [eu-west-1a, eu-west-1b], domain_name: hooli.example, "
    "route53_zone_id: Z1, backend: {cloud: {organization: hooli}}}\n"
)
FLEET = DEFAULTS + ACME + GLOBEX + HOOLI

as_root = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")


@dataclass(frozen=True)
class Run:
    """A run of `main.py` that has ended."""

    code: int
    out: str
    errors: str


def begin(folder: Path, **environment: str) -> subprocess.Popen[str]:
    """Starts `main.py` in a folder, as from a terminal, without the caller's settings."""
    clean = {name: value for name, value in os.environ.items() if name not in ("TENANTS_FILE", "CDKTF_OUTDIR")}
    return subprocess.Popen(
        [sys.executable, MAIN],
        cwd=folder,
        env={**clean, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def ended(process: subprocess.Popen[str]) -> Run:
    out, errors = process.communicate(timeout=60)
    return Run(process.returncode, out, errors)


def files(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Returns the content and the time of change of every file below a folder."""
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def synthesized(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Run]:
    """A folder with a tenants file, and how the first run in it ended. It is not to be changed."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "tenants.yaml").write_text(FLEET)
    return folder, ended(begin(folder))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the working directory."""
    for name in ("TENANTS_FILE", "CDKTF_OUTDIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], tenants: str) -> Run:
    """Runs in this process, which is faster."""
    Path("tenants.yaml").write_text(tenants)
    code = command_line.run(["synth"])
    out, errors = capsys.readouterr()
    return Run(code, out, errors)


# A process


def test_a_run_writes_the_fleet_and_lists_it(synthesized: tuple[Path, Run]) -> None:
    folder, first = synthesized
    assert (first.code, first.errors) == (0, "")
    stacks = ("litellm", "acme-prod", "globex-dev", "hooli-dev", "workspaces.hooli")
    assert [line.split()[:2] for line in first.out.splitlines()[1:6]] == [[stack, "new"] for stack in stacks]
    assert "terraform -chdir=cdktf.out/stacks/acme-prod init" in first.out
    assert files(folder).keys() == {
        "tenants.yaml",
        "cdktf.out/manifest.json",
        *(f"cdktf.out/stacks/{stack}/cdk.tf.json" for stack in stacks),
        *(f"cdktf.out/stacks/litellm/{file.name}" for file in LITELLM.files),
    }


@pytest.mark.parametrize(
    ("tenants", "line", "count"),
    [
        (FLEET + "}\n", 9, 1),
        (FLEET + "  - {tenant: initech, env: prod, gateway_cpus: 1, allow_plaintext_alb: true}\n  - {}\n", 9, 4),
        ("", 1, 1),
    ],
    ids=["not YAML", "bad values", "empty"],
)
def test_a_bad_file_ends_with_2_and_leaves_the_output_as_it_was(
    synthesized: tuple[Path, Run], tmp_path: Path, tenants: str, line: int, count: int
) -> None:
    folder, _ = synthesized
    (tmp_path / "fleet.yaml").write_text(tenants)
    before = files(folder)
    found = ended(begin(folder, TENANTS_FILE=str(tmp_path / "fleet.yaml")))
    assert files(folder) == before
    assert (found.code, found.out) == (2, "")
    *said, last = found.errors.splitlines()
    assert len(said) == count
    assert said[0].startswith(f"{tmp_path}/fleet.yaml:{line}: ")
    problems = "1 problem" if count == 1 else f"{count} problems"
    assert last == f"{problems} in {tmp_path}/fleet.yaml; nothing was written."


def test_ctrl_c_ends_with_130_and_leaves_the_output_as_it_was(
    synthesized: tuple[Path, Run], tmp_path: Path, empty_cache: Path
) -> None:
    folder, _ = synthesized
    changed = tmp_path / "tenants.yaml"
    changed.write_text(FLEET.replace("us-west-2", "us-east-1"))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    before = files(folder)
    process = begin(folder, TENANTS_FILE=str(changed), TMPDIR=str(scratch))
    while not list(scratch.glob("litellm-aws-*/stacks")):
        assert process.poll() is None, "ended before it could be interrupted"
        time.sleep(0.01)
    # As a terminal does: to every process of the group, Node as well.
    os.killpg(process.pid, signal.SIGINT)
    found = ended(process)
    assert (found.code, found.out) == (130, "")
    assert "Interrupted." in found.errors.splitlines()
    assert "Traceback" not in found.errors
    assert files(folder) == before
    assert list(scratch.glob("litellm-aws-*")) == []


def test_a_run_under_cdktf_writes_json_whatever_its_flags(synthesized: tuple[Path, Run], tmp_path: Path) -> None:
    folder, _ = synthesized
    shutil.copytree(folder, tmp_path / "project")
    # What `cdktf synth --hcl` sets.
    found = ended(begin(tmp_path / "project", SYNTH_HCL_OUTPUT="true"))
    assert (found.code, found.errors) == (0, "")
    assert files(tmp_path / "project") == files(folder)


# What is on the disk


def test_a_second_run_touches_no_file(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, FLEET)
    before = files(project / "cdktf.out")
    second = run(capsys, FLEET)
    assert files(project / "cdktf.out") == before
    assert [line.split()[:2] for line in second.out.splitlines()[1:5]] == [
        ["litellm", "unchanged"],
        ["acme-prod", "unchanged"],
        ["globex-dev", "unchanged"],
        ["hooli-dev", "unchanged"],
    ]


def test_only_the_root_whose_tenant_changes_is_written(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, FLEET)
    before = files(project / "cdktf.out")
    second = run(capsys, FLEET.replace("allow_plaintext_alb: true", "allow_plaintext_alb: true, ui_desired_count: 2"))
    after = files(project / "cdktf.out")
    assert {name for name in after if after[name] != before[name]} == {"stacks/globex-dev/cdk.tf.json"}
    assert [line.split()[1] for line in second.out.splitlines()[1:5]] == [
        *("unchanged", "unchanged", "changed", "unchanged")
    ]


def test_a_root_does_not_depend_on_the_other_tenants(project: Path) -> None:
    Path("tenants.yaml").write_text(FLEET)
    synthesize(load_fleet(Path("tenants.yaml")), Path("among"))
    for label, entry in (("acme-prod", ACME), ("globex-dev", GLOBEX), ("hooli-dev", HOOLI)):
        Path("tenants.yaml").write_text(DEFAULTS + entry)
        synthesize(load_fleet(Path("tenants.yaml")), Path("alone"))
        for stack in (label, "litellm"):
            root = Path("stacks", stack, "cdk.tf.json")
            assert ("alone" / root).read_bytes() == ("among" / root).read_bytes()


def test_the_root_of_a_removed_tenant_is_deleted_with_a_warning(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, FLEET)
    before = files(project / "cdktf.out")
    second = run(capsys, DEFAULTS + GLOBEX + HOOLI)
    assert second.code == 0
    assert second.errors.startswith(
        "Warning: cdktf.out/stacks/acme-prod belongs to no tenant in tenants.yaml and was deleted. "
        "Its state is s3://states/litellm/acme-prod/terraform.tfstate. "
    )
    after = files(project / "cdktf.out")
    assert before.keys() - after.keys() == {"stacks/acme-prod/cdk.tf.json"}
    assert not Path("cdktf.out/stacks/acme-prod").exists()
    assert "acme-prod" not in json.loads(Path("cdktf.out/manifest.json").read_text())["stacks"]


def test_roots_of_others_are_left_alone(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, FLEET)
    network = Path("cdktf.out/stacks/network/cdk.tf.json")
    network.parent.mkdir()
    network.write_text('{"terraform": {"backend": {"s3": {}}}}')
    Path("other.yaml").write_text(DEFAULTS + GLOBEX.replace("globex", "initech"))
    synthesize(load_fleet(Path("other.yaml")), Path("cdktf.out"))
    assert run(capsys, FLEET).errors == ""
    stacks = {path.name for path in Path("cdktf.out/stacks").iterdir()}
    assert stacks > {"network", "initech-dev", "acme-prod", "globex-dev", "hooli-dev"}


def test_a_root_of_another_tenants_file_is_not_replaced(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, FLEET)
    before = files(project)
    Path("fleet").mkdir()
    others = Path("fleet/other.yaml")
    others.write_text(DEFAULTS + GLOBEX.replace("globex", "initech") + ACME.replace("states", "others") + HOOLI)
    code = command_line.run(["synth", "--tenants", str(others)])
    said = capsys.readouterr().err.splitlines()
    assert code == 2
    advice = (
        "was synthesized from another tenants file, tenants.yaml: give --out another folder, or delete "
        "cdktf.out/stacks/{} if it is to be synthesized from fleet/other.yaml from now on"
    )
    assert said == [
        f"fleet/other.yaml:1: cdktf.out/stacks/workspaces.hooli {advice.format('workspaces.hooli')}",
        f"fleet/other.yaml:4: tenant acme-prod: cdktf.out/stacks/acme-prod {advice.format('acme-prod')}",
        f"fleet/other.yaml:8: tenant hooli-dev: cdktf.out/stacks/hooli-dev {advice.format('hooli-dev')}",
        "3 problems in fleet/other.yaml; nothing was written.",
    ]
    assert {name: file for name, file in files(project).items() if name != "fleet/other.yaml"} == before
    assert command_line.run(["synth", "--tenants", str(others), "--out", "other.out"]) == 0


def test_a_tenants_file_may_be_renamed_and_linked_to(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, FLEET)
    Path("tenants.yaml").rename("fleet.yaml")
    assert command_line.run(["synth", "--tenants", "fleet.yaml"]) == 0
    Path("tenants.yaml").symlink_to("fleet.yaml")
    before = files(project)
    assert command_line.run(["synth"]) == 0
    assert files(project) == before


def test_the_root_of_a_tenant_whose_local_state_holds_resources_stays(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, FLEET)
    state = {"resources": [{"mode": "managed", "type": "aws_vpc", "instances": [{}]}]}
    Path("terraform.globex-dev.tfstate").write_text(json.dumps(state))
    before = files(project / "cdktf.out/stacks/globex-dev")
    for _ in range(2):
        again = run(capsys, DEFAULTS + ACME + HOOLI)
        assert again.code == 0
        assert again.errors.startswith(
            "Warning: cdktf.out/stacks/globex-dev belongs to no tenant in tenants.yaml and was kept: "
            "terraform.globex-dev.tfstate still holds 1 resource. "
        )
        assert files(project / "cdktf.out/stacks/globex-dev") == before
    # What `terraform destroy` leaves.
    Path("terraform.globex-dev.tfstate").write_text(json.dumps({"resources": []}))
    run(capsys, DEFAULTS + ACME + HOOLI)
    assert not Path("cdktf.out/stacks/globex-dev").exists()
    assert Path("terraform.globex-dev.tfstate").exists()


def test_what_else_lies_in_the_output_is_left_alone(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = Path("cdktf.out/stacks/globex-dev")
    root.mkdir(parents=True)
    (root / "terraform.tfstate").write_text("{}")
    (root / ".terraform").mkdir()
    Path("terraform.globex-dev.tfstate").write_text("{}")
    before = files(project)
    assert run(capsys, FLEET).code == 0
    assert before.items() <= files(project).items()


def test_a_damaged_file_is_written_again(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, FLEET)
    file = Path("cdktf.out/stacks/acme-prod/cdk.tf.json")
    whole = file.read_bytes()
    file.write_bytes(b"\xff" + whole)
    assert re.search("^acme-prod +changed ", run(capsys, FLEET).out, re.MULTILINE)
    assert file.read_bytes() == whole


def test_a_local_state_is_next_to_the_tenants_file_wherever_the_output_really_is(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("elsewhere/deep/down").mkdir(parents=True)
    Path("cdktf.out").symlink_to("elsewhere/deep/down")
    run(capsys, FLEET)
    root = Path("cdktf.out/stacks/globex-dev").resolve()
    backend = json.loads((root / "cdk.tf.json").read_text())["terraform"]["backend"]
    # Terraform, which runs in the root, follows `..` from where the root really is.
    assert (root / backend["local"]["path"]).resolve() == project.resolve() / "terraform.globex-dev.tfstate"


# What cannot be written


def test_an_output_whose_name_is_not_utf_8_ends_with_2(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("tenants.yaml").write_text(FLEET)
    assert command_line.run(["synth", "--out", os.fsdecode(b"\xff")]) == 2
    assert "is not UTF-8" in capsys.readouterr().err
    assert [path.name for path in project.iterdir()] == ["tenants.yaml"]


def test_keys_and_values_that_cdktf_has_uses_for_are_written(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = "'//': {metadata: {uniqueId: a}}, constructor: x, 'TfToken[TOKEN.1]': '${TfToken[TOKEN.2]}'"
    config = f"{{{texts}, n: -1.8881545897087505e+289, m: -123456789}}"
    assert run(capsys, DEFAULTS + GLOBEX[:-2] + f", proxy_config: {config}}}\n").code == 0
    [module] = json.loads(Path("cdktf.out/stacks/globex-dev/cdk.tf.json").read_text())["module"].values()
    assert module["proxy_config"] == {
        "//": {"metadata": {"uniqueId": "a"}},
        "constructor": "x",
        '${"TfToken["}TOKEN.1]': '$${${"TfToken["}TOKEN.2]}',
        "n": "${-1.8881545897087505e+289}",
        "m": "${-123456789}",
    }


def test_a_file_in_place_of_the_output_ends_with_1(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("cdktf.out").write_text("mine")
    assert run(capsys, FLEET) == Run(1, "", "cdktf.out cannot be written: [Errno 17] File exists: 'cdktf.out'\n")
    assert Path("cdktf.out").read_text() == "mine"


def test_a_file_in_place_of_a_root_ends_with_1_and_leaves_the_output_as_it_was(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, DEFAULTS + ACME)
    Path("cdktf.out/stacks/globex-dev").write_text("mine")
    before = files(project / "cdktf.out")
    found = run(capsys, FLEET.replace("us-west-2", "us-east-1"))
    assert (found.code, found.out) == (1, "")
    assert found.errors.startswith("cdktf.out cannot be written: ")
    assert files(project / "cdktf.out") == before


@pytest.mark.parametrize("in_the_middle", [signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_killed_leaves_the_output_as_it_was(
    synthesized: tuple[Path, Run], tmp_path: Path, in_the_middle: signal.Signals, empty_cache: Path
) -> None:
    folder, _ = synthesized
    (tmp_path / "tenants.yaml").write_text(FLEET.replace("us-west-2", "us-east-1"))
    (tmp_path / "scratch").mkdir()
    before = files(folder)
    process = begin(folder, TENANTS_FILE=str(tmp_path / "tenants.yaml"), TMPDIR=str(tmp_path / "scratch"))
    while not list(tmp_path.glob("scratch/litellm-aws-*/stacks")):
        assert process.poll() is None, "ended before it could be killed"
        time.sleep(0.01)
    process.send_signal(in_the_middle)
    assert ended(process).code == -in_the_middle
    assert files(folder) == before


def test_the_next_run_deletes_the_files_of_a_killed_one(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("cdktf.out/.staging-1/new/stacks").mkdir(parents=True)
    assert run(capsys, FLEET).code == 0
    assert not list(Path("cdktf.out").glob(".*"))


def test_of_two_runs_at_once_one_waits(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("cdktf.out").mkdir()
    Path("tenants.yaml").write_text(FLEET)
    holder = os.open("cdktf.out", os.O_RDONLY)
    fcntl.flock(holder, fcntl.LOCK_EX)
    process = begin(project)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=5)
    assert list(Path("cdktf.out").iterdir()) == []
    os.close(holder)
    assert ended(process).code == 0


def test_a_full_temporary_folder_ends_with_1(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, empty_cache: Path
) -> None:
    run(capsys, FLEET)
    shutil.rmtree(empty_cache)
    before = files(project / "cdktf.out")
    # Node fails there as it does on a full disk: by a message of jsii's with the system's word for it.
    (project / "scratch").mkdir()
    (project / "scratch/stacks").write_text("")
    monkeypatch.setattr(tempfile, "TemporaryDirectory", lambda **_: nullcontext(str(project / "scratch")))
    monkeypatch.setattr(tempfile, "tempdir", "/full")
    found = run(capsys, FLEET.replace("us-west-2", "us-east-1"))
    assert (found.code, found.out) == (1, "")
    assert re.fullmatch(
        "The temporary folder /full cannot be written: E[A-Z]+: .*: make room there, or set TMPDIR to another folder. "
        "Nothing was written.\n",
        found.errors,
    )
    assert files(project / "cdktf.out") == before


def test_a_temporary_folder_too_small_for_jsii_itself_ends_with_1(project: Path, empty_cache: Path) -> None:
    (project / "tenants.yaml").write_text(FLEET)
    process = subprocess.run(
        ["sh", "-c", f"ulimit -f 1; exec {sys.executable} {MAIN}"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 1
    assert re.fullmatch("The temporary folder .* cannot be written: .*Nothing was written.\n", process.stderr)
    assert not Path("cdktf.out").exists()


@as_root
def test_an_output_that_may_not_be_written_ends_with_1(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("cdktf.out").mkdir(mode=0o500)
    found = run(capsys, FLEET)
    assert (found.code, found.out) == (1, "")
    assert found.errors.startswith("cdktf.out cannot be written: [Errno 13] Permission denied: ")


# Files of the module


def test_files_of_the_module_are_copied_next_to_it(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = project / "source"
    source.mkdir()
    (source / "a.sh").write_bytes(b"echo a\r\n")
    (source / "b.sh").write_text("echo b\n")
    monkeypatch.setattr(TenantSettings, "module", replace(LITELLM, files=(source / "a.sh", source / "b.sh")))
    run(capsys, FLEET)
    module = Path("cdktf.out/stacks/litellm")
    assert (module / "a.sh").read_bytes() == b"echo a\r\n"
    before = files(project / "cdktf.out")
    assert run(capsys, FLEET).out.splitlines()[1].split()[:2] == ["litellm", "unchanged"]
    assert files(project / "cdktf.out") == before

    (source / "b.sh").write_text("echo c\n")
    assert run(capsys, FLEET).out.splitlines()[1].split()[:2] == ["litellm", "changed"]
    after = files(project / "cdktf.out")
    assert {name for name in after if after[name] != before[name]} == {"stacks/litellm/b.sh"}


def test_a_file_that_the_module_no_longer_has_is_deleted_and_no_other(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "a.sh").write_text("echo a\n")
    with monkeypatch.context() as patched:
        patched.setattr(TenantSettings, "module", replace(LITELLM, files=(project / "a.sh",)))
        run(capsys, FLEET)
    module = Path("cdktf.out/stacks/litellm")
    (module / "mine.sh").write_text("echo mine\n")
    run(capsys, FLEET)
    assert {path.name for path in module.iterdir()} == {
        "cdk.tf.json",
        "mine.sh",
        *(file.name for file in LITELLM.files),
    }


# The lock file next to the tenants file

LOCK = Path(".terraform.lock.hcl")
ROOTS = [Path("cdktf.out/stacks", label) for label in ("acme-prod", "globex-dev", "hooli-dev")]


def test_every_root_gets_the_lock_file_and_no_other_stack(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    LOCK.write_bytes(b"# of the fleet\r\n")
    run(capsys, FLEET)
    copies = sorted(Path("cdktf.out").rglob(LOCK.name))
    assert copies == [root / LOCK for root in ROOTS]
    assert {copy.read_bytes() for copy in copies} == {b"# of the fleet\r\n"}
    before = files(project / "cdktf.out")
    run(capsys, FLEET)
    assert files(project / "cdktf.out") == before


def test_a_change_of_the_lock_file_changes_the_roots(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    LOCK.write_text("# one\n")
    run(capsys, FLEET)
    LOCK.write_text("# two\n")
    assert [line.split()[:2] for line in run(capsys, FLEET).out.splitlines()[1:5]] == [
        ["litellm", "unchanged"],
        *([root.name, "changed"] for root in ROOTS),
    ]
    assert {(root / LOCK).read_text() for root in ROOTS} == {"# two\n"}


def test_the_lock_file_replaces_what_terraform_wrote(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, FLEET)
    (ROOTS[0] / LOCK).write_text("# by terraform init\n")
    run(capsys, FLEET)
    assert (ROOTS[0] / LOCK).read_text() == "# by terraform init\n"
    LOCK.write_text("# of the fleet\n")
    run(capsys, FLEET)
    assert (ROOTS[0] / LOCK).read_text() == "# of the fleet\n"


def test_without_the_lock_file_its_copies_are_deleted_and_no_other(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    LOCK.write_text("# of the fleet\n")
    run(capsys, FLEET)
    LOCK.unlink()
    run(capsys, FLEET)
    assert list(Path("cdktf.out").rglob(LOCK.name)) == []
    (ROOTS[0] / LOCK).write_text("# by terraform init\n")
    run(capsys, FLEET)
    assert (ROOTS[0] / LOCK).exists()


def test_the_root_of_a_removed_tenant_is_deleted_with_its_lock_file(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    LOCK.write_text("# of the fleet\n")
    run(capsys, FLEET)
    assert "It still holds other files" not in run(capsys, DEFAULTS + GLOBEX + HOOLI).errors
    assert not ROOTS[0].exists()


def make_link(path: Path) -> None:
    Path("elsewhere").write_text("# a lock file\n")
    path.symlink_to("elsewhere")


def make_large(path: Path) -> None:
    path.write_bytes(b"#" * (1024**2 + 1))


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir, make_link, make_large])
def test_a_lock_file_that_is_no_small_regular_file_is_refused(
    project: Path, capsys: pytest.CaptureFixture[str], make: Callable[[Path], None]
) -> None:
    make(LOCK)
    refused = run(capsys, FLEET)
    assert (refused.code, refused.out) == (2, "")
    assert refused.errors.startswith(
        ".terraform.lock.hcl:1: cannot be copied to the roots: it is not a regular file of at most 1 MB: "
    )
    assert not Path("cdktf.out").exists()


# What is printed


def test_an_empty_fleet_is_the_module_alone(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "tenants: []\n").code == 0
    assert [path.name for path in Path("cdktf.out/stacks").iterdir()] == ["litellm"]


def test_of_a_large_fleet_only_what_changes_is_listed(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fleet = DEFAULTS + "".join(
        f"  - {{tenant: t{number:02}, env: dev, allow_plaintext_alb: true}}\n" for number in range(60)
    )
    assert "t07-dev" in run(capsys, fleet).out
    changed = run(capsys, fleet.replace("tenant: t07", "ui_desired_count: 2, tenant: t07")).out
    assert "t07-dev  changed" in changed
    assert "t08-dev" not in changed
    assert "and 60 unchanged" in changed
