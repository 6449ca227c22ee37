"""What a plan warns of, without refusing it."""

from cdktf import TerraformStack
from constructs import Construct

from .expressions import template


class Checks(Construct):
    """The `check` blocks."""

    def __init__(self, scope: Construct, id_: str) -> None:
        super().__init__(scope, id_)
        tasks = "var.gateway_autoscaling_enabled ? var.gateway_max_capacity : var.gateway_desired_count"
        processes = f"({tasks}) * var.gateway_num_workers"
        TerraformStack.of(self).add_override(
            "check.redis",
            {
                "assert": [
                    {
                        "condition": template(f"var.create_redis || local.has_redis_url || {processes} <= 1"),
                        "error_message": "Without Redis, each process of the gateway counts rate limits, budgets and "
                        f"cooldowns for itself, and there may be ${{{processes}}}: keep create_redis, set redis_url, "
                        "or have one task with one worker.",
                    }
                ]
            },
        )
