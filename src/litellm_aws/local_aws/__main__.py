"""Runs the local AWS until it is stopped: `python -m local_aws`."""

import argparse
import json
import os
import signal
import sys
import time
from contextlib import closing
from pathlib import Path
from types import FrameType

from .litellm.installation import INSTALLATIONS, VERSIONS, UnavailableError, install
from .model_provider import KEY, ModelProvider
from .postgres import PostgresError
from .server import serving


def main() -> int:
    """Serves until SIGTERM or Ctrl-C, and returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m local_aws", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1 to listen on (default: a free port)")
    parser.add_argument("--ready", type=Path, metavar="FILE", help="JSON file to write the pid and the endpoint to")
    parser.add_argument(
        "--litellm",
        action="append",
        default=[],
        choices=VERSIONS,
        help="run this release of LiteLLM in its images, and install it first where it is missing; more than once",
    )
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    try:
        installed = [install(INSTALLATIONS, version, print) for version in arguments.litellm]
        with serving(arguments.port, installed) as local_aws, closing(ModelProvider(KEY)) as models:
            if arguments.ready:
                facts = {"pid": os.getpid(), "endpoint": local_aws.endpoint, "models": models.url}
                _write(arguments.ready, {**facts, "redis": local_aws.caches.available})
            print(f"The local AWS is at {local_aws.endpoint}. To use it:", flush=True)
            for name, value in local_aws.account.environment.items():
                print(f"  export {name}={value}", flush=True)
            # signal.pause() would miss a signal that arrives just before the call or in another thread.
            while True:
                time.sleep(0.2)
    except (OSError, PostgresError, UnavailableError) as error:
        where = f" on port {arguments.port}" if arguments.port else ""
        print(f"The local AWS cannot start{where}: {error}", file=sys.stderr)
        return 1


def _stop(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)


def _write(file: Path, facts: dict[str, object]) -> None:
    """Writes a file in one step: another process waits for it and must not read half of it."""
    unfinished = file.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(facts))
    unfinished.replace(file)


if __name__ == "__main__":
    sys.exit(main())
