"""Synthesizes as `litellm-aws synth` does: for `python main.py`."""

import sys

from litellm_aws.commands.__main__ import main

if __name__ == "__main__":
    sys.exit(main(["synth", *sys.argv[1:]]))
