"""The folder in which the variants run: what each one reads, and where each one writes."""

from __future__ import annotations

import os
import pickle
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .measurement import Command
from .tenants import tenants_file
from .variants import Kind, Variant

PROJECT = Path(__file__).parents[1]


class Workplace:
    """Prepares the variants, and keeps what they wrote when they ran for the first time.

    Args:
        folder: an empty one.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._changes = 0

    def command(self, variant: Variant) -> Command:
        """Returns the process of a variant, which may be run once; what it needs is there then."""
        outdir = self._fresh(variant)
        match variant.kind:
            case Kind.OURS:
                return self._synth(variant.tenants, outdir)
            case Kind.ONE_CHANGED:
                self._changes += 1
                return self._synth_again(variant.tenants)
            case Kind.NOTHING_CHANGED:
                return self._synth_again(variant.tenants)
            case Kind.BASELINE:
                path = f"{self._version_teller()}{os.pathsep}{os.environ['PATH']}"
                return _python("-m", "bench.plain_cdktf", str(variant.tenants), str(outdir), PATH=path)
            case Kind.LOAD:
                return _python("-c", "import stacks.module, stacks.tenant_root", PYTHONPATH="constructs")
            case Kind.WRITE:
                contents = self._contents(Variant(Kind.OURS, variant.tenants))
                return _python("-m", "bench.write_files", str(contents), str(outdir))
            case _:
                raise ValueError(f"{variant} does not run here")

    def done(self, variant: Variant) -> None:
        """Keeps what the first run of a synthesis wrote, and takes away what any other run did."""
        outdir = self._outdir(variant)
        if variant.kind in (Kind.OURS, Kind.BASELINE) and not self.kept(variant).exists():
            self.kept(variant).parent.mkdir(parents=True, exist_ok=True)
            outdir.rename(self.kept(variant))
        else:
            shutil.rmtree(outdir, ignore_errors=True)

    def kept(self, variant: Variant) -> Path:
        """Returns the folder that holds what the first run of a synthesis wrote."""
        return self._folder / "kept" / _name(variant)

    def _synth(self, tenants: int, outdir: Path, more: Mapping[int, Mapping[str, Any]] | None = None) -> Command:
        file = self._folder / "tenants.yaml"
        file.write_text(tenants_file(tenants, more), encoding="utf-8")
        return _python("main.py", TENANTS_FILE=str(file), CDKTF_OUTDIR=str(outdir))

    def _synth_again(self, tenants: int) -> Command:
        # The input comes with every second change, and goes with the next.
        more = {tenants // 2: {"gateway_max_capacity": 11}} if self._changes % 2 else None
        return self._synth(tenants, self.kept(Variant(Kind.OURS, tenants)), more)

    def _version_teller(self) -> Path:
        """Returns a folder with a `terraform` that tells a version, and is all that CDKTF needs of it.

        CDKTF runs `terraform version` for each `terraform_data`. The baseline neither needs Terraform for that nor
        is charged with the time that it takes to start.
        """
        program = self._folder / "bin" / "terraform"
        if not program.exists():
            program.parent.mkdir()
            program.write_text("#!/bin/sh\necho Terraform v1.9.0\n")
            program.chmod(0o755)
        return program.parent

    def _contents(self, variant: Variant) -> Path:
        """Returns a file that holds what a synthesis wrote."""
        file = self._folder / f"{_name(variant)}.pickle"
        if not file.exists():
            kept = self.kept(variant)
            paths = (path for path in kept.rglob("*") if path.is_file())
            file.write_bytes(pickle.dumps({str(path.relative_to(kept)): path.read_bytes() for path in paths}))
        return file

    def _outdir(self, variant: Variant) -> Path:
        return self._folder / "out" / _name(variant)

    def _fresh(self, variant: Variant) -> Path:
        outdir = self._outdir(variant)
        shutil.rmtree(outdir, ignore_errors=True)
        outdir.parent.mkdir(parents=True, exist_ok=True)
        return outdir


def _name(variant: Variant) -> str:
    return f"{variant.kind.name.lower()}-{variant.tenants}"


def _python(*arguments: str, **environment: str) -> Command:
    return Command((sys.executable, *arguments), PROJECT, environment)
