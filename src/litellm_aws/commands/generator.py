"""The version of this program that a repository of tenants uses: the one in its requirements.txt."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from urllib.parse import unquote, urlsplit

from litellm_aws.fleet.problems import FailedError, RefusedError
from litellm_aws.fleet.repository import top_of

REQUIREMENTS = "requirements.txt"
"""pip's file that names the version. It lies in the folder of the tenants file, or in one above it."""
WHEELS = "wheels"
"""The folder in which `litellm-aws init` puts the wheel that this program was installed from."""
_NAME = "litellm-aws"
# A wheel's file name, or a version specifier (https://packaging.python.org/specifications/).
_PINNED = re.compile(r"litellm_aws-([^-\s]+)-py3|litellm[-_.]aws\s*==\s*([^\s;\\]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Requirement:
    """What pip installs this program from.

    Attributes:
        line: of a requirements file.
        wheel: the file that the line names by `./wheels/<name>`, if it names one.
    """

    line: str
    wheel: Path | None = None


def requirements_of(folder: Path) -> Path | None:
    """Returns the requirements file of a folder in a repository: the nearest, from the folder up to the top."""
    top = top_of(folder)
    folders = [folder.resolve(), *folder.resolve().parents]
    return next((file for each in folders[: folders.index(top) + 1] if (file := each / REQUIREMENTS).is_file()), None)


def check_version(requirements: Path) -> None:
    """Refuses to run in place of another version, whose module may differ.

    Raises:
        RefusedError: the file names another version.
    """
    found = _PINNED.search(requirements.read_text(encoding="utf-8", errors="replace"))
    pinned, running = found and (found[1] or found[2]), distribution(_NAME).version
    if pinned and pinned != running:
        file = os.path.relpath(requirements)
        raise RefusedError(
            f"{file} names {_NAME} {pinned}, and this is {running}: run `pip install --requirement {file}`"
        )


def install(requirements: Path, folder: Path) -> Path:
    """Installs what a requirements file names, and returns the program.

    Args:
        requirements: the file. Paths in it begin in its folder.
        folder: of the new virtual environment.

    Raises:
        FailedError: pip cannot install it.
    """
    for command in (
        [sys.executable, "-m", "venv", str(folder)],
        [str(folder / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", "-r", requirements.name],
    ):
        done = subprocess.run(command, cwd=requirements.parent, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise FailedError(f"{(done.stderr or done.stdout).strip()}\npip cannot install what {requirements} names.")
    return folder / "bin" / _NAME


def installed_requirement() -> Requirement:
    """Returns what this program was installed from, as pip has recorded it (PEP 610).

    Raises:
        RefusedError: it was installed from a checkout, which other machines do not have.
    """
    this = distribution(_NAME)
    recorded = json.loads(this.read_text("direct_url.json") or "{}")
    url = recorded.get("url", "")
    if not recorded:
        return Requirement(f"{_NAME}=={this.version}")
    if "vcs_info" in recorded:
        return Requirement(f"{_NAME} @ {recorded['vcs_info']['vcs']}+{url}@{recorded['vcs_info']['commit_id']}")
    if url.endswith(".whl"):
        return requirement(unquote(urlsplit(url).path) if url.startswith("file:") else url)
    raise RefusedError(
        f"{_NAME} runs from a checkout, and the new repository needs a version of it: build a wheel with `make "
        "release`, and name it by --generator. A Git URL with a tag or a version on PyPI is possible, too."
    )


def requirement(named: str) -> Requirement:
    """Returns the requirement that a user names: the path or URL of a wheel, a Git URL, or a version.

    Raises:
        RefusedError: it is none of these.
    """
    if named.startswith("git+"):
        return Requirement(f"{_NAME} @ {named}")
    if named.startswith("https://"):
        return Requirement(f"{_NAME} @ {named}")
    if named.endswith(".whl"):
        wheel = Path(named)
        if not wheel.is_file():
            raise RefusedError(f"{named} is not a file: name the wheel of this program")
        return Requirement(f"./{WHEELS}/{wheel.name}", wheel)
    if re.fullmatch(r"[0-9][0-9A-Za-z.+!-]*", named):
        return Requirement(f"{_NAME}=={named}")
    raise RefusedError(f"--generator {named} is not a wheel, a Git URL (git+https://…@tag), or a version such as 1.2.0")


def copy_wheel(needed: Requirement, repository: Path) -> None:
    """Copies the wheel that a requirement names to a repository."""
    if needed.wheel is not None:
        (repository / WHEELS).mkdir()
        shutil.copyfile(needed.wheel, repository / WHEELS / needed.wheel.name)
