"""An unexpected error: one sentence, where the details are, and the details to copy."""

import traceback

from core.text import printable
from tui.screens.modal import TextModal


class ErrorScreen(TextModal):
    """Shows a defect of the program; the app stays alive and the session is kept."""

    def __init__(self, error: BaseException) -> None:
        details = "".join(traceback.format_exception(error))
        text = (
            f"{type(error).__name__}: {printable(str(error), 300)}\n\n"
            "The session is kept; what was finished is saved. Copy this for a report:\n\n"
            f"{details}"
        )
        super().__init__("Unexpected error", text)
