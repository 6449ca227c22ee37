"""A role that deploys the module: what it applies, and what its requests need."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from litellm_aws.constructs.inputs import SPLIT_IMAGES
from litellm_aws.fleet.tenants_file import load_fleet
from litellm_aws.local_aws.account import ACCOUNT_ID, REGION
from litellm_aws.local_aws.iam.deployer_policy import Grant, document, documents, filled, grant_for, seldom_needed
from litellm_aws.local_aws.iam.policies import Document, Requirement
from litellm_aws.local_aws.images import Image
from litellm_aws.local_aws.server import LocalAws
from tests.local_aws.conftest import PROVIDER, Stack, opened
from tests.local_aws.test_hardened import hardened
from tests.plan.conftest import EXAMPLES, URLS

DEPLOYER, RUNNER = (f"arn:aws:iam::{ACCOUNT_ID}:role/{name}" for name in ("litellm-deployer", "terraform-runner"))
"""The role that the provider and the one-off tasks assume, and the one with which Terraform runs."""
STATES = "example-terraform-states"
STATE = "litellm/acme-prod/terraform.tfstate"
"""The key of all states here: each deployment leaves an empty one."""
LOGS = "example-logs"
SERVICES = ("gateway", "backend", "ui")
NO_TASKS = {f"{service}_desired_count": 0 for service in SERVICES} | {"wait_for_steady_state": False}
DESTROYABLE = {"deletion_protection": False}
Inputs = Mapping[str, Any]


RECORD = Path(__file__).with_name("deployer_record.json")
POLICIES = Path(__file__).parents[2] / "docs" / "deployer-policy"


@dataclass(frozen=True)
class Record:
    """What the requests of a deployer needed, in the plan of an applied stack and in all."""

    plan: frozenset[Grant]
    all: frozenset[Grant]

    @classmethod
    def read(cls, name: str) -> Record:
        """Returns a record of the repository: `everything` or `examples`."""
        found = json.loads(RECORD.read_text(encoding="utf-8"))[name]
        return cls(*(frozenset(map(Grant.from_line, found[part])) for part in ("plan", "all")))

    def __or__(self, other: Record) -> Record:
        return Record(self.plan | other.plan, self.all | other.all)

    def __sub__(self, other: Record) -> Record:
        return Record(self.plan - other.plan, self.all - other.all)

    @property
    def lines(self) -> dict[str, list[str]]:
        """The record as JSON."""
        return {part: sorted(grant.line for grant in getattr(self, part)) for part in ("plan", "all")}


def generated(record: Record) -> dict[Path, Document]:
    """Returns the policies for a record, by their files."""
    parts = documents(record.all | seldom_needed())
    whole = {**parts["network"], "Statement": [each for part in parts.values() for each in part["Statement"]]}
    files = {POLICIES / f"{name}.json": policy for name, policy in {**parts, "plan": document(record.plan)}.items()}
    return {**files, POLICIES.with_suffix(".json"): whole}


def written(name: str) -> Document:
    """Returns a policy of the repository with its placeholders filled in for the local AWS."""
    text = (POLICIES / f"{name}.json").read_text(encoding="utf-8")
    return dict(json.loads(filled(text, {"ACCOUNT": ACCOUNT_ID, "REGION": REGION, "STACK": "acme-litellm-"})))


def take(records: Mapping[str, Record]) -> None:
    """Writes records."""
    lines = {name: each.lines for name, each in records.items()}
    RECORD.write_text(json.dumps(lines, indent=1) + "\n", encoding="utf-8")


def prepared(local_aws: LocalAws) -> dict[str, Any]:
    """Creates what exists before a deployment, and returns the inputs that name it."""
    client = local_aws.account.client
    for role in (DEPLOYER, RUNNER):
        trust = {"Version": "2012-10-17", "Statement": []}
        client("iam").create_role(RoleName=role.rpartition("/")[2], AssumeRolePolicyDocument=json.dumps(trust))
    for bucket in (STATES, LOGS):
        client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    logging = {"Service": "logging.s3.amazonaws.com"}
    allowed = {"Effect": "Allow", "Principal": logging, "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{LOGS}/*"}
    client("s3").put_bucket_policy(Bucket=LOGS, Policy=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}))
    everything = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    boundary = client("iam").create_policy(PolicyName="boundary", PolicyDocument=json.dumps(everything))
    metrics = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "litellm"}
    acl = client("wafv2").create_web_acl(
        Name="litellm", Scope="REGIONAL", DefaultAction={"Allow": {}}, VisibilityConfig=metrics
    )
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.90.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.90.{index}.0/24", AvailabilityZone=f"{REGION}{'ab'[index % 2]}")
        for index in range(4)
    ]
    ids = [subnet["Subnet"]["SubnetId"] for subnet in subnets]
    group = ec2.create_security_group(GroupName="clients", Description="of the stores", VpcId=vpc)["GroupId"]
    return {
        "vpc_id": vpc,
        "public_subnet_ids": ids[:2],
        "private_subnet_ids": ids[2:],
        "additional_task_security_group_ids": [group],
        "route53_zone_id": client("route53")
        .create_hosted_zone(Name="example.com", CallerReference="1")["HostedZone"]["Id"]
        .rpartition("/")[2],
        "acm_certificate_arn": client("acm").request_certificate(DomainName="example.com")["CertificateArn"],
        "permissions_boundary_arn": boundary["Policy"]["Arn"],
        "web_acl_arn": acl["Summary"]["ARN"],
        "kms_key_arn": client("kms").create_key()["KeyMetadata"]["Arn"],
        "alarm_topic_arn": client("sns").create_topic(Name="pages")["TopicArn"],
        "access_logs_bucket": LOGS,
        "s3_access_logs_bucket": LOGS,
    }


def examples(existing: Inputs) -> Iterator[list[dict[str, Any]]]:
    """Yields the inputs of each tenant of the examples, with what exists here, and those to destroy it with."""
    for path in EXAMPLES:
        for tenant in load_fleet(path).tenants:
            inputs = tenant.inputs_set()
            inputs |= {key: value for key, value in existing.items() if inputs.get(key)}
            inputs |= NO_TASKS | (URLS if path.parent.name == "existing-network-and-stores" else {})
            yield [inputs, DESTROYABLE]


def everything(existing: Inputs) -> list[dict[str, Any]]:
    """Returns the inputs of a stack that gets all that the module has, and then loses what it can lose again."""
    first = {**NO_TASKS, "tenant": "acme", "env": "prod", "region": REGION, "azs": [f"{REGION}a", f"{REGION}b"]}
    first |= {"domain_name": "llm.example.com", "route53_zone_id": existing["route53_zone_id"]}
    first |= {"proxy_config": {"model_list": []}, "generate_salt_key": True}
    added = {name: value for name, value in existing.items() if name.endswith(("_arn", "_bucket"))}
    del added["acm_certificate_arn"]
    changed = {
        **{name: value for name, value in hardened().items() if name not in first},
        **added,
        "dashboard_enabled": True,
        "tags": {"team": "models"},
        "extra_gateway_paths": ["/extra/*"],
        "alb_idle_timeout_seconds": 300,
        "alb_ingress_cidrs": ["10.0.0.0/8"],
        "gateway_cpu": 2048,
        "gateway_drain_seconds": 60,
        "gateway_max_capacity": 5,
        "gateway_spot_percentage": 50,
        "gateway_cpu_target": 60,
        "gateway_metrics_port": 9464,
        "gateway_metrics_scrape_cidrs": ["10.0.0.0/8"],
        "ui_autoscaling_enabled": True,
        "db_instance_class": "db.r6g.xlarge",
        "redis_node_type": "cache.m7g.large",
        "redis_num_replicas": 2,
        "proxy_config": {"model_list": [], "litellm_settings": {}},
        "enable_bedrock_custom_model_import": True,
        "enable_execute_command": False,
        "bedrock_model_arns": ["arn:aws:bedrock:us-west-2::foundation-model/*"],
        **{name: image.replace("1.86.0-dev", "1.87.0") for name, image in SPLIT_IMAGES.items()},
    }
    # moto keeps the key of a secret that loses it.
    kept = {"tags", "kms_key_arn", "manage_master_user_password", "wait_for_steady_state"}
    # Without the input, Terraform would leave the access logs as they are.
    last = {name: None for name in changed if name not in {*kept, *first}} | {"access_logs_bucket": "", "tags": {}}
    last |= {"domain_name": None, "route53_zone_id": None, "acm_certificate_arn": existing["acm_certificate_arn"]}
    return [first, changed, {**last, **DESTROYABLE, "allow_data_loss": True, "s3_force_destroy": True}]


@contextmanager
def deploying(local_aws: LocalAws, module: Path, work: Path, cache: Path, inputs: Inputs) -> Iterator[Stack]:
    """The module, whose state is in a bucket, and whose provider assumes the deployer's role."""
    session = local_aws.account.assume(RUNNER, "terraform")
    credentials = {
        "AWS_ACCESS_KEY_ID": session.access_key_id,
        "AWS_SECRET_ACCESS_KEY": session.secret_access_key,
        "AWS_SESSION_TOKEN": session.session_token,
    }
    state = {"bucket": STATES, "key": STATE, "region": REGION, "use_path_style": True}
    provider = {**PROVIDER, "skip_credentials_validation": None, "assume_role": [{"role_arn": DEPLOYER}]}
    with opened(local_aws, work, cache, credentials) as terraform:
        backend = {"s3": {**state, "encrypt": True, "use_lockfile": True}}
        root = terraform.root(module, provider=provider, backend=backend)
        yield Stack(root, local_aws, {**inputs, "one_shot_assume_role_arn": DEPLOYER})


def deploy(
    stack: Stack,
    changes: Sequence[Inputs],
    policies: Sequence[Document] | None = None,
    plan_policies: Sequence[Document] | None = None,
) -> Record:
    """Applies inputs one after the other, plans and destroys, and returns what the deployer's requests needed.

    Args:
        stack: the stack.
        changes: the inputs that each apply changes; None removes one.
        policies: what the deployer may do; None allows everything.
        plan_policies: what it may do for a plan.
    """
    authorization = stack.aws.authorization
    stack.aws.fargate.images["registry.example.com/*"] = Image(entry_point=["/bin/true"])
    applied: list[Requirement] = []
    planned: list[Requirement] = []
    for inputs in changes:
        stack.inputs = {name: value for name, value in {**stack.inputs, **inputs}.items() if value is not None}
        with authorization.watching(DEPLOYER, policies) as watched:
            stack.apply()
        applied += watched.needed
        with authorization.watching(DEPLOYER, plan_policies) as watched:
            changed = stack.changes()
        planned += watched.needed
        assert changed == {}, changed
    with authorization.watching(DEPLOYER, policies) as watched:
        stack.root.destroy(stack.inputs)
    rds = stack.client("rds")
    for snapshot in rds.describe_db_cluster_snapshots()["DBClusterSnapshots"]:
        # Several examples have a tenant of this name.
        rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier=snapshot["DBClusterSnapshotIdentifier"])
    applied += [*planned, *watched.needed]
    plan, every = ({grant_for(each, stack.name) for each in found} for found in (planned, applied))
    return Record(frozenset(plan), frozenset(every))
