"""Which environments are production."""

import pytest

from litellm_aws.constructs.production import is_production

PRODUCTION = ("prod", "prd", "live", "prod2", "prd-eu", "eu-prod", "eu1live", "prod-dev", "preview-prod")
NO_PRODUCTION = ("dev", "stage", "preprod", "pre-prod", "pre-prd2", "nonprod", "non-prod", "reprod", "olive", "acct")


@pytest.mark.parametrize("env", PRODUCTION)
def test_production_has_a_word_that_says_it(env: str) -> None:
    assert is_production(env)


@pytest.mark.parametrize("env", NO_PRODUCTION)
def test_every_other_name_is_not_production(env: str) -> None:
    assert not is_production(env)
