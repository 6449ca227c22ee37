"""The addresses of the parts of a local AWS."""

from contextlib import closing

import pytest

from litellm_aws.local_aws.loopback_network import LoopbackNetwork


def test_each_address_is_returned_once() -> None:
    with closing(LoopbackNetwork()) as network:
        assert len({network.new_address() for _ in range(64_770)}) == 64_770
        with pytest.raises(OSError, match="all addresses of the network"):
            network.new_address()
