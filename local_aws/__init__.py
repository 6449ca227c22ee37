"""A local AWS: moto's server, mended where this stack needs it, with one-shot tasks and databases that run.

    python -m local_aws --home some/folder

Nothing here is used for a real AWS, and the synthesized Terraform does not know it: a provider comes here by
AWS_ENDPOINT_URL, or by the `endpoints` of the tenants file. What a process on this machine can check is
checked as on AWS: permissions, secrets, passwords, tokens, exit codes. What it cannot do: there is no network
(security groups and subnets are only noted), services run no tasks, and Redis is a name.
"""
