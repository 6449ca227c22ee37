"""The user that a container runs as."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .images import NONROOT
from .task_failure import TaskFailedToStartError

_NAMES = {"root": 0, "nonroot": NONROOT}
"""The users that LiteLLM's images know by name (Wolfi's /etc/passwd). Each has a group of the same number."""
_DAC_READ_SEARCH = 2
"""Number of the capability to read everything (capabilities(7))."""


@dataclass(frozen=True)
class User:
    """A user by numbers."""

    uid: int
    gid: int

    def command(self) -> list[str]:
        """Returns the words in front of a command that this user runs; none where this process cannot change users."""
        if self.uid == 0 or not can_change_users():
            return []
        words = [str(shutil.which("setpriv")), f"--reuid={self.uid}", f"--regid={self.gid}", "--clear-groups"]
        if _may_read_everything():
            # Python may be in a folder that only root can enter. Reading is all that this allows, not writing.
            words += ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
        return words

    def folder(self, path: Path, mode: int) -> Path:
        """Makes a folder that the user owns."""
        path.mkdir(parents=True)
        path.chmod(mode)
        if _is_root():
            os.chown(path, self.uid, self.gid)
        return path


ROOT = User(0, 0)


def user_of(text: str) -> User:
    """Reads `user` of a container definition, such as `0`, `nonroot` or `65532:65532`.

    Raises:
        TaskFailedToStartError: there is no such user.
    """
    user, _, group = text.partition(":")
    uid = _number(user, text)
    # The group of a user that the image does not know is root's (Docker, `run --user`).
    return User(uid, _number(group, text) if group else uid if uid in _NAMES.values() else 0)


def can_change_users() -> bool:
    """Whether containers run as their users, rather than as the user of this process."""
    return _is_root() and shutil.which("setpriv") is not None


def _number(name: str, text: str) -> int:
    if name.isdecimal():
        return int(name)
    if name not in _NAMES:
        raise TaskFailedToStartError(
            f"CannotStartContainerError: unable to find user {text}: no matching entries in passwd file"
        )
    return _NAMES[name]


def _is_root() -> bool:
    return os.geteuid() == 0


@cache
def _may_read_everything() -> bool:
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    permitted = next(line.split()[1] for line in status.splitlines() if line.startswith("CapPrm:"))
    return bool(int(permitted, 16) >> _DAC_READ_SEARCH & 1)
