"""What an objective would change is shown before it is applied."""

import numpy as np
import numpy.typing as npt
import pytest

from core.tuning.curves import label_curves
from core.tuning.evaluation import evaluate, evaluate_classes, multiclass_scores
from core.tuning.joint import FigureRange, choose_all, preview
from core.tuning.objectives import MENU, MenuEntry, Objective

LABELS = ("threat", "insult", "clean")


def problem() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    generator = np.random.default_rng(4)
    truth = generator.random((300, 3)) < (0.1, 0.3, 0.7)
    scores = np.round(np.clip(generator.random((300, 3)) * 0.6 + truth * 0.3, 0, 1), 4)
    return scores, truth


@pytest.mark.parametrize("entry", MENU, ids=lambda entry: entry.kind)
def test_a_preview_shows_what_applying_the_objective_gives(entry: MenuEntry) -> None:
    scores, truth = problem()
    curves = label_curves(LABELS, scores, truth)
    objective = Objective(entry.kind, entry.example_value)
    current = {"threat": 0.7}
    found = preview(curves, current, objective)
    choices = choose_all(curves, objective)
    now = evaluate(
        LABELS,
        scores,
        truth,
        {"threat": 0.7, "insult": 0.5, "clean": 0.5},
        measured_on="calibration",
        none_label=None,
    ).averages
    then = evaluate(
        LABELS,
        scores,
        truth,
        {k: v.threshold for k, v in choices.items()},
        measured_on="calibration",
        none_label=None,
    ).averages
    for figure, expected in (
        (found.macro_f1_before, now.macro_f1),
        (found.macro_f1_after, then.macro_f1),
        (found.micro_f1_before, now.micro_f1),
        (found.micro_f1_after, then.micro_f1),
    ):
        assert figure.low == figure.high == pytest.approx(expected)
    for row in found.rows:
        assert row.before == curves[row.label].at(current.get(row.label, 0.5))
        assert row.after == choices[row.label].counts
        assert (row.status, row.note) == (choices[row.label].status, choices[row.label].note)
    assert found.objective == objective.name
    assert found.coverage_before is found.coverage_after is None


def test_figures_that_depend_on_unknown_scores_are_ranges() -> None:
    scores = np.array([[0.9], [0.6], [np.nan], [np.nan], [0.1]])
    truth = np.array([[1], [1], [1], [0], [0]], dtype=bool)
    curves = label_curves(("threat",), scores, truth, np.full(5, 0.7))
    found = preview(curves, {"threat": 0.6}, "max_f1")
    assert found.micro_f1_before == FigureRange(4 / 6, 1.0)
    assert found.micro_f1_before == found.macro_f1_before


def test_c6_labels_without_positives_are_left_out_of_macro_but_not_of_micro() -> None:
    scores = np.array([[0.9, 0.9], [0.1, 0.9]])
    truth = np.array([[1, 0], [0, 0]], dtype=bool)
    found = preview(label_curves(("a", "b"), scores, truth), {}, "max_f1")
    assert found.macro_f1_after == FigureRange(1.0, 1.0)
    assert found.micro_f1_after == FigureRange(0.5, 0.5)


def test_multi_class_shows_the_share_of_documents_that_get_an_answer() -> None:
    scores = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.45, 0.55], [np.nan, np.nan]])
    classes = [0, 1, 1, 1, 0]
    truth = np.eye(2, dtype=bool)[classes]
    curves = label_curves(("a", "b"), multiclass_scores(scores), truth, np.full(5, 0.95))
    found = preview(curves, {}, "precision:1", default=0.0, multiclass=True)
    assert found.coverage_before == FigureRange(4 / 5, 1.0)
    thresholds = {row.label: row.after.threshold for row in found.rows}
    measured = evaluate_classes(("a", "b"), scores, truth, thresholds, measured_on="test")
    answered = sum(result.counts.flagged for result in measured.labels)
    assert found.coverage_after is not None
    assert found.coverage_after.low == answered / 5
