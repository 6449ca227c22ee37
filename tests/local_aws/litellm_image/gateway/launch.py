"""Runs the command line of uvicorn with the gateway's application as its first argument."""

import os
import sys

from uvicorn.main import main

if __name__ == "__main__":
    os.environ["LAUNCHED"] = "yes"
    main(("gateway.main:app", *sys.argv[1:]), prog_name="uvicorn")
