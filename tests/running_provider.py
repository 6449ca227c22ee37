"""A provider that stays running while many commands of Terraform's attach to it."""

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# Read by gRPC when it is imported. Its handlers of forks crash a process whose other threads start programs; what is
# started here uses no gRPC.
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "false"

import grpc

PROVIDER_START_SECONDS = 30


@contextmanager
def running(command: Sequence[str], log: Path, environment: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Runs a provider and yields where it is reached, or nothing if it does not say so in time."""
    # The shell sees the end of its input when this process is gone, however it went, and kills the provider.
    # In a session of its own, neither hears a Ctrl-C before the tests have come to their end.
    guard = ["sh", "-c", '"$@" & cat >/dev/null; kill -9 $!; wait', "sh", *command]
    with (
        log.open("w") as output,
        subprocess.Popen(
            guard,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ),
    ):
        end = time.monotonic() + PROVIDER_START_SECONDS
        said = None
        while said is None and time.monotonic() < end:
            time.sleep(0.02)
            said = re.search("TF_REATTACH_PROVIDERS='(.*)'", log.read_text())
        yield json.loads(said[1]) if said else {}


class SchemaRelay:
    """Stands between Terraform and a provider, and passes on everything but the schemas nobody asked for.

    Terraform decodes the whole schema in every command; of AWS's, that takes a second, for a few dozen
    types out of 1,500. Requests and responses travel as the bytes they are.
    """

    SERVICE = "/tfplugin5.Provider/"

    def __init__(self, provider: str, address: str) -> None:
        """Serves at `address` what the provider at the address `provider` says, both as gRPC writes them."""
        self.types: frozenset[bytes] | None = None
        """The resource types and data sources that Terraform is told of; None for all of them."""

        unlimited = [("grpc.max_receive_message_length", -1)]
        self._channel = grpc.insecure_channel(provider, options=unlimited)
        self._schema = self._channel.unary_unary(self.SERVICE + "GetSchema")(b"")
        # Terraform works on ten resources at once, each of which may wait for minutes, and may yet say Stop.
        self._server = grpc.server(ThreadPoolExecutor(32), handlers=[self], options=unlimited)
        self._server.add_insecure_port(address)
        self._server.start()

    def close(self) -> None:
        """Stops serving."""
        self._server.stop(grace=None).wait()
        self._channel.close()

    def service(self, call: Any) -> Any:
        """Returns gRPC's handler of a call, or None for one that is not the provider's."""
        if not call.method.startswith(self.SERVICE):
            return None
        ask = self._channel.unary_unary(call.method)

        def relay(request: bytes, context: Any) -> Any:
            try:
                return ask(request)
            except grpc.RpcError as error:
                return context.abort(error.code(), error.details())

        def schema(request: bytes, context: Any) -> bytes:
            return self._schema if self.types is None else _schema_of(self.types, self._schema)

        wanted = schema if call.method == self.SERVICE + "GetSchema" else relay
        return grpc.unary_unary_rpc_method_handler(wanted)


def _schema_of(types: frozenset[bytes], schema: bytes) -> bytes:
    """Returns a GetProviderSchema response of the plugin protocol without the types that are not in `types`.

    All its fields have a length. Fields 2 and 3 map the names of resource types and of data sources to their
    schemas, and an entry of a map begins with the name: a tag, its length, and the name itself.
    """
    kept = bytearray()
    start = 0
    while start < len(schema):
        number = schema[start] >> 3
        length, content = _varint(schema, start + 1)
        if number not in (2, 3) or schema[content + 2 : content + 2 + schema[content + 1]] in types:
            kept += schema[start : content + length]
        start = content + length
    return bytes(kept)


def _varint(message: bytes, start: int) -> tuple[int, int]:
    """Returns the number that begins at `start`, seven bits to a byte, and where the next thing begins."""
    value = shift = 0
    for index in range(start, len(message)):
        value |= (message[index] & 0x7F) << shift
        shift += 7
        if message[index] < 0x80:
            return value, index + 1
    raise ValueError("the message ends within a number")
