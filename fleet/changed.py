"""Which tenants a change touches: `make changed BASE=<git ref>`."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from . import command_line
from .repository import commit_of, export, repository_of
from .tenant import TenantSettings
from .tenants_file import Fleet, load_fleet
from .text_table import text_table
from .waves import Wave, wave_of

_PROJECT = Path(__file__).parents[1]
_PINS = "Pipfile.lock"
_OF_THIS_RUN = ("PYTHONPATH", "MAKEFLAGS", "TENANTS")
"""Variables that would make the synthesis of another commit read what is of this one."""
_OUTDIR = "cdktf.out"
"""Where both would write to, from the tenants file's folder: a root says how far its local state is from it."""


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
        module: whether the module differs, which touches every tenant. None: the code is in another repository than
            the tenants file, so that nobody can tell.
        tenants: those that are touched, by wave and then in the order of the tenants file.
        fleet: all tenants, as they are now.
    """

    base: str
    module: bool | None
    tenants: list[TouchedTenant]
    fleet: Fleet

    def of(self, wave: Wave) -> list[TouchedTenant]:
        """Returns the tenants of a wave that there are to apply: all but the removed."""
        return [each for each in self.tenants if each.wave is wave and each.touch is not Touch.REMOVED]


def changed_since(base: str, tenants_file: Path) -> Changed:
    """Compares what the tenants file and the code say now with what they said in a commit.

    Both are synthesized, so that neither has to keep its output in Git.

    Args:
        base: a commit, by any name that Git knows it by.
        tenants_file: a file in a repository. The code is taken from the commit as well when it is in
            the same repository.

    Raises:
        BadInputError: the tenants file has mistakes now.
        CommandError: there is no such commit, or its tenants file had mistakes.
    """
    folder = tenants_file.absolute().parent.resolve()
    repository = repository_of(folder) if folder.is_dir() else None
    if repository is None:
        raise command_line.CommandError(f"{tenants_file} is in no Git repository: there is nothing to compare it with")
    commit = commit_of(repository, base)
    fleet = load_fleet(tenants_file)
    with tempfile.TemporaryDirectory(prefix="litellm-aws-base-") as scratch:
        exported = Path(scratch).resolve()
        export(repository, commit, exported)
        before = _base_configurations(
            base, repository, exported, exported / folder.relative_to(repository) / tenants_file.name
        )
    with command_line.importing_cdktf():
        from .synthesis import configurations
    now = {path.parent.name: content for path, content in configurations(fleet, folder / _OUTDIR).items()}
    return _compared(commit, fleet, before, now, code_too=_holds_the_code(repository))


def _base_configurations(base: str, repository: Path, exported: Path, tenants_file: Path) -> dict[str, str]:
    """Returns the configuration of each stack of an exported commit; none where it had no fleet."""
    project = _PROJECT.resolve()
    if _holds_the_code(repository):
        project = exported / project.relative_to(repository)
    if not (tenants_file.exists() and (project / "main.py").exists()):
        return {}
    outdir = tenants_file.parent / _OUTDIR
    done = subprocess.run(
        _synth(project),
        cwd=project,
        env={
            **{name: value for name, value in os.environ.items() if name not in _OF_THIS_RUN},
            "TENANTS_FILE": str(tenants_file),
            "CDKTF_OUTDIR": str(outdir),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        said = done.stderr.replace(f"{exported}/", "").strip()
        raise command_line.CommandError(
            f"{said}\nThis is what {base} holds, which cannot be synthesized: compare with another commit.",
            command_line.FAILURE,
        )
    return {path.parent.name: path.read_text(encoding="utf-8") for path in outdir.glob("stacks/*/cdk.tf.json")}


def _holds_the_code(repository: Path) -> bool:
    return repository == repository_of(_PROJECT.resolve())


def _synth(project: Path) -> list[str]:
    pins = project / _PINS
    if not pins.exists() or pins.read_bytes() == (_PROJECT / _PINS).read_bytes():
        return [sys.executable, "main.py"]
    print(f"{_PINS} differs: installing what the other commit pins takes a minute.", file=sys.stderr)
    return ["make", "--silent", "synth"]


def _compared(
    commit: str, fleet: Fleet, before: Mapping[str, str], now: Mapping[str, str], *, code_too: bool
) -> Changed:
    name = TenantSettings.module.name
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
        called = json.loads(before[label]).get("module", {})
        if name in called:  # else it is no tenant's root
            touched.append(TouchedTenant(label, wave_of(called[name]["env"]), Touch.REMOVED))
    order = list(Wave)
    return Changed(commit, module, sorted(touched, key=lambda each: order.index(each.wave)), fleet)


def _differ(before: str, now: str) -> bool:
    """Returns whether Terraform sees a difference between two configurations: it does not read the notes."""
    return {**json.loads(before), "//": None} != {**json.loads(now), "//": None}


def described(changed: Changed) -> str:
    """Returns what `make changed` prints."""
    touched = [each for each in changed.tenants if each.touch is not Touch.REMOVED]
    lines = text_table(
        [("TENANT", "WAVE", "CHANGE"), *((each.label, each.wave, each.touch) for each in changed.tenants)]
    )
    summary = f"{len(touched)} of {len(changed.fleet.tenants)} tenants differ from {changed.base[:12]}."
    if changed.module:
        waves = ", then ".join(f"{wave} ({len(changed.of(wave))})" for wave in Wave if changed.of(wave))
        summary = f"The module differs from {changed.base[:12]}: this touches every tenant. Apply it in waves: {waves}."
    unknown = changed.module is None
    gone = [each.label for each in changed.tenants if each.touch is Touch.REMOVED]
    return "\n".join(
        [
            *([*lines, ""] if changed.tenants else []),
            summary,
            *(["The generator is in another repository: whether it changed the module is not known."] * unknown),
            *([f"Gone from the tenants file, not destroyed by that: {', '.join(gone)}."] if gone else []),
        ]
    )


def as_json(changed: Changed) -> str:
    """Returns the same for a program to read."""
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


def _changed() -> None:
    parser = argparse.ArgumentParser(prog="make changed", usage="make changed BASE=<git ref> [FORMAT=json|github]")
    parser.add_argument("base")
    parser.add_argument("format", nargs="?", choices=("", "table", "json", "github"), default="")
    arguments = parser.parse_args()
    changed = changed_since(arguments.base, command_line.tenants_file())
    match arguments.format:
        case "json":
            print(as_json(changed))
        case "github":
            from engines.github_actions import job_outputs

            print(job_outputs(changed))
        case _:
            print(described(changed))


if __name__ == "__main__":
    command_line.end_in_words()
    sys.exit(command_line.run(_changed))
