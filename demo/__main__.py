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
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from local_aws.account import REGION

from .fleet import APPLIED, prepare, synthesize
from .local_server import LocalServer
from .page import page
from .problem import DemoError
from .terraform import Progress, Terraform

FOLDER = Path(__file__).parents[1] / ".demo"
"""Holds all that the demo makes: the synthesized stacks, the state, the log of the local AWS."""

_APPLIED = FOLDER / "applied"
"""Exists when the demo is up."""
_ENVIRONMENT = FOLDER / "environment"


def up(port: int) -> None:
    """Starts the local AWS, synthesizes the example fleet against it, and applies one tenant."""
    server = LocalServer(FOLDER)
    if _APPLIED.exists() and server.pid is not None:
        raise DemoError(
            f"A demo is up already, at {server.endpoint}: look at it (`. {_shown(_ENVIRONMENT)}`, then terraform or "
            "aws), or run `make demo-down` first."
        )
    _clear(server)
    try:
        print("Starting the local AWS …", flush=True)
        endpoint = server.start(port)
        print(f"The local AWS is at {endpoint}.", flush=True)
        tenants = prepare(FOLDER, endpoint)
        print(synthesize(tenants, FOLDER / "cdktf.out"), flush=True)
        root = FOLDER / "cdktf.out" / "stacks" / APPLIED
        terraform = Terraform(root, _variables(endpoint), FOLDER)
        print(f"\nterraform init, in {_shown(root)} …", flush=True)
        terraform.init(say=print)
        _write_environment(terraform.environment, endpoint)
        print("terraform apply: a minute and a half.", flush=True)
        started = time.monotonic()
        ended = terraform.change("apply", Progress())
        print(f"{ended} It took {time.monotonic() - started:.0f} s.\n")
        print(page(endpoint, terraform.outputs()))
        print(_next_steps(root))
        _APPLIED.touch()
    except BaseException:
        # Whatever went wrong, nothing of it stays but the log.
        _clear(server)
        raise


def down() -> None:
    """Destroys what was applied, stops the local AWS, and removes the demo's folder."""
    server = LocalServer(FOLDER)
    if not FOLDER.exists():
        print("No demo is up.")
        return
    if _APPLIED.exists() and server.pid is not None:
        root = FOLDER / "cdktf.out" / "stacks" / APPLIED
        terraform = Terraform(root, _variables(server.endpoint), FOLDER)
        if (FOLDER / "terraform.tfrc").exists():
            terraform.environment["TF_CLI_CONFIG_FILE"] = str(FOLDER / "terraform.tfrc")
        print("terraform destroy: a minute and a half.", flush=True)
        try:
            print(terraform.change("destroy", Progress()))
        except DemoError as error:
            print(f"{error}\nThe local AWS is stopped all the same, and everything in it is gone with it.")
    _clear(server)
    shutil.rmtree(FOLDER, ignore_errors=True)
    print("The local AWS is stopped; nothing of the demo is left.")


def _clear(server: LocalServer) -> None:
    """Stops what an earlier demo left behind, and removes its files."""
    server.stop()
    for path in FOLDER.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name != "lock":
            path.unlink()


def _variables(endpoint: str) -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _write_environment(environment: Mapping[str, str], endpoint: str) -> None:
    """Writes what a shell needs to run terraform and aws against the demo."""
    names = [*_variables(endpoint), "PATH", "TF_CLI_CONFIG_FILE"]
    lines = [f"export {name}={shlex.quote(environment[name])}" for name in names if name in environment]
    _ENVIRONMENT.write_text("\n".join(lines) + "\n")


def _next_steps(root: Path) -> str:
    return "\n".join(
        [
            "What to try next, in this shell:",
            f"  . {_shown(_ENVIRONMENT)}                 # terraform and aws go to the local AWS",
            f"  terraform -chdir={_shown(root)} plan     # No changes",
            f"  aws ecs describe-services --cluster {APPLIED.replace('-', '-litellm-')} --services"
            f" {APPLIED.replace('-', '-litellm-')}-gateway",
            "  make demo-down                     # destroys it, and stops the local AWS",
        ]
    )


def _shown(path: Path) -> str:
    return shlex.quote(os.path.relpath(path))


@contextmanager
def _alone() -> Iterator[None]:
    """Keeps a second demo of this checkout away while one is at work."""
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:
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
    arguments = parser.parse_args()
    signal.signal(signal.SIGINT, _interrupted)
    signal.signal(signal.SIGTERM, _interrupted)
    try:
        if arguments.command == "down" and not FOLDER.exists():
            print("No demo is up.")
            return 0
        with _alone():
            if arguments.command == "up":
                up(arguments.port)
            else:
                down()
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
