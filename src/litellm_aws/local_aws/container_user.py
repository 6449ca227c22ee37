"""The user of a container."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .images import NONROOT
from .task_failure import TaskFailedToStartError

_NAMES = {"root": 0, "nonroot": NONROOT}
"""The user names in LiteLLM's images (Wolfi's /etc/passwd). The group ID of each equals its user ID."""
_DAC_READ_SEARCH = 2
"""Number of the capability CAP_DAC_READ_SEARCH (capabilities(7))."""


@dataclass(frozen=True)
class User:
    """A user ID and a group ID."""

    uid: int
    gid: int

    def command(self) -> list[str]:
        """Returns the command prefix that switches to this user; empty if this process cannot change users."""
        if self.uid == 0 or not can_change_users():
            return []
        words = [str(shutil.which("setpriv")), f"--reuid={self.uid}", f"--regid={self.gid}", "--clear-groups"]
        if _may_read_everything():
            # Python may be installed in a folder that only root can enter. The capability allows reading only.
            words += ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
        return words

    def folder(self, path: Path, mode: int) -> Path:
        """Creates a folder that the user owns."""
        path.mkdir(parents=True)
        path.chmod(mode)
        if _is_root():
            os.chown(path, self.uid, self.gid)
        return path


ROOT = User(0, 0)


def parse_user(text: str) -> User:
    """Parses `user` of a container definition, such as `0`, `nonroot` or `65532:65532`.

    Raises:
        TaskFailedToStartError: the user does not exist.
    """
    user, _, group = text.partition(":")
    uid = _number(user, text)
    # The group of a user that is not in the image is root (Docker, `run --user`).
    return User(uid, _number(group, text) if group else uid if uid in _NAMES.values() else 0)


def can_change_users() -> bool:
    """Returns whether containers can run as other users than this process."""
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
