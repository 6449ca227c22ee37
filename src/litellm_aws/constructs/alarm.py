"""A CloudWatch alarm."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from cdktf import ITerraformDependable, TerraformIterator
from cdktf_cdktf_provider_aws.cloudwatch_metric_alarm import (
    CloudwatchMetricAlarm,
    CloudwatchMetricAlarmMetricQuery,
    CloudwatchMetricAlarmMetricQueryMetric,
)
from constructs import Construct

from .blocks import count_if
from .expressions import EACH_KEY, EACH_VALUE, Expression
from .naming import Naming

Missing = Literal["missing", "notBreaching", "breaching"]
"""How an alarm treats a missing data point (CloudWatch User Guide, "Configuring how CloudWatch alarms treat missing
data"): not at all, as good, or as bad."""


@dataclass(frozen=True)
class One:
    """One resource that an alarm watches: `aws_cloudwatch_metric_alarm.<name>[0]`.

    Attributes:
        dimensions: of its metrics; None is none.
    """

    namespace: str
    dimensions: Expression | None
    exists: Expression


@dataclass(frozen=True)
class Each:
    """Resources of which each has an alarm: `aws_cloudwatch_metric_alarm.<name>["<key>"]`.

    Attributes:
        dimensions: a map of them, by a key that is known at plan; empty where there is no alarm.
    """

    namespace: str
    dimensions: Expression


@dataclass(frozen=True)
class Metric:
    """A metric and its statistic in a period."""

    name: str
    statistic: str


@dataclass(frozen=True)
class Math:
    """Metric math: expressions of metrics and of earlier expressions, by their IDs. The last one is the value.

    A missing data point is 0 in arithmetic (CloudWatch User Guide, "Metric math syntax and functions").
    """

    metrics: dict[str, Metric]
    expressions: dict[str, str]


@dataclass(frozen=True)
class Span:
    """For how long a value must be beyond its threshold: so many data points of the latest ones, of a period each."""

    seconds: int
    points: int
    latest: int


@dataclass(frozen=True)
class Alarm:
    """An alarm on one resource, or on each of several.

    Attributes:
        name: of the block; in CloudWatch, with hyphens after the stack's name.
        says: what is wrong, for whoever gets the notification.
        over, under: the threshold that the value must not be above, or below.
        missing: whether a missing data point is bad.
        after: what must exist before the metric has data.
    """

    name: str
    of: One | Each
    value: Metric | Math
    span: Span
    missing: Missing
    says: str
    over: float | Expression | None = None
    under: float | Expression | None = None
    after: Sequence[ITerraformDependable] = field(default=())

    def declare(self, scope: Construct, *, naming: Naming, topic_arn: Expression) -> None:
        """Declares `aws_cloudwatch_metric_alarm.<name>`, which notifies an SNS topic of an alarm and of its end."""
        threshold = self.under if self.over is None else self.over
        suffix: list[str | Expression] = [self.name.replace("_", "-")]
        if isinstance(self.of, Each):
            suffix += ["-", EACH_KEY]
        single = self.value if isinstance(self.value, Metric) else None
        CloudwatchMetricAlarm(
            scope,
            f"aws_cloudwatch_metric_alarm.{self.name}",
            count=count_if(self.of.exists) if isinstance(self.of, One) else None,
            for_each=TerraformIterator.from_map(self.of.dimensions.as_map) if isinstance(self.of, Each) else None,
            alarm_name=naming.of(*suffix),
            alarm_description=self.says,
            comparison_operator="LessThanThreshold" if self.over is None else "GreaterThanThreshold",
            threshold=threshold.as_number if isinstance(threshold, Expression) else threshold,
            evaluation_periods=self.span.latest,
            datapoints_to_alarm=self.span.points,
            treat_missing_data=self.missing,
            namespace=self.of.namespace if single else None,
            metric_name=single.name if single else None,
            statistic=single.statistic if single else None,
            period=self.span.seconds if single else None,
            dimensions=self._dimensions if single else None,
            metric_query=None if isinstance(self.value, Metric) else self._queries(self.value),
            alarm_actions=[topic_arn.as_string],
            ok_actions=[topic_arn.as_string],
            tags=naming.tags,
            depends_on=list(self.after) or None,
        )

    @property
    def _dimensions(self) -> Mapping[str, str] | None:
        dimensions = EACH_VALUE if isinstance(self.of, Each) else self.of.dimensions
        return None if dimensions is None else dimensions.as_map

    def _queries(self, math: Math) -> list[CloudwatchMetricAlarmMetricQuery]:
        metrics = [
            CloudwatchMetricAlarmMetricQuery(
                id=id_,
                metric=CloudwatchMetricAlarmMetricQueryMetric(
                    namespace=self.of.namespace,
                    metric_name=metric.name,
                    stat=metric.statistic,
                    period=self.span.seconds,
                    dimensions=self._dimensions,
                ),
            )
            for id_, metric in math.metrics.items()
        ]
        *_, result = math.expressions
        return metrics + [
            CloudwatchMetricAlarmMetricQuery(
                id=id_, expression=expression, label=id_.replace("_", " "), return_data=id_ == result
            )
            for id_, expression in math.expressions.items()
        ]
