"""Which program of this machine a container image stands for."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path


@dataclass(frozen=True)
class Image:
    """What an image brings along.

    Attributes:
        entry_point: program and arguments that stand before the container's command.
        command: what runs where the task definition has no command.
        path: folders of the image's programs.
        overrides: variables that must be different here.
    """

    entry_point: Sequence[str] = ()
    command: Sequence[str] = ()
    path: Sequence[Path] = ()
    overrides: Mapping[str, str] = field(default_factory=dict)


def known_images(postgres_programs: Path) -> dict[str, Image]:
    """Returns the images of the one-shot tasks, by a pattern of their names.

    Args:
        postgres_programs: the folder of psql.
    """
    return {
        # This psql is built without TLS, and refuses to start when it is asked for it.
        "postgres:*": Image(path=[postgres_programs], overrides={"PGSSLMODE": "disable"}),
        "*/litellm-migrations:*": Image(
            entry_point=[sys.executable, str(Path(__file__).with_name("migrations.py"))],
        ),
    }


def find_image(images: Mapping[str, Image], name: str) -> Image | None:
    """Returns what an image's name stands for; the pattern that was added last wins."""
    return next((image for pattern, image in reversed(list(images.items())) if fnmatch(name, pattern)), None)
