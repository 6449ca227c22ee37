"""EC2: resources that AWS creates and deletes together with another resource.

AWS's behavior is documented in https://docs.aws.amazon.com/vpc/latest/userguide/.
"""

from collections.abc import Callable

from moto.ec2.models import EC2Backend
from moto.ec2.models.nat_gateways import NatGateway
from moto.ec2.models.vpcs import VPC

from .patching import patch_method


def delete_nat_gateway_interfaces() -> None:
    """AWS deletes a NAT gateway's network interface together with the gateway, and disassociates its Elastic IP.

    moto keeps both.
    """

    @patch_method(EC2Backend, "delete_nat_gateway")
    def with_interface(original: Callable[..., NatGateway], backend: EC2Backend, nat_gateway_id: str) -> NatGateway:
        gateway = original(backend, nat_gateway_id)
        for address in list(backend.addresses):
            if address.eni is gateway._eni and address.association_id:
                backend.disassociate_address(association_id=address.association_id)
        backend.enis.pop(gateway._eni.id, None)
        return gateway


def delete_default_network_acls() -> None:
    """AWS deletes a VPC's default network ACL together with the VPC.

    moto keeps it.
    """

    @patch_method(EC2Backend, "delete_vpc")
    def with_acl(original: Callable[..., VPC], backend: EC2Backend, vpc_id: str) -> VPC:
        deleted = original(backend, vpc_id)
        for id_, acl in list(backend.network_acls.items()):
            if acl.vpc_id == vpc_id and acl.default:
                del backend.network_acls[id_]
        return deleted
