"""Files that cannot be read are named, with the command that makes them readable."""

import gzip
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from core.dataset.formats.detect import detect_source
from core.dataset.formats.reading import read_source
from core.dataset.formats.sources import SourceFormat, SourceSettings
from core.errors import InvalidInput

CONTENT = "text,labels\ncafé crème,a|b\nnaïve,a\n"


def refusal(path: Path, data: bytes) -> InvalidInput:
    path.write_bytes(data)
    with pytest.raises(InvalidInput) as caught:
        detect_source(path)
    return caught.value


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16LE"),
        ("utf-16-be", "UTF-16BE"),
        ("utf-32", "UTF-32"),
        ("latin-1", "ISO-8859-1"),
        ("cp1252", "WINDOWS-1252"),
    ],
)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_d10_another_encoding_is_named_with_the_command_that_converts_it(
    tmp_path: Path, encoding: str, name: str, packed: bool
) -> None:
    content = CONTENT + ("“quoted” text,a\n" if encoding == "cp1252" else "")
    path = tmp_path / ("my source.csv.gz" if packed else "my source.csv")
    data = content.encode(encoding)
    error = refusal(path, gzip.compress(data) if packed else data)
    target = tmp_path / "my source.utf8.csv"
    command = error.hint.split("`")[1]
    start = f"gzip -dc {shlex.quote(str(path))} | iconv" if packed else "iconv"
    assert command.startswith(f"{start} -f {name} -t UTF-8")
    assert command.endswith(f" > {shlex.quote(str(target))}")
    if shutil.which("iconv") is None:
        return
    subprocess.run(command, shell=True, check=True)
    dataset, _ = read_source(target, SourceSettings())
    assert dataset.texts[:2] == ["café crème", "naïve"]


def test_damaged_utf8_is_named_by_line_and_column(tmp_path: Path) -> None:
    data = CONTENT.encode() * 3 + "thé ".encode() + b"\xe9,a\n"
    error = refusal(tmp_path / "s.csv", data)
    assert "byte 0xE9 at line 10, column 5" in error.message
    assert "some bytes are damaged" in error.message
    assert "-f UTF-8 -t UTF-8 -c " in error.hint


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_bad_bytes_beyond_the_sample_are_found_when_reading(tmp_path: Path, form: str) -> None:
    row = b"x" * 1000 + b",a|b\n"
    good, bad = b"text,labels\n" + row * 3000, b"caf\xe9,a\n"
    if form == "jsonl":
        row = b'{"text": "' + b"x" * 1000 + b'", "labels": ["a"]}\n'
        good, bad = row * 3001, b'{"text": "caf\xe9", "labels": []}\n'
    path = tmp_path / "s.csv"
    path.write_bytes(good + bad)
    settings = detect_source(path).settings
    with pytest.raises(InvalidInput, match=r"byte 0xE9 at line 3002, column") as caught:
        read_source(path, settings)
    assert "iconv -f ISO-8859-1 -t UTF-8" in caught.value.hint


def test_truncated_and_damaged_gzip_files_are_told_apart(tmp_path: Path) -> None:
    import random

    random.seed(1)
    rows = "".join(f"{random.random()},a|b\n" for _ in range(3000))
    whole = gzip.compress(f"text,labels\n{rows}".encode())
    path = tmp_path / "s.csv.gz"
    path.write_bytes(whole[: len(whole) // 2])
    settings = SourceSettings(
        format=SourceFormat.LABEL_LIST_CSV,
        mode="multi-label",
        text_column="text",
        label_column="labels",
        label_delimiter="|",
        field_delimiter=",",
    )
    with pytest.raises(InvalidInput, match="cut off before its end"):
        read_source(path, settings)
    damaged = bytearray(whole)
    damaged[-6] ^= 0xFF
    path.write_bytes(damaged)
    with pytest.raises(InvalidInput, match="damaged gzip file"):
        read_source(path, settings)
    assert "cut off" in refusal(path, whole[:30]).message


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"PK\x03\x04rest", "spreadsheet"),
        (b"PAR1rest", "Parquet"),
        (b"BZh9rest", "bzip2"),
        (b"%PDF-1.7", "PDF"),
    ],
)
def test_files_that_are_no_text_are_refused_by_name(tmp_path: Path, data: bytes, what: str) -> None:
    error = refusal(tmp_path / "s.csv", data)
    assert what in error.message
    assert error.hint
    assert what in refusal(tmp_path / "s.csv.gz", gzip.compress(data)).message


def test_absent_files_and_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="does not exist"):
        detect_source(tmp_path / "absent.csv")
    with pytest.raises(InvalidInput, match="is a folder"):
        detect_source(tmp_path)


def test_a_byte_order_mark_is_reported_and_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_bytes(b"\xef\xbb\xbf" + CONTENT.encode())
    detection = detect_source(path)
    assert detection.columns == ("text", "labels")
    assert detection.encoding == "UTF-8 with byte order mark"
    _, report = read_source(path, detection.settings)
    assert report.had_bom
    assert any("byte order mark" in note for note in report.notes)
