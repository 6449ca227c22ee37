"""Autoscaling of the three services by target tracking."""

from cdktf import Token
from cdktf_cdktf_provider_aws.appautoscaling_policy import (
    AppautoscalingPolicy,
    AppautoscalingPolicyTargetTrackingScalingPolicyConfiguration,
    AppautoscalingPolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecification,
)
from cdktf_cdktf_provider_aws.appautoscaling_target import AppautoscalingTarget
from constructs import Construct

from .cluster import Cluster
from .expressions import one_if, template
from .naming import Naming
from .services import Services

_CPU = "ECSServiceAverageCPUUtilization"
_MEMORY = "ECSServiceAverageMemoryUtilization"


class Autoscaling(Construct):
    """A scalable target for each service whose autoscaling is enabled, and its policies."""

    def __init__(self, scope: Construct, id_: str, *, naming: Naming, cluster: Cluster, services: Services) -> None:
        super().__init__(scope, id_)
        self._naming, self._cluster = naming, cluster
        gateway = self._target("gateway", services.gateway_name)
        self._policy("gateway", gateway, "cpu", _CPU, enabled="var.gateway_autoscaling_enabled")
        self._policy(
            "gateway",
            gateway,
            "memory",
            _MEMORY,
            enabled="var.gateway_autoscaling_enabled && var.gateway_memory_target > 0",
        )
        backend = self._target("backend", services.backend_name)
        self._policy("backend", backend, "cpu", _CPU, enabled="var.backend_autoscaling_enabled")
        ui = self._target("ui", services.ui_name)
        self._policy("ui", ui, "cpu", _CPU, enabled="var.ui_autoscaling_enabled")

    def _target(self, service: str, service_name: str) -> AppautoscalingTarget:
        return AppautoscalingTarget(
            self,
            f"aws_appautoscaling_target.{service}",
            count=one_if(f"var.{service}_autoscaling_enabled"),
            service_namespace="ecs",
            scalable_dimension="ecs:service:DesiredCount",
            resource_id=f"service/{self._cluster.name}/{service_name}",
            min_capacity=Token.as_number(template(f"var.{service}_min_capacity")),
            max_capacity=Token.as_number(template(f"var.{service}_max_capacity")),
            tags=self._naming.tags,
        )

    def _policy(self, service: str, target: AppautoscalingTarget, kind: str, metric: str, *, enabled: str) -> None:
        of_target = f"{target.node.id}[0]"
        AppautoscalingPolicy(
            self,
            f"aws_appautoscaling_policy.{service}_{kind}",
            count=one_if(enabled),
            name=self._naming.of(f"{service}-{kind}"),
            policy_type="TargetTrackingScaling",
            service_namespace=template(f"{of_target}.service_namespace"),
            scalable_dimension=template(f"{of_target}.scalable_dimension"),
            resource_id=template(f"{of_target}.resource_id"),
            target_tracking_scaling_policy_configuration=(
                AppautoscalingPolicyTargetTrackingScalingPolicyConfiguration(
                    target_value=Token.as_number(template(f"var.{service}_{kind}_target")),
                    predefined_metric_specification=(
                        AppautoscalingPolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecification(
                            predefined_metric_type=metric
                        )
                    ),
                )
            ),
        )
