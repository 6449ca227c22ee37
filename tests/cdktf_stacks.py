"""The stacks that synthesis renders without CDKTF, written by CDKTF."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cdktf import App, CloudBackend, LocalBackend, NamedCloudWorkspace, S3Backend, TerraformStack
from constructs import Construct

from litellm_aws.stacks.configuration import Blocks

ORDER = ("//", "terraform", "provider", "variable", "locals", "data", "module", "resource", "output")


class WithBackend(TerraformStack):
    """A stack of blocks, with CDKTF's class of its backend."""

    def __init__(self, scope: Construct, name: str, blocks: Blocks) -> None:
        super().__init__(scope, name)
        terraform = dict(blocks["terraform"])
        backend, cloud = terraform.pop("backend", {}), terraform.pop("cloud", None)
        if cloud is not None:
            workspaces = NamedCloudWorkspace(**cloud["workspaces"])
            CloudBackend(self, **{**cloud, "workspaces": workspaces})
        elif "s3" in backend:
            S3Backend(self, bucket=backend["s3"]["bucket"], key=backend["s3"]["key"])
            self.add_override("terraform.backend.s3", backend["s3"])
        else:
            LocalBackend(self, path=backend["local"]["path"])
        for name, value in terraform.items():
            self.add_override(f"terraform.{name}", value)
        for kind in blocks.keys() - {"terraform"}:
            self.add_override(kind, blocks[kind])


def written_by_cdktf(
    stacks: Mapping[str, Blocks], notes: Mapping[str, Mapping[str, Any]], folder: Path
) -> dict[str, bytes]:
    """Returns the configuration of each stack by name, with a note in its metadata, and `manifest.json`.

    Args:
        stacks: the blocks by name. A stack without blocks is in the manifest only.
        notes: by the names of the stacks.
        folder: an empty one.
    """
    app = App(outdir=str(folder), skip_validation=True)
    for name, blocks in stacks.items():
        WithBackend(app, name, blocks) if blocks else TerraformStack(app, name)
    app.synth()
    files = {"manifest.json": (folder / "manifest.json").read_bytes()}
    for name in (name for name, blocks in stacks.items() if blocks):
        written = json.loads((folder / "stacks" / name / "cdk.tf.json").read_bytes())
        metadata = {key: value for key, value in written["//"]["metadata"].items() if key != "overrides"}
        written["//"] = {"metadata": {**metadata, **notes[name]}}
        ordered = {kind: written[kind] for kind in ORDER if kind in written}
        assert ordered.keys() == written.keys()
        files[name] = (json.dumps(ordered, indent=2, ensure_ascii=False) + "\n").encode()
    return files
