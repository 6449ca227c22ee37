"""What a plan warns of, without refusing it."""

from cdktf import TerraformStack
from constructs import Construct

from .expressions import template
from .module_kind import ModuleKind
from .ports import BACKEND_PORT, UI_PORT


class Checks(Construct):
    """The `check` blocks."""

    def __init__(self, scope: Construct, id_: str, *, module: ModuleKind) -> None:
        super().__init__(scope, id_)
        self._redis()
        self._gateway_metrics_port()
        for rule in module.rules:
            if not rule.refuses_plan:
                self._check(rule.inputs[-1], rule.condition(), f"{rule.error_message()}.")

    def _redis(self) -> None:
        tasks = "var.gateway_autoscaling_enabled ? var.gateway_max_capacity : var.gateway_desired_count"
        processes = f"({tasks}) * var.gateway_num_workers"
        self._check(
            "redis",
            f"var.create_redis || local.has_redis_url || {processes} <= 1",
            "Without Redis, each process of the gateway counts rate limits, budgets and cooldowns for itself, and "
            f"there may be ${{{processes}}}: keep create_redis, set redis_url, or have one task with one worker.",
        )

    def _gateway_metrics_port(self) -> None:
        ports = f'{{ "{BACKEND_PORT}" = "backend", "{UI_PORT}" = "UI" }}'
        component = f'lookup({ports}, tostring(coalesce(var.gateway_metrics_port, 0)), "")'
        self._check(
            "gateway_metrics_port",
            f'{component} == ""',
            f"gateway_metrics_port is also the port of the ${{{component}}}, whose tasks have the same security group: "
            "gateway_metrics_scrape_cidrs reach that port too. Set another port.",
        )

    def _check(self, name: str, condition: str, message: str) -> None:
        TerraformStack.of(self).add_override(
            f"check.{name}", {"assert": [{"condition": template(condition), "error_message": message}]}
        )
