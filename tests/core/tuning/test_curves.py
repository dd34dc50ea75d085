"""Curves are exact."""

import itertools
import warnings

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import Interrupted, InvalidInput
from core.progress import CancelToken, Progress, Watch
from core.tuning.curves import Curve, label_curve, label_curves
from core.tuning.decimals import FloatArray
from core.tuning.objectives import choose

FULL = st.floats(0, 1, width=32)
ROUNDED = st.integers(0, 10_000).map(lambda step: step / 10_000)
FEW = st.sampled_from([0.0, 0.1, 0.25, 0.5, 1.0])


def rows_of(score: st.SearchStrategy[float]) -> st.SearchStrategy[list[tuple[float, bool]]]:
    return st.lists(st.tuples(score, st.booleans()), min_size=1, max_size=60)


any_rows = st.one_of(rows_of(FULL), rows_of(ROUNDED), rows_of(FEW))
kinds = st.sampled_from([np.float32, np.float64])


def curve_of(rows: list[tuple[float, bool]], kind: type = np.float32) -> Curve:
    scores: FloatArray = np.array([score for score, _ in rows], dtype=kind)
    return label_curve("threat", scores, np.array([truth for _, truth in rows]))


def brute_force(scores: npt.NDArray[np.floating], truth: npt.NDArray[np.bool_]) -> list[list[int]]:
    return [
        [int(((scores >= t) & truth).sum()), int(((scores >= t) & ~truth).sum())]
        for t in np.unique(scores)
    ]


@given(any_rows, kinds)
def test_b9_every_distinct_score_is_counted_as_by_brute_force(
    rows: list[tuple[float, bool]], kind: type
) -> None:
    scores: FloatArray = np.array([score for score, _ in rows], dtype=kind)
    truth = np.array([positive for _, positive in rows])
    curve = label_curve("threat", scores, truth)
    assert curve.values.tolist() == np.unique(scores).tolist()
    assert np.stack([curve.tp, curve.fp], axis=1).tolist() == brute_force(scores, truth)
    assert (curve.positives, curve.negatives) == (int(truth.sum()), int((~truth).sum()))


@given(any_rows, kinds)
def test_equal_to_sklearn_on_the_same_input(rows: list[tuple[float, bool]], kind: type) -> None:
    from sklearn.metrics import average_precision_score, precision_recall_curve

    scores: FloatArray = np.array([score for score, _ in rows], dtype=kind)
    truth = np.array([positive for _, positive in rows])
    if not truth.any():
        return
    precision, recall, thresholds = precision_recall_curve(truth, scores)
    curve = label_curve("threat", scores, truth)
    assert curve.values.tolist() == thresholds.tolist()
    assert curve.precision.tolist() == precision[:-1].tolist()
    assert curve.recall.tolist() == recall[:-1].tolist()
    assert curve.average_precision == pytest.approx(
        average_precision_score(truth, scores), abs=1e-12
    )


@given(any_rows, kinds, st.floats(0, 1))
def test_a_look_up_counts_as_comparing_every_score(
    rows: list[tuple[float, bool]], kind: type, threshold: float
) -> None:
    curve = curve_of(rows, kind)
    scores = [float(str(kind(score))) for score, _ in rows]
    flagged = [score >= threshold for score in scores]
    counts = curve.at(threshold)
    truth = [positive for _, positive in rows]
    pairs = list(zip(flagged, truth, strict=True))
    assert (counts.tp, counts.fp) == (pairs.count((True, True)), pairs.count((True, False)))
    assert (counts.fn, counts.tn) == (pairs.count((False, True)), pairs.count((False, False)))


@given(any_rows, kinds)
def test_b7_a_score_equal_to_the_threshold_is_flagged(
    rows: list[tuple[float, bool]], kind: type
) -> None:
    curve = curve_of(rows, kind)
    for index, threshold in enumerate(curve.thresholds.tolist()):
        counts = curve.at(threshold)
        assert (counts.tp, counts.fp) == (curve.tp[index], curve.fp[index])
        assert curve.threshold_at(index) == threshold
    assert curve.at(np.nextafter(curve.thresholds[-1], 2)).flagged == 0


def test_b1_no_point_without_a_threshold() -> None:
    curve = curve_of([(0.1, False), (0.4, False), (0.35, True), (0.8, True)])
    assert curve.thresholds.tolist() == [0.1, 0.35, 0.4, 0.8]
    assert len(curve.precision) == len(curve.recall) == len(curve.f1) == 4
    assert int(np.argmax(curve.f1)) < len(curve.thresholds)


def test_b2_undefined_f1_is_zero_and_never_wins() -> None:
    curve = curve_of([(0.9, False), (0.8, False), (0.7, False), (0.1, True), (0.05, False)])
    assert curve.f1.tolist() == [pytest.approx(1 / 3), pytest.approx(0.4), 0, 0, 0]
    assert choose(curve).threshold == 0.1
    assert not np.isnan(curve.f1).any()


@given(any_rows, st.randoms())
def test_b5_ties_in_score_are_cut_together(rows: list[tuple[float, bool]], random: object) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    first, second = curve_of(rows), curve_of(shuffled)
    assert first.values.tolist() == second.values.tolist()
    assert first.tp.tolist() == second.tp.tolist()
    assert first.fp.tolist() == second.fp.tolist()
    assert len(first) == len({score for score, _ in rows})


def test_b10_rounded_scores_make_few_points_and_the_same_decisions() -> None:
    generator = np.random.default_rng(1)
    truth = generator.random(5_000) < 0.05
    scores = np.round(generator.beta(0.3, 6, 5_000), 4)
    single, double = (label_curve("a", scores.astype(kind), truth) for kind in (np.float32, float))
    assert len(single) < 3_000
    assert single.thresholds.tolist() == double.thresholds.tolist() == np.unique(scores).tolist()
    assert single.tp.tolist() == double.tp.tolist()


def test_b11_average_precision_is_by_steps_not_by_lines() -> None:
    curve = curve_of([(0.9, True), (0.8, False), (0.7, False), (0.6, True)])
    assert curve.average_precision == pytest.approx(0.5 * 1.0 + 0.5 * 0.5)
    assert curve_of([(0.9, False)]).average_precision is None


def test_b13_precision_may_fall_as_the_threshold_rises() -> None:
    curve = curve_of([(0.9, False), (0.8, True), (0.7, True), (0.1, False)])
    assert curve.precision.tolist() == [0.5, pytest.approx(2 / 3), 0.5, 0.0]


def test_no_positives_gives_zero_recall_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        curve = curve_of([(0.2, False), (0.9, False)])
        assert curve.recall.tolist() == curve.f1.tolist() == [0, 0]
        assert curve.at(0.5).f1 == curve.at(0.95).precision == 0


def test_an_empty_column_has_an_empty_curve() -> None:
    curve = label_curve("a", np.zeros(0, dtype=np.float32), np.zeros(0, dtype=bool))
    assert len(curve) == 0
    assert curve.at(0.5).flagged == 0


unknown_rows = st.lists(
    st.tuples(st.one_of(st.none(), ROUNDED, FULL), st.booleans(), ROUNDED), min_size=1, max_size=9
)


def unknown_curve(rows: list[tuple[float | None, bool, float]]) -> Curve:
    scores = np.array(
        [np.nan if score is None else score for score, _, _ in rows], dtype=np.float32
    )
    ceilings = np.array([ceiling for _, _, ceiling in rows], dtype=np.float32)
    return label_curve("a", scores, np.array([truth for _, truth, _ in rows]), ceilings)


@settings(max_examples=60)
@given(unknown_rows, ROUNDED)
def test_d6_f1_bounds_are_the_extremes_over_everything_unknown_scores_may_be(
    rows: list[tuple[float | None, bool, float]], threshold: float
) -> None:
    unknown = [index for index, (score, _, _) in enumerate(rows) if score is None]
    outcomes = []
    for extreme in itertools.product([False, True], repeat=len(unknown)):
        scores = [-1.0 if score is None else float(str(np.float32(score))) for score, _, _ in rows]
        for index, is_high in zip(unknown, extreme, strict=True):
            scores[index] = rows[index][2] if is_high else 0.0
        flags = [score >= threshold for score in scores]
        tp = sum(flag and truth for flag, (_, truth, _) in zip(flags, rows, strict=True))
        total = sum(flags) + sum(truth for _, truth, _ in rows)
        outcomes.append(2 * tp / total if total else 0.0)
    counts = unknown_curve(rows).at(threshold)
    if threshold > 0:
        assert counts.f1_low == pytest.approx(min(outcomes))
        assert counts.f1_high == pytest.approx(max(outcomes))
        assert counts.f1_low <= counts.f1 <= counts.f1_high


@given(unknown_rows)
def test_d6_unknown_counts_on_the_curve_equal_those_of_a_look_up(
    rows: list[tuple[float | None, bool, float]],
) -> None:
    curve = unknown_curve(rows)
    for index, threshold in enumerate(curve.thresholds.tolist()):
        counts = curve.at(threshold)
        assert counts.unknown_positives == curve.unknown_positives[index]
        assert counts.unknown_negatives == curve.unknown_negatives[index]
        assert counts.f1_low == pytest.approx(curve.f1_low[index])
        assert counts.f1_high == pytest.approx(curve.f1_high[index])


def test_d6_a_score_that_was_not_returned_is_unknown_not_zero() -> None:
    curve = unknown_curve([(0.9, True, 1), (None, True, 0.3), (None, False, 0.1), (0.2, False, 1)])
    assert curve.thresholds.tolist() == [0.2, 0.9]
    assert curve.returned_share == 0.5
    low = curve.at(0.2)
    assert (low.tp, low.fp, low.fn, low.tn) == (1, 1, 1, 1)
    assert (low.unknown_positives, low.unknown_negatives) == (1, 0)
    assert curve.at(0.05).unknown_negatives == 1
    assert curve.at(0.31).unknown_positives == 0


def test_unknown_without_ceilings_may_be_anything_up_to_one() -> None:
    scores = np.array([np.nan, 0.4], dtype=np.float64)
    curve = label_curve("a", scores, np.array([True, False]))
    assert curve.at(1.0).unknown_positives == 1


@pytest.mark.parametrize("bad", [1.5, -0.2, np.inf])
@pytest.mark.parametrize("rest", [0.5, np.nan])
def test_numbers_that_are_no_scores_are_refused_with_their_label(bad: float, rest: float) -> None:
    scores = np.array([[rest, bad], [0.2, 0.1]], dtype=np.float32)
    with pytest.raises(InvalidInput, match=r"se·vere.*between 0 and 1"):
        label_curves(["a", "se\x07vere"], scores, np.zeros((2, 2), dtype=bool))


def test_all_labels_at_once_equal_each_alone_and_report_progress() -> None:
    generator = np.random.default_rng(3)
    scores = generator.random((9_000, 3)).astype(np.float32)
    scores[:, 1] = np.round(scores[:, 1], 4)
    scores[generator.random((9_000, 3)) < 0.2] = np.nan
    truth = generator.random((9_000, 3)) < 0.1
    ceilings = generator.random(9_000).astype(np.float32)
    events: list[Progress] = []
    curves = label_curves("abc", scores, truth, ceilings, Watch(events.append))
    assert [event.done for event in events] == [1, 2, 3]
    for column, label in enumerate("abc"):
        alone = label_curve(label, scores[:, column], truth[:, column], ceilings)
        assert curves[label].values.tolist() == alone.values.tolist()
        assert curves[label].tp.tolist() == alone.tp.tolist()
        assert curves[label].unknown_negatives.tolist() == alone.unknown_negatives.tolist()
    wide = np.repeat(ceilings[:, None], 3, axis=1)
    again = label_curves("abc", scores, truth, wide)
    assert again["c"].unknown_positives.tolist() == curves["c"].unknown_positives.tolist()


def test_counting_stops_when_asked() -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Interrupted):
        label_curves(
            ["a"], np.zeros((2, 1)), np.zeros((2, 1), dtype=bool), watch=Watch(token=cancel)
        )
