"""The module as a reviewer meets it: lines that can be read, references that lead somewhere, scripts as files."""

import json
import re
from pathlib import Path
from typing import Any

from litellm_aws.constructs.litellm import LITELLM

LONGEST_LINE = 200


def test_every_line_can_be_read(stacks: Path) -> None:
    lines = (stacks / "litellm" / "cdk.tf.json").read_text(encoding="utf-8").splitlines()
    assert [line.strip() for line in lines if len(line) > LONGEST_LINE] == []


def test_every_reference_leads_to_a_block(module: dict[str, Any]) -> None:
    written = json.dumps({key: value for key, value in module.items() if key != "//"})
    assert set(re.findall(r"\bvar\.(\w+)", written)) <= module["variable"].keys()
    assert set(re.findall(r"\blocal\.(\w+)", written)) <= module["locals"].keys()
    resources = set(re.findall(r"(?<![\w.])((?:aws|random)_\w+|terraform_data)\.(\w+)", written))
    data = set(re.findall(r"\bdata\.(\w+)\.(\w+)", written))
    assert {each for each in data if each[1] not in module["data"][each[0]]} == set()
    assert {each for each in resources if each[1] not in module["resource"].get(each[0], {})} == set()


def test_every_local_is_read(module: dict[str, Any]) -> None:
    written = json.dumps({key: value for key, value in module.items() if key != "//"})
    assert module["locals"].keys() == set(re.findall(r"\blocal\.(\w+)", written))


def test_the_scripts_are_files_that_the_module_reads(module: dict[str, Any]) -> None:
    read = set(re.findall(r"\$\{path\.module\}/([\w.]+)", json.dumps(module)))
    assert read == {path.name for path in LITELLM.files}
