"""Comparison, reconciliation and drift on a session."""

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from core.comprehend.predictions import Scores, load_scores, save_scores
from core.errors import InvalidInput, OperationFailed
from core.files import file_fingerprint
from core.tuning.drift import drift_reference
from core.tuning.thresholds import load
from core.workflow.compare import CompareSettings, compare_session_runs
from core.workflow.drift import check_drift, drift_of
from core.workflow.parts import load_part
from core.workflow.reconcile import reconcile_run, require_fit
from core.workflow.session import Session
from core.workflow.state import RunState
from core.workflow.thresholds import TuningSettings, tune_thresholds

QUICK = CompareSettings(resamples=300)


def change_scores(session: Session, run: RunState, part: str, values: Any) -> None:
    """Replace a run's scores of one part."""
    path = session.path(run.scores[part].path)
    kept = load_scores(path)
    save_scores(dataclasses.replace(kept, values=values(kept)), path)
    run.scores[part] = msgspec.structs.replace(run.scores[part], fingerprint=file_fingerprint(path))


def second_run(session: Session, name: str = "other", values: Any = None) -> None:
    """Add a copy of the run under another name, with other scores, and tune it."""
    shutil.copytree(session.path("runs/base"), session.path(f"runs/{name}"))
    with session.editing() as state:
        data = msgspec.json.encode(state.runs[0]).replace(b"runs/base/", f"runs/{name}/".encode())
        run = msgspec.json.decode(data, type=RunState)
        run.name = name
        for part in run.scores if values else ():
            change_scores(session, run, part, values)
        run.thresholds = None
        state.runs.append(run)
    tune_thresholds(session, TuningSettings(run=name))


def noisy(scores: Scores) -> np.ndarray:
    draws = np.random.default_rng(5)
    changed = scores.values * draws.uniform(0.7, 1.3, scores.values.shape).astype(np.float32)
    return np.clip(np.round(changed, 4), 0, 1).astype(np.float32)


def test_a8_a_copy_of_a_run_cannot_be_told_apart(tickets_session: Path) -> None:
    session = Session(tickets_session)
    second_run(session)
    report = compare_session_runs(session, ["base", "other"], QUICK)
    assert report.engine.startswith("OFFLINE") and report.part == "test"
    pair = report.pairs[0]
    assert (pair.a.name, pair.b.name, pair.a.tuned_on) == ("base", "other", "calibration")
    assert pair.comparison.macro_f1.difference == 0.0
    assert pair.comparison.macro_f1.verdict == "cannot tell apart"
    assert pair.comparison.macro_f1_without_none is not None


def test_each_run_is_measured_at_its_own_thresholds(tickets_session: Path) -> None:
    session = Session(tickets_session)
    second_run(session, values=lambda scores: (scores.values / 2).astype(np.float32))
    pair = compare_session_runs(session, ["base", "other"], QUICK).pairs[0]
    for label in pair.comparison.labels:
        assert label.difference == pytest.approx(0.0, abs=0.02), "a halved scale changes nothing"
        assert pair.b.thresholds[label.name] == pytest.approx(
            pair.a.thresholds[label.name] / 2, abs=0.26
        )


def test_a11_a_new_comparison_is_a_look_at_the_test_part(tickets_session: Path) -> None:
    session = Session(tickets_session)
    second_run(session)
    before = session.state().test_looks
    first = compare_session_runs(session, ["base", "other"], QUICK)
    again = compare_session_runs(session, ["base", "other"], QUICK)
    assert first.test_looks == again.test_looks == session.state().test_looks == before + 1
    second_run(session, "third", noisy)
    looks = session.state().test_looks
    more = compare_session_runs(session, ["base", "other", "third"], QUICK)
    assert more.test_looks == looks + 1
    assert any("1 other comparison" in caution for caution in more.cautions)
    assert [pair.comparison.comparisons for pair in more.pairs] == [2, 2]


def test_e13_runs_with_different_test_sets_are_refused(tickets_session: Path) -> None:
    session = Session(tickets_session)
    second_run(session)
    with session.editing() as state:
        del state.runs[1].classifiers[0].training.request["InputDataConfig"]["TestS3Uri"]
    with pytest.raises(InvalidInput, match="Different test sets"):
        compare_session_runs(session, ["base", "other"])


@pytest.mark.parametrize("names", [["base"], ["base", "base"], ["base", "nope"]])
def test_there_must_be_two_runs(tickets_session: Path, names: list[str]) -> None:
    with pytest.raises(InvalidInput, match=r"Nothing to compare|No such run"):
        compare_session_runs(Session(tickets_session), names)


def test_a12_the_service_counts_are_reproduced_from_the_joined_scores(
    tickets_session: Path,
) -> None:
    (one,) = reconcile_run(Session(tickets_session), "base")
    assert one.found.outcome == "reproduced", one.found.summary
    assert one.found.common is not None
    assert one.found.common.low <= 0.5 <= one.found.common.high
    require_fit([one])


def test_shifted_scores_stop_the_work(tickets_session: Path) -> None:
    session = Session(tickets_session)
    with session.editing() as state:
        roll = lambda scores: np.roll(scores.values, 1, axis=0)  # noqa: E731
        change_scores(session, state.runs[0], "test", roll)
    found = reconcile_run(session, "base")
    assert [finding.id for finding in found[0].found.findings] == ["shifted-lines"]
    with pytest.raises(OperationFailed, match="classifier c1: does not fit"):
        require_fit(found)


def predictions_of(session: Session, path: Path, factor: float = 1.0) -> Path:
    """The calibration scores of the run as the service would list them."""
    state = session.state()
    scores = load_scores(session.path(state.runs[0].scores["calibration"].path))
    lines = [
        {
            "File": "f",
            "Line": str(line),
            "Labels": [
                {"Name": name, "Score": round(float(value) * factor, 4)}
                for name, value in zip(scores.labels, row, strict=True)
            ],
        }
        for line, row in enumerate(scores.values)
    ]
    lines.append({"File": "f", "Line": "9999", "ErrorCode": "X", "ErrorMessage": "x"})
    path.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    return path


def test_e11_predictions_are_checked_against_the_reference(
    tickets_session: Path, tmp_path: Path
) -> None:
    session = Session(tickets_session)
    thresholds = load(session.path("runs/base/thresholds.json"))
    state = session.state()
    data = load_part(session, state, state.runs[0], "calibration")
    values = {name: label.threshold for name, label in thresholds.labels.items()}
    reference = drift_reference(data, values)
    same = drift_of(thresholds, reference, predictions_of(session, tmp_path / "same.jsonl"))
    assert same.documents == len(data) and same.errored == 1 and not same.moved
    assert all(label.largest_gap == 0 for label in same.labels)
    lower = predictions_of(session, tmp_path / "lower.jsonl", 0.5)
    assert drift_of(thresholds, reference, lower).moved


def test_a_thresholds_file_without_reference_says_so(tickets_session: Path, tmp_path: Path) -> None:
    session = Session(tickets_session)
    data = json.loads(session.path("runs/base/thresholds.json").read_text())
    for label in data["labels"].values():
        label.pop("drift_reference", None)
    path = tmp_path / "old.json"
    path.write_text(json.dumps(data))
    with pytest.raises(InvalidInput, match="No reference"):
        check_drift(path, predictions_of(session, tmp_path / "new.jsonl"))


def test_d7_predictions_of_another_classifier_are_refused(
    tickets_session: Path, tmp_path: Path
) -> None:
    session = Session(tickets_session)
    thresholds = load(session.path("runs/base/thresholds.json"))
    state = session.state()
    data = load_part(session, state, state.runs[0], "calibration")
    values = {name: label.threshold for name, label in thresholds.labels.items()}
    reference = drift_reference(data, values)
    path = tmp_path / "foreign.jsonl"
    path.write_text('\n{"Labels": [{"Name": "spam", "Score": 0.5}]}')
    with pytest.raises(InvalidInput, match="line 2: spam"):
        drift_of(thresholds, reference, path)
    path.write_text('{"Classes": [{"Name": "bug", "Score": 0.5}]}')
    with pytest.raises(InvalidInput, match="of the other mode"):
        drift_of(thresholds, reference, path)
