"""Aurora clusters with a running PostgreSQL server behind each endpoint."""

from __future__ import annotations

import json
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from . import tokens
from .account import Account
from .database_proxy import DatabaseProxy
from .loopback_network import LoopbackNetwork
from .postgres import Postgres
from .repairs.patching import patch_method, set_member

_restoring: ContextVar[str | None] = ContextVar("restoring", default=None)
"""The snapshot from which moto creates a cluster at the moment."""


class Databases:
    """The database servers of the account's clusters."""

    current: Databases | None = None
    """The instance that moto's RDS uses. If None, moto behaves as usual."""

    def __init__(self, home: Path, account: Account, network: LoopbackNetwork) -> None:
        """Replaces moto's endpoints.

        Args:
            home: the folder for the data.
            account: the account whose roles sign in.
            network: the network that holds the endpoints.
        """
        self._home, self._account, self._network = home, account, network
        self._servers: dict[str, tuple[Postgres, DatabaseProxy]] = {}
        self._backups: dict[str, Path] = {}
        _patch_moto()
        Databases.current = self

    def close(self) -> None:
        """Stops all servers."""
        Databases.current = None
        for identifier in list(self._servers):
            self.remove(identifier)

    def create(self, cluster: Any, password: str, snapshot: str | None = None) -> None:
        """Starts the server of a new cluster.

        Args:
            cluster: moto's cluster object.
            password: password of the master user.
            snapshot: the one that has the data; None is an empty database.
        """
        identifier = cluster.db_cluster_identifier
        postgres = Postgres(
            self._home / identifier,
            self._home,
            master=cluster.master_username,
            password=password,
            database=cluster.database_name or "",
            backup=None if snapshot is None else self._backups[snapshot],
        )

        def rejection_reason(user: str, token: str) -> str | None:
            if not cluster.iam_auth:
                return "IAM database authentication is not enabled"
            return tokens.rejection_reason(
                self._account,
                token,
                user=user,
                host=proxy.address,
                port=proxy.port,
                cluster_arn=cluster.db_cluster_arn,
                resource_id=cluster.db_cluster_resource_id,
            )

        proxy = DatabaseProxy(
            postgres.socket, postgres.owner, rejection_reason, address=self._network.new_address(), port=cluster.port
        )
        self._servers[identifier] = (postgres, proxy)

    def server(self, identifier: str) -> Postgres | None:
        """Returns the server of a cluster, or None."""
        found = self._servers.get(identifier)
        return found[0] if found else None

    def address(self, identifier: str) -> str | None:
        """Returns the address of a cluster, or None."""
        found = self._servers.get(identifier)
        return found[1].address if found else None

    def save(self, snapshot: Any) -> None:
        """Saves the data for a snapshot of moto's. An automated one, made before the server starts, has none."""
        if server := self.server(snapshot.db_cluster_identifier):
            folder = self._home / "snapshots" / uuid4().hex
            server.back_up(folder)
            self._backups[snapshot.db_cluster_snapshot_identifier] = folder

    def copy(self, source: str, target: str) -> None:
        """Saves the data of a snapshot for another one."""
        if source in self._backups:
            self._backups[target] = self._backups[source]

    def remove(self, identifier: str) -> None:
        """Stops the server of a deleted cluster, and deletes its data."""
        if identifier in self._servers:
            postgres, proxy = self._servers.pop(identifier)
            proxy.close()
            postgres.remove()


@cache
def _patch_moto() -> None:
    from moto.rds.models import DBCluster, RDSBackend

    @patch_method(RDSBackend, "create_db_cluster")
    def create(original: Any, backend: Any, kwargs: dict[str, Any]) -> Any:
        cluster = original(backend, kwargs)
        if Databases.current and cluster.engine == "aurora-postgresql":
            try:
                password = kwargs.get("master_user_password") or _managed_password(cluster)
                Databases.current.create(cluster, password, _restoring.get())
            except Exception:
                backend.clusters.pop(cluster.db_cluster_identifier)
                raise
        return cluster

    @patch_method(RDSBackend, "restore_db_cluster_from_snapshot")
    def restore(original: Any, backend: Any, name: str, *args: Any) -> Any:
        token = _restoring.set(name.rpartition(":cluster-snapshot:")[2])
        try:
            return original(backend, name, *args)
        finally:
            _restoring.reset(token)

    @patch_method(RDSBackend, "create_db_cluster_snapshot")
    def save(original: Any, backend: Any, *args: Any, **kwargs: Any) -> Any:
        snapshot = original(backend, *args, **kwargs)
        if Databases.current:
            Databases.current.save(snapshot)
        return snapshot

    @patch_method(RDSBackend, "copy_db_cluster_snapshot")
    def copy(original: Any, backend: Any, **kwargs: Any) -> Any:
        snapshot = original(backend, **kwargs)
        if Databases.current:
            source, target = (kwargs[f"{which}_db_cluster_snapshot_identifier"] for which in ("source", "target"))
            Databases.current.copy(source, target)
        return snapshot

    @patch_method(RDSBackend, "modify_db_cluster")
    def modify(original: Any, backend: Any, kwargs: dict[str, Any]) -> Any:
        password, manages = kwargs.get("master_user_password"), kwargs.get("manage_master_user_password")
        cluster = original(backend, kwargs)
        if manages:
            password = _managed_password(cluster)
        server = Databases.current and Databases.current.server(cluster.db_cluster_identifier)
        if server and password:
            server.set_password(cluster.master_username, password)
        return cluster

    @patch_method(RDSBackend, "delete_db_cluster")
    def delete(original: Any, backend: Any, cluster_identifier: str, *args: Any, **kwargs: Any) -> Any:
        cluster = original(backend, cluster_identifier, *args, **kwargs)
        if Databases.current:
            Databases.current.remove(cluster_identifier)
        return cluster

    @patch_method(RDSBackend, "stop_db_cluster")
    def stop(original: Any, backend: Any, cluster_identifier: str) -> Any:
        cluster = original(backend, cluster_identifier)
        if server := Databases.current and Databases.current.server(cluster_identifier):
            server.stop()
        return cluster

    @patch_method(RDSBackend, "start_db_cluster")
    def start(original: Any, backend: Any, cluster_identifier: str) -> Any:
        cluster = original(backend, cluster_identifier)
        if server := Databases.current and Databases.current.server(cluster_identifier):
            server.start()
        return cluster

    for name in ("endpoint", "reader_endpoint"):
        set_member(DBCluster, name, property(_endpoint(vars(DBCluster)[name])))


def _managed_password(cluster: Any) -> str:
    """Returns the master user's password in the secret that RDS makes (ManageMasterUserPassword)."""
    return str(json.loads(cluster.master_user_secret.secret.secret_string)["password"])


def _endpoint(original: property) -> Any:
    def endpoint(cluster: Any) -> Any:
        address = Databases.current and Databases.current.address(cluster.db_cluster_identifier)
        return address or original.__get__(cluster)

    return endpoint
