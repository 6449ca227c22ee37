"""A workflow of GitHub Actions, and the list of roots that it runs Terraform in."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from litellm_aws.fleet.problems import RefusedError
from litellm_aws.fleet.tenants_file import Fleet
from litellm_aws.fleet.waves import Wave

from .engine import Engine
from .places import Places

MOST_JOBS = 256
"""The most jobs that GitHub makes of a matrix. With more roots, a job runs several."""

_ALL = "all"
_WORKFLOW, _STEPS, _PLAN, _DECRYPT, _APPLY = (
    Path(__file__).with_name(f"github_actions{part}.yml").read_text(encoding="utf-8")
    for part in ("", "_steps", "_plan", "_decrypt", "_apply")
)
_BY_MAKE = "make synth"
_BY_PIP = """|
          python -m venv .venv
          .venv/bin/pip install --requirement <requirements>
          .venv/bin/litellm-aws synth"""
_PLAN_SECONDS = 60 * 60
"""The session of a job that plans: as long as its timeout, and as AWS's default for a role."""
_APPLY_SECONDS = 6 * 60 * 60
"""The session of a job that applies: as long as GitHub lets a job run on its runners."""


class GithubActions(Engine):
    """GitHub Actions plans a pull request, and applies what is pushed to main, wave by wave.

    The last wave's plans are made before its reviewers are asked, and exactly these are applied.
    """

    name = "github-actions"
    title = "GitHub Actions"
    begins = "# Written by `litellm-aws engine"
    reads_git = False
    has_profiles = False

    def files(self, fleet: Fleet, places: Places) -> Mapping[Path, str]:
        """Returns the workflow. It holds the tenants' region, and no roots: each run gets those from `job_outputs`."""
        self.check(fleet, {tenant.label for tenant in fleet.tenants})
        if places.checkout is not None:
            folder, synthesis = places.checkout, _BY_MAKE
        elif places.requirements is not None:
            folder = places.requirements.parent
            synthesis = _BY_PIP.replace("<requirements>", places.requirements.name)
        else:
            raise RefusedError(
                f"{self.title} installs this program by the requirements.txt of the repository, and {fleet.file} has "
                "none: `litellm-aws init` writes one"
            )
        regions = Counter(tenant.region for tenant in fleet.tenants)
        plan_steps = _filled(_STEPS, {"role": "PLAN", "seconds": str(_PLAN_SECONDS)})
        apply_steps = _filled(_STEPS, {"role": "APPLY", "seconds": str(_APPLY_SECONDS)})
        values = {
            "region": regions.most_common(1)[0][0] if regions else "us-east-1",
            "tenants-file": json.dumps(os.path.relpath(places.tenants_file, folder)),
            "folder": json.dumps(str(folder)),
            "synthesis": synthesis,
            "steps": plan_steps,
        }
        jobs = [_filled(_WORKFLOW, values)]
        needs = ["changed"]
        for wave in Wave:
            apply = {"environment": "", "steps": apply_steps, "what": "-auto-approve"}
            if wave is Wave.PROD:
                plan = {"wave": wave.value, "needs": ", ".join(needs), "steps": plan_steps}
                jobs.append(_filled(_PLAN, plan))
                needs.append(f"plan-{wave}")
                apply = {
                    "environment": "    environment: production # its reviewers have read the plan\n",
                    "steps": apply_steps + _DECRYPT,
                    "what": '"$PWD/plans/$root"',
                }
            jobs.append(_filled(_APPLY, {"wave": wave.value, "needs": ", ".join(needs), **apply}))
            needs.append(f"apply-{wave}")
        return {Path(".github/workflows/litellm.yml"): "".join(jobs)}

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
