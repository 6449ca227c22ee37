"""A block has the address that its construct's ID says, and no other block has it."""

import json

import cdktf
import pytest
from constructs import Construct

from litellm_aws.constructs.blocks import local
from litellm_aws.stacks.stack import Stack


def test_a_label_is_the_end_of_an_id() -> None:
    stack = Stack(cdktf.Testing.app(), "stack")
    local(Construct(stack, "network"), "vpc_id", "vpc-1")
    assert json.loads(cdktf.Testing.synth(stack))["locals"] == {"vpc_id": "vpc-1"}


def test_two_blocks_of_one_address_are_an_error() -> None:
    stack = Stack(cdktf.Testing.app(), "stack")
    for name in ("network", "database"):
        local(Construct(stack, name), "vpc_id", name)
    with pytest.raises(RuntimeError, match=r"local\.vpc_id is declared by stack/network.* and by stack/database"):
        cdktf.Testing.synth(stack)
