"""Installs releases of LiteLLM, each with its Python packages, its query engine and its generated database client."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from packaging.version import Version

_HERE = Path(__file__).parent
_ENGINE_FILES = _HERE / "query_engine"

VERSIONS = tuple(sorted((path.stem.partition("-")[2] for path in _HERE.glob("requirements-*.txt")), key=Version))
"""The releases that can be installed, oldest first."""

_ENGINE_VERSION = "ac9d7041ed77bcc8a8dbd2ab6616b39013829574"
"""The engine of Prisma 5.4.2, which the Python package prisma 0.11.0 expects."""

INSTALLATIONS = Path(__file__).parents[4] / ".litellm"
"""Where the demo and the tests install releases, next to the project's own virtual environment."""

_DOWNLOAD_SECONDS = 20
"""How long to wait for the download of the query engine before its WebAssembly build replaces it."""

_LAST_LINES = 5
"""How many lines of a failed command's output an error message contains."""


class UnavailableError(Exception):
    """A release cannot be installed here. The message says what failed, and what to do."""


@dataclass(frozen=True)
class Installation:
    """An installed release of LiteLLM.

    Attributes:
        version: the release, such as 1.86.0.
        programs: the folder with its python, uvicorn and litellm.
        package: the folder of the Python package `litellm`.
        engine: the program that LiteLLM's database client starts.
    """

    version: str
    programs: Path
    package: Path
    engine: Path


def install(folder: Path, version: str, progress: Callable[[str], None]) -> Installation:
    """Installs a release into `<folder>/<version>`, unless it is already there.

    Several processes may call this at the same time.

    Args:
        folder: the folder of all installations.
        version: one of `VERSIONS`.
        progress: receives a line before each step.

    Raises:
        UnavailableError: a package or a program is not available.
    """
    if version not in VERSIONS:
        raise UnavailableError(f"LiteLLM {version} cannot be installed. Choose one of {', '.join(VERSIONS)}.")
    home = folder.absolute() / version
    home.parent.mkdir(parents=True, exist_ok=True)
    with _locked(home.parent / f"{version}.lock"):
        stamp, contents = home / "complete.json", _contents(home, version)
        engine = _installed_engine(stamp, contents)
        if engine is None:
            shutil.rmtree(home, ignore_errors=True)
            engine = _Setup(home, version, progress).run()
            stamp.write_text(json.dumps({"contents": contents, "engine": str(engine)}))
    return Installation(version=version, programs=home / "venv" / "bin", package=_package(home), engine=engine)


def _installed_engine(stamp: Path, contents: str) -> Path | None:
    """Returns the query engine of a complete installation with these contents, or None."""
    if not stamp.exists():
        return None
    recorded = json.loads(stamp.read_text())
    engine = Path(recorded["engine"])
    # An engine from PRISMA_QUERY_ENGINE_BINARY is not in the folder of the installation.
    return engine if recorded["contents"] == contents and engine.is_file() else None


class _Setup:
    """The steps of an installation."""

    def __init__(self, home: Path, version: str, progress: Callable[[str], None]) -> None:
        self._home, self._version, self._progress = home, version, progress
        self._programs = home / "venv" / "bin"
        self._modules = home / "query_engine"
        self._node, self._npm = _found("node"), _found("npm")

    def run(self) -> Path:
        """Runs all steps, and returns the query engine."""
        self._home.mkdir()
        self._install_packages()
        self._install_modules()
        engine = self._query_engine()
        self._generate_client(engine)
        return engine

    def _install_packages(self) -> None:
        self._progress(f"Installing the Python packages of LiteLLM {self._version}")
        _run([sys.executable, "-m", "venv", str(self._home / "venv")], "Install Python's venv module.")
        _run(
            [
                *(str(self._programs / "python"), "-m", "pip", "install", "--quiet", "--no-deps"),
                *("--requirement", str(_HERE / f"requirements-{self._version}.txt")),
            ],
            "Check that pip can reach its package index, and that the index has these releases.",
        )

    def _install_modules(self) -> None:
        self._progress("Installing the query engine")
        shutil.copytree(_ENGINE_FILES, self._modules, ignore=shutil.ignore_patterns("node_modules"))
        # The install scripts would download engines.
        command = [self._npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(self._modules)]
        _run(command, "Check that npm can reach its registry, and that the registry has these releases.")

    def _query_engine(self) -> Path:
        """Returns an existing engine, a downloaded one, or the stand-in."""
        existing = Path(os.environ.get("PRISMA_QUERY_ENGINE_BINARY", ""))
        if existing.is_file():
            return existing.absolute()
        self._progress("Downloading Prisma's query engine")
        if self._is_downloaded():
            return next(self._modules.glob("node_modules/@prisma/engines/query-engine-*"))
        self._progress("The query engine cannot be downloaded; its WebAssembly build replaces it")
        stand_in = self._modules / "query-engine"
        serve = shlex.join([self._node, str(self._modules / "server.mjs")])
        version = f'[ "$1" != --version ] || exec echo "query-engine {_ENGINE_VERSION}"'
        _write_program(stand_in, f'{version}\nexec {serve} "$@"')
        return stand_in

    def _is_downloaded(self) -> bool:
        """Lets Prisma's CLI download the engine, and returns whether it could."""
        try:
            ended = subprocess.run(
                [self._node, str(self._modules / "node_modules/prisma/build/index.js"), "version"],
                env={**os.environ, "PRISMA_CLI_QUERY_ENGINE_TYPE": "binary"},
                capture_output=True,
                timeout=_DOWNLOAD_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return False
        return ended.returncode == 0

    def _generate_client(self, engine: Path) -> None:
        self._progress("Generating the database client")
        schema_engine = self._home / "schema-engine"
        # Prisma's CLI asks for the version only. The migrations are applied without this engine.
        _write_program(schema_engine, f'echo "schema-engine-cli {_ENGINE_VERSION}"')
        _run(
            [str(self._programs / "prisma"), "generate", "--schema", str(_package(self._home) / "proxy/schema.prisma")],
            "Delete the folder of the installation, and try again.",
            {
                "PATH": os.pathsep.join([str(self._programs), str(Path(self._node).parent), os.defpath]),
                # The CLI is in this folder's node_modules, so that prisma does not download it.
                "PRISMA_BINARY_CACHE_DIR": str(self._modules),
                "PRISMA_QUERY_ENGINE_BINARY": str(engine),
                "PRISMA_SCHEMA_ENGINE_BINARY": str(schema_engine),
            },
        )


def _package(home: Path) -> Path:
    return next((home / "venv" / "lib").glob("python3*")) / "site-packages" / "litellm"


def _contents(home: Path, version: str) -> str:
    """Returns a digest of everything that an installation is made from."""
    digest = hashlib.sha256(repr((str(home), sys.executable, sys.version)).encode())
    files = [*sorted(_ENGINE_FILES.glob("*.*")), _HERE / f"requirements-{version}.txt", Path(__file__)]
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _found(program: str) -> str:
    path = shutil.which(program)
    if path is None:
        raise UnavailableError(f"{program} is not installed. Install Node.js 18 or later, with npm.")
    return path


def _run(command: Sequence[str], advice: str, environment: Mapping[str, str] | None = None) -> None:
    ended = subprocess.run(
        command,
        env={**_environment(), **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    if ended.returncode:
        lines = [line for line in ended.stdout.splitlines() if line.strip()][-_LAST_LINES:]
        words = " ".join([Path(command[0]).name, *command[1:]])
        raise UnavailableError("\n".join([f"`{words}` failed:", *lines, advice]))


def _environment() -> dict[str, str]:
    """Returns the environment without the path to this project's own packages."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def _write_program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
