"""Finds secrets in plain text, by their shapes and by the names of their fields."""

import re

_SHAPES: dict[str, re.Pattern[str]] = {
    kind: re.compile(shape)
    for kind, shape in {
        "an API key": r"\b(sk|pk|gsk|xai|hf|gh[oprsu]|github_pat|glpat|lsv2|npm|xapp|xox[abeprs])[-_][\w-]{16,}",
        "an AWS access key": r"\b(AKIA|ASIA)[0-9A-Z]{16}\b",
        "a Google API key": r"\bAIza[0-9A-Za-z_-]{30,}",
        "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY( BLOCK)?-----",
        "a URL with a password": r"://[^/@\s:]*:[^/@\s]+@",
        "a JSON web token": r"\beyJ[A-Za-z0-9_-]{8,2000}\.eyJ",
        "an authorization header": r"(?i:\bbearer|^basic)\s+(?=\S*[0-9=])[A-Za-z0-9._~+/=-]{12,}",
        "a webhook of Slack": r"//hooks\.slack\.com/(services|workflows|triggers)/\S",
        "a webhook of Discord": r"//([a-z]+\.)?discord(app)?\.com/api/(v[0-9]+/)?webhooks/[0-9]+/\S",
        "a webhook of Teams": r"//([a-z0-9-]+\.webhook\.office\.com/webhookb2|outlook\.office(365)?\.com/webhook)/\S",
        "a signed URL": r"[?&](sig|X-Amz-Signature)=[A-Za-z0-9%_+/=-]{16,}",
    }.items()
}
"""Secrets that their issuers document by a prefix or a form. Teams' workflows have signed URLs."""

_NAME = re.compile(
    # Words that end a name in any case.
    r"(api_?key|master_?key|private_?key|secret_?key|access_?key|database_url|password|passwd|"
    # Words of their own, so that `bypass` and `max_tokens` are none.
    r"(^|_)(salt_?key|signing_?key|encryption_?key|token|secret|pass|authorization))$"
)
"""The ends of names of LiteLLM's fields and variables that hold secrets of any shape."""
_PRICE = re.compile("cost_per_")
"""Prices have names such as `input_cost_per_token`."""
_SWITCHES = ("", "true", "false")
_REFERENCE = re.compile(r"(?:[A-Za-z]+ )?os\.environ/([A-Za-z_][A-Za-z0-9_]*)")
_ARN = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:[^\s@]*")


def plain_secret(field: str, value: str | float) -> str | None:
    """Returns the kind of secret that a value is, or None.

    Args:
        field: name of the variable or of the configuration's field that holds the value.
        value: the value, or an ARN or a reference such as `os.environ/OPENAI_API_KEY`, which are not secrets.
    """
    if not isinstance(value, str):  # with a name such as `max_token`, it is a limit
        return "a secret" if is_secret_name(field) and not field.lower().endswith("token") else None
    if _ARN.fullmatch(value) or _REFERENCE.fullmatch(value):
        return None
    for kind, shape in _SHAPES.items():
        if shape.search(value):
            return kind
    return "a secret" if is_secret_name(field) and value.lower() not in _SWITCHES else None


def variable_of(value: object) -> str | None:
    """Returns the name of the variable that a value refers to by `os.environ/<NAME>`, or None."""
    reference = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
    return reference and reference[1]


def is_secret_name(field: str) -> bool:
    """Returns whether a variable or field of this name holds a secret: `LITELLM_SALT_KEY`, `clientSecret`."""
    words = re.sub("(?<=[a-z0-9])(?=[A-Z])", "_", field).replace("-", "_").lower()
    return _NAME.search(words) is not None and not _PRICE.search(words)
