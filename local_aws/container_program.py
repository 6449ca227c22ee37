"""What a container runs: its definition and its image, as a program of this machine."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .container_paths import ContainerPaths
from .container_user import User, user_of
from .health_check import check_words
from .images import Image


@dataclass(frozen=True)
class ContainerProgram:
    """A program that can be started any number of times.

    Attributes:
        command: program and arguments.
        health_check: the words of the health check; empty where there is none.
        environment: the whole environment of both.
        directory: where they run.
    """

    command: Sequence[str]
    health_check: Sequence[str]
    environment: Mapping[str, str]
    directory: Path


def container_program(
    container: Mapping[str, Any],
    image: Image,
    *,
    folder: Path,
    volumes: Mapping[str, Path],
    task_environment: Mapping[str, str],
    secrets: Mapping[str, str],
) -> ContainerProgram:
    """Makes the folders of a container, and returns its program.

    Args:
        container: the container definition.
        image: what its image contains.
        folder: where its own folders are made.
        volumes: the task's volumes by their names.
        task_environment: variables of every container of the task.
        secrets: variables with the values of its secrets.
    """
    user = user_of(str(container["user"])) if container.get("user") else User(image.user, image.user)
    home, temporary = user.folder(folder / "home", 0o755), user.folder(folder / "tmp", 0o1777)
    mounts = {each["containerPath"]: volumes[each["sourceVolume"]] for each in container.get("mountPoints") or []}
    paths = ContainerPaths({"/tmp": temporary, **image.files, **mounts})
    # The words of the image are those of this machine, where /tmp is another folder.
    image_paths = ContainerPaths({**image.files, **mounts})
    given = [[paths.replaced(word) for word in container.get(key) or []] for key in ("entryPoint", "command")]
    own = [[image_paths.replaced(word) for word in words] for words in (image.entry_point, image.command)]
    check = check_words(container["healthCheck"]) if container.get("healthCheck") else []
    return ContainerProgram(
        command=[*user.command(), *_words(*given, *own)],
        health_check=[*user.command(), *(paths.replaced(word) for word in check)] if check else [],
        environment={
            "PATH": os.pathsep.join([*map(str, image.path), os.defpath]),
            "HOME": str(home),
            "TMPDIR": str(temporary),
            **task_environment,
            **{each["name"]: paths.replaced(each["value"]) for each in container.get("environment") or []},
            **secrets,
            **image.overrides,
        },
        directory=home,
    )


def _words(
    entry_point: Sequence[str], command: Sequence[str], image_entry_point: Sequence[str], image_command: Sequence[str]
) -> list[str]:
    """Joins what runs by Docker's rule: a new entry point drops the image's command."""
    if entry_point:
        return [*entry_point, *command]
    return [*image_entry_point, *(command or image_command)]
