"""Synthesis brings its own Node, and does not load all of AWS."""

import os
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[2]


def test_nobody_needs_node_and_nobody_hears_of_its_age(tmp_path: Path) -> None:
    (tmp_path / "node").write_text("#!/bin/sh\necho 'this Node is out of support' >&2\nexit 1\n")
    (tmp_path / "node").chmod(0o755)
    ended = subprocess.run(
        [sys.executable, str(PROJECT / "main.py")],
        cwd=PROJECT,
        env={"PATH": str(tmp_path), "CDKTF_OUTDIR": str(tmp_path / "cdktf.out"), "HOME": os.environ["HOME"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_only_the_bindings_that_are_used_are_loaded() -> None:
    loaded = [name for name in sys.modules if name.startswith("cdktf_cdktf_provider_aws.")]
    assert 30 < len(loaded) < 100
