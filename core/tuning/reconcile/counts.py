"""Whether the service counted the labels and the documents that the part has."""

from collections.abc import Mapping, Sequence

from core.text import plural
from core.tuning.parts import PartArrays
from core.tuning.reconcile.diagnosis import Case
from core.tuning.reconcile.findings import ReconcileFinding, names
from core.tuning.reconcile.matching import Cells, match

_CAP = 10_000
"""The most test documents that the service says it uses."""


def check_names(
    part: PartArrays, cells: Mapping[str, Cells], is_classes: bool
) -> ReconcileFinding | None:
    """Whether the service's matrix names the part's labels."""
    foreign = [label for label in cells if label not in part.labels]
    curves = part.curves()
    absent = [label for label in part.labels if label not in cells and curves[label].positives]
    if not foreign and not absent:
        return None
    if not foreign:
        return ReconcileFinding(
            "missing-labels",
            f"the service's matrix lacks {names(absent)}, which documents of {part.name} have:"
            " it was tested on other documents",
            tuple(absent),
        )
    guesses = []
    for label in foreign[:20]:
        fitting = [known for known in absent
                   if curves[known].positives == cells[label].positives
                   and match(curves[known], cells[label], is_classes).interval]  # fmt: skip
        if len(fitting) == 1:
            guesses.append(f"{names([label])} counts like {names(fitting)}")
    return ReconcileFinding(
        "renamed-labels",
        f"the service's matrix has {names(foreign)}, which the dataset does not have"
        + (f", and lacks {names(absent)}" if absent else "")
        + (f"; {', '.join(guesses)}" if guesses else "")
        + ": label names must be equal to the letter; use the dataset that it was trained on",
        (*foreign, *absent),
    )


def check_size(
    part: PartArrays, cells: Mapping[str, Cells], is_own_test: bool
) -> ReconcileFinding | None:
    """Whether the service tested on as many documents as the part has."""
    totals = {counts.total for counts in cells.values()}
    n = len(part)
    if totals == {n}:
        return None
    tested = max(totals)
    curves = part.curves()
    is_piece = len(totals) == 1 and tested < n and all(
        counts.positives <= curves[label].positives
        and tested - counts.positives <= curves[label].negatives
        for label, counts in cells.items()
    )  # fmt: skip
    if is_piece:
        capped = " (the most it uses)" if tested == _CAP else ""
        return ReconcileFinding(
            "subsampled",
            f"the service tested on {tested:,} documents{capped}, {part.name} has {n:,}: its"
            " metrics are of other documents and cannot be compared with the figures here",
        )
    return ReconcileFinding(
        "different-size" if is_own_test else "other-test-set",
        f"the service tested on {plural(tested, 'document')}, {part.name} has {n:,}, and its"
        " positives are not a piece of these: another test set",
    )


ORIENTATION = ReconcileFinding(
    "swapped-orientation",
    "the matrix has false positives and false negatives exchanged against the documented"
    " [[TN, FP], [FN, TP]]: only then do its positives equal the documents' labels",
)


def other_support(case: Case, wrong: Sequence[str]) -> ReconcileFinding:
    """Say for which labels the service counts other positives."""
    shown = ", ".join(
        f"{names([label])} {case.cells[label].positives:,} against"
        f" {case.curves[label].positives:,} here"
        for label in wrong[:5]
    )
    return ReconcileFinding(
        "different-support",
        f"the service counts other positives than {case.part.name} has: {shown}; the test file"
        " was another one, or labels were changed after the training",
        tuple(wrong),
    )
