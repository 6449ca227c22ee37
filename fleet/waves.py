"""The order in which a change that touches every tenant reaches them."""

import re
from enum import StrEnum


class Wave(StrEnum):
    """The tenants that a change reaches at the same time, in the order of the waves."""

    DEV = "dev"
    STAGE = "stage"
    PROD = "prod"


_WORDS = {
    **dict.fromkeys(
        ("ci", "demo", "dev", "develop", "lab", "local", "qa", "sandbox", "sbx", "test", "trial"), Wave.DEV
    ),
    **dict.fromkeys(("beta", "canary", "pre", "preprod", "stage", "staging", "stg", "uat"), Wave.STAGE),
}
"""Words in the names of environments, such as `dev2` and `stage-eu`."""


def wave_of(env: str) -> Wave:
    """Returns the wave of an environment. It is production for every unknown name."""
    first, *others = re.findall("[a-z]+", env)
    known = _WORDS.get(first, Wave.PROD)
    return Wave.PROD if any(word.startswith(("prod", "prd", "live")) for word in others) else known
