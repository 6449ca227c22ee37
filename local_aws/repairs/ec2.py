"""EC2: what AWS makes along with a resource, and deletes with it.

What AWS does is in https://docs.aws.amazon.com/vpc/latest/userguide/.
"""

from collections.abc import Callable

from moto.ec2.models import EC2Backend
from moto.ec2.models.nat_gateways import NatGateway
from moto.ec2.models.vpcs import VPC

from .wrapping import around


def delete_the_interface_of_a_nat_gateway() -> None:
    """On AWS a NAT gateway's network interface is deleted with it, and its address is free again.

    moto keeps both as they are.
    """

    @around(EC2Backend, "delete_nat_gateway")
    def with_interface(original: Callable[..., NatGateway], backend: EC2Backend, nat_gateway_id: str) -> NatGateway:
        gateway = original(backend, nat_gateway_id)
        for address in list(backend.addresses):
            if address.eni is gateway._eni and address.association_id:
                backend.disassociate_address(association_id=address.association_id)
        backend.enis.pop(gateway._eni.id, None)
        return gateway


def delete_the_default_network_acl_of_a_vpc() -> None:
    """On AWS a VPC's default network ACL is deleted with it.

    moto keeps it.
    """

    @around(EC2Backend, "delete_vpc")
    def with_acl(original: Callable[..., VPC], backend: EC2Backend, vpc_id: str) -> VPC:
        deleted = original(backend, vpc_id)
        for id_, acl in list(backend.network_acls.items()):
            if acl.vpc_id == vpc_id and acl.default:
                del backend.network_acls[id_]
        return deleted
