"""The door of a database: RDS's check of IAM tokens, in front of PostgreSQL's own rules.

On RDS the rule of `pg_hba.conf` for members of `rds_iam` hands what the client sends as a password to a
module of RDS's. Here the server trusts such a member, and this gate, which is the only way to it, asks for
the token first. Everybody else is none of its business: PostgreSQL asks them for their password itself.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Thread

from .account import LOOPBACK

_ASK_FOR_TLS = (80877103, 80877104)
"""Numbers of SSLRequest and GSSENCRequest (PostgreSQL's manual, message formats)."""
_CANCEL = 80877102
_AUTHENTICATION_OK = struct.pack("!cII", b"R", 8, 0)
_SEND_PASSWORD = struct.pack("!cII", b"R", 8, 3)

Check = Callable[[str, str], str | None]


class Gate:
    """Listens on a port of loopback in front of a server's Unix socket.

    Attributes:
        port: chosen free.
    """

    def __init__(self, server: Path, owner: str, refused: Check) -> None:
        """Opens the gate.

        Args:
            server: the server's Unix socket.
            owner: the user whom nobody may be who comes through here.
            refused: says, for a user and a token, why the token is refused, or returns None.
        """
        self._server, self._owner, self._refused = server, owner, refused
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port = int(self._listener.getsockname()[1])
        Thread(target=self._listen, daemon=True).start()

    def close(self) -> None:
        """Lets nobody in any more."""
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
                client.sendall(_refusal(f'pg_hba.conf rejects connection for user "{user}"'))
                return
            first = _message(server)
            if first == _AUTHENTICATION_OK:
                client.sendall(_SEND_PASSWORD)
                token = _message(client)[5:-1].decode(errors="replace")
                if why := self._refused(user, token):
                    client.sendall(_refusal(f'PAM authentication failed for user "{user}"', why))
                    return
            client.sendall(first)
            Thread(target=_pump, args=(client, server), daemon=True).start()
            _pump(server, client)


def _startup(sender: socket.socket) -> bytes:
    """Reads a client's first message, which has no letter before its length."""
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


def _refusal(message: str, detail: str = "") -> bytes:
    """Writes PostgreSQL's error 28000, invalid_authorization_specification."""
    fields = {"S": "FATAL", "V": "FATAL", "C": "28000", "M": message, **({"D": detail} if detail else {})}
    body = b"".join(f"{letter}{text}\0".encode() for letter, text in fields.items()) + b"\0"
    return b"E" + struct.pack("!I", len(body) + 4) + body


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(65536):
            target.sendall(chunk)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
