"""What keeps the demo from going on."""


class DemoError(Exception):
    """The message is a sentence for the user: what is wrong, and what to do."""
