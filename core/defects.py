"""Defects of the program: the traceback goes to a file, the user gets one line."""

import os
import traceback

from core.text import printable


def write_defect(error: BaseException) -> str:
    """Write the traceback of `error` to the log folder; return the line to show."""
    from platformdirs import user_log_path

    path = user_log_path("comprehend-tuner") / f"error-{os.getpid()}.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
        path.chmod(0o600)
        where = f"details: {path}"
    except OSError:
        where = "its details could not be written"
    kind = type(error).__name__
    message = printable(str(error), 200)
    return f"Unexpected error: {kind}: {message} — the session is kept; {where}"
