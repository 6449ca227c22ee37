"""The shipped profile `hardened`: what it sets, and what checkov says of a plan with it."""

import json
import re
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from litellm_aws.fleet.tenants_file import load_fleet
from litellm_aws.stacks.synthesis import synthesize
from tests.conftest import PROJECT
from tests.terraform import Plan, Terraform
from tests.unit.rule_cases import WEB_ACL

CHECKOV = PROJECT / ".checkov" / "bin" / "python"
TENANT = f"""
tenants:
  - tenant: acme
    env: prod
    profile: hardened
    region: us-west-2
    azs: [us-west-2a, us-west-2b]
    acm_certificate_arn: arn:aws:acm:us-west-2:111122223333:certificate/1
    generate_salt_key: true
    db_engine_version: "16"
    kms_key_arn: arn:aws:kms:us-west-2:111122223333:key/1
    access_logs_bucket: example-logs
    s3_access_logs_bucket: example-logs
    web_acl_arn: {WEB_ACL}
    permissions_boundary_arn: arn:aws:iam::111122223333:policy/boundary
    proxy_config: {{model_list: []}}
    backend: {{s3: {{bucket: example-states, region: us-west-2}}}}
"""
Findings = dict[str, set[str]]


@pytest.fixture(scope="module")
def hardened(terraform: Terraform, tmp_path_factory: pytest.TempPathFactory) -> Plan:
    folder = tmp_path_factory.mktemp("hardened")
    (folder / "tenants.yaml").write_text(TENANT)
    synthesize(load_fleet(folder / "tenants.yaml"), folder / "out")
    # Only a plan: the state's bucket is not asked.
    root = folder / "out" / "stacks" / "acme-prod"
    configuration = json.loads((root / "cdk.tf.json").read_text())
    del configuration["terraform"]["backend"]
    (root / "cdk.tf.json").write_text(json.dumps(configuration))
    return terraform.root(root).plan()


def findings(plan: Plan, folder: Path) -> Findings:
    """Returns the resources that each check of checkov refuses."""
    (folder / "plan.json").write_text(json.dumps(plan.document))
    command = [str(CHECKOV), "-m", "checkov.main", "--file", "plan.json", "--framework", "terraform_plan"]
    command += ["--output", "json", "--quiet", "--compact", "--skip-download"]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    report = json.loads(ended.stdout)
    assert report["summary"]["passed"] > 200, report["summary"]
    assert report["summary"]["parsing_errors"] == 0
    found: Findings = defaultdict(set)
    for check in report["results"]["failed_checks"]:
        found[check["check_id"]].add(check["resource"].removeprefix("module.litellm."))
    return dict(found)


def accepted() -> Findings:
    """Returns the findings that docs/hardening.md explains."""
    rows = re.findall(r"^\| (CKV\w+) \| (.+?) \| .{20,} \|$", (PROJECT / "docs/hardening.md").read_text(), re.M)
    return {check: set(re.findall("`(.+?)`", resources)) for check, resources in rows}


def test_checkov_finds_nothing_but_what_the_documentation_explains(hardened: Plan, tmp_path: Path) -> None:
    if not (PROJECT / ".checkov" / ".installed").exists():
        pytest.skip("checkov is not installed: make setup says why")
    assert findings(hardened, tmp_path) == accepted()
    assert sum(map(len, accepted().values())) <= 11


def test_it_protects_what_a_plan_shows(hardened: Plan) -> None:
    def values(address: str) -> dict[str, Any]:
        return hardened.values(f"module.litellm.{address}")

    cluster, balancer = values("aws_rds_cluster.this[0]"), values("aws_lb.this")
    assert (cluster["deletion_protection"], balancer["enable_deletion_protection"]) == (True, True)
    assert cluster["manage_master_user_password"] is True
    assert cluster["enabled_cloudwatch_logs_exports"] == ["postgresql"]
    assert values("aws_cloudwatch_log_group.database[0]")["retention_in_days"] == 400
    assert {
        service: values(f"aws_ecs_service.{service}")["desired_count"] for service in ("gateway", "backend", "ui")
    } == {
        "gateway": 2,
        "backend": 2,
        "ui": 2,
    }
