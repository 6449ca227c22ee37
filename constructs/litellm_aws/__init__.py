"""LiteLLM on AWS (ECS Fargate) as CDKTF constructs.

The id of every construct here that becomes a block of Terraform is that block's address, such as
`aws_vpc.this` or `var.tenant` (see `ModuleStack`). So `construct.node.id` is how an expression
refers to a block, and searching for an address finds the place where it is made.
"""

from . import jsii_runtime as jsii_runtime
