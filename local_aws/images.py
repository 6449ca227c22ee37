"""Which program of this machine a container image stands for."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

NONROOT = 65532
"""The user `nonroot` of LiteLLM's images."""

APP = Path(__file__).with_name("app")
"""Stand-ins for the scripts in `/app` of LiteLLM's images."""


@dataclass(frozen=True)
class Image:
    """What an image contains.

    Attributes:
        entry_point: the image's ENTRYPOINT. `entryPoint` of a container definition replaces it.
        command: the image's CMD. `command` of a container definition replaces it, and `entryPoint` drops it.
        user: uid of the image's USER. `user` of a container definition replaces it.
        path: folders of the image's programs, which come first on PATH.
        files: paths in the image, such as `/app`, and the file or folder of this machine that each stands for.
        overrides: environment variables that must be different here. They also override the container definition.
    """

    entry_point: Sequence[str] = ()
    command: Sequence[str] = ()
    user: int = 0
    path: Sequence[Path] = ()
    files: Mapping[str, Path] = field(default_factory=dict)
    overrides: Mapping[str, str] = field(default_factory=dict)


def known_images(postgres_programs: Path) -> dict[str, Image]:
    """Returns LiteLLM's images and the one of PostgreSQL, by a pattern of their names.

    Of LiteLLM, only the migrations can run here: the other programs are not on this machine.

    Args:
        postgres_programs: the folder of psql.
    """
    return {
        # docker-entrypoint.sh of this image runs every command but `postgres` as it is, and as root.
        # This psql is built without TLS, and refuses to start when it is asked for it.
        "postgres:*": Image(path=[postgres_programs], overrides={"PGSSLMODE": "disable"}),
        **_litellm_images(),
    }


def find_image(images: Mapping[str, Image], name: str) -> Image | None:
    """Returns what an image's name stands for; the pattern that was added last wins."""
    return next((image for pattern, image in reversed(list(images.items())) if fnmatch(name, pattern)), None)


def _litellm_images() -> dict[str, Image]:
    """Returns LiteLLM's images as they start.

    The sources are gateway/Dockerfile, backend/Dockerfile, migrations/Dockerfile and docker-entrypoint.sh of the
    repository BerriAI/litellm. The v1.86 tags, such as v1.86.0-dev, have the older entry points. Releases between
    the two start the gateway by `sh -c 'exec uvicorn gateway.main:app --workers "${NUM_WORKERS:-1}" "$@"' --`.
    """
    component = "/app/docker/component_entrypoint.sh"
    gateway_arguments, backend_arguments = (["--host", "0.0.0.0", "--port", port] for port in ("4000", "4001"))
    return {
        "*/litellm-gateway:*": _litellm([component, "python", "-m", "gateway.launch"], gateway_arguments),
        "*/litellm-gateway:v1.86.*": _litellm(["uvicorn", "gateway.main:app"], gateway_arguments),
        "*/litellm-backend:*": _litellm([component, "uvicorn", "backend.main:app"], backend_arguments),
        "*/litellm-backend:v1.86.*": _litellm(["uvicorn", "backend.main:app"], backend_arguments),
        "*/litellm-ui:*": _litellm(["nginx", "-g", "daemon off;"]),
        "*/litellm-migrations:*": _litellm(["python3", "/app/run.py"]),
        "*/litellm:*": _litellm(["/app/docker-entrypoint.sh"]),
    }


def _litellm(entry_point: Sequence[str], command: Sequence[str] = ()) -> Image:
    """Returns an image that has python and boto3, as all of LiteLLM's have (but for the UI's)."""
    return Image(
        entry_point=entry_point,
        command=command,
        user=NONROOT,
        path=[Path(sys.executable).parent],
        files={"/app": APP, "/app/run.py": APP.with_name("migrations.py")},
    )
