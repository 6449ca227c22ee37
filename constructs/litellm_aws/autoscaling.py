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
_SECONDS = 60
"""The period of the metrics that autoscaling looks at."""


class Autoscaling(Construct):
    """A scalable target for each service whose autoscaling is enabled, and its policies."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        naming: Naming,
        cluster: Cluster,
        services: Services,
        gateway_resource_label: str,
    ) -> None:
        """Declares the targets and policies.

        Args:
            gateway_resource_label: the gateway's target group as autoscaling names it.
        """
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
        self._requests_policy(gateway, gateway_resource_label)
        self._tokens_policy(gateway, services.gateway_name)
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
        self._tracking(
            f"{service}_{kind}",
            target,
            f"var.{service}_{kind}_target",
            enabled=enabled,
            predefined_metric_specification=(
                AppautoscalingPolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecification(
                    predefined_metric_type=metric
                )
            ),
        )

    def _requests_policy(self, target: AppautoscalingTarget, resource_label: str) -> None:
        self._tracking(
            "gateway_requests",
            target,
            f"{_SECONDS} * var.gateway_target_requests_per_second",
            enabled="var.gateway_autoscaling_enabled && var.gateway_target_requests_per_second > 0",
            predefined_metric_specification=(
                AppautoscalingPolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecification(
                    predefined_metric_type="ALBRequestCountPerTarget", resource_label=resource_label
                )
            ),
        )

    def _tokens_policy(self, target: AppautoscalingTarget, service_name: str) -> None:
        policy = self._tracking(
            "gateway_tokens",
            target,
            "var.gateway_target_tokens_per_second",
            enabled="var.gateway_autoscaling_enabled && var.gateway_target_tokens_per_second > 0",
        )
        running = {
            "namespace": "ECS/ContainerInsights",
            "metric_name": "RunningTaskCount",
            "dimensions": [
                {"name": "ClusterName", "value": self._cluster.name},
                {"name": "ServiceName", "value": service_name},
            ],
        }
        tokens = {
            "namespace": template("var.gateway_tokens_metric.namespace"),
            "metric_name": template("var.gateway_tokens_metric.name"),
            "dynamic": {
                "dimensions": {
                    "for_each": template("var.gateway_tokens_metric.dimensions"),
                    "content": {"name": template("dimensions.key"), "value": template("dimensions.value")},
                }
            },
        }
        policy.add_override(
            "target_tracking_scaling_policy_configuration.customized_metric_specification.metrics",
            [
                {
                    "id": "tokens",
                    "metric_stat": [{"metric": [tokens], "stat": "Sum"}],
                    "return_data": False,
                },
                {
                    "id": "tasks",
                    "metric_stat": [{"metric": [running], "stat": "Average"}],
                    "return_data": False,
                },
                {
                    "id": "per_second_and_task",
                    "expression": f"tokens / {_SECONDS} / tasks",
                    "label": "Tokens per second and task",
                    "return_data": True,
                },
            ],
        )

    def _tracking(
        self,
        name: str,
        target: AppautoscalingTarget,
        value: str,
        *,
        enabled: str,
        predefined_metric_specification: (
            AppautoscalingPolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecification | None
        ) = None,
    ) -> AppautoscalingPolicy:
        of_target = f"{target.node.id}[0]"
        return AppautoscalingPolicy(
            self,
            f"aws_appautoscaling_policy.{name}",
            count=one_if(enabled),
            name=self._naming.of(name.replace("_", "-")),
            policy_type="TargetTrackingScaling",
            service_namespace=template(f"{of_target}.service_namespace"),
            scalable_dimension=template(f"{of_target}.scalable_dimension"),
            resource_id=template(f"{of_target}.resource_id"),
            target_tracking_scaling_policy_configuration=(
                AppautoscalingPolicyTargetTrackingScalingPolicyConfiguration(
                    target_value=Token.as_number(template(value)),
                    predefined_metric_specification=predefined_metric_specification,
                )
            ),
        )
