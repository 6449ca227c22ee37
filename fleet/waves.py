"""In which order a change that touches every tenant reaches them."""

from enum import StrEnum


class Wave(StrEnum):
    """The tenants that a change reaches at one time. The first wave is first."""

    DEV = "dev"
    STAGE = "stage"
    PROD = "prod"


_BEGINNINGS = {
    Wave.DEV: ("ci", "demo", "dev", "int", "lab", "play", "qa", "sandbox", "sbx", "test", "tmp", "trial", "tst"),
    Wave.STAGE: ("acc", "beta", "canary", "pre", "stag", "stg", "uat"),
}
"""How the names of such environments begin."""


def wave_of(env: str) -> Wave:
    """Returns the wave of an environment: that of production for every name that is not known."""
    for wave, beginnings in _BEGINNINGS.items():
        if env.startswith(beginnings):
            return wave
    return Wave.PROD
