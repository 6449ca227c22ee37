"""A workflow of GitHub Actions, and the list of roots that it runs Terraform in."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from fleet.changed import Changed
from fleet.command_line import CommandError
from fleet.tenants_file import Fleet
from fleet.waves import Wave

from .places import Places
from .remote_runs import check_remote_runs

_NAME = "GitHub Actions"
FILE = Path(".github/workflows/litellm.yml")
"""Where GitHub looks for workflows, from the repository's top."""

MOST_JOBS = 256
"""What GitHub makes of a matrix at most. With more roots than that, a job takes several."""

_ALL = "all"
_WORKFLOW = Path(__file__).with_name("github_actions.yml").read_text(encoding="utf-8")
_APPLY = Path(__file__).with_name("github_actions_apply.yml").read_text(encoding="utf-8")


def content(fleet: Fleet, places: Places) -> str:
    """Returns the workflow: it plans on a pull request, and applies what is pushed to main, wave by wave.

    It does not depend on the tenants but for their region: the roots come from `job_outputs` when it runs.

    Raises:
        BadInputError: a tenant needs what a runner does not have.
        CommandError: the project is outside of the repository.
    """
    check_remote_runs(fleet, _NAME, {tenant.label for tenant in fleet.tenants}, has_profiles=False)
    if ".." in places.project.parts:
        raise CommandError(
            f"{fleet.file} and this project are in different repositories: {_NAME} runs `make` in the one that it is in"
        )
    regions = Counter(tenant.region for tenant in fleet.tenants)
    values = {
        "region": regions.most_common(1)[0][0] if regions else "us-east-1",
        "tenants-file": json.dumps(os.path.relpath(places.tenants_file, places.project)),
        "project": json.dumps(str(places.project)),
    }
    before: list[str] = []
    jobs = []
    for wave in Wave:
        lines = {
            "wave": wave.value,
            "needs": ", ".join(["changed", *before]),
            "environment": "\n    environment: production # ask its reviewers first" if wave is Wave.PROD else "",
        }
        jobs.append(_filled(_APPLY, lines))
        before.append(f"apply-{wave}")
    return _filled(_WORKFLOW, values) + "".join(jobs)


def job_outputs(changed: Changed) -> str:
    """Returns lines for $GITHUB_OUTPUT: the matrix of each wave, and of all, as a list in JSON.

    Raises:
        BadInputError: a tenant that is touched needs what a runner does not have.
    """
    waves = {wave.value: [each.label for each in changed.of(wave)] for wave in Wave}
    labels = [label for wave in waves.values() for label in wave]
    check_remote_runs(changed.fleet, _NAME, set(labels), has_profiles=False)
    return "\n".join(f"{name}={json.dumps(_matrix(roots))}" for name, roots in {_ALL: labels, **waves}.items())


def _matrix(roots: Sequence[str]) -> list[dict[str, str]]:
    size = -(-len(roots) // MOST_JOBS) or 1
    jobs = [roots[begin : begin + size] for begin in range(0, len(roots), size)]
    return [
        {"name": job[0] + (f" and {len(job) - 1} more" if len(job) > 1 else ""), "roots": " ".join(job)} for job in jobs
    ]


def _filled(template: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        template = template.replace(f"<{name}>", value)
    return template
