"""A local AWS: moto's server, repaired where moto differs from AWS, with running one-off tasks, databases and caches,
and load balancers that forward requests.

    python -m local_aws

It is never used with a real AWS account, and the synthesized Terraform does not refer to it. A provider reaches it
through AWS_ENDPOINT_URL, or through `endpoints` in the tenants file. It checks what a local process can check:
permissions, secrets, passwords, tokens and exit codes. It does not simulate the network (security groups and subnets
are only recorded), and services do not run tasks.
"""
