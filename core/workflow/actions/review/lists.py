"""The reading lists of one label: which documents of a part, in which order, and why."""

from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from core.dataset.duplicates import text_keys
from core.tuning.review import Around, documents_around
from core.tuning.suspects import Suspects, label_suspects
from core.workflow.actions.part_data import PartData

ListName = Literal[
    "all", "false-negatives", "false-positives", "suspects", "duplicates", "contradictions"
]
"""What to read: every document, missed ones, wrongly flagged ones, suspected label errors, equal
texts of which only some have the label, and documents with the none-label beside another one."""
LISTS: tuple[ListName, ...] = get_args(ListName)
Rows = npt.NDArray[np.intp]


class LabelLists:
    """Every reading list of one label; each is worked out when it is first asked for."""

    def __init__(
        self, data: PartData, column: int, threshold: float, groups: npt.NDArray[np.intp]
    ) -> None:
        """Take the scores and labels of one part.

        Args:
            data: of the part.
            column: of the label.
            threshold: of the label.
            groups: intp (n_documents,), as `text_groups` gives them.
        """
        self._data = data
        self._column = column
        self._groups = groups
        self._truth = data.truth.membership[:, column]
        self.around: Around = documents_around(
            data.scores[:, column], self._truth, threshold, "all", data.decision_scores[:, column]
        )
        """Every document by its distance from the threshold, with its kind of decision."""
        self.suspects: Suspects = label_suspects(
            data.scores[:, column], self._truth, data.ceilings[:, column]
        )
        """Documents whose label the classifier confidently contradicts."""

    def rows(self, name: ListName) -> Rows:
        """Positions of the documents of one list, in reading order."""
        if name == "suspects":
            return self.suspects.rows
        if name == "duplicates":
            return self._conflicting()
        if name == "contradictions":
            return self._contradicting()
        by_distance = self.around.rows
        if name == "all":
            return by_distance
        wanted = 0 if name == "false-negatives" else 1
        rows: Rows = by_distance[self.around.kinds[by_distance] == wanted]
        return rows

    def _conflicting(self) -> Rows:
        """Equal texts of which some have the label and some have not, text by text."""
        size = np.bincount(self._groups)
        with_label = np.bincount(self._groups, weights=self._truth, minlength=len(size))
        differs = (with_label > 0) & (with_label < size)
        rows: Rows = np.flatnonzero(differs[self._groups])
        by_text: Rows = rows[np.argsort(self._groups[rows], kind="stable")]
        return by_text

    def _contradicting(self) -> Rows:
        """Documents that have the label and the none-label, or the none-label and any other."""
        truth = self._data.truth
        if truth.none_label is None or truth.none_label not in truth.labels:
            return np.zeros(0, np.intp)
        none = truth.membership[:, truth.labels.index(truth.none_label)]
        has_several = truth.membership.sum(axis=1) > 1
        return np.flatnonzero(self._truth & none & has_several)


def text_groups(texts: list[str]) -> npt.NDArray[np.intp]:
    """intp (n_documents,): equal normalised texts share a number, in order of first appearance."""
    if not texts:
        return np.zeros(0, np.intp)
    _, first, inverse = np.unique(text_keys(texts), return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.intp)
    rank[np.argsort(first)] = np.arange(len(first))
    groups: npt.NDArray[np.intp] = rank[inverse]
    return groups
