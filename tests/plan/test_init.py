"""What `litellm-aws init` writes plans."""

import json
from pathlib import Path

import pytest

import litellm_aws.commands.__main__ as command_line
from tests.terraform import Terraform
from tests.unit.test_init import ANSWERS, HCP


@pytest.mark.parametrize(
    ("engine", "answers"),
    [
        ("none", {**ANSWERS, "env": "prod"}),
        ("github-actions", ANSWERS),
        ("atlantis", ANSWERS),
        ("hcp-terraform", HCP),
    ],
)
def test_the_first_tenant_plans(
    engine: str, answers: dict[str, str], terraform: Terraform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    options = [word for name, value in answers.items() for word in (f"--{name}", value)]
    assert command_line.run(["init", "live", "--generator", "0.1.0", "--engine", engine, *options]) == 0
    monkeypatch.chdir("live")
    assert command_line.run(["synth"]) == 0
    # Without credentials, the account cannot be asked for.
    root = terraform.root(
        Path("cdktf.out/stacks", f"main-{answers.get('env', 'dev')}"), provider={"allowed_account_ids": None}
    )
    plan = root.plan()
    assert plan.warnings == ()
    assert plan.outputs["alb_url"] == "https://llm.example.com"
    policies = json.dumps(plan.document["planned_values"])
    assert "inference-profile/us.amazon.nova-lite-v1:0" in policies
