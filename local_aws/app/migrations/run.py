"""Stand-in for /app/migrations/run.py in LiteLLM's image for all components."""

import runpy
from pathlib import Path

runpy.run_path(str(Path(__file__).parents[2] / "migrations.py"), run_name="__main__")
