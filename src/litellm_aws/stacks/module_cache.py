"""What CDKTF made of the module in an earlier run. CDKTF and its Node take seconds, and nothing else needs them.

The name of an entry is a digest of what the module is made from: sources, environment, Python, and the names and
versions of the packages. A package that somebody changes without a new version is not noticed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from litellm_aws.constructs.jsii_runtime import OWN_NODE

_PACKAGE = Path(__file__).parents[1]
_LAYERS = ("constructs", "fleet", "stacks")
"""The packages that the stacks may import."""
_VARIABLES = ("CDKTF_", "JSII_", "NODE_")
"""How the variables begin that CDKTF, jsii and Node read."""
_OTHER_VARIABLES = ("CDKTF_OUTDIR", "JSII_NODE")
"""Those of them that say nothing: our output folder, and the path of the Node, which has a digest."""
_MOST_ENTRIES = 8


def cached(make: Callable[[], str]) -> str:
    """Returns what CDKTF makes of the module, from the cache if possible. A cache that cannot be used is no error.

    Args:
        make: runs CDKTF.
    """
    try:
        key = _key()
        entry = _folder() / key
    except (OSError, RuntimeError):  # a Node that cannot be read, or a user without a home
        return make()
    with suppress(OSError, UnicodeDecodeError):
        digest, _, content = entry.read_text(encoding="utf-8").partition("\n")
        if digest == _digest(key, content) and _is_private(entry.parent):
            os.utime(entry)
            return content
    made = make()
    with suppress(OSError):
        if key == _key():  # else somebody has changed a source meanwhile
            _write(entry, f"{_digest(key, made)}\n{made}")
    return made


def _folder() -> Path:
    configured = Path(os.environ.get("XDG_CACHE_HOME", ""))
    # A relative path "should be ignored" (XDG Base Directory Specification).
    return (configured if configured.is_absolute() else Path.home() / ".cache") / "litellm-aws"


def _is_private(folder: Path) -> bool:
    """Returns whether nobody else can write to a folder: what is in an entry runs with the deployer's permissions."""
    status = folder.lstat()
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o022


def _write(entry: Path, content: str) -> None:
    entry.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not _is_private(entry.parent):
        return
    with tempfile.TemporaryDirectory(dir=entry.parent.parent, prefix=".litellm-aws-") as staging:
        staged = Path(staging, entry.name)
        staged.touch(mode=0o600)
        staged.write_text(content, encoding="utf-8")
        os.replace(staged, entry)
    entries = sorted(entry.parent.iterdir(), key=lambda each: each.stat().st_mtime_ns, reverse=True)
    for old in entries[_MOST_ENTRIES:]:
        old.unlink(missing_ok=True)


def _key() -> str:
    return _digest(sys.version, _node(), *_packages(), *_variables(), *_sources())


def _node() -> str:
    """Returns the digest of the Node that jsii runs, if it is not the one whose version `_packages` has."""
    node = os.environ["JSII_NODE"]
    if node == OWN_NODE:
        return ""
    with open(shutil.which(node) or node, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _packages() -> Iterator[str]:
    """Yields the names and versions of all installed packages, in the order in which Python finds them."""
    for folder in filter(os.path.isdir, sys.path):
        yield from sorted(name for name in os.listdir(folder) if name.endswith((".dist-info", ".egg-info")))


def _variables() -> Iterator[str]:
    for name, value in sorted(os.environ.items()):
        if name.startswith(_VARIABLES) and name not in _OTHER_VARIABLES:
            # Another folder with the same files makes the same module.
            yield f"{name}={value.replace(str(_PACKAGE), '')}"


def _sources() -> Iterator[str]:
    """Yields the names and contents of the files that this program makes the module from."""
    for layer in _LAYERS:
        for folder, folders, names in os.walk(_PACKAGE / layer):
            folders[:] = sorted(name for name in folders if name != "__pycache__")
            for path in (Path(folder, name) for name in sorted(names)):
                yield str(path.relative_to(_PACKAGE))
                yield hashlib.sha256(path.read_bytes()).hexdigest()


def _digest(*parts: str) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()
