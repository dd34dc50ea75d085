"""SIGKILL before any write of any step: repeating the step ends as if nothing had happened.

A forked child runs the step and is killed just before its n-th file replacement, for every n that
the step has; then the step is repeated whole.
"""

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from core.comprehend.engine import TwinOptions
from core.dataset.formats.sources import SourceSettings
from core.workflow.data import NewSession, create_session
from core.workflow.health import check_health, fix_dataset
from core.workflow.jobs import session_clients
from core.workflow.oversample import oversample_training
from core.workflow.score import finish_scoring, plan_scoring, start_scoring_jobs
from core.workflow.session import Session
from core.workflow.split import split_dataset
from core.workflow.steps import step_statuses
from core.workflow.thresholds import TuningSettings, tune_thresholds
from core.workflow.train import finish_training, plan_training, start_training_run
from tests.killing import killed_at_write

Step = Callable[[Session], object]


def _train(session: Session) -> None:
    run = start_training_run(session, plan_training(session))
    finish_training(session, run.name)


def _score(session: Session) -> None:
    plan = plan_scoring(session, None, ("test",))
    start_scoring_jobs(session, plan)
    finish_scoring(session, plan.run, plan.parts)


def _score_all(session: Session) -> None:
    plan = plan_scoring(session)
    start_scoring_jobs(session, plan)
    finish_scoring(session, plan.run, plan.parts)


def _tune(session: Session) -> None:
    tune_thresholds(session, TuningSettings())


STEPS: dict[str, tuple[Step, str]] = {
    "health": (check_health, "health"),
    "split": (lambda session: split_dataset(session, (0.6, 0.2, 0.2), 3), "split"),
    "oversample": (lambda session: oversample_training(session, {"login": 90}, 1), "oversample"),
    "train": (_train, "train"),
    "score": (_score, "score"),
    "thresholds": (_tune, "thresholds"),
}


@pytest.fixture(scope="module")
def before(finished_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A session as it stands before each step, by the step's name."""
    folders: dict[str, Path] = {}
    root = tmp_path_factory.mktemp("before")
    state = Session(finished_folder).state()
    source = Path(state.imported.source_path)
    new = NewSession(root / "new", source, SourceSettings(), twin=TwinOptions(returned="all"))
    session = create_session(new).session
    for name, (step, _) in STEPS.items():
        folders[name] = Path(shutil.copytree(session.folder, root / f"before-{name}"))
        if name == "score":
            _score_all(session)
        elif name != "oversample":
            step(session)
    return folders


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", STEPS)
def test_a_step_killed_at_any_write_is_finished_by_repeating_it(
    name: str, before: dict[str, Path], tmp_path: Path
) -> None:
    step, step_id = STEPS[name]
    n = 0
    was_killed = True
    while was_killed:
        n += 1
        session = Session(Path(shutil.copytree(before[name], tmp_path / f"{name}-{n}")))
        was_killed = killed_at_write(step, session, n)
        assert session.state().name, "the state is unreadable after the kill"
        step(session)
        statuses = {s.step.id: s.status for s in step_statuses(session, session.state())}
        assert statuses[step_id] == ("ready" if name == "score" else "done"), (n, statuses)
        assert name != "score" or "test" in session.state().runs[0].scores
        _assert_nothing_started_twice(session)
    assert n > 1, "the step wrote nothing"


def test_an_import_killed_at_any_write_is_finished_by_repeating_it(
    small_source: Path, tmp_path: Path
) -> None:
    n = 0
    was_killed = True
    while was_killed:
        n += 1
        new = NewSession(tmp_path / f"new{n}", small_source, SourceSettings())
        session = Session(new.folder)
        was_killed = killed_at_write(partial(_create, new), session, n)
        if not session.state_path.exists():
            create_session(new)
        assert session.state().dataset.documents == 700
    assert n > 2


def test_a_fix_killed_at_any_write_leaves_the_old_revision_or_the_new(
    small_source: Path, tmp_path: Path
) -> None:
    source = tmp_path / "blank.csv"
    source.write_bytes(small_source.read_bytes() + b"X1,  ,1,0,0,0\n")
    session = create_session(NewSession(tmp_path / "blank", source, SourceSettings())).session
    n = 0
    was_killed = True
    while was_killed:
        n += 1
        copy = Session(Path(shutil.copytree(session.folder, tmp_path / f"copy{n}")))
        was_killed = killed_at_write(lambda copy: fix_dataset(copy, "blank-documents"), copy, n)
        if copy.state().dataset.id == "r1":
            fix_dataset(copy, "blank-documents")
        assert (copy.state().dataset.id, copy.state().dataset.documents) == ("r2", 700)
    assert n > 2


def _create(new: NewSession, session: Session) -> None:
    create_session(new)


def _assert_nothing_started_twice(session: Session) -> None:
    """One classifier per training job and one scoring job per part, whatever was killed."""
    state = session.state()
    clients = session_clients(session)
    trained = clients.comprehend.list_document_classifiers()["DocumentClassifierPropertiesList"]
    scored = clients.comprehend.list_document_classification_jobs()
    jobs = [job for run in state.runs for job in run.jobs()]
    wanted = {kind: sum(job.kind == kind for job in jobs) for kind in ("training", "scoring")}
    assert len(trained) == wanted["training"]
    assert len(scored["DocumentClassificationJobPropertiesList"]) == wanted["scoring"]
    assert len(state.ledger) == len({entry.name for entry in state.ledger})
    assert all(entry.state == "created" for entry in state.ledger)
