"""The error of a task that does not start."""


class TaskFailedToStartError(Exception):
    """No container of the task has run. The message is the task's stopped reason, in the words of ECS."""
