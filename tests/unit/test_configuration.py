"""Roots, stacks of workspaces and the manifest are, byte by byte, what CDKTF writes."""

import os
from pathlib import Path

import pytest

from litellm_aws.constructs.litellm import LITELLM
from litellm_aws.fleet.tenants_file import load_fleet
from litellm_aws.stacks.stale_roots import TENANTS_FILE
from litellm_aws.stacks.synthesis import configuration_of, configurations
from litellm_aws.stacks.tenant_root import tenant_root
from litellm_aws.stacks.workspaces import by_stack, workspaces
from tests.cdktf_stacks import written_by_cdktf

PROJECT = Path(__file__).parents[2]
FLEETS = [
    PROJECT / "tenants.yaml",
    *sorted(PROJECT.glob("examples/*/tenants.yaml")),
    PROJECT / "examples/fleet/hcp.yaml",
]
ROLE = "arn:aws:iam::111122223333:role/deployer"
BACKENDS = (
    "{local: {path: 'states/${x}'}}",
    "{s3: {bucket: states, region: us-west-2}}",
    "{s3: {bucket: b, region: eu-west-1, use_lockfile: false, key: k, kms_key_id: '%{a}', use_path_style: true, "
    f"assume_role: {{role_arn: '{ROLE}', external_id: abc, duration: 1h}}, endpoints: {{s3: 'http://localhost'}}}}}}",
    "{cloud: {organization: acme}}",
    "{cloud: {organization: acme, project: 'a ${b}', workspace: '%{w}'}}",
    "{cloud: {organization: acme, hostname: 'app.terraform.io:443'}}",
    "{cloud: {organization: other, hostname: 'tfe.example.com:8443', project: P}}",
)
TENANT = "region: us-west-2, azs: [us-west-2a, us-west-2b], allow_plaintext_alb: true, tenant: acme, env"
NUMBERS = (
    "[1, 2.0, 1.5, -0.0, 1.0e+16, 1.0e+20, 1.2345678901234567e+20, 1.0e+21, 1.5e+300, 1.0e-7, 5.0e-324, "
    "9007199254740993, 99999999999999999999, -123456789, -123456789.0, -1.8881545897087505e+289]"
)
TEXTS = (
    "{'10': a, '9': b, B: c, a: d, \"\\uE000\": e, \"\\U0001F600\": f, '//': {metadata: {uniqueId: a}}, "
    "constructor: g, '${k}': '${v}', q: \"'\\\"\\\\/\\b\\n\\x7f\\u2028\\u00e9\", t: 'TfToken[TOKEN.0]', n: null, "
    "e: ['', {}, [], null, true]}"
)
OTHERS = (
    f"proxy_config: {{numbers: {NUMBERS}, texts: {TEXTS}}}",
    f"wave: prod, provider: {{assume_role: {{role_arn: '{ROLE}'}}, default_tags: {{b: '${{x}}', A: y}}, "
    "allowed_account_ids: ['111122223333'], endpoints: {s3: 'http://localhost'}, s3_use_path_style: true}",
    "litellm_master_key_secret_arn: 'arn:aws:secretsmanager:us-west-2:111122223333:secret:a-AbCdEf', gateway_cpu: 2048",
)


def compare(file: Path, folder: Path) -> None:
    """Compares what synthesis makes of a tenants file with what CDKTF writes."""
    fleet = load_fleet(file)
    stacks_folder = folder / "cdktf.out" / "stacks"
    stacks = {
        tenant.label: tenant_root(tenant, tenants_folder=file.parent, root_folder=stacks_folder / tenant.label)
        for tenant in fleet.tenants
    }
    from_top = Path(os.path.relpath(stacks_folder, folder if folder == file.parent else PROJECT))
    for name, tenants in by_stack(fleet.tenants).items():
        stacks[name] = workspaces(tenants, stacks_folder=from_top)
    notes = {name: {TENANTS_FILE: os.path.relpath(file, stacks_folder / name)} for name in stacks}
    written = written_by_cdktf({LITELLM.name: {}, **stacks}, notes, folder / "by-cdktf")
    ours = configurations(fleet, folder / "cdktf.out")
    assert ours[Path("manifest.json")] == written.pop("manifest.json")
    assert {name: ours[configuration_of(name)].decode() for name in written} == {
        name: content.decode() for name, content in written.items()
    }


@pytest.mark.parametrize("file", FLEETS, ids=lambda file: file.relative_to(PROJECT).as_posix())
def test_the_examples_are_what_cdktf_writes(file: Path, tmp_path: Path) -> None:
    compare(file, tmp_path)


def test_every_backend_and_every_kind_of_value_is_what_cdktf_writes(tmp_path: Path) -> None:
    tenants = [f"{TENANT}: e{number}, backend: {backend}" for number, backend in enumerate(BACKENDS)]
    tenants += [f"{TENANT}: o{number}, {other}" for number, other in enumerate(OTHERS)]
    file = tmp_path / "tenants.yaml"
    file.write_text("tenants:\n" + "".join(f"  - {{{tenant}}}\n" for tenant in tenants), encoding="utf-8")
    compare(file, tmp_path)
