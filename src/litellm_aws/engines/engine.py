"""What the engines have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from litellm_aws.fleet.problems import BadInputError, Problem
from litellm_aws.fleet.tenants_file import Fleet

from .places import Places


class Engine(ABC):
    """A program or service that runs Terraform in the tenants' roots.

    Attributes:
        name: as on the command line.
        title: as in prose.
        begins: how each of its files begins. A file that begins otherwise is not overwritten.
        reads_git: whether it takes the roots from the Git repository, so that they must be committed.
        has_profiles: whether the machine on which it runs Terraform may have AWS configuration files.
    """

    name: str
    title: str
    begins: str
    reads_git: bool
    has_profiles: bool = True

    @abstractmethod
    def files(self, fleet: Fleet, places: Places) -> Mapping[Path, str]:
        """Returns the engine's files for a fleet: their contents by path from the repository's top.

        Raises:
            BadInputError: the engine cannot run a tenant.
            RefusedError: the engine cannot run the fleet.
        """

    def check(self, fleet: Fleet, labels: Collection[str]) -> None:
        """Refuses tenants that need files of the machine on which Terraform runs: the engine does not keep them.

        Args:
            fleet: all tenants.
            labels: the labels of those that the engine runs.

        Raises:
            BadInputError: with every such tenant.
        """
        problems = list(self._local_states(fleet, labels))
        if not self.has_profiles:
            problems += self._profiles(fleet, labels)
        if problems:
            raise BadInputError(problems)

    def _local_states(self, fleet: Fleet, labels: Collection[str]) -> Iterator[Problem]:
        for tenant in fleet.tenants:
            if tenant.label in labels and tenant.backend.local is not None:
                layers = fleet.layers[tenant.label]
                yield layers.own.at(("backend",)).problem(
                    f"its state is the local file {tenant.state_file}, which {self.title} does not keep: set a "
                    "backend, s3 or cloud, here or under defaults",
                    layers.owner,
                )

    def _profiles(self, fleet: Fleet, labels: Collection[str]) -> Iterator[Problem]:
        for tenant in fleet.tenants:
            for path, block in ((("provider",), tenant.provider), (("backend", "s3"), tenant.backend.s3)):
                if tenant.label in labels and block is not None and block.profile is not None:
                    layers = fleet.layers[tenant.label]
                    yield layers.node.at((*path, "profile")).problem(
                        f"{'.'.join(path)}.profile is {block.profile}, and {self.title} has no AWS configuration "
                        "files: use assume_role",
                        layers.owner,
                    )
