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
        checkout: the folder of this project's Makefile, if the repository holds this project.
        requirements: the requirements file by which pip installs this program otherwise.
    """

    tenants_file: Path
    stacks: Path
    checkout: Path | None = None
    requirements: Path | None = None

    @classmethod
    def of(cls, tenants_file: Path, outdir: Path, *, checkout: Path | None, requirements: Path | None) -> Places:
        """Returns where files are in the repository of the tenants file. What is outside of it begins with `..`."""
        top = top_of(tenants_file.absolute().parent)

        def from_top(path: Path) -> Path:
            return Path(os.path.relpath(path.resolve(), top))

        here = from_top(checkout) if checkout else None
        return cls(
            from_top(tenants_file),
            from_top(outdir / "stacks"),
            here if here and ".." not in here.parts else None,
            from_top(requirements) if requirements else None,
        )
