"""Scores and truth of one part of a split, which every figure is computed from.

Decisions at thresholds are made here and nowhere else: a document gets a label when its score
reaches the threshold, and may get it when its unknown score could.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.text import printable
from core.tuning.curves import BoolArray, Curve, column_of, label_curves
from core.tuning.decimals import FloatArray, reached
from core.tuning.evaluation import Evaluation, summarise


@dataclass(frozen=True)
class Decisions:
    """What a set of thresholds decides on the documents of a part."""

    flags: BoolArray
    """bool (n_documents, n_labels): the document gets the label."""
    may_flag: BoolArray
    """bool (n_documents, n_labels): not flagged, but its unknown score may reach the threshold."""

    def take(self, rows: Any = slice(None), columns: Any = slice(None)) -> "Decisions":
        """Those on some of the documents, or of some of the labels; in the order given."""
        return Decisions(self.flags[rows][:, columns], self.may_flag[rows][:, columns])


@dataclass(frozen=True)
class Part:
    """Scores and truth of the same documents."""

    name: str
    """The part, such as "test"."""
    labels: tuple[str, ...]
    """Names of the columns."""
    scores: FloatArray
    """float32 or float64 (n_documents, n_labels): what thresholds are compared with, NaN where not
    returned; for multi-class as `multiclass_scores` gives them."""
    truth: BoolArray
    """bool (n_documents, n_labels)."""
    ceilings: FloatArray | None = None
    """Highest values of unknown scores, (n_documents,) or (n_documents, n_labels); None for 1."""
    clusters: npt.NDArray[np.int32] | None = None
    """int32 (n_documents,): copies and groups share a number; None when all are distinct."""
    mode: Literal["multi-label", "multi-class"] = "multi-label"
    none_label: str | None = None
    """The label of documents without a label."""
    all_scores: FloatArray | None = None
    """Multi-class: the scores of all classes, as they were returned. None where these are `scores`;
    see `returned`."""

    def __len__(self) -> int:
        """Number of documents."""
        return len(self.truth)

    @property
    def default(self) -> float:
        """The threshold without tuning: 0.5, or 0 for multi-class, where the highest class wins."""
        return 0.0 if self.mode == "multi-class" else 0.5

    @property
    def returned(self) -> FloatArray:
        """(n_documents, n_labels): the scores as they were returned, NaN where they were not."""
        return self.scores if self.all_scores is None else self.all_scores

    def curves(self) -> dict[str, Curve]:
        """The exact curve of every label, counted once.

        Raises:
            InvalidInput: a score is outside [0, 1].
        """
        return self._curves

    @cached_property
    def _curves(self) -> dict[str, Curve]:
        return label_curves(self.labels, self.scores, self.truth, self.ceilings)

    def decide(self, thresholds: Mapping[str, float]) -> Decisions:
        """The decisions of fixed thresholds.

        Raises:
            InvalidInput: a label has no threshold.
        """
        missing = [label for label in self.labels if label not in thresholds]
        if missing:
            names = ", ".join(printable(label, 60) for label in missing[:5])
            raise InvalidInput("No threshold", f"for {names}", "tune the thresholds of all labels")
        flags = np.zeros(self.truth.shape, dtype=np.bool_)
        may_flag = np.zeros(self.truth.shape, dtype=np.bool_)
        for column, label in enumerate(self.labels):
            scores, threshold = self.scores[:, column], thresholds[label]
            flags[:, column] = reached(scores, threshold)
            unknown = np.isnan(scores)
            ceilings = column_of(self.ceilings, column)
            if ceilings is not None and unknown.any():
                unknown &= reached(ceilings, threshold)
            may_flag[:, column] = unknown
        return Decisions(flags, may_flag)

    def evaluate(
        self, thresholds: Mapping[str, float], measured_on: str | None = None
    ) -> Evaluation:
        """Figures at thresholds; a label that is not named is at the default.

        For multi-class a document has the class of highest score, or none when that is below the
        class's threshold; with thresholds of 0 the subset accuracy is the plain accuracy.

        Args:
            thresholds: by label.
            measured_on: how to call the documents; None for the name of the part.

        Raises:
            InvalidInput: a score is outside [0, 1].
        """
        at = {label: thresholds.get(label, self.default) for label in self.labels}
        curves = self.curves()
        return summarise(
            curves,
            [curves[label].at(at[label]) for label in self.labels],
            self.decide(at).flags,
            self.truth,
            measured_on=measured_on or self.name,
            none_label=self.none_label,
        )

    def take(self, rows: Any = slice(None), columns: Any = slice(None)) -> "Part":
        """Some of the documents, or some of the labels, in the order given.

        Args:
            rows: a slice, a mask or positions, as numpy takes them.
            columns: a slice or positions of labels.
        """
        ceilings, clusters = self.ceilings, self.clusters
        if ceilings is not None:
            ceilings = ceilings[rows] if ceilings.ndim == 1 else ceilings[rows][:, columns]
        return dataclasses.replace(
            self,
            labels=tuple(np.array(self.labels, dtype=object)[columns].tolist()),
            scores=self.scores[rows][:, columns],
            truth=self.truth[rows][:, columns],
            ceilings=ceilings,
            clusters=None if clusters is None else clusters[rows],
            all_scores=None if self.all_scores is None else self.all_scores[rows][:, columns],
        )


def multiclass_scores(scores: FloatArray) -> FloatArray:
    """Scores in which each document keeps only its highest class; the others are -inf.

    So a curve counts a document for a class only where it would be predicted. The first of equal
    classes wins. A class that was not returned cannot be the highest; a document for which nothing
    was returned stays unknown throughout.

    Args:
        scores: (n_documents, n_labels), NaN for not returned.
    """
    known = np.where(np.isnan(scores), -np.inf, scores)
    top = known.argmax(axis=1)[:, None]
    result = np.full_like(scores, -np.inf)
    np.put_along_axis(result, top, np.take_along_axis(scores, top, axis=1), axis=1)
    result[np.isnan(scores).all(axis=1)] = np.nan
    return result
