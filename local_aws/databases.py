"""Aurora clusters that are there: each with a PostgreSQL server behind its endpoint."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from . import tokens
from .account import LOOPBACK, Account
from .gate import Gate
from .postgres import Postgres
from .repairs.wrapping import around, give


class Databases:
    """The servers of an account's clusters."""

    current: Databases | None = None
    """Those that moto's RDS uses; None leaves moto as it is."""

    def __init__(self, home: Path, account: Account) -> None:
        """Takes the place of moto's endpoints; the data go below `home`."""
        self._home, self._account = home, account
        self._servers: dict[str, tuple[Postgres, Gate]] = {}
        _put_behind_moto()
        Databases.current = self

    def close(self) -> None:
        """Ends all servers."""
        Databases.current = None
        for identifier in list(self._servers):
            self.remove(identifier)

    def create(self, cluster: Any, password: str) -> None:
        """Starts the server of a new cluster, whose master user has a password."""
        identifier = cluster.db_cluster_identifier
        postgres = Postgres(
            self._home / identifier,
            self._home,
            master=cluster.master_username,
            password=password,
            database=cluster.database_name or "",
        )

        def refused(user: str, token: str) -> str | None:
            return tokens.refused(
                self._account,
                token,
                user=user,
                host=LOOPBACK,
                port=gate.port,
                cluster_arn=cluster.db_cluster_arn,
                resource_id=cluster.db_cluster_resource_id,
            )

        gate = Gate(postgres.socket, postgres.owner, refused)
        cluster.port = gate.port
        self._servers[identifier] = (postgres, gate)

    def server(self, identifier: str) -> Postgres | None:
        """Returns the server of a cluster, if it has one."""
        found = self._servers.get(identifier)
        return found[0] if found else None

    def remove(self, identifier: str) -> None:
        """Ends the server of a cluster that is deleted, and removes its data."""
        if identifier in self._servers:
            postgres, gate = self._servers.pop(identifier)
            gate.close()
            postgres.remove()


@cache
def _put_behind_moto() -> None:
    from moto.rds.models import DBCluster, RDSBackend

    @around(RDSBackend, "create_db_cluster")
    def create(original: Any, backend: Any, kwargs: dict[str, Any]) -> Any:
        cluster = original(backend, kwargs)
        if Databases.current and cluster.engine == "aurora-postgresql":
            try:
                Databases.current.create(cluster, kwargs["master_user_password"])
            except Exception:
                backend.clusters.pop(cluster.db_cluster_identifier)
                raise
        return cluster

    @around(RDSBackend, "modify_db_cluster")
    def modify(original: Any, backend: Any, kwargs: dict[str, Any]) -> Any:
        password = kwargs.get("master_user_password")
        cluster = original(backend, kwargs)
        server = Databases.current and Databases.current.server(cluster.db_cluster_identifier)
        if server and password:
            server.set_password(cluster.master_username, password)
        return cluster

    @around(RDSBackend, "delete_db_cluster")
    def delete(original: Any, backend: Any, cluster_identifier: str, *args: Any, **kwargs: Any) -> Any:
        cluster = original(backend, cluster_identifier, *args, **kwargs)
        if Databases.current:
            Databases.current.remove(cluster_identifier)
        return cluster

    @around(RDSBackend, "stop_db_cluster")
    def stop(original: Any, backend: Any, cluster_identifier: str) -> Any:
        cluster = original(backend, cluster_identifier)
        if server := Databases.current and Databases.current.server(cluster_identifier):
            server.stop()
        return cluster

    @around(RDSBackend, "start_db_cluster")
    def start(original: Any, backend: Any, cluster_identifier: str) -> Any:
        cluster = original(backend, cluster_identifier)
        if server := Databases.current and Databases.current.server(cluster_identifier):
            server.start()
        return cluster

    for name in ("endpoint", "reader_endpoint"):
        give(DBCluster, name, property(_endpoint(vars(DBCluster)[name])))


def _endpoint(original: property) -> Any:
    def endpoint(cluster: Any) -> Any:
        served = Databases.current and Databases.current.server(cluster.db_cluster_identifier)
        return LOOPBACK if served else original.__get__(cluster)

    return endpoint
