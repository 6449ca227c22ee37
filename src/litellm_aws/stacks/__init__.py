"""The stacks, and the files that synthesis writes for them."""

from litellm_aws import constructs as constructs  # before cdktf: it selects the Node.js that jsii runs
