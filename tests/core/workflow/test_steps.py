"""A step's status follows from artefacts and fingerprints, never from a flag."""

from pathlib import Path

import msgspec
import pytest

from core.errors import Refused
from core.workflow.health import require_health
from core.workflow.oversample import clear_oversampling, oversample_training
from core.workflow.session import Session
from core.workflow.split import split_dataset
from core.workflow.steps import next_step, step_statuses


def statuses(session: Session) -> dict[str, str]:
    return {s.step.id: s.status for s in step_statuses(session, session.state())}


def test_a_finished_session_has_its_main_line_done(tickets_session: Path) -> None:
    session = Session(tickets_session)
    found = statuses(session)
    main_line = ("data", "health", "split", "train", "score", "thresholds")
    assert {found[step] for step in main_line} == {"done"}
    assert next_step(step_statuses(session, session.state())) is None


def test_another_split_makes_later_steps_stale_and_deletes_nothing(tickets_session: Path) -> None:
    session = Session(tickets_session)
    files = {path for path in (tickets_session / "runs").rglob("*") if path.is_file()}
    split_dataset(session, (0.6, 0.2, 0.2), 99)
    found = statuses(session)
    assert found["split"] == "done"
    assert [found[step] for step in ("train", "score", "thresholds")] == ["stale"] * 3
    assert {path for path in (tickets_session / "runs").rglob("*") if path.is_file()} == files


def test_splitting_the_same_way_again_keeps_everything_done(tickets_session: Path) -> None:
    session = Session(tickets_session)
    assert not split_dataset(session, (0.6, 0.2, 0.2), 3).is_new
    assert statuses(session)["thresholds"] == "done"


def test_oversampling_makes_training_stale_until_it_is_cleared(tickets_session: Path) -> None:
    session = Session(tickets_session)
    oversample_training(session, {"login": 90}, 1)
    assert statuses(session)["train"] == "stale"
    clear_oversampling(session)
    assert statuses(session)["train"] == "done"


def test_a_changed_dataset_blocks_training_until_it_is_split_again(tickets_session: Path) -> None:
    session = Session(tickets_session)
    with session.editing() as state:
        revision = state.revisions[-1]
        state.revisions.append(msgspec.structs.replace(revision, id="r2", fingerprint="sha256:x"))
    found = statuses(session)
    assert (found["health"], found["split"], found["train"]) == ("stale", "stale", "blocked")
    with pytest.raises(Refused, match="not checked"):
        require_health(session.state(), despite_findings=False)


def test_a_lost_file_makes_its_step_ready_again(tickets_session: Path) -> None:
    session = Session(tickets_session)
    run = session.state().runs[-1]
    session.path(run.scores["test"].path).unlink()
    assert statuses(session)["score"] == "ready"
