"""Cross-fitting."""

import functools

import numpy as np
import pytest

from core.errors import InvalidInput
from core.tuning.cross_fitting import cross_fit, stratified_folds
from core.tuning.curves import Counts, label_curve
from core.tuning.joint import choose_all
from core.tuning.objectives import choose
from core.tuning.part import Part, multiclass_scores

LABELS = ("rare", "common")


def problem(n: int = 2_000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    truth = generator.random((n, 2)) < [0.02, 0.3]
    scores = 1 / (1 + np.exp(-(generator.normal(size=(n, 2)) + 1.5 * truth - 2)))
    return np.round(scores, 4).astype(np.float32), truth


def by_hand(scores: np.ndarray, truth: np.ndarray, folds: np.ndarray) -> list[Counts]:
    """Counts of each fold at the threshold chosen on the other folds."""
    found = []
    for fold in range(int(folds.max()) + 1):
        inside = folds == fold
        threshold = choose(label_curve("a", scores[~inside], truth[~inside])).threshold
        found.append(label_curve("a", scores[inside], truth[inside]).at(threshold))
    return found


def test_a6_counts_are_pooled_over_folds_not_f1s_averaged() -> None:
    scores, truth = problem()
    result = cross_fit(Part("test", LABELS, scores, truth), n_folds=5, seed=3)
    for column, label in enumerate(LABELS):
        folds = by_hand(scores[:, column], truth[:, column], result.folds)
        pooled = result.counts[label]
        for name in ("tp", "fp", "fn", "tn"):
            assert getattr(pooled, name) == sum(getattr(counts, name) for counts in folds)
        assert pooled.f1 != pytest.approx(np.mean([counts.f1 for counts in folds]), abs=1e-6)
        assert list(result.fold_thresholds[label]) == [counts.threshold for counts in folds]
    assert result.macro_f1 == pytest.approx(np.mean([result.counts[label].f1 for label in LABELS]))


def test_a2_the_tuning_rows_flatter_and_cross_fitting_does_not() -> None:
    naive, honest, fresh = [], [], []
    for seed in range(30):
        scores, truth = problem(400, seed)
        result = cross_fit(Part("test", LABELS, scores, truth), seed=seed)
        choice = result.choices["rare"]
        new_scores, new_truth = problem(4_000, 1_000 + seed)
        naive.append(choice.counts.f1)
        honest.append(result.counts["rare"].f1)
        fresh.append(label_curve("rare", new_scores[:, 0], new_truth[:, 0]).at(choice.threshold).f1)
    assert np.mean(naive) > np.mean(fresh) + 0.05
    assert np.mean(honest) < np.mean(fresh) + 0.03


def test_a7_the_threshold_to_deploy_is_chosen_on_all_rows() -> None:
    scores, truth = problem()
    result = cross_fit(Part("test", LABELS, scores, truth))
    assert result.choices["rare"] == choose(label_curve("rare", scores[:, 0], truth[:, 0]))
    evaluation = result.evaluation()
    assert evaluation.measured_on == "test, cross-fitted"
    assert evaluation.labels[0].counts.threshold == result.choices["rare"].threshold
    assert evaluation.labels[0].counts.f1 == result.counts["rare"].f1
    assert evaluation.averages.macro_f1 == pytest.approx(result.macro_f1)
    assert evaluation.averages.micro_f1 == pytest.approx(result.micro_f1)
    assert evaluation.averages.subset_accuracy == pytest.approx(
        (result.decisions.flags == truth).all(axis=1).mean()
    )


def test_a9_copies_of_a_document_stay_in_one_fold() -> None:
    scores, truth = problem(200)
    tripled = np.tile(np.arange(200, dtype=np.int32), 3)
    result = cross_fit(Part("test", LABELS, scores[tripled], truth[tripled], clusters=tripled * 7))
    folds = result.folds.reshape(3, 200)
    assert (folds == folds[0]).all()
    once = cross_fit(Part("test", LABELS, scores, truth))
    assert result.counts["rare"].f1 == pytest.approx(once.counts["rare"].f1)


def test_a9_a_label_of_any_document_counts_for_its_cluster() -> None:
    truth = np.zeros((40, 1), dtype=bool)
    truth[1::4] = True
    clusters = np.repeat(np.arange(20, dtype=np.int32), 2)
    folds = stratified_folds(truth, 5, 0, clusters)
    assert np.bincount(folds[truth[:, 0]], minlength=5).tolist() == [2] * 5


@pytest.mark.parametrize("seed", range(5))
def test_folds_spread_every_label_evenly(seed: int) -> None:
    generator = np.random.default_rng(seed)
    truth = generator.random((1_003, 4)) < [0.01, 0.05, 0.3, 0.9]
    folds = stratified_folds(truth, 5, seed)
    assert np.ptp(np.bincount(folds)) <= 1
    rarest = int(truth.sum(axis=0).argmin())
    assert np.ptp(np.bincount(folds[truth[:, rarest]], minlength=5)) <= 1
    for column in range(4):
        assert np.ptp(np.bincount(folds[truth[:, column]], minlength=5)) <= 8


def test_the_same_seed_gives_the_same_folds() -> None:
    _, truth = problem(300)
    first, again, other = (stratified_folds(truth, 5, seed) for seed in (1, 1, 2))
    assert first.tolist() == again.tolist() != other.tolist()


def test_a_label_without_positives_keeps_its_default_and_leaves_the_macro_mean() -> None:
    scores, truth = problem(300)
    truth[:, 0] = False
    result = cross_fit(Part("test", LABELS, scores, truth))
    assert result.choices["rare"].status == "no positives"
    assert set(result.fold_thresholds["rare"]) == {0.5}
    assert result.macro_f1 == result.counts["common"].f1


def test_d6_unknown_scores_are_counted_in_the_held_out_folds() -> None:
    scores, truth = problem(600)
    ceilings = np.full(600, 0.9, dtype=np.float32)
    scores[::7, 1] = np.nan
    result = cross_fit(Part("test", LABELS, scores, truth, ceilings))
    counts = result.counts["common"]
    assert counts.unknown_positives == int(truth[::7, 1].sum())
    assert counts.unknown_negatives == int((~truth[::7, 1]).sum())
    low = cross_fit(Part("test", LABELS, scores, truth, np.zeros(600, dtype=np.float32))).counts[
        "common"
    ]
    assert (low.unknown_positives, low.unknown_negatives) == (0, 0)


def test_classes_are_cross_fitted_with_their_own_default() -> None:
    generator = np.random.default_rng(4)
    scores = generator.dirichlet(np.ones(2), 300).astype(np.float32)
    truth = np.stack([scores[:, 0] > 0.5, scores[:, 0] <= 0.5], axis=1)
    take = functools.partial(choose_all, objective="max_f1", default=0.0)
    result = cross_fit(
        Part("test", LABELS, multiclass_scores(scores), truth, mode="multi-class"), take
    )
    assert result.micro_f1 == pytest.approx(1, abs=0.03)


def test_more_folds_than_documents_are_refused() -> None:
    scores, truth = problem(4)
    with pytest.raises(InvalidInput, match="cannot make 5 folds"):
        cross_fit(Part("test", LABELS, scores, truth))
    with pytest.raises(InvalidInput, match="cannot make 1 folds"):
        cross_fit(Part("test", LABELS, scores, truth), n_folds=1)
