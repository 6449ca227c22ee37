"""Contents of LiteLLM's images: a release from PyPI, and stand-ins for what its packages do not contain."""
