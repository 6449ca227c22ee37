"""CloudWatch Logs: the KMS key and the tags of a log group.

AWS's behavior is documented in https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/.
"""

from collections.abc import Callable

from moto.logs.exceptions import ResourceNotFoundException
from moto.logs.models import LogGroup, LogsBackend
from moto.logs.responses import LogsResponse

from .patching import patch_method, set_member


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


def delete_the_tags_of_a_log_group() -> None:
    """DeleteLogGroup deletes the group's tags. moto gives them to the next group of that name."""

    @patch_method(LogsBackend, "delete_log_group")
    def delete(original: Callable[[LogsBackend, str], None], backend: LogsBackend, log_group_name: str) -> None:
        group = backend.groups.get(log_group_name)
        original(backend, log_group_name)
        if group is not None:
            backend.tagger.delete_all_tags_for_resource(group.arn)
