"""Writes the generated files of this project: `python -m litellm_aws.commands.docs`, in a checkout."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

from litellm_aws.constructs.litellm import LITELLM
from litellm_aws.engines import ENGINES
from litellm_aws.engines.places import Places
from litellm_aws.fleet.tenants_file import load_fleet

from .command_line import checkout
from .reference import inputs_reference, tenants_schema

INPUTS = Path("docs/inputs.md")
SCHEMA = Path("tenants.schema.json")
FLEET = Path("examples/fleet")
"""The folder of the example fleet."""

_EXAMPLES = {
    "atlantis": ("tenants.yaml", "atlantis.yaml"),
    "github-actions": ("tenants.yaml", "github-actions.yml"),
    "hcp-terraform": ("hcp.yaml", "hcp-terraform/cdk.tf.json"),
}
"""The tenants file and the engine's file of each example, in the folder."""


def generated() -> dict[Path, str]:
    """Returns the content of every generated file by its path in the project."""
    files = {
        INPUTS: inputs_reference(LITELLM),
        SCHEMA: json.dumps(tenants_schema(LITELLM), indent=2, ensure_ascii=False) + "\n",
    }
    with tempfile.TemporaryDirectory() as scratch:
        folder = shutil.copytree(checkout() / FLEET, Path(scratch, "repository"))
        for name, (tenants, file) in _EXAMPLES.items():
            # As if the folder were a repository with this project in it.
            places = Places(Path(tenants), Path("cdktf.out/stacks"), checkout=Path())
            [content] = ENGINES[name].files(load_fleet(folder / tenants), places).values()
            files[FLEET / file] = content
    return files


def main() -> None:
    """Writes the files."""
    for path, content in generated().items():
        (checkout() / path).write_text(content, encoding="utf-8")
        print(f"Wrote {path}.")


if __name__ == "__main__":
    main()
