"""Stand-in for /app/migrations/run.py in LiteLLM's image for all components."""

import os
import sys
from pathlib import Path

# LiteLLM's own Python does not have the packages of the stand-in.
python = os.environ.get("LOCAL_AWS_PYTHON", sys.executable)
os.execv(python, [python, str(Path(__file__).parents[2] / "migrations.py")])
