"""Stand-in for `gateway/main.py` in LiteLLM's images. The PyPI package does not contain it."""

from component_app import component_app

app = component_app("gateway")
