"""A local AWS: moto's server, repaired where moto differs from AWS, with tasks, services, load balancers, databases and
caches that really run.

    python -m litellm_aws.local_aws

It is never used with a real AWS account, and the synthesized Terraform does not refer to it. A provider reaches it
through AWS_ENDPOINT_URL, or through `endpoints` in the tenants file. It checks what a local process can check:
permissions, secrets, passwords, tokens and exit codes. It does not simulate the network: security groups and subnets
are only recorded.
"""
