"""The backend, which is the same application as the gateway."""

from gateway.main import app  # type: ignore[import-not-found]

__all__ = ["app"]
