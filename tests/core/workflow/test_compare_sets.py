"""Comparing runs of several splits and revisions on the documents that they share."""

import shutil
from pathlib import Path

import msgspec
import numpy as np
import pytest

from core.dataset.documents import load_dataset
from core.workflow.compare import compare_session_runs
from core.workflow.parts import load_part
from core.workflow.relabel import apply_marks
from core.workflow.review import Mark, add_marks
from core.workflow.score import finish_scoring, plan_scoring, start_scoring_jobs
from core.workflow.session import Session
from core.workflow.split import split_dataset
from core.workflow.train import finish_training, plan_training, start_training_run
from tests.core.workflow.comparing import part_ids, shared_by
from tests.core.workflow.test_compare import QUICK, noisy, second_run


@pytest.fixture
def session(tickets_session: Path) -> Session:
    return Session(tickets_session)


@pytest.fixture(scope="module")
def resplit_folder(finished_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The session with a second split and a run trained and scored on it; do not change it."""
    folder = tmp_path_factory.mktemp("resplit") / "small"
    session = Session(Path(shutil.copytree(finished_folder, folder)))
    split_dataset(session, (0.5, 0.2, 0.3), 11)
    run = start_training_run(session, plan_training(session, "again"))
    finish_training(session, run.name)
    plan = plan_scoring(session, "again")
    start_scoring_jobs(session, plan)
    finish_scoring(session, run.name, plan.parts)
    return folder


@pytest.fixture
def resplit(resplit_folder: Path, tmp_path: Path) -> Session:
    return Session(Path(shutil.copytree(resplit_folder, tmp_path / ".comprehend-tuner" / "re")))


def test_runs_of_two_splits_are_compared_on_the_documents_of_both_test_parts(
    resplit: Session,
) -> None:
    first, second = (part_ids(resplit, split, "test") for split in ("s1", "s2"))
    both = set(first) & set(second)
    assert 10 < len(both) < min(len(first), len(second))
    looks = resplit.state().test_looks
    report = compare_session_runs(resplit, ["base", "again"], QUICK)
    (pair,) = report.pairs
    assert pair.comparison.documents == len(both) and report.test_looks == looks + 1
    left = pair.b.left_out
    assert left is not None and pair.a.left_out is not None
    assert (left.test_documents, left.not_in_all) == (len(second), len(second) - len(both))
    assert pair.a.left_out.not_in_all == len(first) - len(both)
    assert (left.trained_on, left.tuned_on, left.relabelled) == (0, 0, 0)
    assert f"compared on the {len(both)} documents" in "\n".join(report.cautions)


def test_shared_documents_stand_in_one_order(resplit: Session) -> None:
    state = resplit.state()
    found = shared_by(resplit, "base", "again")
    tested = [part_ids(resplit, split, "test") for split in ("s1", "s2")]
    shared = [[ids[row] for row in rows] for ids, rows in zip(tested, found.rows, strict=True)]
    assert shared[0] == shared[1] and set(shared[0]) == set(tested[0]) & set(tested[1])
    for run, rows in zip(state.runs, found.rows, strict=True):
        truth = load_part(resplit, state, run, "test").truth
        assert np.array_equal(truth[rows], found.truth)


def test_three_runs_are_compared_on_what_all_of_them_have(resplit: Session) -> None:
    second_run(resplit, "third", noisy)
    report = compare_session_runs(resplit, ["base", "third", "again"], QUICK)
    both = set(part_ids(resplit, "s1", "test")) & set(part_ids(resplit, "s2", "test"))
    assert [pair.comparison.documents for pair in report.pairs] == [len(both)] * 2
    assert [pair.comparison.comparisons for pair in report.pairs] == [2, 2]


def test_the_newer_labels_count_for_both_runs(session: Session) -> None:
    state = session.state()
    dataset = load_dataset(session.path(state.revisions[0].path))
    billing, bug = dataset.labels.index("billing"), dataset.labels.index("bug")
    places = {name: row for row, name in enumerate(dataset.ids)}
    tested = part_ids(session, "s1", "test")
    dropped, relabelled = [
        name
        for name in tested
        if dataset.membership[places[name], billing] and not dataset.membership[places[name], bug]
    ][:2]
    add_marks(session, [Mark(dropped, "billing", "drop"), Mark(relabelled, "bug", "add")])
    applied = apply_marks(session)
    assert applied.split is not None
    with session.editing() as state:
        run = msgspec.structs.replace(state.runs[0], name="next", split=applied.split.id, scores={})
        state.runs.append(run)
    found = shared_by(session, "base", "next")
    assert [run.not_in_all for run in found.left_out] == [1, 0]
    assert [run.relabelled for run in found.left_out] == [1, 0] and found.newest == 1
    ids = [tested[row] for row in found.rows[0].tolist()]
    assert dropped not in ids and found.truth[ids.index(relabelled), bug]
    truth = load_part(session, state, state.runs[0], "test").truth
    assert not truth[tested.index(relabelled), bug]
    back = shared_by(session, "next", "base")
    assert back.truth[ids.index(relabelled), bug] and back.newest == 0
