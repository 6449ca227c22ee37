"""A fleet of tenants: reads the tenants file into settings."""

from litellm_aws import constructs as constructs  # before cdktf: it decides which Node runs
