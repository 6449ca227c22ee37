"""Lets the server of the gateway's metrics listen on the address of its task. Python imports this before any program.

On Fargate, each task has its own network, in which the server listens on all addresses. Its command names none that
could be replaced.
"""

import os
import sys

if "litellm.proxy.prometheus_metrics_server" in sys.orig_argv:
    # An address in the command comes later, and wins.
    sys.argv[1:1] = ["--host", os.environ["LOCAL_AWS_TASK_ADDRESS"]]
