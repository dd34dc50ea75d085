"""Comprehend's files: training CSV, scoring text, line maps."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.dataset.documents import Dataset, Mode, membership_of
from core.dataset.formats.comprehend_files import (
    DELIMITERS,
    LineMap,
    byte_lines,
    choose_delimiter,
    load_line_map,
    one_line,
    refuse_labelled_lines,
    save_line_map,
    write_scoring_text,
    write_training_csv,
)
from core.errors import InvalidInput
from core.files import file_fingerprint

EVERY_BREAK = "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
HOSTILE = st.text(
    st.one_of(
        st.characters(codec="utf-8"),
        st.sampled_from(EVERY_BREAK + "\x00\ufeff\x01\x02\x1f \t,\"';|"),
    ),
    max_size=60,
)


def dataset_of(*rows: tuple[str, list[str]], mode: Mode = "multi-label") -> Dataset:
    labels = tuple(dict.fromkeys(name for _, names in rows for name in names))
    return Dataset(
        ids=[f"d{number}" for number in range(len(rows))],
        texts=[text for text, _ in rows],
        labels=labels,
        membership=membership_of([names for _, names in rows], labels),
        mode=mode,
    )


def with_csv_module(rows: list[tuple[str, str]]) -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, quoting=csv.QUOTE_MINIMAL, lineterminator="\n").writerows(rows)
    return buffer.getvalue().encode()


@given(HOSTILE)
def test_d2_d3_any_text_becomes_one_line(text: str) -> None:
    line = one_line(text)
    assert len(line.splitlines()) <= 1
    assert not set(line) & set(EVERY_BREAK + "\x00")
    assert line == line.strip()


@given(st.lists(HOSTILE, max_size=8))
def test_lines_made_in_blocks_equal_lines_made_alone(texts: list[str]) -> None:
    assert byte_lines(texts) == [one_line(text).encode() for text in texts]


def test_d2_row_breaks_of_every_kind_become_one_blank_each_run() -> None:
    assert one_line("\ufeff a\r\nb\rc\n\n\nd\u2028\x85e\x00f \n") == "a b c d e f"
    assert one_line("plain") == "plain"
    assert one_line(" \r\n\x00\u2028 ") == ""


def test_training_csv_is_exactly_labels_text_lf(tmp_path: Path) -> None:
    path = tmp_path / "train.csv"
    rows = [
        ('Paulo, your $1000 "award"\nis waiting', ["spam", "money"]),
        ("Text of document 1", ["spam"]),
        ("line\r\nbreak, and more", ["science fiction"]),
    ]
    assert write_training_csv(dataset_of(*rows), path) == 3
    assert path.read_bytes() == (
        b'spam|money,"Paulo, your $1000 ""award"" is waiting"\n'
        b"spam,Text of document 1\n"
        b'science fiction,"line break, and more"\n'
    )


@given(
    st.lists(
        st.tuples(
            HOSTILE.filter(one_line),
            st.lists(st.sampled_from(['a"b', "c,d", "e f", "g", "Ünder"]), min_size=1, unique=True),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_training_csv_equals_csv_writer_and_reads_back(rows: list[tuple[str, list[str]]]) -> None:
    import tempfile

    dataset = dataset_of(*rows)
    cells = ["|".join(names) for names in dataset.label_sets()]
    texts = [one_line(text) for text, _ in rows]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "train.csv"
        write_training_csv(dataset, path)
        data = path.read_bytes()
        with path.open(encoding="utf-8", newline="") as file:
            read_back = list(csv.reader(file, strict=True))
    assert data == with_csv_module(list(zip(cells, texts, strict=True)))
    assert data.count(b"\n") == len(rows)
    assert read_back == [[cell, text] for cell, text in zip(cells, texts, strict=True)]


def test_d8_d10_training_csv_reads_back_with_pandas(tmp_path: Path) -> None:
    import pandas as pd

    texts = ["NA", "null", "None", "nan", 'say "hi", twice', "x" * 300_000, "ünïcode 😀", "a\tb"]
    dataset = dataset_of(*((text, ["None", "NA"]) for text in texts))
    write_training_csv(dataset, tmp_path / "t.csv")
    table = pd.read_csv(
        tmp_path / "t.csv", header=None, dtype=str, keep_default_na=False, na_filter=False
    )
    assert table[0].tolist() == ["None|NA"] * len(texts)
    assert table[1].tolist() == texts


def test_training_csv_has_every_block(tmp_path: Path) -> None:
    dataset = dataset_of(*((f"text {number}", [f"l{number % 3}"]) for number in range(3000)))
    assert write_training_csv(dataset, tmp_path / "t.csv") == 3000
    lines = (tmp_path / "t.csv").read_bytes().split(b"\n")
    assert lines[2999] == b"l2,text 2999"
    assert lines[3000] == b""


@pytest.mark.parametrize(
    ("label", "delimiter", "what"),
    [
        ("a|b", "|", "delimiter occurs in a label"),
        ("", "|", "Blank label"),
        ("  ", "|", "Blank label"),
        (" a", "|", "cannot be written"),
        ("a ", "|", "cannot be written"),
        ("a\nb", "|", "cannot be written"),
        ("a\ud800", "|", "cannot be written"),
        ("a", ",", "Unknown label delimiter"),
        ("a", "||", "Unknown label delimiter"),
        ("a", "", "Unknown label delimiter"),
    ],
)
def test_d9_labels_that_break_the_file_are_refused(
    tmp_path: Path, label: str, delimiter: str, what: str
) -> None:
    path = tmp_path / "t.csv"
    with pytest.raises(InvalidInput, match=what):
        write_training_csv(dataset_of(("text", [label])), path, delimiter)
    assert not path.exists()


def test_d9_refusal_proposes_a_delimiter_that_is_free(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        write_training_csv(dataset_of(("text", ["a|b", "c;d"])), tmp_path / "t.csv")
    assert '":"' in caught.value.hint


def test_d9_delimiter_choice_keeps_the_preferred_and_avoids_labels() -> None:
    assert choose_delimiter(["a", "b"]) == "|"
    assert choose_delimiter(["a|b"]) == ";"
    assert choose_delimiter(["a|b"], "~") == "~"
    with pytest.raises(InvalidInput, match="No label delimiter is left"):
        choose_delimiter([DELIMITERS])
    with pytest.raises(InvalidInput, match="Unknown label delimiter"):
        choose_delimiter(["a"], ",")


def test_every_delimiter_matches_the_pattern_of_the_service_model() -> None:
    import re

    pattern = re.compile(r"^[ ~!@#$%^*\-_+=|\\:;\t>?/]$")
    allowed = {chr(code) for code in range(128) if pattern.match(chr(code)) and chr(code) != "\n"}
    assert set(DELIMITERS) == allowed


def test_documents_with_a_wrong_number_of_labels_are_refused(tmp_path: Path) -> None:
    none = Dataset(["x"], ["t"], ("a",), np.zeros((1, 1), dtype=np.bool_), "multi-label")
    with pytest.raises(InvalidInput, match='"x" has 0 labels'):
        write_training_csv(none, tmp_path / "t.csv")
    two = dataset_of(("t", ["a", "b"]), mode="multi-class")
    with pytest.raises(InvalidInput, match="has 2 labels"):
        write_training_csv(two, tmp_path / "t.csv")


def test_a_class_may_hold_the_delimiter_where_labels_are_not_joined(tmp_path: Path) -> None:
    write_training_csv(dataset_of(("t", ["a|b"]), mode="multi-class"), tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_bytes() == b"a|b,t\n"


@pytest.mark.parametrize("write", [write_training_csv, write_scoring_text])
def test_d4_blank_documents_are_never_written(tmp_path: Path, write: object) -> None:
    assert callable(write)
    path = tmp_path / "out"
    with pytest.raises(InvalidInput, match="1 document without any text: d1"):
        write(dataset_of(("t", ["a"]), (" \n\u2028\x00", ["a"])), path)
    assert not path.exists()
    with pytest.raises(InvalidInput, match="nothing to write"):
        write(dataset_of(), path)


def test_half_of_a_surrogate_pair_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="in document d1"):
        write_scoring_text(dataset_of(("t", ["a"]), ("\ud83d", ["a"])), tmp_path / "s.txt")


def test_d3_scoring_text_has_one_physical_line_per_document(tmp_path: Path) -> None:
    path = tmp_path / "test.txt"
    texts = [f"a{mark}b" for mark in EVERY_BREAK] + ["\r\n\r\nc\r", 'with "quotes", commas']
    line_map = write_scoring_text(dataset_of(*((text, ["x"]) for text in texts)), path)
    data = path.read_bytes()
    assert data.count(b"\n") == len(texts) == len(line_map.ids)
    assert b"\r" not in data
    assert len(data.decode().splitlines()) == len(texts)
    assert data.split(b"\n")[-2] == b'with "quotes", commas'
    assert line_map.file_name == "test.txt"
    assert line_map.fingerprint == file_fingerprint(path)
    assert line_map.ids[0] == "d0"


def test_line_map_round_trip_and_refusals(tmp_path: Path) -> None:
    line_map = LineMap("a.txt", "sha256:0", ["x", "ü\u2028"])
    save_line_map(line_map, tmp_path / "m.json")
    assert load_line_map(tmp_path / "m.json") == line_map
    for content in (b"", b"[]", b'{"format":"other","version":1,"map":{"file_name":"a"}}'):
        (tmp_path / "bad.json").write_bytes(content)
        with pytest.raises(InvalidInput, match="line map"):
            load_line_map(tmp_path / "bad.json")
    newer = (tmp_path / "m.json").read_bytes().replace(b'"version":1', b'"version":2')
    (tmp_path / "bad.json").write_bytes(newer)
    with pytest.raises(InvalidInput, match="2 is not known here"):
        load_line_map(tmp_path / "bad.json")
    with pytest.raises(InvalidInput, match="line map"):
        load_line_map(tmp_path / "absent.json")


def test_d1_a_labelled_csv_is_refused_as_scoring_text(tmp_path: Path) -> None:
    rows = dataset_of(*((f"some text, {n}", ["toxic", "insult"][: n % 2 + 1]) for n in range(20)))
    write_training_csv(rows, tmp_path / "train.csv")
    with pytest.raises(InvalidInput, match="20 of 20 rows begin with known labels"):
        refuse_labelled_lines(tmp_path / "train.csv", rows.labels)
    write_scoring_text(rows, tmp_path / "test.txt")
    refuse_labelled_lines(tmp_path / "test.txt", rows.labels)


def test_d1_line_breaks_inside_labelled_rows_do_not_hide_the_labels(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    body = "\n".join(f"line {n}" for n in range(50))
    path.write_bytes(with_csv_module([("toxic;threat", body), ("clean", body)] * 3))
    with pytest.raises(InvalidInput, match="6 of 6 rows"):
        refuse_labelled_lines(path, ["toxic", "threat", "clean"])


def test_d1_texts_that_carry_their_labels_are_refused_before_writing(tmp_path: Path) -> None:
    leaking = dataset_of(*((f'spam,"text {n}"', ["spam"]) for n in range(4)))
    with pytest.raises(InvalidInput, match="such as"):
        write_scoring_text(leaking, tmp_path / "t.txt")
    honest = dataset_of(
        ("spam, eggs and ham", ["spam"]), *((f"t{n}, x", ["spam"]) for n in range(9))
    )
    write_scoring_text(honest, tmp_path / "t.txt")
