"""A stack in which the ID of a construct is its Terraform address."""

import jsii
from cdktf import TerraformElement, TerraformStack
from constructs import Construct, Node


class Stack(TerraformStack):
    """A stack in which a block's label is the last part of its construct's ID, such as `this` in `aws_vpc.this`."""

    def __init__(self, scope: Construct, name: str) -> None:
        super().__init__(scope, name)
        self._paths: dict[str, str] = {}

    @jsii.member(jsii_name="allocateLogicalId")
    def _allocate_logical_id(self, tf_element: TerraformElement | Node) -> str:
        node = tf_element.node if isinstance(tf_element, TerraformElement) else tf_element
        # CDKTF would merge two blocks of one address.
        if self._paths.setdefault(node.id, node.path) != node.path:
            raise ValueError(f"{node.id} is declared by {self._paths[node.id]} and by {node.path}")
        return node.id.rpartition(".")[2]
