"""What evidence decides when thresholds are tuned, and what the session and the file keep of it."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
import pytest

from core.comprehend.predictions import Scores, load_scores, save_scores
from core.errors import InvalidInput, OperationFailed
from core.files import file_fingerprint
from core.tuning.aim import Aim
from core.tuning.intervals import GRADES
from core.tuning.thresholds import load
from core.workflow.session import Session
from core.workflow.thresholds import TuningSettings, load_report, tune_thresholds

Values = npt.NDArray[np.float32]
README = Path(__file__).resolve().parents[3] / "README.md"


@pytest.fixture
def session(tickets_session: Path) -> Session:
    return Session(tickets_session)


def rewrite_scores(session: Session, part: str, change: Callable[[Values], None]) -> None:
    """Change the merged scores of a part, as if the service had returned them so."""
    with session.editing() as state:
        kept = state.runs[-1].scores[part]
        path = session.path(kept.path)
        scores = load_scores(path)
        values = scores.values.copy()
        change(values)
        save_scores(Scores(scores.labels, values, scores.ceilings, scores.source), path)
        state.runs[-1].scores[part] = msgspec.structs.replace(
            kept, fingerprint=file_fingerprint(path)
        )


def noise(values: Values) -> None:
    """The first label's scores know nothing of it."""
    values[:, 0] = np.random.default_rng(1).permutation(values[:, 0])


def test_a3_a_label_whose_scores_know_nothing_keeps_the_default(session: Session) -> None:
    for part in ("calibration", "test"):
        rewrite_scores(session, part, noise)

    report = tune_thresholds(session, TuningSettings(despite_mismatch=True)).report

    first = report.labels[0]
    assert first.evidence is not None and first.evidence.grade in "CD"
    assert first.threshold == report.default_threshold
    assert first.tuned.f1 == first.default.f1
    saved = load(session.path("runs/base/thresholds.json")).labels[first.label]
    assert saved.threshold == 0.5 and saved.status != "tuned"
    assert saved.grade == first.evidence.grade and saved.why


def test_adopting_uses_the_tuned_threshold_against_the_evidence_and_says_so(
    session: Session,
) -> None:
    for part in ("calibration", "test"):
        rewrite_scores(session, part, noise)
    label = tune_thresholds(session, TuningSettings(despite_mismatch=True)).report.labels[0]
    if label.status != "default kept":
        pytest.skip("the label is not tunable at all here")

    adopted = tune_thresholds(
        session, TuningSettings(despite_mismatch=True, aim=Aim(adopt=(label.label,)))
    ).report.labels[0]

    assert adopted.status == "adopted" and adopted.threshold == label.tuned_threshold
    kept = session.state().runs[-1].thresholds
    assert kept is not None and kept.adopted == (label.label,)


def test_good_labels_are_adopted_with_an_interval_that_holds_the_measured_f1(
    session: Session,
) -> None:
    report = tune_thresholds(session, TuningSettings()).report

    assert report.evidence is not None and report.macro_f1_interval is not None
    assert report.macro_f1_interval.holds(report.tuned.macro_f1)
    for label in report.labels:
        assert label.f1_interval is not None
        assert label.f1_interval.holds(label.tuned.f1)
        assert label.threshold in (label.tuned_threshold, report.default_threshold)
    assert [one.outcome for one in report.reconciled] == ["reproduced"]
    assert load_report(session, session.state().runs[-1]) == report


def test_shifted_lines_stop_the_tuning_and_can_be_overridden(session: Session) -> None:
    before = session.state_path.read_bytes()

    def shift(values: Values) -> None:
        values[:] = np.roll(values, 1, axis=0)

    rewrite_scores(session, "test", shift)
    with pytest.raises(OperationFailed, match=r"(?s)counts.*line"):
        tune_thresholds(session, TuningSettings())

    tune_thresholds(session, TuningSettings(despite_mismatch=True))
    assert before != session.state_path.read_bytes()


def test_objectives_per_label_are_kept_and_unknown_ones_refused(session: Session) -> None:
    label = session.state().dataset.labels[0]

    report = tune_thresholds(
        session, TuningSettings(aim=Aim(objective="f_beta:2", per_label={label: "precision:0.9"}))
    ).report

    assert report.labels[0].objective in ("precision:0.9", "default")
    assert report.objective == "f_beta:2"
    with pytest.raises(InvalidInput, match="objective"):
        tune_thresholds(session, TuningSettings(aim=Aim(objective="best")))
    with pytest.raises(InvalidInput, match="not a label"):
        tune_thresholds(session, TuningSettings(aim=Aim(per_label={"nobody": "max_f1"})))


def test_the_readme_shows_the_grades_as_they_are() -> None:
    text = README.read_text(encoding="utf-8")
    shown = text.partition("<!-- grades -->")[2].partition("<!-- /grades -->")[0]
    for rule in GRADES:
        assert f"| {rule.grade} | {rule.meaning} | {rule.rule} | {rule.decision} |" in shown
