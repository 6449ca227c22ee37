"""Stand-in for the migrations image: it applies LiteLLM's SQL migrations in order, as the tasks' database user.

It is a separate program that gets its database only from the task's DATABASE_* variables. It records each migration in
`_prisma_migrations`, the table of Prisma, which LiteLLM uses.
"""

import hashlib
import os
import sys
import uuid
from importlib.util import find_spec
from pathlib import Path

import boto3
import psycopg

_TABLE = """\
CREATE TABLE IF NOT EXISTS _prisma_migrations (
    id varchar(36) PRIMARY KEY,
    checksum varchar(64) NOT NULL,
    finished_at timestamptz,
    migration_name varchar(255) NOT NULL,
    logs text,
    rolled_back_at timestamptz,
    started_at timestamptz NOT NULL DEFAULT now(),
    applied_steps_count integer NOT NULL DEFAULT 0
)
"""


def main() -> int:
    """Applies the pending migrations, and returns the exit code."""
    host, port, user = (os.environ[f"DATABASE_{name}"] for name in ("HOST", "PORT", "USER"))
    token = boto3.client("rds", region_name=os.environ["AWS_REGION"]).generate_db_auth_token(
        DBHostname=host, Port=int(port), DBUsername=user
    )
    try:
        with psycopg.connect(
            host=host, port=port, user=user, password=token, dbname=os.environ["DATABASE_NAME"], autocommit=True
        ) as database:
            database.execute(_TABLE)
            done = {row[0] for row in database.execute("SELECT migration_name FROM _prisma_migrations")}
            pending = [path for path in _migrations() if path.parent.name not in done]
            for path in pending:
                _apply(database, path)
    except psycopg.Error as error:
        print(f"The schema migration failed: {error}", file=sys.stderr)
        return 1
    print(f"Applied {len(pending)} migrations; {len(done)} were applied before.")
    return 0


def _migrations() -> list[Path]:
    spec = find_spec("litellm_proxy_extras")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("litellm-proxy-extras, which contains the migrations, is not installed")
    return sorted(Path(spec.origin).parent.glob("migrations/*/migration.sql"))


def _apply(database: psycopg.Connection, path: Path) -> None:
    script = path.read_bytes()
    try:
        database.execute(script)
    except psycopg.Error:
        print(f"In migration {path.parent.name}:", file=sys.stderr)
        raise
    database.execute(
        "INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count)"
        " VALUES (%s, %s, %s, now(), 1)",
        (str(uuid.uuid4()), hashlib.sha256(script).hexdigest(), path.parent.name),
    )


if __name__ == "__main__":
    sys.exit(main())
