"""The review step: read documents that are worth reading, and mark what is wrong with them."""

from core.workflow.actions.review.lists import LISTS, ListName
from core.workflow.actions.review.marks import (
    Action,
    Mark,
    Marks,
    add_marks,
    read_marks,
    relabel_mark,
    undo_marks,
)
from core.workflow.actions.review.marks_file import export_list, export_marks, import_marks
from core.workflow.actions.review.reading import (
    LabelErrors,
    Review,
    ReviewData,
    ReviewRow,
    label_errors,
    load_review,
    review_label,
)

__all__ = [
    "LISTS",
    "Action",
    "LabelErrors",
    "ListName",
    "Mark",
    "Marks",
    "Review",
    "ReviewData",
    "ReviewRow",
    "add_marks",
    "export_list",
    "export_marks",
    "import_marks",
    "label_errors",
    "load_review",
    "read_marks",
    "relabel_mark",
    "review_label",
    "undo_marks",
]
