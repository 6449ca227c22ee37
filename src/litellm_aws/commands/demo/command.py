"""`litellm-aws demo up` and `litellm-aws demo down`."""

from __future__ import annotations

import signal
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from types import FrameType

from litellm_aws.fleet.problems import FailedError

SUMMARY = "Apply an example tenant to a local AWS, without an account"

_FOLDER = Path(".demo")


def add_arguments(parser: ArgumentParser) -> None:
    """Adds the subcommands."""
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, summary in (
        ("up", "Start the local AWS, apply the example tenant, and ask its LiteLLM: three minutes"),
        ("down", "Destroy the example tenant, and stop the local AWS"),
    ):
        subparser = subparsers.add_parser(name, help=summary, description=f"{summary}.", allow_abbrev=False)
        if name == "up":
            subparser.add_argument(
                "--port", type=int, metavar="N", default=0, help="port of the local AWS; default: an unused one"
            )
            subparser.add_argument(
                "--litellm",
                nargs="+",
                metavar="VERSION",
                help="release of LiteLLM, and others to upgrade to; default: the one of the module's images",
            )
        subparser.add_argument(
            "--folder",
            type=Path,
            metavar="FOLDER",
            default=_FOLDER,
            help=f"folder of the demo's files: stacks, state, log; default: {_FOLDER}",
        )
        subparser.set_defaults(run=_run, command=name)


def _run(arguments: Namespace) -> None:
    folder = arguments.folder.absolute()
    if arguments.command == "down" and not folder.exists():
        print("No demo is up.")
        return
    try:
        from .demo import Demo, locked
        from .fleet import DEFAULT_VERSION
    except ModuleNotFoundError as error:
        raise FailedError(
            f"The demo runs from a checkout of this project, and {error.name} is not installed: run `make setup` there"
        ) from error
    signal.signal(signal.SIGINT, _interrupted)
    signal.signal(signal.SIGTERM, _interrupted)
    try:
        with locked(folder):
            if arguments.command == "up":
                Demo(folder).up(arguments.port, arguments.litellm or [DEFAULT_VERSION])
            else:
                Demo(folder).down()
    except OSError as error:
        raise FailedError(f"The demo cannot continue: {error}. Fix this, and run `make demo` again.") from error
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("\nInterrupted; cleaning up …", file=sys.stderr, flush=True)
    raise KeyboardInterrupt
