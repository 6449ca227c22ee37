"""Values on both sides of every rule: what `test_rules.py` checks at synth, and `test_rules_at_plan.py` at plan."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from litellm_aws.constructs.cross_rules import CrossRule, Refused
from litellm_aws.constructs.litellm import LITELLM
from litellm_aws.constructs.rules import Rule

BASE: Mapping[str, Any] = {
    "region": "us-west-2",
    "tenant": "acme",
    "env": "dev",
    "azs": ["us-west-2a", "us-west-2b"],
    "allow_plaintext_alb": True,
}
"""A tenant that keeps every rule, over which the values of a case are laid."""


@dataclass(frozen=True)
class Cases:
    """Values that keep, or break, one rule of one input.

    Attributes:
        words: words of the rule's message that no other rule of the input has.
        good: keep all rules, together with the defaults of the other inputs.
        bad: break this rule, and none that the input has before it.
        mistyped: break it at plan; before that, Python's stricter types refuse them in words of their own.
        others: values of other inputs, without which no value would keep the rules across inputs.
    """

    input: str
    words: str
    good: Sequence[Any]
    bad: Sequence[Any]
    mistyped: Sequence[Any] = ()
    others: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rule(self) -> Rule:
        [rule] = [rule for rule in LITELLM.inputs[self.input].rules if self.words in rule.says]
        return rule


@dataclass(frozen=True)
class CrossCases:
    """Values that keep, or break, one rule across inputs, and each input's own rules."""

    inputs: tuple[str, ...]
    good: Sequence[tuple[Any, ...]]
    bad: Sequence[tuple[Any, ...]]
    says: str
    """The beginning of the message."""
    others: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rule(self) -> CrossRule:
        [rule] = [
            rule
            for rule in LITELLM.rules
            if rule.inputs == self.inputs and (not isinstance(rule, Refused) or rule.says.startswith(self.says))
        ]
        return rule

    def values(self, group: tuple[Any, ...]) -> dict[str, Any]:
        return {**self.others, **dict(zip(self.inputs, group, strict=True))}


ACM = "arn:aws:acm:us-west-2:111122223333:certificate"
SECRET = "arn:aws:secretsmanager:us-west-2:111122223333:secret:otel-AbCdEf"
TOPIC = "arn:aws:sns:us-west-2:111122223333:pages"
WEB_ACL = "arn:aws:wafv2:us-west-2:111122223333:regional/webacl/litellm/0a1b2c3d-1234"

VPC: Mapping[str, Any] = {
    "vpc_id": "vpc-1",
    "public_subnet_ids": ["subnet-1", "subnet-2"],
    "private_subnet_ids": ["subnet-3", "subnet-4"],
}
"""An existing network."""
INSIDE: Mapping[str, Any] = {"alb_ingress_cidrs": ["10.0.0.0/8"]}
"""So that AWS is not asked for the ranges of an existing VPC."""
_ZONES = ["us-west-2a", "us-west-2b"]
_SUBNETS = ["subnet-1", "subnet-0a"]
_NO_RANGE = ("10.0.0.0", "10.0.0.1/8", "10.0.0.0/33", "::/0", "x", "", "010.0.0.0/8")
_BILLING_CERTIFICATE = ("billing_metrics_client_cert_pem", "billing_metrics_client_key_pem")
_BILLING_OAUTH = ("billing_metrics_client_id", "billing_metrics_client_secret", "billing_metrics_token_url")
_BEDROCK = "arn:aws:bedrock:us-west-2::foundation-model/"
_NOT_EMPTY = ("gateway_image", "backend_image", "ui_image", "migrations_image", "bootstrap_image")
_TASKS = tuple(
    f"{service}_{what}"
    for service in ("gateway", "backend", "ui")
    for what in ("desired_count", "min_capacity", "max_capacity")
)
_TARGETS = ("gateway_cpu_target", "gateway_memory_target", "backend_cpu_target", "ui_cpu_target")
_NOT_SQL = ("", "1a", "A", "a-b", "a b", "a.b", 'a"', "é", "a\n", "a" * 64)
_RETENTION = [0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545]
_RETENTION += [731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]
_NOT_AN_ARN = ("x", " ", "arn:aws:s3:::bucket")
_NOT_A_SECRET = (
    *_NOT_AN_ARN,
    "arn:aws:ssm:us-west-2:111122223333:parameter/otel",
    "arn:aws:secretsmanager:us-west-2:111122223333:secret:",
    "arn:aws:secretsmanager:us-west-2:11112222333:secret:otel",
    "arn:aws:secretsmanager::111122223333:secret:otel",
    f" {SECRET}",
    f"{SECRET}\n",
    f"{SECRET}:password",
    f"{SECRET}:password:AWSCURRENT",
    f"{SECRET}:password:AWSCURRENT::x",
)
_SECRET_FIELDS = (f"{SECRET}:password::", f"{SECRET}:password:AWSPREVIOUS:", f"{SECRET}:::v1", f"{SECRET}:::")
_SECRETS = (
    SECRET,
    "arn:aws-us-gov:secretsmanager:us-gov-west-1:111122223333:secret:otel",
    "arn:aws-cn:secretsmanager:cn-north-1:111122223333:secret:a/b_c+d=e.f@g!h-1",
)

_STACKS_OWN = [
    f"arn:aws:secretsmanager:us-west-2:111122223333:secret:{name}"
    for name in ("acme-litellm-dev-master-key-AbCdEf", "a-b-litellm-c-billing-metrics-ca-cert-AbCdEf")
] + ["arn:aws:secretsmanager:us-west-2:111122223333:secret:globex-litellm-prod-redis-url-AbCdEf"]
_KEY = "arn:aws:kms:us-west-2:111122223333:key/1234-ab"
_NAMED_SECRETS = (
    *(f"litellm_{name}_secret_arn" for name in ("master_key", "salt_key", "license")),
    *(f"{name}_secret_arn" for name in ("ui_password", "database_url", "redis_url")),
)
"""Inputs that name a secret, possibly with a field of it."""
_OTHERS: Mapping[str, Mapping[str, Any]] = {
    "database_url_secret_arn": {"create_database": False},
    "redis_url_secret_arn": {"create_redis": False},
    "image_registry_secret_arn": {"bootstrap_image": "registry.example.com/postgres"},
}
"""Without which these inputs break a rule across inputs."""

CASES: tuple[Cases, ...] = (
    Cases("region", "must not be empty", good=["x"], bad=["", " ", "\n"], others={"azs": ["xa", "xb"]}),
    *(Cases(name, "must not be empty", good=["x"], bad=["", " ", "\n"]) for name in _NOT_EMPTY),
    *(
        Cases(name, "duplicates", good=good, bad=bad, others=others)
        for name, good, bad, others in (
            ("azs", [_ZONES, [*_ZONES, "us-west-2c"]], [[_ZONES[0]] * 2, [*_ZONES, _ZONES[0]]], {}),
            ("public_subnet_ids", [_SUBNETS], [[*_SUBNETS, "subnet-1"]], VPC),
            ("private_subnet_ids", [_SUBNETS], [[*_SUBNETS, "subnet-1"]], VPC),
            ("additional_task_security_group_ids", [["sg-1", "sg-2"]], [["sg-1", "sg-1"]], {}),
            ("alb_ingress_prefix_list_ids", [["pl-1", "pl-2"]], [["pl-1", "pl-1"]], {}),
            ("alb_ingress_cidrs", [["10.0.0.0/9", "10.128.0.0/9"]], [["1.1.1.1/32"] * 2], {}),
            ("gateway_metrics_scrape_cidrs", [["10.0.0.0/8"]], [["1.1.1.1/32"] * 2], {"gateway_metrics_port": 1}),
            ("extra_gateway_paths", [["/a/*", "/b"]], [["/a/*", "/a/*"]], {}),
            ("bedrock_model_arns", [[f"{_BEDROCK}*"]], [[f"{_BEDROCK}*", f"{_BEDROCK}*"]], {}),
        )
    ),
    *(
        Cases(name, words, good=good, bad=bad, others=others)
        for name, words, good, bad, others in (
            ("public_subnet_ids", "a subnet ID", [_SUBNETS], [["subnet", "subnet-1"], ["x", "subnet-1"]], VPC),
            ("private_subnet_ids", "a subnet ID", [_SUBNETS], [["subnet-", "subnet-1"], ["subnet-x", "subnet-1"]], VPC),
            ("additional_task_security_group_ids", "a security group ID", [[], ["sg-1"]], [["x"], [""]], {}),
            ("alb_ingress_prefix_list_ids", "a managed prefix list ID", [[], ["pl-1"]], [["x"], [""]], {}),
            (
                "alb_ingress_cidrs",
                "an IPv4 CIDR block",
                [["10.0.0.0/8"], ["192.0.2.4/32", "0.0.0.0/1"]],
                [[each] for each in _NO_RANGE],
                {},
            ),
            (
                "gateway_metrics_scrape_cidrs",
                "an IPv4 CIDR block",
                [["10.0.0.0/8"]],
                [[each] for each in _NO_RANGE],
                {"gateway_metrics_port": 9090},
            ),
            (
                "extra_gateway_paths",
                "an ELB path pattern",
                [["/"], ["/a2a/*", "/x?y"], ["/*?*?*"]],
                [["a"], ["/" + "a" * 128], ["/é"], [""], ["/*?*?*?"]],
                {},
            ),
            (
                "bedrock_model_arns",
                "a Bedrock model",
                [[f"{_BEDROCK}anthropic.claude-v2"], ["arn:aws-us-gov:bedrock:us-gov-west-1:111122223333:a-b/c"]],
                [["*"], ["arn:aws:bedrock:us-west-2::*"], ["arn:aws:s3:::b/c"], [_BEDROCK]],
                {},
            ),
        )
    ),
    Cases("vpc_id", "a VPC ID", good=["vpc-0a1b"], bad=["vpc-", "vpc", "vpc-x", "VPC-1"], others=VPC),
    Cases(
        "domain_name",
        "a domain name",
        good=["a.example.com", "a-b.c.io"],
        bad=["example", "A.example.com", "a..com", "-a.com", "*.a.com", "https://a.com", "a.com."],
        others={"route53_zone_id": "Z1"},
    ),
    Cases(
        "route53_zone_id",
        "a Route 53 hosted zone",
        good=["Z0123ABC"],
        bad=["z1", "/hostedzone/Z1", "Z"],
        others={"domain_name": "a.example.com"},
    ),
    Cases(
        "web_acl_arn",
        "a regional web ACL",
        good=["", WEB_ACL],
        bad=[
            "x",
            WEB_ACL.replace("us-west-2", "us-east-1").replace("regional", "global"),
            WEB_ACL.rpartition("/")[0],
            "arn:aws:waf-regional:us-west-2:111122223333:webacl/0a1b",
        ],
    ),
    Cases(
        "access_logs_bucket",
        "the name of a bucket",
        good=[None, "", "abc", "my.logs-1", "a" * 63],
        bad=["ab", "a" * 64, "My-logs", "s3://my-logs", "my-logs/alb", "my-logs-", "arn:aws:s3:::my-logs"],
    ),
    Cases(
        "permissions_boundary_arn",
        "an IAM policy",
        good=["", "arn:aws:iam::111122223333:policy/a/b-c", "arn:aws-cn:iam::aws:policy/PowerUserAccess"],
        bad=["x", "arn:aws:iam::111122223333:role/a", "arn:aws:iam::1:policy/a", "arn:aws:iam::111122223333:policy/"],
    ),
    Cases(
        "alarm_topic_arn",
        "the ARN of a standard SNS topic",
        good=["", TOPIC, TOPIC.replace("pages", "Pages_1-a")],
        bad=[
            "x",
            f"{TOPIC}.fifo",
            f"{TOPIC}:0a1b2c3d-1234",
            TOPIC.replace(":sns:", ":sqs:"),
            TOPIC.replace("1111", ""),
        ],
    ),
    *(
        Cases(name, f"from {least} to {most}" if most else f"at least {least}", good=good, bad=bad, mistyped=[1.5])
        for name, least, most, good, bad in (
            ("alb_idle_timeout_seconds", 1, 4000, [1, 4000], [0, 4001]),
            ("alarm_gateway_latency_seconds", 1, 4000, [None, 1, 4000], [0, 4001]),
            ("gateway_spot_percentage", 0, 100, [0, 1, 100], [-1, 101]),
            ("gateway_drain_seconds", 2, 120, [2, 120], [1, 121]),
            ("gateway_pool_max_db_connections", 1, None, [1, 5000], [0]),
            ("gateway_pool_max_client_conn", 1, None, [1, 5000], [0]),
            ("gateway_metrics_port", 1, 65535, [None, 1, 65535], [0, 65536]),
            ("collector_port", 1024, 65535, [1024, 65535], [1023, 65536]),
            ("collector_cpu", 1, None, [1, 1024], [0]),
            ("collector_memory", 6, None, [6, 4096], [5]),
            ("collector_buffer_size", 1, None, [1, 100000], [0]),
            ("collector_drain_timeout_seconds", 0, 110, [0, 110], [-1, 111]),
            ("sse_keepalive_ping_interval_seconds", 1, 300, [None, 1, 300], [0, 301]),
            ("anthropic_sse_ping_interval_seconds", 1, 300, [None, 1, 300], [0, 301]),
            ("health_check_grace_period_seconds", 0, 2147483647, [0, 600], [-1, 2147483648]),
        )
    ),
    *(
        Cases(name, f"must not be {port},", good=[port + 10], bad=[port])
        for name, port in (
            ("gateway_metrics_port", 4000),
            ("collector_port", 4000),
        )
    ),
    Cases("gateway_target_requests_per_second", "a number of at least 0", good=[0, 0.5, 100], bad=[-1, -0.5]),
    Cases(
        "gateway_target_tokens_per_second",
        "a number of at least 0",
        good=[0, 0.5, 100],
        bad=[-1],
        others={"gateway_tokens_metric": {"namespace": "LiteLLM"}},
    ),
    Cases("collector_on_unavailable", "one of fallback, drop", good=["fallback", "drop"], bad=["", "fail"]),
    Cases("cpu_architecture", "one of X86_64, ARM64", good=["X86_64", "ARM64"], bad=["", "arm64"]),
    Cases(
        "one_shot_assume_role_arn",
        "an IAM role",
        good=["", "arn:aws:iam::111122223333:role/a/b-c", "arn:aws-cn:iam::111122223333:role/a"],
        bad=["x", "arn:aws:iam::111122223333:user/a", "arn:aws:iam::1:role/a"],
    ),
    Cases(
        "image_registry_secret_arn",
        "Secrets Manager secret",
        good=["", *_SECRETS],
        bad=[*_NOT_A_SECRET, *_SECRET_FIELDS],
        others=_OTHERS["image_registry_secret_arn"],
    ),
    Cases(
        "image_registry_kms_key_arn",
        "a KMS key",
        good=["", "arn:aws:kms:us-west-2:111122223333:key/1234-ab"],
        bad=["x", "alias/a", "arn:aws:kms:us-west-2:111122223333:alias/a"],
        others={"image_registry_secret_arn": SECRET, "bootstrap_image": "registry.example.com/postgres"},
    ),
    Cases(
        "tenant",
        "1 to 21 lowercase letters",
        good=["a", "a1", "a" * 21],
        bad=["", "a" * 22, "1a", "-a", "Acme", "a_b", "a.b", "a b", "é", "acme\n"],
    ),
    Cases("tenant", "ends with a hyphen", good=["a-b", "a-1-b"], bad=["a-", "a--b"]),
    Cases(
        "tenant",
        "internal or sg",
        good=["internals", "sg1", "an-internal-sg"],
        bad=["internal", "sg", "internal-1", "sg-a-b"],
    ),
    Cases(
        "tags",
        "at most 48 elements",
        good=[{}, {f"key{number}": "" for number in range(48)}],
        bad=[{f"key{number}": "" for number in range(49)}],
    ),
    Cases(
        "extra_gateway_paths",
        "at most 80 elements",
        good=[[f"/{number}" for number in range(80)]],
        bad=[[f"/{number}" for number in range(81)]],
    ),
    Cases("image", "the name of an image", good=["", "x/litellm:1.110.2"], bad=[" "]),
    Cases(
        "litellm_version",
        "a whole tag of ghcr.io/berriai/litellm",
        good=["", "v1.110.2", "1.110.2", "v1.86.0-dev", "1.110.0.rc.1", "main-stable"],
        bad=[
            "1",
            "1.110",
            "1.86.0+x",
            "v1.110:2",
            "litellm:v1.110.2",
            "ghcr.io/berriai/litellm",
            " ",
            "v1.110.2\n",
            "-x",
        ],
        mistyped=[1.104],
    ),
    Cases(
        "env",
        "1 to 9 lowercase letters",
        good=["d", "d1", "d" * 9],
        bad=["", "d" * 10, "1d", "-d", "Dev", "d_v", "d.v", "d v", "é", "dev\n"],
    ),
    Cases(
        "snapshot_identifier",
        "Aurora cluster snapshot",
        good=[
            "",
            "acme-litellm-prod-final-0a1b2c3d",
            "rds:acme-litellm-prod-2026-01-31-07-10",
            "arn:aws:rds:us-west-2:111122223333:cluster-snapshot:rds:acme",
        ],
        bad=["1a", "a_b", " a", "arn:aws:rds:us-west-2:111122223333:snapshot:acme", "a\n"],
    ),
    Cases("env", "ends with a hyphen", good=["d-e"], bad=["d-", "d--e"]),
    Cases(
        "litellm_master_key",
        "starts with sk-",
        good=["", "sk-", "sk-1234"],
        bad=["sk", "SK-1234", " sk-1234", "pk-1234", "sk-1234\n"],
    ),
    Cases(
        "vpc_cidr",
        "IPv4 CIDR block",
        good=["10.40.0.0/16", "10.40.128.0/17", "10.40.192.0/18", "172.16.32.0/19", "192.168.240.0/20"],
        bad=[
            *("10.40.0.0/15", "10.40.0.0/21", "10.40.0.1/16", "10.40.0.0/0"),
            *("10.40.0.0", "10.40.0.0/", "/16", "10.40/16", "10.40.0.0/16/16", "10.40.0.0/16 ", "10.40.0.0/16\n"),
            *("010.40.0.0/16", "10.40.0.0/016", "10.40.0.0/+16", "10.40.0.0/16.0", "10.40.0.0/255.255.0.0"),
            *("256.0.0.0/16", "2001::/16", "::/16", "::ffff:10.40.0.0/16", "garbage", ""),
        ],
    ),
    Cases(
        "acm_certificate_arn",
        "ACM certificate",
        good=["", f"{ACM}/a-1"],
        bad=[
            *_NOT_AN_ARN,
            "arn:aws:iam::111122223333:server-certificate/a",
            f"{ACM}/",
            f"{ACM}/a/b",
            f" {ACM}/a",
            f"{ACM}/a\n",
            "arn:aws:acm::111122223333:certificate/a",
            "arn:aws:acm:us-west-2:11112222333:certificate/a",
            "arn:aws:acm:us-west-2:1111222233334:certificate/a",
        ],
    ),
    Cases(
        "acm_certificate_arn",
        "ACM certificate",
        good=["arn:aws-us-gov:acm:us-gov-west-1:111122223333:certificate/A"],
        bad=[],
        others={"region": "us-gov-west-1", "azs": ["us-gov-west-1a", "us-gov-west-1b"]},
    ),
    *(
        Cases(f"{service}_cpu", "at least 256", good=good, bad=[255, 0, -256], mistyped=[1024.5])
        for service, good in (("gateway", [512, 2048]), ("backend", [512, 2048]), ("ui", [256]))
    ),
    *(
        Cases(f"{service}_memory", "at least 512", good=good, bad=[511, 0, -512], mistyped=[4096.5])
        for service, good in (("gateway", [2048, 8192]), ("backend", [2048, 8192]), ("ui", [512, 2048]))
    ),
    *(Cases(name, "at least 0", good=[0, 1], bad=[-1], mistyped=[1.5]) for name in _TASKS if "max" not in name),
    *(Cases(name, "at least 0", good=[1, 1000], bad=[-1], mistyped=[1.5]) for name in _TASKS if "max" in name),
    Cases("gateway_num_workers", "at least 1", good=[1, 2], bad=[0, -1], mistyped=[1.5]),
    *(Cases(name, "from 0 to 100", good=[0, 70.5, 100], bad=[-0.5, 100.5, -1, 101]) for name in _TARGETS),
    *(
        Cases(
            f"{service}_extra_secrets",
            "a secret ARN",
            good=[{}, *({"KEY": arn} for arn in (*_SECRETS, *_SECRET_FIELDS))],
            bad=[{"KEY": ""}, *({"GOOD": SECRET, "KEY": arn} for arn in _NOT_A_SECRET)],
        )
        for service in ("gateway", "backend")
    ),
    *(
        Cases(
            name, "a secret ARN", good=["", *_SECRETS, *_SECRET_FIELDS], bad=_NOT_A_SECRET, others=_OTHERS.get(name, {})
        )
        for name in _NAMED_SECRETS
    ),
    Cases("kms_key_arn", "a KMS key", good=["", _KEY], bad=["x", "alias/a"]),
    Cases("db_log_statement", "one of none, ddl", good=["none", "ddl", "mod", "all"], bad=["", "on", "DDL"]),
    Cases("db_monitoring_interval_seconds", "one of 0, 1, 5", good=[0, 1, 60], bad=[-1, 2, 61]),
    Cases("db_log_min_duration_ms", "at least -1", good=[-1, 0, 5000], bad=[-2], mistyped=[0.5]),
    Cases("s3_noncurrent_version_days", "at least 0", good=[0, 1, 365], bad=[-1], mistyped=[0.5]),
    Cases(
        "s3_access_logs_bucket",
        "the name of a bucket",
        good=["", "my-logs", "a.b"],
        bad=["x", "My-logs", "s3://my-logs"],
    ),
    Cases("secret_recovery_window_days", "one of 0, 7", good=[0, 7, 30], bad=[-1, 1, 6, 31]),
    Cases("secrets_kms_key_arns", "the ARN of a KMS key", good=[[], [_KEY]], bad=[["x"], [_KEY, "alias/a"]]),
    Cases("secrets_kms_key_arns", "duplicates", good=[[_KEY, _KEY + "2"]], bad=[[_KEY, _KEY]]),
    *(Cases(name, "must not be empty", good=["x"], bad=[""]) for name in ("db_instance_class", "redis_node_type")),
    Cases(
        "db_engine_version",
        "a version of Aurora PostgreSQL",
        good=["16", "16.4", "17.0.1"],
        bad=["", "16.", ".4", "v16", "16.x", "latest", " 16", "16\n"],
    ),
    Cases("db_name", "SQL identifier", good=["a", "_", "a_1", "a" * 63], bad=_NOT_SQL),
    Cases("db_master_username", "SQL identifier", good=["a", "_", "a_1", "a" * 63], bad=_NOT_SQL),
    Cases("db_username", "SQL identifier", good=["a", "_", "a_1", "a" * 63], bad=_NOT_SQL),
    *(
        Cases(name, "starts with pg_", good=["pg", "pgx", "a_pg_"], bad=["pg_", "pg_monitor"])
        for name in ("db_master_username", "db_username")
    ),
    Cases(
        "db_serverless_min_capacity",
        "from 0 to 256 in steps of 0.5",
        good=[0, 0.5, 2, 256],
        bad=[-0.5, 0.25, 1.2, 256.5],
        others={"db_serverless_max_capacity": 256},
    ),
    Cases(
        "db_serverless_max_capacity",
        "from 1 to 256 in steps of 0.5",
        good=[1, 1.5, 256],
        bad=[0, 0.5, 1.75, 257],
        others={"db_serverless_min_capacity": 0.5},
    ),
    Cases("redis_engine", "one of redis, valkey", good=["redis", "valkey"], bad=["", "Redis", "memcached"]),
    Cases("redis_num_replicas", "from 0 to 5", good=[0, 5], bad=[-1, 6], mistyped=[1.5]),
    Cases(
        "proxy_config",
        "must be a map",
        good=[{}, {"model_list": [{"model_name": "a"}, {"rpm": 1}], "router_settings": {}}],
        bad=[],
        mistyped=["", "model_list", 5, True, [], [{"model_list": []}]],
    ),
    Cases("log_retention_days", "one of 0, 1, 3", good=_RETENTION, bad=[-1, 2, 31, 3654], mistyped=[30.5]),
    Cases("steady_state_timeout_minutes", "at least 1", good=[1, 2000], bad=[0, -1], mistyped=[1.5]),
    Cases("one_shot_timeout_minutes", "from 1 to 240", good=[1, 240], bad=[0, 241], mistyped=[1.5]),
    Cases(
        "otel_exporter",
        "one of otlp_http, otlp_grpc, console",
        good=["otlp_http", "otlp_grpc", "console"],
        bad=["", "otlp", "OTLP_HTTP"],
    ),
    Cases(
        "otel_capture_message_content",
        "one of no_content, prompt_and_completion",
        good=["no_content", "prompt_and_completion"],
        bad=["", "true", "prompt"],
    ),
    Cases(
        "otel_headers_secret_arn",
        "Secrets Manager secret",
        good=["", *_SECRETS],
        bad=[*_NOT_A_SECRET, *_SECRET_FIELDS],
    ),
)

_FARGATE_ENDS = {
    256: (512, 2048),
    512: (1024, 4096),
    1024: (2048, 8192),
    2048: (4096, 16384),
    4096: (8192, 30720),
    8192: (16384, 61440),
    16384: (32768, 122880),
}
_FARGATE_STEPS = {256: 1024, 512: 1024, 1024: 1024, 2048: 1024, 4096: 1024, 8192: 4096, 16384: 8192}

CROSS_CASES: tuple[CrossCases, ...] = (
    *(
        CrossCases(
            (f"{service}_cpu", f"{service}_memory"),
            good=[
                (256, 1024),
                (1024, 5120),
                (8192, 20480),
                (16384, 40960),
                *((cpu, memory) for cpu, ends in _FARGATE_ENDS.items() for memory in ends),
            ],
            bad=[
                *((256, 1536), (512, 1536), (8192, 17408), (16384, 36864)),
                *((257, 512), (1000, 4096), (32768, 122880)),
                *((cpu, least - 512) for cpu, (least, _) in _FARGATE_ENDS.items() if least > 512),
                *((cpu, most + _FARGATE_STEPS[cpu]) for cpu, (_, most) in _FARGATE_ENDS.items()),
            ],
            says=f"{service}_cpu and {service}_memory must be a pair that Fargate offers: 256 with 512, 1024, 2048; ",
        )
        for service in ("gateway", "backend", "ui")
    ),
    *(
        CrossCases(
            (f"{service}_min_capacity", f"{service}_max_capacity"),
            good=[(0, 0), (3, 3), (3, 4)],
            bad=[(1, 0), (4, 3), (100, 99)],
            says=f"{service}_min_capacity must not be above {service}_max_capacity: lower the one or raise the other",
        )
        for service in ("gateway", "backend", "ui")
    ),
    *(
        CrossCases(
            (f"{service}_extra_env", f"{service}_extra_secrets"),
            good=[({"A": "1"}, {"B": SECRET}), ({"A": "1"}, {"a": SECRET})],
            bad=[({"B": "1", "A": "", "C": "3", "${x}": ""}, {"A": SECRET, "B": SECRET, "D": SECRET, "${x}": SECRET})],
            says=f"{service}_extra_env and {service}_extra_secrets both set ${{x}}, A, B: remove one of the two",
        )
        for service in ("gateway", "backend")
    ),
    CrossCases(
        ("db_master_username", "db_username"),
        good=[("postgres", "postgres_"), ("litellm_app", "postgres")],
        bad=[("postgres", "postgres"), ("a", "a")],
        says="db_master_username and db_username must be different: the bootstrap would disable",
    ),
    CrossCases(
        ("db_engine_version", "db_serverless_min_capacity"),
        good=[("16.3", 0), ("16", 0), ("13.15", 0), ("15.10.1", 0), ("17.4", 0), ("16.2", 0.5)],
        bad=[("16.2", 0), ("15.6", 0), ("14.11", 0), ("13.9.1", 0), ("12", 0), ("9.6", 0)],
        says="db_serverless_min_capacity = 0 needs Aurora PostgreSQL 13.15, 14.12, 15.7, 16.3 or later",
        others={"db_serverless_max_capacity": 1},
    ),
    CrossCases(
        ("db_instance_class", "db_serverless_min_capacity"),
        good=[("db.r6g.large", None), ("db.t4g.medium", None)],
        bad=[("db.serverless", None)],
        says="db_instance_class = db.serverless needs a capacity: set db_serverless_min_capacity and",
    ),
    *(
        CrossCases(
            ("db_serverless_min_capacity", "db_serverless_max_capacity"),
            good=[(None, None), (0.5, 1), (4, 4)],
            bad=bad,
            says=says,
        )
        for bad, says in (
            ([(None, 1)], "db_serverless_max_capacity needs db_serverless_min_capacity: set both"),
            ([(1, None), (0, None)], "db_serverless_min_capacity needs db_serverless_max_capacity: set both"),
            ([(4.5, 4), (256, 1)], "db_serverless_min_capacity must not be above db_serverless_max_capacity"),
        )
    ),
    CrossCases(
        ("vpc_id", "azs"),
        good=[("", _ZONES)],
        bad=[("", []), ("", ["us-west-2a"])],
        says="azs must name at least two availability zones",
    ),
    CrossCases(
        ("vpc_id", "region", "azs"),
        good=[("", "us-west-2", ["us-west-2a", "us-west-2-lax-1a"]), ("", "eu-west-1", ["eu-west-1a", "eu-west-1b"])],
        bad=[("", "eu-west-1", _ZONES), ("", "us-west-2", ["us-west-2a", "us-west-1a"])],
        says="azs must be zones of the stack's region",
    ),
    CrossCases(
        ("vpc_id", "region", "azs"),
        good=[("vpc-1", "eu-west-1", _ZONES), ("vpc-1", "eu-west-1", [])],
        bad=[],
        says="azs must be zones of the stack's region",
        others={name: subnets for name, subnets in VPC.items() if name != "vpc_id"},
    ),
    CrossCases(
        ("vpc_id", "private_subnet_ids"),
        good=[("vpc-1", ["subnet-3", "subnet-4"])],
        bad=[("vpc-1", [])],
        says="private_subnet_ids is required with vpc_id",
        others={"public_subnet_ids": ["subnet-1", "subnet-2"]},
    ),
    *(
        CrossCases(
            ("vpc_id", name),
            good=[("", [])],
            bad=[("", ["subnet-3", "subnet-4"])],
            says=f"{name} must be subnets of an existing VPC",
        )
        for name in ("private_subnet_ids", "public_subnet_ids")
    ),
    CrossCases(
        ("vpc_id", "alb_internal", "public_subnet_ids"),
        good=[("vpc-1", True, []), ("vpc-1", False, ["subnet-1", "subnet-2"])],
        bad=[("vpc-1", False, []), ("vpc-1", False, ["subnet-1"])],
        says="public_subnet_ids must name at least two subnets of vpc_id",
        others={"private_subnet_ids": ["subnet-3", "subnet-4"], **INSIDE},
    ),
    CrossCases(
        ("vpc_id", "alb_internal", "private_subnet_ids"),
        good=[("vpc-1", True, ["subnet-3", "subnet-4"])],
        bad=[("vpc-1", True, ["subnet-3"])],
        says="private_subnet_ids must name at least two subnets of vpc_id, as the internal",
        others=INSIDE,
    ),
    CrossCases(
        ("vpc_id", "alb_internal", "tasks_in_public_subnets", "public_subnet_ids"),
        good=[("vpc-1", True, True, ["subnet-1"]), ("vpc-1", True, False, [])],
        bad=[("vpc-1", True, True, [])],
        says="public_subnet_ids must name the subnets of vpc_id for tasks_in_public_subnets",
        others={"private_subnet_ids": ["subnet-3", "subnet-4"], "create_database": False, **INSIDE},
    ),
    CrossCases(
        ("vpc_id", "alb_internal", "create_database", "private_subnet_ids"),
        good=[("vpc-1", False, True, ["subnet-3", "subnet-4"]), ("vpc-1", False, False, ["subnet-3"])],
        bad=[("vpc-1", False, True, ["subnet-3"])],
        says="private_subnet_ids must name at least two subnets of vpc_id, as the managed Aurora",
        others={"public_subnet_ids": ["subnet-1", "subnet-2"], "create_redis": False},
    ),
    CrossCases(
        ("vpc_id", "alb_internal", "create_database", "create_redis", "private_subnet_ids"),
        good=[("vpc-1", False, False, False, ["subnet-3"])],
        bad=[("vpc-1", False, False, True, ["subnet-3"])],
        says="private_subnet_ids must name at least two subnets of vpc_id, as the managed Redis",
        others={"public_subnet_ids": ["subnet-1", "subnet-2"]},
    ),
    CrossCases(
        ("tasks_in_public_subnets", "create_database"),
        good=[(True, False), (False, True)],
        bad=[(True, True)],
        says="create_database and tasks_in_public_subnets cannot be used together",
    ),
    *(
        CrossCases(
            ("tasks_in_public_subnets", name),
            good=[(True, ""), (False, url)],
            bad=[(True, url)],
            says=f"{name} and tasks_in_public_subnets cannot be used together",
            others={"create_database": False},
        )
        for name, url in (("database_url", "postgresql://h"), ("database_url_secret_arn", SECRET))
    ),
    *(
        CrossCases(
            (f"create_{store}", f"{store}_url{kind}"),
            good=[(True, ""), (False, ""), (False, url)],
            bad=[(True, url)],
            says=f"{store}_url{kind} is an existing ",
        )
        for store in ("database", "redis")
        for kind, url in (("", "x://h"), ("_secret_arn", SECRET))
    ),
    *(
        CrossCases(
            (name, f"{name}_secret_arn"),
            good=[("", ""), ("sk-1", ""), ("", SECRET)],
            bad=[("sk-1", SECRET)],
            says=f"{name}_secret_arn and {name} cannot be used together",
            others=_OTHERS.get(f"{name}_secret_arn", {}),
        )
        for name in ("litellm_master_key", "litellm_license", "ui_password", "database_url", "redis_url")
    ),
    *(
        CrossCases(
            (name,),
            good=[("",), (SECRET,)],
            bad=[(arn,) for arn in _STACKS_OWN],
            says=f"{name} has the name of a secret that this module makes for a stack",
            others=_OTHERS.get(name, {}),
        )
        for name in (*_NAMED_SECRETS, "otel_headers_secret_arn", "image_registry_secret_arn")
    ),
    *(
        CrossCases(
            (f"{service}_extra_secrets",),
            good=[({"KEY": SECRET},), ({},)],
            bad=[({"GOOD": SECRET, "KEY": arn},) for arn in _STACKS_OWN],
            says=f"{service}_extra_secrets has the name of a secret that this module makes for a stack",
        )
        for service in ("gateway", "backend")
    ),
    CrossCases(
        ("read_only_root_filesystem", "enable_execute_command"),
        good=[(True, False), (False, True)],
        bad=[(True, True)],
        says="enable_execute_command and read_only_root_filesystem cannot be used together",
    ),
    CrossCases(
        ("generate_salt_key", "litellm_salt_key_secret_arn"),
        good=[(True, ""), (False, ""), (False, SECRET)],
        bad=[(True, SECRET)],
        says="litellm_salt_key_secret_arn is a salt key",
    ),
    *(
        CrossCases(
            (one, f"{component}_image"),
            good=[("", "x/y:latest"), (value, f"ghcr.io/berriai/litellm-{component}:v1.86.0-dev")],
            bad=[(value, "x/y:latest")],
            says=f"{one} and {component}_image cannot be used together",
        )
        for one, value in (("image", "x/litellm:1.110.2"), ("litellm_version", "v1.110.2"))
        for component in ("gateway", "backend", "ui", "migrations")
    ),
    CrossCases(
        ("image", "litellm_version"),
        good=[("x/litellm:1.110.2", ""), ("", "v1.110.2"), ("", "")],
        bad=[("x/litellm:1.110.2", "v1.110.2")],
        says="image and litellm_version cannot be used together",
    ),
    CrossCases(
        ("gateway_image", "backend_image", "ui_image", "migrations_image"),
        good=[
            ("x/g:v1.90.0-dev", "x/b:1.90.0", "x:5000/u:ui-1.90.0", "x/m@sha256:" + "1" * 64),
            ("x/g:v1.90.0", "x/b:latest", "x/u", "localhost:5000/m"),
        ],
        bad=[("x/g:v1.90.0", "x/b:v1.91.0", "x/u:v1.90.0", "x/m")],
        says="gateway_image and the other images must have one version of LiteLLM, but backend_image has 1.91.0, "
        "gateway_image has 1.90.0",
    ),
    CrossCases(
        ("create_database", "snapshot_identifier"),
        good=[(True, "final"), (True, ""), (False, "")],
        bad=[(False, "final")],
        says="snapshot_identifier restores the managed database, and there is none",
    ),
    CrossCases(
        ("gateway_connection_pool_enabled", "create_database", "database_url", "database_url_secret_arn"),
        good=[(True, False, "x://h", ""), (True, False, "", SECRET), (True, True, "", ""), (False, False, "", "")],
        bad=[(True, False, "", "")],
        says="gateway_connection_pool_enabled needs a database, and there is none",
    ),
    CrossCases(
        ("gateway_metrics_port", "gateway_metrics_scrape_cidrs"),
        good=[(None, []), (9090, ["10.0.0.0/8"])],
        bad=[(None, ["10.0.0.0/8"])],
        says="gateway_metrics_scrape_cidrs needs gateway_metrics_port",
    ),
    CrossCases(
        ("gateway_target_tokens_per_second", "gateway_tokens_metric"),
        good=[(0, None), (5, {"namespace": "LiteLLM"})],
        bad=[(5, None)],
        says="gateway_target_tokens_per_second needs gateway_tokens_metric",
    ),
    *(
        CrossCases(
            ("collector_enabled", f"collector_{part}", f"gateway_{part}"),
            good=[(True, size - 1, size), (False, size, size)],
            bad=[(True, size, size), (True, size + 1, size)],
            says=f"collector_{part} must be less than gateway_{part}",
        )
        for part, size in (("cpu", 1024), ("memory", 4096))
    ),
    CrossCases(
        ("collector_enabled", "collector_port", "gateway_metrics_port"),
        good=[(True, 4010, None), (True, 4010, 4011), (False, 4010, 4010)],
        bad=[(True, 4010, 4010)],
        says="collector_port and gateway_metrics_port are ports of one task",
    ),
    CrossCases(
        ("image_registry_secret_arn", "create_database", "bootstrap_image"),
        good=[(SECRET, True, "registry.example.com/postgres"), (SECRET, False, "postgres:16-alpine")],
        bad=[(SECRET, True, "postgres:16-alpine")],
        says="bootstrap_image is Docker Hub's",
    ),
    CrossCases(
        ("image_registry_kms_key_arn", "image_registry_secret_arn"),
        good=[("", ""), ("", SECRET), ("arn:aws:kms:us-west-2:111122223333:key/1", SECRET)],
        bad=[("arn:aws:kms:us-west-2:111122223333:key/1", "")],
        says="image_registry_kms_key_arn requires image_registry_secret_arn",
        others={"bootstrap_image": "registry.example.com/postgres"},
    ),
    CrossCases(
        ("billing_metrics_endpoint", *_BILLING_CERTIFICATE, *_BILLING_OAUTH),
        good=[
            ("https://b", "x", "x", "", "", ""),
            ("https://b", "", "", "x", "x", "x"),
            ("https://b", "x", "x", "x", "x", "x"),
            ("", "", "", "", "", ""),
        ],
        bad=[("https://b", "", "", "", "", "")],
        says="billing_metrics_endpoint needs a client",
    ),
    *(
        CrossCases(
            ("billing_metrics_endpoint", *sorted((given, missing), key=names.index)),
            good=[("", "x", ""), ("", "", "x"), ("https://b", "x", "x")],
            bad=[("https://b", *(("x", "") if names.index(given) < names.index(missing) else ("", "x")))],
            says=f"{given} needs {missing}",
            others=dict.fromkeys(set(names) - {given, missing}, "x"),
        )
        for names in (_BILLING_CERTIFICATE, _BILLING_OAUTH)
        for given, missing in zip(names, (*names[1:], names[0]), strict=True)
    ),
    *(
        CrossCases(
            ("vpc_id", name),
            good=[("vpc-1", not refused)],
            bad=[("vpc-1", refused)],
            says=f"{name} applies to the managed VPC",
            others={name: subnets for name, subnets in VPC.items() if name != "vpc_id"},
        )
        for name, refused in (
            ("nat_gateway_per_az", True),
            ("map_public_ip_on_launch", False),
            ("restrict_default_security_group", True),
            ("flow_logs_enabled", True),
        )
    ),
    CrossCases(
        ("acm_certificate_arn", "allow_plaintext_alb", "domain_name", "alb_http_redirect"),
        good=[("", True, "", True), ("", False, "", False), (f"{ACM}/1", True, "", False)],
        bad=[("", True, "", False)],
        says="alb_http_redirect = false closes port 80",
    ),
    CrossCases(
        ("region", "kms_key_arn"),
        good=[("us-west-2", ""), ("us-west-2", _KEY)],
        bad=[("us-west-2", _KEY.replace("us-west-2", "eu-west-1"))],
        says="kms_key_arn must be in the stack's region",
    ),
    CrossCases(
        ("region", "web_acl_arn"),
        good=[("us-west-2", ""), ("us-west-2", WEB_ACL)],
        bad=[("us-west-2", WEB_ACL.replace("us-west-2", "eu-west-1"))],
        says="web_acl_arn must be a web ACL of the stack's region",
    ),
    CrossCases(
        ("region", "alarm_topic_arn"),
        good=[("us-west-2", ""), ("us-west-2", TOPIC)],
        bad=[("us-west-2", TOPIC.replace("us-west-2", "eu-west-1"))],
        says="alarm_topic_arn must be in the stack's region",
    ),
    CrossCases(
        ("tasks_in_public_subnets", "nat_gateway_per_az"),
        good=[(True, False), (False, True)],
        bad=[(True, True)],
        says="nat_gateway_per_az and tasks_in_public_subnets cannot be used together",
        others={"create_database": False},
    ),
    CrossCases(
        ("domain_name", "route53_zone_id"),
        good=[("", ""), ("a.example.com", "Z1")],
        bad=[("a.example.com", "")],
        says="domain_name needs route53_zone_id",
    ),
    CrossCases(
        ("domain_name", "route53_zone_id"),
        good=[("", "")],
        bad=[("", "Z1")],
        says="route53_zone_id needs domain_name",
    ),
    CrossCases(
        ("domain_name", "acm_certificate_arn"),
        good=[("a.example.com", "")],
        bad=[("a.example.com", f"{ACM}/1")],
        says="acm_certificate_arn and domain_name cannot be used together",
        others={"route53_zone_id": "Z1"},
    ),
    CrossCases(
        ("region", "acm_certificate_arn"),
        good=[("us-west-2", ""), ("us-west-2", f"{ACM}/1")],
        bad=[("us-west-2", f"{ACM}/1".replace("us-west-2", "us-east-1"))],
        says="acm_certificate_arn must be in the stack's region",
    ),
    CrossCases(
        ("acm_certificate_arn", "domain_name", "allow_plaintext_alb"),
        good=[(f"{ACM}/1", "", False), ("", "", True), (f"{ACM}/1", "", True)],
        bad=[("", "", False)],
        says="Without TLS, keys and prompts would travel in plain text",
    ),
    *(
        CrossCases(
            (*where, "env", "production", flag, "allow_data_loss"),
            good=[
                (*yes, "prod", False, True, False),
                (*yes, "dev", None, True, False),
                (*yes, "prod", None, True, True),
            ],
            bad=[(*yes, "prod", None, True, False), (*yes, "dev", True, True, False)],
            says="In production, a destroy would delete",
        )
        for flag, where, yes in (("skip_final_snapshot", ("create_database",), (True,)), ("s3_force_destroy", (), ()))
    ),
    CrossCases(
        ("alb_ingress_cidrs", "alb_ingress_prefix_list_ids"),
        good=[([], ["pl-1"]), (["10.0.0.0/8"], [])],
        bad=[([], [])],
        says="alb_ingress_cidrs and alb_ingress_prefix_list_ids are both empty",
    ),
)
