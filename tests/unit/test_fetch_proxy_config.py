"""The program that a proxy's container runs before uvicorn, with a stand-in for boto3."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from litellm_aws.constructs.litellm import LITELLM

[SCRIPT] = [path for path in LITELLM.files if path.name == "fetch_proxy_config.py"]
FETCH_PROXY_CONFIG = SCRIPT.read_text(encoding="utf-8")

BOTO3 = """\
import io

class Client:
    def get_object(self, Bucket, Key, VersionId):
        if Bucket == "denied":
            raise RuntimeError("AccessDenied: not authorized to perform s3:GetObjectVersion")
        return {"Body": io.BytesIO(f"{Bucket} {Key} {VersionId} é".encode())}

def client(service, region_name):
    assert (service, region_name) == ("s3", "us-west-2")
    return Client()
"""


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "litellm-config.yaml"


def run(tmp_path: Path, target: Path, bucket: str) -> subprocess.CompletedProcess[str]:
    """Runs the container's command, with `echo` in uvicorn's place."""
    (tmp_path / "boto3.py").write_text(BOTO3)
    (tmp_path / "python").symlink_to(sys.executable)
    assert "'" not in FETCH_PROXY_CONFIG
    return subprocess.run(
        ["sh", "-c", f"set -eu\npython -c '{FETCH_PROXY_CONFIG}'\nexec echo started\n"],
        env={
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "PYTHONPATH": str(tmp_path),
            "AWS_REGION": "us-west-2",
            "CONFIG_FILE_PATH": str(target),
            "LITELLM_PROXY_CONFIG_S3_BUCKET": bucket,
            "LITELLM_PROXY_CONFIG_S3_KEY": "config/litellm-config.yaml",
            "LITELLM_PROXY_CONFIG_S3_VERSION_ID": "v1",
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_configuration_is_there_before_the_proxy_starts(tmp_path: Path, target: Path) -> None:
    ended = run(tmp_path, target, "bucket")
    assert (ended.returncode, ended.stdout) == (0, "started\n")
    assert target.read_text(encoding="utf-8") == "bucket config/litellm-config.yaml v1 é"


def test_a_failed_fetch_stops_the_container_and_says_why(tmp_path: Path, target: Path) -> None:
    ended = run(tmp_path, target, "denied")
    assert ended.returncode == 1
    assert "started" not in ended.stdout
    assert ended.stderr == (
        "cannot fetch version v1 of the proxy_config s3://denied/config/litellm-config.yaml: "
        "AccessDenied: not authorized to perform s3:GetObjectVersion\n"
    )


def test_a_file_that_cannot_be_written_stops_the_container(tmp_path: Path) -> None:
    ended = run(tmp_path, tmp_path / "missing" / "file", "bucket")
    assert ended.returncode == 1
    assert "No such file or directory" in ended.stderr
