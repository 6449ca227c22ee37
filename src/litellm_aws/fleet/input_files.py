"""Reads the files of a fleet: regular files of one repository, up to a size in all."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from .problems import BadInputError, Problem
from .repository import top_of
from .yaml_tree import Mistake, Node, parse_yaml

_LARGEST = 8 * 1024 * 1024
"""Bytes of all files together."""


class InputFiles:
    """The tenants file and the files that it names.

    Attributes:
        top: the folder that they are in: the top of the repository of the tenants file, or without a repository the
            folder of the tenants file.
    """

    def __init__(self, tenants_file: Path) -> None:
        self.top = top_of(tenants_file.absolute().parent)
        self._tenants_file = tenants_file
        self._sizes: dict[str, int] = {}
        """Of the files that were read, by their real paths."""

    def contain(self, path: Path) -> bool:
        """Returns whether a path, which need not exist, is in the top folder after its links are followed."""
        return Path(os.path.realpath(path)).is_relative_to(self.top)

    @property
    def advice(self) -> str:
        """Where a file must be that the top folder does not contain: the rest of a sentence about it."""
        kind = "repository of" if (self.top / ".git").exists() else "folder of"
        return f"is outside of {self.top}, the {kind} {self._tenants_file}: move it there"

    def yaml(self, path: Path, shown_as: Path, *, refuse_ambiguous: bool) -> tuple[Node, list[Mistake]]:
        """Reads a YAML file, and returns its tree and the mistakes in it. The value of an empty file is None.

        Args:
            path: the file.
            shown_as: its name in messages.
            refuse_ambiguous: whether a scalar that YAML 1.1 and 1.2 read differently is a mistake.

        Raises:
            BadInputError: the file cannot be read, or is not YAML.
        """
        try:
            content = self._content(path)
        except FileNotFoundError:
            raise BadInputError([Problem(shown_as, 1, "there is no such file: check the path")]) from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise BadInputError([Problem(shown_as, 1, f"cannot be read: {reason}: check the path")]) from None
        if content is None:
            message = f"is too large: all files together may have {_LARGEST // 1024**2} MB: remove what is not needed"
            raise BadInputError([Problem(shown_as, 1, message)])
        return parse_yaml(content, shown_as, refuse_ambiguous=refuse_ambiguous)

    def _content(self, path: Path) -> bytes | None:
        """Returns the content of a file, or None if the files are too large with it."""
        real = os.path.realpath(path)
        # A FIFO would block, and a device may have no end.
        _check_regular(os.stat(real))
        with open(os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW), "rb") as file:
            _check_regular(os.fstat(file.fileno()))
            most = _LARGEST - sum(size for other, size in self._sizes.items() if other != real)
            content = file.read(most + 1)
        if len(content) > most:
            return None
        self._sizes[real] = len(content)
        return content


def _check_regular(status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "Not a regular file")
