"""Paths of a container as paths of this machine.

A container here is a process without a file system of its own. So its paths are replaced in the words that start it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

_BEFORE = r"(?<![\w./~*?\])}-])"
"""What comes before a path that begins here, rather than goes on here."""
_AFTER = r"(?=/|[^\w.+@%~-]|$)"
"""What comes after a path that ends here, or goes on below it."""


class ContainerPaths:
    """Replaces paths in text."""

    def __init__(self, local: Mapping[str, Path]) -> None:
        """Takes the file or folder of this machine for each path of the container."""
        self._local = {path.rstrip("/"): str(found) for path, found in local.items()}
        paths = "|".join(re.escape(path) for path in sorted(self._local, key=len, reverse=True))
        self._pattern = re.compile(f"{_BEFORE}({paths}){_AFTER}") if paths else None

    def replaced(self, text: str) -> str:
        """Replaces each of the paths where it is a whole path or its beginning; the longest one counts."""
        if self._pattern is None:
            return text
        # All in one go: what was put in may itself be under /tmp.
        return self._pattern.sub(lambda found: self._local[found[1]], text)
