"""LiteLLM on AWS (ECS Fargate) as CDKTF constructs.

The ID of every construct that becomes a Terraform block is that block's address, such as `aws_vpc.this` or
`var.tenant` (see `stacks/stack.py`). `expressions.address` refers to a block by it.
"""

from . import jsii_runtime as jsii_runtime
