"""The kinds of stack, and the files that synthesis makes of them."""

import litellm_aws as litellm_aws  # before cdktf: it decides which Node runs
