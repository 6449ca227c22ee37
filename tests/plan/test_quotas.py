"""The table of quotas in docs/fleet.md counts what a plan makes."""

import re
from pathlib import Path

from tests.plan.conftest import Evaluate

DOCUMENT = Path(__file__).parents[2] / "docs/fleet.md"


def test_the_table_of_quotas_counts_what_a_tenant_has(plan: Evaluate) -> None:
    made = [address.partition(".")[0] for address in plan().addresses]
    rows = re.findall(r"^\|.* \(`(\w+)`\) \| (\d+) \| ([\d,]+) \| (\d+) \|$", DOCUMENT.read_text(), re.MULTILINE)
    assert len(rows) == 12
    for resource, has, default, fit in rows:
        assert int(has) == made.count(resource), resource
        assert int(fit) == int(default.replace(",", "")) // int(has), resource
    fits = [int(fit) for *_, fit in rows]
    assert fits == sorted(fits)
