"""Fixes of findings: each makes a new dataset and says what it changed."""

from core.dataset.documents import Dataset
from core.dataset.health.findings import Facts, HealthContext
from core.dataset.health.fixes import documents, labels
from core.dataset.health.fixes.requests import Request
from core.errors import InvalidInput
from core.text import printable

_FIXES = labels.FIXES | documents.FIXES | labels.LAST_FIXES


def apply_fix(
    fix_id: str, dataset: Dataset, *, none_label: str = "clean", delimiter: str = "|"
) -> tuple[Dataset, str]:
    """Return a new dataset with one finding put right, and a sentence on what changed.

    Args:
        fix_id: one of `fix_ids`.
        dataset: what is fixed; it stays as it is.
        none_label: name of the none-label, should the dataset need one and have none.
        delimiter: the character that ``label-delimiter`` takes out of labels.

    Raises:
        InvalidInput: there is no such fix, nothing to fix, or nothing would be left.
    """
    if fix_id not in _FIXES:
        raise InvalidInput(
            "No such fix",
            f"{printable(fix_id, 60)} is not a fix",
            f"known fixes: {', '.join(_FIXES)}",
        )
    context = HealthContext(dataset=dataset, delimiter=delimiter)
    request = Request(Facts(context), dataset.none_label or none_label)
    changed = _FIXES[fix_id][1](request)
    if changed is None:
        raise InvalidInput(
            "Nothing to fix", f"{fix_id} finds nothing in this dataset", "see: health"
        )
    if len(changed[0]) == 0:
        raise InvalidInput(
            "Nothing would be left",
            f"{fix_id} would drop every document",
            "check that text and label columns were chosen rightly",
        )
    return changed


def fix_ids() -> dict[str, str]:
    """Each fix and what it does, in one line, in the order in which they are best applied."""
    return {fix_id: description for fix_id, (description, _) in _FIXES.items()}
