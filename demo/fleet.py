"""The example fleet, with a provider that goes to the local AWS."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from .problem import DemoError

CHECKOUT = Path(__file__).parents[1]
APPLIED = "globex-dev"
"""The tenant that is applied: it asks for no certificate."""

SERVICES = (
    *("appautoscaling", "ec2", "ecs", "elasticache", "elbv2", "iam", "logs", "rds", "s3", "secretsmanager", "sts"),
)
"""What the module uses of AWS, by the provider's names."""


def prepare(folder: Path, endpoint: str) -> Path:
    """Writes the demo's tenants file: the example's, with the provider's endpoints; returns its path."""
    document = yaml.safe_load((CHECKOUT / "tenants.yaml").read_text(encoding="utf-8"))
    document["defaults"]["provider"] = {
        "endpoints": dict.fromkeys(SERVICES, endpoint),
        "s3_use_path_style": True,
    }
    shutil.copytree(CHECKOUT / "config", folder / "config")
    tenants = folder / "tenants.yaml"
    tenants.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return tenants


def synthesize(tenants: Path, outdir: Path) -> str:
    """Synthesizes as `make synth` does, and returns what that prints.

    Raises:
        DemoError: it failed.
    """
    ended = subprocess.run(
        [sys.executable, str(CHECKOUT / "main.py")],
        env={**os.environ, "TENANTS_FILE": str(tenants), "CDKTF_OUTDIR": str(outdir)},
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise DemoError(ended.stderr.strip())
    return ended.stdout.rsplit("\nNext:", 1)[0].rstrip()
