"""Marks as CSV: written, edited, taken in; bad files are named with line and hint."""

import csv
from pathlib import Path

import pytest

from core.dataset.documents import load_dataset, save_dataset
from core.errors import InvalidInput
from core.workflow.data import current_dataset
from core.workflow.review import (
    Mark,
    add_marks,
    export_list,
    export_marks,
    import_marks,
    load_review,
    read_marks,
    review_label,
    undo_marks,
)
from core.workflow.session import Session
from tests.recording import record_as_is


@pytest.fixture
def session(tickets_session: Path) -> Session:
    return Session(tickets_session)


def test_exported_marks_come_back_and_a_formula_is_made_harmless(
    session: Session, tmp_path: Path
) -> None:
    state = session.state()
    path = session.path(state.revisions[0].path)
    dataset = load_dataset(path)
    dataset.texts[0] = '=HYPERLINK("http://example.org")\nsecond line'
    save_dataset(dataset, path)
    record_as_is(session)
    wanted = [Mark(dataset.ids[0], "bug", "add"), Mark(dataset.ids[1], "billing", "drop")]
    add_marks(session, wanted)
    assert export_marks(session, tmp_path / "marks.csv") == 2
    rows = list(csv.DictReader((tmp_path / "marks.csv").open(newline="", encoding="utf-8")))
    assert rows[0]["text"] == "'" + dataset.texts[0]
    undo_marks(session)
    assert import_marks(session, tmp_path / "marks.csv").all() == wanted


@pytest.mark.parametrize("is_raw", [False, True])
def test_ids_that_a_spreadsheet_would_run_come_back(
    session: Session, tmp_path: Path, is_raw: bool
) -> None:
    state = session.state()
    path = session.path(state.revisions[0].path)
    dataset = load_dataset(path)
    dataset.ids[:4] = ["=1+1", "'=1+1", "-7", "\r@x"]
    dataset.texts[0] = "x" * 200_000 + "\r=1+1"
    save_dataset(dataset, path)
    record_as_is(session)
    marks = [Mark(name, "billing", "drop") for name in dataset.ids[:4]]
    add_marks(session, marks)
    export_marks(session, tmp_path / "marks.csv", is_raw)
    cells = [row["id"] for row in csv.DictReader((tmp_path / "marks.csv").open(newline=""))]
    assert cells == dataset.ids[:4] if is_raw else cells == ["'" + n for n in dataset.ids[:4]]
    undo_marks(session)
    assert import_marks(session, tmp_path / "marks.csv", is_raw).all() == marks


def test_an_id_written_by_hand_needs_no_apostrophe(session: Session, tmp_path: Path) -> None:
    path = session.path(session.state().revisions[0].path)
    dataset = load_dataset(path)
    dataset.ids[:2] = ["'=odd", "-7"]
    save_dataset(dataset, path)
    record_as_is(session)
    (tmp_path / "marks.csv").write_text("id,label,mark\n'=odd,bug,keep\n-7,bug,keep\n")
    assert [mark.id for mark in import_marks(session, tmp_path / "marks.csv").all()] == [
        "'=odd",
        "-7",
    ]


def test_a_list_is_exported_edited_and_taken_in(session: Session, tmp_path: Path) -> None:
    review = review_label(load_review(session), "billing", "false-negatives")
    path = tmp_path / "list.csv"
    assert export_list(review, path) == len(review.rows)
    rows = list(csv.DictReader(path.open(newline="", encoding="utf-8")))
    assert [row["mark"] for row in rows] == [""] * len(rows)
    rows[0]["mark"] = " Keep "
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    assert import_marks(session, path).all() == [Mark(review.rows[0].id, "billing", "keep")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id,label\n", "line 1: column mark is missing"),
        ("id,label,mark\nnobody,bug,keep\n", "line 2: no document has the id 'nobody'"),
        ("id,label,mark\nID,bug,delete\n", "line 2: 'delete' is not a mark"),
        ("id,label,mark\nID,nolabel,add\n", "line 2: 'nolabel' is not a label"),
        ("id,label,mark\nID,bug,keep\nID,bug,add\n", "line 3: another mark than in line 2"),
        ('id,label,mark,text\nID,bug,keep,"a\nb"\nID,bug\n', "line 4: 2 cells only"),
        ("id,label,mark\n\xff", "line 2: not UTF-8"),
        ('id,label,mark\nID,"bug,keep\n', "line"),
    ],
)
def test_a_bad_file_is_named_with_line_and_hint_and_changes_nothing(
    session: Session, tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "marks.csv"
    path.write_bytes(
        text.replace("ID", current_dataset(session, session.state()).ids[0]).encode("latin-1")
    )
    with pytest.raises(InvalidInput) as caught:
        import_marks(session, path)
    assert said in caught.value.message and "marks.csv" in caught.value.message
    assert caught.value.hint
    assert len(read_marks(session)) == 0


def test_unknown_ids_are_named_and_the_rest_counted(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "marks.csv"
    rows = "".join(f"x{number},bug,keep\n" for number in range(9))
    path.write_text(f"id,label,mark\n{rows}")
    with pytest.raises(InvalidInput, match=r"'x0'.*'x4'; and 4 more lines"):
        import_marks(session, path)
