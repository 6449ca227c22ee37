"""Container images and the local programs that replace them."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch
from pathlib import Path

from .litellm.installation import Installation

NONROOT = 65532
"""User ID of `nonroot` in LiteLLM's images."""

APP = Path(__file__).with_name("app")
"""Stand-ins for the scripts under `/app` in LiteLLM's images."""

_LITELLM = Path(__file__).with_name("litellm")
_MIGRATIONS = "*/litellm-migrations:*"


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


def known_images(postgres_programs: Path, litellm: Sequence[Installation] = ()) -> dict[str, Image]:
    """Returns the images of LiteLLM and PostgreSQL, by name pattern.

    Args:
        postgres_programs: the folder that contains psql.
        litellm: the installed releases of LiteLLM. Images of other releases do not exist. Without installations, the
            images of all releases exist, but only their migrations can run.
    """
    images = _litellm_images()
    if litellm:
        installed = [_installed_images(installation, images) for installation in litellm]
        images = {
            _MIGRATIONS: images[_MIGRATIONS],
            **{name: image for each in installed for name, image in each.items()},
        }
    return {
        # The image's docker-entrypoint.sh runs all commands except `postgres` unchanged and as root.
        # The local psql is built without TLS, and fails if TLS is required.
        "postgres:*": Image(path=[postgres_programs], overrides={"PGSSLMODE": "disable"}),
        **images,
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
        _MIGRATIONS: _litellm(["python3", "/app/run.py"]),
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


def _installed_images(installation: Installation, images: Mapping[str, Image]) -> dict[str, Image]:
    """Returns the images of an installed release, by name pattern.

    Args:
        installation: the release.
        images: LiteLLM's images without contents.
    """
    version = installation.version
    tags = [f"{prefix}{version}{suffix}" for prefix in ("", "v") for suffix in ("", "-*")]
    found = {}
    for name in ("litellm", "litellm-backend", "litellm-gateway", "litellm-ui"):
        image = find_image(images, f"x/{name}:v{version}")
        assert image is not None
        # The UI's image has no Python, but its stand-in for nginx needs one.
        path = [_LITELLM / "ui", installation.programs]
        filled = replace(image, path=path, overrides=_overrides(installation))
        found.update({f"*/{name}:{tag}": filled for tag in tags})
    return found


def _overrides(installation: Installation) -> dict[str, str]:
    modules = [_LITELLM / "components"]
    if (installation.package / "proxy" / "db" / "pgbouncer.py").exists():
        modules.append(_LITELLM / "launcher")
    return {
        # The images have their own modules in /app, and set these two variables.
        "PYTHONPATH": os.pathsep.join(map(str, modules)),
        "PYTHONUNBUFFERED": "1",
        # The migrations need packages of the local AWS.
        "LOCAL_AWS_PYTHON": sys.executable,
        "LITELLM_UI_FOLDER": str(installation.package / "proxy" / "_experimental" / "out"),
        "PRISMA_QUERY_ENGINE_BINARY": str(installation.engine),
        # Otherwise, each start downloads the prices of models from the internet.
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        # The local Redis does not speak TLS.
        "REDIS_SSL": "False",
    }
