"""The stacks, and the files that synthesis writes for them."""

import litellm_aws as litellm_aws  # before cdktf: it selects the Node.js that jsii runs
