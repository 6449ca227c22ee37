"""LiteLLM's images, and their contents on this machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ..images import NONROOT, Image, find_image
from .installation import Installation

APP = Path(__file__).parents[1] / "app"
"""Stand-ins for the scripts under `/app` in LiteLLM's images."""

_HERE = Path(__file__).parent
_MIGRATIONS = "*/litellm-migrations:*"


def litellm_images(installations: Sequence[Installation]) -> dict[str, Image]:
    """Returns LiteLLM's images, by name pattern.

    Args:
        installations: the installed releases. Of other releases, only the migrations exist. Without installations, the
            images of all releases exist, but only their migrations can run.
    """
    images = _entry_points()
    if not installations:
        return images
    installed = [_installed_images(installation, images) for installation in installations]
    return {
        _MIGRATIONS: images[_MIGRATIONS],
        **{name: image for each in installed for name, image in each.items()},
    }


def _entry_points() -> dict[str, Image]:
    """Returns LiteLLM's images without contents.

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
        path = [_HERE / "ui", installation.programs]
        filled = replace(image, path=path, overrides=_overrides(installation))
        found.update({f"*/{name}:{tag}": filled for tag in tags})
    return found


def _overrides(installation: Installation) -> dict[str, str]:
    modules = [_HERE / "components"]
    if (installation.package / "proxy" / "db" / "pgbouncer.py").exists():
        modules.append(_HERE / "launcher")
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
