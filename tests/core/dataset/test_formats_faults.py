"""Every fault of a source is named with its file, physical line and column."""

import json
from pathlib import Path

import pytest

from core.dataset.formats.reading import read_source
from core.dataset.formats.sources import SourceFormat, SourceSettings
from core.errors import InvalidInput

WIDE = 'id,comment_text,toxic,threat\na1,"first, text",1,0\na2,"line\none",0,0\na3,third,1,1\n'


def refusal(folder: Path, content: str, **given: object) -> InvalidInput:
    path = folder / "source.csv"
    path.write_bytes(content.encode())
    with pytest.raises(InvalidInput) as caught:
        read_source(path, SourceSettings(**given))  # type: ignore[arg-type]
    assert caught.value.title
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (WIDE + "a4,x,2,0\n", 'source.csv, line 6, column "toxic": "2" is not 0, 1 or -1'),
        (WIDE + "a4,x,1,\n", 'source.csv, line 6, column "threat": "" is not 0, 1 or -1'),
        (WIDE + "a4,x,1\n", "source.csv, line 6 has 3 cells where 4 are expected"),
        (WIDE + "a4,x,y,1,0\n", "source.csv, line 6 has 5 cells where 4 are expected"),
        (
            WIDE + 'a4,"x,1,0\n',
            "source.csv, line 6: a quoted cell that begins in this row is never",
        ),
        (WIDE + 'a4,"x\n"y,1,0\n', "source.csv, line 7: text follows the closing quote"),
    ],
)
def test_a_faulty_row_is_named_with_its_physical_line(
    tmp_path: Path, content: str, message: str
) -> None:
    settings = {"format": SourceFormat.WIDE_CSV, "label_columns": ("toxic", "threat")}
    error = refusal(tmp_path, content, **settings)
    assert error.message.startswith(message)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 2 is not a JSON object"),
        ("[1]", "line 2 is not a JSON object"),
        ('{"text": 1, "labels": []}', 'line 2, column "text" is not text'),
        ('{"labels": []}', 'line 2 called "text"'),
        ('{"text": "x"}', 'line 2 called "labels"'),
        ('{"text": "x", "labels": {"a": 1}}', 'line 2, column "labels" is neither'),
        ('{"text": "x", "labels": [true]}', 'line 2, column "labels" is neither'),
        ('{"text": "\\ud800", "labels": []}', "line 2 is not a JSON object"),
    ],
)
def test_a_faulty_json_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    first = '{"text": "a", "labels": ["x"]}\n'
    settings = {
        "format": SourceFormat.JSON_LINES,
        "mode": "multi-label",
        "text_column": "text",
        "label_column": "labels",
    }
    error = refusal(tmp_path, first + line + "\n", **settings)
    assert message in error.message
    assert "source.csv" in error.message


def test_a_manifest_of_references_is_refused(tmp_path: Path) -> None:
    row = {"source-ref": "s3://b/k", "job": 0, "job-metadata": {"class-name": "x"}}
    assert "source-ref" in refusal(tmp_path, json.dumps(row)).message


def test_unknown_columns_are_refused_with_the_nearest_name(tmp_path: Path) -> None:
    error = refusal(tmp_path, WIDE, text_column="Comment_Txt")
    assert 'no text column "Comment_Txt"' in error.message
    assert error.hint.startswith('the nearest is "comment_text"')
    assert "toxic" in refusal(tmp_path, WIDE, label_columns=("toxix",)).hint
    assert (
        'no text key "txt"'
        in refusal(tmp_path, '{"text": "a", "label": "x"}', text_column="txt").message
    )


def test_a_column_that_stands_twice_is_refused_when_it_is_needed(tmp_path: Path) -> None:
    error = refusal(tmp_path, "text,text,labels\na,b,x|y\n", text_column="text")
    assert "stands in the header 2 times" in error.message
