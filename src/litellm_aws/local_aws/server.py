"""The local AWS as a server on 127.0.0.1."""

from __future__ import annotations

import logging
import os
import socket
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Thread

from werkzeug.serving import BaseWSGIServer, make_server

from .account import LOOPBACK, Account
from .credentials_endpoint import CredentialsEndpoint
from .iam.authorization import Authorization
from .litellm.installation import Installation
from .loopback_network import LoopbackNetwork
from .retried_requests import RetriedRequests
from .supervisor import remove_at_exit


class LocalAws:
    """A running local AWS.

    Attributes:
        endpoint: URL of all services.
        account: its only account.
        databases: the PostgreSQL servers behind the Aurora clusters.
        fargate: runs the tasks.
        services: run the tasks of the services.
        credentials: serves the credentials of task roles.
        network: the addresses of tasks, databases, load balancers and caches.
        load_balancers: forward requests to their targets.
        caches: the Redis servers behind the replication groups.
        authorization: checks the requests of roles.
    """

    def __init__(
        self,
        endpoint: str,
        home: Path,
        credentials: CredentialsEndpoint,
        authorization: Authorization,
        litellm: Sequence[Installation],
    ) -> None:
        """Creates all parts that run. Use `serving` instead of this."""
        from .caches import Caches
        from .databases import Databases
        from .fargate import Fargate
        from .known_images import known_images
        from .load_balancers import LoadBalancers
        from .postgres import programs
        from .services import Services

        self.endpoint = endpoint
        self.account, self.credentials, self.authorization = Account(endpoint), credentials, authorization
        self.network = LoopbackNetwork()
        self.databases = Databases(home, self.account, self.network)
        self.fargate = Fargate(
            home, self.account, known_images(programs(home), litellm), network=self.network, credentials=credentials
        )
        self.load_balancers = LoadBalancers(home, self.account, self.network)
        self.services = Services(self.account, self.fargate)
        self.caches = Caches(home, self.network)

    def close(self) -> None:
        """Stops all parts, even if one of them fails to stop."""
        with ExitStack() as stack:
            # The last one is closed first.
            for part in (self.network, self.databases, self.caches, self.load_balancers, self.fargate, self.services):
                stack.callback(part.close)


@contextmanager
def serving(port: int = 0, litellm: Sequence[Installation] = ()) -> Iterator[LocalAws]:
    """Serves the AWS APIs until the context exits.

    A process can serve one account at a time. All resources in the account are lost when the context exits.

    Args:
        port: the port to listen on; 0 selects a free port.
        litellm: the installed releases of LiteLLM, whose images then run the real LiteLLM.

    Raises:
        OSError: the port is in use.
    """
    # moto reads this when it is imported, and then provides the AWS managed policies.
    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
    from moto.core.base_backend import BackendDict
    from moto.core.model_instances import reset_model_data
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app

    from .repairs import repair_moto

    repair_moto()
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    authorization = Authorization(RetriedRequests(DomainDispatcherApplication(create_backend_app)))
    credentials = CredentialsEndpoint(authorization)
    # Binds the port here, because make_server exits the process if the port is in use.
    with socket.create_server((LOOPBACK, port)) as listener:
        bound = int(listener.getsockname()[1])
        server: BaseWSGIServer = make_server(
            LOOPBACK,
            bound,
            credentials,
            threaded=True,
            request_handler=MotoRequestHandler,
            fd=listener.fileno(),
        )
    thread = Thread(target=server.serve_forever, daemon=True)
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="local-aws-")))
        remove_at_exit(home)
        home.chmod(0o711)  # PostgreSQL may run as another user
        thread.start()
        stack.callback(reset_model_data)
        stack.callback(BackendDict.reset)
        stack.callback(server.server_close)
        stack.callback(thread.join)
        stack.callback(server.shutdown)
        local_aws = LocalAws(f"http://{LOOPBACK}:{bound}", home, credentials, authorization, litellm)
        stack.callback(local_aws.close)
        yield local_aws
