"""Application Auto Scaling: tags of scalable targets, and what goes with a target.

What AWS does is in https://docs.aws.amazon.com/autoscaling/application/APIReference/.
"""

import json
from collections.abc import Callable
from typing import Any

from moto.applicationautoscaling.models import ApplicationAutoscalingBackend, FakeApplicationAutoscalingPolicy
from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse
from moto.core.exceptions import JsonRESTError

from .wrapping import around, give


class ResourceNotFoundError(JsonRESTError):
    """There is no scalable target of this ARN."""

    code = 400

    def __init__(self, arn: str) -> None:
        super().__init__("ResourceNotFoundException", f"The specified resource doesn't exist: {arn}")


def tag_scalable_targets() -> None:
    """On AWS scalable targets have tags: from RegisterScalableTarget, TagResource and UntagResource.

    moto drops them, and has no ListTagsForResource.
    """

    @around(ApplicationAutoScalingResponse, "register_scalable_target")
    def with_tags(original: Callable[..., str], response: ApplicationAutoScalingResponse) -> str:
        answer = original(response)
        arn = json.loads(answer)["ScalableTargetARN"]
        _tags(response, arn).update(response._get_param("Tags") or {})
        return answer

    def list_tags_for_resource(response: ApplicationAutoScalingResponse) -> str:
        return json.dumps({"Tags": _tags(response, response._get_param("ResourceARN"))})

    def tag_resource(response: ApplicationAutoScalingResponse) -> str:
        _tags(response, response._get_param("ResourceARN")).update(response._get_param("Tags"))
        return "{}"

    def untag_resource(response: ApplicationAutoScalingResponse) -> str:
        tags = _tags(response, response._get_param("ResourceARN"))
        for key in response._get_param("TagKeys"):
            tags.pop(key, None)
        return "{}"

    give(ApplicationAutoScalingResponse, "list_tags_for_resource", list_tags_for_resource)
    give(ApplicationAutoScalingResponse, "tag_resource", tag_resource)
    give(ApplicationAutoScalingResponse, "untag_resource", untag_resource)


def delete_policies_with_their_target() -> None:
    """On AWS DeregisterScalableTarget deletes the target's scaling policies, with their alarms, and scheduled actions.

    moto keeps them.
    """

    @around(ApplicationAutoscalingBackend, "deregister_scalable_target")
    def with_policies(
        original: Callable[..., None],
        backend: ApplicationAutoscalingBackend,
        namespace: str,
        r_id: str,
        dimension: str,
    ) -> None:
        original(backend, namespace, r_id, dimension)
        target = (namespace, r_id, dimension)
        for policy in list(backend.policies.values()):
            if (policy.service_namespace, policy.resource_id, policy.scalable_dimension) == target:
                backend.delete_scaling_policy(policy.policy_name, *target)
        backend.scheduled_actions = [
            action
            for action in backend.scheduled_actions
            if (action.service_namespace, action.resource_id, action.scalable_dimension) != target
        ]


def replace_the_alarms_of_a_changed_policy() -> None:
    """On AWS PutScalingPolicy changes a policy of that name in place: it keeps its ARN, and has one set of alarms.

    moto makes another policy, and leaves the alarms of the former one behind.
    """

    @around(ApplicationAutoscalingBackend, "put_scaling_policy")
    def in_place(
        original: Callable[..., FakeApplicationAutoscalingPolicy],
        backend: ApplicationAutoscalingBackend,
        *args: Any,
        **wanted: Any,
    ) -> FakeApplicationAutoscalingPolicy:
        former = dict(backend.policies)
        policy = original(backend, *args, **wanted)
        for key, replaced in former.items():
            if backend.policies.get(key) is policy:
                replaced.delete_alarms(backend.account_id, backend.region_name)
                policy.policy_arn = replaced.policy_arn
                policy.creation_time = replaced.creation_time
        return policy


def _tags(response: ApplicationAutoScalingResponse, arn: str) -> dict[str, str]:
    """Returns a target's tags, to be changed in place."""
    targets = response.applicationautoscaling_backend.targets.values()
    for target in (target for of_dimension in targets for target in of_dimension.values()):
        if target.arn == arn:
            tags: dict[str, str] = target.__dict__.setdefault("tags", {})
            return tags
    raise ResourceNotFoundError(arn)
