"""The two kinds of stack: the module, and a thin root for each tenant."""

import litellm_aws as litellm_aws  # before cdktf: it decides which Node runs
