"""CloudWatch Logs: the KMS key of a log group.

AWS's behavior is documented in https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/.
"""

from moto.logs.exceptions import ResourceNotFoundException
from moto.logs.models import LogGroup
from moto.logs.responses import LogsResponse

from .patching import set_member


def change_the_key_of_a_log_group() -> None:
    """AssociateKmsKey and DisassociateKmsKey change the key of a log group. moto does not have them."""

    def group(response: LogsResponse) -> LogGroup:
        found: LogGroup | None = response.logs_backend.groups.get(response._get_param("logGroupName"))
        if found is None:
            raise ResourceNotFoundException()
        return found

    def associate(response: LogsResponse) -> str:
        group(response).kms_key_id = response._get_param("kmsKeyId")
        return ""

    def disassociate(response: LogsResponse) -> str:
        group(response).kms_key_id = None
        return ""

    set_member(LogsResponse, "associate_kms_key", associate)
    set_member(LogsResponse, "disassociate_kms_key", disassociate)
