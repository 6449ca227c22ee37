"""Writes what an engine needs: `make engine ENGINE=atlantis`, `make engine ENGINE=github-actions`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from fleet import command_line
from fleet.repository import is_ignored, top_of
from fleet.tenants_file import Fleet, load_fleet

from . import atlantis, github_actions
from .places import Places

ENGINES = {"atlantis": atlantis, "github-actions": github_actions}
_PROJECT = Path(__file__).parents[1]
_MARK = "# Written by `make engine"
"""How a file of ours begins."""


def write(name: str, fleet: Fleet, outdir: Path, out: Path | None) -> Path:
    """Writes an engine's file, and returns where.

    Args:
        outdir: the folder that synthesis writes to.
        out: the file; by default where the engine looks for it in the repository of the tenants file.

    Raises:
        BadInputError: a tenant keeps its state on the machine that runs Terraform.
        CommandError: the file cannot be written, or is somebody else's.
    """
    engine = ENGINES[name]
    content = engine.content(fleet, Places.of(fleet.file, outdir, _PROJECT))
    file = out or Path(os.path.relpath(top_of(fleet.file.absolute().parent) / engine.FILE))
    try:
        if file.exists() and not file.read_text(encoding="utf-8", errors="replace").startswith(_MARK):
            raise command_line.CommandError(
                f"{file} is there, and not of our making: move it, or name another by OUT=…"
            )
        file.parent.mkdir(parents=True, exist_ok=True)
        whole = file.with_name(f".{file.name}.new")
        whole.write_text(content, encoding="utf-8")
        os.replace(whole, file)
    except OSError as error:
        raise command_line.CommandError(f"{file} cannot be written: {error}", command_line.FAILURE) from error
    return file


def _write() -> None:
    parser = argparse.ArgumentParser(prog="make engine")
    parser.add_argument("engine")
    parser.add_argument("out", nargs="?", default="")
    arguments = parser.parse_args()
    if arguments.engine not in ENGINES:
        raise command_line.CommandError(f"Say which engine: make engine ENGINE=<{' or '.join(ENGINES)}> [OUT=file]")
    fleet = load_fleet(command_line.tenants_file())
    outdir = command_line.outdir()
    file = write(arguments.engine, fleet, outdir, Path(arguments.out) if arguments.out else None)
    print(f"{file} is written.")
    if arguments.engine == "atlantis" and is_ignored(outdir):
        print(
            f"Warning: Git ignores {outdir}, in which Atlantis looks for the roots: take it out of .gitignore, and "
            "commit it.",
            file=sys.stderr,
        )


if __name__ == "__main__":
    command_line.end_in_words()
    sys.exit(command_line.run(_write))
