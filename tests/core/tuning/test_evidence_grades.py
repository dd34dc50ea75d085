"""Evidence as a whole: grades, decisions, two-way splits, objectives, cancelling."""

import msgspec
import numpy as np
import pytest

from core.errors import Interrupted
from core.progress import CancelToken, Progress, Watch
from core.tuning.aim import Aim
from core.tuning.cross_fitting import cross_fit
from core.tuning.evidence import GradeFacts, grade_of
from core.tuning.evidence import gather_evidence as gather
from core.tuning.intervals import GRADES, Evidence, Interval, LabelEvidence
from core.tuning.joint import choose_all
from core.tuning.part import Part, multiclass_scores

LABELS = ("rare", "common", "hopeless")
SURE = GradeFacts(
    objective="max_f1",
    status="tuned",
    note="",
    is_by_hand=False,
    is_default=False,
    positives_tuned=80,
    positives_measured=120,
    best_f1=0.6,
    noise_floor=0.1,
    gain=Interval(0.05, 0.2),
    aim=Interval(0.05, 0.2),
    missed="",
    f1=Interval(0.5, 0.65),
)


def part(name: str, seed: int, n: int = 3_000) -> Part:
    """A rare and a common label that are scored well, and one whose scores know nothing."""
    generator = np.random.default_rng(seed)
    truth = generator.random((n, 3)) < [0.006, 0.15, 0.02]
    raw = generator.normal(size=(n, 3)) + [3, 1.8, 0] * truth - [4.5, 2.8, 3]
    scores = np.round(1 / (1 + np.exp(-raw)), 4).astype(np.float32)
    return Part(name, LABELS, scores, truth)


def evidence(tuning: Part, measured: Part, objective: str = "max_f1") -> Evidence:
    choices = choose_all(tuning.curves(), objective)
    return gather(tuning, measured, choices, Aim(objective), resamples=300)


def with_facts(**changes: object) -> GradeFacts:
    values = {name: getattr(SURE, name) for name in GradeFacts.__dataclass_fields__} | changes
    return GradeFacts(**values)


@pytest.mark.parametrize(
    ("grade", "changes", "why"),
    [
        ("A", {}, "+0.05 to +0.20"),
        ("A", {"is_default": True, "gain": Interval(0, 0), "aim": Interval(0, 0)}, "default"),
        ("B", {"positives_tuned": 49}, "49 positives to tune"),
        ("B", {"positives_measured": 30}, "30 positives to measure"),
        ("B", {"positives_measured": 19}, "rough"),
        ("B", {"f1": Interval(0.4, 0.61)}, "0.40 to 0.61"),
        ("C", {"aim": Interval(0, 0.2), "gain": Interval(0, 0.2)}, "better or worse"),
        ("C", {"aim": None, "gain": None, "f1": None}, "no document"),
        ("D", {"aim": Interval(-0.2, -0.1)}, "worse than the default"),
        ("D", {"best_f1": 0.1}, "within what scores that know nothing"),
        ("D", {"status": "not returned", "note": "hidden"}, "hidden"),
        ("D", {"missed": "precision is at most 0.50"}, "is missed"),
    ],
)
def test_each_line_of_the_table(grade: str, changes: dict[str, object], why: str) -> None:
    found, reason, decision = grade_of(with_facts(**changes))
    assert found == grade
    assert why in reason
    assert decision == {rule.grade: rule.decision for rule in GRADES}[found]


def test_a_threshold_set_by_hand_is_graded_and_stays() -> None:
    facts = with_facts(is_by_hand=True, status="no positives", aim=Interval(-0.1, 0.1))
    grade, why, decision = grade_of(facts)
    assert (grade, decision) == ("C", "tuned")
    assert why.startswith("set by hand; ")


def test_the_table_has_every_grade_once_best_first() -> None:
    assert [rule.grade for rule in GRADES] == ["A", "B", "C", "D"]
    assert [rule.decision for rule in GRADES] == ["tuned", "tuned", "default", "default"]


def test_good_rare_and_hopeless_labels_are_told_apart() -> None:
    found = evidence(part("calibration", 0, 9_000), part("test", 1, 4_000))
    rare, common, hopeless = found.labels
    assert (common.grade, common.decision) == ("A", "tuned")
    assert rare.grade == "B"
    assert (hopeless.grade, hopeless.decision) == ("D", "default")
    assert common.gain is not None
    assert common.gain.low > 0
    assert common.threshold is not None
    assert common.threshold.holds(
        choose_all(part("x", 0, 9_000).curves(), "max_f1")["common"].threshold
    )
    assert (found.tuned_on, found.measured_on) == ("calibration", "test")
    assert msgspec.json.decode(msgspec.json.encode(found), type=Evidence) == found
    assert found.of("rare") is rare


def test_a5_one_lucky_document_at_the_top_does_not_move_the_default() -> None:
    generator = np.random.default_rng(5)
    parts: list[Part] = []
    for name in ("calibration", "test"):
        scores = generator.random((10_005, 1)) * 0.4
        truth = np.zeros((10_005, 1), dtype=bool)
        truth[:5] = True
        scores[0] = 0.45
        parts.append(Part(name, ("lucky",), scores, truth))
    found = evidence(parts[0], parts[1]).labels[0]
    assert (found.grade, found.decision) == ("C", "default")
    assert found.f1 is not None
    assert found.f1.width > 0.3, "five positives say little"
    assert found.threshold is not None
    assert found.threshold.width > 0.1


def test_a2_the_same_part_is_measured_by_cross_fitting() -> None:
    test = part("test", 2)
    found = evidence(test, test)
    fitted = cross_fit(test)
    assert found.measured_on == "test, cross-fitted"
    for record in found.labels:
        assert record.f1 is not None
        assert record.f1.holds(fitted.counts[record.label].f1)
    assert found.macro_f1 is not None
    assert found.macro_f1.holds(fitted.macro_f1)


def test_thresholds_set_by_hand_are_measured_as_they_stand() -> None:
    test = part("test", 3)
    choices = choose_all(test.curves(), "max_f1")
    found = gather(test, test, choices, Aim(by_hand={"common": 1.0}), resamples=200).of("common")
    assert found.recall is not None
    assert found.recall.low == 0.0
    assert found.recall.high < 0.02
    assert found.threshold is None
    assert found.decision == "tuned"
    assert found.grade == "D"


def hidden(whole: Part, rows: np.ndarray, ceiling: float) -> Part:
    scores = whole.scores.copy()
    scores[rows] = np.nan
    return Part(whole.name, LABELS, scores, whole.truth, np.full(scores.shape, ceiling, np.float32))


def test_d6_scores_that_were_not_returned_widen_every_interval() -> None:
    tuning, whole = part("calibration", 4), part("test", 5)
    rows = np.random.default_rng(6).random(whole.scores.shape) < 0.1
    may, cannot = (evidence(tuning, hidden(whole, rows, top)) for top in (0.49, 0.0))
    for wide, exact in zip(may.labels[1:], cannot.labels[1:], strict=True):
        for name in ("precision", "recall", "f1", "gain"):
            assert getattr(wide, name).low <= getattr(exact, name).low + 0.02
            assert getattr(wide, name).high >= getattr(exact, name).high - 0.02
    assert may.of("common").f1.width > cannot.of("common").f1.width  # type: ignore[union-attr]
    assert any("not returned" in note for note in may.notes)
    assert not any("not returned" in note for note in cannot.notes)


@pytest.mark.parametrize(
    "objective", ["f_beta:2", "cost:5", "recall:0.6", "joint_micro_f1", "joint_micro_macro_f1"]
)
def test_a_sure_label_is_adopted_for_any_objective_that_it_serves(objective: str) -> None:
    found = evidence(part("calibration", 7), part("test", 8), objective).of("common")
    assert found.decision == "tuned"
    assert found.threshold is not None


@pytest.mark.parametrize(
    ("objective", "why"),
    [
        ("precision:0.8", "precision is at most"),
        ("recall:0.8", "recall is at most"),
        ("flags:60", "of 1,000 documents are flagged"),
    ],
)
def test_a_target_that_fresh_documents_miss_keeps_the_default(objective: str, why: str) -> None:
    tuning, measured = part("calibration", 9), part("test", 10)
    kind = objective.partition(":")[0]
    scores = measured.scores.copy()
    if kind == "recall":
        scores *= 0.3
    else:
        scores[~measured.truth] **= 0.2
    other = Part("test", LABELS, scores, measured.truth)
    found = evidence(tuning, other, objective).of("common")
    assert (found.grade, found.decision) == ("D", "default")
    assert why in found.why


def test_objectives_of_single_labels_are_graded_by_their_own() -> None:
    tuning, measured = part("calibration", 11), part("test", 12)
    per_label = {"common": "precision:0.9"}
    choices = choose_all(tuning.curves(), "max_f1", per_label)
    found = gather(tuning, measured, choices, Aim(per_label=per_label), resamples=200)
    assert "precision:0.9" in found.of("common").why
    assert "precision" not in found.of("rare").why


def test_classes_have_a_default_of_zero() -> None:
    generator = np.random.default_rng(13)
    parts: list[Part] = []
    for name in ("calibration", "test"):
        truth = np.eye(3, dtype=bool)[generator.integers(3, size=900)]
        raw = generator.random((900, 3)) + 0.4 * truth
        scores = multiclass_scores((raw / raw.sum(axis=1, keepdims=True)).astype(np.float32))
        parts.append(Part(name, LABELS, scores, truth, mode="multi-class"))
    choices = choose_all(parts[0].curves(), "max_f1", default=0.0)
    found = gather(parts[0], parts[1], choices, Aim(), resamples=200)
    for record in found.labels:
        assert record.gain is not None
        assert record.gain.high < 0.05, "the highest class wins already"
    assert found.macro_gain is not None
    assert found.macro_gain.low > -0.05


def test_a_label_without_positives_to_measure_on_has_no_figures() -> None:
    tuning, measured = part("calibration", 14), part("test", 15)
    measured.truth[:, 0] = False
    found = evidence(tuning, measured)
    rare = found.of("rare")
    assert (rare.grade, rare.decision, rare.f1, rare.gain) == ("C", "default", None, None)
    assert found.macro_f1 is not None


def test_the_same_seed_gives_the_same_evidence() -> None:
    tuning, measured = part("calibration", 16, 800), part("test", 17, 800)
    assert evidence(tuning, measured) == evidence(tuning, measured)


def test_copies_are_counted_once() -> None:
    tuning, once = part("calibration", 18, 900), part("test", 19, 900)
    rows = np.tile(np.arange(900, dtype=np.int32), 2)
    twice = Part("test", LABELS, once.scores[rows], once.truth[rows], None, rows)
    single, double = evidence(tuning, once), evidence(tuning, twice)
    for one, other in zip(single.labels, double.labels, strict=True):
        assert one.positives_measured == other.positives_measured
        assert one.grade == other.grade
        assert one.f1 is not None
        assert other.f1 is not None
        assert other.f1.width == pytest.approx(one.f1.width)
    assert any("copies" in note for note in double.notes)


@pytest.mark.parametrize("stage", ["resampling", "choosing", "noise"])
def test_it_stops_at_any_stage_when_asked(stage: str) -> None:
    cancel = CancelToken()
    tasks: list[str] = []

    def report(event: Progress) -> None:
        tasks.append(event.task)
        if stage in event.task:
            cancel.cancel()

    tuning, measured = part("calibration", 20, 500), part("test", 21, 500)
    choices = choose_all(tuning.curves(), "max_f1")
    with pytest.raises(Interrupted):
        gather(
            tuning,
            measured,
            choices,
            Aim(),
            resamples=300,
            watch=Watch(report, cancel),
        )
    assert stage in tasks[-1]


def test_every_interval_is_ordered_and_within_its_scale() -> None:
    found = evidence(part("calibration", 22, 400), part("test", 23, 400))
    for record in found.labels:
        for name in ("threshold", "precision", "recall", "f1", "f1_default"):
            interval = getattr(record, name)
            assert interval is None or 0 <= interval.low <= interval.high <= 1
        assert isinstance(record, LabelEvidence)
        assert record.why
