"""The command line `litellm-aws`."""

from __future__ import annotations

import io
import os
import signal
import sys
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from types import FrameType
from typing import Protocol

from litellm_aws.fleet.problems import BadInputError, FailedError, RefusedError

from . import changed, engine, explain, init, synth
from .costs import command as costs
from .demo import command as demo

BAD_INPUT = 2
"""The exit code for a mistake in the arguments or in the tenants file, as argparse has it."""
FAILURE = 1
"""The exit code for every other failure."""


class Command(Protocol):
    """A module that holds a subcommand.

    Attributes:
        SUMMARY: what it does, in a sentence without a full stop.
    """

    @property
    def SUMMARY(self) -> str: ...  # noqa: D102, N802

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Adds the arguments, and as the default of `run` the function that takes them."""


_COMMANDS: Mapping[str, Command] = {
    "init": init,
    "synth": synth,
    "explain": explain,
    "changed": changed,
    "engine": engine,
    "costs": costs,
    "demo": demo,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command line as this process, and returns its exit code.

    Args:
        arguments: those after the program's name; by default the process's own.
    """
    signal.signal(signal.SIGINT, _interrupted)
    if isinstance(sys.stdout, io.TextIOWrapper):  # the names of files need not be in the terminal's encoding
        sys.stdout.reconfigure(errors="backslashreplace")
    sys.unraisablehook = lambda _: None  # jsii complains when its Node ends before it
    return run(sys.argv[1:] if arguments is None else arguments)


def run(arguments: Sequence[str]) -> int:
    """Runs a command line, and returns its exit code: 0, BAD_INPUT or FAILURE. Every error is a message on stderr.

    Raises:
        SystemExit: argparse printed the help, or refused an argument.
    """
    parsed = _parser().parse_args(arguments)
    try:
        parsed.run(parsed)
        sys.stdout.flush()
    except BadInputError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        where = f" in {parsed.tenants}" if "tenants" in parsed else ""
        print(f"{error}{where}; nothing was written.", file=sys.stderr)
        return BAD_INPUT
    except RefusedError as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    except FailedError as error:
        print(error, file=sys.stderr)
        return FAILURE
    except BrokenPipeError:  # the reader of the output, such as `head`, has ended
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        "litellm-aws", description="Generates the Terraform that runs LiteLLM on AWS.", allow_abbrev=False
    )
    parser.add_argument("--version", action="version", version=version("litellm-aws"))
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, command in _COMMANDS.items():
        subparser = subparsers.add_parser(
            name, help=command.SUMMARY, description=f"{command.SUMMARY}.", allow_abbrev=False
        )
        command.add_arguments(subparser)
    return parser


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    print("Interrupted.", file=sys.stderr, flush=True)
    # The terminal also interrupts jsii's Node, and jsii then prints a traceback.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    sys.exit(128 + signal.SIGINT)


if __name__ == "__main__":
    sys.exit(main())
