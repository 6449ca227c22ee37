"""The rules of the load balancer's listener, which send a path to its service."""

from collections.abc import Sequence

from cdktf import TerraformIterator
from cdktf_cdktf_provider_aws.lb_listener_rule import (
    LbListenerRule,
    LbListenerRuleAction,
    LbListenerRuleCondition,
    LbListenerRuleConditionPathPattern,
)
from cdktf_cdktf_provider_aws.lb_target_group import LbTargetGroup
from constructs import Construct

from .blocks import add_block, address, attribute, local
from .expressions import EACH_KEY, EACH_VALUE, Expression, call, for_list, for_map
from .input_variables import InputVariables
from .naming import Naming
from .routes import (
    BACKEND,
    BACKEND_TEXT,
    GATEWAY,
    PATTERNS_PER_RULE,
    UI_EXACT,
    UI_PREFIXES,
    UI_TEXT,
    WILDCARDS_PER_RULE,
    rules,
)

_FIRST_GATEWAY_PRIORITY = 100
_FIRST_BACKEND_PRIORITY = 50
_FIRST_EXTRA_KEY = 17
"""The public module has gateway rules with keys up to 16. Those of 13 to 16 become rules that it does not have, so that
taking over its state deletes none."""


class ListenerRules(Construct):
    """The rules, in the order of their priorities. A path that matches none goes to the backend.

    Attributes:
        rules: the resources.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        inputs: InputVariables,
        naming: Naming,
        listener_arn: Expression,
        gateway: LbTargetGroup,
        backend: LbTargetGroup,
        ui: LbTargetGroup,
    ) -> None:
        super().__init__(scope, id_)
        self._naming, self._listener_arn = naming, listener_arn
        ui_exact = self._rule("ui_exact", 10, UI_EXACT, ui)
        ui_prefix = self._rule("ui_prefix", 20, UI_PREFIXES, ui)
        backend_rules = self._keyed("backend_rules", BACKEND)
        of_backend = self._rules("backend", _FIRST_BACKEND_PRIORITY, backend_rules, backend)
        gateway_rules = self._gateway_rules(inputs.extra_gateway_paths)
        of_gateway = self._rules("gateway", _FIRST_GATEWAY_PRIORITY, gateway_rules, gateway)
        # After the gateway's, some of whose paths may end in .txt.
        backend_text = self._rule("backend_text", 500, BACKEND_TEXT, backend)
        ui_text = self._rule("ui_text", 510, UI_TEXT, ui)
        self.rules = [ui_exact, ui_prefix, of_backend, of_gateway, backend_text, ui_text]
        moved_to = {
            "13": address(ui_text),
            "14": address(backend_text),
            "15": address(of_backend)["0"],
            "16": address(of_backend)["1"],
        }
        moved = [{"from": address(of_gateway)[key].source, "to": rule.source} for key, rule in moved_to.items()]
        add_block(self, "moved", moved)

    def _gateway_rules(self, extra_paths: Expression) -> Expression:
        """Returns the gateway's patterns by the keys of their rules."""
        documented = self._keyed("gateway_paths", GATEWAY)
        counts = for_list(extra_paths, lambda path: call("regexall", "[*?]", path).length())
        wildcards = local(self, "most_wildcards", call("max", call("concat", [1], counts).spread))
        # As many in each rule as the one with the most wildcards allows.
        size = call("min", PATTERNS_PER_RULE, call("floor", WILDCARDS_PER_RULE / wildcards))
        extra = for_map(
            call("chunklist", extra_paths, size),
            lambda index, paths: (call("tostring", _FIRST_EXTRA_KEY + index), paths),
        )
        return local(self, "gateway_rules", call("merge", documented, extra))

    def _keyed(self, name: str, patterns: Sequence[str]) -> Expression:
        """Returns patterns by the keys of their rules."""
        return local(self, name, {str(index): values for index, values in enumerate(rules(patterns))})

    def _rule(self, name: str, priority: int, patterns: Sequence[str], target_group: LbTargetGroup) -> LbListenerRule:
        return self._resource(name, priority, list(patterns), target_group)

    def _rules(
        self, name: str, first_priority: int, patterns: Expression, target_group: LbTargetGroup
    ) -> LbListenerRule:
        """Makes a rule for each key of a map."""
        return self._resource(
            name,
            (first_priority + EACH_KEY).as_number,
            EACH_VALUE.as_list,
            target_group,
            for_each=TerraformIterator.from_map(patterns.as_map),
        )

    def _resource(
        self,
        name: str,
        priority: float,
        patterns: list[str],
        target_group: LbTargetGroup,
        for_each: TerraformIterator | None = None,
    ) -> LbListenerRule:
        return LbListenerRule(
            self,
            f"aws_lb_listener_rule.{name}",
            for_each=for_each,
            listener_arn=self._listener_arn.as_string,
            priority=priority,
            action=[LbListenerRuleAction(type="forward", target_group_arn=attribute(target_group, "arn").as_string)],
            condition=[LbListenerRuleCondition(path_pattern=LbListenerRuleConditionPathPattern(values=patterns))],
            tags=self._naming.tags,
        )
