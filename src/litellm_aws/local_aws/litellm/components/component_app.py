"""LiteLLM's proxy with the routes of one component.

Source: gateway/main.py and backend/main.py in the repository BerriAI/litellm, which trim the routes of the proxy's
application in the same way. Their lists of paths are `served_paths.json`.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

_SERVED_PATHS = Path(__file__).parents[1] / "served_paths.json"
_FIRST_WITH_NEW_PATHS = (1, 100)


def component_app(component: str) -> Any:
    """Returns the ASGI application of a component, gateway or backend."""
    from litellm.proxy.db.db_url_settings import DatabaseURLSettings

    # The proxy's module reads DATABASE_URL when it is imported.
    DatabaseURLSettings.from_env().apply_to_env()
    from litellm.proxy.proxy_server import app

    served = json.loads(_SERVED_PATHS.read_text())[component]
    release = tuple(map(int, version("litellm").split(".")[:2]))
    prefixes = set(served["prefixes"])
    if release < _FIRST_WITH_NEW_PATHS:
        prefixes -= set(served.get("only_newer", []))
    proxy_lifespan = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(started: Any) -> AsyncIterator[Any]:
        async with proxy_lifespan(started) as state:
            # Some routes are added during the start.
            started.router.routes = [
                route for route in started.router.routes if _is_served(route, served, tuple(prefixes))
            ]
            yield state

    app.router.lifespan_context = lifespan
    return app


def _is_served(route: Any, served: Any, prefixes: tuple[str, ...]) -> bool:
    from starlette.routing import Mount

    if isinstance(route, Mount):
        return route.path in served["mounts"]
    return route.path in served["exact"] or route.path.startswith(prefixes)
