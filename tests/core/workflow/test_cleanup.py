"""Clean-up: everything of the session goes, nothing else does, and it survives being killed."""

import shutil
from pathlib import Path

import msgspec
import pytest

from core.comprehend.deletion import delete_item
from core.comprehend.engine import Clients
from core.comprehend.ledger import CleanupItem
from core.errors import Interrupted, InvalidInput, OperationFailed, TryAgain
from core.progress import CancelToken, Progress, Watch
from core.workflow import cleanup
from core.workflow.cleanup import clean_up, cleanup_inventory
from core.workflow.following import collect_finished, job_rows
from core.workflow.jobs import session_clients
from core.workflow.oversample import oversample_training
from core.workflow.review import load_review
from core.workflow.score import plan_scoring, set_twin_returned, start_scoring_jobs
from core.workflow.session import Session
from core.workflow.state import SessionState
from core.workflow.steps import step_statuses
from core.workflow.thresholds import TuningSettings, load_report, tune_thresholds
from core.workflow.train import finish_training, plan_training, start_training_run
from tests.core.workflow.test_journey import kill_workers
from tests.killing import killed_at_write


def classifiers(session: Session) -> set[str]:
    answer = session_clients(session).comprehend.list_document_classifiers()
    return {entry["DocumentClassifierArn"] for entry in answer["DocumentClassifierPropertiesList"]}


def objects(session: Session) -> list[str]:
    clients = session_clients(session)
    return [entry.uri for entry in clients.store.list(f"s3://{clients.info.bucket}/")]


def statuses(session: Session) -> dict[str, str]:
    return {s.step.id: s.status for s in step_statuses(session, session.state())}


def assert_clean(session: Session) -> None:
    assert not classifiers(session)
    assert objects(session) == []
    assert all(entry.state == "deleted" for entry in session.state().ledger)
    assert statuses(session)["cleanup"] == "done"
    assert cleanup_inventory(session).rows == ()


def test_the_inventory_lists_the_ledger_in_deletion_order(tickets_session: Path) -> None:
    session = Session(tickets_session)
    inventory = cleanup_inventory(session)
    kinds = [row.kind for row in inventory.rows]
    assert kinds == ["classifier", *["object"] * 7]
    assert inventory.monthly_usd == inventory.rows[0].monthly_usd == 0.5
    assert {row.name for row in inventory.rows} == {e.name for e in session.state().ledger}
    assert {row.state for row in inventory.rows} == {"created"}
    assert not inventory.is_paid


def test_nothing_is_left_and_the_results_stay(tickets_session: Path) -> None:
    session = Session(tickets_session)
    before = statuses(session)
    done = clean_up(session)
    assert done.left == ()
    assert {result.outcome for result in done.results} == {"deleted"}
    assert "nothing left" in done.proof[0] and "1 classifier, 7 objects" in done.proof[0]
    assert_clean(session)
    assert statuses(session) == {**before, "cleanup": "done"}
    assert load_report(session, session.state().runs[0]).labels
    assert load_review(session).labels
    assert tune_thresholds(session, TuningSettings()).report.labels


def test_objects_of_others_are_not_touched(tickets_session: Path) -> None:
    session = Session(tickets_session)
    clients = session_clients(session)
    state = session.state()
    base = f"s3://{clients.info.bucket}/comprehend-tuner/{state.name}-{state.uid}"
    others = [f"{base}0/base/c1/train.csv", f"s3://{clients.info.bucket}/other/train.csv"]
    for uri in others:
        clients.store.upload(session.path("session.json"), uri)
    assert clean_up(session).left == ()
    assert objects(session) == sorted(others)


def test_what_the_ledger_lacks_below_the_own_prefix_goes_too(tickets_session: Path) -> None:
    session = Session(tickets_session)
    clients = session_clients(session)
    uri = cleanup_inventory(session).prefix + "base/c1/training-output/unread.tar.gz"
    clients.store.upload(session.path("session.json"), uri)
    listed = {row.name: row.state for row in cleanup_inventory(session).rows}
    assert listed[uri] == "found"
    clean_up(session)
    assert_clean(session)
    assert uri in {entry.name for entry in session.state().ledger}


def test_repeating_finds_nothing_to_do(tickets_session: Path) -> None:
    session = Session(tickets_session)
    clean_up(session)
    again = clean_up(session)
    assert again.results == () and again.left == ()
    assert_clean(session)


@pytest.mark.timeout(300)
def test_a_clean_up_killed_at_any_write_is_finished_by_repeating_it(
    tickets_session: Path, tmp_path: Path
) -> None:
    n = 0
    was_killed = True
    while was_killed:
        n += 1
        session = Session(Path(shutil.copytree(tickets_session, tmp_path / f"clean{n}")))
        was_killed = killed_at_write(clean_up, session, n)
        assert session.state().name, "the state is unreadable after the kill"
        assert clean_up(session).left == ()
        assert_clean(session)
    assert n > 8, "each deletion is saved by itself"


def test_a_deletion_is_recorded_before_the_next_begins(
    tickets_session: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = Session(tickets_session)
    seen: list[int] = []

    def counted(clients: Clients, item: CleanupItem, *rest: object, **named: object) -> object:
        seen.append(sum(entry.state == "deleted" for entry in session.state().ledger))
        return delete_item(clients, item, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(cleanup, "delete_item", counted)
    clean_up(session)
    assert seen == list(range(8))


def test_interrupting_keeps_what_is_recorded(tickets_session: Path) -> None:
    session = Session(tickets_session)
    cancel = CancelToken()

    def report(event: Progress) -> None:
        if event.unit == "resources" and event.done == 3:
            cancel.cancel()

    with pytest.raises(Interrupted):
        clean_up(session, Watch(report, cancel))
    states = [entry.state for entry in session.state().ledger]
    assert 3 <= states.count("deleted") < len(states)
    clean_up(session)
    assert_clean(session)


def test_a_training_under_way_is_stopped_and_nobody_asks_for_it_again(
    tickets_session: Path,
) -> None:
    session = Session(tickets_session)
    oversample_training(session, {"bug": 150}, 1)
    start_training_run(session, plan_training(session))
    assert clean_up(session).left == ()
    assert_clean(session)
    assert all(row.is_final for row in job_rows(session))
    assert collect_finished(session) == ()
    assert statuses(session)["train"] in ("ready", "done")


def test_a_classifier_whose_creating_call_was_never_answered_is_found(
    tickets_session: Path,
) -> None:
    session = Session(tickets_session)
    with session.editing() as state:
        _forget_answer(state)
    assert next(row.kind for row in cleanup_inventory(session).rows) == "classifier"
    clean_up(session)
    assert_clean(session)


def test_finished_output_is_fetched_before_it_is_deleted(tickets_session: Path) -> None:
    session = Session(tickets_session)
    oversample_training(session, {"bug": 150}, 1)
    run = start_training_run(session, plan_training(session))
    while not all(row.is_final for row in job_rows(session)):
        pass
    clean_up(session)
    assert_clean(session)
    assert finish_training(session, run.name), "metrics were fetched"


def test_output_that_cannot_be_fetched_does_not_keep_anything_alive(
    tickets_session: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(session: Session) -> tuple[str, ...]:
        raise OperationFailed("No output", "planted", "")

    session = Session(tickets_session)
    oversample_training(session, {"bug": 150}, 1)
    start_training_run(session, plan_training(session))
    while not all(row.is_final for row in job_rows(session)):
        pass
    monkeypatch.setattr(cleanup, "collect_finished", failing)
    assert clean_up(session).left == ()
    assert_clean(session)
    assert collect_finished(session) == (), "nobody asks for output that is gone"
    assert statuses(session)["train"] == "ready"


def test_a_running_scoring_job_is_waited_for_by_the_user(tickets_session: Path) -> None:
    session = Session(tickets_session)
    set_twin_returned(session, 3)
    with session.editing() as state:
        state.twin = msgspec.structs.replace(state.twin, queue_s=60.0)
    start_scoring_jobs(session, plan_scoring(session, None, ("test",)))
    with pytest.raises(TryAgain, match="cannot stop"):
        clean_up(session)
    assert len(classifiers(session)) == 1, "nothing was deleted"
    assert kill_workers(tickets_session) == 1


def test_f4_what_is_still_there_is_said(
    tickets_session: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = Session(tickets_session)
    monkeypatch.setattr(type(session_clients(session).store), "delete", lambda self, uri: None)
    done = clean_up(session)
    assert len(done.left) == 7
    assert "7 are still there" in done.proof[0]
    assert statuses(session)["cleanup"] == "ready"
    monkeypatch.undo()
    clean_up(session)
    assert_clean(session)


def test_a_classifier_without_the_tag_is_not_touched(tickets_session: Path) -> None:
    session = Session(tickets_session)
    state = session.state()
    request = state.runs[0].classifiers[0].training.request
    decoys = [[], [{"Key": "comprehend-tuner:session", "Value": "small-00000000"}]]
    arns = [
        session_clients(session).comprehend.create_document_classifier(
            **request
            | {
                "DocumentClassifierName": f"ct-{state.name}-{state.uid}-{number}",
                "ClientRequestToken": f"decoy-{number}",
                "Tags": decoy,
            }
        )["DocumentClassifierArn"]
        for number, decoy in enumerate(decoys)
    ]
    assert clean_up(session).left == ()
    assert classifiers(session) == set(arns)
    assert kill_workers(tickets_session) <= 2


def test_an_adopted_classifier_stays(tickets_session: Path) -> None:
    session = Session(tickets_session)
    with session.editing() as state:
        state.runs[0].classifiers[0].training.is_adopted = True
    assert clean_up(session).left == ()
    assert len(classifiers(session)) == 1
    assert any("-CLR-" in uri for uri in objects(session)), "its output stays as well"


def test_a_run_by_itself(tickets_session: Path) -> None:
    session = Session(tickets_session)
    oversample_training(session, {"bug": 150}, 1)
    run = start_training_run(session, plan_training(session))
    done = clean_up(session, run=run.name)
    assert done.left == () and {result.item.run for result in done.results} == {run.name}
    assert len(classifiers(session)) == 1
    assert {entry.run for entry in session.state().ledger if entry.state != "deleted"} == {"base"}
    assert len(cleanup_inventory(session, "base").rows) == 8
    assert cleanup_inventory(session, run.name).rows == ()
    with pytest.raises(InvalidInput, match="not in this session"):
        clean_up(session, run="nope")


def test_the_price_of_what_is_left_is_the_sessions_own(tickets_session: Path) -> None:
    session = Session(tickets_session)
    with session.editing() as state:
        state.prices = msgspec.structs.replace(state.prices, model_per_month=7.0)
    assert cleanup_inventory(session).monthly_usd == 7.0


def test_a_new_session_has_nothing_to_clean(tickets_session: Path) -> None:
    session = Session(tickets_session)
    with session.editing() as state:
        state.ledger, state.runs = [], []
    assert cleanup_inventory(session).rows == ()
    assert clean_up(session).left == ()


def _forget_answer(state: SessionState) -> None:
    """As if the program had been killed between the creating call and saving its answer."""
    training = state.runs[0].classifiers[0].training
    state.ledger = [entry for entry in state.ledger if entry.kind != "classifier"]
    training.arn = ""
