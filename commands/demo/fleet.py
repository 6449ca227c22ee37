"""The example fleet, with provider options for the local AWS."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from fleet.problems import FailedError

from ..command_line import PROJECT

APPLIED = "globex-dev"
"""The tenant that is applied. It needs no certificate."""

SERVICES = (
    *("appautoscaling", "ec2", "ecs", "elasticache", "elbv2", "iam", "logs", "rds", "s3", "secretsmanager", "sts"),
)
"""The AWS services that the module uses, by the provider's names."""


def prepare(folder: Path, endpoint: str) -> Path:
    """Writes the demo's tenants file: the example's, with the provider's endpoints; returns its path."""
    document = yaml.safe_load((PROJECT / "tenants.yaml").read_text(encoding="utf-8"))
    document["defaults"]["provider"] = {
        "endpoints": dict.fromkeys(SERVICES, endpoint),
        "s3_use_path_style": True,
    }
    shutil.copytree(PROJECT / "config", folder / "config")
    tenants = folder / "tenants.yaml"
    tenants.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return tenants


def synthesize(tenants: Path, outdir: Path) -> str:
    """Runs `litellm-aws synth`, and returns its table.

    Raises:
        FailedError: it failed.
    """
    ended = subprocess.run(
        [sys.executable, str(PROJECT / "main.py"), "--tenants", str(tenants), "--out", str(outdir)],
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise FailedError(ended.stderr.strip())
    return ended.stdout.rsplit("\nNext:", 1)[0].rstrip()
