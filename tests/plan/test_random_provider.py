"""The random provider keeps its promises, be it HashiCorp's or the stand-in for it."""

import base64
import json
import string
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.terraform import Plan, Root, Terraform

MakeRoot = Callable[..., Root]


def root_in(
    terraform: Terraform,
    folder: Path,
    password: dict[str, Any] | None = None,
    identifier: dict[str, Any] | None = None,
) -> Root:
    """Returns a root with one password and one id of the given arguments, and outputs with all they have."""
    configuration = {
        "terraform": {"required_providers": {"random": {"source": "hashicorp/random", "version": "~> 3.6"}}},
        "variable": {"length": {"type": "number", "default": 32}},
        "resource": {
            "random_password": {"this": {"length": "${var.length}", **(password or {})}},
            "random_id": {"this": {"byte_length": 4, **(identifier or {})}},
        },
        "output": {
            "password": {"value": "${random_password.this}", "sensitive": True},
            "id": {"value": "${random_id.this}"},
        },
    }
    source = folder / "random"
    source.mkdir()
    (source / "main.tf.json").write_text(json.dumps(configuration))
    return terraform.root(source)


@pytest.fixture
def root_with(terraform: Terraform, tmp_path: Path) -> MakeRoot:
    return partial(root_in, terraform, tmp_path)


@pytest.fixture(scope="module")
def plan(terraform: Terraform, tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """The plan of both with defaults."""
    return root_in(terraform, tmp_path_factory.mktemp("defaults")).plan()


def test_the_defaults_are_in_the_plan(plan: Plan) -> None:
    kinds = ["lower", "upper", "numeric", "special"]
    assert plan.counts == {"create": 2}
    assert plan.values("random_password.this") == {
        "length": 32,
        "keepers": None,
        "override_special": None,
        "number": True,
        **dict.fromkeys(kinds, True),
        **dict.fromkeys([f"min_{kind}" for kind in kinds], 0),
    }
    assert plan.values("random_id.this") == {"byte_length": 4, "keepers": None, "prefix": None}


def test_what_is_drawn_is_known_after_the_apply(plan: Plan) -> None:
    assert plan.unknown("random_password.this") == dict.fromkeys(["id", "result", "bcrypt_hash"], True)
    assert plan.unknown("random_id.this") == dict.fromkeys(["id", "hex", "dec", "b64_std", "b64_url"], True)


def test_a_password_is_sensitive(plan: Plan) -> None:
    (change,) = (
        change["change"] for change in plan.document["resource_changes"] if change["address"] == "random_password.this"
    )
    assert change["after_sensitive"] == {"result": True, "bcrypt_hash": True}


def test_a_value_is_drawn_once_and_destroyed(root_with: MakeRoot) -> None:
    root = root_with(password={"keepers": {"cluster": "blue"}})
    root.apply()
    drawn = root.outputs()
    assert len(drawn["password"]["result"]) == 32

    assert root.plan(refresh=True).changes == {}
    root.apply()
    assert root.outputs() == drawn

    root.destroy()
    assert root.plan().counts == {"create": 2}


def test_a_change_of_an_argument_replaces(root_with: MakeRoot) -> None:
    root = root_with()
    root.apply()
    assert root.plan({"length": 33}).changes == {"random_password.this": "replace"}
    root.apply({"length": 33})
    assert len(root.outputs()["password"]["result"]) == 33


def test_a_change_of_a_keeper_replaces(root_with: MakeRoot) -> None:
    root = root_with(password={"keepers": {"length": "${var.length}"}, "length": 16})
    root.apply({"length": 1})
    assert root.plan({"length": 2}).changes == {"random_password.this": "replace"}


def test_the_minimums_are_met(root_with: MakeRoot) -> None:
    root = root_with(password={"length": 12, "min_lower": 3, "min_upper": 4, "min_numeric": 5, "special": False})
    root.apply()
    result = root.outputs()["password"]["result"]
    assert sum(character in string.ascii_lowercase for character in result) == 3
    assert sum(character in string.ascii_uppercase for character in result) == 4
    assert sum(character in string.digits for character in result) == 5


def test_a_password_has_only_the_characters_it_may_have(root_with: MakeRoot) -> None:
    root = root_with(password={"lower": False, "upper": False, "override_special": "_-", "min_special": 1})
    root.apply()
    result = root.outputs()["password"]["result"]
    assert set(result) <= set(string.digits + "_-")
    assert set(result) & set("_-")


def test_minimums_that_do_not_fit_are_refused(root_with: MakeRoot) -> None:
    assert "length value must be at least" in root_with(password={"length": 7, "min_lower": 8}).refusal()


def test_no_bytes_are_refused(root_with: MakeRoot) -> None:
    assert "byte_length value must be at least 1" in root_with(identifier={"byte_length": 0}).refusal()


def test_an_id_is_the_same_bytes_in_every_form(root_with: MakeRoot) -> None:
    root = root_with(identifier={"byte_length": 5})
    root.apply()
    written = root.outputs()["id"]
    drawn = bytes.fromhex(written["hex"])
    assert len(drawn) == 5
    assert base64.b64decode(written["b64_std"]) == drawn
    assert base64.urlsafe_b64decode(written["b64_url"] + "=") == drawn
    assert int(written["dec"]) == int.from_bytes(drawn, "big")
    assert written["id"] == written["b64_url"]


def test_a_prefix_is_on_every_form_but_the_id(root_with: MakeRoot) -> None:
    root = root_with(identifier={"prefix": "stack-"})
    root.apply()
    written = root.outputs()["id"]
    assert all(written[form].startswith("stack-") for form in ("hex", "dec", "b64_std", "b64_url"))
    assert written["b64_url"] == f"stack-{written['id']}"
