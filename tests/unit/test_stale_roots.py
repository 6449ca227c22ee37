"""A root without a tenant is deleted, unless a local state may still need it."""

import json
from pathlib import Path
from typing import Any

import pytest

from litellm_aws.stacks.stale_roots import StaleRoot, delete, tenants_file_of, warnings

CONFIGURATION = "cdk.tf.json"
LOCAL = {"backend": {"local": {"path": "../../../terraform.acme-dev.tfstate"}}}
HOLDS = json.dumps(
    {
        "resources": [
            {"mode": "data", "instances": [{}]},
            {"mode": "managed", "instances": [{}, {}]},
            {"mode": "managed", "instances": [{}]},
        ]
    }
)
ONLY_DATA = json.dumps({"resources": [{"mode": "data", "instances": [{}]}]})


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An initialized root of a tenant with a local state."""
    monkeypatch.chdir(tmp_path)
    root = Path("cdktf.out/stacks/acme-dev")
    (root / ".terraform/providers").mkdir(parents=True)
    (root / ".terraform/terraform.tfstate").write_text(HOLDS.replace("resources", "backend"))
    (root / ".terraform.lock.hcl").write_text("")
    configure(root, LOCAL)
    return root


def configure(root: Path, terraform: dict[str, Any]) -> None:
    (root / CONFIGURATION).write_text(json.dumps({"terraform": terraform}))


@pytest.mark.parametrize("state", [None, "", "\n", '{"resources": []}', ONLY_DATA])
def test_a_root_without_resources_goes_with_what_terraform_made_in_it(root: Path, state: str | None) -> None:
    if state is not None:
        Path("terraform.acme-dev.tfstate").write_text(state)
    assert delete(root, CONFIGURATION, Path()) == StaleRoot(root, "../../../terraform.acme-dev.tfstate")
    assert not root.exists()
    assert Path("terraform.acme-dev.tfstate").exists() == (state is not None)


@pytest.mark.parametrize(
    ("where", "terraform"),
    [
        ("terraform.acme-dev.tfstate", LOCAL),
        ("cdktf.out/stacks/acme-dev/terraform.tfstate", {"backend": {"local": {}}}),
        ("cdktf.out/stacks/acme-dev/terraform.tfstate.d/blue/terraform.tfstate", LOCAL),
        # Terraform writes the state there when it cannot write to the backend.
        ("cdktf.out/stacks/acme-dev/errored.tfstate", {"backend": {"s3": {"bucket": "b", "key": "k"}}}),
        ("cdktf.out/stacks/acme-dev/errored.tfstate", {"cloud": {"workspaces": {"name": "w"}}}),
    ],
)
def test_a_root_with_resources_in_a_state_stays(root: Path, where: str, terraform: dict[str, Any]) -> None:
    configure(root, terraform)
    Path(where).parent.mkdir(parents=True, exist_ok=True)
    Path(where).write_text(HOLDS)
    before = sorted(Path().rglob("*"))
    assert delete(root, CONFIGURATION, Path()).kept_for == f"{where} still holds 3 resources"
    assert sorted(Path().rglob("*")) == before


@pytest.mark.parametrize("state", ["{", "[]", '{"encrypted_data": "…"}', '{"resources": [5]}'])
def test_a_state_that_cannot_be_read_may_hold_resources(root: Path, state: str) -> None:
    Path("terraform.acme-dev.tfstate").write_text(state)
    assert delete(root, CONFIGURATION, Path()).kept_for == (
        "terraform.acme-dev.tfstate cannot be read as a state and may hold resources"
    )
    assert (root / CONFIGURATION).exists()


@pytest.mark.parametrize("name", ["st${x}.tfstate", "%{y}.tfstate"])
def test_a_state_is_found_by_the_name_that_terraform_reads(root: Path, name: str) -> None:
    escaped = name.replace("${", "$${").replace("%{", "%%{")
    configure(root, {"backend": {"local": {"path": f"../../../{escaped}"}}})
    Path(name).write_text(HOLDS)
    assert delete(root, CONFIGURATION, Path()).kept_for == f"{name} still holds 3 resources"


def test_a_state_is_found_from_where_the_output_really_is(root: Path, tmp_path: Path) -> None:
    Path("elsewhere/deep/down").mkdir(parents=True)
    Path("cdktf.out").rename("elsewhere/deep/down/out")
    Path("cdktf.out").symlink_to("elsewhere/deep/down/out")
    configure(root, {"backend": {"local": {"path": "../../../../../../terraform.acme-dev.tfstate"}}})
    Path("terraform.acme-dev.tfstate").write_text(HOLDS)
    assert delete(root, CONFIGURATION, Path()).kept_for == "terraform.acme-dev.tfstate still holds 3 resources"


def test_a_state_that_was_never_migrated_from_its_file_counts(root: Path) -> None:
    configure(root, {"backend": {"s3": {"bucket": "states", "key": "k"}}})
    Path("terraform.acme-dev.tfstate").write_text(HOLDS)
    assert delete(root, CONFIGURATION, Path()).kept_for == "terraform.acme-dev.tfstate still holds 3 resources"


@pytest.mark.parametrize(
    ("configuration", "is_ours"),
    [
        ('{"//": {"metadata": {"tenantsFile": "../../../tenants.yaml"}}}', True),
        ('{"//": {"metadata": {"tenantsFile": "../../../other.yaml"}}}', False),
        *(
            (text, False)
            for text in ("", "{}", "[]", '{"//": {"metadata": {}}}', '{"//": {"metadata": {"tenantsFile": 5}}}')
        ),
    ],
)
def test_only_a_root_of_the_same_tenants_file_is_ours(root: Path, configuration: str, is_ours: bool) -> None:
    (root / CONFIGURATION).write_text(configuration)
    assert (tenants_file_of(root / CONFIGURATION) == Path("tenants.yaml").resolve()) is is_ours


def test_files_of_the_users_own_stay(root: Path) -> None:
    (root / "notes.md").write_text("mine")
    (root / "terraform.tfstate.backup").write_text(HOLDS)
    gone = delete(root, CONFIGURATION, Path())
    assert gone.remaining == ("notes.md", "terraform.tfstate.backup")
    assert sorted(path.name for path in root.iterdir()) == ["notes.md", "terraform.tfstate.backup"]


def test_a_warning_names_the_state_and_the_commands(root: Path) -> None:
    configure(root, {"backend": {"s3": {"bucket": "states", "key": "litellm/acme-dev"}}})
    (root / "mine.tf").write_text("")
    [warning] = warnings([delete(root, CONFIGURATION, Path())], Path("tenants.yaml"))
    assert "cdktf.out/stacks/acme-dev belongs to no tenant in tenants.yaml and was deleted" in warning
    assert "mine.tf" in warning
    assert "s3://states/litellm/acme-dev" in warning
    assert "`terraform -chdir=cdktf.out/stacks/acme-dev destroy`" in warning
