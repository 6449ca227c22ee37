"""The order in which the containers of a task start and stop, according to `dependsOn`."""

from __future__ import annotations

from collections.abc import Mapping

from .container_run import ContainerRun


class NeverStartsError(Exception):
    """A dependency condition can never be met. The message is the container's stop reason."""


def may_start(container: ContainerRun, others: Mapping[str, ContainerRun]) -> bool:
    """Returns whether all dependency conditions of a container are met.

    Args:
        container: the container to start.
        others: all containers of the task, by name.

    Raises:
        NeverStartsError: a condition can never be met.
    """
    # Evaluates every condition: an impossible one may follow one that is not met yet.
    met = [_is_met(container, others[name], condition) for name, condition in container.depends_on.items()]
    return all(met)


def may_stop(container: ContainerRun, others: Mapping[str, ContainerRun]) -> bool:
    """Returns whether no running container depends on this one."""
    return not any(other.is_running and container.name in other.depends_on for other in others.values())


def _is_met(container: ContainerRun, dependency: ContainerRun, condition: str) -> bool:
    if condition == "HEALTHY":
        never = dependency.has_stopped or not dependency.has_health_check
        met = dependency.health == "HEALTHY"
    else:
        # A container that stopped before it started has no exit code.
        never = dependency.has_stopped and not dependency.has_started
        met = dependency.has_started if condition == "START" else dependency.exit_code is not None
        if condition == "SUCCESS" and met:
            never = dependency.exit_code != 0
    if never:
        raise NeverStartsError(_reason(container, dependency, condition))
    return met


def _reason(container: ContainerRun, dependency: ContainerRun, condition: str) -> str:
    """Returns the reason in the words of the ECS agent (aws/amazon-ecs-agent, pull request 3218)."""
    status = "STOPPED" if dependency.has_stopped else "RUNNING" if dependency.has_started else "NONE"
    code = "" if dependency.exit_code is None else f" - Exit: {dependency.exit_code}"
    why = "did not exit successfully" if condition == "SUCCESS" else f"cannot reach the condition {condition}"
    return (
        f"CannotStartContainerError: dependency graph: failed to resolve container ordering dependency "
        f"[{dependency.name}({dependency.image}) ({status}->RUNNING){code}] for target "
        f"[{container.name}({container.image}) (NONE->RUNNING)] as dependency {why}."
    )
