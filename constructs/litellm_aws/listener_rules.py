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

from .expressions import EACH_KEY, EACH_VALUE, Expression, add_block, attribute, call, for_list, for_map, local
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
_MOVED = {13: "ui_text", 14: "backend_text", 15: 'backend["0"]', 16: 'backend["1"]'}
"""Rules of the gateway in the public module, by their keys, which become rules that it lacks, so that taking over its
state deletes none."""


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
        gateway_rules = self._gateway_rules(inputs.extra_gateway_paths)
        self.rules = [
            self._rule("ui_exact", 10, UI_EXACT, ui),
            self._rule("ui_prefix", 20, UI_PREFIXES, ui),
            self._rules("backend", _FIRST_BACKEND_PRIORITY, self._keyed("backend_rules", BACKEND), backend),
            self._rules("gateway", _FIRST_GATEWAY_PRIORITY, gateway_rules, gateway),
            # After the gateway's, some of whose paths may end in .txt.
            self._rule("backend_text", 500, BACKEND_TEXT, backend),
            self._rule("ui_text", 510, UI_TEXT, ui),
        ]
        resource = "aws_lb_listener_rule"
        moved = [{"from": f'{resource}.gateway["{key}"]', "to": f"{resource}.{name}"} for key, name in _MOVED.items()]
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
            lambda index, paths: (call("tostring", max(_MOVED) + 1 + index), paths),
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
