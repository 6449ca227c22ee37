"""Included files and profiles: what they mean, and the messages for mistakes in them."""

import os
import textwrap
from pathlib import Path

import pytest

from litellm_aws.constructs.litellm import LITELLM
from litellm_aws.fleet.documents import shipped_profiles
from litellm_aws.fleet.problems import BadInputError
from litellm_aws.fleet.tenants_file import Fleet, load_fleet

DEFAULTS = "defaults: {region: us-west-2, azs: [us-west-2a, us-west-2b], allow_plaintext_alb: true}\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tenants file's folder, which is the working directory too, so that messages name just the file."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def load(main: str, **others: str) -> Fleet:
    """Reads a tenants file with other files. `a__b` is the file `a/b.yaml`."""
    for name, document in {"tenants": main, **others}.items():
        path = Path(f"{name.replace('__', '/')}.yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(document))
    return load_fleet(Path("tenants.yaml"))


def refusal(main: str, **others: str) -> list[str]:
    """Returns the messages for files with mistakes."""
    with pytest.raises(BadInputError) as raised:
        load(main, **others)
    return [str(problem) for problem in raised.value.problems]


def labels(fleet: Fleet) -> list[str]:
    return [tenant.label for tenant in fleet.tenants]


# Profiles


def test_a_profile_lies_between_the_defaults_and_the_tenant() -> None:
    [tenant] = load("""\
        defaults:
          region: us-west-2
          azs: [us-west-2a, us-west-2b]
          allow_plaintext_alb: true
          gateway_cpu: 1024
          gateway_memory: 4096
          tags: {a: d, b: d, c: d}
        profiles:
          small: {gateway_cpu: 512, gateway_memory: 1024, azs: [us-west-2c, us-west-2d], tags: {b: p, c: p}}
        tenants:
          - {tenant: acme, env: dev, profile: small, gateway_memory: 2048, tags: {c: t}}
        """).tenants
    assert (tenant.gateway_cpu, tenant.gateway_memory, tenant.azs) == (512, 2048, ["us-west-2c", "us-west-2d"])
    assert tenant.tags == {"a": "d", "b": "p", "c": "t"}
    assert "profile" not in tenant.inputs_set()


def test_of_several_profiles_the_later_wins() -> None:
    one, other = load(
        DEFAULTS
        + """\
profiles:
  small: {gateway_num_workers: 1, redis_num_replicas: 0}
  busy: {gateway_num_workers: 3}
tenants:
  - {tenant: acme, env: dev, profile: [small, busy]}
  - {tenant: acme, env: test, profile: [busy, small]}
"""
    ).tenants
    assert (one.gateway_num_workers, one.redis_num_replicas) == (3, 0)
    assert (other.gateway_num_workers, other.redis_num_replicas) == (1, 0)


def test_a_tenants_profiles_replace_those_of_the_defaults() -> None:
    inherits, own, none = load("""\
        defaults: {region: us-west-2, azs: [us-west-2a, us-west-2b], allow_plaintext_alb: true, profile: small}
        profiles:
          small: {gateway_num_workers: 1}
          busy: {backend_max_capacity: 3}
        tenants:
          - {tenant: acme, env: dev}
          - {tenant: acme, env: test, profile: busy}
          - {tenant: acme, env: prod, profile: []}
        """).tenants
    set_by_profiles = {"gateway_num_workers", "backend_max_capacity"}
    assert inherits.inputs_set().keys() & set_by_profiles == {"gateway_num_workers"}
    assert own.inputs_set().keys() & set_by_profiles == {"backend_max_capacity"}
    assert none.inputs_set().keys() & set_by_profiles == set()


def test_a_profile_may_be_based_on_others_each_of_which_counts_once() -> None:
    [tenant] = load(
        DEFAULTS
        + """\
profiles:
  common: {tags: {tier: common, common: yes it is}}
  small: {profile: common, tags: {tier: small, small: yes it is}}
  european: {profile: [common], tags: {where: Europe}}
tenants:
  - {tenant: acme, env: dev, profile: [small, european]}
"""
    ).tenants
    # `european` brings `common` no second time, over `small`.
    assert tenant.tags == {"tier": "small", "common": "yes it is", "small": "yes it is", "where": "Europe"}
    assert tenant.profile == ["small", "european"]


def test_a_backend_of_a_profile_replaces_another_kind() -> None:
    [tenant] = load("""\
        defaults:
          region: us-west-2
          azs: [us-west-2a, us-west-2b]
          allow_plaintext_alb: true
          backend: {s3: {bucket: states, region: us-west-2}}
        profiles: {trial: {backend: {local: {}}}}
        tenants: [{tenant: acme, env: dev, profile: trial}]
        """).tenants
    assert tenant.backend.s3 is None


SIZES = ("small", "standard", "busy")


def test_the_shipped_sizes_are_taken_as_they_are() -> None:
    tenants = load(
        DEFAULTS + "tenants:\n" + "".join(f"  - {{tenant: acme, env: {size}, profile: {size}}}\n" for size in SIZES)
    ).tenants
    assert [(tenant.gateway_cpu, tenant.db_reader, tenant.redis_engine) for tenant in tenants] == [
        (512, False, "valkey"),
        (1024, True, "valkey"),
        (2048, True, "valkey"),
    ]


def test_the_standard_size_is_the_defaults_but_for_valkey() -> None:
    standard = shipped_profiles()["standard"].plain()
    assert standard == {name: LITELLM.inputs[name].default for name in standard} | {"redis_engine": "valkey"}


def test_a_profile_of_the_users_own_takes_the_place_of_a_shipped_one() -> None:
    own, based = load(
        DEFAULTS
        + """\
profiles:
  small: {gateway_cpu: 256, gateway_memory: 1024}
  large: {profile: busy, gateway_max_capacity: 40}
tenants:
  - {tenant: acme, env: dev, profile: small}
  - {tenant: acme, env: test, profile: large}
"""
    ).tenants
    assert (own.gateway_cpu, own.redis_engine, own.db_instance_class) == (256, "redis", "db.r6g.large")
    assert (based.gateway_cpu, based.gateway_max_capacity) == (2048, 40)


PROFILES = {
    "unknown": (
        "profiles: {small: {}}\ntenants: [{tenant: a, env: b, profile: smal}]",
        ["3: tenant a-b: there is no profile smal: did you mean small?"],
    ),
    "unknown, of none": (
        "tenants: [{tenant: a, env: b, profile: wee}]",
        ["2: tenant a-b: there is no profile wee: remove it"],
    ),
    "unknown in another": (
        "profiles:\n  small: {profile: [tinny]}\n  tiny: {}\ntenants: []",
        ["3: profile small: there is no profile tinny: did you mean tiny?"],
    ),
    "no name": (
        "tenants:\n  - {tenant: a, env: b, profile: {small: {}}}\n  - {tenant: a, env: c, profile: [5]}",
        [
            "3: tenant a-b: profile must be a name, or a list of names",
            "4: tenant a-c: profile must be a name, or a list of names",
        ],
    ),
    "based on itself": (
        "profiles:\n  small:\n    profile: small\ntenants: []",
        ["4: profile small: profile small is based on itself, by small on small: remove one"],
    ),
    "a circle of three, and one that leads into it": (
        "profiles:\n  a: {profile: b}\n  b: {profile: c}\n  c: {profile: b}\n  d: {profile: d}\n"
        "tenants: [{tenant: a, env: b, profile: [a, d]}]",
        [
            "4: profile b: profile b is based on itself, by b on c on b: remove one",
            "6: profile d: profile d is based on itself, by d on d: remove one",
        ],
    ),
    "a bad value, which is said once": (
        "profiles:\n  small: {gateway_cpus: 5}\ntenants:\n"
        "  - {tenant: a, env: b, profile: small}\n  - {tenant: a, env: c, profile: small}",
        ["3: tenant a-b and 1 more: gateway_cpus is unknown here: did you mean gateway_cpu?"],
    ),
    "a bad value in one that nobody has": (
        "profiles:\n  small: {gateway_cpu: many}\ntenants: [{tenant: a, env: b}]",
        ['3: profile small: gateway_cpu must be a whole number, not the string "many"'],
    ),
    "a secret": (
        "profiles:\n  small: {ui_password: hunter2}\ntenants: []",
        [
            "3: profile small: ui_password is a secret, and would be written to the synthesized JSON: "
            "remove it, and set ui_password_secret_arn, or export TF_VAR_ui_password when you run terraform"
        ],
    ),
    "no map": (
        "profiles:\n  small: [1]\n  big:\ntenants: []",
        ["3: profiles.small must be a map of inputs", "4: profiles.big has no value: give it one, or remove the line"],
    ),
    "profiles no map": ("profiles: [small]\ntenants: []", ["2: profiles must be a map from names to maps of inputs"]),
    "set twice": (
        "profiles:\n  small: {}\n  small: {gateway_cpu: 5, gateway_cpu: 6}\ntenants: []",
        [
            "4: profile small: gateway_cpu is set twice, first on line 4: remove one",
            "4: profiles.small is set twice, first on line 3: remove one",
        ],
    ),
}


@pytest.mark.parametrize(("document", "said"), PROFILES.values(), ids=PROFILES)
def test_a_mistake_with_a_profile_is_refused(document: str, said: list[str]) -> None:
    assert refusal(DEFAULTS + document + "\n") == [f"tenants.yaml:{each}" for each in said]


def test_a_profile_that_only_a_tenant_completes_is_no_mistake() -> None:
    fleet = load(DEFAULTS + "profiles: {big: {gateway_cpu: 4096, backend: {s3: {region: us-west-2}}}}\ntenants: []\n")
    assert fleet.tenants == []


def test_a_rule_that_a_profile_breaks_is_said_in_the_profiles_line() -> None:
    said = refusal(
        DEFAULTS + "profiles:\n  p: {gateway_min_capacity: 50}\ntenants:\n  - {tenant: a, env: b, profile: p}\n"
    )
    assert said == [
        "tenants.yaml:3: tenant a-b: gateway_min_capacity must not be above gateway_max_capacity: "
        "lower the one or raise the other"
    ]


# Included files


def test_the_tenants_of_included_files_follow_in_their_order() -> None:
    fleet = load(
        DEFAULTS + "include: [globex.yaml, customers/acme.yaml]\ntenants: [{tenant: hooli, env: dev}]\n",
        globex="tenants: [{tenant: globex, env: dev}]\n",
        customers__acme="tenants: [{tenant: acme, env: prod}, {tenant: acme, env: dev}]\n",
    )
    assert labels(fleet) == ["hooli-dev", "globex-dev", "acme-prod", "acme-dev"]


def test_a_folder_stands_for_the_yaml_files_in_it() -> None:
    Path("customers/more").mkdir(parents=True)
    Path("customers/globex.yml").write_text("tenants: [{tenant: globex, env: dev}]\n")
    Path("customers/more/config.yaml").write_text("model_list: []\n")
    Path("customers/.hidden.yaml").write_text("not: read\n")
    Path("customers/README.md").write_text("# Customers\n")
    fleet = load(DEFAULTS + "include: customers\n", customers__acme="tenants: [{tenant: acme, env: dev}]\n")
    assert labels(fleet) == ["acme-dev", "globex-dev"]


def test_defaults_of_a_file_apply_to_its_tenants_and_to_those_of_the_files_it_includes() -> None:
    fleet = load(
        DEFAULTS.replace("}", ", tags: {owner: platform, tier: gold}}") + "include: customers/acme.yaml\n"
        "tenants: [{tenant: hooli, env: dev}]\n",
        customers__acme="""\
            include: dev/acme.yaml
            defaults: {tags: {owner: acme}}
            tenants: [{tenant: acme, env: prod}]
            """,
        customers__dev__acme="""\
            defaults: {tags: {tier: trial}}
            tenants: [{tenant: acme, env: dev}]
            """,
    )
    assert {tenant.label: tenant.tags for tenant in fleet.tenants} == {
        "hooli-dev": {"owner": "platform", "tier": "gold"},
        "acme-prod": {"owner": "acme", "tier": "gold"},
        "acme-dev": {"owner": "acme", "tier": "trial"},
    }


def test_a_tenant_in_any_file_can_name_a_profile_of_another() -> None:
    fleet = load(
        DEFAULTS + "include: [profiles.yaml, acme.yaml]\n",
        profiles="profiles: {small: {redis_num_replicas: 0}, tiny: {profile: own}}\n",
        acme="""\
            profiles: {own: {gateway_num_workers: 1}}
            tenants: [{tenant: acme, env: dev, profile: [small, tiny]}]
            """,
    )
    [tenant] = fleet.tenants
    assert (tenant.redis_num_replicas, tenant.gateway_num_workers) == (0, 1)


def test_paths_in_an_included_file_begin_at_its_folder_and_states_are_next_to_the_tenants_file() -> None:
    Path("customers/config").mkdir(parents=True)
    Path("customers/config/acme.yaml").write_text("general_settings: {master_key: os.environ/LITELLM_MASTER_KEY}\n")
    [tenant] = load(
        DEFAULTS + "include: customers\n",
        customers__acme="tenants: [{tenant: acme, env: dev, proxy_config_file: config/acme.yaml}]\n",
    ).tenants
    assert tenant.proxy_config == {"general_settings": {"master_key": "os.environ/LITELLM_MASTER_KEY"}}
    assert tenant.state_identity(Path("/fleet")) == ("local", "/fleet/terraform.acme-dev.tfstate")


def test_files_above_may_be_included_in_a_repository() -> None:
    Path(".git").mkdir()
    Path("accounts/one").mkdir(parents=True)
    Path("profiles.yaml").write_text("profiles: {small: {redis_num_replicas: 0}}\n")
    Path("accounts/one/tenants.yaml").write_text(
        DEFAULTS + "include: ../../profiles.yaml\ntenants: [{tenant: a, env: b, profile: small}]\n"
    )
    [tenant] = load_fleet(Path("accounts/one/tenants.yaml")).tenants
    assert tenant.redis_num_replicas == 0


A = "tenants: [{tenant: a, env: b}]\n"
INCLUDES: dict[str, tuple[str, dict[str, str], list[str]]] = {
    "missing": (
        "include:\n  - a.yaml\n  - b.yaml\n",
        {"a": A},
        ["tenants.yaml:4: include b.yaml: there is no such file: check the path"],
    ),
    "a pattern": (
        "include: '*.yaml'\n",
        {},
        ["tenants.yaml:2: include *.yaml: there is no such file: check the path"],
    ),
    "not YAML": ("include: a.yaml\n", {"a": "tenants: ]\n"}, ["a.yaml:1: is not YAML: "]),
    "empty": ("include: a.yaml\n", {"a": "# later\n"}, ["a.yaml:1: is empty: a tenants file has"]),
    "a list": ("include: a.yaml\n", {"a": "- tenant: a\n"}, ["a.yaml:1: must be a map: a tenants file has"]),
    "absolute": (
        "include: /etc/tenants.yaml\n",
        {},
        ["tenants.yaml:2: include /etc/tenants.yaml is absolute: give the path from this file's folder"],
    ),
    "no path": (
        "include: [5, '', null]\ntenants: []\n",
        {},
        [
            "tenants.yaml:2: include has no value: give it one, or remove the line",
            "tenants.yaml:2: include must be a path, or a list of paths",
        ],
    ),
    "no path that a system knows": (
        'include: "a\\0b"\n',
        {},
        ["tenants.yaml:2: include must be a path, or a list of paths"],
    ),
    "a folder of nothing": (
        "include: customers\n",
        {"customers__more__a": A},
        ["tenants.yaml:2: include customers is a folder without .yaml or .yml files: check the path"],
    ),
    "itself": (
        "include: ./tenants.yaml\n",
        {},
        ["tenants.yaml:2: include ./tenants.yaml is circular: tenants.yaml includes tenants.yaml: remove one"],
    ),
    "a loop": (
        "include: x/a.yaml\n",
        {"x__a": "include: ../b.yaml\n" + A, "b": "include: [x/a.yaml]\n"},
        [
            "b.yaml:1: include x/a.yaml is circular: x/a.yaml includes b.yaml includes x/a.yaml: remove one",
        ],
    ),
    "twice": (
        "include: [a.yaml, b.yaml]\n",
        {"a": A, "b": "include: ./a.yaml\n"},
        ["b.yaml:1: include ./a.yaml reads a.yaml again, first included at tenants.yaml:2: remove one"],
    ),
    "a tenant that is there already": (
        "include: a.yaml\n" + A,
        {"a": "\n" + A},
        ["a.yaml:2: tenant a-b: has the same tenant and env as the entry at tenants.yaml:3: rename or remove one"],
    ),
    "a profile that is there already": (
        "include: a.yaml\nprofiles: {small: {}}\n",
        {"a": "profiles:\n  small: {}\n"},
        ["a.yaml:2: profiles.small is also defined at tenants.yaml:3: rename or remove one"],
    ),
    "mistakes in several files, all said at once": (
        "include: [a.yaml, b.yaml]\ntenant: []\n",
        {"a": "tenants:\n  - {tenant: a, env: b, gateway_cpus: 1}\n", "b": "defaults: {azs: 5}\ntenants: [5]\n"},
        [
            "a.yaml:2: tenant a-b: gateway_cpus is unknown here: did you mean gateway_cpu?",
            "b.yaml:1: defaults: azs must be a list, not 5",
            "b.yaml:2: tenant number 1: must be a map of inputs, with tenant and env",
            "tenants.yaml:3: tenant is unknown here: did you mean tenants?",
        ],
    ),
    "a misread value in an included file": (
        "include: a.yaml\n",
        {"a": "tenants:\n  - {tenant: a, env: b, gateway_cpu: 01024}\n"},
        ["a.yaml:2: tenant a-b: gateway_cpu is 01024, which YAML does not read as a string: "],
    ),
    "nothing at all": ("", {}, ["tenants.yaml:1: tenants must be a list, one map for each tenant: "]),
}


@pytest.mark.parametrize(("main", "others", "said"), INCLUDES.values(), ids=INCLUDES)
def test_a_mistake_with_an_included_file_is_refused(main: str, others: dict[str, str], said: list[str]) -> None:
    found = refusal(DEFAULTS + main, **others)
    assert len(found) == len(said)
    assert [line[: len(expected)] for line, expected in zip(found, said, strict=True)] == said


@pytest.mark.parametrize("repository", [True, False])
def test_an_included_file_is_in_the_repository_or_in_the_folder(folder: Path, repository: bool) -> None:
    Path("outside.yaml").write_text("profiles: {}\n")
    top = Path("top")
    main = Path("top/live/tenants.yaml") if repository else Path("top/tenants.yaml")
    Path(main.parent, "folder").mkdir(parents=True)
    if repository:
        Path("top/.git").mkdir()
    Path(main.parent, "link.yaml").symlink_to(folder / "outside.yaml")
    Path(main.parent, "folder/b.yaml").symlink_to(folder / "outside.yaml")
    above = os.path.relpath("outside.yaml", main.parent)
    main.write_text(
        f"include:\n- {above}\n- link.yaml\n- folder\n- {os.path.dirname(above)}\n"
        f"{DEFAULTS}tenants:\n- {{tenant: a, env: b, proxy_config_file: link.yaml}}\n"
    )
    with pytest.raises(BadInputError) as raised:
        load_fleet(main)
    outside = f"is outside of {folder / top}, the {'repository' if repository else 'folder'} of {main}: move it there"
    assert [str(problem) for problem in raised.value.problems] == [
        f"{main}:2: include {above} {outside}",
        f"{main}:3: include link.yaml {outside}",
        f"{main}:4: include folder: {main.parent}/folder/b.yaml {outside}",
        f"{main}:5: include {os.path.dirname(above)} {outside}",
        f"{main}:8: tenant a-b: proxy_config_file link.yaml {outside}",
    ]


def test_a_link_within_the_folder_is_followed() -> None:
    Path("shared.yaml").write_text("profiles: {small: {redis_num_replicas: 0}}\n")
    Path("link.yaml").symlink_to("shared.yaml")
    [tenant] = load(DEFAULTS + "include: link.yaml\ntenants: [{tenant: a, env: b, profile: small}]\n").tenants
    assert tenant.redis_num_replicas == 0


def test_only_regular_files_are_read(folder: Path) -> None:
    Path("customers").mkdir()
    for fifo in ("fifo.yaml", "customers/a.yaml"):
        os.mkfifo(fifo)
    tenant = "tenants: [{tenant: a, env: b, proxy_config_file: fifo.yaml}]\n"
    assert refusal(DEFAULTS + "include:\n- fifo.yaml\n- customers\n" + tenant) == [
        "tenants.yaml:3: include fifo.yaml: cannot be read: Not a regular file: check the path",
        "tenants.yaml:4: include customers: cannot be read: Not a regular file: check the path",
        "tenants.yaml:5: tenant a-b: proxy_config_file fifo.yaml: cannot be read: Not a regular file: check the path",
    ]
    with pytest.raises(BadInputError, match="1 problem"):
        load_fleet(Path("fifo.yaml"))


def test_the_files_have_a_size_in_all() -> None:
    large = "# " + "x" * (5 * 1024 * 1024) + "\n"
    tenants = (
        "tenants: [{tenant: a, env: b, proxy_config_file: a.yaml}, {tenant: c, env: d, proxy_config_file: a.yaml}]\n"
    )
    assert load(DEFAULTS + tenants, a=large + "x: y\n").tenants
    assert refusal(DEFAULTS + "include: b.yaml\n" + tenants, b=large + "profiles: {}\n") == [
        f"a.yaml:1: tenant {each}: proxy_config_file a.yaml: is too large: "
        "all files together may have 8 MB: remove what is not needed"
        for each in ("a-b and 1 more",)
    ]


def test_a_tenants_label_leads_to_where_its_values_came_from() -> None:
    fleet = load(
        DEFAULTS + "include: acme.yaml\nprofiles:\n  small: {tags: {a: b}}\n",
        acme="tenants:\n  - {tenant: acme, env: dev, profile: small, tags: {c: d}}\n",
    )
    layers = fleet.layers["acme-dev"]
    origins = {
        path: (layers.origin(path).name, layers.node.at(path).place)
        for path in [("region",), ("tags", "a"), ("tags", "c")]
    }
    assert origins == {
        ("region",): ("defaults", "tenants.yaml:1"),
        ("tags", "a"): ("profile small", "tenants.yaml:4"),
        ("tags", "c"): ("tenant acme-dev", "acme.yaml:2"),
    }
    with pytest.raises(KeyError):
        layers.origin(("gateway_cpu",))
