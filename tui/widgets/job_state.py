"""A job's state as a sign and the service's own word."""

from core.workflow.actions.watch import JobRow
from tui.render import glyph

_USABLE = ("TRAINED", "TRAINED_WITH_WARNING", "COMPLETED")


def is_row_usable(row: JobRow) -> bool:
    """Whether a job ended with output."""
    return row.state in _USABLE


def row_state(row: JobRow, ascii_only: bool) -> str:
    """A job's state behind its sign."""
    if not row.arn:
        sign = "ready"
    elif not row.is_final:
        sign = "running"
    elif row.state == "TRAINED_WITH_WARNING":
        sign = "warning"
    else:
        sign = "done" if is_row_usable(row) else "error"
    return f"{glyph(sign, ascii_only)} {row.state}"
