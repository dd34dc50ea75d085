"""How far a tuned threshold can be trusted: cross-fitting.

A threshold measured on the rows it was chosen on looks better than it is. Cross-fitting chooses it
on all folds but one and counts its decisions on that one; the counts of all folds are pooled before
any F1 is computed, because the mean of fold F1 scores is biased (Forman & Scholz 2010). The scores
are those of the one deployed classifier throughout, so the thresholds are on its scale.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.progress import UNWATCHED, Watch
from core.tuning.curves import BoolArray, Counts, Curve, column_of, label_curves
from core.tuning.decimals import FloatArray, reached
from core.tuning.evaluation import Evaluation, pool, summarise
from core.tuning.joint import choose_all
from core.tuning.objectives import Choice


@dataclass(frozen=True)
class CrossFit:
    """Thresholds chosen on all rows, with figures of rows that played no part in the choosing."""

    choices: dict[str, Choice]
    """Per label, chosen on all rows: the thresholds to deploy. Their own counts are optimistic."""
    counts: dict[str, Counts]
    """Per label, pooled over the held-out folds, under the threshold to deploy."""
    fold_thresholds: dict[str, tuple[float, ...]]
    """Per label, the threshold chosen without each fold; their spread shows how settled it is."""
    folds: npt.NDArray[np.int8]
    """int8 (n_documents,): the fold of each document."""
    curves: dict[str, Curve]
    """Per label, of all rows."""
    flags: BoolArray
    """bool (n_documents, n_labels): the held-out decisions."""
    undecided: BoolArray
    """bool (n_documents, n_labels): not flagged, but the unknown score may reach the threshold."""
    truth: BoolArray
    """bool (n_documents, n_labels): the true labels."""

    @property
    def macro_f1(self) -> float:
        """Mean label F1 of the whole procedure, on held-out folds; labels with positives only."""
        f1s = [counts.f1 for counts in self.counts.values() if counts.positives]
        return sum(f1s) / len(f1s) if f1s else 0.0

    @property
    def micro_f1(self) -> float:
        """F1 of the pooled counts of the whole procedure, on held-out folds."""
        return pool(list(self.counts.values())).f1

    def evaluation(self, measured_on: str, none_label: str | None) -> Evaluation:
        """All figures of the held-out decisions, under the thresholds to deploy.

        Args:
            measured_on: how to call the rows, such as "test, cross-fitted".
            none_label: left out of the averages without none-label.
        """
        counts = list(self.counts.values())
        return summarise(
            self.curves,
            counts,
            self.flags,
            self.truth,
            measured_on=measured_on,
            none_label=none_label,
        )


def cross_fit(  # noqa: PLR0913 - arrays, and settings by name
    labels: Sequence[str],
    scores: FloatArray,
    truth: BoolArray,
    ceilings: FloatArray | None = None,
    n_folds: int = 5,
    seed: int = 0,
    objective: str | Callable[[Mapping[str, Curve]], dict[str, Choice]] = "max_f1",
    clusters: npt.NDArray[np.int32] | None = None,
    *,
    watch: Watch = UNWATCHED,
) -> CrossFit:
    """Choose thresholds and measure the choosing out of sample, on the same documents.

    For a multi-class classifier pass `evaluation.multiclass_scores` of the scores, and a function
    whose default is 0. With clusters a threshold never meets a copy of a document it was chosen on.

    Args:
        labels: names of the columns.
        scores: (n_documents, n_labels), NaN for unknown.
        truth: bool (n_documents, n_labels).
        ceilings: highest values of unknown scores, (n_documents,) or (n_documents, n_labels).
        n_folds: between 2 and the number of documents.
        seed: the same seed gives the same folds.
        objective: as `objectives.parse_objective` reads it, or a function that chooses on the
            curves of all labels, such as `objectives.choose_all` with its settings bound.
        clusters: int32 (n_documents,); documents of one cluster (copies, a group) share a fold.
        watch: looked at before each fold.

    Raises:
        InvalidInput: fewer documents or clusters than folds, or no such objective.
        Interrupted: stopped through `watch`.
    """
    take = objective if callable(objective) else functools.partial(choose_all, objective=objective)
    folds = stratified_folds(truth, n_folds, seed, clusters)
    curves = label_curves(labels, scores, truth, ceilings)
    choices = take(curves)
    flags = np.zeros(truth.shape, dtype=np.bool_)
    undecided = np.zeros(truth.shape, dtype=np.bool_)
    counts: dict[str, list[Counts]] = {label: [] for label in labels}
    for fold in range(n_folds):
        watch.check()
        inside = folds == fold
        known = None if ceilings is None else ceilings[~inside]
        others = take(label_curves(labels, scores[~inside], truth[~inside], known))
        for column, label in enumerate(labels):
            threshold = others[label].threshold
            held = decide(scores[inside, column], threshold, _rows(ceilings, column, inside))
            flags[inside, column], undecided[inside, column] = held
            counts[label].append(_count(threshold, *held, truth[inside, column]))
    return CrossFit(
        choices=choices,
        counts={label: pool(counts[label], choices[label].threshold) for label in labels},
        fold_thresholds={
            label: tuple(found.threshold for found in counts[label]) for label in labels
        },
        folds=folds,
        curves=curves,
        flags=flags,
        undecided=undecided,
        truth=truth,
    )


def decide(
    scores: FloatArray, threshold: float, ceilings: FloatArray | None
) -> tuple[BoolArray, BoolArray]:
    """Which documents are flagged, and which may be: an unknown score whose ceiling reaches.

    Args:
        scores: (n,), NaN for unknown.
        threshold: of one label.
        ceilings: (n,), highest values of unknown scores; None for 1.
    """
    undecided = np.isnan(scores)
    if ceilings is not None:
        undecided &= reached(ceilings, threshold)
    return reached(scores, threshold), undecided


def _rows(ceilings: FloatArray | None, column: int, rows: BoolArray) -> FloatArray | None:
    highest = column_of(ceilings, column)
    return None if highest is None else highest[rows]


def _count(threshold: float, flags: BoolArray, undecided: BoolArray, truth: BoolArray) -> Counts:
    return Counts(
        threshold,
        *(
            int(np.count_nonzero(rows))
            for rows in (
                flags & truth,
                flags & ~truth,
                ~flags & truth,
                ~flags & ~truth,
                undecided & truth,
                undecided & ~truth,
            )
        ),
    )


def stratified_folds(
    truth: BoolArray, n_folds: int, seed: int, clusters: npt.NDArray[np.int32] | None = None
) -> npt.NDArray[np.int8]:
    """int8 (n_documents,): a fold for each document, every label spread evenly, clusters kept
    whole.

    Documents (or clusters) are ordered by their label set with the rarest label as the most
    significant bit, at random within a set, and dealt in turn: neighbours share rare labels, so
    every label is dealt out almost evenly, the rarest exactly.

    Raises:
        InvalidInput: fewer documents or clusters than folds.
    """
    unit_of = np.arange(len(truth))
    if clusters is not None:
        unit_of = np.unique(clusters, return_inverse=True)[1]
    n_units = int(unit_of.max()) + 1 if len(unit_of) else 0
    if not 2 <= n_folds <= min(n_units, np.iinfo(np.int8).max):
        raise InvalidInput(
            "Too few documents to cross-fit",
            f"{n_units} distinct documents cannot make {n_folds} folds",
            "use more documents or fewer folds, at least 2",
        )
    holds = np.zeros((n_units, truth.shape[1]), dtype=np.bool_)
    np.logical_or.at(holds, unit_of, truth)
    rarest_first = np.argsort(truth.sum(axis=0), kind="stable")
    generator = np.random.default_rng(seed)
    # The last key of lexsort is the most significant one.
    keys = [generator.random(n_units), *(holds[:, column] for column in rarest_first[::-1])]
    order = np.lexsort(keys)
    fold_of_unit = np.empty(n_units, dtype=np.int8)
    fold_of_unit[order] = (np.arange(n_units) + generator.integers(n_folds)) % n_folds
    return fold_of_unit[unit_of]
