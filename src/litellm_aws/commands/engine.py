"""`litellm-aws engine`: writes the files by which an engine runs Terraform for the tenants."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from pathlib import Path

from litellm_aws.engines import ENGINES
from litellm_aws.engines.engine import Engine
from litellm_aws.engines.places import Places
from litellm_aws.fleet.problems import FailedError, RefusedError
from litellm_aws.fleet.repository import is_ignored, top_of
from litellm_aws.fleet.tenants_file import Fleet, load_fleet

from .command_line import CHECKOUT, add_out, add_tenants, warn
from .generator import requirements_of

SUMMARY = "Write the configuration of an engine that runs Terraform: Atlantis, GitHub Actions, HCP Terraform"


def add_arguments(parser: ArgumentParser) -> None:
    """Adds the arguments of the command."""
    parser.add_argument("engine", choices=tuple(ENGINES), help="the engine")
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="the file to write; default: where the engine expects it in the repository of the tenants file",
    )
    add_tenants(parser)
    add_out(parser)
    parser.set_defaults(run=_run)


def _run(arguments: Namespace) -> None:
    engine = ENGINES[arguments.engine]
    fleet = load_fleet(arguments.tenants)
    warn(fleet.warnings)
    for file in write(engine, fleet, arguments.out, arguments.output):
        print(f"Wrote {file}.")
    if engine.reads_git and is_ignored(arguments.out):
        warn(
            [
                f"Git ignores {arguments.out}, in which {engine.title} looks for the roots: remove it from "
                ".gitignore, and commit it."
            ]
        )


def write(engine: Engine, fleet: Fleet, outdir: Path, output: Path | None) -> list[Path]:
    """Writes an engine's files, and returns their paths.

    Args:
        engine: the engine.
        fleet: the tenants.
        outdir: the folder that synthesis writes to.
        output: the file; by default where the engine expects it in the repository of the tenants file.

    Raises:
        BadInputError: the engine cannot run a tenant.
        RefusedError: the file exists and is not the engine's, or the engine cannot run the fleet.
        FailedError: the file cannot be written.
    """
    folder = fleet.file.absolute().parent
    places = Places.of(fleet.file, outdir, checkout=CHECKOUT, requirements=requirements_of(folder))
    files = engine.files(fleet, places)
    if output is not None:
        if len(files) > 1:
            raise RefusedError(f"{engine.title} needs {len(files)} files for {fleet.file}: remove --output")
        [content] = files.values()
        contents = {output: content}
    else:
        top = top_of(fleet.file.absolute().parent)
        contents = {Path(os.path.relpath(top / path)): content for path, content in files.items()}
    for file, content in contents.items():
        try:
            if file.exists() and not file.read_text(encoding="utf-8", errors="replace").startswith(engine.begins):
                raise RefusedError(f"{file} was not written by this command: move it, or name another file by --output")
            file.parent.mkdir(parents=True, exist_ok=True)
            unfinished = file.with_name(f".{file.name}.new")
            unfinished.write_text(content, encoding="utf-8")
            os.replace(unfinished, file)
        except OSError as error:
            raise FailedError(f"{file} cannot be written: {error}") from error
    return list(contents)
