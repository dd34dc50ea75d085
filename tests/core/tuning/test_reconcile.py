"""The service's cells, reproduced from scores; every planted fault gives its own message."""

import dataclasses

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.tuning.curves import label_curve
from core.tuning.matching import FINDINGS, Reconciliation, ServiceCells, match
from core.tuning.part import Part
from core.tuning.reconcile import macro_figures, reconcile

LABELS = ("threat", "insult", "toxic", "clean")
SHARES = np.array([0.04, 0.1, 0.2, 0.6])
CellCounts = dict[str, tuple[int, int, int, int]]


def raw(n: int = 1_500, seed: int = 0, skill: float = 2.0) -> tuple[np.ndarray, np.ndarray]:
    """Unrounded scores and truth."""
    draws = np.random.default_rng(seed)
    truth = draws.random((n, 4)) < SHARES
    scores = 1 / (1 + np.exp(-(draws.normal(size=(n, 4)) + skill * truth - skill / 2)))
    return scores, truth


def part_of(scores: npt.NDArray[np.float64], truth: npt.NDArray[np.bool_]) -> Part:
    return Part("test", LABELS, np.round(scores, 4).astype(np.float32), truth)


def cells_at(
    scores: npt.NDArray[np.float64], truth: npt.NDArray[np.bool_], threshold: float = 0.5
) -> CellCounts:
    """What the service counts before it rounds."""
    flags = scores >= threshold
    return {
        label: (int((f & y).sum()), int((f & ~y).sum()), int((~f & y).sum()), int((~f & ~y).sum()))
        for label, f, y in zip(LABELS, flags.T, truth.T, strict=True)
    }


def found_in(part: Part, cells: CellCounts, n: int | None = None) -> Reconciliation:
    return reconcile(part, cells, {}, len(part) if n is None else n, "multi-label")


def only(found: Reconciliation) -> str:
    assert len(found.findings) == 1, found.findings
    assert FINDINGS[found.findings[0].id] == found.outcome
    return found.findings[0].id


@pytest.mark.parametrize("threshold", [0.4, 0.5, 0.7312])
def test_a12_the_operating_point_is_inferred_not_assumed(threshold: float) -> None:
    scores, truth = raw()
    found = found_in(part_of(scores, truth), cells_at(np.round(scores, 4), truth, threshold))
    assert found.outcome == "reproduced" and not found.findings
    assert found.common is not None
    assert found.common.low < threshold <= found.common.high
    for label, column in zip(LABELS, np.round(scores, 4).T, strict=True):
        interval = found.operating_points[label]
        assert interval is not None
        inside = (column > interval.low) & (column < interval.high)
        assert not inside.any(), "no other score lies between both ends"


def test_a12_the_summary_names_one_half_only_when_it_fits() -> None:
    scores, truth = raw()
    part = part_of(scores, truth)
    assert "at threshold 0.5 " in found_in(part, cells_at(scores, truth)).summary
    other = found_in(part, cells_at(np.round(scores, 4), truth, 0.4)).summary
    assert "0.5 " not in other and "0.4" in other


@given(st.integers(0, 10_000))
def test_intervals_agree_with_brute_force(seed: int) -> None:
    draws = np.random.default_rng(seed)
    truth = draws.random(12) < 0.5
    scores = np.round(draws.random(12), 1)
    at = np.round(draws.random(), 2)
    flags = scores >= at
    cells = ServiceCells(
        int((flags & truth).sum()),
        int((flags & ~truth).sum()),
        int((~flags & truth).sum()),
        int((~flags & ~truth).sum()),
    )
    found = match(label_curve("a", scores, truth), cells)
    assert found.interval is not None and found.kind == "exact" and found.gap == 0
    assert found.interval.low <= at <= found.interval.high
    for threshold in np.linspace(0.005, 0.995, 100):
        same = ((scores >= threshold) == flags).all()
        assert same == (found.interval.low < threshold <= found.interval.high)


def test_b10_a_service_that_decides_before_it_rounds_is_tolerated_and_said() -> None:
    scores, truth = raw()
    scores[:6, 2] = [0.49997, 0.49998, 0.49999, 0.50001, 0.50002, 0.5]
    found = found_in(part_of(scores, truth), cells_at(scores, truth))
    assert found.outcome == "reproduced" and only(found) == "rounding-ties"
    assert found.findings[0].labels == ("toxic",)
    point = found.operating_points["toxic"]
    assert point is not None and (point.low, point.high) == (0.5, 0.5)
    assert found.common is not None and found.common.low == 0.5


@pytest.mark.parametrize("shift", [1, -1, 2])
def test_shifted_lines_are_named(shift: int) -> None:
    scores, truth = raw()
    found = found_in(part_of(np.roll(scores, shift, axis=0), truth), cells_at(scores, truth))
    assert only(found) == "shifted-lines" and found.outcome == "does not fit"
    side = "before" if shift > 0 else "after"
    assert f"{abs(shift)} line{'s' if abs(shift) > 1 else ''} {side}" in found.findings[0].message


def test_exchanged_score_columns_are_named() -> None:
    scores, truth = raw()
    found = found_in(part_of(scores[:, [1, 0, 2, 3]], truth), cells_at(scores, truth))
    assert only(found) == "swapped-labels"
    assert found.findings[0].labels == ("insult", "threat")
    assert "'insult' is 'threat'" in found.findings[0].message


def test_c8_exchanged_names_of_the_cells_are_named() -> None:
    scores, truth = raw()
    cells = cells_at(scores, truth)
    cells["threat"], cells["toxic"] = cells["toxic"], cells["threat"]
    found = found_in(part_of(scores, truth), cells)
    assert only(found) == "swapped-labels" and found.findings[0].labels == ("threat", "toxic")


def test_c8_the_order_of_the_cells_means_nothing() -> None:
    scores, truth = raw()
    cells = cells_at(scores, truth)
    found = found_in(part_of(scores, truth), dict(reversed(cells.items())))
    assert found.outcome == "reproduced" and not found.findings


def test_d7_renamed_labels_are_named_with_a_guess() -> None:
    scores, truth = raw()
    cells = cells_at(scores, truth)
    cells["Threat "] = cells.pop("threat")
    found = found_in(part_of(scores, truth), cells)
    assert only(found) == "renamed-labels"
    assert "'Threat ' counts like 'threat'" in found.findings[0].message


def test_c8_a_label_without_test_documents_may_be_missing_from_the_matrix() -> None:
    scores, truth = raw()
    truth[:, 0] = False
    cells = cells_at(scores, truth)
    del cells["threat"]
    assert found_in(part_of(scores, truth), cells).outcome == "reproduced"
    del cells["toxic"]
    assert only(found_in(part_of(scores, truth), cells)) == "missing-labels"


def test_c9_a_capped_test_set_is_not_compared() -> None:
    scores, truth = raw(12_000)
    cells = cells_at(scores[:10_000], truth[:10_000])
    found = found_in(part_of(scores, truth), cells, 10_000)
    assert found.outcome == "cannot tell" and only(found) == "subsampled"
    assert "10,000 documents (the most it uses)" in found.findings[0].message
    assert all(point is None for point in found.operating_points.values())


def test_another_test_set_is_named() -> None:
    scores, truth = raw()
    part = part_of(scores, truth)
    more = cells_at(*raw(1_700, 9))
    assert only(found_in(part, more)) == "different-size"
    foreign = reconcile(part, more, {}, 1_700, "multi-label", is_own_test=False)
    assert foreign.outcome == "cannot tell" and only(foreign) == "other-test-set"


def test_changed_labels_are_named() -> None:
    scores, truth = raw()
    changed = truth.copy()
    changed[np.flatnonzero(truth[:, 0])[:3], 0] = False
    found = found_in(part_of(scores, changed), cells_at(scores, truth))
    assert only(found) == "different-support" and found.findings[0].labels == ("threat",)
    support = int(truth[:, 0].sum())
    assert f"{support} against {support - 3} here" in found.findings[0].message


def test_c7_exchanged_false_positives_and_negatives_are_named() -> None:
    scores, truth = raw()
    cells = {label: (tp, fn, fp, tn) for label, (tp, fp, fn, tn) in cells_at(scores, truth).items()}
    found = found_in(part_of(scores, truth), cells)
    assert found.outcome == "reproduced" and only(found) == "swapped-orientation"
    assert found.common is not None and found.common.low <= 0.5 <= found.common.high


def test_scores_of_another_classifier_are_named() -> None:
    scores, truth = raw()
    draws = np.random.default_rng(77)
    other = 1 / (1 + np.exp(-(draws.normal(size=truth.shape) + 2 * truth - 1.4)))
    found = found_in(part_of(other, truth), cells_at(scores, truth))
    assert only(found) == "other-classifier" and found.outcome == "does not fit"


def test_scores_of_other_documents_are_named() -> None:
    scores, truth = raw()
    order = np.random.default_rng(5).permutation(len(truth))
    found = found_in(part_of(scores[order], truth), cells_at(scores, truth))
    assert only(found) == "unrelated-scores"


def test_d1_scores_that_are_too_good_for_the_services_own_test() -> None:
    scores, truth = raw()
    leaked = np.where(truth, 0.9, 0.1) + scores / 100
    found = found_in(part_of(leaked, truth), cells_at(scores, truth))
    assert found.outcome == "does not fit"
    assert [finding.id for finding in found.findings] == ["leaked-labels", "scores-too-good"]


def test_d1_label_names_in_the_scored_text_are_named() -> None:
    scores, truth = raw()
    texts = ["|".join(np.array(LABELS)[row]) + ",some text" for row in truth]
    part, cells = part_of(scores, truth), cells_at(scores, truth)
    found = reconcile(part, cells, {}, len(part), "multi-label", texts=texts)
    assert only(found) == "leaked-labels" and found.findings[0].labels == LABELS
    plain = ["a toxic text that insults"] * len(part)
    assert not reconcile(part, cells, {}, len(part), "multi-label", texts=plain).findings


def test_a_few_texts_read_differently_are_a_near_miss() -> None:
    scores, truth = raw()
    moved = scores.copy()
    rows = np.flatnonzero(scores[:, 2] > 0.6)[:3]
    moved[rows, 2] = 0.02
    found = found_in(part_of(moved, truth), cells_at(scores, truth))
    assert found.outcome == "cannot tell" and only(found) == "near-miss"
    assert found.findings[0].labels == ("toxic",)


def test_d6_unknown_scores_leave_it_open_and_are_never_zero() -> None:
    scores, truth = raw()
    part = part_of(scores, truth)
    known = np.round(scores, 4).astype(np.float32)
    third = np.partition(known, 1, axis=1)[:, 1:2]
    hidden = np.where(known >= third, known, np.nan).astype(np.float32)
    ceilings = np.repeat(third, 4, axis=1)
    cut = dataclasses.replace(part, scores=hidden, ceilings=ceilings)
    found = found_in(cut, cells_at(np.round(scores, 4), truth, 0.2))
    assert found.outcome == "cannot tell" and only(found) == "unknown-scores"
    high = found_in(cut, cells_at(np.round(scores, 4), truth, 0.97))
    assert high.outcome == "reproduced", "no unknown score reaches a threshold above its ceiling"


def test_a_service_that_flags_nothing_proves_nothing() -> None:
    scores, truth = raw()
    found = found_in(part_of(scores, truth), cells_at(scores, truth, 1.1))
    assert found.outcome == "cannot tell" and only(found) == "nothing-flagged"


def test_a12_thresholds_of_their_own_are_said() -> None:
    scores, truth = raw()
    rounded = np.round(scores, 4)
    cells = {
        label: cells_at(rounded, truth, 0.3 + 0.1 * i)[label] for i, label in enumerate(LABELS)
    }
    found = found_in(part_of(scores, truth), cells)
    assert found.outcome == "reproduced" and only(found) == "no-common-threshold"
    assert found.common is None


def test_without_a_matrix_the_metrics_give_the_operating_point() -> None:
    scores, truth = raw()
    rounded = np.round(scores, 4)
    part = part_of(scores, truth)
    metrics = macro_figures([ServiceCells(*c) for c in cells_at(rounded, truth, 0.4).values()])
    reported = {name: round(value, 4) for name, value in metrics.items()}
    found = reconcile(part, {}, reported, len(part), "multi-label")
    assert found.outcome == "cannot tell" and only(found) == "no-matrix"
    assert found.common is not None and found.common.low <= 0.4 <= found.common.high
    strange = reconcile(part, {}, {"Precision": 0.1, "Recall": 0.1}, None, "multi-label")
    assert strange.common is None and "no single threshold" in strange.findings[0].message


def test_metrics_that_are_not_the_cells_are_said() -> None:
    scores, truth = raw()
    part, cells = part_of(scores, truth), cells_at(scores, truth)
    found = reconcile(part, cells, {"F1Score": 0.99}, len(part), "multi-label")
    assert found.outcome == "reproduced" and only(found) == "metrics-disagree"


def test_negative_counts_are_refused() -> None:
    with pytest.raises(InvalidInput, match="below 0"):
        found_in(part_of(*raw(50)), {"threat": (-1, 0, 0, 51)})


@pytest.mark.parametrize("count", [2**62, 2**63, 10**30])
def test_counts_that_no_integer_of_the_machine_holds_are_refused(count: int) -> None:
    with pytest.raises(InvalidInput, match="above 1,000,000,000,000"):
        found_in(part_of(*raw(50)), {"threat": (count, 0, 0, 51)})


def test_d6_labels_left_out_of_the_output_though_they_score_high_are_named() -> None:
    scores, truth = raw()
    left_out = (part := part_of(scores, truth)).scores.copy()
    left_out[:, 1] = np.nan
    ceilings = np.repeat(np.nanmin(left_out, axis=1)[:, None], len(LABELS), axis=1)
    cut = dataclasses.replace(part, scores=left_out, ceilings=ceilings)
    found = found_in(cut, cells_at(np.round(scores, 4), truth))
    assert only(found) == "no-common-reading" and found.outcome == "does not fit"
    assert "left out of the output" in found.summary
