"""Why a task does not start."""


class TaskFailedToStartError(Exception):
    """A container never ran. The message is the task's stopped reason, in the words of ECS."""
