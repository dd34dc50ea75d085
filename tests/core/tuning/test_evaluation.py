"""Figures at thresholds, per label and averaged."""

import msgspec
import numpy as np
import pytest

from core.errors import InvalidInput
from core.tuning.curves import Counts
from core.tuning.evaluation import (
    Evaluation,
    FigureRange,
    LabelResult,
    averages_of,
    macro_f1,
    micro_f1,
)
from core.tuning.part import Part, multiclass_scores

LABELS = ("threat", "insult", "clean")


def random_problem(n: int = 3_000) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(7)
    truth = generator.random((n, 3)) < [0.03, 0.1, 0.9]
    noise = generator.normal(size=(n, 3))
    scores = np.round(1 / (1 + np.exp(-(noise + 3 * truth - 2))), 4).astype(np.float32)
    return scores, truth


def evaluated(thresholds: dict[str, float]) -> Evaluation:
    scores, truth = random_problem()
    return Part("test", LABELS, scores, truth, none_label="clean").evaluate(thresholds)


THRESHOLDS = {"threat": 0.8, "insult": 0.6432, "clean": 0.5}


def test_every_figure_equals_sklearns() -> None:
    from sklearn import metrics

    scores, truth = random_problem()
    flags = np.round(scores.astype(float), 4) >= list(THRESHOLDS.values())
    result = evaluated(THRESHOLDS)
    precision, recall, f1, support = metrics.precision_recall_fscore_support(truth, flags)
    for column, label in enumerate(result.labels):
        assert (label.label, label.counts.positives) == (LABELS[column], support[column])
        assert (label.counts.precision, label.counts.recall, label.counts.f1) == pytest.approx(
            (precision[column], recall[column], f1[column])
        )
        assert label.counts.f1_low == label.counts.f1 == label.counts.f1_high
        expected = metrics.average_precision_score(truth[:, column], scores[:, column])
        assert label.average_precision == pytest.approx(expected)
    for averages, kept in ((result.averages, [0, 1, 2]), (result.averages_without_none, [0, 1])):
        assert averages is not None
        for name in ("macro", "micro"):
            figures = metrics.precision_recall_fscore_support(
                truth[:, kept], flags[:, kept], average=name
            )
            ours = [getattr(averages, f"{name}_{of}") for of in ("precision", "recall", "f1")]
            assert ours == pytest.approx(figures[:3])
        assert averages.hamming_loss == pytest.approx(
            metrics.hamming_loss(truth[:, kept], flags[:, kept])
        )
        assert averages.subset_accuracy == pytest.approx(
            metrics.accuracy_score(truth[:, kept], flags[:, kept])
        )


def result_of(label: str, counts: Counts) -> LabelResult:
    return LabelResult(label, counts, None)


def test_c1_macro_f1_is_the_mean_of_the_label_f1s() -> None:
    first = Counts(0.5, tp=2, fp=0, fn=98, tn=0)
    second = Counts(0.5, tp=2, fp=98, fn=0, tn=0)
    flags = np.zeros((100, 2), dtype=bool)
    averages = averages_of([result_of("a", first), result_of("b", second)], flags, flags)
    assert averages.macro_f1 == pytest.approx(0.039, abs=0.001)
    assert averages.macro_precision == averages.macro_recall == pytest.approx(0.51)


def test_c2_the_best_thresholds_per_label_need_not_be_the_best_for_micro_f1() -> None:
    from core.tuning.curves import label_curves
    from core.tuning.objectives import choose

    scores, truth = random_problem(300)
    curves = label_curves(LABELS, scores, truth)
    best = {label: choose(curve).threshold for label, curve in curves.items()}
    tuned = Part("t", LABELS, scores, truth).evaluate(best).averages
    grid = np.linspace(0.02, 1, 50)
    micros, macros = [], []
    for threat in grid:
        for insult in grid:
            counts = [
                curves["threat"].at(threat),
                curves["insult"].at(insult),
                curves["clean"].at(best["clean"]),
            ]
            tp, wrong = sum(c.tp for c in counts), sum(c.fp + c.fn for c in counts)
            micros.append(2 * tp / (2 * tp + wrong))
            macros.append(sum(c.f1 for c in counts) / 3)
    assert max(macros) <= tuned.macro_f1
    assert max(micros) > tuned.micro_f1


def test_c3_averages_are_given_with_and_without_the_none_label() -> None:
    nothing_found = evaluated({"threat": 1.0, "insult": 1.0, "clean": 0.1})
    assert nothing_found.averages.micro_f1 > 0.85
    assert nothing_found.averages_without_none is not None
    assert nothing_found.averages_without_none.micro_f1 < 0.02
    scores, truth = random_problem(50)
    for none_label in (None, "absent"):
        result = Part("test", LABELS, scores, truth, none_label=none_label).evaluate(THRESHOLDS)
        assert result.averages_without_none is None


def test_c5_hamming_loss_of_finding_nothing_is_tiny_while_f1_is_zero() -> None:
    truth = np.zeros((1_000, 1), dtype=bool)
    truth[:3] = True
    scores = np.linspace(0, 0.4, 1_000, dtype=np.float32)[:, None]
    result = Part("t", ("threat",), scores, truth).evaluate({})
    assert result.averages.hamming_loss == pytest.approx(0.003)
    assert result.averages.macro_f1 == result.averages.micro_f1 == 0


def test_c6_labels_without_support_are_listed_and_not_averaged() -> None:
    scores, truth = random_problem()
    truth[:, 0] = False
    result = Part("test", LABELS, scores, truth, none_label="clean").evaluate(THRESHOLDS)
    threat, insult, clean = result.labels
    assert (threat.counts.positives, threat.counts.f1, threat.average_precision) == (0, 0, None)
    assert result.averages.labels_without_support == ("threat",)
    assert result.averages.macro_f1 == pytest.approx((insult.counts.f1 + clean.counts.f1) / 2)
    pooled = insult.counts.tp + clean.counts.tp
    wrong = sum(found.counts.fp + found.counts.fn for found in result.labels)
    assert result.averages.micro_f1 == pytest.approx(2 * pooled / (2 * pooled + wrong))


def test_d6_unknown_scores_give_a_range() -> None:
    scores, truth = random_problem()
    hidden = scores < np.sort(scores, axis=1)[:, [1]]
    ceilings = np.where(hidden, np.inf, scores).min(axis=1).astype(np.float32)
    scores[hidden] = np.nan
    low = Part("test", LABELS, scores, truth, ceilings, none_label="clean").evaluate(
        dict.fromkeys(LABELS, 0.3)
    )
    for label in low.labels:
        assert label.counts.f1_low <= label.counts.f1 <= label.counts.f1_high
    assert low.averages.macro_f1_low < low.averages.macro_f1 < low.averages.macro_f1_high


def test_a_label_without_a_threshold_stands_at_the_default_and_cannot_be_decided() -> None:
    part = Part("test", LABELS, *random_problem(), none_label="clean")
    given = {"threat": 0.8, "clean": 0.4}
    assert part.evaluate(given) == part.evaluate({**given, "insult": 0.5})
    with pytest.raises(InvalidInput, match="insult"):
        part.decide(given)


def test_some_documents_and_labels_of_a_part_are_decided_as_in_the_whole() -> None:
    scores, truth = random_problem(200)
    scores[::9] = np.nan
    part = Part("test", LABELS, scores, truth, np.full(200, 0.9), np.arange(200, dtype=np.int32))
    rows = np.arange(200) % 3 == 0
    some, whole = part.take(rows, [2, 0]), part.decide(THRESHOLDS)
    assert some.labels == ("clean", "threat") and len(some) == rows.sum()
    assert some.clusters is not None and some.clusters.tolist() == list(range(0, 200, 3))
    taken = some.decide(THRESHOLDS)
    assert np.array_equal(taken.flags, whole.take(rows, [2, 0]).flags)
    assert np.array_equal(taken.may_flag, whole.may_flag[rows][:, [2, 0]])


def test_averages_are_ranges_where_scores_are_unknown() -> None:
    scores = np.array([[0.9], [0.6], [np.nan], [np.nan], [0.1]])
    truth = np.array([[1], [1], [1], [0], [0]], dtype=bool)
    counts = [Part("test", ("a",), scores, truth, np.full(5, 0.7)).curves()["a"].at(0.6)]
    assert micro_f1(counts) == macro_f1(counts) == FigureRange(4 / 6, 1.0)


def test_c6_labels_without_positives_are_left_out_of_macro_but_not_of_micro() -> None:
    found, flagged = Counts(0.5, tp=1, fp=0, fn=0, tn=1), Counts(0.5, tp=0, fp=2, fn=0, tn=0)
    assert macro_f1([found, flagged]) == FigureRange(1.0, 1.0)
    assert micro_f1([found, flagged]) == FigureRange(0.5, 0.5)
    assert macro_f1([flagged]) == FigureRange(0.0, 0.0)


def test_an_evaluation_survives_json() -> None:
    result = evaluated(THRESHOLDS)
    assert msgspec.json.decode(msgspec.json.encode(result), type=Evaluation) == result


def test_classes_are_decided_by_the_highest_score() -> None:
    from sklearn.metrics import accuracy_score, f1_score

    generator = np.random.default_rng(9)
    scores = generator.dirichlet(np.ones(3), 500).astype(np.float32)
    actual = np.where(generator.random(500) < 0.7, scores.argmax(axis=1), 0)
    truth = np.eye(3, dtype=bool)[actual]
    result = Part("test", LABELS, multiclass_scores(scores), truth, mode="multi-class").evaluate({})
    predicted = scores.argmax(axis=1)
    assert result.averages.macro_f1 == pytest.approx(f1_score(actual, predicted, average="macro"))
    assert result.averages.subset_accuracy == pytest.approx(accuracy_score(actual, predicted))
    assert result.averages.micro_f1 == pytest.approx(accuracy_score(actual, predicted))


def test_a_class_below_its_threshold_is_not_predicted() -> None:
    scores = np.array([[0.6, 0.4], [0.3, 0.7]], dtype=np.float32)
    truth = np.array([[True, False], [False, True]])
    result = Part(
        "test", ("a", "b"), multiclass_scores(scores), truth, mode="multi-class"
    ).evaluate({"a": 0.65})
    assert [label.counts.flagged for label in result.labels] == [0, 1]
    assert result.averages.subset_accuracy == 0.5


def test_multiclass_scores_keep_the_highest_class_only() -> None:
    scores = np.array(
        [[0.2, np.nan, 0.7], [0.4, 0.4, np.nan], [np.nan] * 3, [np.nan, 0.0, np.nan]],
        dtype=np.float32,
    )
    kept = multiclass_scores(scores)
    assert kept[0].tolist() == [-np.inf, -np.inf, np.float32(0.7)]
    assert kept[1].tolist() == [np.float32(0.4), -np.inf, -np.inf]
    assert np.isnan(kept[2]).all()
    assert kept[3].tolist() == [-np.inf, 0.0, -np.inf]
