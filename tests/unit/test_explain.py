"""`litellm-aws explain` shows a tenant's inputs, and where each was set."""

import subprocess
import sys
from pathlib import Path

import pytest

from litellm_aws.commands.explain import explanation
from litellm_aws.constructs.litellm import LITELLM
from litellm_aws.fleet.problems import RefusedError
from litellm_aws.fleet.tenants_file import load_fleet

FLEET = """\
include: acme.yaml
defaults:
  region: us-west-2
  azs: [us-west-2a, us-west-2b]
  tags: {team: platform, tier: gold}
profiles:
  small:
    profile: base
    gateway_cpu: 512
    gateway_memory: 1024
  base: {tags: {}, allow_plaintext_alb: true, provider: {default_tags: {owner: ops}}}
"""
ACME = """\
tenants:
  - tenant: acme
    env: dev
    profile: small
    tags: {tier: trial}
    gateway_memory: 2048
    gateway_extra_env: {NOTE: "a text that is longer than what a terminal shows of it, by far"}
    proxy_config_file: config.yaml
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a fleet of two files and a proxy_config_file."""
    (tmp_path / "tenants.yaml").write_text(FLEET)
    (tmp_path / "acme.yaml").write_text(ACME)
    (tmp_path / "config.yaml").write_text("general_settings:\n  master_key: os.environ/LITELLM_MASTER_KEY\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def explained(folder: Path) -> list[str]:
    return explanation(load_fleet(Path("tenants.yaml")), "acme", "dev").splitlines()


def line_of(name: str, explained: list[str]) -> str:
    [line] = [line for line in explained if line.split(" ", 1)[0] == name]
    return " ".join(line.split())


def test_the_layers_and_the_state_come_first(explained: list[str]) -> None:
    assert explained[:6] == [
        "acme-dev, from the lowest layer to the highest:",
        "  defaults, tenants.yaml:2",
        "  profile base, tenants.yaml:11",
        "  profile small, tenants.yaml:7",
        "  tenant acme-dev, acme.yaml:2",
        "Its state is terraform.acme-dev.tfstate.",
    ]


def test_an_input_has_its_value_and_the_place_where_it_was_set(explained: list[str]) -> None:
    assert line_of("azs", explained) == 'azs ["us-west-2a", "us-west-2b"] tenants.yaml:4 defaults'
    assert line_of("gateway_cpu", explained) == "gateway_cpu 512 tenants.yaml:9 profile small"
    assert line_of("gateway_memory", explained) == "gateway_memory 2048 acme.yaml:6 tenant acme-dev"


def test_each_key_of_a_map_has_its_own_place(explained: list[str]) -> None:
    assert line_of("tags.team", explained) == 'tags.team "platform" tenants.yaml:5 defaults'
    assert line_of("tags.tier", explained) == 'tags.tier "trial" acme.yaml:5 tenant acme-dev'
    assert line_of("proxy_config.general_settings.master_key", explained).endswith(" config.yaml:2 tenant acme-dev")
    assert line_of("provider.default_tags.owner", explained).endswith(" tenants.yaml:11 profile base")


def test_every_other_input_has_its_default(explained: list[str]) -> None:
    default = LITELLM.inputs["gateway_num_workers"].default
    assert line_of("gateway_num_workers", explained) == f"gateway_num_workers {default}"
    assert line_of("ui_password", explained).endswith(" the environment variable TF_VAR_ui_password, or else empty")


def test_a_tenant_that_is_not_there_is_refused_with_the_nearest(folder: Path) -> None:
    with pytest.raises(RefusedError) as raised:
        explanation(load_fleet(Path("tenants.yaml")), "acme", "dve")
    assert str(raised.value) == "There is no tenant acme in env dve in tenants.yaml: did you mean acme-dev?"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("litellm-aws")), "explain", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command_takes_another_tenants_file(folder: Path) -> None:
    Path("tenants.yaml").rename("fleet.yaml")
    ended = run("acme", "dev", "--tenants", "fleet.yaml")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("acme-dev, ")


@pytest.mark.parametrize("arguments", [["acme"], ["hooli", "prod"]], ids=["no environment", "no such tenant"])
def test_a_wrong_argument_ends_with_2(folder: Path, arguments: list[str]) -> None:
    ended = run(*arguments)
    assert (ended.returncode, ended.stdout) == (2, "")


def test_mistakes_in_the_file_are_reported_with_their_place(folder: Path) -> None:
    Path("acme.yaml").write_text(ACME + "    gateway_cpus: 1\n")
    ended = run("acme", "dev")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("acme.yaml:9: tenant acme-dev: gateway_cpus is unknown here")
