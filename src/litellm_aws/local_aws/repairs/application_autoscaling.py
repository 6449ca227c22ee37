"""Application Auto Scaling: tags of scalable targets, and the deletion of policies with their target.

AWS's behavior is documented in https://docs.aws.amazon.com/autoscaling/application/APIReference/.
"""

import json
from collections.abc import Callable
from typing import Any

from moto.applicationautoscaling.models import ApplicationAutoscalingBackend, FakeApplicationAutoscalingPolicy
from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse
from moto.core.exceptions import JsonRESTError

from .patching import patch_method, set_member


class ResourceNotFoundError(JsonRESTError):
    """No scalable target has this ARN."""

    code = 400

    def __init__(self, arn: str) -> None:
        super().__init__("ResourceNotFoundException", f"The specified resource doesn't exist: {arn}")


def tag_scalable_targets() -> None:
    """On AWS, RegisterScalableTarget, TagResource and UntagResource change the tags of a scalable target.

    moto drops the tags, and does not implement ListTagsForResource.
    """

    @patch_method(ApplicationAutoScalingResponse, "register_scalable_target")
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

    set_member(ApplicationAutoScalingResponse, "list_tags_for_resource", list_tags_for_resource)
    set_member(ApplicationAutoScalingResponse, "tag_resource", tag_resource)
    set_member(ApplicationAutoScalingResponse, "untag_resource", untag_resource)


def delete_policies_with_their_target() -> None:
    """On AWS, DeregisterScalableTarget deletes the target's scaling policies, their alarms and its scheduled actions.

    moto keeps them.
    """

    @patch_method(ApplicationAutoscalingBackend, "deregister_scalable_target")
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


def update_policies_in_place() -> None:
    """On AWS, PutScalingPolicy updates an existing policy in place: it keeps its ARN, and has one set of alarms.

    moto creates a new policy, and keeps the alarms of the previous one.
    """

    @patch_method(ApplicationAutoscalingBackend, "put_scaling_policy")
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
    """Returns the tags of a target, which the caller may change in place."""
    targets = response.applicationautoscaling_backend.targets.values()
    for target in (target for of_dimension in targets for target in of_dimension.values()):
        if target.arn == arn:
            tags: dict[str, str] = target.__dict__.setdefault("tags", {})
            return tags
    raise ResourceNotFoundError(arn)
