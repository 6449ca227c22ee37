"""Warnings at plan: the `check` blocks."""

from constructs import Construct

from .alarms import Alarms
from .blocks import add_block, local
from .expressions import Expression, call
from .input_variables import InputVariables
from .inputs import SPLIT_IMAGES
from .module_kind import ModuleKind
from .ports import BACKEND_PORT, UI_PORT


class Checks(Construct):
    """The `check` blocks."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        inputs: InputVariables,
        module: ModuleKind,
        has_redis: Expression,
        alarms: Alarms,
    ) -> None:
        """Declares the checks.

        Args:
            has_redis: whether there is a Redis, managed or existing.
        """
        super().__init__(scope, id_)
        self._redis(inputs, has_redis)
        self._gateway_metrics_port(inputs.gateway_metrics_port)
        self._arm_images(inputs)
        self._check(
            "database_alarms",
            alarms.know_the_database,
            f"The memory of a {alarms.database_class} is not known, so no alarm watches Aurora's memory, local "
            "storage and connections: make your own.",
        )
        for rule in module.rules:
            if not rule.refuses_plan:
                condition, message = rule.condition(inputs.name_local), rule.error_message(inputs.name_local)
                self._check(rule.inputs[-1], condition, f"{message}.")

    def _redis(self, inputs: InputVariables, has_redis: Expression) -> None:
        tasks = inputs.gateway_autoscaling_enabled.then(inputs.gateway_max_capacity, inputs.gateway_desired_count)
        processes = local(self, "gateway_processes", tasks * inputs.gateway_num_workers)
        self._check(
            "redis",
            has_redis | (processes <= 1),
            f"Without Redis, each of up to {processes} processes counts its own rate limits, budgets and "
            "cooldowns: set create_redis or redis_url, or run one process.",
        )

    def _gateway_metrics_port(self, port: Expression) -> None:
        components = {str(BACKEND_PORT): "backend", str(UI_PORT): "UI"}
        owner = local(
            self,
            "owner_of_gateway_metrics_port",
            call("lookup", components, call("tostring", call("coalesce", port, 0)), ""),
        )
        self._check(
            "gateway_metrics_port",
            owner.equals(""),
            f"gateway_metrics_port is also the port of the {owner}, which gateway_metrics_scrape_cidrs could then "
            "reach: set another port.",
        )

    def _arm_images(self, inputs: InputVariables) -> None:
        # Its release tags have only the one image for both architectures (BerriAI/litellm, issue 29966).
        chosen = call("coalesce", inputs.image, inputs.litellm_version, inputs.gateway_image)
        self._check(
            "arm_images",
            inputs.cpu_architecture.equals("X86_64") | chosen.differs(SPLIT_IMAGES["gateway_image"]),
            "The default images are not known to run on ARM64: set litellm_version, or images that are built for it.",
        )

    def _check(self, name: str, condition: Expression, message: str) -> None:
        add_block(self, f"check.{name}", {"assert": [{"condition": condition, "error_message": message}]})
