"""The load balancer, its target groups and its listeners."""

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.lb import Lb
from cdktf_cdktf_provider_aws.lb_listener import LbListener, LbListenerDefaultAction
from cdktf_cdktf_provider_aws.lb_target_group import LbTargetGroup, LbTargetGroupHealthCheck
from cdktf_cdktf_provider_aws.wafv2_web_acl_association import Wafv2WebAclAssociation
from constructs import Construct

from .blocks import add_dynamic_block, attribute, count_if, local, one
from .domain import Domain
from .expressions import Expression, call, text
from .input_variables import InputVariables
from .listener_rules import ListenerRules
from .naming import Naming
from .network import HTTP_PORT, HTTPS_PORT, Network
from .ports import BACKEND_PORT, GATEWAY_PORT, UI_PORT
from .retention import Retention

_NAME_LIMIT = 32
"""Characters that ELB takes in the name of a load balancer or a target group (ELBv2 API reference)."""
_TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
_DRAIN_SECONDS = 30


class LoadBalancer(Construct):
    """One application load balancer in front of the three services.

    Attributes:
        arn: of the load balancer.
        dns_name, zone_id: the name that AWS gives it, and that name's hosted zone.
        url: https with a certificate, else http.
        gateway, backend, ui: the target groups in which the services register their tasks.
        arn_suffix: the load balancer as CloudWatch identifies it.
        target_group_suffixes: the target groups as CloudWatch identifies them, by service.
        gateway_resource_label: the gateway's target group as Application Auto Scaling identifies it.
        listeners: what must exist before a service can register at the target group of a default action.
        routes: the listeners' rules, which must exist before the gateway or the UI can register: ECS refuses a target
            group that no load balancer uses yet.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        inputs: InputVariables,
        naming: Naming,
        network: Network,
        retention: Retention,
    ) -> None:
        super().__init__(scope, id_)
        self._inputs, self._naming, self._network, self._retention = inputs, naming, network, retention
        has_any = inputs.acm_certificate_arn.is_set | inputs.domain_name.is_set
        # Without plain HTTP there must be a certificate, so that its ARN may be unknown until the apply.
        self._has_certificate = local(self, "has_certificate", inputs.allow_plaintext_alb.then(has_any, True))
        balancer = self._balancer()
        domain = Domain(self, "domain", inputs=inputs, naming=naming, load_balancer=balancer)
        self.arn, self.zone_id = attribute(balancer, "arn"), attribute(balancer, "zone_id")
        self.dns_name = attribute(balancer, "dns_name")
        scheme = self._has_certificate.then("https", "http")
        self.url = text(scheme, "://", domain.exists.then(inputs.domain_name, self.dns_name))

        self.gateway = self._target_group("gateway", GATEWAY_PORT, drain=inputs.gateway_drain_seconds)
        self.backend = self._target_group("backend", BACKEND_PORT)
        self.ui = self._target_group("ui", UI_PORT, health_path="/healthz", timeout=5)
        groups = {"gateway": self.gateway, "backend": self.backend, "ui": self.ui}
        self.arn_suffix = attribute(balancer, "arn_suffix")
        self.target_group_suffixes = {service: attribute(group, "arn_suffix") for service, group in groups.items()}
        self.gateway_resource_label = text(self.arn_suffix, "/", self.target_group_suffixes["gateway"])

        http = self._http_listener()
        https = self._https_listener(domain.certificate_arn)
        self.listeners = [http, https]
        rules_listener = local(
            self, "rules_listener_arn", self._has_certificate.then(one(https, "arn"), attribute(http, "arn"))
        )
        self.routes = ListenerRules(
            self,
            "rules",
            inputs=inputs,
            naming=naming,
            listener_arn=rules_listener,
            gateway=self.gateway,
            backend=self.backend,
            ui=self.ui,
        ).rules

    def _balancer(self) -> Lb:
        inputs = self._inputs
        balancer = Lb(
            self,
            "aws_lb.this",
            name=self._naming.within(_NAME_LIMIT),
            load_balancer_type="application",
            internal=inputs.alb_internal.as_boolean,
            security_groups=[self._network.load_balancer_group.id.as_string],
            subnets=self._network.load_balancer_subnet_ids.as_list,
            idle_timeout=inputs.alb_idle_timeout_seconds.as_number,
            drop_invalid_header_fields=inputs.drop_invalid_header_fields.as_boolean,
            enable_deletion_protection=self._retention.is_protected.as_boolean,
            tags=self._naming.tags,
            depends_on=[self._network.vpc.internet_gateway],
        )
        add_dynamic_block(
            balancer,
            "access_logs",
            inputs.access_logs_bucket.is_null.then([], [inputs.access_logs_bucket]),
            lambda _key, bucket: {"bucket": bucket, "enabled": bucket.is_set, "prefix": self._naming.stack},
        )
        Wafv2WebAclAssociation(
            self,
            "aws_wafv2_web_acl_association.this",
            count=count_if(inputs.web_acl_arn.is_set),
            resource_arn=attribute(balancer, "arn").as_string,
            web_acl_arn=inputs.web_acl_arn.as_string,
        )
        return balancer

    def _target_group(
        self,
        service: str,
        port: int,
        *,
        health_path: str = "/health/readiness",
        timeout: int = 10,
        drain: Expression | int = _DRAIN_SECONDS,
    ) -> LbTargetGroup:
        """Makes a target group.

        Args:
            timeout: of a health check, in seconds.
            drain: seconds for which a task that leaves may finish its requests.
        """
        return LbTargetGroup(
            self,
            f"aws_lb_target_group.{service}",
            name=self._naming.within(_NAME_LIMIT, service),
            port=port,
            protocol="HTTP",
            target_type="ip",
            vpc_id=self._network.vpc.id.as_string,
            deregistration_delay=str(call("tostring", drain) if isinstance(drain, Expression) else drain),
            health_check=LbTargetGroupHealthCheck(
                path=health_path,
                matcher="200-299",
                interval=30,
                timeout=timeout,
                healthy_threshold=2,
                unhealthy_threshold=3,
            ),
            tags=self._naming.tags,
        )

    def _http_listener(self) -> LbListener:
        to_backend = self._has_certificate.then(None, attribute(self.backend, "arn"))
        listener = LbListener(
            self,
            "aws_lb_listener.http",
            load_balancer_arn=self.arn.as_string,
            port=HTTP_PORT,
            protocol="HTTP",
            default_action=[
                LbListenerDefaultAction(
                    type=self._has_certificate.then("redirect", "forward").as_string,
                    target_group_arn=to_backend.as_string,
                )
            ],
            tags=self._naming.tags,
            lifecycle=TerraformResourceLifecycle(precondition=[self._inputs.precondition("tls")]),
        )
        add_dynamic_block(
            listener,
            "redirect",
            self._has_certificate.then([True], []),
            lambda _key, _value: {"port": str(HTTPS_PORT), "protocol": "HTTPS", "status_code": "HTTP_301"},
            within="default_action.0.",
        )
        return listener

    def _https_listener(self, certificate_arn: Expression) -> LbListener:
        return LbListener(
            self,
            "aws_lb_listener.https",
            count=count_if(self._has_certificate),
            load_balancer_arn=self.arn.as_string,
            port=HTTPS_PORT,
            protocol="HTTPS",
            ssl_policy=_TLS_POLICY,
            certificate_arn=certificate_arn.as_string,
            default_action=[
                LbListenerDefaultAction(type="forward", target_group_arn=attribute(self.backend, "arn").as_string)
            ],
            tags=self._naming.tags,
        )
