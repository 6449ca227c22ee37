"""Where this machine has the packages of the providers, and a mirror of them for Terraform."""

import json
import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from litellm_aws.constructs.versions import PROVIDERS

REGISTRY = "registry.terraform.io"

STAND_IN = Path(__file__).with_name("random_provider.py")
STAND_IN_VERSION = Version("3.7.2")


@dataclass(frozen=True)
class Package:
    """A release of a provider on this machine: a folder with its binary, or a zip file of that."""

    provider: str
    version: Version
    path: Path


def provider_folders(cache: Path) -> list[Path]:
    """Returns the folders called `registry.terraform.io` on this machine, HashiCorp's providers in them.

    They are sought where Terraform looks by itself, where its configuration sends it, in the plugin caches,
    in `cache`, and one or two levels below the places where software is added to a machine.
    """
    home = Path.home()
    configuration = Path(os.environ.get("TF_CLI_CONFIG_FILE", home / ".terraformrc"))
    configured = re.findall(
        r'(?:\bpath|plugin_cache_dir)\s*=\s*"([^"]+)"',
        configuration.read_text() if configuration.is_file() else "",
    )
    named = [*configured, *filter(None, [os.environ.get("TF_PLUGIN_CACHE_DIR")])]
    data = os.environ.get("XDG_DATA_DIRS", "/usr/local/share:/usr/share").split(":")
    data += [os.environ.get("XDG_DATA_HOME", f"{home}/.local/share")]
    exact = [
        cache / "providers",
        *(Path(os.path.expandvars(name)).expanduser() for name in named),
        *(Path(directory) / "terraform" / "plugins" for directory in data),
        Path("terraform.d/plugins").absolute(),
        home / "Library/Application Support/io.hashicorp.terraform/plugins",
        Path("/Library/Application Support/io.hashicorp.terraform/plugins"),
    ]
    roots = ["/opt", "/srv", "/usr/lib", "/usr/local", "/usr/local/lib", "/usr/local/share", "/usr/share"]
    above = [Path(root) for root in roots] + [home / ".terraform.d"]
    found = [directory / REGISTRY for directory in exact]
    found += [path for root in above for depth in ("", "*/", "*/*/") for path in root.glob(depth + REGISTRY)]
    return [folder for folder in dict.fromkeys(found) if (folder / "hashicorp").is_dir()]


def packages_in(folder: Path, platform: str) -> Iterator[Package]:
    """Yields what a mirror has for a platform such as linux_amd64, of the releases the module takes."""
    for provider, required in PROVIDERS.items():
        taken = SpecifierSet(required["version"].replace("~>", "~="))
        home = folder / "hashicorp" / provider
        unpacked = [(path.parent.name, path) for path in home.glob(f"*/{platform}") if path.is_dir()]
        packed = [(path.name.split("_")[1], path) for path in home.glob(f"*_*_{platform}.zip")]
        for version, path in [*unpacked, *packed]:
            if re.fullmatch(r"\d+\.\d+\.\d+", version) and version in taken:
                yield Package(provider, Version(version), path)


def newest_packages(cache: Path, platform: str) -> dict[str, Package]:
    """Returns the newest package of each provider that this machine has."""
    found = [package for folder in provider_folders(cache) for package in packages_in(folder, platform)]
    found.sort(key=lambda package: (package.version, package.path.is_dir()))
    return {package.provider: package for package in found}


def mirror_configuration(scratch: Path) -> str:
    """Returns the CLI configuration by which Terraform takes providers from the mirror in `scratch` alone."""
    path = json.dumps(str(scratch / "mirror"))
    return f"provider_installation {{\n  filesystem_mirror {{\n    path = {path}\n  }}\n}}\n"


def assemble_mirror(scratch: Path, packages: Mapping[str, Package], platform: str) -> dict[str, Path]:
    """Makes a mirror for Terraform of the packages and the stand-in; returns the binary of each provider."""
    binaries = {}
    for provider in PROVIDERS:
        package = packages.get(provider)
        version = str(package.version if package else STAND_IN_VERSION)
        # Terraform follows a link in the place of this folder, and of none above it.
        folder = scratch / "mirror" / REGISTRY / "hashicorp" / provider / version / platform
        folder.parent.mkdir(parents=True)
        if package and package.path.is_dir():
            folder.symlink_to(package.path)
        elif package:
            shutil.unpack_archive(package.path, folder, "zip")
        else:
            folder.mkdir()
            command = shlex.join([sys.executable, "-u", str(STAND_IN)])
            launcher = folder / f"terraform-provider-{provider}_v{version}"
            launcher.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        binaries[provider] = next(folder.glob(f"terraform-provider-{provider}_v*"))
        if not folder.is_symlink():
            binaries[provider].chmod(0o755)
    return binaries
