"""A role whose requests are checked gets the error of the service for what its policies do not allow."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from litellm_aws.local_aws.account import ACCOUNT_ID, REGION
from litellm_aws.local_aws.iam.authorization import Watched
from litellm_aws.local_aws.server import LocalAws

ROLE = f"arn:aws:iam::{ACCOUNT_ID}:role/checked"
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "ecs:*", "Resource": "*"},
        {"Effect": "Deny", "Action": "ecs:DeleteCluster", "Resource": f"arn:aws:ecs:*:{ACCOUNT_ID}:cluster/kept"},
        {
            "Effect": "Allow",
            "Action": ["ec2:CreateVpc", "ec2:CreateTags"],
            "Resource": f"arn:aws:ec2:*:{ACCOUNT_ID}:vpc/*",
            "Condition": {"StringEquals": {"aws:RequestTag/team": "models"}},
        },
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::*"},
    ],
}


@pytest.fixture(scope="module")
def session(local_aws: LocalAws) -> boto3.Session:
    assumed = local_aws.account.assume(ROLE, "test")
    return boto3.Session(assumed.access_key_id, assumed.secret_access_key, assumed.session_token, REGION)


@pytest.fixture
def watched(local_aws: LocalAws) -> Iterator[Watched]:
    with local_aws.authorization.watching(ROLE, [POLICY]) as watched:
        yield watched


TAGS = [{"ResourceType": "vpc", "Tags": [{"Key": "team", "Value": "models"}]}]


def test_what_is_allowed_passes(local_aws: LocalAws, session: boto3.Session, watched: Watched) -> None:
    session.client("sts", endpoint_url=local_aws.endpoint).get_caller_identity()
    session.client("ecs", endpoint_url=local_aws.endpoint).describe_clusters(clusters=["kept"])
    session.client("ec2", endpoint_url=local_aws.endpoint).create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=TAGS)
    assert [(each.action, each.resource) for each in watched.needed] == [
        ("ecs:DescribeClusters", f"arn:aws:ecs:{REGION}:{ACCOUNT_ID}:cluster/kept"),
        ("ec2:CreateVpc", f"arn:aws:ec2:{REGION}:{ACCOUNT_ID}:vpc/*"),
        ("ec2:CreateTags", f"arn:aws:ec2:{REGION}:{ACCOUNT_ID}:vpc/*"),
    ]
    assert watched.refused == []


@pytest.mark.parametrize(
    ("service", "call", "parameters", "code", "action"),
    [
        ("ecs", "delete_cluster", {"cluster": "kept"}, "AccessDeniedException", "ecs:DeleteCluster"),
        ("ec2", "create_vpc", {"CidrBlock": "10.0.0.0/16"}, "UnauthorizedOperation", "ec2:CreateVpc"),
        ("iam", "get_role", {"RoleName": "kept"}, "AccessDenied", "iam:GetRole"),
        ("route53", "get_hosted_zone", {"Id": "Z1"}, "AccessDenied", "route53:GetHostedZone"),
        ("s3", "put_object", {"Bucket": "kept", "Key": "a"}, "AccessDenied", "s3:PutObject"),
        # Without s3:ListBucket, S3 does not say that an object does not exist.
        ("s3", "get_object", {"Bucket": "kept", "Key": "a"}, "AccessDenied", "s3:ListBucket"),
    ],
)
def test_what_is_not_allowed_is_refused_as_the_service_does(
    local_aws: LocalAws,
    session: boto3.Session,
    watched: Watched,
    service: str,
    call: str,
    parameters: dict[str, Any],
    code: str,
    action: str,
) -> None:
    client = session.client(service, endpoint_url=local_aws.endpoint)
    with pytest.raises(ClientError) as caught:
        getattr(client, call)(**parameters)
    error = caught.value.response["Error"]
    assert error["Code"] == code
    assert (
        f"{ROLE.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/')}/test is not authorized"
        in error["Message"]
    )
    assert f"to perform: {action} on resource: arn:aws:" in error["Message"]
    assert [each.action for each in watched.refused] == [action]


def test_requests_of_others_pass(local_aws: LocalAws, watched: Watched) -> None:
    local_aws.account.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")
    assert watched.needed == []
