"""Values on both sides of every rule: what `test_rules.py` checks at synth, and `test_rules_at_plan.py` at plan."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from litellm_aws.inputs import CROSS_RULES, declared_inputs
from litellm_aws.rules import CrossRule, Rule

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
        good: keep all rules, beside the defaults of the other inputs.
        bad: break this rule, and none that the input has before it.
        mistyped: break it at plan; before that, Python's stricter types refuse them in words of their own.
    """

    input: str
    words: str
    good: Sequence[Any]
    bad: Sequence[Any]
    mistyped: Sequence[Any] = ()

    @property
    def rule(self) -> Rule:
        [rule] = [rule for rule in declared_inputs()[self.input].rules if self.words in rule.says]
        return rule


@dataclass(frozen=True)
class CrossCases:
    """Values that keep, or break, one rule across two inputs, and each input's own rules."""

    inputs: tuple[str, str]
    good: Sequence[tuple[Any, Any]]
    bad: Sequence[tuple[Any, Any]]
    says: str
    """The beginning of the message."""

    @property
    def rule(self) -> CrossRule:
        [rule] = [rule for rule in CROSS_RULES if rule.inputs == self.inputs]
        return rule

    def values(self, pair: tuple[Any, Any]) -> dict[str, Any]:
        return dict(zip(self.inputs, pair, strict=True))


ACM = "arn:aws:acm:us-west-2:111122223333:certificate"
SECRET = "arn:aws:secretsmanager:us-west-2:111122223333:secret:otel-AbCdEf"

_NOT_EMPTY = ("region", "gateway_image", "backend_image", "ui_image", "migrations_image")
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

CASES: tuple[Cases, ...] = (
    *(Cases(name, "must not be empty", good=["x"], bad=["", " ", "\n"]) for name in _NOT_EMPTY),
    Cases("azs", "at least 2", good=[["a", "b"], ["a", "b", "c"]], bad=[[], ["a"], ["a", "a"], ["a", "b", "a"]]),
    Cases(
        "tenant",
        "1 to 21 lowercase letters",
        good=["a", "a1", "a" * 21],
        bad=["", "a" * 22, "1a", "-a", "Acme", "a_b", "a.b", "a b", "é", "acme\n"],
    ),
    Cases("tenant", "without a hyphen at its end", good=["a-b", "a-1-b"], bad=["a-", "a--b"]),
    Cases(
        "tenant",
        "internal or sg",
        good=["internals", "sg1", "an-internal-sg"],
        bad=["internal", "sg", "internal-1", "sg-a-b"],
    ),
    Cases(
        "tags",
        "at most 8 keys",
        good=[{}, {f"key{number}": "" for number in range(8)}],
        bad=[{f"key{number}": "" for number in range(9)}],
    ),
    Cases(
        "env",
        "1 to 9 lowercase letters",
        good=["d", "d1", "d" * 9],
        bad=["", "d" * 10, "1d", "-d", "Dev", "d_v", "d.v", "d v", "é", "dev\n"],
    ),
    Cases("env", "without a hyphen at its end", good=["d-e"], bad=["d-", "d--e"]),
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
        good=["", f"{ACM}/a-1", "arn:aws-us-gov:acm:us-gov-west-1:111122223333:certificate/A"],
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
            "each of which",
            good=[{}, *({"KEY": arn} for arn in (*_SECRETS, *_SECRET_FIELDS))],
            bad=[{"KEY": ""}, *({"GOOD": SECRET, "KEY": arn} for arn in _NOT_A_SECRET)],
        )
        for service in ("gateway", "backend")
    ),
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
    Cases("redis_num_replicas", "at least 0 and at most 5", good=[0, 5], bad=[-1, 6], mistyped=[1.5]),
    Cases(
        "proxy_config",
        "must be a map",
        good=[{}, {"model_list": [{"model_name": "a"}, {"rpm": 1}], "router_settings": {}}],
        bad=[],
        mistyped=["", "model_list", 5, True, [], [{"model_list": []}]],
    ),
    Cases("log_retention_days", "one of 0, 1, 3", good=_RETENTION, bad=[-1, 2, 31, 3654], mistyped=[30.5]),
    Cases("one_shot_timeout_minutes", "at least 1 and at most 240", good=[1, 240], bad=[0, 241], mistyped=[1.5]),
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
            says=f"{service}_extra_env and {service}_extra_secrets both set ${{x}}, A, B: "
            "remove it from one of them (ECS takes a name once in a container)",
        )
        for service in ("gateway", "backend")
    ),
    CrossCases(
        ("db_master_username", "db_username"),
        good=[("postgres", "postgres_"), ("litellm_app", "postgres")],
        bad=[("postgres", "postgres"), ("a", "a")],
        says="db_master_username and db_username must be different: the bootstrap would take",
    ),
)
