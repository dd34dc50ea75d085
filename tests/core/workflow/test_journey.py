"""The main line on small data, with the variants that users meet."""

import contextlib
import csv
import os
import signal
from pathlib import Path

import pytest

from core.comprehend.engine import TwinOptions
from core.dataset.formats.sources import SourceSettings
from core.errors import InvalidInput, OperationFailed
from core.tuning.aim import Aim
from core.tuning.thresholds import load
from core.workflow.data import NewSession, create_session, sample_folder
from core.workflow.following import collect_finished, job_rows
from core.workflow.health import check_health
from core.workflow.jobs import session_clients
from core.workflow.metrics import load_metrics
from core.workflow.oversample import oversample_training
from core.workflow.parts import load_part
from core.workflow.score import finish_scoring, plan_scoring, set_twin_returned, start_scoring_jobs
from core.workflow.session import Session
from core.workflow.split import split_dataset
from core.workflow.state import RunState
from core.workflow.thresholds import TuningSettings, load_report, tune_thresholds
from core.workflow.train import finish_training, plan_training, start_training_run


def train(session: Session) -> str:
    run = start_training_run(session, plan_training(session))
    finish_training(session, run.name)
    return run.name


def score(session: Session) -> None:
    plan = plan_scoring(session)
    start_scoring_jobs(session, plan)
    finish_scoring(session, plan.run, plan.parts)


def kill_workers(folder: Path) -> int:
    """Kill every worker process of the twin in `folder`; return how many there were."""
    killed = 0
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = command.read_bytes().split(b"\0")
            is_worker = b"core.offline.worker" in words
            if is_worker and any(word.startswith(os.fsencode(folder)) for word in words):
                os.kill(int(command.parent.name), signal.SIGKILL)
                killed += 1
    return killed


def test_the_service_metrics_are_reproduced_from_the_joined_scores(tickets_session: Path) -> None:
    session = Session(tickets_session)
    run = session.state().runs[0]
    (metrics,) = load_metrics(session, "base")
    report = load_report(session, run)
    at_default = {label.label: label.default for label in report.labels}
    assert metrics.service_metrics["F1Score"] == pytest.approx(report.default.macro_f1, abs=1e-4)
    for label, cells in metrics.cells.items():
        found = at_default[label]
        assert cells == {"tp": found.tp, "fp": found.fp, "fn": found.fn, "tn": found.tn}


def test_the_saved_file_decides_as_the_report_counts(tickets_session: Path) -> None:
    session = Session(tickets_session)
    state = session.state()
    run = state.runs[0]
    assert run.thresholds is not None
    thresholds = load(session.path(run.thresholds.path))
    data = load_part(session, state, run, "test")
    flagged = dict.fromkeys(data.labels, 0)
    for row in data.scores.tolist():
        entries = [
            {"Name": name, "Score": round(value, 4)}
            for name, value in zip(data.labels, row, strict=True)
        ]
        for label in thresholds.decide(entries):
            flagged[label] += 1
    report = load_report(session, run)
    assert flagged == {label.label: label.tuned.tp + label.tuned.fp for label in report.labels}


def test_a_two_way_split_is_tuned_on_test_and_measured_by_cross_fitting(
    tickets_session: Path,
) -> None:
    session = Session(tickets_session)
    split_dataset(session, (0.7, 0.3), 5)
    assert train(session) == "run2"
    score(session)
    report = tune_thresholds(session, TuningSettings()).report
    assert (report.tuned_on, report.measured_on) == ("test", "test, cross-fitted")
    assert report.is_cross_fitted and not report.is_optimistic
    by_hand = tune_thresholds(session, TuningSettings(aim=Aim(by_hand={"bug": 0.3}))).report
    assert by_hand.is_optimistic, "a threshold set by hand on its own rows must say so"


def test_a1_thresholds_tuned_on_training_documents_are_marked(tickets_session: Path) -> None:
    session = Session(tickets_session)
    plan = plan_scoring(session, None, ("train",))
    start_scoring_jobs(session, plan)
    finish_scoring(session, plan.run, plan.parts)
    report = tune_thresholds(session, TuningSettings(tune_on="train")).report
    assert report.tuned_on == "train"
    assert any("trained on" in caution for caution in report.cautions)
    assert tune_thresholds(session, TuningSettings()).report.tuned_on == "calibration"


def test_a_threshold_set_by_hand_is_kept_until_it_is_reset(tickets_session: Path) -> None:
    session = Session(tickets_session)
    tune_thresholds(session, TuningSettings(aim=Aim(by_hand={"bug": 0.1234})))
    again = tune_thresholds(session, TuningSettings()).report
    kept = {label.label: label for label in again.labels}["bug"]
    assert (kept.threshold, kept.status) == (0.1234, "set by hand")
    reset = tune_thresholds(session, TuningSettings(forget_by_hand=True)).report
    assert {label.label: label.status for label in reset.labels}["bug"] == "tuned"


def test_a11_every_look_at_the_test_part_is_counted(tickets_session: Path) -> None:
    session = Session(tickets_session)
    assert session.state().test_looks == 1
    tune_thresholds(session, TuningSettings())
    assert session.state().test_looks == 1, "the same thresholds are no new look"
    report = tune_thresholds(session, TuningSettings(aim=Aim(by_hand={"bug": 0.2}))).report
    assert report.test_looks == session.state().test_looks == 2


def test_labels_that_are_not_returned_are_not_tuned_as_if_they_scored_zero(
    tickets_session: Path,
) -> None:
    session = Session(tickets_session)
    set_twin_returned(session, 3)
    score(session)
    run = session.state().runs[0]
    assert len(run.replaced_jobs) == 2, "jobs with the old setting are kept in the record"
    share = run.scores["test"].returned_share
    assert share["billing"] is not None and share["billing"] > 0.9
    report = tune_thresholds(session, TuningSettings()).report
    unknown = [label for label in report.labels if label.tuned.unknown]
    for label in report.labels:
        assert label.tuned.f1_low <= label.tuned.f1 <= label.tuned.f1_high
        assert label.average_precision is None, "a ranking with unknown scores has no precision"
    run = session.state().runs[0]
    assert run.thresholds is not None
    file = load(session.path(run.thresholds.path))
    assert {name for name, label in file.labels.items() if label.f1_range} == {
        label.label for label in report.labels if label.tuned.f1_low < label.tuned.f1_high
    }
    assert (not unknown) == (report.tuned.macro_f1_low == report.tuned.macro_f1_high)


def test_oversampling_trains_a_new_run_and_leaves_held_out_parts_alone(
    tickets_session: Path,
) -> None:
    session = Session(tickets_session)
    split = session.state().split
    assert split is not None
    held_out = {part: split.scoring[part].fingerprint for part in ("calibration", "test")}
    made = oversample_training(session, {"login": 120}, 1)
    assert made.after["login"] == 120 and made.before["login"] < 120
    assert train(session) == "run2"
    after = session.state().split
    assert after is not None
    assert {part: after.scoring[part].fingerprint for part in held_out} == held_out
    uploads = session.state().runs[-1].classifiers[0].training.uploads
    assert any("oversampled" in file for file in uploads)


def test_a_killed_training_process_is_started_anew_as_the_same_job(tickets_session: Path) -> None:
    session = Session(tickets_session)
    oversample_training(session, {"bug": 150}, 1)
    run = start_training_run(session, plan_training(session))
    while job_rows(session)[-1].state == "SUBMITTED":
        pass
    assert kill_workers(tickets_session) == 1
    finish_training(session, run.name)
    state = session.state()
    assert [job.id for job in state.runs[-1].jobs()] == ["run2/c1/train"]
    assert not state.runs[-1].replaced_jobs
    assert sum(entry.kind == "classifier" for entry in state.ledger) == 2


def test_the_ledger_knows_what_a_job_wrote_before_it_is_fetched(tickets_session: Path) -> None:
    session = Session(tickets_session)
    oversample_training(session, {"bug": 150}, 1)
    start_training_run(session, plan_training(session))
    while not job_rows(session)[-1].is_final:
        pass
    state = session.state()
    stored = session_clients(session).store.list(f"s3://{session_clients(session).info.bucket}/")
    assert {entry.uri for entry in stored} == {
        entry.name for entry in state.ledger if entry.kind == "object"
    }


def test_jobs_left_behind_are_collected_later(tickets_session: Path) -> None:
    session = Session(tickets_session)
    split_dataset(session, (0.6, 0.2, 0.2), 8)
    run = start_training_run(session, plan_training(session))
    while not all(row.is_final for row in job_rows(session)):
        pass
    assert collect_finished(session) == (f"{run.name}/c1/train",)
    assert load_metrics(session, run.name)


def test_a_moved_session_goes_on(tickets_session: Path, tmp_path: Path) -> None:
    moved = Session(tickets_session.rename(tmp_path / "elsewhere"))
    set_twin_returned(moved, 3)
    score(moved)
    assert moved.state().runs[0].scores["test"].missing == 0


def test_multi_class_goes_through_every_step(tmp_path: Path) -> None:
    source = tmp_path / "queues.csv"
    with (sample_folder() / "queues.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[:801]
    with source.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    session = create_session(NewSession(tmp_path / "queues", source, SourceSettings())).session
    assert session.state().dataset.mode == "multi-class"
    check_health(session)
    split_dataset(session, (0.7, 0.1, 0.2), 1)
    train(session)
    score(session)
    report = tune_thresholds(session, TuningSettings()).report
    (metrics,) = load_metrics(session, "base")
    accuracy = metrics.service_metrics["Accuracy"]
    assert accuracy == pytest.approx(report.default.subset_accuracy, abs=1e-4)
    assert report.default_threshold == 0.0, "without a threshold the highest class wins"


def test_scores_of_other_documents_are_refused(tickets_session: Path) -> None:
    session = Session(tickets_session)
    state = session.state()
    run = state.runs[0]
    run.scores["test"] = run.scores["calibration"]
    split_dataset(session, (0.4, 0.3, 0.3), 1)
    with pytest.raises(InvalidInput, match="another size"):
        load_part(session, session.state(), _on_split(run, "s2"), "test")


def _on_split(run: RunState, split_id: str) -> RunState:
    run.split = split_id
    return run


def test_an_injected_failure_is_explained_and_can_be_repeated(
    tmp_path: Path, small_source: Path
) -> None:
    failing = TwinOptions(fail="NO_READ_ACCESS_TO_INPUT: The role cannot read.")
    session = create_session(
        NewSession(tmp_path / "failing", small_source, SourceSettings(), twin=failing)
    ).session
    check_health(session)
    split_dataset(session, (0.6, 0.2, 0.2), 3)
    with pytest.raises(OperationFailed) as caught:
        train(session)
    assert "NO_READ_ACCESS_TO_INPUT" in caught.value.message
    assert caught.value.hint
    with session.editing() as state:
        state.twin = TwinOptions()
    assert train(session) == "base"
