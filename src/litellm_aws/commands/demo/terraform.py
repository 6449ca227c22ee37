"""Terraform, with its progress."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from packaging.specifiers import SpecifierSet

from litellm_aws.constructs.versions import PROVIDERS, TERRAFORM
from litellm_aws.fleet.problems import FailedError
from litellm_aws.local_aws.provider_packages import (
    REGISTRY,
    Package,
    assemble_mirror,
    mirror_configuration,
    newest_packages,
)

_PLUGIN_CACHE = Path("~/.terraform.d/plugin-cache")
"""The plugin cache of Terraform's documentation, which is among the folders of `provider_folders`."""
_INTERRUPT_SECONDS = 60
"""How long Terraform has to write its state after Ctrl-C."""


class Terraform:
    """Terraform in one root.

    Attributes:
        environment: the whole environment of its commands.
    """

    def __init__(self, root: Path, environment: Mapping[str, str], work: Path) -> None:
        """Finds Terraform and its providers.

        Args:
            root: folder of the root.
            environment: variables, in addition to the caller's.
            work: folder for a mirror of the providers, where Terraform needs one.

        Raises:
            FailedError: Terraform is missing or too old.
        """
        program = shutil.which("terraform")
        if program is None:
            raise FailedError(
                "terraform is not on the PATH: install Terraform, https://developer.hashicorp.com/terraform/install"
            )
        self._program, self._root, self._work = program, root, work
        self._configuration = work / "terraform.tfrc"
        self.environment = {**_inherited(), "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1", **environment}
        about = json.loads(self._run("version", "-json", directory=work).stdout)
        self._platform: str = about["platform"]
        if about["terraform_version"] not in SpecifierSet(TERRAFORM):
            raise FailedError(
                f"terraform on the PATH is {about['terraform_version']}, and {TERRAFORM} is needed: upgrade it"
            )

    def init(self) -> None:
        """Initializes the root, with the providers on this machine or else from the registry.

        Raises:
            FailedError: it found no AWS provider.
        """
        packages = newest_packages(self._work, self._platform)
        if packages.keys() >= PROVIDERS.keys():
            self._use_mirror(packages)
            ended = self._run("init", "-input=false", "-no-color")
        else:
            self._keep_downloads()
            ended = self._run("init", "-input=false", "-no-color")
            if ended.returncode and "aws" in packages:
                self._use_mirror(packages)
                print(
                    "The registry cannot be reached, and this machine has no random provider. The demo uses the one "
                    "of the tests, which makes random values of the same kind."
                )
                ended = self._run("init", "-input=false", "-no-color")
        if ended.returncode:
            advice = "its message follows."
            if "aws" not in packages:
                advice = (
                    f"this machine has no AWS provider {PROVIDERS['aws']['version']} in a folder {REGISTRY}: "
                    "connect to the registry, or set up a mirror of it."
                )
            raise FailedError(f"terraform init failed; {advice}\n{ended.stderr.strip()}")

    def _keep_downloads(self) -> None:
        """Lets Terraform keep what it downloads where the next demo finds it, unless the user has a plugin cache."""
        configured = "plugin_cache_dir" in _cli_configuration(self.environment)
        if configured or "TF_PLUGIN_CACHE_DIR" in self.environment:
            return
        with suppress(OSError, RuntimeError):  # no home, or one that cannot be written
            cache = _PLUGIN_CACHE.expanduser()
            cache.mkdir(parents=True, exist_ok=True)
            self.environment["TF_PLUGIN_CACHE_DIR"] = str(cache)

    def _use_mirror(self, packages: Mapping[str, Package]) -> None:
        # The cache is for what the registry has, not for the stand-in.
        self.environment.pop("TF_PLUGIN_CACHE_DIR", None)
        scratch = self._work / "providers"
        shutil.rmtree(scratch, ignore_errors=True)
        assemble_mirror(scratch, packages, self._platform)
        self._configuration.write_text(mirror_configuration(scratch))
        self.use_mirror_again()

    def use_mirror_again(self) -> None:
        """Uses the mirror that `init` made, if it made one."""
        if self._configuration.exists():
            self.environment["TF_CLI_CONFIG_FILE"] = str(self._configuration)

    def outputs(self) -> dict[str, Any]:
        """Returns the outputs of the last apply."""
        found = json.loads(self._run("output", "-json").stdout)
        return {name: output["value"] for name, output in found.items()}

    def change(self, command: str, progress: Progress) -> str:
        """Runs `apply` or `destroy` without asking, and returns its last sentence.

        Raises:
            FailedError: with Terraform's errors.
        """
        process = subprocess.Popen(
            [self._program, command, "-auto-approve", "-input=false", "-json"],
            cwd=self._root,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # Ctrl-C reaches this process only, which then ends Terraform.
            start_new_session=True,
        )
        errors, ended = [], ""
        try:
            for event in _events(process):
                progress.take(event)
                if event.get("type") == "diagnostic" and event["diagnostic"]["severity"] == "error":
                    errors.append("\n".join([event["diagnostic"]["summary"], event["diagnostic"].get("detail", "")]))
                elif event.get("type") == "change_summary" and event["changes"]["operation"] == command:
                    ended = event["@message"]
            process.wait()
        except BaseException:
            _end(process)
            raise
        finally:
            progress.close()
        if process.returncode:
            raise FailedError("\n\n".join([f"terraform {command} failed.", *errors]))
        return ended

    def _run(self, *arguments: str, directory: Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self._program, *arguments],
            cwd=directory or self._root,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


def _inherited() -> dict[str, str]:
    """Returns the caller's environment without the variables of AWS and of Terraform's arguments."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_VAR_", "TF_CLI_ARGS"))
    }
    # The development packages have an AWS CLI, for machines without one.
    kept["PATH"] = os.pathsep.join([kept.get("PATH", os.defpath), str(Path(sys.executable).parent)])
    return kept


def _cli_configuration(environment: Mapping[str, str]) -> str:
    with suppress(OSError, RuntimeError):
        file = environment.get("TF_CLI_CONFIG_FILE") or Path("~/.terraformrc").expanduser()
        return Path(file).read_text(encoding="utf-8")
    return ""


def _events(process: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("{"):
            yield json.loads(line)


def _end(process: subprocess.Popen[str]) -> None:
    os.killpg(process.pid, signal.SIGINT)
    try:
        process.wait(_INTERRUPT_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


class Progress:
    """Shows an apply or a destroy: one line that changes on a terminal, some lines elsewhere."""

    def __init__(self) -> None:
        """Starts the clock."""
        self._started = time.monotonic()
        self._last = 0.0
        self._planned = self._done = 0
        self._busy: dict[str, None] = {}
        self._terminal = sys.stdout.isatty()

    def take(self, event: Mapping[str, Any]) -> None:
        """Takes an event of Terraform's `-json` output."""
        resource = event.get("hook", {}).get("resource", {}).get("addr", "").removeprefix("module.litellm.")
        match event.get("type"):
            case "planned_change":
                self._planned += 1
            case "apply_start":
                self._busy[resource] = None
            case "apply_complete" | "apply_errored":
                self._busy.pop(resource, None)
                self._done += 1
            case "provision_progress":
                if not event["hook"]["output"].startswith("Executing:"):
                    self._line(f"  {event['hook']['output'].rstrip()}")
                return
        self._show()

    def close(self) -> None:
        """Clears the changing line."""
        if self._terminal:
            print("\r\033[K", end="", flush=True)

    def _show(self) -> None:
        now = time.monotonic()
        if now - self._last < (0.1 if self._terminal else 10):
            return
        self._last = now
        waiting = ", ".join(list(self._busy)[:3]) + (" …" if len(self._busy) > 3 else "")
        if not self._done:
            waiting = waiting or "planning"
        text = f"{now - self._started:4.0f} s  {self._done}/{self._planned}  {waiting}"
        if self._terminal:
            print(f"\r\033[K{text[: shutil.get_terminal_size().columns - 1]}", end="", flush=True)
        else:
            print(text, flush=True)

    def _line(self, text: str) -> None:
        self.close()
        print(text, flush=True)
