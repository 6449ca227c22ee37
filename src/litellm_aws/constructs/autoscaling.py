"""Autoscaling of the three services by target tracking."""

from cdktf_cdktf_provider_aws.appautoscaling_policy import (
    AppautoscalingPolicy,
    AppautoscalingPolicyTargetTrackingScalingPolicyConfiguration,
    AppautoscalingPolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecification,
)
from cdktf_cdktf_provider_aws.appautoscaling_target import AppautoscalingTarget
from constructs import Construct

from .blocks import address, count_if, dynamic_block
from .cluster import Cluster
from .expressions import Expression, argument
from .input_variables import InputVariables
from .naming import Naming
from .services import Services

_CPU = "ECSServiceAverageCPUUtilization"
_MEMORY = "ECSServiceAverageMemoryUtilization"
_REQUESTS = "ALBRequestCountPerTarget"
_SECONDS = 60
"""The period of the metrics that autoscaling reads."""


class Autoscaling(Construct):
    """A scalable target for each service whose autoscaling is enabled, and its policies."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        inputs: InputVariables,
        naming: Naming,
        cluster: Cluster,
        services: Services,
        gateway_resource_label: Expression,
    ) -> None:
        """Declares the targets and policies.

        Args:
            gateway_resource_label: the gateway's target group as Application Auto Scaling identifies it.
        """
        super().__init__(scope, id_)
        self._inputs, self._naming, self._cluster = inputs, naming, cluster
        enabled = inputs.gateway_autoscaling_enabled
        memory, requests = inputs.gateway_memory_target, inputs.gateway_target_requests_per_second
        tokens = inputs.gateway_target_tokens_per_second
        gateway = self._target("gateway", services.names["gateway"])
        self._policy("gateway_cpu", gateway, _CPU, inputs.gateway_cpu_target, exists=enabled)
        self._policy("gateway_memory", gateway, _MEMORY, memory, exists=enabled & (memory > 0))
        self._policy(
            "gateway_requests",
            gateway,
            _REQUESTS,
            _SECONDS * requests,
            exists=enabled & (requests > 0),
            resource_label=gateway_resource_label.as_string,
        )
        policy = self._tracking("gateway_tokens", gateway, tokens, exists=enabled & (tokens > 0))
        self._track_tokens_per_task(policy, services.names["gateway"])
        backend = self._target("backend", services.names["backend"])
        self._policy("backend_cpu", backend, _CPU, inputs.backend_cpu_target, exists=inputs.backend_autoscaling_enabled)
        ui = self._target("ui", services.names["ui"])
        self._policy("ui_cpu", ui, _CPU, inputs.ui_cpu_target, exists=inputs.ui_autoscaling_enabled)

    def _target(self, service: str, service_name: Expression) -> AppautoscalingTarget:
        return AppautoscalingTarget(
            self,
            f"aws_appautoscaling_target.{service}",
            count=count_if(self._inputs.named(f"{service}_autoscaling_enabled")),
            service_namespace="ecs",
            scalable_dimension="ecs:service:DesiredCount",
            resource_id=f"service/{self._cluster.name}/{service_name}",
            min_capacity=self._inputs.named(f"{service}_min_capacity").as_number,
            max_capacity=self._inputs.named(f"{service}_max_capacity").as_number,
            tags=self._naming.tags,
        )

    def _policy(
        self,
        name: str,
        target: AppautoscalingTarget,
        metric: str,
        aim: Expression,
        *,
        exists: Expression,
        resource_label: str | None = None,
    ) -> None:
        """Makes a policy that tracks a metric which AWS predefines."""
        self._tracking(
            name,
            target,
            aim,
            exists=exists,
            predefined=AppautoscalingPolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecification(
                predefined_metric_type=metric, resource_label=resource_label
            ),
        )

    def _track_tokens_per_task(self, policy: AppautoscalingPolicy, service_name: Expression) -> None:
        metric = self._inputs.gateway_tokens_metric
        running = {
            "namespace": "ECS/ContainerInsights",
            "metric_name": "RunningTaskCount",
            "dimensions": [
                {"name": "ClusterName", "value": self._cluster.name},
                {"name": "ServiceName", "value": service_name},
            ],
        }
        tokens = {
            "namespace": metric.attribute("namespace"),
            "metric_name": metric.attribute("name"),
            "dynamic": dynamic_block(
                "dimensions", metric.attribute("dimensions"), lambda key, value: {"name": key, "value": value}
            ),
        }
        metrics = [
            {"id": "tokens", "metric_stat": [{"metric": [tokens], "stat": "Sum"}], "return_data": False},
            {"id": "tasks", "metric_stat": [{"metric": [running], "stat": "Average"}], "return_data": False},
            {
                "id": "per_second_and_task",
                "expression": f"tokens / {_SECONDS} / tasks",
                "label": "Tokens per second and task",
                "return_data": True,
            },
        ]
        policy.add_override(
            "target_tracking_scaling_policy_configuration.customized_metric_specification.metrics", argument(metrics)
        )

    def _tracking(
        self,
        name: str,
        target: AppautoscalingTarget,
        aim: Expression,
        *,
        exists: Expression,
        predefined: (
            AppautoscalingPolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecification | None
        ) = None,
    ) -> AppautoscalingPolicy:
        scaled = address(target)[0]
        return AppautoscalingPolicy(
            self,
            f"aws_appautoscaling_policy.{name}",
            count=count_if(exists),
            name=self._naming.of(name.replace("_", "-")),
            policy_type="TargetTrackingScaling",
            service_namespace=scaled.attribute("service_namespace").as_string,
            scalable_dimension=scaled.attribute("scalable_dimension").as_string,
            resource_id=scaled.attribute("resource_id").as_string,
            target_tracking_scaling_policy_configuration=(
                AppautoscalingPolicyTargetTrackingScalingPolicyConfiguration(
                    target_value=aim.as_number, predefined_metric_specification=predefined
                )
            ),
        )
