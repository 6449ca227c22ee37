"""The order in which a change that touches every tenant reaches them."""

import re
from enum import StrEnum

from litellm_aws.constructs.production import is_production


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
    """Returns the wave of an environment. It is the last one for production and for every unknown name."""
    first = re.findall("[a-z]+", env)[0]
    return Wave.PROD if is_production(env) else _WORDS.get(first, Wave.PROD)
