"""What a source looks like is found and explained; the user's word goes first."""

from pathlib import Path

import pytest

from core.dataset.formats.csv_sources import find_label_delimiter
from core.dataset.formats.detect import detect_source
from core.dataset.formats.reading import read_source
from core.dataset.formats.sources import LIST_CELLS, Detection, SourceFormat, SourceSettings
from core.errors import InvalidInput


def detected(folder: Path, content: str | bytes, **given: object) -> Detection:
    path = folder / "source.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return detect_source(path, SourceSettings(**given))  # type: ignore[arg-type]


def test_the_kaggle_shape_is_found_and_explained(tmp_path: Path) -> None:
    content = "id,comment_text,group,toxic,threat\n1,hello,g,0,1\n2,there,g,0,0\n3,you,h,1,-1\n"
    detection = detected(tmp_path, content)
    settings = detection.settings
    assert settings.format is SourceFormat.WIDE_CSV
    assert (settings.text_column, settings.id_column) == ("comment_text", "id")
    assert (settings.group_column, settings.mode) == ("group", "multi-label")
    assert settings.label_columns == ("toxic", "threat")
    assert settings.field_delimiter == ","
    assert detection.columns == ("id", "comment_text", "group", "toxic", "threat")
    assert detection.preview[0] == ("1", "hello", "g", "0", "1")
    assert detection.encoding == "UTF-8"
    assert "cells are separated by a comma" in detection.reasons
    assert "2 columns hold only 0 and 1: toxic, threat" in detection.reasons


def test_what_the_user_sets_is_kept(tmp_path: Path) -> None:
    content = "id,title,text,a,b\n1,t,hello,0,1\n2,u,there,0,0\n"
    given = SourceSettings(
        text_column="title", label_columns=("b",), id_column="", none_label="none"
    )
    (tmp_path / "s.csv").write_text(content)
    settings = detect_source(tmp_path / "s.csv", given).settings
    assert (settings.text_column, settings.label_columns) == ("title", ("b",))
    assert (settings.id_column, settings.none_label) == ("", "none")


def test_one_hot_columns_mean_one_class_each(tmp_path: Path) -> None:
    rows = "".join(
        f"t{n},{int(n % 3 == 0)},{int(n % 3 == 1)},{int(n % 3 == 2)}\n" for n in range(30)
    )
    assert detected(tmp_path, "text,a,b,c\n" + rows).settings.mode == "multi-class"
    assert detected(tmp_path, f"text,a,b,c\n{rows}x,1,1,0\n").settings.mode == "multi-label"


def test_a_single_0_1_column_called_label_holds_two_classes(tmp_path: Path) -> None:
    settings = detected(tmp_path, "text,label\nhello,0\nthere,1\nyou,0\n").settings
    assert (settings.format, settings.mode) == (SourceFormat.LABEL_LIST_CSV, "multi-class")
    settings = detected(tmp_path, "text,toxic\nhello,0\nthere,1\nyou,0\n").settings
    assert (settings.format, settings.label_columns) == (SourceFormat.WIDE_CSV, ("toxic",))


@pytest.mark.parametrize(
    ("cells", "delimiter"),
    [
        (["a|b", "a"], "|"),
        (["a;b", "a"], ";"),
        (["a; b", "a"], "; "),
        (["a | b", "c"], " | "),
        (["a,b", "a", "b,c", "c"], ","),
        (["a, b", "a", "b, c", "c"], ", "),
        (["Food, Drinks", "Travel", "Food, Drinks"], None),
        (["a b", "a", "b c", "c"], " "),
        (["Science Fiction", "Drama", "Young Adult"], None),
        (["a/b", "a", "b/c", "c"], "/"),
        (["spam", "ham"], None),
        (['["a"]', "[]"], LIST_CELLS),
        (["", ""], None),
    ],
)
def test_label_delimiter_is_believed_only_where_labels_repeat(
    cells: list[str], delimiter: str | None
) -> None:
    assert find_label_delimiter(cells) == delimiter


def test_comprehend_csv_is_known_by_two_columns_without_names(tmp_path: Path) -> None:
    detection = detected(tmp_path, "SPAM,Paulo wins\nHAM,see you\nSPAM,call now\n")
    assert detection.settings.format is SourceFormat.COMPREHEND_CSV
    assert detection.settings.mode == "multi-class"
    assert detection.columns == ("label", "text")
    assert any("without a header" in reason for reason in detection.reasons)
    multi = detected(tmp_path, "A|B,Paulo wins\nB,see you\n").settings
    assert (multi.mode, multi.label_delimiter) == ("multi-label", "|")


def test_d10_a_header_row_is_told_from_a_document(tmp_path: Path) -> None:
    header = detected(tmp_path, "label,text\nspam,one\nham,two\nspam,three\n")
    assert header.settings.format is SourceFormat.LABEL_LIST_CSV
    assert "the first row names 2 columns" in header.reasons
    document = detected(tmp_path, "text,hello there\nnews,one two\ntext,three four\n")
    assert document.settings.format is SourceFormat.COMPREHEND_CSV
    long_rows = "".join(f"{'xy'[n % 2]},{'some words ' * 9}{n}\n" for n in range(12))
    assert detected(tmp_path, "Sort,Plot\n" + long_rows).columns == ("Sort", "Plot")
    assert detected(tmp_path, "z,Help me\n" + long_rows).columns == ("label", "text")


def test_text_first_without_a_header_is_refused(tmp_path: Path) -> None:
    rows = "".join(f"a long text with words {n},{'xy'[n % 2]}\n" for n in range(6))
    with pytest.raises(InvalidInput, match="the first column looks like the text"):
        detected(tmp_path, rows)


def test_json_arrays_and_plain_text_are_refused_with_advice(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        detected(tmp_path, '[\n {"text": "a", "label": "x"}\n]\n')
    assert "jq -c '.[]'" in caught.value.hint
    with pytest.raises(InvalidInput, match="is no table"):
        detected(tmp_path, "just words\nand more words\n")
    with pytest.raises(InvalidInput, match="no column looks like labels"):
        detected(tmp_path, "a1,text\nx,one\ny,two\n")


def test_json_keys_are_found_by_name_or_by_content(tmp_path: Path) -> None:
    line = '{"key": "k1", "utterance": "hello there", "kinds": ["a"], "group": "g"}\n'
    settings = detected(tmp_path, line + line.replace("k1", "k2")).settings
    assert settings.format is SourceFormat.JSON_LINES
    assert (settings.text_column, settings.label_column) == ("utterance", "kinds")
    assert (settings.id_column, settings.group_column) == ("key", "group")
    joined = detected(tmp_path, '{"text": "a", "label": "x|y"}\n{"text": "b", "label": "x"}\n')
    assert (joined.settings.mode, joined.settings.label_delimiter) == ("multi-label", "|")


def test_of_several_manifest_attributes_the_first_is_taken_and_told(tmp_path: Path) -> None:
    line = (
        '{"source": "t", "one": 0, "one-metadata": {"class-name": "x"},'
        ' "two": [0], "two-metadata": {"class-map": {"0": "y"}}}\n'
    )
    detection = detected(tmp_path, line)
    assert detection.settings.format is SourceFormat.AUGMENTED_MANIFEST
    assert (detection.settings.label_column, detection.settings.mode) == ("one", "multi-class")
    assert any("one, two" in reason for reason in detection.reasons)
    second = detected(tmp_path, line, label_column="two").settings
    assert (second.label_column, second.mode) == ("two", "multi-label")


def test_a_sample_that_cuts_a_row_or_a_character_is_no_fault(tmp_path: Path) -> None:
    row = f'"{"ä" * 1001}, x\ny",a|b\n'
    content = "text,labels\n" + row * 1300
    assert detected(tmp_path, content).settings.label_delimiter == "|"
    lines = ('{"text": "' + "ä" * 1001 + '", "labels": ["x"]}\n') * 1300
    assert detected(tmp_path, lines).settings.format is SourceFormat.JSON_LINES


def test_hostile_names_are_shown_clean_in_reasons_and_kept_in_settings(tmp_path: Path) -> None:
    detection = detected(tmp_path, "text,\x1b]0;x\x07bad[/b]\nhello,1\nthere,0\n")
    assert detection.settings.label_columns == ("\x1b]0;x\x07bad[/b]",)
    assert not any("\x1b" in reason for reason in detection.reasons)


def test_real_files_are_found_for_what_they_are(shared_data: Path) -> None:
    outputs = shared_data / "comprehend_outputs"
    bbc = detect_source(outputs / "multiclass_bbc" / "truth_by_line.csv").settings
    assert (bbc.format, bbc.mode) == (SourceFormat.LABEL_LIST_CSV, "multi-class")
    assert (bbc.text_column, bbc.label_column, bbc.id_column) == ("text", "true_label", "line")
    with pytest.raises(InvalidInput, match="line 1 names no columns, and 7 columns"):
        detect_source(outputs / "multiclass_jeopardy" / "test-data.csv")
    jigsaw = detect_source(shared_data / "jigsaw" / "comments.csv").settings
    assert jigsaw.format is SourceFormat.WIDE_CSV


def test_a_label_column_with_one_odd_cell_is_an_error_not_a_lost_label(tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    rows = "".join(f"{n},text {n},{n % 2},{n % 3 % 2}\n" for n in range(40))
    path.write_text(f"id,text,billing,bug\n{rows}40,text 40,maybe,0\n")
    settings = detect_source(path).settings
    assert settings.label_columns == ("billing", "bug")
    with pytest.raises(InvalidInput, match=r"line 42.*billing"):
        read_source(path, settings)


def test_header_rows_repeated_among_the_data_do_not_hide_the_header(tmp_path: Path) -> None:
    path = tmp_path / "joined.csv"
    rows = "".join(f"{n},a text of some words {n},bug|login\n" for n in range(20))
    path.write_text(f"id,text,labels\n{rows}id,text,labels\n{rows.replace('a text', 'one')}")
    settings = detect_source(path).settings
    assert (settings.text_column, settings.label_column) == ("text", "labels")
