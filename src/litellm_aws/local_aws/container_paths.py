"""Maps container paths to paths on this machine.

A container is a process without its own file system. Its paths are therefore replaced in its command and environment.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

_BEFORE = r"(?<![\w./~*?\])}-])"
"""Matches the start of a path, but not a position inside a longer path."""
_AFTER = r"(?=/|[^\w.+@%~-]|$)"
"""Matches the end of a path, or a slash before a subpath."""


class ContainerPaths:
    """Replaces container paths in text."""

    def __init__(self, local: Mapping[str, Path]) -> None:
        """Creates the mapping.

        Args:
            local: the local file or folder for each container path.
        """
        self._local = {path.rstrip("/"): str(found) for path, found in local.items()}
        paths = "|".join(re.escape(path) for path in sorted(self._local, key=len, reverse=True))
        self._pattern = re.compile(f"{_BEFORE}({paths}){_AFTER}") if paths else None

    def replaced(self, text: str) -> str:
        """Replaces each container path that is a whole path or the start of one. The longest match wins."""
        if self._pattern is None:
            return text
        # In a single pass: a replacement may itself start with /tmp.
        return self._pattern.sub(lambda found: self._local[found[1]], text)
