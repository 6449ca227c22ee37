"""A stack in which the ID of a construct is its Terraform address."""

import jsii
from cdktf import TerraformElement, TerraformStack
from constructs import Node


class Stack(TerraformStack):
    """A stack in which a block's label is the last part of its construct's ID, such as `this` in `aws_vpc.this`."""

    @jsii.member(jsii_name="allocateLogicalId")
    def _allocate_logical_id(self, tf_element: TerraformElement | Node) -> str:
        node = tf_element.node if isinstance(tf_element, TerraformElement) else tf_element
        return node.id.rpartition(".")[2]
