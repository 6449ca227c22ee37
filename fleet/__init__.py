"""A fleet of tenants: from the tenants file to the files that Terraform runs."""

import litellm_aws as litellm_aws  # before cdktf: it decides which Node runs
