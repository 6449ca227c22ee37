"""The tenants that are synthesized: the same ones for the baseline and, as a tenants file, for us."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_REGION = "us-west-2"
_AZS = ("us-west-2a", "us-west-2b")
_SECRETS = {"OPENAI_API_KEY": "arn:aws:secretsmanager:us-west-2:111122223333:secret:openai-api-key-AbCdEf"}


@dataclass(frozen=True)
class Tenant:
    """What differs between tenants."""

    name: str
    env: str
    region: str
    azs: Sequence[str]
    gateway_extra_secrets: Mapping[str, str]

    @property
    def label(self) -> str:
        """The name of the tenant's stack, and so of its folder."""
        return f"{self.name}-{self.env}"

    @property
    def stack_name(self) -> str:
        """The name that every resource's name starts with."""
        return f"{self.name}-litellm-{self.env}"


def tenants(count: int) -> list[Tenant]:
    """Returns the first tenants of the fleet."""
    return [Tenant(f"t{number:04}", "dev", _REGION, _AZS, _SECRETS) for number in range(count)]


def tenants_file(count: int, more: Mapping[int, Mapping[str, Any]] | None = None) -> str:
    """Returns a tenants file of the first tenants. What they share is in its defaults, as users write it.

    Args:
        count: how many tenants.
        more: further inputs of single tenants, by the tenant's number.
    """
    lines = ["defaults: " + json.dumps({"region": _REGION, "azs": _AZS}), "tenants:"]
    for number, tenant in enumerate(tenants(count)):
        entry = {
            "tenant": tenant.name,
            "env": tenant.env,
            "allow_plaintext_alb": True,
            "gateway_extra_secrets": tenant.gateway_extra_secrets,
            **(more or {}).get(number, {}),
        }
        lines.append("  - " + json.dumps(entry))
    return "\n".join(lines) + "\n"
