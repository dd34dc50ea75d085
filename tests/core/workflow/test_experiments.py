"""Experiments offline: planned, trained, interrupted, carried on, adopted."""

import shutil
from pathlib import Path

import msgspec
import pytest

from core.comprehend.engine import TwinOptions
from core.dataset.arms import ArmsRequest
from core.errors import InvalidInput, Refused
from core.views.blocks import markdown_page
from core.views.report import gather_report
from core.views.sections import page_title, report_sections
from core.workflow.experiments.arms import arm_statuses, retry_failed, versions
from core.workflow.experiments.compare import adopt_arm, compare_experiment, load_comparison
from core.workflow.experiments.plan import ExperimentPlan, plan_experiment
from core.workflow.experiments.run import run_experiment, start_experiment
from core.workflow.following import stop_job
from core.workflow.jobs import session_clients
from core.workflow.oversample import clear_oversampling
from core.workflow.score import set_twin_returned
from core.workflow.session import Session
from core.workflow.steps import step_statuses
from core.workflow.train import plan_training

REQUEST = ArmsRequest(labels=("login",), positives=(12, 150))


def stages(session: Session) -> dict[str, str]:
    """The stage of every arm of the newest experiment."""
    state = session.state()
    found = arm_statuses(session, state, state.experiment_named())
    return {status.arm.plan.id: status.stage for status in found}


def created(session: Session) -> list[str]:
    """ARNs of every classifier that the engine has."""
    answer = session_clients(session).comprehend.list_document_classifiers()
    return [one["DocumentClassifierArn"] for one in answer["DocumentClassifierPropertiesList"]]


def scoring_jobs(session: Session) -> int:
    """How many scoring jobs the engine was given."""
    answer = session_clients(session).comprehend.list_document_classification_jobs()
    return len(answer["DocumentClassificationJobPropertiesList"])


def whole(session: Session, plan: ExperimentPlan) -> None:
    """Start an experiment and wait for it."""
    experiment = start_experiment(session, plan)
    run_experiment(session, experiment.id)


@pytest.fixture(scope="module")
def swept(finished_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session whose experiment is trained, scored and compared; do not change it."""
    session = Session(Path(shutil.copytree(finished_folder, tmp_path_factory.mktemp("e") / "s")))
    whole(session, plan_experiment(session, REQUEST))
    compare_experiment(session)
    return session.folder


@pytest.fixture
def done(swept: Path, tmp_path: Path) -> Session:
    """A copy of it."""
    return Session(Path(shutil.copytree(swept, tmp_path / "swept")))


@pytest.fixture
def session(tickets_session: Path) -> Session:
    """A finished session without an experiment."""
    return Session(tickets_session)


def test_a_plan_keeps_nothing_and_counts_every_label(session: Session) -> None:
    before = session.state_path.read_bytes()
    plan = plan_experiment(session, REQUEST)
    assert session.state_path.read_bytes() == before
    train = session.state().splits[-1].support["login"]["train"]
    ids = [arm.plan.id for arm in plan.arms]
    assert ids == ["base", "n12", "n150"]
    base, drawn, repeated = plan.arms
    assert base.is_there and base.run == "base" and base.after == plan.before
    assert (drawn.after["login"], drawn.distinct["login"]) == (12, 12)
    assert drawn.removed == train - 12 == base.documents - drawn.documents
    assert (repeated.after["login"], repeated.distinct["login"]) == (150, train)
    assert repeated.added == 150 - train
    assert all(set(arm.after) == set(plan.labels) for arm in plan.arms)
    assert plan.trainings == 2
    assert plan.estimate.high_usd == pytest.approx(
        sum(arm.training.high_usd + arm.scoring.high_usd for arm in plan.arms)
    )
    assert base.training.high_usd == base.scoring.high_usd == 0


def test_the_preview_says_the_size_of_the_files_that_are_written(done: Session) -> None:
    for arm in done.state().experiment_named().arms:
        if arm.made is not None:
            written = done.path(arm.made.training.path)
            assert written.stat().st_size == arm.size_bytes
            assert arm.made.training.documents == arm.documents


def test_arms_are_runs_beside_the_session_s_own(done: Session) -> None:
    state = done.state()
    assert [run.name for run in state.runs] == ["base", "e1-n12", "e1-n150"]
    assert state.run is not None and state.run.name == "base"
    assert state.run_named(None).name == "base"
    assert {s.step.id: s.status for s in step_statuses(done, state)}["thresholds"] == "done"
    assert plan_training(done).run == "base"


def test_e7_calibration_and_test_are_the_same_for_all_arms(done: Session) -> None:
    state = done.state()
    for part in ("calibration", "test"):
        uploads = {
            file
            for run in state.runs
            for classifier in run.classifiers
            for file in classifier.scoring[part].uploads
        }
        assert uploads == {state.splits[-1].scoring[part].path}
    tests = [run.classifiers[0].training.uploads for run in state.runs]
    assert all(state.splits[-1].training["test"].path in files for files in tests)


def test_one_training_and_two_scoring_jobs_for_each_arm(done: Session) -> None:
    assert len(created(done)) == 3
    assert scoring_jobs(done) == 6
    ledger = [entry.name for entry in done.state().ledger if entry.kind == "classifier"]
    assert sorted(ledger) == sorted(created(done))


def test_repeating_a_finished_experiment_starts_nothing(done: Session) -> None:
    plan = plan_experiment(done, REQUEST)
    assert plan.is_resumed and plan.trainings == 0 and plan.estimate.high_usd == 0
    whole(done, plan)
    assert len(created(done)) == 3 and scoring_jobs(done) == 6


def test_an_arm_of_an_earlier_experiment_is_not_trained_again(done: Session) -> None:
    more = msgspec.structs.replace(REQUEST, positives=(12, 150, 200))
    plan = plan_experiment(done, more)
    assert not plan.is_resumed and plan.id == "e2"
    assert {arm.plan.id: arm.run for arm in plan.arms} == {
        "base": "base",
        "n12": "e1-n12",
        "n150": "e1-n150",
        "n200": "e2-n200",
    }
    assert plan.trainings == 1


def test_an_interrupted_experiment_is_carried_on(session: Session) -> None:
    experiment = start_experiment(session, plan_experiment(session, REQUEST))
    assert set(stages(session).values()) == {"done", "planned"}
    run_experiment(session, experiment.id, is_waiting=False)
    assert "planned" not in stages(session).values()
    found = run_experiment(session, experiment.id)
    assert {status.stage for status in found} == {"done"}
    assert len(created(session)) == 3 and scoring_jobs(session) == 6


def test_a_failed_arm_does_not_keep_the_others_and_can_be_retried(session: Session) -> None:
    with session.editing() as state:
        state.twin = msgspec.structs.replace(state.twin, queue_s=2.0)
    set_twin_returned(session, "all")
    experiment = start_experiment(session, plan_experiment(session, REQUEST))
    run_experiment(session, experiment.id, is_waiting=False)
    stop_job(session, "e1-n12/c1/train")
    with session.editing() as state:
        state.twin = TwinOptions(returned="all")
    found = {one.arm.plan.id: one for one in run_experiment(session, experiment.id)}
    assert found["n12"].stage == "failed" and "STOPPED" in found["n12"].detail
    assert found["n150"].stage == "done"
    report = compare_experiment(session)
    assert [row.arm for row in report.comparison.arms] == ["n150"]
    assert "STOPPED" in report.missing["n12"]
    assert retry_failed(session) == 1
    with pytest.raises(InvalidInput, match="no arm of experiment e1 has failed"):
        retry_failed(session)
    run_experiment(session, experiment.id)
    assert set(stages(session).values()) == {"done"}
    assert load_comparison(session, session.state().experiment_named()) is None


def test_the_report_is_the_same_when_it_is_made_again_from_the_files(done: Session) -> None:
    kept = load_comparison(done, done.state().experiment_named())
    assert kept is not None
    done.path(done.state().experiment_named().comparison.path).unlink()  # type: ignore[union-attr]
    assert load_comparison(done, done.state().experiment_named()) is None
    again = compare_experiment(done)
    assert again.comparison == kept.comparison
    assert again.test_looks == kept.test_looks


def test_a10_looks_at_the_test_part_are_counted(done: Session) -> None:
    report = compare_experiment(done)
    claims = report.comparison.claims
    assert claims >= len(report.comparison.arms) * 2
    assert done.state().test_looks >= 2


def test_e8_thresholds_of_an_arm_come_from_its_own_scores(done: Session) -> None:
    own = done.state().run
    assert own is not None and own.thresholds is not None
    tuned = adopt_arm(done, "n150")
    state = done.state()
    assert state.run is not None and state.run.name == "e1-n150" == tuned.report.run
    assert state.run.thresholds is not None
    assert state.run.thresholds.inputs != own.thresholds.inputs
    assert state.run.thresholds.values != own.thresholds.values
    statuses = {s.step.id: s.status for s in step_statuses(done, state)}
    assert statuses["train"] == statuses["score"] == statuses["thresholds"] == "done"
    assert plan_training(done).run == "e1-n150", "training would pay for the same arm again"


def test_the_base_can_be_taken_back(done: Session) -> None:
    adopt_arm(done, "e1-n12")
    adopt_arm(done, "base")
    state = done.state()
    assert state.run is not None and state.run.name == "base"
    assert state.oversampling is None
    clear_oversampling(done)


def test_an_arm_that_is_not_scored_cannot_be_adopted(session: Session) -> None:
    start_experiment(session, plan_experiment(session, REQUEST))
    with pytest.raises(InvalidInput, match="e1-n150"):
        adopt_arm(session, "e1-n150")


def test_versions_name_every_run_and_the_one_in_use(done: Session) -> None:
    adopt_arm(done, "n150")
    found = {version.run: version for version in versions(done)}
    assert [name for name, version in found.items() if version.is_current] == ["e1-n150"]
    assert found["e1-n12"].kind == "distinct" and found["e1-n12"].positives["login"] == 12
    assert found["base"].kind == "split" and found["base"].macro_f1 is not None
    assert found["e1-n12"].state == "scored" and found["e1-n12"].verdict


def test_the_stop_rule_leaves_out_later_arms_by_the_tuning_part(session: Session) -> None:
    train = session.state().splits[-1].support["login"]["train"]
    hardly_more = (train + 1, train + 2, train + 3)
    request = ArmsRequest(labels=("login",), positives=hardly_more)
    looks = session.state().test_looks
    plan = plan_experiment(session, request, patience=1)
    assert plan.at_once == 1
    whole(session, plan)
    found = stages(session)
    assert "skipped" in found.values(), found
    order = list(found.values())
    assert order.index("skipped") == order.count("done")
    assert session.state().test_looks == looks
    again = plan_experiment(session, request)
    assert again.is_resumed and again.trainings == order.count("skipped")


def test_a_closed_gate_and_an_unknown_label_start_nothing(session: Session) -> None:
    with pytest.raises(InvalidInput, match="nothing"):
        plan_experiment(session, ArmsRequest(labels=("nothing",), positives=(20,)))
    plan = plan_experiment(session, REQUEST)
    with session.editing() as state:
        state.health = None
    with pytest.raises(Refused):
        start_experiment(session, plan)
    assert not session.state().experiments


def test_the_step_says_how_many_arms_are_scored(done: Session) -> None:
    def step(session: Session) -> tuple[str, str]:
        statuses = {s.step.id: s for s in step_statuses(session, session.state())}
        return statuses["oversample"].status, statuses["oversample"].detail

    assert step(done) == ("done", "e1: 3 of 3 arms scored")
    adopt_arm(done, "n150")
    assert step(done) == ("done", "e1: 3 of 3 arms scored, n150 adopted")
    more = msgspec.structs.replace(REQUEST, positives=(150, 200))
    start_experiment(done, plan_experiment(done, more))
    assert step(done) == ("ready", "e2: 2 of 3 arms scored, n150 adopted")


def test_the_report_of_a_run_shows_the_experiment_it_takes_part_in(done: Session) -> None:
    for run in ("base", "e1-n12"):
        report = gather_report(done, run)
        assert report.experiment is not None and report.experiment.experiment == "e1"
        page = markdown_page(page_title(report), report_sections(report)).replace("\\", "")
        assert all(row.verdict in page for row in report.experiment.comparison.arms)
        assert ("12 instead of" in page) == (run == "e1-n12")
