"""How far a tuned threshold can be trusted: cross-fitting.

A threshold measured on the rows it was chosen on looks better than it is. Cross-fitting chooses it
on all folds but one and counts its decisions on that one; the counts of all folds are pooled before
any F1 is computed, because the mean of fold F1 scores is biased (Forman & Scholz 2010). The scores
are those of the one deployed classifier throughout, so the thresholds are on its scale.
"""

import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.progress import UNWATCHED, Watch
from core.tuning.curves import BoolArray, Counts
from core.tuning.evaluation import Evaluation, pool, summarise
from core.tuning.joint import TakeAll, choose_all
from core.tuning.objectives import Choice
from core.tuning.part import Decisions, Part


@dataclass(frozen=True)
class CrossFit:
    """Thresholds chosen on all rows, with figures of rows that played no part in the choosing."""

    part: Part
    choices: dict[str, Choice]
    """Per label, chosen on all rows: the thresholds to deploy. Their own counts are optimistic."""
    counts: dict[str, Counts]
    """Per label, pooled over the held-out folds, under the threshold to deploy."""
    fold_thresholds: dict[str, tuple[float, ...]]
    """Per label, the threshold chosen without each fold; their spread shows how settled it is."""
    folds: npt.NDArray[np.int8]
    """int8 (n_documents,): the fold of each document."""
    decisions: Decisions
    """The held-out ones."""

    @property
    def macro_f1(self) -> float:
        """Mean label F1 of the whole procedure, on held-out folds; labels with positives only."""
        f1s = [counts.f1 for counts in self.counts.values() if counts.positives]
        return sum(f1s) / len(f1s) if f1s else 0.0

    @property
    def micro_f1(self) -> float:
        """F1 of the pooled counts of the whole procedure, on held-out folds."""
        return pool(list(self.counts.values())).f1

    def evaluation(self) -> Evaluation:
        """All figures of the held-out decisions, under the thresholds to deploy."""
        return summarise(
            self.part.curves(),
            list(self.counts.values()),
            self.decisions.flags,
            self.part.truth,
            measured_on=f"{self.part.name}, cross-fitted",
            none_label=self.part.none_label,
        )


def cross_fit(
    part: Part,
    objective: str | TakeAll = "max_f1",
    n_folds: int = 5,
    seed: int = 0,
    *,
    watch: Watch = UNWATCHED,
) -> CrossFit:
    """Choose thresholds and measure the choosing out of sample, on the same documents.

    With clusters a threshold never meets a copy of a document it was chosen on.

    Args:
        part: the documents; for multi-class pass a function whose default is 0.
        objective: as `objectives.parse_objective` reads it, or a function that chooses on the
            curves of all labels, such as `joint.choose_all` with its settings bound.
        n_folds: between 2 and the number of documents.
        seed: the same seed gives the same folds.
        watch: looked at before each fold.

    Raises:
        InvalidInput: fewer documents or clusters than folds, or no such objective.
        Interrupted: stopped through `watch`.
    """
    take = objective if callable(objective) else functools.partial(choose_all, objective=objective)
    folds = stratified_folds(part.truth, n_folds, seed, part.clusters)
    choices = take(part.curves())
    held_out = Decisions(*(np.zeros(part.truth.shape, dtype=np.bool_) for _ in range(2)))
    counts: dict[str, list[Counts]] = {label: [] for label in part.labels}
    for fold in range(n_folds):
        watch.check()
        inside = folds == fold
        others = take(part.take(~inside).curves())
        held = part.take(inside)
        decided = held.decide({label: others[label].threshold for label in part.labels})
        held_out.flags[inside], held_out.may_flag[inside] = decided.flags, decided.may_flag
        for column, label in enumerate(part.labels):
            columns = decided.flags[:, column], decided.may_flag[:, column], held.truth[:, column]
            counts[label].append(_count(others[label].threshold, *columns))
    return CrossFit(
        part=part,
        choices=choices,
        counts={label: pool(counts[label], choices[label].threshold) for label in part.labels},
        fold_thresholds={
            label: tuple(fold.threshold for fold in counts[label]) for label in part.labels
        },
        folds=folds,
        decisions=held_out,
    )


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
