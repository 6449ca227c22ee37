"""How the local AWS ends."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from litellm_aws.local_aws.load_balancers import LoadBalancers
from litellm_aws.local_aws.server import LocalAws

PARTS = ("services", "fargate", "load_balancers", "caches", "databases", "network")


@pytest.mark.parametrize("broken", PARTS)
def test_each_part_is_closed_although_another_one_fails(broken: str) -> None:
    closed: list[str] = []

    def close(name: str) -> None:
        closed.append(name)
        if name == broken:
            raise RuntimeError(name)

    local_aws = LocalAws.__new__(LocalAws)
    for name in PARTS:
        setattr(local_aws, name, SimpleNamespace(close=lambda name=name: close(name)))
    with pytest.raises(RuntimeError, match=broken):
        local_aws.close()
    assert closed == list(PARTS)


def test_load_balancers_whose_thread_has_ended_can_be_closed(
    local_aws: LocalAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LoadBalancers, "current", LoadBalancers.current)  # restores it
    balancers = LoadBalancers(tmp_path, local_aws.account, local_aws.network)
    balancers.close()
    balancers.close()
