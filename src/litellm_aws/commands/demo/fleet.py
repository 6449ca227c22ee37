"""The example fleet, with provider options for the local AWS."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from litellm_aws.constructs.litellm import LITELLM
from litellm_aws.fleet.problems import FailedError

from ..command_line import checkout

APPLIED = "globex-dev"
"""The tenant that is applied. It needs no certificate."""

SERVICES = (
    *("appautoscaling", "cloudwatch", "ec2", "ecs", "elasticache", "elbv2", "iam", "logs", "rds", "s3"),
    *("secretsmanager", "sts"),
)
"""The AWS services that the module uses, by the provider's names."""


DEFAULT_VERSION = str(LITELLM.inputs["gateway_image"].default).rpartition(":v")[2].partition("-")[0]
"""The release of LiteLLM in the images that the module uses by default."""

MODEL = "gpt-4o"
"""The model of the example's proxy_config."""

_CONFIG = Path("config") / "globex.yaml"


def prepare(folder: Path, endpoint: str, models: str, key_secret_arn: str, version: str) -> Path:
    """Writes the demo's tenants file and proxy_config, and returns the path of the tenants file.

    They are the example's, with the provider's endpoints, the local model provider, the secret of its key, and the
    release of LiteLLM.

    Args:
        folder: of the demo.
        endpoint: of the local AWS.
        models: base URL of the model provider.
        key_secret_arn: ARN of the secret that holds the model provider's key.
        version: the release of LiteLLM, such as 1.86.0.
    """
    document = yaml.safe_load((checkout() / "tenants.yaml").read_text(encoding="utf-8"))
    document["defaults"]["provider"] = {
        "endpoints": dict.fromkeys(SERVICES, endpoint),
        "s3_use_path_style": True,
    }
    for tenant in document["tenants"]:
        if f"{tenant['tenant']}-{tenant['env']}" == APPLIED:
            tenant["gateway_extra_secrets"] = {"OPENAI_API_KEY": key_secret_arn}
            if version != DEFAULT_VERSION:
                tenant["litellm_version"] = f"v{version}"
    shutil.copytree(checkout() / "config", folder / "config")
    config = yaml.safe_load((checkout() / _CONFIG).read_text(encoding="utf-8"))
    for model in config["model_list"]:
        model["litellm_params"]["api_base"] = models
    (folder / _CONFIG).write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    tenants = folder / "tenants.yaml"
    tenants.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return tenants


def synthesize(tenants: Path, outdir: Path) -> str:
    """Runs `litellm-aws synth`, and returns its table.

    Raises:
        FailedError: it failed.
    """
    ended = subprocess.run(
        [sys.executable, str(checkout() / "main.py"), "--tenants", str(tenants), "--out", str(outdir)],
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise FailedError(ended.stderr.strip())
    return ended.stdout.rsplit("\nNext:", 1)[0].rstrip()
