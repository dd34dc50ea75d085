"""Signs that the scored text gives its labels away."""

from collections.abc import Sequence

import numpy as np

from core.tuning.parts import PartArrays
from core.tuning.reconcile.findings import ReconcileFinding, names
from core.tuning.reconcile.matching import ranking

_PERFECT = 0.9999
_FEWEST = 10
"""Positives and negatives from which a perfect ranking is no accident."""
_IN_POSITIVES, _IN_NEGATIVES = 0.95, 0.05
"""Shares of positive and negative documents whose text holds the label's name."""


def leaked_labels(part: PartArrays, texts: Sequence[str] | None) -> list[ReconcileFinding]:
    """What looks as if labels stood in the scored text, or test documents in the training file.

    Args:
        part: scores and truth.
        texts: the scored documents, in order; None leaves the texts out.
    """
    found = []
    written = [] if texts is None else _written(part, texts)
    if written:
        found.append(
            ReconcileFinding(
                "leaked-labels",
                f"the scored texts hold the names of their labels ({names(written)}): a scoring"
                " file holds the text alone; prepare it again and score again",
                tuple(written),
            )
        )
    curves = part.curves()
    enough = [curve for curve in curves.values()
              if min(curve.positives, curve.negatives) >= _FEWEST]  # fmt: skip
    areas = [ranking(curve) for curve in enough]
    if not written and len(areas) >= 2 and all(area >= _PERFECT for area in areas):
        found.append(
            ReconcileFinding(
                "leaked-labels",
                "every label is separated without an error, which text alone hardly allows: labels"
                " may stand in the scored text, or these documents in the training file",
                tuple(curve.label for curve in enough),
            )
        )
    return found


def _written(part: PartArrays, texts: Sequence[str]) -> list[str]:
    found = []
    lowered = [text.lower() for text in texts]
    for column, label in enumerate(part.labels):
        truth = part.truth[:, column]
        if min(truth.sum(), (~truth).sum()) < _FEWEST:
            continue
        name = label.lower()
        holds = np.fromiter((name in text for text in lowered), dtype=np.bool_, count=len(lowered))
        if holds[truth].mean() >= _IN_POSITIVES and holds[~truth].mean() <= _IN_NEGATIVES:
            found.append(label)
    return found
