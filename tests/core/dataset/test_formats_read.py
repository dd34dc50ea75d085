"""Every accepted source becomes the same dataset; every fault is named with its place."""

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.dataset.documents import Dataset
from core.dataset.formats.comprehend_files import write_training_csv
from core.dataset.formats.detect import detect_source
from core.dataset.formats.reading import read_source
from core.dataset.formats.sources import ImportReport, SourceFormat, SourceSettings
from core.errors import Interrupted, InvalidInput
from core.files import file_fingerprint
from core.progress import CancelToken, Progress, Watch

WIDE = 'id,comment_text,toxic,threat\na1,"first, text",1,0\na2,"line\none",0,0\na3,third,1,1\n'
EXPECTED = [["toxic"], ["clean"], ["toxic", "threat"]]
TEXTS = ["first, text", "line\none", "third"]


def imported(folder: Path, content: str | bytes, **given: object) -> tuple[Dataset, ImportReport]:
    path = folder / "source.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_source(path, SourceSettings(**given))  # type: ignore[arg-type]


def refusal(folder: Path, content: str | bytes, **given: object) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        imported(folder, content, **given)
    assert caught.value.title
    assert caught.value.hint
    return caught.value


def test_wide_csv_gives_texts_labels_ids_and_the_none_label(tmp_path: Path) -> None:
    dataset, report = imported(tmp_path, WIDE)
    assert dataset.ids == ["a1", "a2", "a3"]
    assert dataset.texts == TEXTS
    assert dataset.labels == ("toxic", "threat", "clean")
    assert dataset.label_sets() == EXPECTED
    assert dataset.none_label == "clean"
    assert (report.rows_read, report.documents, report.none_label_documents) == (3, 3, 1)
    assert report.source_fingerprint == file_fingerprint(tmp_path / "source.csv")


def json_lines(labels: object) -> str:
    sets = [["toxic"], labels, ["toxic", "threat"]]
    rows = zip(("a1", "a2", "a3"), TEXTS, sets, strict=True)
    return "\n".join(json.dumps({"id": i, "text": t, "labels": x}) for i, t, x in rows)


def manifest() -> str:
    maps = [{"0": "toxic"}, {}, {"0": "toxic", "1": "threat"}]
    return "\n".join(
        json.dumps({"source": t, "job": [int(k) for k in m], "job-metadata": {"class-map": m}})
        for t, m in zip(TEXTS, maps, strict=True)
    )


SOURCES = {
    "semicolons": WIDE.replace(",", ";").replace("first; text", "first, text"),
    "tabs": WIDE.replace("first, text", "first; text")
    .replace(",", "\t")
    .replace("first; text", "first, text"),
    "crlf": WIDE.replace("\n", "\r\n").replace("line\r\none", "line\none"),
    "cr": WIDE.replace("\n", "\r").replace("line\rone", "line\none"),
    "no final newline": WIDE.rstrip("\n"),
    "blank lines": "\n\n" + WIDE.replace("\na3", "\n\na3") + "\n\n",
    "byte order mark": "\ufeff" + WIDE,
    "floats": WIDE.replace("1,0\n", "1.0,0.0\n").replace("0,0\n", "False,false\n"),
    "label list": 'id,text,labels\na1,"first, text",toxic\n'
    'a2,"line\none",\na3,third,toxic|threat\n',
    "lists": 'text,labels\n"first, text","[""toxic""]"\n"line\none",[]\n'
    "third,\"['toxic', 'threat']\"\n",
    "comprehend": 'toxic,"first, text"\n,"line\none"\ntoxic|threat,third\n',
    "json lines": json_lines([]),
    "json lines, null": json_lines(None),
    "manifest": manifest(),
}


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("name", SOURCES)
def test_every_form_gives_the_same_documents(tmp_path: Path, name: str, packed: bool) -> None:
    content = SOURCES[name].encode()
    dataset, report = imported(tmp_path, gzip.compress(content) if packed else content)
    assert dataset.texts == TEXTS
    assert dataset.label_sets() == EXPECTED
    assert dataset.mode == "multi-label"
    assert report.had_bom == (name == "byte order mark")
    assert report.source_fingerprint == file_fingerprint(tmp_path / "source.csv")


def test_multi_class_forms_give_one_label_each(tmp_path: Path) -> None:
    texts = ["a", "b", "c"]
    one_list = "text,label\na,x\nb,y\nc,x\n"
    lines = "\n".join(
        json.dumps({"text": t, "label": x}) for t, x in zip(texts, "xyx", strict=True)
    )
    names = "\n".join(
        json.dumps({"source": t, "job": 0, "job-metadata": {"class-name": x}})
        for t, x in zip(texts, "xyx", strict=True)
    )
    for content in (one_list, "x,a\ny,b\nx,c\n", lines, names):
        dataset, _ = imported(tmp_path, content)
        assert dataset.mode == "multi-class"
        assert dataset.texts == texts
        assert dataset.label_sets() == [["x"], ["y"], ["x"]]
        assert dataset.none_label is None


def test_missing_ids_come_from_the_row_and_taken_ones_are_changed(tmp_path: Path) -> None:
    dataset, _ = imported(tmp_path, "text,labels\na,x|y\nb,x\n")
    assert dataset.ids == ["row-1", "row-2"]
    content = "id,text,labels\nk,a,x|y\nk,b,x\nk#2,c,x\n,d,y\nk,e,y\n"
    dataset, report = imported(tmp_path, content, id_column="id")
    assert dataset.ids == ["k", "k#3", "k#2", "row-4", "k#4"]
    assert report.renamed_ids == 3
    assert any("3 ids" in note for note in report.notes)


def test_an_empty_name_for_the_id_column_means_none(tmp_path: Path) -> None:
    dataset, _ = imported(tmp_path, WIDE, id_column="")
    assert dataset.ids == ["row-1", "row-2", "row-3"]


def test_groups_are_kept(tmp_path: Path) -> None:
    dataset, _ = imported(tmp_path, "group,text,label\ng1,a,x\ng1,b,y\ng2,c,x\n")
    assert dataset.groups == ["g1", "g1", "g2"]


def test_d16_rows_that_are_not_scored_are_left_out_and_counted(tmp_path: Path) -> None:
    content = "text,toxic,threat\na,1,0\nb,-1,-1\nc,0,-1\nd,0,1\n"
    dataset, report = imported(tmp_path, content)
    assert dataset.texts == ["a", "d"]
    assert dataset.ids == ["row-1", "row-4"]
    assert (report.rows_read, report.not_scored_rows, report.documents) == (4, 2, 2)
    assert "no scored rows" in refusal(tmp_path, "text,toxic,threat\na,-1,-1\n").message


def test_a_failed_labelling_job_counts_as_not_scored(tmp_path: Path) -> None:
    failed = {"source": "b", "job": -1, "job-metadata": {"failure-reason": "timeout"}}
    good = {"source": "a", "job": 1, "job-metadata": {"class-name": "x"}}
    dataset, report = imported(tmp_path, f"{json.dumps(good)}\n{json.dumps(failed)}\n")
    assert (dataset.texts, report.not_scored_rows) == (["a"], 1)


def test_d8_words_for_missing_values_are_text_and_labels(tmp_path: Path) -> None:
    words = ["NA", "null", "None", "nan", "NaN", "N/A", ""]
    rows = "".join(f"{word},None\n" for word in words)
    dataset, _ = imported(tmp_path, "text,label\n" + rows)
    assert dataset.texts == words
    assert dataset.labels == ("None",)


def test_d9_empty_and_repeated_pieces_are_kept_and_counted(tmp_path: Path) -> None:
    dataset, report = imported(tmp_path, "text,labels\np,a||b\nq,a|a\nr,|b\n")
    assert dataset.labels == ("a", "", "b")
    assert dataset.label_sets() == [["a", "", "b"], ["a"], ["", "b"]]
    assert report.repeated_label_cells == 1


def test_d14_variants_of_a_label_stay_apart(tmp_path: Path) -> None:
    dataset, _ = imported(tmp_path, "text,labels\np,Threat|threat\nq,threat |x\n")
    assert dataset.labels == ("Threat", "threat", "threat ", "x")


def test_d15_the_number_of_rows_is_whatever_the_file_has(tmp_path: Path) -> None:
    rows = "".join(f"{number},t{number},{number % 2},0\n" for number in range(5000))
    dataset, report = imported(tmp_path, "id,text,a,b\n" + rows)
    assert (len(dataset), report.documents, report.rows_read) == (5000, 5000, 5000)


def test_an_existing_none_label_counts_as_it_and_contradictions_are_counted(tmp_path: Path) -> None:
    content = "text,clean,toxic\na,1,0\nb,0,1\nc,1,1\nd,0,0\n"
    dataset, report = imported(tmp_path, content)
    assert dataset.labels == ("clean", "toxic")
    assert dataset.label_sets() == [["clean"], ["toxic"], ["clean", "toxic"], ["clean"]]
    assert (report.none_label_documents, report.contradictions) == (3, 1)


def test_a_none_label_is_only_made_when_needed(tmp_path: Path) -> None:
    dataset, _ = imported(tmp_path, "text,labels\na,x|y\nb,x\n")
    assert (dataset.labels, dataset.none_label) == (("x", "y"), None)
    dataset, _ = imported(tmp_path, "text,labels\na,x|y\nb,\n", none_label="nothing")
    assert (dataset.labels, dataset.none_label) == (("x", "y", "nothing"), "nothing")


def test_unlabelled_documents_are_an_error_on_request_with_their_lines(tmp_path: Path) -> None:
    error = refusal(tmp_path, WIDE + "a4,x,0,0\n", unlabelled="error")
    assert "2 documents without a label, at line 3, 6" in error.message
    assert "blank" in refusal(tmp_path, WIDE, none_label=" ").message


def test_several_labels_in_multi_class_are_refused_with_their_lines(tmp_path: Path) -> None:
    error = refusal(tmp_path, WIDE, mode="multi-class")
    assert "1 document with several labels, at line 5" in error.message


def test_json_scalars_become_text(tmp_path: Path) -> None:
    content = '{"id": 7, "text": null, "label": 3}\n\n{"id": 8, "text": "b", "label": 4}\n'
    dataset, _ = imported(tmp_path, content)
    assert (dataset.ids, dataset.texts, dataset.labels) == (["7", "8"], ["", "b"], ("3", "4"))


def test_huge_cells_nul_bytes_and_line_breaks_survive(tmp_path: Path) -> None:
    text = "x\x00y" + "z" * 400_000 + "\r\nw"
    dataset, _ = imported(tmp_path, f'text,labels\n"{text}",a|b\nshort,a\n')
    assert dataset.texts == [text, "short"]


def test_reading_reports_bytes_and_can_be_stopped(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text(WIDE)
    settings = detect_source(tmp_path / "s.csv").settings
    events: list[Progress] = []
    read_source(tmp_path / "s.csv", settings, Watch(events.append))
    assert (events[-1].done, events[-1].total, events[-1].unit) == (len(WIDE), len(WIDE), "bytes")
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Interrupted):
        read_source(tmp_path / "s.csv", settings, watch=Watch(token=cancel))


CELLS = st.text(st.one_of(st.characters(codec="utf-8"), st.sampled_from('\n\r",; \t\x85\u2028')))


@given(st.lists(st.tuples(CELLS, st.booleans(), st.booleans()), min_size=1, max_size=12))
def test_any_text_survives_import(rows: list[tuple[str, bool, bool]]) -> None:
    import csv
    import tempfile

    settings = SourceSettings(
        format=SourceFormat.WIDE_CSV,
        mode="multi-label",
        text_column="text",
        label_columns=("a", "b"),
        field_delimiter=",",
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "s.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["text", "a", "b"])
            writer.writerows([text, int(a), int(b)] for text, a, b in rows)
        dataset, _ = read_source(path, settings)
    assert dataset.texts == [text for text, _, _ in rows]
    flags = [[a, b] for _, a, b in rows]
    assert dataset.membership[:, :2].tolist() == flags


def test_the_real_comments_are_imported_with_their_published_counts(
    shared_data: Path, tmp_path: Path
) -> None:
    path = shared_data / "jigsaw" / "comments.csv"
    dataset, report = read_source(path, SourceSettings())
    counts = dict(zip(dataset.labels, dataset.support.tolist(), strict=True))
    assert counts == {
        "toxic": 1748,
        "severe_toxic": 173,
        "obscene": 932,
        "threat": 61,
        "insult": 866,
        "identity_hate": 150,
        "clean": 16272,
    }
    assert report.rows_read == 18114
    write_training_csv(dataset, tmp_path / "train.csv")
    again, _ = read_source(tmp_path / "train.csv", SourceSettings())
    assert list(map(set, again.label_sets())) == list(map(set, dataset.label_sets()))
