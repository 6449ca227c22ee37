"""What a tenant must not rely on when Terraform runs on a machine that is gone afterwards."""

from collections.abc import Iterator

from fleet.problems import BadInputError, Problem
from fleet.tenants_file import Fleet


def check_remote_runs(fleet: Fleet, engine: str, labels: set[str], *, has_profiles: bool) -> None:
    """Refuses tenants that keep something on the machine where Terraform runs.

    Args:
        engine: its name, for messages.
        labels: the tenants that it runs.
        has_profiles: whether its machine may have AWS configuration files.

    Raises:
        BadInputError: with every such tenant.
    """
    problems = list(_local_states(fleet, engine, labels))
    if not has_profiles:
        problems += _profiles(fleet, engine, labels)
    if problems:
        raise BadInputError(problems)


def _local_states(fleet: Fleet, engine: str, labels: set[str]) -> Iterator[Problem]:
    for tenant in fleet.tenants:
        if tenant.label in labels and tenant.backend.local is not None:
            layers = fleet.layers[tenant.label]
            yield layers.own.at(("backend",)).problem(
                f"its state is the file {tenant.state_file}, which {engine} loses with the machine that it runs "
                "Terraform on: set a backend, s3 or cloud, here or under defaults",
                layers.whose,
            )


def _profiles(fleet: Fleet, engine: str, labels: set[str]) -> Iterator[Problem]:
    for tenant in fleet.tenants:
        for path, block in ((("provider",), tenant.provider), (("backend", "s3"), tenant.backend.s3)):
            if tenant.label in labels and block is not None and block.profile is not None:
                layers = fleet.layers[tenant.label]
                yield layers.node.at((*path, "profile")).problem(
                    f"{'.'.join(path)}.profile is {block.profile}, and the machine that {engine} runs Terraform on has "
                    "no AWS configuration files: use assume_role",
                    layers.whose,
                )
