"""The demo: a local AWS, and the example fleet's tenant that is applied to it."""

from __future__ import annotations

import fcntl
import os
import shlex
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from fleet.problems import FailedError
from local_aws.account import Account

from .fleet import APPLIED, prepare, synthesize
from .local_server import LocalServer
from .page import page
from .terraform import Progress, Terraform


class Demo:
    """The demo in its folder."""

    def __init__(self, folder: Path) -> None:
        """Takes the folder. It need not exist before `locked`."""
        self._folder = folder
        self._server = LocalServer(folder)
        self._root = folder / "cdktf.out" / "stacks" / APPLIED
        self._environment = folder / "environment"
        self._applied = folder / "applied"
        """A file that exists while the demo is up."""

    def up(self, port: int) -> None:
        """Starts the local AWS, synthesizes the example fleet against it, and applies one tenant.

        Args:
            port: of the local AWS; 0 chooses an unused one.

        Raises:
            FailedError: a step failed. Nothing of the demo is left.
        """
        if self._applied.exists() and self._server.pid is not None:
            raise FailedError(
                f"A demo is already up at {self._server.endpoint}: use it (`. {_shown(self._environment)}`, then "
                "terraform or aws), or run `make demo-down` first."
            )
        self._clear()
        try:
            self._apply(port)
        except BaseException:
            self._clear()
            raise

    def down(self) -> None:
        """Destroys what was applied, stops the local AWS, and removes the folder."""
        if self._applied.exists() and self._server.pid is not None:
            terraform = Terraform(self._root, Account(self._server.endpoint).environment, self._folder)
            terraform.use_mirror_again()
            print("terraform destroy: a minute and a half.", flush=True)
            try:
                print(terraform.change("destroy", Progress()))
            except FailedError as error:
                print(f"{error}\nThe local AWS is stopped anyway, and its resources with it.")
        self._clear()
        shutil.rmtree(self._folder, ignore_errors=True)
        print("The local AWS is stopped; nothing of the demo is left.")

    def _apply(self, port: int) -> None:
        print("Starting the local AWS …", flush=True)
        endpoint = self._server.start(port)
        print(f"The local AWS is at {endpoint}.", flush=True)
        print(synthesize(prepare(self._folder, endpoint), self._folder / "cdktf.out"), flush=True)
        terraform = Terraform(self._root, Account(endpoint).environment, self._folder)
        print(f"\nterraform init, in {_shown(self._root)} …", flush=True)
        terraform.init()
        self._write_environment(terraform.environment, [*Account(endpoint).environment, "PATH", "TF_CLI_CONFIG_FILE"])
        print("terraform apply: a minute and a half.", flush=True)
        started = time.monotonic()
        ended = terraform.change("apply", Progress())
        print(f"{ended} It took {time.monotonic() - started:.0f} s.\n")
        outputs = terraform.outputs()
        print(page(endpoint, outputs))
        print(self._next_steps(outputs["ecs_cluster"]))
        self._applied.touch()

    def _clear(self) -> None:
        """Stops the local AWS, and deletes the files of the demo."""
        self._server.stop()
        for path in self._folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path.name != "lock":
                path.unlink()

    def _write_environment(self, environment: Mapping[str, str], names: Sequence[str]) -> None:
        """Writes the variables by which terraform and aws in a shell use the local AWS."""
        lines = [f"export {name}={shlex.quote(environment[name])}" for name in names if name in environment]
        self._environment.write_text("\n".join(lines) + "\n")

    def _next_steps(self, cluster: str) -> str:
        steps = [
            (f". {_shown(self._environment)}", "terraform and aws use the local AWS"),
            (f"terraform -chdir={_shown(self._root)} plan", "No changes"),
            (f"aws ecs describe-services --cluster {cluster} --services {cluster}-gateway", ""),
            ("make demo-down", "destroys the stack, and stops the local AWS"),
        ]
        lines = [f"  {command}" + (f"   # {what}" if what else "") for command, what in steps]
        return "\n".join(["What to try next, in this shell:", *lines])


def _shown(path: Path) -> str:
    return shlex.quote(os.path.relpath(path))


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Makes the folder, and locks it for this process.

    Raises:
        FailedError: another process has locked it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FailedError("Another `make demo` or `make demo-down` is running here: wait until it ends.") from None
        yield
