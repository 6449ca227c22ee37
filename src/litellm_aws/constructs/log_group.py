"""A log group of CloudWatch Logs."""

from cdktf import TerraformCount
from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from constructs import Construct

from .input_variables import InputVariables
from .naming import Naming


def log_group(
    scope: Construct, name: str, *, path: str, inputs: InputVariables, naming: Naming, count: TerraformCount | None
) -> CloudwatchLogGroup:
    """Makes `aws_cloudwatch_log_group.<name>`, with the stack's retention and key.

    Args:
        path: name of the group in AWS.
        count: None makes one.
    """
    return CloudwatchLogGroup(
        scope,
        f"aws_cloudwatch_log_group.{name}",
        count=count,
        name=path,
        retention_in_days=inputs.log_retention_days.as_number,
        kms_key_id=naming.kms_key_arn.as_string,
        tags=naming.tags,
    )
