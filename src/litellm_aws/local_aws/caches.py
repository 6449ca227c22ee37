"""ElastiCache replication groups with a running Redis server behind each primary endpoint."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from functools import cache
from pathlib import Path
from typing import Any

from .loopback_network import LoopbackNetwork
from .repairs.patching import patch_method
from .supervisor import start_supervised

_SECONDS_TO_START = 10


class Caches:
    """The Redis servers of the account's replication groups.

    Attributes:
        available: whether redis-server is installed. Otherwise, nothing listens at the endpoints.
    """

    current: Caches | None = None
    """The instance that moto's ElastiCache uses. If None, moto behaves as usual."""

    def __init__(self, home: Path, network: LoopbackNetwork) -> None:
        """Replaces moto's primary endpoints.

        Args:
            home: the folder of the servers.
            network: has the addresses of the servers.
        """
        self._home, self._network = home, network
        self._program = shutil.which("redis-server")
        self.available = self._program is not None
        self._servers: dict[str, subprocess.Popen[bytes]] = {}
        _patch_moto()
        Caches.current = self

    def close(self) -> None:
        """Stops all servers."""
        Caches.current = None
        for identifier in list(self._servers):
            self.remove(identifier)

    def create(self, group: Any, auth_token: str | None) -> None:
        """Starts the server of a new replication group, if possible.

        Args:
            group: moto's replication group.
            auth_token: the password of its users, if any.

        Raises:
            OSError: the server does not start.
        """
        # A group in cluster mode has no primary endpoint.
        if self._program is None or group.cluster_mode == "enabled":
            return
        address, port = self._network.new_address(), int(group.port)
        identifier = group.replication_group_id
        server = start_supervised(
            [self._program, str(self._configuration(identifier, address, port, auth_token))],
            environment={},
            directory=self._home,
            output=subprocess.DEVNULL,
        )
        self._servers[identifier] = server
        try:
            _wait(server, address, port)
        except OSError:
            self.remove(identifier)
            raise
        [node_group] = group.node_groups
        node_group["primary_endpoint_address"] = node_group["primary_endpoint"]["address"] = address

    def remove(self, identifier: str) -> None:
        """Stops the server of a deleted replication group."""
        if server := self._servers.pop(identifier, None):
            assert server.stdin is not None
            server.stdin.close()
            server.wait()

    def _configuration(self, identifier: str, address: str, port: int, auth_token: str | None) -> Path:
        """Writes the configuration of a server, which keeps all data in memory."""
        file = self._home / f"{identifier}.redis.conf"
        file.touch(0o600)
        settings = {"bind": address, "port": port, "save": '""', "protected-mode": "no"}
        if auth_token:
            settings["requirepass"] = _quoted(auth_token)
        file.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
        return file


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _wait(server: subprocess.Popen[bytes], address: str, port: int) -> None:
    """Waits until a server accepts connections.

    Raises:
        OSError: it does not.
    """
    deadline = time.monotonic() + _SECONDS_TO_START
    while True:
        try:
            socket.create_connection((address, port)).close()
        except OSError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


@cache
def _patch_moto() -> None:
    from moto.elasticache.models import ElastiCacheBackend

    @patch_method(ElastiCacheBackend, "create_replication_group")
    def create(original: Any, backend: Any, **wanted: Any) -> Any:
        group = original(backend, **wanted)
        if Caches.current:
            try:
                Caches.current.create(group, wanted.get("auth_token"))
            except OSError:
                backend.delete_replication_group(group.replication_group_id, None)
                raise
        return group

    @patch_method(ElastiCacheBackend, "delete_replication_group")
    def delete(original: Any, backend: Any, replication_group_id: str, *args: Any, **kwargs: Any) -> Any:
        group = original(backend, replication_group_id, *args, **kwargs)
        if Caches.current:
            Caches.current.remove(replication_group_id)
        return group
