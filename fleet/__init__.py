"""A fleet of tenants: reads the tenants file into settings."""

import litellm_aws as litellm_aws  # before cdktf: it decides which Node runs
