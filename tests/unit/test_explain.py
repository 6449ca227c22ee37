"""`make explain` says what a tenant's inputs are, and where each was set."""

import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from fleet.command_line import CommandError
from fleet.explain import explanation
from fleet.tenants_file import load_fleet
from litellm_aws.litellm import LITELLM

PROJECT = Path(__file__).parents[2]
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
  base: {tags: {}, provider: {default_tags: {owner: ops}}}
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


def rows(explained: list[str], head: str) -> dict[str, list[str]]:
    """Returns the cells of a table by the first."""
    start = next(number for number, line in enumerate(explained) if line.startswith(head))
    table = explained[start + 1 : explained.index("", start) if "" in explained[start:] else None]
    columns = re.finditer(r"(?<=  )\S", explained[start])
    cuts = [0, *(column.start() for column in columns), None]
    cells = [[line[begin:end].strip() for begin, end in pairwise(cuts)] for line in table]
    return {name: rest for name, *rest in cells}


def test_the_layers_and_the_state_come_first(explained: list[str]) -> None:
    assert explained[:6] == [
        "acme-dev, from the lowest layer to the highest:",
        "  defaults, tenants.yaml:2",
        "  profile base, tenants.yaml:11",
        "  profile small, tenants.yaml:7",
        "  tenant acme-dev, acme.yaml:2",
        "Its state is terraform.acme-dev.tfstate.",
    ]


def test_each_input_that_is_set_has_its_value_and_the_place_it_came_from(explained: list[str]) -> None:
    assert rows(explained, "SET") == {
        "region": ['"us-west-2"', "tenants.yaml:3", "defaults"],
        "tenant": ['"acme"', "acme.yaml:2", "tenant acme-dev"],
        "env": ['"dev"', "acme.yaml:3", "tenant acme-dev"],
        "azs": ['["us-west-2a", "us-west-2b"]', "tenants.yaml:4", "defaults"],
        "tags.team": ['"platform"', "tenants.yaml:5", "defaults"],
        "tags.tier": ['"trial"', "acme.yaml:5", "tenant acme-dev"],
        "gateway_cpu": ["512", "tenants.yaml:9", "profile small"],
        "gateway_memory": ["2048", "acme.yaml:6", "tenant acme-dev"],
        "gateway_extra_env.NOTE": [
            '"a text that is longer than what a terminal shows of it, by…',
            "acme.yaml:7",
            "tenant acme-dev",
        ],
        "proxy_config.general_settings.master_key": [
            '"os.environ/LITELLM_MASTER_KEY"',
            "config.yaml:2",
            "tenant acme-dev",
        ],
        "provider.default_tags.owner": ['"ops"', "tenants.yaml:11", "profile base"],
        "proxy_config_file": ['"config.yaml"', "acme.yaml:8", "tenant acme-dev"],
    }


def test_every_other_input_has_the_modules_default(explained: list[str]) -> None:
    defaults = rows(explained, "NOT SET")
    given = {name.partition(".")[0] for name in rows(explained, "SET")}
    assert defaults.keys() == LITELLM.inputs.keys() - given
    assert defaults["gateway_num_workers"] == [str(LITELLM.inputs["gateway_num_workers"].default)]
    assert defaults["ui_password"] == ["the environment's TF_VAR_ui_password, else empty"]


def test_a_tenant_that_is_not_there_is_refused_with_the_nearest(folder: Path) -> None:
    with pytest.raises(CommandError) as raised:
        explanation(load_fleet(Path("tenants.yaml")), "acme", "dve")
    assert str(raised.value) == "There is no tenant acme in env dve in tenants.yaml: did you mean acme-dev?"


@pytest.mark.parametrize(
    ("arguments", "code", "begins"),
    [
        (["acme", "dev"], 0, ""),
        (["acme"], 2, "Say which tenant: make explain TENANT=<tenant> ENV=<env>\n"),
        (["hooli", "prod"], 2, "There is no tenant hooli in env prod in tenants.yaml\n"),
    ],
)
def test_the_command_ends_with_its_code(folder: Path, arguments: list[str], code: int, begins: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "fleet.explain", *arguments],
        env=os.environ | {"PYTHONPATH": f"{PROJECT}:{PROJECT / 'constructs'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (code, begins)


def test_mistakes_are_said_as_ever(folder: Path) -> None:
    Path("acme.yaml").write_text(ACME + "    gateway_cpus: 1\n")
    ended = subprocess.run(
        [sys.executable, "-m", "fleet.explain", "acme", "dev"],
        env=os.environ | {"PYTHONPATH": f"{PROJECT}:{PROJECT / 'constructs'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == (
        "acme.yaml:9: tenant acme-dev: gateway_cpus is not known here: did you mean gateway_cpu?\n"
        "1 problem in tenants.yaml; nothing was written.\n"
    )
