"""The load balancer, its target groups, its listeners and their rules."""

from collections.abc import Sequence

from cdktf import (
    Precondition,
    TerraformIterator,
    TerraformLocal,
    TerraformResourceLifecycle,
    TerraformStack,
    Token,
)
from cdktf_cdktf_provider_aws.lb import Lb
from cdktf_cdktf_provider_aws.lb_listener import LbListener, LbListenerDefaultAction
from cdktf_cdktf_provider_aws.lb_listener_rule import (
    LbListenerRule,
    LbListenerRuleAction,
    LbListenerRuleCondition,
    LbListenerRuleConditionPathPattern,
)
from cdktf_cdktf_provider_aws.lb_target_group import LbTargetGroup, LbTargetGroupHealthCheck
from constructs import Construct

from .domain import Domain
from .expressions import address, one_if, template
from .input_variables import InputVariables
from .naming import Naming
from .network import HTTP_PORT, HTTPS_PORT, Network
from .ports import BACKEND_PORT, GATEWAY_PORT, UI_PORT
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

_NAME_LIMIT = 32
"""Characters that ELB takes in the name of a load balancer or a target group (ELBv2 API reference)."""
_TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
_FIRST_GATEWAY_PRIORITY = 100
_FIRST_BACKEND_PRIORITY = 50
_MOVED = {13: "ui_text", 14: "backend_text", 15: 'backend["0"]', 16: 'backend["1"]'}
"""Rules of the gateway in the public module, by their keys, which become rules that it lacks, so that taking over its
state deletes none."""


class LoadBalancer(Construct):
    """One application load balancer in front of the three services.

    Attributes:
        arn: of the load balancer.
        dns_name, zone_id: the name that AWS gives it, and that name's hosted zone.
        url: https with a certificate, else http.
        gateway_target_group_arn, backend_target_group_arn, ui_target_group_arn: where a service
            registers its tasks.
        gateway_resource_label: the gateway's target group as autoscaling names it.
        listeners: what must exist before a service can register at the target group of a default
            action.
        routes: the listeners' rules, which must exist before the gateway or the UI can register:
            ECS refuses a target group that no load balancer uses yet.
    """

    def __init__(self, scope: Construct, id_: str, *, inputs: InputVariables, naming: Naming, network: Network) -> None:
        super().__init__(scope, id_)
        # Without consent to plain HTTP there must be one, so that its ARN may be unknown until the apply.
        has_certificate = TerraformLocal(
            self,
            "local.has_certificate",
            template('var.allow_plaintext_alb ? var.acm_certificate_arn != "" || var.domain_name != "" : true'),
        )

        balancer = Lb(
            self,
            "aws_lb.this",
            name=naming.within(_NAME_LIMIT),
            load_balancer_type="application",
            internal=inputs.alb_internal.boolean_value,
            security_groups=[network.load_balancer_group_id],
            subnets=network.load_balancer_subnet_ids,
            idle_timeout=inputs.alb_idle_timeout_seconds.number_value,
            tags=naming.tags,
            depends_on=[network.internet_gateway],
        )
        scheme = template('local.has_certificate ? "https" : "http"')
        domain = Domain(self, "domain", inputs=inputs, naming=naming, load_balancer=balancer)
        self.arn, self.dns_name, self.zone_id = balancer.arn, balancer.dns_name, balancer.zone_id
        host = template(f"{address(domain.exists)} ? var.domain_name : {balancer.node.id}.dns_name")
        self.url = f"{scheme}://{host}"

        drain = template("tostring(var.gateway_drain_seconds)")
        gateway = self._target_group("gateway", GATEWAY_PORT, "/health/readiness", 10, naming, network, drain=drain)
        backend = self._target_group("backend", BACKEND_PORT, "/health/readiness", 10, naming, network)
        ui = self._target_group("ui", UI_PORT, "/healthz", 5, naming, network)
        self.gateway_target_group_arn = gateway.arn
        self.gateway_resource_label = f"{balancer.arn_suffix}/{gateway.arn_suffix}"
        self.backend_target_group_arn = backend.arn
        self.ui_target_group_arn = ui.arn

        http = LbListener(
            self,
            "aws_lb_listener.http",
            load_balancer_arn=balancer.arn,
            port=HTTP_PORT,
            protocol="HTTP",
            default_action=[
                LbListenerDefaultAction(
                    type=template('local.has_certificate ? "redirect" : "forward"'),
                    target_group_arn=template(f"local.has_certificate ? null : {backend.node.id}.arn"),
                )
            ],
            tags=naming.tags,
            lifecycle=TerraformResourceLifecycle(
                precondition=[
                    Precondition(
                        condition=template(
                            'var.acm_certificate_arn != "" || var.domain_name != "" || var.allow_plaintext_alb'
                        ),
                        error_message=(
                            "Without TLS, keys and prompts would travel in plain text: set acm_certificate_arn "
                            "to an ACM certificate of the stack's region, or domain_name, or, for a short-lived trial, "
                            "allow_plaintext_alb = true."
                        ),
                    )
                ]
            ),
        )
        http.add_override(
            "default_action.0.dynamic.redirect",
            {
                "for_each": template("local.has_certificate ? [true] : []"),
                "content": {"port": str(HTTPS_PORT), "protocol": "HTTPS", "status_code": "HTTP_301"},
            },
        )
        https = LbListener(
            self,
            "aws_lb_listener.https",
            count=one_if(has_certificate),
            load_balancer_arn=balancer.arn,
            port=HTTPS_PORT,
            protocol="HTTPS",
            ssl_policy=_TLS_POLICY,
            certificate_arn=domain.certificate_arn,
            default_action=[LbListenerDefaultAction(type="forward", target_group_arn=backend.arn)],
            tags=naming.tags,
        )
        self.listeners = [http, https]

        rules_listener = TerraformLocal(
            self,
            "local.rules_listener_arn",
            template("local.has_certificate ? one(aws_lb_listener.https[*].arn) : aws_lb_listener.http.arn"),
        )
        listener_arn = rules_listener.as_string
        gateway_rules = self._gateway_rules()
        self.routes = [
            self._rule("ui_exact", listener_arn, 10, list(UI_EXACT), ui, naming),
            self._rule("ui_prefix", listener_arn, 20, list(UI_PREFIXES), ui, naming),
            self._rule(
                "gateway",
                listener_arn,
                template(f"{_FIRST_GATEWAY_PRIORITY} + each.key"),
                template("each.value"),
                gateway,
                naming,
                for_each=TerraformIterator.from_map(gateway_rules.as_any_map),
            ),
            # After the gateway's, some of whose paths may end in .txt.
            self._rule(
                "backend",
                listener_arn,
                template(f"{_FIRST_BACKEND_PRIORITY} + each.key"),
                template("each.value"),
                backend,
                naming,
                for_each=TerraformIterator.from_map(self._keyed("backend_rules", BACKEND).as_any_map),
            ),
            self._rule("backend_text", listener_arn, 500, list(BACKEND_TEXT), backend, naming),
            self._rule("ui_text", listener_arn, 510, list(UI_TEXT), ui, naming),
        ]
        TerraformStack.of(self).add_override(
            "moved",
            [
                {"from": f'aws_lb_listener_rule.gateway["{key}"]', "to": f"aws_lb_listener_rule.{name}"}
                for key, name in _MOVED.items()
            ],
        )

    def _gateway_rules(self) -> TerraformLocal:
        """Returns the gateway's patterns by the keys of their rules."""
        documented = self._keyed("gateway_paths", GATEWAY)
        # As many in each rule as the one with the most wildcards allows.
        wildcards = 'concat([1], [for path in var.extra_gateway_paths : length(regexall("[*?]", path))])'
        size = f"min({PATTERNS_PER_RULE}, floor({WILDCARDS_PER_RULE} / max({wildcards}...)))"
        extra = (
            f"{{for index, paths in chunklist(var.extra_gateway_paths, {size}) : "
            f"tostring({max(_MOVED) + 1} + index) => paths}}"
        )
        return TerraformLocal(self, "local.gateway_rules", template(f"merge({address(documented)}, {extra})"))

    def _keyed(self, name: str, patterns: Sequence[str]) -> TerraformLocal:
        """Returns a local with patterns by the keys of their rules."""
        return TerraformLocal(
            self, f"local.{name}", {str(index): values for index, values in enumerate(rules(patterns))}
        )

    def _target_group(
        self,
        service: str,
        port: int,
        health_path: str,
        timeout: int,
        naming: Naming,
        network: Network,
        *,
        drain: str = "30",
    ) -> LbTargetGroup:
        return LbTargetGroup(
            self,
            f"aws_lb_target_group.{service}",
            name=naming.within(_NAME_LIMIT, service),
            port=port,
            protocol="HTTP",
            target_type="ip",
            vpc_id=network.vpc_id,
            deregistration_delay=drain,
            health_check=LbTargetGroupHealthCheck(
                path=health_path,
                matcher="200-299",
                interval=30,
                timeout=timeout,
                healthy_threshold=2,
                unhealthy_threshold=3,
            ),
            tags=naming.tags,
        )

    def _rule(
        self,
        kind: str,
        listener_arn: str,
        priority: int | str,
        patterns: list[str] | str,
        target_group: LbTargetGroup,
        naming: Naming,
        *,
        for_each: TerraformIterator | None = None,
    ) -> LbListenerRule:
        """Makes a rule. With `for_each`, priority and patterns are templates over `each`."""
        return LbListenerRule(
            self,
            f"aws_lb_listener_rule.{kind}",
            for_each=for_each,
            listener_arn=listener_arn,
            priority=priority if isinstance(priority, int) else Token.as_number(priority),
            action=[LbListenerRuleAction(type="forward", target_group_arn=target_group.arn)],
            condition=[
                LbListenerRuleCondition(
                    path_pattern=LbListenerRuleConditionPathPattern(
                        values=patterns if isinstance(patterns, list) else Token.as_list(patterns)
                    )
                )
            ],
            tags=naming.tags,
        )
