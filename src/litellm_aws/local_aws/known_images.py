"""The images that the local AWS can run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .images import Image
from .litellm.images import litellm_images
from .litellm.installation import Installation


def known_images(postgres_programs: Path, litellm: Sequence[Installation] = ()) -> dict[str, Image]:
    """Returns the images of LiteLLM and PostgreSQL, by name pattern.

    Args:
        postgres_programs: the folder that contains psql.
        litellm: the installed releases of LiteLLM.
    """
    return {
        # The image's docker-entrypoint.sh runs all commands except `postgres` unchanged and as root.
        # The local psql is built without TLS, and fails if TLS is required.
        "postgres:*": Image(path=[postgres_programs], overrides={"PGSSLMODE": "disable"}),
        **litellm_images(litellm),
    }
