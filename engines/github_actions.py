"""A workflow of GitHub Actions, and the list of roots that it runs Terraform in."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from fleet.problems import RefusedError
from fleet.tenants_file import Fleet
from fleet.waves import Wave

from .engine import Engine
from .places import Places

MOST_JOBS = 256
"""The most jobs that GitHub makes of a matrix. With more roots, a job runs several."""

_ALL = "all"
_WORKFLOW = Path(__file__).with_name("github_actions.yml").read_text(encoding="utf-8")
_APPLY = Path(__file__).with_name("github_actions_apply.yml").read_text(encoding="utf-8")


class GithubActions(Engine):
    """GitHub Actions plans a pull request, and applies what is pushed to main, wave by wave."""

    name = "github-actions"
    title = "GitHub Actions"
    begins = "# Written by `make engine"
    reads_git = False
    has_profiles = False

    def files(self, fleet: Fleet, places: Places) -> Mapping[Path, str]:
        """Returns the workflow. It holds the tenants' region, and no roots: each run gets those from `job_outputs`."""
        self.check(fleet, {tenant.label for tenant in fleet.tenants})
        if ".." in places.project.parts:
            raise RefusedError(
                f"{fleet.file} and this project are in different repositories: {self.title} runs `make` in the tenants "
                "file's"
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
        return {Path(".github/workflows/litellm.yml"): _filled(_WORKFLOW, values) + "".join(jobs)}

    def job_outputs(self, fleet: Fleet, waves: Mapping[Wave, Sequence[str]]) -> str:
        """Returns lines for $GITHUB_OUTPUT: the matrix of each wave, and of all, as a list in JSON.

        Args:
            fleet: all tenants.
            waves: the labels of each wave's roots to run.

        Raises:
            BadInputError: one of these tenants needs files that a runner does not have.
        """
        labels = [label for wave in Wave for label in waves[wave]]
        self.check(fleet, labels)
        matrices = {_ALL: labels, **{wave.value: waves[wave] for wave in Wave}}
        return "\n".join(f"{name}={json.dumps(_matrix(roots))}" for name, roots in matrices.items())


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


GITHUB_ACTIONS = GithubActions()
