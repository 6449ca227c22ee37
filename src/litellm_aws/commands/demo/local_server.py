"""The demo's local AWS: a process that keeps running after `litellm-aws demo up`."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from litellm_aws.fleet.problems import FailedError

from ..command_line import checkout

START_SECONDS = 60
STOP_SECONDS = 60
_EXIT_SECONDS = 5
"""From the server's last answer to the end of its process."""


class LocalServer:
    """The process that serves the local AWS, known by a file in the demo's folder."""

    def __init__(self, folder: Path) -> None:
        """Takes the demo's folder."""
        self._ready = folder / "local-aws.json"
        self._log = folder / "local-aws.log"

    @property
    def endpoint(self) -> str:
        """The URL of the server."""
        return str(json.loads(self._ready.read_text())["endpoint"])

    @property
    def pid(self) -> int | None:
        """The process, or None when it does not run or does not answer."""
        try:
            facts = json.loads(self._ready.read_text())
            address = urlsplit(facts["endpoint"])
            # The process may have ended, and another one may have its number.
            socket.create_connection((address.hostname or "", address.port or 0), timeout=5).close()
        except (OSError, ValueError, KeyError):
            return None
        return int(facts["pid"])

    @property
    def models(self) -> str:
        """The base URL of the model provider."""
        return str(json.loads(self._ready.read_text())["models"])

    @property
    def has_redis(self) -> bool:
        """Whether this machine has a Redis server."""
        return bool(json.loads(self._ready.read_text())["redis"])

    def start(self, port: int, versions: Sequence[str] = ()) -> str:
        """Starts the server, and returns its endpoint.

        Args:
            port: to listen on; 0 chooses an unused one.
            versions: the installed releases of LiteLLM that it runs.

        Raises:
            FailedError: it does not start.
        """
        self._ready.unlink(missing_ok=True)
        with self._log.open("wb") as log:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "litellm_aws.local_aws", "--port", str(port), "--ready", str(self._ready)),
                    *(word for version in versions for word in ("--litellm", version)),
                ],
                cwd=checkout(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        try:
            while not self._ready.exists():
                if process.poll() is not None or time.monotonic() > deadline:
                    raise FailedError(
                        f"{self._log.read_text().strip() or 'The local AWS does not start.'}\n"
                        "Choose another port with `make demo PORT=…`, or an unused one without PORT."
                    )
                time.sleep(0.05)
        except BaseException:
            process.terminate()
            process.wait()
            raise
        return self.endpoint

    def stop(self) -> None:
        """Stops the server and its child processes. The account in it is lost."""
        pid = self.pid
        if pid is None:
            return
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while self.pid is not None and time.monotonic() < deadline:
            time.sleep(0.05)
        if self.pid is not None:
            os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + _EXIT_SECONDS
        while _exists(pid) and time.monotonic() < deadline:
            time.sleep(0.05)


def _exists(pid: int) -> bool:
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)  # collects it, where it is a child of this process
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
