"""Checks of label names and of what labels documents have."""

import numpy as np
import pytest

from tests.core.dataset.health_data import (
    LABELS,
    dataset_of,
    found_in,
    relabelled,
    sentence,
    sound_rows,
)

Rows = list[tuple[str, list[str]]]


@pytest.mark.parametrize(
    ("label", "check_id"),
    [
        ("a|b", "label-delimiter"),
        (" a", "label-spaces"),
        ("", "blank-labels"),
        ("\t", "blank-labels"),
        ("\ufeff", "blank-labels"),
    ],
)
def test_d9_bad_label_names_are_found(label: str, check_id: str) -> None:
    finding = found_in(relabelled({0: [label]}), check_id)
    assert finding.labels == (label,)
    assert finding.severity in ("error", "warning")


def test_d9_another_allowed_delimiter_is_proposed_or_the_label_refused() -> None:
    finding = found_in(relabelled({0: ["a|b"]}), "label-delimiter")
    assert "can use ; instead" in finding.meaning
    every = relabelled({0: ["a |;:/~^#+=*!$%@?>_- \\\tb"]})
    finding = found_in(every, "label-delimiter")
    assert finding.severity == "error"
    assert "no other allowed delimiter is free" in finding.meaning


def test_d9_the_delimiter_does_not_matter_in_multi_class_mode() -> None:
    dataset = dataset_of([*sound_rows(), (sentence(900), ["a|b"])], mode="multi-class")
    assert found_in(dataset, "label-delimiter").severity == "passed"


@pytest.mark.parametrize(
    "names",
    [
        ["severe_toxic", "identity_hate", "toxic", "threat"],
        ["billing issue", "login issue", "billing question", "login question"],
        ["R&D", "HR/Payroll", "IT/Network", "IT"],
        ["Smith, John", "Doe, Jane", "other"],
        ["in-progress", "in-review", "done"],
    ],
)
def test_ordinary_names_do_not_look_like_lists(names: list[str]) -> None:
    rows = [(sentence(i), [names[i % len(names)]]) for i in range(200)]
    assert found_in(dataset_of(rows), "wrong-delimiter").severity == "passed"


@pytest.mark.parametrize(
    ("delimiter", "fewest"),
    [*[(mark, 1) for mark in "|;,\t:/ +"], *[(mark, 2) for mark in "|;,\t"]],
)
def test_lists_read_with_another_delimiter_are_found(delimiter: str, fewest: int) -> None:
    rng = np.random.default_rng(3)
    names = ["alpha", "beta", "gamma", "delta", "omega"]
    rows = []
    for i in range(200):
        picked = rng.choice(names, int(rng.integers(fewest, 4)), replace=False).tolist()
        rows.append((sentence(i), [delimiter.join(picked)]))
    finding = found_in(dataset_of(rows), "wrong-delimiter")
    assert finding.severity == "error"
    assert all(delimiter in label for label in finding.labels)
    assert "--label-delimiter" in finding.remedy


def test_d14_variants_by_case_space_and_hyphen_are_one_group() -> None:
    dataset = relabelled({0: ["Threat"], 1: ["threat "], 2: ["t-x"], 3: ["T_X"], 4: ["t  x"]})
    finding = found_in(dataset, "label-variants")
    assert finding.measures == {"groups": 2.0}
    assert set(finding.labels) == {"Threat", "threat ", "t-x", "T_X", "t  x"}
    assert found_in(relabelled({0: ["redgreen"]}), "label-variants").severity == "passed"


@pytest.mark.parametrize(
    ("text", "label", "is_header"),
    [
        ("text", "label", True),
        ("Comment_Text", "CLASS", True),
        ("Text of document 1", "class", True),
        ("text", "only-here", True),
        ("text", "red", False),
        ("a real document about labels", "only-here", False),
    ],
)
def test_header_row_is_told_from_documents(text: str, label: str, is_header: bool) -> None:
    dataset = dataset_of([(text, [label]), *sound_rows()])
    assert (found_in(dataset, "header-row").severity == "error") == is_header


def test_header_row_of_a_file_appended_later_is_found() -> None:
    rows: Rows = [*sound_rows(), ("text", ["label"]), (sentence(901), ["red"])]
    finding = found_in(dataset_of(rows), "header-row")
    assert [example.id for example in finding.examples] == ["d180"]


def test_labels_are_named_in_source_form() -> None:
    finding = found_in(relabelled({0: ["x\x1b[2J"]}), "label-characters")
    assert finding.labels == ("x\x1b[2J",)
    assert set(LABELS).isdisjoint(finding.labels)


def test_rare_labels_that_are_spellings_are_sent_to_the_merge_first() -> None:
    finding = found_in(relabelled({0: ["Red"], 1: ["rare"]}), "rare-labels")
    assert finding.remedy.startswith("1 of them may be spellings of another label: first")
    assert found_in(relabelled({1: ["rare"]}), "rare-labels").remedy.startswith("Label more")
