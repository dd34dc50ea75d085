"""Comparing a run with one of another session, document by document."""

import dataclasses
from pathlib import Path

import msgspec
import numpy as np
import pytest

from core.comprehend.predictions import load_scores, save_scores
from core.dataset.documents import Dataset, load_dataset, save_dataset
from core.errors import InvalidInput
from core.workflow.compare import compare_session_runs
from core.workflow.session import Session
from core.workflow.shared_documents import find_compared
from tests.core.workflow.comparing import other_session, part_ids, shared_by, text_of, with_texts
from tests.core.workflow.test_compare import QUICK
from tests.recording import record_as_is


@pytest.fixture
def session(tickets_session: Path) -> Session:
    return Session(tickets_session)


def test_a8_the_same_test_documents_in_another_order_are_compared_in_pairs(
    session: Session,
) -> None:
    other = other_session(session)
    assert part_ids(other, "s1", "test") != part_ids(session, "s1", "test")
    with session.editing() as state:
        state.runs[0].thresholds = None
    report = compare_session_runs(session, ["base", "larger:base"], QUICK)
    (pair,) = report.pairs
    assert (pair.a.name, pair.b.name, pair.b.session) == ("base", "larger:base", "larger")
    assert pair.comparison.documents == len(part_ids(session, "s1", "test"))
    assert pair.comparison.macro_f1.difference == 0.0
    assert pair.comparison.macro_f1.interval.low == pair.comparison.macro_f1.interval.high == 0.0
    for label in pair.comparison.labels:
        assert label.difference == 0.0
        assert label.average_precision_a == label.average_precision_b is not None
    assert not any("left out" in caution for caution in report.cautions)


def test_a11_a_look_is_counted_in_every_session_that_takes_part(session: Session) -> None:
    other = other_session(session)
    before = session.state().test_looks, other.state().test_looks
    for _ in range(2):
        report = compare_session_runs(session, ["base", "larger:base"], QUICK)
        assert report.test_looks == session.state().test_looks == before[0] + 1
        assert report.other_looks == {"larger": before[1] + 1}
    assert other.state().test_looks == before[1] + 1


def test_documents_of_another_source_are_matched_by_text(session: Session) -> None:
    def renamed(dataset: Dataset) -> Dataset:
        texts = [f"  {text.upper()} !" for text in dataset.texts]
        return dataclasses.replace(
            dataset, ids=[f"row {row}" for row in range(len(dataset))], texts=texts
        )

    other_session(session, edit=renamed)
    found = shared_by(session, "base", "larger:base")
    assert len(found.truth) == len(part_ids(session, "s1", "test")) and found.is_everything


def test_of_equal_texts_those_with_the_same_id_are_paired(session: Session) -> None:
    other = other_session(session)
    dataset = load_dataset(session.path("data/r1.jsonl"))
    labelled = dict(zip(dataset.ids, dataset.label_sets(), strict=True))
    clean = [name for name in part_ids(session, "s1", "test") if labelled[name] == ["clean"]]
    moved = part_ids(other, "s1", "test")
    one = clean[0]
    two = next(name for name in clean if moved.index(name) < moved.index(one))
    for place in (session, other):
        path = place.path("data/r1.jsonl")
        edit = with_texts({one: "the same words", two: "The same words."})
        save_dataset(edit(load_dataset(path)), path)
        record_as_is(place)
    found = shared_by(session, "base", "larger:base")
    ours, theirs = (
        [part_ids(place, "s1", "test")[row] for row in rows.tolist()]
        for place, rows in zip((session, other), found.rows, strict=True)
    )
    assert ours == theirs and {one, two} <= set(ours)


@pytest.mark.parametrize(("part", "field"), [("train", "trained_on"), ("calibration", "tuned_on")])
def test_e2_a_document_whose_text_a_run_has_learnt_from_is_left_out(
    session: Session, part: str, field: str
) -> None:
    tested = part_ids(session, "s1", "test")
    text = text_of(session, tested[0])
    copy_of = {part_ids(session, "s1", part)[0]: f"{text.upper()} !"}
    other_session(session, edit=with_texts(copy_of))
    report = compare_session_runs(session, ["base", "larger:base"], QUICK)
    (pair,) = report.pairs
    assert pair.comparison.documents == len(tested) - 1
    assert pair.b.left_out is not None and pair.a.left_out is not None
    assert getattr(pair.b.left_out, field) == 1 and getattr(pair.a.left_out, field) == 0
    verb = field.removesuffix("_on")
    assert f"1 shared document left out: run larger:base was {verb} on it" in "\n".join(
        report.cautions
    )


def test_e1_a_document_whose_copy_is_in_training_is_left_out(session: Session) -> None:
    tested = part_ids(session, "s1", "test")
    trained = part_ids(session, "s1", "train")[0]
    path = session.path("data/r1.jsonl")
    dataset = load_dataset(path)
    origins = [tested[3] if name == trained else "" for name in dataset.ids]
    save_dataset(dataclasses.replace(dataset, origins=origins), path)
    record_as_is(session)
    other_session(session)
    found = shared_by(session, "base", "larger:base")
    assert found.seen == 1 and found.left_out[0].trained_on == 1
    assert tested[3] not in [tested[row] for row in found.rows[0].tolist()]


def test_other_labels_are_named(session: Session) -> None:
    def relabelled(dataset: Dataset) -> Dataset:
        labels = tuple("fault" if label == "bug" else label for label in dataset.labels)
        return dataclasses.replace(dataset, labels=labels)

    other_session(session, edit=relabelled)
    with pytest.raises(InvalidInput, match="run base has bug, run larger:base has not"):
        compare_session_runs(session, ["base", "larger:base"], QUICK)


def test_labels_are_matched_by_name_whatever_their_order(session: Session) -> None:
    other = other_session(session)
    with other.editing() as state:
        revision = state.revisions[0]
        dataset = load_dataset(other.path(revision.path))
        order = np.arange(len(dataset.labels))[::-1]
        labels = tuple(dataset.labels[column] for column in order)
        moved = dataclasses.replace(dataset, labels=labels, membership=dataset.membership[:, order])
        save_dataset(moved, other.path(revision.path))
        state.revisions[0] = msgspec.structs.replace(revision, labels=labels)
        path = other.path("data/s1/truth.npz")
        with np.load(path) as kept:
            arrays = {name: kept[name] for name in kept.files}
        arrays["membership"] = arrays["membership"][:, order]
        np.savez(path, **arrays)
        for kept_scores in state.runs[0].scores.values():
            at = other.path(kept_scores.path)
            scores = load_scores(at)
            save_scores(
                dataclasses.replace(
                    scores,
                    labels=labels,
                    values=scores.values[:, order],
                    source=scores.source[order],
                ),
                at,
            )
        record_as_is(other, state)
    with session.editing() as state:
        state.runs[0].thresholds = None
    (pair,) = compare_session_runs(session, ["base", "larger:base"], QUICK).pairs
    assert pair.comparison.macro_f1.difference == 0.0
    assert pair.a.thresholds == pair.b.thresholds


def test_an_offline_run_is_not_compared_with_one_on_aws(session: Session) -> None:
    other = other_session(session)
    with other.editing() as state:
        state.engine = msgspec.structs.replace(state.engine, name="aws")
    with pytest.raises(InvalidInput, match="offline twin's scores are not Comprehend's"):
        compare_session_runs(session, ["base", "larger:base"], QUICK)


def test_runs_without_a_document_in_common_are_refused(session: Session) -> None:
    def rewritten(dataset: Dataset) -> Dataset:
        return dataclasses.replace(dataset, texts=[f"{text} once more" for text in dataset.texts])

    other_session(session, edit=rewritten)
    looks = session.state().test_looks
    with pytest.raises(InvalidInput, match="no document is in the test part of all"):
        compare_session_runs(session, ["base", "larger:base"], QUICK)
    assert session.state().test_looks == looks


def test_documents_that_a_run_learnt_from_are_no_common_ground(session: Session) -> None:
    tested, trained = (part_ids(session, "s1", part) for part in ("test", "train"))
    texts = {new: text_of(session, old) for new, old in zip(trained, tested, strict=False)}
    other_session(session, edit=with_texts(texts))
    with pytest.raises(InvalidInput, match="was trained or tuned on by one of them"):
        compare_session_runs(session, ["base", "larger:base"], QUICK)


@pytest.mark.parametrize("name", ["nowhere:base", "larger:nope", ":base"])
def test_a_run_of_another_session_must_be_there(session: Session, name: str) -> None:
    other_session(session)
    with pytest.raises(InvalidInput, match="No such"):
        compare_session_runs(session, ["base", name], QUICK)


def test_a_session_may_be_given_as_a_folder_and_its_own_name(session: Session) -> None:
    other = other_session(session)
    names = ["small:base", f"{other.folder}:base"]
    assert [run.name for run in find_compared(session, names)] == ["base", "larger:base"]
    with pytest.raises(InvalidInput, match="Nothing to compare"):
        find_compared(session, ["base", "small:base"])
