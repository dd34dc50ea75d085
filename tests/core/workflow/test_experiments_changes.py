"""What else changes in a session with an experiment: names, splits, revisions, scores."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.comprehend.ledger import LedgerEntry
from core.dataset.arms import ArmsRequest
from core.dataset.documents import Dataset
from core.dataset.resampling import Recipe, Resampled, resample
from core.errors import InvalidInput, OperationFailed
from core.workflow.experiments import plan as planning
from core.workflow.experiments import run as running
from core.workflow.experiments import run as stopping
from core.workflow.experiments.arms import arm_statuses, retry_failed, versions
from core.workflow.experiments.compare import adopt_arm, compare_experiment
from core.workflow.experiments.plan import plan_experiment
from core.workflow.experiments.run import advance_arm, run_experiment, start_arm, start_experiment
from core.workflow.jobs import session_clients
from core.workflow.oversample import oversample_training
from core.workflow.score import set_twin_returned
from core.workflow.session import Session
from core.workflow.split import split_dataset
from core.workflow.steps import step_statuses
from core.workflow.train import plan_training, start_training_run

REQUEST = ArmsRequest(labels=("login",), positives=(150,))


def stages(session: Session) -> dict[str, str]:
    state = session.state()
    found = arm_statuses(session, state, state.experiment_named())
    return {status.arm.plan.id: status.stage for status in found}


def begin(session: Session, request: ArmsRequest = REQUEST, **options: Any) -> str:
    plan = plan_experiment(session, request, **options)
    return start_experiment(session, plan, despite_findings=True).id


def prints(session: Session, run: str) -> set[str]:
    """Fingerprints of the scores of a run."""
    return {kept.fingerprint for kept in session.state().run_named(run).scores.values()}


@pytest.fixture(scope="module")
def swept(finished_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session with a base and one arm, both scored; do not change it."""
    session = Session(Path(shutil.copytree(finished_folder, tmp_path_factory.mktemp("e") / "s")))
    run_experiment(session, begin(session))
    return session.folder


@pytest.fixture
def done(swept: Path, tmp_path: Path) -> Session:
    """A copy of it."""
    return Session(Path(shutil.copytree(swept, tmp_path / "swept")))


@pytest.fixture
def session(tickets_session: Path) -> Session:
    """A finished session without an experiment."""
    return Session(tickets_session)


@pytest.fixture
def untrained(session: Session) -> Session:
    """One that has trained nothing yet."""
    with session.editing() as state:
        state.runs = []
    return session


def deleted_unscored(session: Session, name: str) -> None:
    """What a clean-up leaves of a run that was trained and not scored."""
    with session.editing() as state:
        run = state.run_named(name)
        run.scores, run.classifiers[0].scoring = {}, {}
        arn = run.classifiers[0].training.arn
        state.ledger = [entry for entry in state.ledger if entry.name != arn]
        state.ledger.append(
            LedgerEntry(
                kind="classifier",
                name=arn,
                created_at="2026-01-01T00:00:00Z",
                run=name,
                state="deleted",
            )
        )


def test_scores_that_are_made_anew_are_waited_for(done: Session) -> None:
    before = {name: prints(done, name) for name in ("base", "e1-n150")}
    set_twin_returned(done, 2)
    found = run_experiment(done, "e1")
    assert {one.stage for one in found} == {"done"}
    for name, old in before.items():
        run = done.state().run_named(name)
        assert all(job.is_usable and job.twin == done.state().twin for job in run.jobs()[1:])
        assert prints(done, name).isdisjoint(old), "scores of other settings"


def test_output_that_was_fetched_and_not_joined_is_joined(done: Session) -> None:
    good = prints(done, "e1-n150")
    with done.editing() as state:
        run = state.run_named("e1-n150")
        for part, kept in run.scores.items():
            run.scores[part] = msgspec.structs.replace(
                kept, fingerprint=f"sha256:{0:064}", jobs=(f"e1-n150/c1/earlier-{part}",)
            )
    assert stages(done)["n150"] == "scoring"
    run_experiment(done, "e1")
    assert prints(done, "e1-n150") == good


def test_an_arm_of_two_experiments_is_adopted_with_its_training_file(done: Session) -> None:
    begin(done, msgspec.structs.replace(REQUEST, positives=(150, 200)))
    assert done.state().experiment_named().arm("n150").run == "e1-n150"
    adopt_arm(done, "n150")
    state = done.state()
    assert {s.step.id: s.status for s in step_statuses(done, state)}["train"] == "done"
    assert plan_training(done).run == "e1-n150"


def test_another_run_does_not_get_the_name_of_an_arm(untrained: Session) -> None:
    begin(untrained)
    assert untrained.state().experiment_named().arm("base").run == "base"
    assert plan_training(untrained).run == "base", "the same training is the experiment's base"
    with pytest.raises(InvalidInput, match="arm of an experiment"):
        plan_training(untrained, "e1-n150")
    oversample_training(untrained, {"login": 140}, 0)
    assert plan_training(untrained).run == "run2", "trained on other documents than the base"
    with pytest.raises(InvalidInput, match="arm of an experiment"):
        plan_training(untrained, "base")
    split_dataset(untrained, (0.6, 0.2, 0.2), 11)
    assert plan_training(untrained).run == "run2", "on another split than the base"


def test_a_base_that_was_trained_under_another_name_is_not_paid_twice(untrained: Session) -> None:
    experiment = begin(untrained)
    start_training_run(untrained, plan_training(untrained, "mine"), despite_findings=True)
    plan = plan_experiment(untrained, None)
    assert plan.trainings == 1
    start_arm(untrained, session_clients(untrained), experiment, "base")
    state = untrained.state()
    assert [run.name for run in state.runs] == ["mine"]
    assert state.experiment_named().arm("base").run == "mine"


def test_an_arm_that_a_run_was_trained_as_already_is_not_paid_twice(session: Session) -> None:
    oversample_training(session, {"login": 150}, 0)
    start_training_run(session, plan_training(session), despite_findings=True)
    start_arm(session, session_clients(session), begin(session), "n150")
    assert [run.name for run in session.state().runs] == ["base", "run2"]
    assert session.state().experiment_named().arm("n150").run == "run2"


def test_an_arm_that_is_skipped_meanwhile_is_not_started(session: Session) -> None:
    experiment = begin(session)
    with session.editing() as state:
        arms = state.experiment_named().arms
        arms[1] = msgspec.structs.replace(arms[1], skipped="stop rule")
    start_arm(session, session_clients(session), experiment, "n150")
    assert [run.name for run in session.state().runs] == ["base"]


def test_an_experiment_of_older_data_is_carried_on_with_the_labels_it_was_split_with(
    session: Session,
) -> None:
    experiment = begin(session)
    labels = session.state().dataset.labels
    with session.editing() as state:
        state.revisions.append(
            msgspec.structs.replace(
                state.dataset,
                id="r2",
                path="data/r2.jsonl",
                fingerprint="other",
                labels=("merged", "clean"),
            )
        )
    plan = plan_experiment(session, None)
    assert plan.labels == labels
    assert any("the dataset has changed since split s1" in said for said in plan.cautions)
    start_experiment(session, plan, despite_findings=True)
    found = run_experiment(session, experiment)
    assert [one.stage for one in found] == ["done", "done"], found
    assert session.state().run_named("e1-n150").classifiers[0].labels == labels
    assert "login" in {one.name for one in compare_experiment(session).comparison.base.labels}


def test_an_experiment_of_an_older_split_says_so(done: Session) -> None:
    assert not any("newest" in said for said in plan_experiment(done, None).cautions)
    split_dataset(done, (0.6, 0.2, 0.2), 11)
    plan = plan_experiment(done, None)
    assert plan.split == "s1"
    assert any("split s1 is not the newest" in said for said in plan.cautions)


def test_arms_are_not_begun_on_another_split_than_they_were_planned_on(session: Session) -> None:
    plan = plan_experiment(session, REQUEST)
    split_dataset(session, (0.6, 0.2, 0.2), 11)
    with pytest.raises(InvalidInput, match="planned on split s1"):
        start_experiment(session, plan)
    assert not session.state().experiments


def test_every_arm_is_resampled_once_for_its_plan_and_its_start(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipes: list[Recipe] = []

    def counting(train: Dataset, recipe: Recipe, held_out: Sequence[Dataset] = ()) -> Resampled:
        recipes.append(recipe)
        return resample(train, recipe, held_out)

    monkeypatch.setattr(planning, "resample", counting)
    plan = plan_experiment(session, msgspec.structs.replace(REQUEST, positives=(12, 150)))
    experiment = start_experiment(session, plan, despite_findings=True)
    assert recipes == [arm.plan.recipe for arm in experiment.arms] and len(recipes) == 3
    assert session.state().experiment_named(experiment.id).arms == experiment.arms
    assert all(
        arm.documents == shown.documents
        for arm, shown in zip(experiment.arms, plan.arms, strict=True)
    )


def test_arms_are_not_begun_beside_other_runs_than_they_were_planned_with(
    session: Session,
) -> None:
    plan = plan_experiment(session, REQUEST)
    other = msgspec.structs.replace(REQUEST, positives=(12,))
    begin(session, other)
    with pytest.raises(InvalidInput, match="not those that the arms were planned on"):
        start_experiment(session, plan)
    assert [experiment.request for experiment in session.state().experiments] == [other]
    begin(session)
    start_experiment(session, plan, despite_findings=True)
    assert [experiment.id for experiment in session.state().experiments] == ["e1", "e2"]


@pytest.mark.timeout(60)
def test_an_arm_that_is_given_up_does_not_hold_the_stop_rule_s_place(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def advance(*given: Any) -> bool:
        state = given[0].state()
        if given[3] == "n12" and any(run.name == "e1-n12" for run in state.runs):
            raise OperationFailed("Output does not fit", "it is another file's", "")
        return advance_arm(*given)

    monkeypatch.setattr(running, "advance_arm", advance)
    request = msgspec.structs.replace(REQUEST, positives=(12, 150))
    found = run_experiment(session, begin(session, request, patience=1))
    assert [one.stage for one in found] == ["done", "failed", "done"]


def test_the_stop_rule_never_leaves_out_the_base(
    untrained: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = begin(untrained, patience=1)
    monkeypatch.setattr(stopping, "has_stalled", lambda history, patience: True)
    assert stopping.apply_stop_rule(untrained, experiment, {}) == 1
    assert stages(untrained) == {"base": "planned", "n150": "skipped"}


def test_a_stop_rule_that_sees_too_little_says_so(session: Session) -> None:
    def said() -> str:
        return " ".join(plan_experiment(session, REQUEST, patience=1).cautions)

    assert "stop" not in said()
    with session.editing() as state:
        kept = state.runs[0].scores["calibration"]
        state.runs[0].scores["calibration"] = msgspec.structs.replace(
            kept, returned_share={**kept.returned_share, "login": 0.95}
        )
    assert "may not stop at all" in said()


def test_label_groups_are_not_proposed_for_classes(session: Session) -> None:
    def proposes() -> bool:
        return any("--groups" in said for said in plan_experiment(session, REQUEST).cautions)

    with session.editing() as state:
        kept = state.runs[0].scores["calibration"]
        state.runs[0].scores["calibration"] = msgspec.structs.replace(
            kept, returned_share={**kept.returned_share, "login": 0.5}
        )
    assert proposes()
    with session.editing() as state:
        state.revisions[0] = msgspec.structs.replace(state.revisions[0], mode="multi-class")
    assert not proposes()


def test_a_base_beside_an_oversampled_file_takes_over_what_is_trained(session: Session) -> None:
    oversample_training(session, {"login": 140}, 0)
    plan = plan_experiment(session, REQUEST, groups="rare")
    assert plan.arms[0].run == "e1-base" and len(plan.groups) == 1
    assert plan.trainings == 1 + 2, "the main classifier of the base is there"
    experiment = start_experiment(session, plan, despite_findings=True).id
    start_arm(session, session_clients(session), experiment, "base")
    main = session.state().run_named("e1-base").classifiers[0]
    assert main.training.arn == session.state().run_named("base").classifiers[0].training.arn
    assert session.state().run == session.state().run_named("base")


def test_an_arm_deleted_before_it_was_scored_is_trained_anew_on_request(done: Session) -> None:
    deleted_unscored(done, "e1-n150")
    assert stages(done) == {"base": "done", "n150": "failed"}
    plan = plan_experiment(done, None)
    assert plan.trainings == 0 and plan.estimate.high_usd == 0
    more = plan_experiment(done, msgspec.structs.replace(REQUEST, positives=(150, 200)))
    assert more.arms[1].run == "e2-n150"
    assert retry_failed(done) == 1
    assert plan_experiment(done, None).trainings == 1
    run_experiment(done, "e1")
    assert stages(done) == {"base": "done", "n150": "done"}
    assert [run.name for run in done.state().runs] == ["base", "e1-n150", "e1-n150-v2"]


def test_a_base_that_can_never_be_scored_is_none(session: Session) -> None:
    deleted_unscored(session, "base")
    plan = plan_experiment(session, REQUEST)
    assert plan.arms[0].run == "e1-base" and not plan.arms[0].is_there
    assert plan.trainings == 2


def test_another_training_of_the_base_is_not_called_oversampled(done: Session) -> None:
    with done.editing() as state:
        arms = state.experiment_named().arms
        plan = msgspec.structs.replace(arms[1].plan, id="base-2", group="base", kind="base")
        arms[1] = msgspec.structs.replace(arms[1], plan=plan)
    assert [version.kind for version in versions(done)] == ["split", "split"]
