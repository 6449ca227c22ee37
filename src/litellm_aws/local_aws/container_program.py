"""Translates a container definition and its image into a local program."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .container_address import with_task_address
from .container_paths import ContainerPaths
from .container_user import ROOT, User, parse_user
from .health_check import health_check_command
from .images import Image


@dataclass(frozen=True)
class ContainerProgram:
    """A program that can be started repeatedly.

    Attributes:
        command: the program and its arguments.
        health_check: the health check command; empty if there is none.
        environment: the complete environment of both commands.
        directory: the working directory of both commands.
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
    address: str,
    task_environment: Mapping[str, str],
    secrets: Mapping[str, str],
) -> ContainerProgram:
    """Creates the folders of a container, and returns its program.

    Args:
        container: the container definition.
        image: its image.
        folder: the folder for the container's own files.
        volumes: the volumes of the task, by name.
        address: the task's address.
        task_environment: environment variables of all containers in the task.
        secrets: environment variables that hold the values of secrets.
    """
    user = parse_user(str(container["user"])) if container.get("user") else User(image.user, image.user)
    # The root file system of the container.
    owner, is_read_only = (ROOT, True) if container.get("readonlyRootFilesystem") else (user, False)
    home = owner.folder(folder / "home", 0o555 if is_read_only else 0o755)
    temporary = owner.folder(folder / "tmp", 0o555 if is_read_only else 0o1777)
    mounts = {each["containerPath"]: volumes[each["sourceVolume"]] for each in container.get("mountPoints") or []}
    paths = ContainerPaths({"/tmp": temporary, **image.files, **mounts})
    # The image's ENTRYPOINT and CMD already refer to this machine, so /tmp in them stays as it is.
    image_paths = ContainerPaths({**image.files, **mounts})

    def local(text: str) -> str:
        return with_task_address(paths.replaced(text), address)

    defined = [[local(word) for word in container.get(key) or []] for key in ("entryPoint", "command")]
    of_image = [
        [with_task_address(image_paths.replaced(word), address) for word in words]
        for words in (image.entry_point, image.command)
    ]
    check = health_check_command(container["healthCheck"]) if container.get("healthCheck") else []
    return ContainerProgram(
        command=[*user.command(), *_command(*defined, *of_image)],
        health_check=[*user.command(), *map(local, check)] if check else [],
        environment={
            "PATH": os.pathsep.join([*map(str, image.path), os.defpath]),
            "HOME": str(home),
            "TMPDIR": local("/tmp"),
            **task_environment,
            **{each["name"]: local(each["value"]) for each in container.get("environment") or []},
            **secrets,
            **image.overrides,
        },
        directory=home,
    )


def _command(
    entry_point: Sequence[str], command: Sequence[str], image_entry_point: Sequence[str], image_command: Sequence[str]
) -> list[str]:
    """Returns the command line by Docker's rule: a new entry point drops the image's CMD."""
    if entry_point:
        return [*entry_point, *command]
    return [*image_entry_point, *(command or image_command)]
