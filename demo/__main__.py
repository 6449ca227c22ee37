"""`make demo` and `make demo-down`: `python -m demo up`, `python -m demo down`."""

from __future__ import annotations

import argparse
import fcntl
import os
import shlex
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from local_aws.account import Account

from .fleet import APPLIED, prepare, synthesize
from .local_server import LocalServer
from .page import page
from .problem import DemoError
from .terraform import Progress, Terraform

FOLDER = ".demo"
"""Holds all that the demo makes: the synthesized stacks, the state, the log of the local AWS."""


class Demo:
    """The demo in its folder."""

    def __init__(self, folder: Path) -> None:
        """Takes the folder, which need not exist."""
        self._folder = folder
        self._server = LocalServer(folder)
        self._root = folder / "cdktf.out" / "stacks" / APPLIED
        self._environment = folder / "environment"
        self._applied = folder / "applied"
        """Exists when the demo is up."""

    def up(self, port: int) -> None:
        """Starts the local AWS, synthesizes the example fleet against it, and applies one tenant.

        Args:
            port: of the local AWS; 0 chooses a free one.

        Raises:
            DemoError: it cannot; nothing is left then.
        """
        if self._applied.exists() and self._server.pid is not None:
            raise DemoError(
                f"A demo is up already, at {self._server.endpoint}: look at it "
                f"(`. {_shown(self._environment)}`, then terraform or aws), or run `make demo-down` first."
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
            except DemoError as error:
                print(f"{error}\nThe local AWS is stopped all the same, and everything in it is gone with it.")
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
        terraform.init(say=print)
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
        """Stops what is there of a demo, and removes its files."""
        self._server.stop()
        for path in self._folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path.name != "lock":
                path.unlink()

    def _write_environment(self, environment: Mapping[str, str], names: Sequence[str]) -> None:
        """Writes what a shell needs to run terraform and aws against the demo."""
        lines = [f"export {name}={shlex.quote(environment[name])}" for name in names if name in environment]
        self._environment.write_text("\n".join(lines) + "\n")

    def _next_steps(self, cluster: str) -> str:
        steps = [
            (f". {_shown(self._environment)}", "terraform and aws go to the local AWS"),
            (f"terraform -chdir={_shown(self._root)} plan", "No changes"),
            (f"aws ecs describe-services --cluster {cluster} --services {cluster}-gateway", ""),
            ("make demo-down", "destroys it, and stops the local AWS"),
        ]
        lines = [f"  {command}" + (f"   # {what}" if what else "") for command, what in steps]
        return "\n".join(["What to try next, in this shell:", *lines])


def _shown(path: Path) -> str:
    return shlex.quote(os.path.relpath(path))


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keeps a second demo of this folder away while one is at work."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoError("Another `make demo` or `make demo-down` is at work here: wait for it.") from None
        yield


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("\nInterrupted; cleaning up …", file=sys.stderr, flush=True)
    raise KeyboardInterrupt


def main() -> int:
    """Runs a command, and returns the exit code: 1 for a problem that is said, 130 for Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("command", choices=["up", "down"])
    parser.add_argument("--port", type=int, default=0, help="port of the local AWS; by default a free one")
    parser.add_argument("--folder", type=Path, default=Path(FOLDER), help=f"its folder; by default {FOLDER}")
    arguments = parser.parse_args()
    folder = arguments.folder.absolute()
    signal.signal(signal.SIGINT, _interrupted)
    signal.signal(signal.SIGTERM, _interrupted)
    try:
        if arguments.command == "down" and not folder.exists():
            print("No demo is up.")
            return 0
        with _alone(folder):
            if arguments.command == "up":
                Demo(folder).up(arguments.port)
            else:
                Demo(folder).down()
    except DemoError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"The demo cannot go on: {error}. Mend that, and run `make demo` again.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
