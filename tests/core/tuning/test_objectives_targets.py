"""Objectives of one label: brute force agrees, targets that cannot be reached are told."""

import itertools
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.tuning.curves import Curve, label_curve, label_curves
from core.tuning.objectives import choose, parse_objective
from core.tuning.part import Part, multiclass_scores

Row = tuple[float | None, bool, float]
"""Score (None for unknown), truth, ceiling of an unknown score."""
Cell = tuple[int, int, int, int]
"""TP, FP, FN, TN."""

grid = st.integers(1, 8).map(lambda step: step / 8)
known_rows = st.lists(st.tuples(grid, st.booleans(), grid), min_size=1, max_size=14)
rows_strategy = st.tuples(
    known_rows, st.lists(st.tuples(st.none(), st.booleans(), grid), max_size=4)
).map(lambda pair: [*pair[0], *pair[1]])
objectives = st.sampled_from(
    [
        "max_f1",
        "f_beta:2",
        "f_beta:0.5",
        "f_beta:1.3",
        "precision:0.5",
        "precision:0.75",
        "precision:1",
        "recall:0.5",
        "recall:0.6",
        "recall:1",
        "cost:5",
        "cost:1",
        "cost:0.3",
        "flags:100",
        "flags:250",
        "flags:500",
        "flags:1000",
    ]
)


def curve_of(rows: list[Row]) -> Curve:
    return label_curve(
        "threat",
        np.array([np.nan if score is None else score for score, _, _ in rows], dtype=np.float32),
        np.array([truth for _, truth, _ in rows]),
        np.array([ceiling for _, _, ceiling in rows], dtype=np.float32),
    )


def known(scores: list[float], truth: list[int]) -> Curve:
    return curve_of([(score, bool(label), 1.0) for score, label in zip(scores, truth, strict=True)])


def possible_cells(rows: list[Row], threshold: float) -> list[Cell]:
    """The counts under every way in which the unknown scores may fall."""
    options = [
        [score >= threshold]
        if score is not None
        else ([False, True] if ceiling >= threshold else [False])
        for score, _, ceiling in rows
    ]
    cells = []
    for flags in itertools.product(*options):
        pairs = list(zip(flags, (truth for _, truth, _ in rows), strict=True))
        tp, fp = pairs.count((True, True)), pairs.count((True, False))
        cells.append((tp, fp, pairs.count((False, True)), pairs.count((False, False))))
    return cells


def worst(rows: list[Row], threshold: float, figure: Callable[[Cell], Fraction]) -> Fraction:
    """The lowest that a figure can be."""
    return min(figure(cell) for cell in possible_cells(rows, threshold))


def precision_of(cell: Cell) -> Fraction:
    return Fraction(cell[0], cell[0] + cell[1])


def recall_of(cell: Cell) -> Fraction:
    return Fraction(cell[0], cell[0] + cell[2])


def brute_worth(rows: list[Row], text: str, threshold: float) -> Fraction | None:
    """None where the target is missed."""
    objective = parse_objective(text)
    value = objective.ratio

    def f_beta(cell: Cell) -> Fraction:
        tp, fp, fn, _ = cell
        return (1 + value**2) * tp / ((1 + value**2) * tp + value**2 * fn + fp)

    def minus_cost(cell: Cell) -> Fraction:
        return -(value * cell[2] + cell[1])

    def minus_flagged(cell: Cell) -> Fraction:
        return -Fraction(1000 * (cell[0] + cell[1]), len(rows))

    recall = worst(rows, threshold, recall_of)
    precision = worst(rows, threshold, precision_of)
    if objective.kind == "precision":
        return recall if precision >= value else None
    if objective.kind == "recall":
        return precision if recall >= value else None
    if objective.kind == "flags":
        return recall if worst(rows, threshold, minus_flagged) >= -value else None
    return worst(rows, threshold, minus_cost if objective.kind == "cost" else f_beta)


@given(rows_strategy, objectives)
def test_no_threshold_is_better_and_no_higher_one_as_good(rows: list[Row], text: str) -> None:
    curve = curve_of(rows)
    choice = choose(curve, text)
    if choice.status in ("no positives", "not returned", "no negatives"):
        return
    worths = {score: brute_worth(rows, text, score) for score, _, _ in rows if score is not None}
    reached = [worth for worth in worths.values() if worth is not None]
    if not reached:
        assert (choice.status, choice.threshold) == ("infeasible", 0.5)
        return
    best = max(score for score, worth in worths.items() if worth == max(reached))
    if choice.status == "tuned":
        assert choice.threshold == best
        assert choice.objective == text
        return
    assert (choice.status, choice.threshold, choice.objective) == ("uninformative", 0.5, "default")
    positives = sum(truth for _, truth, _ in rows)
    everything: list[Row] = [(1.0, truth, 1.0) for _, truth, _ in rows]
    if text.startswith(("max_f1", "f_beta")):
        by_all = brute_worth(everything, text, 1.0)
        assert by_all is not None
        assert max(reached) <= by_all
    elif text.startswith("cost"):
        cost = parse_objective(text).ratio
        assert max(reached) <= -min(cost * positives, Fraction(len(rows) - positives))
    else:
        assert worst(rows, best, precision_of) <= Fraction(positives, len(rows))


@given(rows_strategy, objectives, st.randoms(use_true_random=False))
def test_b5_the_order_of_the_documents_changes_nothing(
    rows: list[Row], text: str, random: object
) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert choose(curve_of(rows), text) == choose(curve_of(shuffled), text)


def test_a_precision_out_of_reach_names_the_best_within_reach() -> None:
    choice = choose(known([0.9, 0.83, 0.83, 0.2, 0.1], [0, 1, 1, 1, 0]), "precision:0.9")
    assert (choice.status, choice.threshold, choice.objective) == ("infeasible", 0.5, "default")
    assert choice.note == (
        "precision 0.9 is not reachable; the highest is 0.750 at 0.2 with recall 1.000; "
        "the default is kept"
    )


def test_a_figure_just_below_the_target_does_not_read_like_it() -> None:
    choice = choose(known([0.9] * 9_999 + [0.1], [1] * 8_999 + [0] * 1_001), "precision:0.9")
    assert "the highest is 0.899 " in choice.note


def test_unknown_positives_put_a_recall_out_of_certain_reach() -> None:
    rows: list[Row] = [(0.9, True, 1), (0.8, True, 1), (None, True, 0.3), (0.1, False, 1)]
    choice = choose(curve_of(rows), "recall:0.8")
    assert choice.status == "infeasible"
    assert "recall 0.8 is not certain where scores were not returned" in choice.note
    assert "the highest is 0.666 at 0.8 with precision 1.000" in choice.note


def test_unknown_negatives_keep_a_precision_from_being_certain() -> None:
    rows: list[Row] = [(0.9, True, 1), (0.2, True, 1), *[(None, False, 0.3)] * 3]
    assert choose(curve_of(rows), "precision:0.9").threshold == 0.9
    assert choose(known([0.9, 0.2, 0.1], [1, 1, 0]), "precision:0.9").threshold == 0.2


def test_a_tie_at_the_top_may_be_too_many_to_flag() -> None:
    choice = choose(known([0.9] * 30 + [0.1] * 70, [1] * 30 + [0] * 70), "flags:299.9")
    assert choice.status == "infeasible"
    assert "the highest threshold, 0.9, flags 300" in choice.note
    assert choose(known([0.9] * 30 + [0.1] * 70, [1] * 30 + [0] * 70), "flags:300").threshold == 0.9


def test_every_unknown_document_may_be_flagged_and_counts_against_the_limit() -> None:
    rows: list[Row] = [(0.9, True, 1), (0.2, True, 1), (None, True, 0.3), (None, False, 0.3)]
    rows += [(0.1, False, 1.0)] * 6
    assert choose(curve_of(rows), "flags:300").threshold == 0.9
    assert choose(curve_of(rows), "flags:400").threshold == 0.2


def test_a5_a_target_reached_with_one_lucky_document_is_told() -> None:
    scores = [0.99, *[0.5] * 10_000, *[0.4] * 4]
    choice = choose(known(scores, [1] + [0] * 10_000 + [1] * 4), "precision:0.9")
    assert (choice.status, choice.threshold) == ("tuned", 0.99)
    assert "reached with 1 flagged document only" in choice.note
    enough = choose(known([0.9] * 5 + [0.1] * 95, [1] * 5 + [0] * 95), "precision:0.9")
    assert enough.note == ""


def test_a4_a_target_met_by_flagging_everything_is_uninformative() -> None:
    constant = known([0.3] * 10, [1] * 2 + [0] * 8)
    for text in ("recall:0.8", "precision:0.2", "flags:1000", "cost:5", "f_beta:2"):
        choice = choose(constant, text)
        assert (choice.status, choice.threshold) == ("uninformative", 0.5), text
    wrong_way = known([0.9, 0.8, 0.7, 0.2, 0.1], [0, 0, 0, 1, 1])
    assert choose(wrong_way, "recall:0.8").status == "uninformative"
    assert choose(wrong_way, "flags:400").status == "uninformative"
    assert choose(wrong_way, "cost:1").note.startswith(
        "no threshold costs less than giving the label to no document"
    )


def test_b6_a_plateau_of_equal_worth_is_kept_for_every_objective() -> None:
    # Recall is the same at 0.6 to 0.8: the negatives between cost precision, which may fall to 0.5.
    choice = choose(known([0.9, 0.8, 0.7, 0.6, 0.1], [1, 1, 0, 0, 0]), "precision:0.5")
    assert (choice.threshold, choice.plateau) == (0.8, (0.6, 0.8))
    # One more found is worth one more wrongly flagged.
    choice = choose(known([0.9, 0.5, 0.5, 0.1, 0.1], [1, 1, 0, 0, 0]), "cost:1")
    assert (choice.threshold, choice.plateau) == (0.9, (0.5, 0.9))


def test_b13_the_best_precision_for_a_recall_may_lie_below_the_first_threshold_reaching_it() -> (
    None
):
    curve = known([0.9, 0.8, 0.8, 0.8, 0.7, 0.7, 0.7, 0.1, 0.1], [1, 1, 0, 0, 1, 1, 1, 0, 0])
    assert curve.at(0.8).recall >= 0.4
    assert choose(curve, "recall:0.4").threshold == 0.7


def test_b4_without_negatives_a_limit_on_flags_still_holds() -> None:
    curve = known([0.9, 0.8, 0.2, 0.1], [1, 1, 1, 1])
    limited = choose(curve, "flags:500")
    assert (limited.status, limited.threshold) == ("no negatives", 0.8)
    assert choose(curve, "recall:0.5").threshold == 0.1


def test_a_joint_objective_is_refused_for_one_label() -> None:
    with pytest.raises(InvalidInput, match="weighs all labels together"):
        choose(known([0.9, 0.1], [1, 0]), "joint_micro_f1")


def test_multi_class_answers_only_where_the_precision_holds_and_misses_the_rest() -> None:
    generator = np.random.default_rng(11)
    labels = ["a", "b", "c"]
    classes = generator.integers(0, 3, 600)
    scores = generator.dirichlet(np.ones(3), 600) + 1.0 * np.eye(3)[classes] * generator.random(
        (600, 1)
    )
    scores = np.round(scores / scores.sum(axis=1, keepdims=True), 4).astype(np.float32)
    truth = np.eye(3, dtype=bool)[classes]
    curves = label_curves(labels, multiclass_scores(scores), truth)
    choices = {label: choose(curve, "precision:0.9", 0.0) for label, curve in curves.items()}
    thresholds = {label: choice.threshold for label, choice in choices.items()}
    measured = Part("calibration", tuple(labels), multiclass_scores(scores), truth).evaluate(
        thresholds
    )
    best = scores.argmax(axis=1)
    for column, result in enumerate(measured.labels):
        label = labels[column]
        assert choices[label].status == "tuned"
        answered = (best == column) & (scores[:, column] >= np.float32(thresholds[label]))
        assert result.counts.precision >= 0.9
        # Documents of the class without an answer, or with another, are missed.
        assert result.counts.fn == int((truth[:, column] & ~answered).sum()) > 0
        for lower in np.unique(scores[best == column, column]):
            flagged = (best == column) & (scores[:, column] >= lower)
            if (truth[flagged, column]).mean() >= 0.9:
                assert truth[flagged, column].sum() <= result.counts.tp
