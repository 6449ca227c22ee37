"""A proxy in front of a database server that checks IAM tokens as RDS does.

On RDS, the `pg_hba.conf` rule for members of `rds_iam` passes the client's password to an RDS module, which checks the
token. Here, the server trusts these members, and the proxy, the only way to the server, checks the token first.
PostgreSQL itself asks all other users for their passwords.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Thread

_ASK_FOR_TLS = (80877103, 80877104)
"""Request codes of SSLRequest and GSSENCRequest (PostgreSQL documentation, message formats)."""
_CANCEL = 80877102
_AUTHENTICATION_OK = struct.pack("!cII", b"R", 8, 0)
_SEND_PASSWORD = struct.pack("!cII", b"R", 8, 3)

Check = Callable[[str, str], str | None]


class DatabaseProxy:
    """Listens on a loopback address and forwards to a server's Unix socket.

    Attributes:
        address: the address.
        port: the port.
    """

    def __init__(self, server: Path, owner: str, rejection_reason: Check, *, address: str, port: int) -> None:
        """Starts the proxy.

        Args:
            server: the server's Unix socket.
            owner: the superuser. It cannot log in through the proxy.
            rejection_reason: returns why a user's token is rejected, or None if it is valid.
            address: the address to listen on.
            port: the port to listen on.
        """
        self._server, self._owner, self._rejection_reason = server, owner, rejection_reason
        self.address, self.port = address, port
        self._listener = socket.create_server((address, port))
        Thread(target=self._listen, daemon=True).start()

    def close(self) -> None:
        """Stops accepting connections."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _listen(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError, EOFError, struct.error), socket.socket(socket.AF_UNIX) as server:
            startup = _startup(client)
            while struct.unpack("!I", startup[4:8])[0] in _ASK_FOR_TLS:
                client.sendall(b"N")
                startup = _startup(client)
            server.connect(str(self._server))
            server.sendall(startup)
            if struct.unpack("!I", startup[4:8])[0] == _CANCEL:
                return
            user = _parameters(startup).get("user", "")
            if user == self._owner:
                client.sendall(_rejection(f'pg_hba.conf rejects connection for user "{user}"'))
                return
            first = _message(server)
            if first == _AUTHENTICATION_OK:
                client.sendall(_SEND_PASSWORD)
                token = _message(client)[5:-1].decode(errors="replace")
                if reason := self._rejection_reason(user, token):
                    client.sendall(_rejection(f'PAM authentication failed for user "{user}"', reason))
                    return
            client.sendall(first)
            Thread(target=_pump, args=(client, server), daemon=True).start()
            _pump(server, client)


def _startup(sender: socket.socket) -> bytes:
    """Reads a client's first message, which has no type byte before its length."""
    head = _exactly(sender, 4)
    return head + _exactly(sender, struct.unpack("!I", head)[0] - 4)


def _message(sender: socket.socket) -> bytes:
    head = _exactly(sender, 5)
    return head + _exactly(sender, struct.unpack("!I", head[1:])[0] - 4)


def _exactly(sender: socket.socket, count: int) -> bytes:
    received = b""
    while len(received) < count:
        chunk = sender.recv(count - len(received))
        if not chunk:
            raise EOFError
        received += chunk
    return received


def _parameters(startup: bytes) -> dict[str, str]:
    words = [word.decode(errors="replace") for word in startup[8:].split(b"\0")]
    return dict(zip(words[::2], words[1::2], strict=False))


def _rejection(message: str, detail: str = "") -> bytes:
    """Returns PostgreSQL's error 28000, invalid_authorization_specification."""
    fields = {"S": "FATAL", "V": "FATAL", "C": "28000", "M": message, **({"D": detail} if detail else {})}
    body = b"".join(f"{letter}{text}\0".encode() for letter, text in fields.items()) + b"\0"
    return b"E" + struct.pack("!I", len(body) + 4) + body


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(65536):
            target.sendall(chunk)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
