"""Where a fleet is in its repository."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from litellm_aws.fleet.repository import top_of


@dataclass(frozen=True)
class Places:
    """Paths from the repository's top.

    Attributes:
        tenants_file: the tenants file.
        stacks: the folder of the roots and of the module.
        project: the folder of our Makefile.
    """

    tenants_file: Path
    stacks: Path
    project: Path

    @classmethod
    def of(cls, tenants_file: Path, outdir: Path, project: Path) -> Places:
        """Returns where files are in the repository of the tenants file. What is outside of it begins with `..`."""
        top = top_of(tenants_file.absolute().parent)
        paths = (tenants_file, outdir / "stacks", project)
        return cls(*(Path(os.path.relpath(path.resolve(), top)) for path in paths))
