"""Maps the addresses that a container uses for its own task to the task's address on this machine.

On Fargate, each task has its own network, so all tasks can listen on the same ports. Here, each task has its own
loopback address, which replaces `0.0.0.0`, `127.0.0.1` and `localhost` in the container definition.
"""

from __future__ import annotations

import re

TASK_ADDRESS = "LOCAL_AWS_TASK_ADDRESS"
"""The environment variable that names the task's address, for programs whose command does not name an address."""

_OWN_ADDRESS = re.compile(r"(?<![\w.-])(?:0\.0\.0\.0|127\.0\.0\.1|localhost)(?![\w.-]|/\d)")
"""An address that stands for the task itself, but not a range such as 0.0.0.0/0."""


def with_task_address(text: str, address: str) -> str:
    """Returns the text with the task's address in place of the addresses that stand for it."""
    return _OWN_ADDRESS.sub(address, text)
