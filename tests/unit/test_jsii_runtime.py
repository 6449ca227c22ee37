"""Synthesis brings its own Node, and does not load all of AWS."""

import importlib.util
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from litellm_aws.fleet.tenants_file import load_fleet
from litellm_aws.stacks.synthesis import synthesize

PROJECT = Path(__file__).parents[2]


def test_nobody_needs_node_and_nobody_hears_of_its_age(tmp_path: Path) -> None:
    (tmp_path / "node").write_text("#!/bin/sh\necho 'this Node is out of support' >&2\nexit 1\n")
    (tmp_path / "node").chmod(0o755)
    ended = subprocess.run(
        [sys.executable, str(PROJECT / "main.py")],
        cwd=PROJECT,
        env={
            "PATH": str(tmp_path),
            "CDKTF_OUTDIR": str(tmp_path / "cdktf.out"),
            "HOME": os.environ["HOME"],  # in which jsii has a cache
            "XDG_CACHE_HOME": str(tmp_path),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_only_the_bindings_that_are_used_are_loaded(empty_cache: Path, tmp_path: Path) -> None:
    synthesize(load_fleet(PROJECT / "tenants.yaml"), tmp_path)
    loaded = [name for name in sys.modules if name.startswith("cdktf_cdktf_provider_aws.")]
    assert 30 < len(loaded) < 120


def run_node(script: str) -> subprocess.CompletedProcess[str]:
    """Runs a script in the Node, and with the options, that jsii runs with."""
    return subprocess.run([os.environ["JSII_NODE"], "-e", script], capture_output=True, text=True, check=False)


@pytest.fixture
def bindings(tmp_path: Path) -> Path:
    """The folder of the AWS bindings' JavaScript, of which there is nothing but the index."""
    [spec] = importlib.util.find_spec("cdktf_cdktf_provider_aws").submodule_search_locations  # type: ignore[union-attr,misc]
    [archive] = Path(spec, "_jsii").glob("*.tgz")
    folder = tmp_path / "é folder/node_modules/@cdktf/provider-aws/lib"
    folder.mkdir(parents=True)
    with tarfile.open(archive) as files:
        index = files.extractfile("package/lib/index.js")
        assert index is not None
        (folder / "index.js").write_bytes(index.read())
    return folder


def test_node_reads_a_resource_when_it_is_first_used(bindings: Path) -> None:
    bucket = bindings / "s3-bucket.js"
    bucket.write_text('exports.S3Bucket = "the bucket"; console.log("read");')
    # Any other file that the index would read is missing.
    ended = run_node(
        f"const aws = require({str(bindings)!r}); console.log('index'); console.log(aws.s3Bucket.S3Bucket)"
    )
    assert (ended.stdout, ended.stderr) == ("index\nread\nthe bucket\n", "")


def test_another_index_is_left_as_it_is(bindings: Path) -> None:
    (bindings / "index.js").write_text('const own = require("./own.js"); exports.own = own;')
    (bindings / "own.js").write_text('console.log("read");')
    assert run_node(f"require({str(bindings)!r})").stdout == "read\n"


def test_other_options_of_node_stay() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", "import os, litellm_aws.constructs; print(os.environ['NODE_OPTIONS'])"],
        env=os.environ | {"NODE_OPTIONS": "--max-old-space-size=512", "PYTHONPATH": str(PROJECT / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.startswith("--max-old-space-size=512 --require ")
