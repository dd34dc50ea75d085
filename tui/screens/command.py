"""The command that does the same as the open screen."""

from tui.screens.modal import TextModal


class CommandScreen(TextModal):
    """Shows the equivalent command; c copies it."""

    def __init__(self, command: str) -> None:
        super().__init__("The same by command", command)
