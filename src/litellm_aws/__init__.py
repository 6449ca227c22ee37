"""Generates the Terraform that runs LiteLLM on AWS, for many tenants.

The packages import one another downward only: `commands`, `engines`, `stacks`, `fleet`, `constructs`. `local_aws` is
the AWS that the demo and the tests apply to.
"""
