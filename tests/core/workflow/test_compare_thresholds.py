"""The thresholds that runs and files are compared at."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from core.dataset.arms import ArmsRequest, PlannedArm
from core.dataset.resampling import Recipe
from core.errors import InvalidInput
from core.tuning.joint import choose_all
from core.tuning.thresholds import load, save
from core.workflow.compare import compare_session_runs, compare_thresholds_files
from core.workflow.parts import load_part
from core.workflow.session import Session
from core.workflow.state import ArmState, ExperimentState
from core.workflow.thresholds import TuningSettings, tune_thresholds
from tests.core.workflow.test_compare import QUICK, change_scores, noisy, second_run
from tests.recording import record_as_is


def test_a2_a_run_tuned_on_test_is_compared_by_its_held_out_decisions(
    tickets_session: Path,
) -> None:
    session = Session(tickets_session)
    second_run(session, values=noisy)
    with session.editing() as state:
        for run in state.runs:
            curves = load_part(session, state, run, "test").curves()
            values = {label: choice.threshold for label, choice in choose_all(curves).items()}
            assert run.thresholds is not None
            run.thresholds = msgspec.structs.replace(run.thresholds, tuned_on="test", values=values)
    pair = compare_session_runs(session, ["base", "other"], QUICK).pairs[0]
    assert pair.a.measured_on == pair.b.measured_on == "test, cross-fitted"
    state = session.state()
    data = load_part(session, state, state.runs[0], "test")
    naive = [data.curves()[label].at(pair.a.thresholds[label]).f1 for label in data.labels]
    assert pair.comparison.macro_f1.a < np.mean(naive)


def test_thresholds_of_other_scores_are_refused(tickets_session: Path) -> None:
    session = Session(tickets_session)
    second_run(session)
    with session.editing() as state:
        change_scores(session, state.runs[1], "calibration", noisy)
    with pytest.raises(InvalidInput, match="run other are not those of its present scores"):
        compare_session_runs(session, ["base", "other"])


def test_e8_a_run_without_thresholds_is_tuned_on_its_own_scores(tickets_session: Path) -> None:
    session = Session(tickets_session)
    second_run(session, values=lambda scores: (scores.values / 2).astype(np.float32))
    second_run(session, "third")
    with session.editing() as state:
        for run in state.runs[1:]:
            run.thresholds = None
    report = compare_session_runs(session, ["third", "other"], QUICK)
    (pair,) = report.pairs
    assert (pair.b.is_tuned_here, pair.b.tuned_on, pair.b.objective) == (
        True,
        "calibration",
        "max_f1",
    )
    for label, value in pair.a.thresholds.items():
        assert pair.b.thresholds[label] == pytest.approx(value / 2, abs=1e-4)
    assert pair.comparison.macro_f1.difference == 0.0, "a halved scale ranks the same"
    assert [run.thresholds for run in session.state().runs[1:]] == [None, None]
    assert "run other has no thresholds yet" in "\n".join(report.cautions)
    mixed = compare_session_runs(session, ["base", "other"], QUICK)
    assert not mixed.pairs[0].a.is_tuned_here
    assert "at their saved thresholds" in "\n".join(mixed.cautions)


def _arm(run: str) -> ArmState:
    plan = PlannedArm(
        id="n10", group="n10", kind="repeats", amount=10.0, replicate=1, recipe=Recipe()
    )
    return ArmState(
        plan=plan,
        run=run,
        before={},
        after={},
        distinct={},
        added=0,
        removed=0,
        documents=0,
        size_bytes=0,
    )


def test_a_run_of_an_experiment_is_tuned_for_its_objective(tickets_session: Path) -> None:
    session = Session(tickets_session)
    second_run(session)
    with session.editing() as state:
        state.runs[1].thresholds, state.runs[1].experiment = None, "e1"
        state.experiments.append(
            ExperimentState(
                id="e1",
                split="s1",
                request=ArmsRequest(),
                objective="precision:0.9",
                arms=[_arm("other")],
                made_at=state.created_at,
            )
        )
        curves = load_part(session, state, state.runs[1], "calibration").curves()
    (pair,) = compare_session_runs(session, ["base", "other"], QUICK).pairs
    wanted = {name: one.threshold for name, one in choose_all(curves, "precision:0.9").items()}
    assert pair.b.objective == "precision:0.9" and pair.b.thresholds == wanted


def test_a2_without_calibration_a_run_without_thresholds_is_cross_fitted(
    tickets_session: Path,
) -> None:
    session = Session(tickets_session)
    second_run(session, values=noisy)
    with session.editing() as state:
        split = state.splits[0]
        support = {
            label: {"train": count["train"] + count["calibration"], "test": count["test"]}
            for label, count in split.support.items()
        }
        state.splits[0] = msgspec.structs.replace(
            split,
            part_names=("train", "test"),
            ratios=(0.8, 0.2),
            sizes=(560, 140),
            support=support,
            scoring={part: split.scoring[part] for part in ("train", "test")},
        )
        path = session.path(f"data/{split.id}/truth.npz")
        with np.load(path) as kept:
            arrays = {name: kept[name] for name in kept.files}
        arrays["parts"] = np.where(arrays["parts"] == 1, 0, arrays["parts"])
        arrays["parts"] = np.where(arrays["parts"] == 2, 1, arrays["parts"])
        np.savez(path, **arrays)
        for run in state.runs:
            run.thresholds = None
            del run.scores["calibration"]
        record_as_is(session, state)
    (pair,) = compare_session_runs(session, ["base", "other"], QUICK).pairs
    assert pair.a.tuned_on == pair.b.tuned_on == "test"
    assert pair.a.measured_on == pair.b.measured_on == "test, cross-fitted"
    state = session.state()
    curves = load_part(session, state, state.runs[0], "test").curves()
    naive = [curve.at(pair.a.thresholds[label]).f1 for label, curve in curves.items()]
    assert pair.comparison.macro_f1.a < np.mean(naive)


def test_e8_a_thresholds_file_of_another_run_is_refused(tickets_session: Path) -> None:
    session = Session(tickets_session)
    second_run(session)
    with session.editing() as state:
        state.runs[1].classifiers[0].training.arn += "-other"
    tune_thresholds(session, TuningSettings(run="other", despite_mismatch=True))
    own, foreign = (session.path(f"runs/{name}/thresholds.json") for name in ("base", "other"))
    assert compare_thresholds_files(session, [own, own], "base", QUICK).pairs
    for paths in ([own, foreign], [foreign, own]):
        with pytest.raises(InvalidInput, match="another classifier"):
            compare_thresholds_files(session, paths, "base", QUICK)


def test_two_thresholds_files_on_one_run(tickets_session: Path, tmp_path: Path) -> None:
    session = Session(tickets_session)
    old = session.path("runs/base/thresholds.json")
    kept = load(old)
    never = {
        name: msgspec.structs.replace(label, threshold=1.0) for name, label in kept.labels.items()
    }
    save(msgspec.structs.replace(kept, labels=never), tmp_path / "never.json")
    pair = compare_thresholds_files(session, [old, tmp_path / "never.json"], None, QUICK).pairs[0]
    assert pair.comparison.macro_f1.b < 0.1 and pair.comparison.macro_f1.verdict == "worse"
    foreign = tuple(msgspec.structs.replace(c, arn=c.arn + "x") for c in kept.classifiers)
    save(msgspec.structs.replace(kept, classifiers=foreign), tmp_path / "foreign.json")
    with pytest.raises(InvalidInput, match="another classifier"):
        compare_thresholds_files(session, [old, tmp_path / "foreign.json"])
