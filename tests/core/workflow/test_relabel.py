"""Marks: kept at once, undone, exported, imported, and applied as a new revision."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from core.dataset.documents import Dataset, load_dataset, save_dataset
from core.errors import InvalidInput
from core.files import file_fingerprint
from core.workflow.data import current_dataset
from core.workflow.relabel import apply_marks, preview_marks
from core.workflow.review import (
    Mark,
    Marks,
    ReviewRow,
    add_marks,
    load_review,
    read_marks,
    relabel_mark,
    review_label,
    undo_marks,
)
from core.workflow.session import Session
from core.workflow.split import load_all_parts
from core.workflow.steps import step_statuses


@pytest.fixture
def session(tickets_session: Path) -> Session:
    return Session(tickets_session)


def by_id(session: Session) -> dict[str, set[str]]:
    dataset = current_dataset(session, session.state())
    return dict(zip(dataset.ids, map(set, dataset.label_sets()), strict=True))


def some_ids(session: Session, part: str, label: str, has: bool = True) -> list[str]:
    """Documents of a part that have exactly one label (or not that one)."""
    state = session.state()
    assert state.split is not None
    parts = load_all_parts(session, state.split) == state.split.part_names.index(part)
    dataset = current_dataset(session, state)
    labels = dataset.label_sets()
    return [
        dataset.ids[row]
        for row in np.flatnonzero(parts).tolist()
        if len(labels[row]) == 1 and (label in labels[row]) == has
    ]


def test_every_list_holds_what_it_says(session: Session) -> None:
    data = load_review(session)
    for label in data.labels:
        for name in ("suspects", "duplicates", "contradictions"):
            review = review_label(data, label, name)
            assert review.found == review.sizes[name] == len(review.rows)
        suspects = review_label(data, label, "suspects").rows
        sure = [row.confidence for row in suspects]
        assert sure == sorted(sure)
        assert all(0 <= value < 1 for value in sure)


def test_equal_texts_with_and_without_a_label_are_read_together(session: Session) -> None:
    part = some_ids(session, "calibration", "billing")[:1] + some_ids(session, "calibration", "bug")
    state = session.state()
    path = session.path(state.revisions[0].path)
    dataset = load_dataset(path)
    places = {name: row for row, name in enumerate(dataset.ids)}
    dataset.texts[places[part[1]]] = dataset.texts[places[part[0]]].upper() + " !"
    made = save_dataset(dataset, path)
    with session.editing() as state:
        state.revisions[0] = replace(state.revisions[0], fingerprint=made)
        state.splits[0] = replace(state.splits[0], dataset=made)
    data = load_review(session)
    for label in ("billing", "bug"):
        assert {row.id for row in review_label(data, label, "duplicates").rows} == set(part[:2])
    assert review_label(data, "login", "duplicates").rows == ()


def test_the_none_label_beside_another_one_is_found_under_both(session: Session) -> None:
    state = session.state()
    assert state.split is not None
    path = session.path(f"data/{state.split.id}/truth.npz")
    with np.load(path) as kept:
        arrays = {name: kept[name].copy() for name in kept.files}
    rows = np.flatnonzero(arrays["parts"] == state.split.part_names.index("calibration"))
    arrays["membership"][rows[0], :] = [True, False, False, False, True]
    np.savez(path, **arrays)
    with session.editing() as state:
        state.splits[0] = replace(state.splits[0], truth_fingerprint=file_fingerprint(path))
    data = load_review(session)
    name = data.documents.ids[0]
    for label, found in (("billing", [name]), ("clean", [name]), ("bug", [])):
        assert [row.id for row in review_label(data, label, "contradictions").rows] == found


def test_the_words_that_drive_a_score_are_those_of_the_text(session: Session) -> None:
    data = load_review(session)
    row = review_label(data, "billing").rows[0]
    terms = data.explain("billing", row.text)
    assert terms and all(word in row.text.lower() for word, _ in terms)
    weights = [abs(weight) for _, weight in terms]
    assert weights == sorted(weights, reverse=True)
    assert data.explain("no such label", row.text) is None
    for model in session.path("offline").rglob("model"):
        model.unlink()
    assert load_review(session).explain("billing", row.text) is None, "its classifier is gone"


def test_marks_are_on_disk_and_undone_one_by_one(session: Session) -> None:
    one, two = some_ids(session, "test", "billing")[:2]
    add_marks(session, [Mark(one, "billing", "remove")])
    marks = add_marks(session, [Mark(two, "billing", "drop")])
    assert len(marks) == 2 and read_marks(Session(session.folder)).all() == marks.all()
    assert marks.of(two, "bug") == Mark(two, "billing", "drop"), "a dropped one is so everywhere"
    assert marks.of(one, "bug") is None
    revived = add_marks(session, [Mark(two, "bug", "keep")])
    assert revived.of(two, "billing") is None
    assert undo_marks(session) == (Mark(two, "bug", "keep"),)
    assert read_marks(session).of(two, "billing") == Mark(two, "billing", "drop")
    undo_marks(session)
    undo_marks(session)
    assert undo_marks(session) == () and len(read_marks(session)) == 0


def test_a_killed_process_loses_no_mark(session: Session) -> None:
    program = (
        "import sys, os, signal\nfrom pathlib import Path\n"
        "from core.workflow.session import Session\n"
        "from core.workflow.review import Mark, add_marks\n"
        "add_marks(Session(Path(sys.argv[1])), [Mark('T1', 'bug', 'keep')])\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(session.folder)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert read_marks(session).all() == [Mark("T1", "bug", "keep")]


def test_a_damaged_file_of_marks_is_named_with_its_line(session: Session) -> None:
    add_marks(session, [Mark("T1", "bug", "keep")])
    path = session.path("review.jsonl")
    path.write_bytes(path.read_bytes() + b'{"at": \n')
    with pytest.raises(InvalidInput, match=r"review.jsonl line 2"):
        read_marks(session)


def test_applying_makes_a_new_revision_and_leaves_the_source(session: Session) -> None:
    state = session.state()
    source = session.path(state.revisions[0].path).read_bytes()
    gone, bare, moved = (
        some_ids(session, "train", name)[0] for name in ("bug", "billing", "clean")
    )
    add_marks(
        session,
        [Mark(gone, "bug", "drop"), Mark(bare, "billing", "remove"), Mark(moved, "login", "add")],
    )
    before = by_id(session)
    applied = apply_marks(session)
    after = by_id(session)
    assert gone not in after
    assert after[bare] == {"clean"}, "the last label taken off leaves the none-label"
    assert after[moved] == {"login"}, "another label takes the none-label's place"
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {bare, moved}
    assert session.path(state.revisions[0].path).read_bytes() == source
    assert applied.relabelling.by_part == {"train": 3, "calibration": 0, "test": 0}
    assert session.state().dataset.fix == "review"
    with pytest.raises(InvalidInput, match="none of which changes"):
        apply_marks(session)


def test_the_split_is_carried_over_and_later_steps_are_stale(session: Session) -> None:
    old = session.state().split
    assert old is not None
    parts = dict(zip(by_id(session), load_all_parts(session, old).tolist(), strict=True))
    add_marks(session, [Mark(some_ids(session, "train", "bug")[0], "bug", "drop")])
    made = apply_marks(session).split
    assert made is not None and made.id == "s2" and made.seed == old.seed
    kept = dict(zip(by_id(session), load_all_parts(session, made).tolist(), strict=True))
    assert kept == {name: part for name, part in parts.items() if name in kept}
    state = session.state()
    found = {row.step.id: row.status for row in step_statuses(session, state)}
    assert found["split"] == "done"
    assert (found["health"], found["train"], found["thresholds"]) == ("stale",) * 3
    assert session.path(made.training["train"].path).exists()


def test_without_a_fresh_split_none_is_carried_over(session: Session) -> None:
    name = some_ids(session, "train", "bug")[0]
    with session.editing() as state:
        state.splits, state.runs = [], []
    add_marks(session, [Mark(name, "bug", "drop")])
    applied = apply_marks(session)
    assert applied.split is None and "split again" in applied.relabelling.notes[0]


def test_marks_in_the_test_part_are_said(session: Session) -> None:
    dropped, relabelled = some_ids(session, "test", "billing")[:2]
    add_marks(session, [Mark(dropped, "billing", "drop"), Mark(relabelled, "bug", "add")])
    applied = apply_marks(session)
    assert "the test part changed (2 documents)" in applied.relabelling.notes[0]


def test_a_document_is_never_left_without_a_label(session: Session) -> None:
    names = some_ids(session, "train", "clean")[:2]
    add_marks(session, [Mark(name, "clean", "remove") for name in names])
    with pytest.raises(InvalidInput, match=f"2 documents would have no label: {names[0]}"):
        preview_marks(session)
    assert len(session.state().revisions) == 1


def test_a_class_gives_way_to_the_marked_one() -> None:
    marks = Marks("multi-class")
    marks.put(Mark("a", "x", "keep"))
    marks.put(Mark("a", "y", "add"))
    assert marks.all() == [Mark("a", "y", "add")]
    row = ReviewRow("a", "", ("x",), 0.2, "false-negative", rival="z")
    assert relabel_mark(row, "x", "multi-class", None) == Mark("a", "z", "add")
    assert relabel_mark(row, "y", "multi-class", None) == Mark("a", "y", "add")
    alone = ReviewRow("a", "", ("x",), None, "false-negative")
    with pytest.raises(InvalidInput, match="would have no label"):
        relabel_mark(alone, "x", "multi-class", None)


def test_marks_of_classes_are_applied_one_class_each(session: Session) -> None:
    state = session.state()
    dataset = load_dataset(session.path(state.revisions[0].path))
    first = np.zeros_like(dataset.membership)
    first[np.arange(len(dataset)), dataset.membership.argmax(axis=1)] = True
    made = save_dataset(
        Dataset(dataset.ids, dataset.texts, dataset.labels, first, "multi-class"),
        session.path("data/r1.jsonl"),
    )
    text = session.state_path.read_text()
    kept = json.loads(text)
    kept["revisions"][0] |= {"mode": "multi-class", "none_label": None, "fingerprint": made}
    session.state_path.write_text(json.dumps(kept))
    row = int(np.flatnonzero(first[:, 0])[0])
    add_marks(session, [Mark(dataset.ids[row], dataset.labels[2], "add")])
    apply_marks(session)
    assert by_id(session)[dataset.ids[row]] == {dataset.labels[2]}
