"""uvicorn's command line with the gateway's application in front."""

import sys

from uvicorn.main import main

if __name__ == "__main__":
    main(("gateway.main:app", *sys.argv[1:]), prog_name="uvicorn")
