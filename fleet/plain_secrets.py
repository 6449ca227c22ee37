"""Finds secrets in plain text."""

import re

_SHAPES: dict[str, re.Pattern[str]] = {
    "an API key": re.compile(r"\b(sk|pk|gsk|xai|hf|ghp|github_pat|glpat|lsv2|xox[abpr])[-_][A-Za-z0-9_-]{16,}"),
    "an AWS access key": re.compile(r"\b(AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a Google API key": re.compile(r"\bAIza[0-9A-Za-z_-]{30,}"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "a URL with a password": re.compile(r"://[^/@\s:]*:[^/@\s]+@"),
}
"""Keys of common providers, by their documented prefixes."""

_FIELDS = ("api_key", "master_key", "database_url", "secret_access_key", "client_secret", "password")
"""The last words of LiteLLM's fields and variables that hold secrets of any shape."""
_SWITCHES = ("", "true", "false")

_REFERENCE = "os.environ/"


def plain_secret(field: str, value: str) -> str | None:
    """Returns the kind of secret that a value is, or None.

    Args:
        field: name of the variable or of the configuration's field that holds the value.
        value: the value, or a reference such as `os.environ/OPENAI_API_KEY`, which is not a secret.
    """
    if value.startswith(_REFERENCE):
        return None
    for kind, shape in _SHAPES.items():
        if shape.search(value):
            return kind
    return "a secret" if field.lower().endswith(_FIELDS) and value.lower() not in _SWITCHES else None
