"""Refuse labels that cannot be raised."""

from collections.abc import Mapping

from core.dataset.oversampling.recipe import TITLE
from core.errors import InvalidInput
from core.text import printable

SHOWN = 60
"""Characters of a label or an id that a message shows."""


def refuse_label(label: str, support: Mapping[str, int]) -> None:
    """Refuse a label that is unknown or has no document in the training part.

    Raises:
        InvalidInput: as said.
    """
    shown = printable(label, SHOWN)
    if label not in support:
        known = ", ".join(printable(name, 20) for name in list(support)[:10])
        raise InvalidInput(TITLE, f"there is no label {shown!r}", f"the labels are: {known}")
    if support[label] == 0:
        message = f"the label {shown!r} has no document in the training part"
        raise InvalidInput(TITLE, message, "there is nothing to repeat; add real examples")
