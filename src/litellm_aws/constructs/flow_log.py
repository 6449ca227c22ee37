"""The flow log of the managed VPC."""

from cdktf_cdktf_provider_aws.flow_log import FlowLog as AwsFlowLog
from cdktf_cdktf_provider_aws.vpc import Vpc
from constructs import Construct

from .blocks import count_if, each, one
from .expressions import Expression, call, for_list, text
from .input_variables import InputVariables
from .log_group import log_group
from .naming import Naming
from .policy import Policy, document
from .role import Role


class FlowLog(Construct):
    """A flow log of all traffic in a VPC, its log group, and the role that writes to it."""

    def __init__(
        self, scope: Construct, id_: str, *, inputs: InputVariables, naming: Naming, vpc: Vpc, exists: Expression
    ) -> None:
        """Declares the flow log.

        Args:
            exists: whether there is one.
        """
        super().__init__(scope, id_)
        path = f"/vpc/{naming.stack}"
        group = log_group(self, "flow_logs", path=path, inputs=inputs, naming=naming, count=count_if(exists))
        # Lists, which are empty where there is no VPC.
        flow_logs = for_list(each(vpc, "arn"), lambda arn: call("replace", arn, "/:vpc/.*/", ":vpc-flow-log/*"))
        assumed_by_flow_logs = {
            "Action": ["sts:AssumeRole"],
            "Principal": {"Service": ["vpc-flow-logs.amazonaws.com"]},
            "Condition": {
                "StringEquals": {"aws:SourceAccount": each(vpc, "owner_id")},
                "ArnLike": {"aws:SourceArn": flow_logs},
            },
        }
        trust = document(self, "flow_logs_trust", [assumed_by_flow_logs])
        role = Role(self, "flow_logs", naming=naming, trust=trust, exists=exists)
        streams = for_list(each(group, "arn"), lambda arn: text(arn, ":*"))
        writing = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
        policy = Policy(
            self,
            "flow_logs",
            {"Action": writing, "Resource": streams},
            {"Action": ["logs:DescribeLogGroups"], "Resource": ["*"]},
            naming=naming,
            exists=exists,
        )
        AwsFlowLog(
            self,
            "aws_flow_log.this",
            count=count_if(exists),
            vpc_id=one(vpc, "id").as_string,
            traffic_type="ALL",
            log_destination=one(group, "arn").as_string,
            iam_role_arn=role.arn.as_string,
            tags=naming.tagged(),
            depends_on=[role.attach(policy, name="flow_logs")],
        )
