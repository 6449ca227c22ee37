"""Container images and the local programs that replace them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

NONROOT = 65532
"""User ID of `nonroot` in LiteLLM's images."""


@dataclass(frozen=True)
class Image:
    """A container image.

    Attributes:
        entry_point: the image's ENTRYPOINT. `entryPoint` of a container definition replaces it.
        command: the image's CMD. `command` of a container definition replaces it, and `entryPoint` drops it.
        user: user ID of the image's USER. `user` of a container definition replaces it.
        path: the folders with the image's programs, first on the PATH.
        files: the local file or folder for each path in the image, such as `/app`.
        overrides: environment variables that must differ on this machine. They override the container definition.
    """

    entry_point: Sequence[str] = ()
    command: Sequence[str] = ()
    user: int = 0
    path: Sequence[Path] = ()
    files: Mapping[str, Path] = field(default_factory=dict)
    overrides: Mapping[str, str] = field(default_factory=dict)


def find_image(images: Mapping[str, Image], name: str) -> Image | None:
    """Returns the image for a name, or None. If several patterns match, the last one wins."""
    return next((image for pattern, image in reversed(list(images.items())) if fnmatch(name, pattern)), None)
