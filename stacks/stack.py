"""A stack whose constructs have their addresses as ids."""

import jsii
from cdktf import TerraformElement, TerraformStack
from constructs import Node


class Stack(TerraformStack):
    """A stack in which a block's label is the end of its construct's id, such as `this` of `aws_vpc.this`."""

    @jsii.member(jsii_name="allocateLogicalId")
    def _allocate_logical_id(self, tf_element: TerraformElement | Node) -> str:
        node = tf_element.node if isinstance(tf_element, TerraformElement) else tf_element
        return node.id.rpartition(".")[2]
