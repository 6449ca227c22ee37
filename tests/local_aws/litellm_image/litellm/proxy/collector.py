"""Listens on LITELLM_COLLECTOR_ADDRESS, and reads the incoming data."""

import os
import socketserver
from urllib.parse import urlsplit


class _Reader(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.rfile.read()


assert os.environ["LITELLM_JOB_ROLE"] == "collector"
address = urlsplit(os.environ["LITELLM_COLLECTOR_ADDRESS"])
assert address.hostname is not None
assert address.port is not None
socketserver.ThreadingTCPServer((address.hostname, address.port), _Reader).serve_forever()
