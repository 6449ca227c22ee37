"""Addresses in 127.0.0.0/8, one for each task, database, load balancer and cache: their fixed ports do not collide."""

from __future__ import annotations

import socket
from itertools import product
from threading import Lock

_RESERVED_PORT = 59_127
"""Port on a network's first address that a process holds to reserve the network for itself."""


class LoopbackNetwork:
    """The network 127.N.0.0/16, where N is a number that no other local AWS on this machine uses.

    Linux accepts connections on every address in 127.0.0.0/8. macOS accepts them on 127.0.0.1 only.
    """

    def __init__(self) -> None:
        """Reserves a network until it is closed or the process exits.

        Raises:
            OSError: no network is available.
        """
        for number in range(1, 255):
            self._prefix = f"127.{number}"
            try:
                self._reserved = socket.create_server((f"{self._prefix}.0.1", _RESERVED_PORT))
            except OSError as error:
                reason = error
            else:
                break
        else:
            raise OSError(f"no network of loopback addresses is available: {reason}")
        self._numbers = product(range(1, 256), range(1, 255))
        self._lock = Lock()

    def new_address(self) -> str:
        """Returns an address that was not returned before.

        Raises:
            OSError: all 64,770 addresses were returned.
        """
        with self._lock:
            numbers = next(self._numbers, None)
        if numbers is None:
            raise OSError(f"all addresses of the network {self._prefix}.0.0 are in use")
        return ".".join([self._prefix, *map(str, numbers)])

    def close(self) -> None:
        """Releases the network."""
        self._reserved.close()
