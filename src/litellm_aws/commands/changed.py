"""`litellm-aws changed`: the tenants that a change touches."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from litellm_aws.engines.github_actions import GITHUB_ACTIONS
from litellm_aws.fleet.problems import FailedError, RefusedError
from litellm_aws.fleet.repository import commit_of, export, repository_of
from litellm_aws.fleet.tenants_file import Fleet, load_fleet
from litellm_aws.fleet.waves import Wave, wave_of
from litellm_aws.stacks.synthesis import CONFIGURATION, configurations, files_by_stack

from .command_line import CHECKOUT, SOURCES, add_tenants, checkout, warn
from .generator import REQUIREMENTS, check_version, install, requirements_of
from .text_table import text_table

SUMMARY = "List the tenants that differ from a commit"

_PINS = "Pipfile.lock"
_OF_THIS_RUN = ("PYTHONPATH", "MAKEFLAGS", "TENANTS")
"""Variables of this run that the synthesis of another commit must not read."""
_CODE = ("src", "constructs")
"""Folders of a commit's code; the second in the first releases."""
_OUTDIR = "cdktf.out"
"""The output folder of both sides, from the tenants file's: a root holds the path from there to its local state."""

_Files = Mapping[str, bytes]
"""Contents of a stack's files, by name."""


def add_arguments(parser: ArgumentParser) -> None:
    """Adds the arguments of the command."""
    parser.add_argument(
        "--base",
        metavar="REF",
        default="HEAD",
        help="the commit, branch or tag to compare with; zeros: none; default: HEAD",
    )
    parser.add_argument(
        "--format",
        choices=("table", "json", "names", "github"),
        default="table",
        help="names: one root in a line, without removed ones; github: the outputs of a job of GitHub Actions; "
        "default: table",
    )
    add_tenants(parser)
    parser.set_defaults(run=_run)


def _run(arguments: Namespace) -> None:
    changed = changed_since(arguments.base, arguments.tenants)
    warn(changed.fleet.warnings)
    waves = {wave: changed.of(wave) for wave in Wave}
    match arguments.format:
        case "json":
            print(as_json(changed))
        case "names":
            for label in (label for labels in waves.values() for label in labels):
                print(label)
        case "github":
            print(GITHUB_ACTIONS.job_outputs(changed.fleet, waves))
        case _:
            print(described(changed))


class Touch(StrEnum):
    """How a change touches a tenant."""

    NEW = "new"
    CHANGED = "changed"
    MODULE = "module only"
    REMOVED = "removed"


@dataclass(frozen=True)
class TouchedTenant:
    """A tenant that a change touches.

    Attributes:
        label: `<tenant>-<env>`, the name of its root.
        wave: when the change reaches it.
        touch: how.
    """

    label: str
    wave: Wave
    touch: Touch


@dataclass(frozen=True)
class Changed:
    """What differs between a commit and the working tree.

    Attributes:
        base: the commit.
        module: whether the module differs, which touches every tenant. None: unknown, because the commit does not
            say which version of this program synthesized it.
        tenants: the touched tenants, by wave and then in the order of the tenants file.
        fleet: all tenants, as they are now.
    """

    base: str
    module: bool | None
    tenants: list[TouchedTenant]
    fleet: Fleet

    def of(self, wave: Wave) -> list[str]:
        """Returns the labels of the wave's roots to apply: of all touched tenants but the removed."""
        return [each.label for each in self.tenants if each.wave is wave and each.touch is not Touch.REMOVED]


def changed_since(base: str, tenants_file: Path) -> Changed:
    """Compares what the tenants file and the code synthesize now with what they synthesized in a commit.

    Neither side needs its output in Git.

    Args:
        base: a commit, by any name that Git knows; or zeros, as GitHub names the commit before the first push, with
            which every tenant is new.
        tenants_file: a file in a repository. Where the repository holds this project as well, the commit's code
            synthesizes the commit; otherwise the version in the commit's requirements.txt, if it has one.

    Raises:
        BadInputError: the tenants file has mistakes now.
        RefusedError: there is no such commit.
        FailedError: the commit cannot be synthesized.
    """
    folder = tenants_file.absolute().parent.resolve()
    repository = repository_of(folder) if folder.is_dir() else None
    if repository is None:
        raise RefusedError(f"{tenants_file} is not in a Git repository: commit it first, to compare it with a commit")
    if set(base) == {"0"}:
        fleet = load_fleet(tenants_file)
        return _compared(base, fleet, {}, _files_now(fleet, folder), code_too=True)
    commit = commit_of(repository, base)
    fleet = load_fleet(tenants_file)
    with tempfile.TemporaryDirectory(prefix="litellm-aws-base-") as scratch:
        exported = Path(scratch).resolve()
        export(repository, commit, exported)
        (exported / ".git").mkdir(exist_ok=True)  # marks the top of the repository
        then = exported / folder.relative_to(repository)
        generator = _generator_of(repository, exported, folder, then)
        known = generator is None or generator.known
        before: Mapping[str, _Files] = {}
        if generator is not None and (then / tenants_file.name).exists():
            before = _base_files(base, then / tenants_file.name, generator)
    return _compared(commit, fleet, before, _files_now(fleet, folder), code_too=known)


def _files_now(fleet: Fleet, folder: Path) -> dict[str, dict[str, bytes]]:
    """Returns the files of each stack that the tenants file gives now."""
    now: dict[str, dict[str, bytes]] = {}
    for path, content in configurations(fleet, folder / _OUTDIR).items():
        now.setdefault(path.parent.name, {})[path.name] = content
    return now


def _base_files(base: str, tenants_file: Path, generator: _Generator) -> Mapping[str, _Files]:
    """Returns the files of each stack that a commit's generator synthesizes from its tenants file."""
    outdir = tenants_file.parent / _OUTDIR
    # The commit may contain an output, which may hold the roots of other tenants files, too.
    outdir.unlink() if outdir.is_symlink() else shutil.rmtree(outdir, ignore_errors=True)
    environment = {name: value for name, value in os.environ.items() if name not in _OF_THIS_RUN}
    done = subprocess.run(
        generator.command,
        cwd=generator.folder,
        env={
            **environment,
            **generator.environment,
            "TENANTS_FILE": str(tenants_file),
            "CDKTF_OUTDIR": str(outdir),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        said = done.stderr.replace(f"{generator.exported}/", "").strip()
        raise FailedError(f"{said}\nThese are errors in {base}: compare with another commit.")
    return files_by_stack(outdir)


def _holds_the_code(repository: Path) -> bool:
    return CHECKOUT is not None and repository == repository_of(CHECKOUT.resolve())


@dataclass(frozen=True)
class _Generator:
    """How a commit is synthesized.

    Attributes:
        exported: the commit's files.
        command: that synthesizes.
        folder: in which it runs.
        environment: additional variables.
        known: whether it is the version that the commit used.
    """

    exported: Path
    command: list[str]
    folder: Path
    environment: Mapping[str, str]
    known: bool


def _generator_of(repository: Path, exported: Path, now: Path, then: Path) -> _Generator | None:
    """Returns the generator of an exported commit, or None where it had none.

    Args:
        repository: of the tenants file.
        exported: the commit's files.
        now: the folder of the tenants file.
        then: the same folder, in the commit's files.
    """
    if _holds_the_code(repository):
        project = exported / checkout().resolve().relative_to(repository)
        if not (project / "main.py").exists():
            return None
        # The commit's code, before the installed project.
        path = os.pathsep.join(str(project / folder) for folder in _CODE)
        return _Generator(exported, _synth(project), project, {"PYTHONPATH": path}, known=True)
    requirements = requirements_of(then)
    of_this_run = requirements_of(now)
    if of_this_run is not None:
        check_version(of_this_run)
    if requirements is None or (of_this_run and requirements.read_bytes() == of_this_run.read_bytes()):
        command = [sys.executable, "-m", "litellm_aws.commands", "synth"]
        return _Generator(exported, command, then, {"PYTHONPATH": str(SOURCES)}, known=requirements is not None)
    print(f"{REQUIREMENTS} differs: installing the version of the other commit takes a minute.", file=sys.stderr)
    program = install(requirements, exported / ".generator")
    return _Generator(exported, [str(program), "synth"], then, {}, known=True)


def _synth(project: Path) -> list[str]:
    pins = project / _PINS
    if not pins.exists() or pins.read_bytes() == (checkout() / _PINS).read_bytes():
        return [sys.executable, "main.py"]
    print(f"{_PINS} differs: installing the packages of the other commit takes a minute.", file=sys.stderr)
    return ["make", "--silent", "synth"]


def _compared(
    commit: str, fleet: Fleet, before: Mapping[str, _Files], now: Mapping[str, _Files], *, code_too: bool
) -> Changed:
    name = fleet.module.name
    module = None if not code_too else name in before and _differ(before[name], now[name])
    touched = []
    for tenant in fleet.tenants:
        label = tenant.label
        if label not in before:
            touch = Touch.NEW
        elif _differ(before[label], now[label]):
            touch = Touch.CHANGED
        elif module:
            touch = Touch.MODULE
        else:
            continue
        touched.append(TouchedTenant(label, tenant.effective_wave, touch))
    for label in sorted(before.keys() - now.keys()):
        called = json.loads(before[label][CONFIGURATION]).get("module", {})
        if name in called:  # otherwise it is not a tenant's root
            touched.append(TouchedTenant(label, wave_of(called[name]["env"]), Touch.REMOVED))
    order = list(Wave)
    return Changed(commit, module, sorted(touched, key=lambda each: order.index(each.wave)), fleet)


def _differ(before: _Files, now: _Files) -> bool:
    """Returns whether Terraform sees a difference between the files of two stacks. It does not read the metadata."""
    return _read_by_terraform(before) != _read_by_terraform(now)


def _read_by_terraform(files: _Files) -> dict[str, Any]:
    return {**files, CONFIGURATION: {**json.loads(files[CONFIGURATION]), "//": None}}


def described(changed: Changed) -> str:
    """Returns a table of the touched tenants, and a summary."""
    touched = [each for each in changed.tenants if each.touch is not Touch.REMOVED]
    lines = text_table(
        [("TENANT", "WAVE", "CHANGE"), *((each.label, each.wave, each.touch) for each in changed.tenants)]
    )
    base = changed.base[:12]
    summary = f"{len(touched)} of {len(changed.fleet.tenants)} tenants differ from {base}."
    if changed.module:
        waves = ", then ".join(f"{wave} ({len(changed.of(wave))})" for wave in Wave if changed.of(wave))
        summary = f"The module differs from {base}: this touches every tenant. Apply it in waves: {waves}."
    unknown = changed.module is None
    gone = [each.label for each in changed.tenants if each.touch is Touch.REMOVED]
    return "\n".join(
        [
            *([*lines, ""] if changed.tenants else []),
            summary,
            *([f"{base} has no {REQUIREMENTS}: whether the module differs is unknown."] * unknown),
            *([f"Removed from the tenants file, but not destroyed: {', '.join(gone)}."] if gone else []),
        ]
    )


def as_json(changed: Changed) -> str:
    """Returns the same as JSON."""
    return json.dumps(
        {
            "base": changed.base,
            "module": changed.module,
            "tenants": [
                {"root": each.label, "wave": each.wave, "change": each.touch.replace(" only", "")}
                for each in changed.tenants
            ],
        },
        indent=2,
    )
