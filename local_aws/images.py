"""Container images and the local programs that replace them."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

NONROOT = 65532
"""User ID of `nonroot` in LiteLLM's images."""

APP = Path(__file__).with_name("app")
"""Stand-ins for the scripts under `/app` in LiteLLM's images."""


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


def known_images(postgres_programs: Path) -> dict[str, Image]:
    """Returns the images of LiteLLM and PostgreSQL, by name pattern.

    Of LiteLLM, only the migrations can run: the other programs are not installed on this machine.

    Args:
        postgres_programs: the folder that contains psql.
    """
    return {
        # The image's docker-entrypoint.sh runs all commands except `postgres` unchanged and as root.
        # The local psql is built without TLS, and fails if TLS is required.
        "postgres:*": Image(path=[postgres_programs], overrides={"PGSSLMODE": "disable"}),
        **_litellm_images(),
    }


def find_image(images: Mapping[str, Image], name: str) -> Image | None:
    """Returns the image for a name, or None. If several patterns match, the last one wins."""
    return next((image for pattern, image in reversed(list(images.items())) if fnmatch(name, pattern)), None)


def _litellm_images() -> dict[str, Image]:
    """Returns LiteLLM's images with their entry points.

    Sources: gateway/Dockerfile, backend/Dockerfile, migrations/Dockerfile and docker-entrypoint.sh in the repository
    BerriAI/litellm. The v1.86 tags, such as v1.86.0-dev, have older entry points. Releases in between start the
    gateway with `sh -c 'exec uvicorn gateway.main:app --workers "${NUM_WORKERS:-1}" "$@"' --`.
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
    """Returns an image with Python and boto3, which all of LiteLLM's images except the UI contain."""
    return Image(
        entry_point=entry_point,
        command=command,
        user=NONROOT,
        path=[Path(sys.executable).parent],
        files={"/app": APP, "/app/run.py": APP.with_name("migrations.py")},
    )
