"""The same application as the gateway's."""

from gateway.main import app  # type: ignore[import-not-found]

__all__ = ["app"]
