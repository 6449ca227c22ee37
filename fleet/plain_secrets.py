"""Secrets that stand in plain text where only their names belong."""

import re

_SHAPES: dict[str, re.Pattern[str]] = {
    "an API key": re.compile(r"\b(sk|pk|gsk|xai|hf|ghp|github_pat|glpat|lsv2|xox[abpr])[-_][A-Za-z0-9_-]{16,}"),
    "an AWS access key": re.compile(r"\b(AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a Google API key": re.compile(r"\bAIza[0-9A-Za-z_-]{30,}"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "a URL with a password": re.compile(r"://[^/@\s:]*:[^/@\s]+@"),
}
"""What the keys of common providers look like, by their documented prefixes."""

_FIELDS = ("api_key", "master_key", "database_url", "secret_access_key", "client_secret", "password")
"""How fields and variables of LiteLLM's are called, at their end, that hold a secret whatever it looks like."""
_SWITCHES = ("", "true", "false")

_REFERENCE = "os.environ/"


def plain_secret(field: str, value: str) -> str | None:
    """Says what kind of secret a value is, or returns None.

    Args:
        field: name of the variable or of the configuration's field that holds the value.
        value: the value, which may be a reference such as `os.environ/OPENAI_API_KEY`.
    """
    if value.startswith(_REFERENCE):
        return None
    for kind, shape in _SHAPES.items():
        if shape.search(value):
            return kind
    return "a secret" if field.lower().endswith(_FIELDS) and value.lower() not in _SWITCHES else None
