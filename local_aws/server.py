"""The local AWS as one server on loopback."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from werkzeug.serving import BaseWSGIServer, make_server

LOOPBACK = "127.0.0.1"


@contextmanager
def serving(port: int = 0) -> Iterator[str]:
    """Serves AWS's APIs until the context ends, and yields the endpoint, such as `http://127.0.0.1:5000`.

    The account is this process's: moto keeps one for each process. What was made in it goes with it.

    Args:
        port: 0 chooses a free one.

    Raises:
        OSError: the port is in use.
    """
    # Read by moto when it is imported: with it, AWS's own policies exist, as in every real account.
    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app

    from .repairs import mend_moto

    mend_moto()
    server: BaseWSGIServer = make_server(
        LOOPBACK,
        port,
        DomainDispatcherApplication(create_backend_app),
        threaded=True,
        request_handler=MotoRequestHandler,
    )
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{LOOPBACK}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
