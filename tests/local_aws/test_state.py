"""The lock and the versions of a state in S3 (docs/operations.md, "State"), with a root that needs no provider."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from packaging.version import Version

from litellm_aws.local_aws.server import LocalAws
from tests.terraform import Terraform

BUCKET, KEY = "my-states", "litellm/acme-prod/terraform.tfstate"


class StateRoot:
    """A root whose state is in S3, as a tenant's with the backend `s3`."""

    def __init__(self, terraform: Terraform, local_aws: LocalAws, folder: Path) -> None:
        self.folder, self.s3 = folder, local_aws.account.client("s3")
        self._terraform = terraform
        backend = {
            "bucket": BUCKET,
            "key": KEY,
            "region": "us-west-2",
            "use_lockfile": True,
            "use_path_style": True,
            "skip_credentials_validation": True,
            "skip_requesting_account_id": True,
            "skip_metadata_api_check": True,
            "endpoints": {"s3": local_aws.account.endpoint},
        }
        document: dict[str, Any] = {
            "terraform": {"backend": {"s3": backend}},
            "variable": {"value": {}},
            "resource": {"terraform_data": {"it": {"input": "${var.value}"}}},
            "output": {"it": {"value": "${terraform_data.it.output}"}},
        }
        (folder / "main.tf.json").write_text(json.dumps(document))
        self.run("init", "-input=false")

    def run(self, *arguments: str) -> str:
        """Runs Terraform, which must succeed, and returns its output."""
        ended = self.ended(*arguments)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def ended(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self._terraform.run((*arguments, "-no-color"), self.folder, None, attached=False)

    def apply(self, value: str) -> str:
        """Applies, and returns the version of the state in the bucket."""
        self.run("apply", "-auto-approve", f"-var=value={value}")
        return str(self.s3.head_object(Bucket=BUCKET, Key=KEY)["VersionId"])


@pytest.fixture
def root(applying: Terraform, local_aws: LocalAws, tmp_path: Path) -> Iterator[StateRoot]:
    if applying.version < Version("1.10"):
        pytest.skip(f"terraform {applying.version} has no lock files in S3, 1.10 has")
    s3 = local_aws.account.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    yield StateRoot(applying, local_aws, tmp_path)
    listed = s3.list_object_versions(Bucket=BUCKET)
    for each in [*listed.get("Versions", []), *listed.get("DeleteMarkers", [])]:
        s3.delete_object(Bucket=BUCKET, Key=each["Key"], VersionId=each["VersionId"])
    s3.delete_bucket(Bucket=BUCKET)


def test_a_lock_that_an_apply_has_left_is_removed(root: StateRoot) -> None:
    root.apply("one")
    lock = {"ID": str(uuid4()), "Operation": "OperationTypeApply", "Who": "ci@runner", "Version": "1.11.4"}
    lock |= {"Info": "", "Created": "2026-01-31T07:10:00Z", "Path": f"{BUCKET}/{KEY}"}
    root.s3.put_object(Bucket=BUCKET, Key=f"{KEY}.tflock", Body=json.dumps(lock).encode())
    refused = root.ended("apply", "-auto-approve", "-var=value=two")
    assert refused.returncode == 1
    assert "Error acquiring the state lock" in refused.stderr
    assert lock["ID"] in refused.stderr
    root.run("force-unlock", "-force", lock["ID"])
    root.apply("two")


def test_an_older_version_of_a_state_is_restored(root: StateRoot, tmp_path: Path) -> None:
    older = root.apply("one")
    root.apply("two")
    file = tmp_path / "older.tfstate"
    file.write_bytes(root.s3.get_object(Bucket=BUCKET, Key=KEY, VersionId=older)["Body"].read())
    assert "serial" in root.ended("state", "push", str(file)).stderr
    root.run("state", "push", "-force", str(file))
    assert root.run("output", "-raw", "it") == "one"
    assert "0 to add, 1 to change, 0 to destroy" in root.run("plan", "-var=value=two")
