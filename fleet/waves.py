"""In which order a change that touches every tenant reaches them."""

import re
from enum import StrEnum


class Wave(StrEnum):
    """The tenants that a change reaches at one time. The first wave is first."""

    DEV = "dev"
    STAGE = "stage"
    PROD = "prod"


_WORDS = {
    **dict.fromkeys(
        ("ci", "demo", "dev", "develop", "lab", "local", "qa", "sandbox", "sbx", "test", "trial"), Wave.DEV
    ),
    **dict.fromkeys(("beta", "canary", "pre", "preprod", "stage", "staging", "stg", "uat"), Wave.STAGE),
}
"""What the names of such environments are made of, beside digits: `dev2`, `stage-eu`."""


def wave_of(env: str) -> Wave:
    """Returns the wave of an environment: that of production for every name that is not known for sure."""
    first, *others = re.findall("[a-z]+", env)
    known = _WORDS.get(first, Wave.PROD)
    return Wave.PROD if any(word.startswith(("prod", "prd", "live")) for word in others) else known
