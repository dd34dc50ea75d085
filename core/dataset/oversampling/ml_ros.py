"""ML-ROS: clone random documents of the rare labels, over the whole label set.

F. Charte, A. J. Rivera, M. J. del Jesus, F. Herrera, "Addressing imbalance in multilabel
classification: Measures and random resampling algorithms", Neurocomputing 163 (2015), Algorithm 4.
"""

import numpy as np
import numpy.typing as npt

from core.dataset.documents import BoolMatrix
from core.dataset.health.measures import irlbl, mean_ir

_DRAWS = 4096


def minority_columns(support: npt.NDArray[np.int64]) -> list[int]:
    """Columns of the labels whose IRLbl is above MeanIR, labels without documents apart."""
    is_minority = (irlbl(support) > mean_ir(support)) & (support > 0)
    return np.flatnonzero(is_minority).tolist()


def clones(
    membership: BoolMatrix, support: npt.NDArray[np.int64], budget: int, rng: np.random.Generator
) -> list[int]:
    """Return which documents are cloned, one after the other.

    Each label whose IRLbl is above MeanIR has a bag of its documents. In turn, one document is
    drawn from every bag, with replacement; a bag leaves, for good, when after its own draw the
    IRLbl of its label is MeanIR or below. It ends with the budget, which may be in the middle of a
    turn, or with the last bag.

    MeanIR is that of the start and stays fixed, as in Algorithm 4: the aim does not move while
    clones are made. IRLbl follows every clone, so the support of the commonest label rises with the
    clones that carry it.

    Args:
        membership: bool (n_documents, n_labels): documents that may be drawn.
        support: int64 (n_labels,): positives at the start, copies made before included.
        budget: most clones.
        rng: what draws.

    Returns:
        Rows of `membership`, at most `budget`.
    """
    aim = mean_ir(support)
    counts: list[int] = support.tolist()
    most = max(counts, default=0)
    bags = {
        column: np.flatnonzero(membership[:, column]).tolist()
        for column in minority_columns(support)
    }
    bags = {column: bag for column, bag in bags.items() if bag}
    columns_of: dict[int, list[int]] = {}
    made: list[int] = []
    draws: list[float] = []
    while bags:
        for column, bag in list(bags.items()):
            if len(made) >= budget:
                return made
            if not draws:
                draws = rng.random(_DRAWS).tolist()
            row = bag[int(draws.pop() * len(bag))]
            made.append(row)
            if row not in columns_of:
                columns_of[row] = np.flatnonzero(membership[row]).tolist()
            for touched in columns_of[row]:
                counts[touched] += 1
                most = max(most, counts[touched])
            if most / counts[column] <= aim:
                del bags[column]
    return made
