"""The first apply as a Gantt chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from litellm_aws.commands.costs.first_apply import DURATIONS, FirstApply

_SECTIONS: Mapping[str, Sequence[str]] = {
    "Network": ("aws_nat_gateway.this", "aws_lb.this"),
    "Stores": (
        "aws_rds_cluster.this",
        "aws_rds_cluster_instance.writer",
        "aws_rds_cluster_instance.reader",
        "aws_elasticache_replication_group.this",
    ),
    "Tasks": ("terraform_data.bootstrap_db", "terraform_data.migration"),
    "Services": ("aws_ecs_service.gateway", "aws_ecs_service.backend", "aws_ecs_service.ui"),
}
_SERVICES = {address: address.rpartition(".")[2] for address in _SECTIONS["Services"]}


def gantt(apply: FirstApply) -> str:
    """Returns a chart of the steps that take long, in Mermaid. Those on the longest path are critical."""
    longest = {step.address for step in apply.path_to(list(apply.steps)[-1])}
    lines = ["gantt", "  dateFormat X", "  axisFormat %M:%S"]
    for section, addresses in _SECTIONS.items():
        lines.append(f"  section {section}")
        for address in addresses:
            step = apply.steps[address]
            name = DURATIONS[address].name if address in DURATIONS else _SERVICES[address]
            critical = "crit, " if address in longest else ""
            lines.append(f"  {name} :{critical}{step.begin}, {step.end}")
    return "\n".join(["```mermaid", *lines, "```"])
