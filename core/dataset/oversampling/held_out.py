"""Nothing that is repeated may be in a part that tunes or measures."""

from collections.abc import Sequence

from core.dataset.documents import Dataset
from core.dataset.duplicates import text_keys
from core.dataset.oversampling.labels import SHOWN
from core.dataset.oversampling.recipe import TITLE, Rows
from core.errors import InvalidInput
from core.text import printable


def refuse_held_out(train: Dataset, candidates: Rows, held_out: Sequence[Dataset]) -> None:
    """Refuse copies in held-out parts, and documents to repeat that are held out too.

    Args:
        train: the training part.
        candidates: positions in it of the documents that may be repeated.
        held_out: the parts used to tune or to measure.

    Raises:
        InvalidInput: a held-out part holds a copy, or a candidate by id or normalised text.
    """
    for part in held_out:
        _refuse_copies(part)
    if not held_out or not len(candidates):
        return
    rows = candidates.tolist()
    row_of_id = {train.ids[row]: row for row in rows}
    row_of_key = dict(
        zip(text_keys([train.texts[row] for row in rows]).tolist(), rows, strict=True)
    )
    for part in held_out:
        for name, key in zip(part.ids, text_keys(part.texts).tolist(), strict=True):
            row = row_of_id.get(name, row_of_key.get(key))
            if row is not None:
                same, shown = printable(train.ids[row], SHOWN), printable(name, SHOWN)
                message = f"the training document {same} is also held out, as {shown}"
                hint = "drop duplicates, or split again so that they stay in one part"
                raise InvalidInput(TITLE, message, hint)


def _refuse_copies(part: Dataset) -> None:
    if not part.origins or not any(part.origins):
        return
    name, origin = next(
        pair for pair in zip(part.ids, part.origins, strict=True) if pair[1]
    )  # fmt: skip
    shown = printable(name, SHOWN)
    message = f"the held-out document {shown} is a copy of {printable(origin, SHOWN)}"
    hint = "tune and measure on documents as they occur; split again without copies"
    raise InvalidInput(TITLE, message, hint)
