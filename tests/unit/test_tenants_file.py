"""What a tenants file means, and the messages for mistakes in it."""

import os
import time
from pathlib import Path

import pytest

from litellm_aws.fleet.problems import BadInputError
from litellm_aws.fleet.tenant import TenantSettings
from litellm_aws.fleet.tenants_file import load_fleet

PROJECT = Path(__file__).parents[2]
FILE = Path("tenants.yaml")
TENANT = """\
tenants:
  - tenant: acme
    <<: {env: prod, allow_plaintext_alb: true}
    region: us-west-2
    azs: [us-west-2a, us-west-2b]
"""
"""A tenant with the required inputs only. The tests add lines from line 6 on, and may set allow_plaintext_alb, too."""

DEFAULTS = "defaults: {region: us-west-2, azs: [us-west-2a, us-west-2b], allow_plaintext_alb: true}\n"
"""One line, with which a tenant needs no more than `tenant` and `env`."""

SECRET = "arn:aws:secretsmanager:us-west-2:111122223333:secret:openai"
ROLE = "arn:aws:iam::111122223333:role/deployer"
API_KEY = "sk-proj-0123456789abcdefghij"
SHAPE = "a tenants file has `tenants`, a list of maps, and may have `defaults`, `profiles` and `include`"
FARGATE = (
    "gateway_cpu and gateway_memory must be a pair that Fargate offers: 256 with 512, 1024, 2048; "
    "512 with 1024 to 4096 in steps of 1024; 1024 with 2048 to 8192 in steps of 1024; "
    "2048 with 4096 to 16384 in steps of 1024; 4096 with 8192 to 30720 in steps of 1024; "
    "8192 with 16384 to 61440 in steps of 4096; 16384 with 32768 to 122880 in steps of 8192"
)
CIDR = (
    "vpc_cidr must be an IPv4 CIDR block from /16 to /20, such as 10.40.0.0/16, written with its first address "
    "(its subnets are 8 bits narrower, and AWS has none below /28)"
)
HYPHEN = "must not be a name that ends with a hyphen or contains two in a row: RDS and ElastiCache reject such names"
TENANT_SLUG = "tenant must be 1 to 21 lowercase letters, digits and hyphens, a letter first"
ENV_SLUG = (
    "env must be 1 to 9 lowercase letters, digits and hyphens, a letter first, as AWS limits the names made from it: "
    "prod, not production"
)
SECRET_ARN = "the ARN of a Secrets Manager secret, arn:aws:secretsmanager:<region>:<account>:secret:<name>"
MANAGER = "in plain text: put it into Secrets Manager"
REFERENCE = "its ARN into gateway_extra_secrets and backend_extra_secrets, and os.environ/<NAME> here"
CREDENTIALS = "is unknown here, and a secret: use profile, assume_role or AWS's environment variables"
LOOK = "look at the indentation, quotes, brackets and colons here and just above"
TO_BOOL = "in quotes, or true or false"
TO_INT = "in quotes, or a decimal number without leading zeros"
NO_VALUE = "has no value: give it one, or remove the line"
TLS = (
    "Without TLS, keys and prompts would travel in plain text: set acm_certificate_arn or domain_name or, for a "
    "short-lived trial, allow_plaintext_alb = true"
)
MISSING = "is missing: set it here, or under defaults"
OUTSIDE = "is outside of the folder of tenants.yaml: move it there, and give its path from that folder"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tenants file's folder, which is the working directory too, so that messages name just the file."""
    folder = tmp_path / "fleet"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def load(document: str | bytes) -> list[TenantSettings]:
    FILE.write_bytes(document if isinstance(document, bytes) else document.encode())
    return load_fleet(FILE).tenants


def refusal(document: str | bytes) -> list[str]:
    """Returns the messages for a file with mistakes."""
    with pytest.raises(BadInputError) as raised:
        load(document)
    return [str(problem) for problem in raised.value.problems]


def with_lines(*lines: str) -> str:
    """Returns a file whose one tenant has more lines, from line 6 on."""
    return TENANT + "".join(f"    {line}\n" for line in lines)


# What is right


def test_a_fleet_may_be_empty() -> None:
    assert load("tenants: []\n") == []


def test_a_byte_order_mark_and_windows_line_ends_are_accepted() -> None:
    [tenant] = load(TENANT.replace("\n", "\r\n").encode("utf-8-sig"))
    assert tenant.label == "acme-prod"


def test_only_what_is_set_is_an_input_of_the_module() -> None:
    [tenant] = load(with_lines("gateway_cpu: 1024", "backend: {local: {}}", "provider: {profile: a}"))
    assert tenant.inputs_set() == {
        "region": "us-west-2",
        "tenant": "acme",
        "env": "prod",
        "azs": ["us-west-2a", "us-west-2b"],
        "allow_plaintext_alb": True,
        "gateway_cpu": 1024,
    }


def test_a_tenant_inherits_the_defaults_maps_deeply_and_lists_as_a_whole() -> None:
    [inherits, overrides] = load("""\
defaults:
  region: us-west-2
  azs: [us-west-2a, us-west-2b]
  allow_plaintext_alb: true
  tags: {team: platform, tier: gold}
  gateway_cpu: 2048
  proxy_config: {model_list: [{model_name: a}], router_settings: {num_retries: 1, timeout: 5}}
  provider: {profile: fleet, default_tags: {owner: ops}}
tenants:
  - {tenant: acme, env: prod}
  - tenant: globex
    env: dev
    azs: [us-west-2c, us-west-2d]
    tags: {tier: trial}
    gateway_cpu: 1024
    proxy_config: {model_list: [{model_name: b}], router_settings: {timeout: 9}}
    provider: {default_tags: {cost: x}}
""")
    assert inherits.inputs_set() == {
        "region": "us-west-2",
        "tenant": "acme",
        "env": "prod",
        "azs": ["us-west-2a", "us-west-2b"],
        "tags": {"team": "platform", "tier": "gold"},
        "allow_plaintext_alb": True,
        "gateway_cpu": 2048,
        "proxy_config": {
            "model_list": [{"model_name": "a"}],
            "router_settings": {"num_retries": 1, "timeout": 5},
        },
    }
    assert overrides.inputs_set() == {
        "region": "us-west-2",
        "tenant": "globex",
        "env": "dev",
        "azs": ["us-west-2c", "us-west-2d"],
        "tags": {"team": "platform", "tier": "trial"},
        "allow_plaintext_alb": True,
        "gateway_cpu": 1024,
        "proxy_config": {
            "model_list": [{"model_name": "b"}],
            "router_settings": {"num_retries": 1, "timeout": 9},
        },
    }
    assert overrides.provider.given() == {"profile": "fleet", "default_tags": {"owner": "ops", "cost": "x"}}


@pytest.mark.parametrize(
    ("below", "above", "expected"),
    [
        ("s3: {bucket: a, region: us-west-2}", "local: {path: x}", {"local": {"path": "x"}}),
        ("s3: {bucket: a, region: us-west-2}", "cloud: {organization: o}", {"cloud": {"organization": "o"}}),
        (
            "s3: {bucket: a, region: us-west-2}",
            "s3: {bucket: b, encrypt: false}",
            {"s3": {"bucket": "b", "region": "us-west-2", "use_lockfile": True, "encrypt": False}},
        ),
    ],
)
def test_a_backend_merges_with_its_own_kind_and_replaces_another(
    below: str, above: str, expected: dict[str, object]
) -> None:
    [tenant] = load(f"defaults:\n  backend: {{{below}}}\n{with_lines(f'backend: {{{above}}}')}")
    assert tenant.backend.given() == expected


def test_anchors_aliases_and_merge_keys_work() -> None:
    tenants = load("""\
defaults: &base {region: us-west-2, azs: &azs [us-west-2a, us-west-2b], allow_plaintext_alb: true}
tenants:
  - &first {<<: *base, tenant: acme, env: prod, tags: &tags {a: "1"}}
  - {<<: [{env: dev}, *first], tags: {<<: *tags, b: "2"}, azs: *azs}
""")
    assert [tenant.label for tenant in tenants] == ["acme-prod", "acme-dev"]
    assert [tenant.tags for tenant in tenants] == [{"a": "1"}, {"a": "1", "b": "2"}]
    assert [tenant.azs for tenant in tenants] == [["us-west-2a", "us-west-2b"]] * 2


def test_a_proxy_config_may_stand_in_a_file_of_its_own(folder: Path) -> None:
    (folder / "config").mkdir()
    Path("config/acme.yaml").write_text(
        "general_settings: {master_key: os.environ/LITELLM_MASTER_KEY}\nstart: 2026-01-01\n"
    )
    [tenant] = load(with_lines("proxy_config_file: config/acme.yaml"))
    assert tenant.inputs_set()["proxy_config"] == {
        "general_settings": {"master_key": "os.environ/LITELLM_MASTER_KEY"},
        "start": "2026-01-01",
    }


def test_a_proxy_config_merges_over_the_file_of_the_defaults() -> None:
    Path("all.yaml").write_text("a: {b: 1, c: 2}\n")
    [tenant] = load(f"defaults: {{proxy_config_file: all.yaml}}\n{with_lines('proxy_config: {a: {c: 3}}')}")
    assert tenant.proxy_config == {"a": {"b": 1, "c": 3}}


def test_a_proxy_config_file_is_read_as_litellm_reads_it() -> None:
    Path("config.yaml").write_text("a: NO\nb: 0755\n")
    [tenant] = load(with_lines("proxy_config_file: config.yaml"))
    assert tenant.proxy_config == {"a": False, "b": 0o755}


def test_a_state_has_a_name_of_its_own_unless_it_is_given() -> None:
    [default] = load(TENANT)
    assert default.state_file == "terraform.acme-prod.tfstate"
    assert default.state_key == "litellm/acme-prod/terraform.tfstate"
    assert default.workspace == "litellm-acme-prod"
    [local] = load(with_lines("backend: {local: {path: states/a}}"))
    assert local.state_file == "states/a"
    [s3] = load(with_lines("backend: {s3: {bucket: b, region: us-west-2, key: k}}"))
    assert s3.state_key == "k"
    [cloud] = load(with_lines("backend: {cloud: {organization: o, workspace: w}}"))
    assert cloud.workspace == "w"


def test_what_only_looks_like_a_secret_is_accepted() -> None:
    config = (
        "{api_key: os.environ/REDIS_URL, api_base: 'https://example.com:8443/v1', model: openai/sk-short, password: ''}"
    )
    [tenant] = load(
        with_lines(
            f"proxy_config: {config}", 'gateway_extra_env: {OPENAI_API_KEY: os.environ/REDIS_URL, NO_PASSWORD: "true"}'
        )
    )
    assert tenant.proxy_config["api_key"] == tenant.gateway_extra_env["OPENAI_API_KEY"] == "os.environ/REDIS_URL"


def test_the_defaults_of_an_empty_fleet_are_checked() -> None:
    assert load("defaults: {region: us-west-2, provider: {profile: p}}\ntenants: []\n") == []
    assert refusal("defaults:\n  regio: us-west-2\n  ui_cpu: x\n  provider: {profil: p}\ntenants: []\n") == [
        "tenants.yaml:2: defaults: regio is unknown here: did you mean region?",
        'tenants.yaml:3: defaults: ui_cpu must be a whole number, not the string "x"',
        "tenants.yaml:4: defaults: provider.profil is unknown here: did you mean profile?",
    ]


def test_a_region_duration_or_key_that_terraform_takes_is_accepted() -> None:
    role = f"assume_role: {{role_arn: {ROLE!r}, duration: 1h30m0.5s, session_name: ci}}"
    for region, more in (("us-gov-west-1", ""), ("auto", ", skip_region_validation: true")):
        lines = (f"provider: {{{role}}}", f"backend: {{s3: {{bucket: b, region: {region}, key: a/b.c{more}}}}}")
        assert load(with_lines(*lines))


def test_a_tenants_region_must_be_one() -> None:
    assert refusal(TENANT.replace("region: us-west-2", "region: uswest2")) == [
        "tenants.yaml:4: tenant acme-prod: region must be an AWS region, such as us-west-2"
    ]


# What is wrong with a whole file

BROKEN_FILES: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", f"1: is empty: {SHAPE}"),
    "only comments": ("# Nothing\n# yet\n", f"1: is empty: {SHAPE}"),
    "a list": ("- tenant: acme\n", f"1: must be a map: {SHAPE}"),
    "a text": ("\n\nacme\n", f"3: must be a map: {SHAPE}"),
    "a tagged text": ("!!python/object:os.system x\n", f"1: must be a map: {SHAPE}"),
    "no tenants": ("defaults: {}\n", f"1: tenants must be a list, one map for each tenant: {SHAPE}"),
    "tenants without a value": (
        "# x\ntenants:\n",
        f"2: tenants must be a list, one map for each tenant: {SHAPE}",
    ),
    "tenants a map": (
        "defaults: {}\ntenants:\n  acme: {}\n",
        f"2: tenants must be a list, one map for each tenant: {SHAPE}",
    ),
    "defaults a list": ("defaults:\n  - a\ntenants: []\n", "1: defaults must be a map of inputs"),
    "defaults without a value": ("tenants: []\ndefaults:\n", f"2: defaults {NO_VALUE}"),
    "unknown section": ("tenants: []\ndefault: {}\n", "2: default is unknown here: did you mean defaults?"),
    "far from any section": ("x-anchors: {}\ntenants: []\n", "1: x-anchors is unknown here: remove it"),
    "section twice": ("tenants: []\n\ntenants: []\n", "3: tenants is set twice, first on line 1: remove one"),
    "number as a key": (
        "tenants: []\n1: x\n",
        '2: the entry has the key 1, which YAML does not read as a string: write "1"',
    ),
    "map as a key": ("tenants: []\n{a: b}: x\n", "2: the entry has a list or a map as a key: a key must be a string"),
    "merge of a text": ("tenants: []\n<<: x\n", "2: << takes a map, or a list of maps"),
    "two documents": (
        "tenants: []\n---\ntenants: []\n",
        "2: contains a second YAML document: remove the line `---` and what follows",
    ),
    "tab before a key": ("tenants:\n  - tenant: acme\n\tenv: x\n", "3: is indented with a tab: use spaces"),
    "tab before a dash": ("tenants:\n\t- tenant: acme\n", "2: is indented with a tab: use spaces"),
    "bracket left open": ("tenants: [", f"1: is not YAML: did not find expected node content: {LOOK}"),
    "quote left open": (
        "tenants:\n  - tenant: 'acme\n    env: prod\n",
        f"2: is not YAML: found unexpected end of stream: {LOOK}",
    ),
    "colon in a plain text": (
        "tenants:\n  - tenant: acme: b\n",
        f"2: is not YAML: mapping values are not allowed in this context: {LOOK}",
    ),
    "alias of nothing": ("tenants: *all\n", f"1: is not YAML: found undefined alias: {LOOK}"),
    "not UTF-8": (b"tenants: [\xff]\n", "1: is not UTF-8 text: save it as UTF-8"),
    "UTF-16": ("tenants: []\n".encode("utf-16"), "1: is not UTF-8 text: save it as UTF-8"),
    "alias in itself": (
        "tenants: &a\n  - x: *a\n",
        "1: is nested too deeply, or an alias contains itself: write the values out",
    ),
    "control character": ("# é\ntenants: [\x07]\n", r"2: contains the control character '\x07': remove it"),
}


@pytest.mark.parametrize(("document", "said"), BROKEN_FILES.values(), ids=BROKEN_FILES)
def test_a_broken_file_is_refused_with_the_line_and_what_to_do(document: str | bytes, said: str) -> None:
    assert refusal(document) == [f"tenants.yaml:{said}"]


def test_a_mistake_in_a_section_that_is_set_twice_is_refused() -> None:
    assert refusal("tenants: [{1: x}]\ntenants: []\n") == [
        'tenants.yaml:1: tenants[0] has the key 1, which YAML does not read as a string: write "1"',
        "tenants.yaml:2: tenants is set twice, first on line 1: remove one",
    ]


def test_a_missing_file_is_refused() -> None:
    with pytest.raises(BadInputError) as raised:
        load_fleet(Path("tenant.yaml"))
    assert [str(problem) for problem in raised.value.problems] == [
        "tenant.yaml:1: there is no such file: check the path"
    ]


def test_a_folder_in_place_of_the_file_is_refused(folder: Path) -> None:
    with pytest.raises(BadInputError) as raised:
        load_fleet(folder)
    assert [str(problem) for problem in raised.value.problems] == [
        f"{folder}:1: cannot be read: Is a directory: check the path"
    ]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read every file")
def test_an_unreadable_file_is_refused() -> None:
    FILE.write_text(TENANT)
    FILE.chmod(0)
    with pytest.raises(BadInputError, match="1 problem") as raised:
        load_fleet(FILE)
    assert str(raised.value.problems[0]).startswith("tenants.yaml:1: cannot be read: Permission denied")


# What is wrong with a tenant

MISTAKES: dict[str, tuple[str, str]] = {
    # Names
    "unknown input": ("gateway_cpus: 1", "gateway_cpus is unknown here: did you mean gateway_cpu?"),
    "unlike any input": ("colour: red", "colour is unknown here: remove it"),
    "other case": ("Vpc_CIDR: 10.40.0.0/16", "Vpc_CIDR is unknown here: did you mean vpc_cidr?"),
    "misspelt secret": (
        f"litellm_master_kay: {API_KEY}",
        "litellm_master_kay is unknown here: did you mean litellm_master_key_secret_arn?",
    ),
    "section in a tenant": ("defaults: {}", "defaults is unknown here: remove it"),
    "unknown provider option": ("provider: {profil: x}", "provider.profil is unknown here: did you mean profile?"),
    "unknown role option": (
        f"provider: {{assume_role: {{role_arn: {ROLE!r}, sesion_name: y}}}}",
        "provider.assume_role.sesion_name is unknown here: did you mean session_name?",
    ),
    "host with a scheme": (
        "backend: {cloud: {organization: o, hostname: 'https://tfe.example.com/'}}",
        "backend.cloud.hostname must be a host, such as tfe.example.com",
    ),
    "organization of two words": (
        "backend: {cloud: {organization: a b}}",
        "backend.cloud.organization must be a name of letters, digits, hyphens and underscores",
    ),
    "unknown wave": ("wave: canary", "wave must be one of dev, stage, prod"),
    "workspace of another stack": (
        "backend: {cloud: {organization: o, workspace: litellm-workspaces}}",
        "backend.cloud.workspace must not be the workspace of the stack that creates the workspaces",
    ),
    "unknown S3 option": (
        "backend: {s3: {bucket: b, region: us-west-2, lock_file: true}}",
        "backend.s3.lock_file is unknown here: did you mean use_lockfile?",
    ),
    "unknown S3 option unlike any": (
        "backend: {s3: {bucket: b, region: us-west-2, dynamodb_table: t}}",
        "backend.s3.dynamodb_table is unknown here: remove it",
    ),
    "unknown key of a metric": (
        "gateway_tokens_metric: {namespace: a, nam: b}",
        "gateway_tokens_metric.nam is unknown here: did you mean name?",
    ),
    "unknown backend": ("backend: {gcs: {}}", "backend.gcs is unknown here: remove it"),
    "unknown S3 endpoint": (
        "backend: {s3: {bucket: b, region: us-west-2, endpoints: {s33: x}}}",
        "backend.s3.endpoints.s33 is unknown here: did you mean s3?",
    ),
    "unknown service": (
        "provider: {endpoints: {elastiche: x, s4: y, nope123: z}}",
        "provider.endpoints has unknown AWS services: "
        "elastiche (did you mean elasticache?), nope123 (remove it), s4 (remove it)",
    ),
    "provider option without a value": ("provider: {profile: }", f"provider.profile {NO_VALUE}"),
    "backend option without a value": (
        "backend: {s3: {bucket: b, region: us-west-2, key: }}",
        f"backend.s3.key {NO_VALUE}",
    ),
    "missing option": ("backend: {s3: {bucket: b}}", "backend.s3.region is missing: set it"),
    "region that is none": (
        "backend: {s3: {bucket: b, region: west}}",
        "backend.s3 has no AWS region, such as us-west-2: correct `region`, or set skip_region_validation to true",
    ),
    "region of the provider that is none": (
        "provider: {region: us west 2}",
        "provider.region must be an AWS region, such as us-west-2",
    ),
    **{
        f"state at {key[:9]}": (
            f"backend: {{s3: {{bucket: b, region: us-west-2, key: {key}}}}}",
            "backend.s3.key must not start or end with a slash, or contain two in a row",
        )
        for key in ("/a", "a/", "a//b")
    },
    "long key": (
        f"backend: {{s3: {{bucket: b, region: us-west-2, key: {'k' * 1025}}}}}",
        "backend.s3.key must have at most 1024 bytes: S3 has no longer keys",
    ),
    **{
        f"role {arn}": (
            f"{where.format(f'{{role_arn: {arn!r}}}')}",
            f"{name}.assume_role.role_arn must be the ARN of an IAM role, arn:aws:iam::<account>:role/<name>",
        )
        for arn, where, name in (
            ("deployer", "provider: {{assume_role: {}}}", "provider"),
            (
                "arn:aws:iam::1:role/x",
                "backend: {{s3: {{bucket: b, region: us-west-2, assume_role: {}}}}}",
                "backend.s3",
            ),
        )
    },
    **{
        f"session of {duration}": (
            f"provider: {{assume_role: {{role_arn: {ROLE!r}, duration: {duration!r}}}}}",
            "provider.assume_role.duration must be a duration from 15m to 12h, such as 1h30m",
        )
        for duration in ("1 hour", "3600", "14m59s", "12h1s", "")
    },
    "name of a session": (
        f"provider: {{assume_role: {{role_arn: {ROLE!r}, session_name: a b}}}}",
        "provider.assume_role.session_name must be 2 to 64 letters, digits and characters of _+=,.@-",
    ),
    "two backends": (
        "backend: {local: {}, s3: {bucket: b, region: us-west-2}}",
        "backend must name one of local, s3, cloud",
    ),
    "no backend": ("backend: {}", "backend must name one of local, s3, cloud"),
    "input twice": ("region: us-east-1", "region is set twice, first on line 4: remove one"),
    "nested key twice": ("tags: {a: x, b: y, a: z}", "tags.a is set twice, first on line 6: remove one"),
    # Types
    "text for a number": ("gateway_cpu: one", 'gateway_cpu must be a whole number, not the string "one"'),
    "quoted number": (
        'gateway_cpu: "1024"',
        'gateway_cpu must be a whole number, not the string "1024": remove the quotes',
    ),
    "quoted percentage": (
        'gateway_cpu_target: "70"',
        'gateway_cpu_target must be a number, not the string "70": remove the quotes',
    ),
    "fraction for a whole number": ("gateway_cpu: 1024.5", "gateway_cpu must be a whole number, not 1024.5"),
    "bool for a number": ("gateway_cpu: true", "gateway_cpu must be a whole number, not true"),
    "list for a number": ("gateway_cpu: [1024]", "gateway_cpu must be a whole number, not a list"),
    "number for a text": ("db_engine_version: 16.4", 'db_engine_version must be a string: write "16.4" in quotes'),
    "list for a text": ("ui_image: [a]", "ui_image must be a string, not a list"),
    "text for a bool": (
        "allow_plaintext_alb: ja",
        'allow_plaintext_alb must be true or false, not the string "ja"',
    ),
    "quoted bool": (
        'allow_plaintext_alb: "true"',
        'allow_plaintext_alb must be true or false, not the string "true": remove the quotes',
    ),
    "number for a bool": ("allow_plaintext_alb: 1", "allow_plaintext_alb must be true or false, not 1"),
    "list for a map": ("tags: [a]", "tags must be a map, not a list"),
    "text for a map": ("tags: a=b", 'tags must be a map, not the string "a=b"'),
    "text for a list": (
        "provider: {allowed_account_ids: x}",
        'provider.allowed_account_ids must be a list, not the string "x"',
    ),
    "map for a list": ("provider: {allowed_account_ids: {}}", "provider.allowed_account_ids must be a list, not a map"),
    "number in a list": (
        "provider: {allowed_account_ids: [111122223333]}",
        'provider.allowed_account_ids[0] must be a string: write "111122223333" in quotes',
    ),
    "list for a block": ("provider: []", "provider must be a map, not a list"),
    "text for a block": ("backend: local", 'backend must be a map, not the string "local"'),
    "list for a nested block": (
        "provider: {assume_role: [{role_arn: x}]}",
        "provider.assume_role must be a map, not a list",
    ),
    "list for a proxy configuration": ("proxy_config: []", "proxy_config must be a map, not a list"),
    "number in an environment": (
        "gateway_extra_env: {A: 1}",
        'gateway_extra_env.A must be a string: write "1" in quotes',
    ),
    "bool in an environment": (
        "gateway_extra_env: {A: true}",
        'gateway_extra_env.A must be a string: write "true" in quotes',
    ),
    # No value
    "no value": ("gateway_cpu:", f"gateway_cpu {NO_VALUE}"),
    "null": ("vpc_cidr: null", f"vpc_cidr {NO_VALUE}"),
    "block without a value": ("provider:", f"provider {NO_VALUE}"),
    "file without a value": ("proxy_config_file:", f"proxy_config_file {NO_VALUE}"),
    "map's key without a value": ("gateway_extra_env: {A: }", f"gateway_extra_env.A {NO_VALUE}"),
    # What YAML takes for something else
    "Norway": (
        "tags: {country: NO}",
        f'tags.country is NO, which YAML does not read as a string: write "NO" {TO_BOOL}',
    ),
    "yes": (
        "allow_plaintext_alb: yes",
        f'allow_plaintext_alb is yes, which YAML does not read as a string: write "yes" {TO_BOOL}',
    ),
    "on": (
        "proxy_config: {a: [{b: on}]}",
        f'proxy_config.a[0].b is on, which YAML does not read as a string: write "on" {TO_BOOL}',
    ),
    "octal": ("tags: {mode: 0755}", f'tags.mode is 0755, which YAML does not read as a string: write "0755" {TO_INT}'),
    "octal for a number": (
        "gateway_cpu: 02000",
        f'gateway_cpu is 02000, which YAML does not read as a string: write "02000" {TO_INT}',
    ),
    "octal out of a rule": (
        "one_shot_timeout_minutes: 0755",
        f'one_shot_timeout_minutes is 0755, which YAML does not read as a string: write "0755" {TO_INT}',
    ),
    "octal out of a rule across inputs": (
        "gateway_cpu: 0755",
        f'gateway_cpu is 0755, which YAML does not read as a string: write "0755" {TO_INT}',
    ),
    "sexagesimal": (
        "gateway_extra_env: {AT: 1:30}",
        f'gateway_extra_env.AT is 1:30, which YAML does not read as a string: write "1:30" {TO_INT}',
    ),
    "thousands": (
        "gateway_max_capacity: 1_000",
        f'gateway_max_capacity is 1_000, which YAML does not read as a string: write "1_000" {TO_INT}',
    ),
    "number as a key": (
        "tags: {1: a}",
        'tags has the key 1, which YAML does not read as a string: write "1"',
    ),
    "Norway as a key": ("tags: {NO: a}", 'tags has the key NO, which YAML does not read as a string: write "NO"'),
    "null as a key": ("tags: {null: a}", 'tags has the key null, which YAML does not read as a string: write "null"'),
    "infinity": (
        "proxy_config: {a: .inf}",
        'proxy_config.a is .inf, which cannot be read as float: write ".inf" in quotes',
    ),
    "binary": (
        "proxy_config: {a: !!binary aGk=}",
        'proxy_config.a is aGk=, which cannot be read as binary: write "aGk=" in quotes',
    ),
    "tag of another program": (
        "ui_image: !Ref image",
        'ui_image is image, which cannot be read as !Ref: write "image" in quotes',
    ),
    # Rules
    "CIDR too narrow": ("vpc_cidr: 10.40.0.0/21", CIDR),
    "CIDR off its first address": ("vpc_cidr: 10.40.0.1/16", CIDR),
    "CIDR of IPv6": ('vpc_cidr: "2001:db8::/32"', CIDR),
    "CIDR of garbage": ("vpc_cidr: ten", CIDR),
    "ARN of another service": (
        "acm_certificate_arn: arn:aws:iam::111122223333:server-certificate/a",
        "acm_certificate_arn must be the ARN of an ACM certificate, "
        "arn:aws:acm:<region>:<account>:certificate/<id>, or empty",
    ),
    "ARN of no secret": (
        "otel_headers_secret_arn: arn:aws:ssm:us-west-2:111122223333:parameter/a",
        f"otel_headers_secret_arn must be {SECRET_ARN}, or empty",
    ),
    "retention": (
        "log_retention_days: 31",
        "log_retention_days must be one of 0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, "
        "1096, 1827, 2192, 2557, 2922, 3288, 3653",
    ),
    "account of 11 digits": (
        'provider: {allowed_account_ids: ["111122223333", "11112222333"]}',
        "provider.allowed_account_ids[1] must be an account id of 12 digits",
    ),
    "empty option": ('provider: {profile: ""}', "provider.profile must not be empty"),
    "no TLS": ("allow_plaintext_alb: false", TLS),
    "certificate of another region": (
        "acm_certificate_arn: arn:aws:acm:us-east-1:111122223333:certificate/a",
        "acm_certificate_arn must be in the stack's region, as a load balancer takes no other certificate: "
        "request one there, or correct region",
    ),
    "image of another version": (
        "gateway_image: ghcr.io/berriai/litellm-gateway:v1.90.0",
        "gateway_image and the other images must have one version of LiteLLM, but backend_image has 1.86.0, "
        "gateway_image has 1.90.0, migrations_image has 1.86.0, ui_image has 1.86.0: give all four the same one, or "
        "set litellm_version",
    ),
    "pair that Fargate has not": ("gateway_memory: 512", FARGATE),
    "least above the default most": (
        "gateway_min_capacity: 11",
        "gateway_min_capacity must not be above gateway_max_capacity: lower the one or raise the other",
    ),
    "master user for the tasks": (
        "db_username: postgres",
        "db_master_username and db_username must be different: "
        "the bootstrap would disable the password login of the master user",
    ),
    "region of the provider": (
        "provider: {region: eu-west-1}",
        "provider.region is eu-west-1, but region is us-west-2: "
        "the stack is in its provider's region, so remove provider.region",
    ),
    # Secrets
    "sensitive input": (
        f"litellm_master_key: {API_KEY}",
        "litellm_master_key is a secret, and would be written to the synthesized JSON: "
        "remove it, and set litellm_master_key_secret_arn, or export TF_VAR_litellm_master_key when you run terraform",
    ),
    "access key": (f"provider: {{access_key: {API_KEY}}}", f"provider.access_key {CREDENTIALS}"),
    "secret key": (f"provider: {{secret_key: {API_KEY}}}", f"provider.secret_key {CREDENTIALS}"),
    "token": (
        f"backend: {{s3: {{bucket: b, region: us-west-2, token: {API_KEY}}}}}",
        f"backend.s3.token {CREDENTIALS}",
    ),
    "API key in an environment": (
        f"backend_extra_env: {{OPENAI_API_KEY: {API_KEY}}}",
        f"backend_extra_env.OPENAI_API_KEY contains an API key {MANAGER}, and its ARN into backend_extra_secrets",
    ),
    "AWS secret in an environment": (
        "gateway_extra_env: {AWS_SECRET_ACCESS_KEY: wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY}",
        f"gateway_extra_env.AWS_SECRET_ACCESS_KEY contains a secret {MANAGER}, and its ARN into gateway_extra_secrets",
    ),
    "URL with a password": (
        "gateway_extra_env: {DATABASE_URL: 'postgresql://u:pw@db:5432/x'}",
        f"gateway_extra_env.DATABASE_URL contains a URL with a password {MANAGER}, "
        "and its ARN into gateway_extra_secrets",
    ),
    "API key in the proxy configuration": (
        f"proxy_config: {{model_list: [{{litellm_params: {{api_key: {API_KEY}}}}}]}}",
        f"proxy_config.model_list[0].litellm_params.api_key contains an API key {MANAGER}, {REFERENCE}",
    ),
    "master key of any shape": (
        "proxy_config: {general_settings: {master_key: hunter2}}",
        f"proxy_config.general_settings.master_key contains a secret {MANAGER}, {REFERENCE}",
    ),
    "master key in an environment": (
        "gateway_extra_env: {LITELLM_MASTER_KEY: hunter2}",
        f"gateway_extra_env.LITELLM_MASTER_KEY contains a secret {MANAGER}, and its ARN into gateway_extra_secrets",
    ),
    "bot's token": (
        "gateway_extra_env: {SLACK: xoxb-0123456789-abcdefghij}",
        f"gateway_extra_env.SLACK contains an API key {MANAGER}, and its ARN into gateway_extra_secrets",
    ),
    # Files
    "file missing": (
        "proxy_config_file: config/globex.yaml",
        "proxy_config_file config/globex.yaml: there is no such file: check the path",
    ),
    "file a folder": (
        "proxy_config_file: .",
        "proxy_config_file .: cannot be read: Is a directory: check the path",
    ),
    "file without a name": (
        'proxy_config_file: ""',
        "proxy_config_file : cannot be read: Is a directory: check the path",
    ),
    "file absolute": ("proxy_config_file: /etc/hostname", f"proxy_config_file /etc/hostname {OUTSIDE}"),
    "file above": ("proxy_config_file: config/../../x.yaml", f"proxy_config_file config/../../x.yaml {OUTSIDE}"),
}


@pytest.mark.parametrize(("line", "said"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_of_a_tenant_is_refused_with_the_line_and_what_to_do(line: str, said: str) -> None:
    assert refusal(with_lines(line)) == [f"tenants.yaml:6: tenant acme-prod: {said}"]


ENTRIES: dict[str, tuple[str, list[str]]] = {
    "tenant too long": (f"{{tenant: {'a' * 22}, env: e}}", [f"tenant {'a' * 22}-e: {TENANT_SLUG}"]),
    "env too long": ("{tenant: a, env: abcdefghij}", [f"tenant a-abcdefghij: {ENV_SLUG}"]),
    "two hyphens": ("{tenant: a--b, env: e}", [f"tenant a--b-e: tenant {HYPHEN}"]),
    "hyphen at the end": ("{tenant: a, env: e-}", [f"tenant a-e-: env {HYPHEN}"]),
    "upper case": ("{tenant: Acme, env: e}", [f"tenant Acme-e: {TENANT_SLUG}"]),
    "number for a name": ("{tenant: 7, env: e}", ['tenant 7-e: tenant must be a string: write "7" in quotes']),
    "no name": ("{tenant: , env: e}", [f"tenant number 1: tenant {NO_VALUE}"]),
    "list for a name": ("{tenant: [a], env: e}", ["tenant number 1: tenant must be a string, not a list"]),
    "nothing": ("{}", [f"tenant number 1: env {MISSING}", f"tenant number 1: tenant {MISSING}"]),
    "only a name": ("{tenant: acme}", [f"tenant acme: env {MISSING}"]),
    "text": ("acme", ["tenant number 1: must be a map of inputs, with tenant and env"]),
    "list": ("[acme, prod]", ["tenant number 1: must be a map of inputs, with tenant and env"]),
    "empty": ("", ["tenant number 1: must be a map of inputs, with tenant and env"]),
}


@pytest.mark.parametrize(("entry", "said"), ENTRIES.values(), ids=ENTRIES)
def test_an_entry_that_names_no_tenant_is_refused(entry: str, said: list[str]) -> None:
    assert refusal(f"{DEFAULTS}tenants:\n  - {entry}\n") == [f"tenants.yaml:3: {each}" for each in said]


def test_inputs_that_are_required_are_asked_for_in_the_tenants_line() -> None:
    assert refusal("defaults: {tags: {}}\ntenants:\n\n  - tenant: acme\n    env: prod\n") == [
        f"tenants.yaml:4: tenant acme-prod: {TLS}",
        "tenants.yaml:4: tenant acme-prod: azs must name at least two availability zones, for Aurora and the load "
        "balancer: set two, or vpc_id",
        f"tenants.yaml:4: tenant acme-prod: region {MISSING}",
    ]


@pytest.mark.parametrize("line", ["region: eu-west-1", "azs: [us-west-2a, us-west-1a]"])
def test_zones_of_another_region_are_refused_in_the_tenants_line(line: str) -> None:
    said = "azs must be zones of the stack's region, such as us-west-2a in us-west-2: correct azs or region"
    entry = f"  - tenant: acme\n    env: prod\n    {line}\n"
    assert refusal(f"{DEFAULTS}tenants:\n{entry}") == [f"tenants.yaml:5: tenant acme-prod: {said}"]
    existing = "vpc_id: vpc-1, private_subnet_ids: [subnet-1, subnet-2], public_subnet_ids: [subnet-3, subnet-4]"
    assert load(f"{DEFAULTS}tenants:\n  - {{tenant: acme, env: prod, {line}, {existing}}}\n")


def test_zones_of_a_city_are_of_the_region() -> None:
    assert load(f"{DEFAULTS}tenants:\n  - {{tenant: acme, env: prod, azs: [us-west-2a, us-west-2-lax-1a]}}\n")


def test_a_tenant_needs_a_certificate_a_domain_or_the_word_that_it_does_not() -> None:
    without = "{region: us-west-2, azs: [us-west-2a, us-west-2b], tenant: acme, env: prod"
    assert refusal(f"tenants:\n  - {without}}}\n") == [f"tenants.yaml:2: tenant acme-prod: {TLS}"]
    certificate = "acm_certificate_arn: 'arn:aws:acm:us-west-2:111122223333:certificate/a'"
    for line in (certificate, "domain_name: a.example.com, route53_zone_id: Z1", "allow_plaintext_alb: true"):
        assert load(f"tenants:\n  - {without}, {line}}}\n")


def test_the_local_state_of_a_production_stack_is_warned_of() -> None:
    FILE.write_text(with_lines("backend: {local: {}}").replace("env: prod", "env: live"))
    assert [str(warning) for warning in load_fleet(FILE).warnings] == [
        "tenants.yaml:6: tenant acme-live: the state of this production stack is a local file, "
        "terraform.acme-live.tfstate, which is easily lost: set a backend, s3 or cloud"
    ]
    FILE.write_text(with_lines("backend: {s3: {bucket: b, region: us-west-2}}"))
    assert load_fleet(FILE).warnings == []
    FILE.write_text(TENANT.replace("env: prod", "env: dev"))
    assert load_fleet(FILE).warnings == []


def test_a_secret_that_is_no_arn_is_named_by_its_variable_and_line() -> None:
    lines = ["gateway_extra_secrets:", f"  GOOD: '{SECRET}:key::'", f"  OPENAI_API_KEY: {API_KEY}"]
    [problem] = refusal(with_lines(*lines))
    assert problem == (
        "tenants.yaml:8: tenant acme-prod: gateway_extra_secrets.OPENAI_API_KEY must be a secret ARN, "
        "arn:aws:secretsmanager:<region>:<account>:secret:<name>, with or without :<json key>:<stage>:<version>"
    )


def test_a_name_in_both_maps_of_a_service_is_refused_at_the_second() -> None:
    lines = ["backend_extra_env: {B: x, A: x, C: x}", f"backend_extra_secrets: {{A: '{SECRET}', B: '{SECRET}'}}"]
    assert refusal(with_lines(*lines)) == [
        "tenants.yaml:7: tenant acme-prod: backend_extra_env and backend_extra_secrets both set A, B: "
        "remove one of the two"
    ]


@pytest.mark.parametrize(
    ("default", "own"),
    [("gateway_max_capacity: 4", "gateway_min_capacity: 5"), ("gateway_min_capacity: 5", "gateway_max_capacity: 4")],
)
def test_a_conflict_with_the_defaults_is_refused_in_the_tenants_line(default: str, own: str) -> None:
    assert refusal(f"defaults:\n  {default}\n{with_lines(own)}") == [
        "tenants.yaml:8: tenant acme-prod: gateway_min_capacity must not be above gateway_max_capacity: "
        "lower the one or raise the other"
    ]


def test_a_mistake_in_the_middle_of_a_block_is_refused_in_its_own_line() -> None:
    assert refusal(with_lines("proxy_config:", "  a:", "    - b", "    - c: NO", "tags:", "  x: y", "  z:")) == [
        f"tenants.yaml:9: tenant acme-prod: proxy_config.a[1].c is NO, which YAML does not read as a string: "
        f'write "NO" {TO_BOOL}',
        f"tenants.yaml:12: tenant acme-prod: tags.z {NO_VALUE}",
    ]


# What is wrong between tenants


@pytest.mark.parametrize(
    ("second", "said"),
    [
        ("{tenant: a-b, env: c}", "tenant a-b-c: has the same tenant and env as the entry on line 3"),
        ("{tenant: a, env: b-c}", "tenant a-b-c: has the same folder as the entry on line 3"),
    ],
)
def test_two_tenants_of_one_name_are_refused(second: str, said: str) -> None:
    assert refusal(f"{DEFAULTS}tenants:\n  - {{tenant: a-b, env: c}}\n  - {second}\n") == [
        f"tenants.yaml:4: {said}: rename or remove one"
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("{local: {path: states/x}}", "{local: {path: ./states/../states/x}}"),
        ("{local: {path: terraform.b-f.tfstate}}", "{local: {}}"),
        ("{s3: {bucket: b, region: us-west-2, key: k}}", "{s3: {bucket: b, region: us-west-2, key: k}}"),
        ("{cloud: {organization: o, workspace: w}}", "{cloud: {organization: o, workspace: w}}"),
        (
            "{cloud: {organization: o, workspace: w}}",
            "{cloud: {organization: o, workspace: w, hostname: app.terraform.io}}",
        ),
    ],
)
def test_two_tenants_of_one_state_are_refused(one: str, other: str) -> None:
    entries = f"  - {{tenant: a, env: e, backend: {one}}}\n  - {{tenant: b, env: f, backend: {other}}}\n"
    assert refusal(f"{DEFAULTS}tenants:\n{entries}") == [
        "tenants.yaml:4: tenant b-f: has the same state as tenant a-e, on line 3: "
        "give each its own state, for example by removing key, path or workspace"
    ]


def test_states_of_different_places_may_have_the_same_name() -> None:
    backends = [
        "{s3: {bucket: b, region: us-west-2, key: k}}",
        "{s3: {bucket: c, region: us-west-2, key: k}}",
        "{cloud: {organization: o, workspace: k}}",
        "{cloud: {organization: p, workspace: k}}",
        "{local: {path: k}}",
    ]
    entries = (f"  - {{tenant: t{n}, env: e, backend: {backend}}}\n" for n, backend in enumerate(backends))
    assert len(load(f"{DEFAULTS}tenants:\n{''.join(entries)}")) == len(backends)


# What is too large or too deep


def test_what_is_nested_too_deeply_is_refused() -> None:
    deep = "is nested too deeply, or an alias contains itself: write the values out"
    for brackets in ("[" * 101 + "]" * 101, "[" * 100_000, "{a: " * 100_000):
        assert refusal(with_lines("proxy_config:", f"  a: {brackets}")) == [f"tenants.yaml:7: {deep}"]
    chain = [f"  a{n}: &a{n} [{f'*a{n - 1}' if n else 1}]" for n in range(101)]
    assert refusal(with_lines("proxy_config:", *chain)) == [f"tenants.yaml:7: {deep}"]
    assert load(with_lines("proxy_config:", f"  a: {'[' * 90}{']' * 90}"))


def test_thousands_of_ranges_are_checked_in_seconds() -> None:
    ranges = [f"10.{number // 256}.{number % 256}.0/24" for number in range(20_000)]
    began = time.monotonic()
    [tenant] = load(with_lines(f"alb_ingress_cidrs: [{', '.join(ranges)}]"))
    assert tenant.alb_ingress_cidrs == ranges
    assert refusal(with_lines(f"alb_ingress_cidrs: [{', '.join([*ranges, ranges[0]])}]")) == [
        "tenants.yaml:6: tenant acme-prod: alb_ingress_cidrs must not contain duplicates"
    ]
    assert time.monotonic() - began < 20


def test_aliases_that_repeat_too_many_values_are_refused() -> None:
    lines = [f"  a{n}: &a{n} [{', '.join([f'*a{n - 1}' if n else '1'] * 9)}]" for n in range(12)]
    [said] = refusal(with_lines("proxy_config:", *lines))
    assert said.endswith("has aliases that repeat more than 100,000 values: write them out, or remove some")
    merged = ", ".join(["*a"] * 60_000)
    [said] = refusal(with_lines("proxy_config:", "  a: &a {b: c, d: e}", f"  d: {{<<: [{merged}]}}"))
    assert "100,000 values" in said


@pytest.mark.parametrize("number", ["9" * 6000, "0x" + "f" * 3000, "1:" * 300 + "0.5", "-.inf", ".nan"])
def test_a_number_that_terraform_cannot_hold_is_refused(number: str) -> None:
    Path("config.yaml").write_text(f"a: {number}\n")
    [said] = refusal(with_lines("proxy_config_file: config.yaml"))
    assert f"proxy_config.a is {number[:100]}" in said
    assert said.endswith("in quotes")
    assert len(said) < 400


def test_a_key_that_cdktf_cannot_write_is_refused() -> None:
    assert refusal(with_lines("tags: {__proto__: x}", "proxy_config: {a: [{__proto__: x}]}")) == [
        f"tenants.yaml:{line}: tenant acme-prod: {where} has the key __proto__, which CDKTF cannot write: "
        "rename or remove it"
        for line, where in ((6, "tags"), (7, "proxy_config.a[0]"))
    ]


def test_a_file_whose_name_is_not_utf_8_is_refused() -> None:
    with pytest.raises(BadInputError) as raised:
        load_fleet(Path(os.fsdecode(b"\xff.yaml")))
    assert raised.value.problems[0].message == "its name is not UTF-8: rename it, or its folder"


# What is wrong with the file of a proxy configuration


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (
            "a: b\nc: [\n",
            f"config.yaml:2: tenant acme-prod: proxy_config_file config.yaml: "
            f"is not YAML: did not find expected node content: {LOOK}",
        ),
        ("", "config.yaml:1: tenant acme-prod: proxy_config must be a map, and this file contains none"),
        ("# x\n- a\n", "config.yaml:2: tenant acme-prod: proxy_config must be a map, and this file contains none"),
        ("a: 1\n\na: 2\n", "config.yaml:3: tenant acme-prod: proxy_config.a is set twice, first on line 1: remove one"),
        (
            "a:\n  1: x\n",
            "config.yaml:2: tenant acme-prod: proxy_config.a has the key 1, "
            'which YAML does not read as a string: write "1"',
        ),
        (
            "a: b\n---\na: c\n",
            "config.yaml:2: tenant acme-prod: proxy_config_file config.yaml: "
            "contains a second YAML document: remove the line `---` and what follows",
        ),
        (
            f"litellm_settings:\n  key: {API_KEY}\n",
            f"config.yaml:2: tenant acme-prod: proxy_config.litellm_settings.key contains an API key {MANAGER}, "
            f"{REFERENCE}",
        ),
    ],
)
def test_a_mistake_in_a_proxy_config_file_is_refused_there(config: str, said: str) -> None:
    Path("config.yaml").write_text(config)
    assert refusal(with_lines("proxy_config_file: config.yaml")) == [said]


def test_a_proxy_config_stands_in_the_tenants_file_or_in_its_own() -> None:
    Path("config.yaml").write_text("a: b\n")
    assert refusal(with_lines("proxy_config: {a: c}", "proxy_config_file: config.yaml")) == [
        "tenants.yaml:7: tenant acme-prod: proxy_config_file and proxy_config are both set: remove one of them"
    ]


# All messages


@pytest.mark.parametrize(
    "line",
    [
        *(f"{name}: {{}}" for name in ("litellm_master_key", "litellm_license", "ui_password")),
        "gateway_extra_env: {{A: {}}}",
        "gateway_extra_env: {}",
        "gateway_extra_secrets: {{A: {}}}",
        "proxy_config: {{a: {}}}",
        "provider: {{secret_key: {}}}",
    ],
)
@pytest.mark.parametrize("section", ["a tenant", "defaults"])
def test_a_secret_is_never_shown(line: str, section: str) -> None:
    written = line.format(API_KEY)
    said = refusal(with_lines(written) if section == "a tenant" else f"defaults:\n  {written}\n{TENANT}")
    assert said
    assert [each for each in said if API_KEY in each] == []


@pytest.mark.parametrize("value", ["0123456", "1:30", "!vault 0123456"])
def test_a_secret_that_yaml_misreads_is_never_shown(value: str) -> None:
    said = refusal(with_lines(f"ui_password: {value}"))
    assert said == [
        "tenants.yaml:6: tenant acme-prod: ui_password is a secret, and would be written to the synthesized JSON: "
        "remove it, and set ui_password_secret_arn, or export TF_VAR_ui_password when you run terraform"
    ]


JWT = ".".join(("eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiIxMjM0In0", "c2lnbmF0dXJl"))
SECRETS: dict[str, tuple[str, str]] = {
    **{
        name: (f"gateway_extra_env: {{{name}: hunter2}}", "a secret")
        for name in (
            *("LITELLM_SALT_KEY", "SLACK_BOT_TOKEN", "GENERIC_CLIENT_SECRET", "SMTP_PASS", "SMTP_PASSWORD"),
            *("WEBHOOK_SIGNING_KEY", "DATA_ENCRYPTION_KEY"),
            *("AZURE_API_KEY", "AWS_SECRET_ACCESS_KEY", "TOKEN", "X-Auth-Token", "clientSecret", "Authorization"),
        )
    },
    "a field": ("proxy_config: {litellm_settings: {callback_settings: {auth_token: hunter2}}}", "a secret"),
    "Slack": (
        f"gateway_extra_env: {{SLACK_WEBHOOK_URL: 'https://hooks.slack.com/{'services/T0/B0/abc'}'}}",
        "a webhook of Slack",
    ),
    "Discord": ("proxy_config: {a: ['https://discord.com/api/webhooks/123/abc']}", "a webhook of Discord"),
    "Teams": ("tags: {a: 'https://x.webhook.office.com/webhookb2/abc'}", "a webhook of Teams"),
    "Teams' workflow": (
        "proxy_config: {a: 'https://p.westus.logic.azure.com/workflows/x?sv=1&sig=abcdefghijklmnopqrst'}",
        "a signed URL",
    ),
    "JWT": (f"proxy_config: {{a: {JWT}}}", "a JSON web token"),
    "bearer": ("proxy_config: {headers: {x: Bearer 0123456789abcdef}}", "an authorization header"),
    "URL": ("otel_endpoint: https://user:hunter2@example.com", "a URL with a password"),
    "URL of an endpoint": ("provider: {endpoints: {s3: 'http://user:hunter2@localhost'}}", "a URL with a password"),
    "AWS": (f"backend_extra_env: {{ID: {'AKIA' + '0123456789ABCDEF'}}}", "an AWS access key"),
    "Google": (f"proxy_config: {{a: {'AIza' + '0123456789abcdefghijklmnopqrstuvwxy'}}}", "a Google API key"),
    "PEM": (f"proxy_config: {{a: '{'-----BEGIN RSA PRIVATE' + ' KEY-----'} x'}}", "a private key"),
    "in an input": (f"ui_image: {API_KEY}", "an API key"),
}


@pytest.mark.parametrize(("line", "kind"), SECRETS.values(), ids=SECRETS)
def test_a_plain_secret_is_found_by_its_name_or_shape(line: str, kind: str) -> None:
    said = [each for each in refusal(with_lines(line)) if f" contains {kind} {MANAGER}" in each]
    assert len(said) == 1
    assert "hunter2" not in said[0]


def test_a_number_can_be_a_secret() -> None:
    said = refusal(with_lines("gateway_extra_env: {UI_PASSWORD: 271828}", "proxy_config: {password: 271828}"))
    assert [each for each in said if "271828" in each] == []
    assert [each.split(": ")[2].split(" in plain")[0] for each in said] == [
        "gateway_extra_env.UI_PASSWORD contains a secret",
        "gateway_extra_env.UI_PASSWORD must be a string",
        "proxy_config.password contains a secret",
    ]


def test_a_reference_an_arn_and_a_price_are_no_secrets() -> None:
    assert load(
        with_lines(
            f"gateway_extra_env: {{A_TOKEN: os.environ/TOKEN, B_SECRET: '{SECRET}', MAX_TOKENS: '5', BYPASS: a}}",
            "proxy_config:",
            "  input_cost_per_token: 1e-6",
            "  output_cost_per_token: 0.5",
            "  max_token: 5",
            "  headers: {Authorization: bearer os.environ/OPENAI_API_KEY}",
            "  text: the bearer of a basic subscription, https://hooks.slack.com and a token",
            f"gateway_extra_secrets: {{OPENAI_API_KEY: '{SECRET}:sk-0123456789abcdefghij::'}}",
        )
    )


@pytest.mark.parametrize(
    "file", ["tenants.yaml", *(f"examples/{path.name}/tenants.yaml" for path in (PROJECT / "examples").iterdir())]
)
def test_the_examples_have_no_plain_secrets(file: str) -> None:
    assert load_fleet(PROJECT / file).tenants


def test_a_sensitive_input_in_the_defaults_is_refused_there() -> None:
    assert refusal(f"defaults:\n  ui_password: x\n{TENANT}") == [
        "tenants.yaml:2: defaults: ui_password is a secret, and would be written to the synthesized JSON: "
        "remove it, and set ui_password_secret_arn, or export TF_VAR_ui_password when you run terraform"
    ]


def test_all_mistakes_are_said_at_once_in_the_order_of_the_lines() -> None:
    said = refusal("""\
defaults:
  region: us-west-2
  azs: [us-west-2a]
  ui_password: x
  domain_name: example.com
  route53_zone_id: Z1
tenant: []
tenants:
  - tenant: acme
    env: prod
    gateway_cpus: 1
    tags: {a: NO}
  - tenant: globex
    env: dev
    azs: [a, b]
    backend:
      s3:
        bucket: b
        kee: k
    provider:
      region: eu-west-1
      token: x
  - 7
""")
    assert [each.removeprefix("tenants.yaml:").split(" ", 1)[0] for each in said] == [
        *("3:", "4:", "7:", "11:", "12:", "15:", "17:", "19:", "22:", "23:")
    ]


def test_a_mistake_that_tenants_inherit_is_said_once() -> None:
    FILE.write_text(
        "defaults: {allow_plaintext_alb: true, region: us-west-2,\n  \n  azs: [us-west-2a]}\ntenants:\n"
        "  - {tenant: c, env: e}\n  - {tenant: a, env: e}\n  - {tenant: b, env: e, azs: [us-west-2a, us-west-2b]}\n"
        "  - {tenant: d, env: e}\n"
    )
    with pytest.raises(BadInputError) as raised:
        load_fleet(FILE)
    assert [str(problem) for problem in raised.value.problems] == [
        "tenants.yaml:3: tenant a-e and 2 more: azs must name at least two availability zones, for Aurora and the load "
        "balancer: set two, or vpc_id"
    ]
    assert str(raised.value) == "1 problem"
