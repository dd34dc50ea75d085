"""Predictions are joined by file and line; everything else is reported."""

import gzip
import json
import random
import tracemalloc
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.comprehend.predictions import join_predictions, join_problems
from core.errors import InvalidInput, OperationFailed
from tests.core.test_archive import file_member, make_archive

LABELS = ("a", "b", "c", "d")


def row(
    line: int | str | None, scores: Mapping[str, float], file: str = "x.txt", key: str = "Labels"
) -> dict[str, Any]:
    found: dict[str, Any] = {"File": file}
    if line is not None:
        found["Line"] = str(line)
    found[key] = [{"Name": name, "Score": score} for name, score in scores.items()]
    return found


def write(path: Path, rows: Iterable[dict[str, Any]], end: str = "\n") -> Path:
    path.write_text("\n".join(json.dumps(entry) for entry in rows) + end)
    return path


def test_d5_rows_are_joined_by_line_whatever_their_order(tmp_path: Path) -> None:
    generator = random.Random(3)
    truth = np.round(np.random.default_rng(3).random((5000, 4)), 4).astype(np.float32)
    rows = [
        row(line, dict(zip(LABELS, map(float, truth[line]), strict=True))) for line in range(5000)
    ]
    generator.shuffle(rows)
    scores, report = join_predictions(
        write(tmp_path / "p.jsonl", rows), file_name="x.txt", n_documents=5000, labels=LABELS
    )
    assert np.array_equal(scores.values, truth)
    assert scores.values.dtype == scores.ceilings.dtype == np.float32
    assert np.array_equal(scores.ceilings[:, 0], truth.min(axis=1))
    assert report.is_complete and report.joined == report.lines == 5000


def test_d5_rows_of_another_file_are_extra(tmp_path: Path) -> None:
    rows = [row(0, {"a": 0.9}), row(0, {"a": 0.1}, file="y.txt"), row(1, {"b": 0.5})]
    scores, report = join_predictions(
        write(tmp_path / "p.jsonl", rows), file_name="x.txt", n_documents=2, labels=LABELS
    )
    assert scores.values[0, 0] == np.float32(0.9)
    assert report.extra == (("y.txt", 0),) and report.extra_rows == 1
    assert not report.is_complete and report.joined == 2


def test_d5_missing_duplicated_extra_and_errored_rows_are_reported(tmp_path: Path) -> None:
    rows = [
        row(0, {"a": 0.9}),
        row(0, {"a": 0.9}),
        row(2, {"a": 0.3}),
        row(2, {"a": 0.4}),
        row(7, {"a": 0.4}),
        row(-1, {"a": 0.4}),
        row(None, {"a": 0.4}),
        {"File": "x.txt", "Line": 3, "ErrorCode": "TOO_LONG", "ErrorMessage": "too long"},
        {"File": "x.txt", "ErrorCode": "UNSUPPORTED_ENCODING", "ErrorMessage": "not UTF-8"},
        {"File": "x.txt", "Line": "5"},
    ]
    scores, report = join_predictions(
        write(tmp_path / "p.jsonl", rows), file_name="x.txt", n_documents=6, labels=LABELS
    )
    assert report.missing == (1, 4)
    assert report.duplicated == (0, 2) and report.conflicting == (2,)
    assert report.extra == (("x.txt", 7), ("x.txt", -1), ("x.txt", None))
    assert report.errored == (
        (3, "TOO_LONG", "too long"),
        (-1, "UNSUPPORTED_ENCODING", "not UTF-8"),
        (5, "NO_LABELS", "neither Labels nor Classes"),
    )
    assert report.lines == 10 and report.joined == 1
    assert np.isnan(scores.values[1:]).all()
    assert scores.ceilings[:, 0].tolist() == [np.float32(0.9), 1, 1, 1, 1, 1]
    sentences = " | ".join(join_problems(report, LABELS))
    for part in ("lines 1, 4", "TOO_LONG: too long", "lines 0, 2", "contradict", "'x.txt' line 7"):
        assert part in sentences


def test_d5_a_document_both_scored_and_errored_has_no_trusted_scores(tmp_path: Path) -> None:
    error = {"File": "x.txt", "Line": "0", "ErrorCode": "E", "ErrorMessage": "m"}
    for rows in ([row(0, {"a": 0.9}), error], [error, row(0, {"a": 0.9})]):
        scores, report = join_predictions(
            write(tmp_path / "p.jsonl", rows), file_name="x.txt", n_documents=1, labels=LABELS
        )
        assert np.isnan(scores.values).all() and scores.ceilings[0, 0] == 1.0
        assert report.duplicated == report.conflicting == (0,) and report.joined == 0


def test_d6_labels_that_were_not_returned_are_unknown_below_a_ceiling(tmp_path: Path) -> None:
    rows = [row(0, {"b": 0.8, "a": 0.2, "d": 0.1}), row(1, {"c": 0.0, "a": 0.0, "b": 0.0})]
    rows.append({"File": "x.txt", "Line": "2", "Labels": []})
    scores, report = join_predictions(
        write(tmp_path / "p.jsonl", rows), file_name="x.txt", n_documents=3, labels=LABELS
    )
    assert np.isnan(scores.values).tolist() == [
        [False, False, True, False],
        [False, False, False, True],
        [True, True, True, True],
    ]
    assert scores.values[1, 0] == 0.0
    assert scores.ceilings[:, 0].tolist() == [np.float32(0.1), 0.0, 1.0]
    assert scores.label_ceilings.shape == (3, 4)
    assert report.is_complete


def test_d7_a_repeated_label_in_one_row_is_an_error_with_its_line(tmp_path: Path) -> None:
    good = [row(line, {"a": 0.9, "b": 0.1}) for line in range(3)]
    bad = json.dumps(row(3, {"a": 0.9})).replace("]", ', {"Name": "a", "Score": 0.1}]')
    path = write(tmp_path / "p.jsonl", good)
    path.write_text(path.read_text() + bad + "\n")
    with pytest.raises(InvalidInput, match=r"line 4: the label 'a' occurs twice"):
        join_predictions(path, file_name="x.txt", n_documents=4, labels=LABELS)


def test_d7_variants_of_a_label_are_unknown_labels_and_raise_the_ceiling(tmp_path: Path) -> None:
    labels = ("Hate Speech", "b")
    rows = [row(0, {"hate_speech": 0.7, "b": 0.2})]
    scores, report = join_predictions(
        write(tmp_path / "p.jsonl", rows), file_name="x.txt", n_documents=1, labels=labels
    )
    assert report.unknown_labels == ("hate_speech",) and not report.is_complete
    assert np.isnan(scores.values[0, 0]) and scores.values[0, 1] == np.float32(0.2)
    assert scores.ceilings[0, 0] == np.float32(0.7)
    assert "differs from 'Hate Speech'" in join_problems(report, labels)[0]


@pytest.mark.parametrize("key", ["Labels", "Classes"])
@pytest.mark.parametrize("end", ["\n", "", "\r\n", "\n\n  \n"])
def test_both_modes_and_every_file_end_are_read(tmp_path: Path, key: str, end: str) -> None:
    rows = [row(line, {"a": 0.5, "b": 0.25}, key=key) for line in range(3)]
    path = write(tmp_path / "p.jsonl", rows, end)
    _, report = join_predictions(path, file_name="x.txt", n_documents=3, labels=LABELS)
    assert report.is_complete and report.lines == 3


def test_an_integer_line_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    text = '{"File":"x.txt","Line":0,"Labels":[{"Name":"a","Score":1}],"Extra":[1]}'
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    scores, report = join_predictions(path, file_name="x.txt", n_documents=1, labels=LABELS)
    assert report.is_complete and scores.values[0, 0] == 1.0


def test_d3_only_a_newline_ends_a_row(tmp_path: Path) -> None:
    label = "x\u2028y\u0085z\x0b"
    path = tmp_path / "p.jsonl"
    text = json.dumps(row(0, {label: 0.5}), ensure_ascii=False).replace("\x0b", "\\u000b")
    path.write_text(text + "\n")
    scores, report = join_predictions(path, file_name="x.txt", n_documents=1, labels=[label])
    assert report.is_complete and scores.values[0, 0] == 0.5


@pytest.mark.parametrize(
    "text",
    [
        "not json",
        '{"File": "x.txt", "Line": "0", "Labels": [{"Name": "a"}]}',
        '{"File": "x.txt", "Line": "zero", "Labels": []}',
        '{"File": "x.txt", "Line": "0", "Labels": [{"Name": "a", "Score": "0.5"}]}',
        '{"File": "x.txt", "Line": "0", "Labels": [{"Name": "a", "Score": 1.5}]}',
        '{"File": "x.txt", "Line": "0", "Labels": [{"Name": "a", "Score": -0.5}]}',
        '{"File": "x.txt", "Line": "0", "Labels": [{"Name": "a", "Score": NaN}]}',
        '{"File": "x.txt", "Line": "0", "Labels": [{"Name": "a", "Sco',
        "[1, 2]",
    ],
)
def test_malformed_rows_are_named_by_their_line(tmp_path: Path, text: str) -> None:
    path = write(tmp_path / "p.jsonl", [row(1, {"a": 0.5}), row(2, {"b": 0.5})])
    path.write_text(path.read_text() + text)
    with pytest.raises(InvalidInput, match=r"p\.jsonl: line 3:"):
        join_predictions(path, file_name="x.txt", n_documents=4, labels=LABELS)


def test_invalid_utf8_is_named_by_its_line(tmp_path: Path) -> None:
    path = write(tmp_path / "p.jsonl", [row(0, {"a": 0.5})])
    path.write_bytes(path.read_bytes() + b'{"File": "\xff"}\n')
    with pytest.raises(InvalidInput, match="line 2"):
        join_predictions(path, file_name="x.txt", n_documents=1, labels=LABELS)


def test_archive_plain_and_compressed_files_give_the_same(tmp_path: Path) -> None:
    plain = write(
        tmp_path / "predictions.jsonl", [row(line, {"a": line / 10}) for line in range(10)]
    )
    data = plain.read_bytes()
    zipped = tmp_path / "predictions.jsonl.gz"
    zipped.write_bytes(gzip.compress(data))
    archive = make_archive(tmp_path / "output.tar.gz", file_member("predictions.jsonl", data))
    nested = make_archive(tmp_path / "named.bin", file_member("output/predictions.jsonl", data))
    results = [
        join_predictions(path, file_name="x.txt", n_documents=10, labels=LABELS)
        for path in (plain, zipped, archive, nested)
    ]
    for scores, report in results:
        assert report == results[0][1] and report.is_complete
        assert np.array_equal(scores.values, results[0][0].values, equal_nan=True)


def test_an_archive_without_predictions_and_a_cut_one_are_refused(tmp_path: Path) -> None:
    other = make_archive(tmp_path / "output.tar.gz", file_member("confusion_matrix.json", b"{}"))
    with pytest.raises(InvalidInput, match=r"holds no predictions\.jsonl"):
        join_predictions(other, file_name="x.txt", n_documents=1, labels=LABELS)
    whole = make_archive(
        tmp_path / "b.tar.gz",
        file_member("predictions.jsonl", json.dumps(row(0, {"a": 0.5})).encode()),
    )
    whole.write_bytes(whole.read_bytes()[:-4])
    with pytest.raises(OperationFailed):
        join_predictions(whole, file_name="x.txt", n_documents=1, labels=LABELS)


def test_a_line_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    with path.open("wb") as file:
        file.write(b'{"File":"')
        for _ in range(17):
            file.write(b"x" * (1 << 20))
    with pytest.raises(InvalidInput, match="longer than"):
        join_predictions(path, file_name="x.txt", n_documents=1, labels=LABELS)


def test_memory_is_the_matrix_and_one_block(tmp_path: Path) -> None:
    path = write(tmp_path / "p.jsonl", (row(line, {"a": 0.5, "b": 0.25}) for line in range(60_000)))
    tracemalloc.start()
    join_predictions(path, file_name="x.txt", n_documents=60_000, labels=LABELS)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    matrix_bytes = 60_000 * (len(LABELS) + 1) * 4
    assert path.stat().st_size > 5_000_000
    assert peak < 3 * matrix_bytes + 3_000_000


ODD: dict[str, list[str]] = {
    "two rows in one line": ['{"File": "x.txt", "Line": "0", "Labels": []}' * 2],
    "a row over two lines": ['{"File": "x.txt",', '"Line": "0", "Labels": []}'],
    "a line number in other digits": ['{"File": "x.txt", "Line": "٠", "Labels": []}'],
    "a line number with a sign between": ['{"File": "x.txt", "Line": "1_0", "Labels": []}'],
    "a line number of 5,000 digits": ['{"File": "x.txt", "Line": "' + "1" * 5000 + '"}'],
    "deeper than the stack": ['{"x": ' + "[" * 200_000 + "]" * 200_000 + "}"],
}


@pytest.mark.parametrize("name", ODD)
def test_odd_rows_are_refused_with_their_line(tmp_path: Path, name: str) -> None:
    good = [json.dumps(row(line, {"a": 0.9})) for line in range(1, 4)]
    path = tmp_path / "p.jsonl"
    path.write_text("\n".join([*good, *ODD[name], ""]))
    with pytest.raises(InvalidInput, match="line 4: "):
        join_predictions(path, file_name="x.txt", n_documents=11, labels=LABELS)


def test_the_counts_of_a_join_add_up(tmp_path: Path) -> None:
    error = {"File": "x.txt", "Line": "5", "ErrorCode": "E"}
    rows = [
        row(0, {"a": 0.9}),
        *(row(1, {}), row(2, {"other": 0.5})),  # answered, but without a score that is ours
        *(row(3, {"a": 0.9}), row(3, {"a": 0.8})),
        *(row(4, {"a": 0.9}), {**error, "Line": "4"}),
        *(error, error),
        *(row(99, {"a": 1.0}), {**error, "Line": None}),
        {**row(6, {"a": 0.1}), "Line": 10**30},
    ]
    path = write(tmp_path / "p.jsonl", rows)
    scores, report = join_predictions(path, file_name="x.txt", n_documents=8, labels=LABELS)
    assert report.lines == len(rows)
    assert report.joined == (~np.isnan(scores.values)).any(axis=1).sum() == 1
    assert report.unscored == (1, 2)
    assert (report.conflicting, report.missing, report.extra_rows) == ((3, 4), (6, 7), 2)
    assert [line for line, _, _ in report.errored] == [4, 5, -1]
    assert "lines 1, 2" in " ".join(join_problems(report, LABELS))
