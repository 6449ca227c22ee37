"""The local AWS as one server on loopback."""

from __future__ import annotations

import logging
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Thread

from werkzeug.serving import BaseWSGIServer, make_server

from .account import LOOPBACK, Account
from .leash import removed_at_the_end
from .lost_answers import RepeatedRequests


class LocalAws:
    """The local AWS while it runs.

    Attributes:
        endpoint: URL of all services.
        account: the account in it.
        databases: the PostgreSQL servers behind the Aurora clusters.
        fargate: what runs the tasks.
    """

    def __init__(self, endpoint: str, home: Path) -> None:
        """Called by `serving`."""
        from .databases import Databases
        from .fargate import Fargate
        from .images import known_images
        from .postgres import programs

        self.endpoint = endpoint
        self.account = Account(endpoint)
        self.databases = Databases(home, self.account)
        self.fargate = Fargate(home, self.account, known_images(programs(home)))

    def close(self) -> None:
        """Ends tasks and databases."""
        self.fargate.close()
        self.databases.close()


@contextmanager
def serving(port: int = 0) -> Iterator[LocalAws]:
    """Serves AWS's APIs until the context ends.

    The account is this process's, one at a time: what was made in it goes with it.

    Args:
        port: 0 chooses a free one.

    Raises:
        OSError: the port is in use.
    """
    # Read by moto when it is imported: with it, AWS's own policies exist, as in every real account.
    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
    from moto.core.base_backend import BackendDict
    from moto.core.model_instances import reset_model_data
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app

    from .repairs import mend_moto

    mend_moto()
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    # Bound here, for make_server ends the process when the port is in use.
    with socket.create_server((LOOPBACK, port)) as listener:
        bound = int(listener.getsockname()[1])
        server: BaseWSGIServer = make_server(
            LOOPBACK,
            bound,
            RepeatedRequests(DomainDispatcherApplication(create_backend_app)),
            threaded=True,
            request_handler=MotoRequestHandler,
            fd=listener.fileno(),
        )
    thread = Thread(target=server.serve_forever, daemon=True)
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="local-aws-")))
        removed_at_the_end(home)
        home.chmod(0o711)  # PostgreSQL may run as another user
        thread.start()
        stack.callback(reset_model_data)
        stack.callback(BackendDict.reset)
        stack.callback(server.server_close)
        stack.callback(thread.join)
        stack.callback(server.shutdown)
        local_aws = LocalAws(f"http://{LOOPBACK}:{bound}", home)
        stack.callback(local_aws.close)
        yield local_aws
