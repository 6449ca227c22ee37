"""Runs the local AWS until it is told to stop: `python -m local_aws`."""

import argparse
import json
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from .postgres import PostgresError
from .server import serving


def main() -> int:
    """Serves until SIGTERM or Ctrl-C, and returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m local_aws", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port of loopback to listen on; by default a free one")
    parser.add_argument("--ready", type=Path, metavar="FILE", help="file to write pid and endpoint to, as JSON")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    try:
        with serving(arguments.port) as local_aws:
            if arguments.ready:
                _write(arguments.ready, {"pid": os.getpid(), "endpoint": local_aws.endpoint})
            print(f"The local AWS is at {local_aws.endpoint}. To come here:", flush=True)
            for name, value in local_aws.account.environment.items():
                print(f"  export {name}={value}", flush=True)
            # Not signal.pause(), which sleeps on when the signal comes just before it, or to another thread.
            while True:
                time.sleep(0.2)
    except (OSError, PostgresError) as error:
        where = f" on port {arguments.port}" if arguments.port else ""
        print(f"The local AWS cannot start{where}: {error}", file=sys.stderr)
        return 1


def _stop(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)


def _write(file: Path, facts: dict[str, object]) -> None:
    """Writes in one step, for somebody waits for the file."""
    unfinished = file.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(facts))
    unfinished.replace(file)


if __name__ == "__main__":
    sys.exit(main())
