"""The synthesized files are what the last reviewed change made them: `make snapshots` takes new ones."""

from pathlib import Path

import pytest

SNAPSHOTS = Path(__file__).parents[1] / "snapshots"
FILES = [Path(stack, "cdk.tf.json") for stack in ("litellm", "acme-prod", "acme-stage", "globex-dev")]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.parent.name)
def test_what_is_synthesized_is_what_was_reviewed(file: Path, stacks: Path, pytestconfig: pytest.Config) -> None:
    snapshot = SNAPSHOTS / file
    synthesized = (stacks / file).read_text(encoding="utf-8")
    if pytestconfig.getoption("--take-snapshots"):
        snapshot.parent.mkdir(parents=True, exist_ok=True)
        snapshot.write_text(synthesized, encoding="utf-8")
    assert synthesized == snapshot.read_text(encoding="utf-8"), (
        "if the change is meant, run `make snapshots` and review the diff"
    )


def test_every_synthesized_stack_has_a_snapshot(stacks: Path) -> None:
    assert {path.relative_to(stacks) for path in stacks.glob("*/cdk.tf.json")} == set(FILES)
