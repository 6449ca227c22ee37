"""What the commands have in common: their settings from the environment, and how they refuse and end."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from .problems import BadInputError

BAD_INPUT = 2
"""The exit code for mistakes in what the user wrote."""
FAILURE = 1
"""The exit code for everything else that ends a command early."""


class CommandError(Exception):
    """A command cannot go on, and says why and what to do.

    Attributes:
        code: BAD_INPUT or FAILURE.
    """

    def __init__(self, message: str, code: int = BAD_INPUT) -> None:
        self.code = code
        super().__init__(message)


class TemporaryFolderError(CommandError):
    """The temporary folder, in which CDKTF works, cannot be written."""

    def __init__(self, error: OSError) -> None:
        super().__init__(
            f"The temporary folder {tempfile.gettempdir()} cannot be written: {error}: make room there, or set TMPDIR "
            "to another folder. Nothing was written.",
            FAILURE,
        )


def tenants_file() -> Path:
    """Returns the tenants file, which the environment variable TENANTS_FILE names; by default tenants.yaml."""
    return Path(os.environ.get("TENANTS_FILE") or "tenants.yaml")


def outdir() -> Path:
    """Returns the folder of the output, which the environment variable CDKTF_OUTDIR names; by default cdktf.out."""
    return Path(os.environ.get("CDKTF_OUTDIR") or "cdktf.out")


def run(command: Callable[[], None]) -> int:
    """Runs a command, and returns its exit code: what is wrong is said in words, never by a traceback."""
    try:
        command()
        sys.stdout.flush()
    except BadInputError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        print(f"{error} in {tenants_file()}; nothing was written.", file=sys.stderr)
        return BAD_INPUT
    except CommandError as error:
        print(error, file=sys.stderr)
        return error.code
    except BrokenPipeError:  # whoever read the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


@contextmanager
def importing_cdktf() -> Iterator[None]:
    """Goes around an import of CDKTF, which takes half a second and unpacks files: import it when it is needed.

    Raises:
        TemporaryFolderError: there is no room to unpack them.
    """
    try:
        yield
    except OSError as error:
        raise TemporaryFolderError(error) from error


def end_in_words() -> None:
    """Makes Ctrl-C end this process with its exit code, and without a traceback; nor does jsii complain at its end."""
    signal.signal(signal.SIGINT, _interrupted)
    sys.unraisablehook = lambda _: None


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    print("Interrupted.", file=sys.stderr, flush=True)
    # The terminal interrupts jsii's Node too, of which jsii complains with a traceback.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    sys.exit(128 + signal.SIGINT)
