"""Stand-in for `gateway/launch.py` in LiteLLM's newer images: it starts the connection pool, and then uvicorn.

Source: gateway/launch.py in the repository BerriAI/litellm. The pool is started once, before the workers.
"""

import os
import sys
from collections.abc import Sequence

from litellm.proxy.db.db_url_settings import DatabaseURLSettings
from litellm.proxy.db.pgbouncer import (
    PgBouncerError,
    PgBouncerSettings,
    export_pooled_database_url,
    start_in_container_pgbouncer,
)
from uvicorn.main import main as run_uvicorn

_KEEP_ALIVE = "--timeout-keep-alive"


def main(arguments: Sequence[str]) -> None:
    """Starts the gateway with arguments of uvicorn."""
    settings = DatabaseURLSettings.from_env()
    settings.apply_to_env()
    pool = PgBouncerSettings()
    if pool.enabled:
        _start(pool, settings)
    seconds = os.environ.get("KEEPALIVE_TIMEOUT")
    is_given = any(each.partition("=")[0] == _KEEP_ALIVE for each in arguments)
    keep_alive = [_KEEP_ALIVE, seconds] if seconds and not is_given else []
    run_uvicorn(["gateway.main:app", *arguments, *keep_alive], prog_name="uvicorn")


def _start(pool: PgBouncerSettings, settings: DatabaseURLSettings) -> None:
    upstream = os.environ.get("DATABASE_URL")
    if upstream is None:
        sys.exit("The connection pool is enabled, but there is no database.")
    started = start_in_container_pgbouncer(pool, upstream, token_auth=settings.token_auth())
    if isinstance(started, PgBouncerError):
        sys.exit(f"The connection pool does not start: {started.reason}")
    export_pooled_database_url(started)


if __name__ == "__main__":
    main(sys.argv[1:])
