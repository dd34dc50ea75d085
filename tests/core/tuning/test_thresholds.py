"""The thresholds file: written, read and applied."""

import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.tuning.curves import label_curve
from core.tuning.objectives import choose
from core.tuning.part import Part, multiclass_scores
from core.tuning.thresholds import Classifier, Thresholds, load, save
from tests.core.tuning.threshold_examples import (
    ARN,
    FOUR,
    SECOND_ARN,
    label_threshold,
    scored,
    thresholds_of,
)


def test_the_file_has_the_agreed_shape(tmp_path: Path) -> None:
    path = tmp_path / "thresholds.json"
    fingerprint = save(thresholds_of({"clean": 0.5, "threat": 0.0412}), path)
    assert fingerprint.startswith("sha256:")
    found = json.loads(path.read_text())
    assert list(found) == [
        "format",
        "version",
        "mode",
        "engine",
        "rule",
        "default_threshold",
        "classifiers",
        "label_order",
        "labels",
        "summary",
        "provenance",
    ]
    assert found["format"] == "comprehend-tuner/thresholds"
    assert (found["version"], found["rule"], found["default_threshold"]) == (1, ">=", 0.5)
    assert found["classifiers"] == [{"arn": ARN, "version": "v1", "labels": ["clean", "threat"]}]
    assert found["labels"]["threat"] == {
        "threshold": 0.0412,
        "objective": "max_f1",
        "tuned_on": "calibration",
        "measured_on": "test",
        "support": {"train": 43, "calibration": 6, "test": 12},
        "returned_share": 1.0,
        "precision": 0.21,
        "recall": 0.29,
        "f1": 0.24,
        "f1_at_default": 0.0,
    }
    assert found["summary"] == {
        "measured_on": "test",
        "macro_f1": {"default": 0.42, "tuned": 0.58},
        "micro_f1": {"default": 0.71, "tuned": 0.74},
    }
    assert len(path.read_text().splitlines()) > 30


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "thresholds.json"
    extra = label_threshold(0.1, f1_interval_90=(0.08, 0.37), grade="C", status="uninformative")
    whole = msgspec.structs.replace(FOUR, labels={**FOUR.labels, "threat": extra})
    save(whole, path)
    assert load(path) == whole


@given(
    st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=2, max_size=40),
    st.sampled_from([None, 4]),
)
def test_b8_curve_file_and_decision_agree_on_every_document(
    rows: list[tuple[float, bool]], decimals: int | None
) -> None:
    """From the service's JSON to a float32 matrix, a threshold, its file, and back to the JSON."""
    written = [score if decimals is None else round(score, decimals) for score, _ in rows]
    matrix = np.array(written, dtype=np.float32)
    curve = label_curve("threat", matrix, np.array([truth for _, truth in rows]))
    for index in range(len(curve)):
        threshold = curve.threshold_at(index)
        tuned = thresholds_of({"threat": threshold})
        again = msgspec.json.decode(msgspec.json.encode(tuned), type=Thresholds)
        flagged = sum(bool(again.decide(scored(threat=score))) for score in written)
        assert flagged == curve.tp[index] + curve.fp[index]
        if decimals:
            assert sum(score >= threshold for score in written) == flagged
    choice = choose(curve)
    assert choice.threshold == json.loads(json.dumps(choice.threshold))


def test_five_lines_of_any_language_decide_the_same(tmp_path: Path) -> None:
    path = tmp_path / "thresholds.json"
    save(FOUR, path)
    reply = scored(clean=0.02, toxic=0.31, threat=0.0412)
    labels = json.loads(path.read_text())["labels"]
    decided = [
        entry["Name"] for entry in reply if entry["Score"] >= labels[entry["Name"]]["threshold"]
    ]
    assert decided == load(path).decide(reply) == ["toxic", "threat"]


def test_b7_a_score_equal_to_the_threshold_gets_the_label() -> None:
    assert FOUR.decide(scored(threat=0.0412, clean=0.0, toxic=0.0, insult=0.0)) == ["threat"]
    assert FOUR.decide(scored(threat=0.0411, clean=0.0, toxic=0.0, insult=0.0)) == []


def test_d6_a_label_that_was_not_returned_is_undecided_unless_it_cannot_reach() -> None:
    decision = FOUR.decide_detailed(scored(clean=0.9, toxic=0.5, insult=0.3))
    assert decision.labels == ("clean", "toxic", "insult")
    assert decision.undecided == ("threat",)
    assert FOUR.decide_detailed(scored(clean=0.9, toxic=0.5, insult=0.04)).undecided == ()
    equal = FOUR.decide_detailed(scored(clean=0.9, toxic=0.5, insult=0.0412))
    assert equal.undecided == ("threat",)
    assert FOUR.decide_detailed([]).undecided == FOUR.label_order


def test_d7_unknown_and_repeated_labels_are_errors() -> None:
    with pytest.raises(InvalidInput, match=r"Th·reat"):
        FOUR.decide(scored(**{"Th\x07reat": 0.5}))
    with pytest.raises(InvalidInput, match="two scores"):
        FOUR.decide([*scored(threat=0.5), *scored(threat=0.1)])


@pytest.mark.parametrize(
    "entry", [{"Name": "threat"}, {"Score": 1}, "threat", {"Name": "threat", "Score": "x"}]
)
def test_entries_that_are_no_scores_are_refused(entry: Any) -> None:
    with pytest.raises(InvalidInput, match="Not a list of labels"):
        FOUR.decide([entry])


def test_e8_another_classifier_or_version_is_refused() -> None:
    FOUR.check_classifier(ARN)
    with pytest.raises(InvalidInput, match="Thresholds of another classifier"):
        FOUR.check_classifier(SECOND_ARN)
    with pytest.raises(InvalidInput, match="Thresholds of another classifier"):
        FOUR.decide(scored(threat=0.5), arn=SECOND_ARN)


def test_labels_of_several_classifiers_are_decided_by_the_first_that_has_them() -> None:
    both = thresholds_of(
        {"clean": 0.5, "toxic": 0.3, "insult": 0.3, "threat": 0.05},
        classifiers=(
            Classifier(arn=ARN, version="v1", labels=("clean", "toxic", "insult")),
            Classifier(arn=SECOND_ARN, version="rare", labels=("clean", "threat")),
        ),
    )
    assert both.decide(scored(clean=0.9, threat=0.1), arn=SECOND_ARN) == ["threat"]
    first = both.decide_detailed(scored(clean=0.2, toxic=0.4), arn=ARN)
    assert (first.labels, first.undecided) == (("toxic",), ())
    merged = both.decide_detailed(scored(clean=0.9, toxic=0.4, insult=0.1, threat=0.06))
    assert merged.labels == ("clean", "toxic", "threat")
    # The second classifier's lowest score says nothing about a label of the first.
    assert both.decide_detailed(scored(toxic=0.4, threat=0.01)).undecided == ("insult",)
    with pytest.raises(InvalidInput, match="no threshold"):
        both.decide(scored(toxic=0.9), arn=SECOND_ARN)


def test_classes_take_the_highest_score_or_abstain() -> None:
    classes = thresholds_of({"a": 0.0, "b": 0.6, "c": 0.0}, mode="multi-class")
    assert classes.decide(scored(c=0.5, a=0.3, b=0.2)) == ["c"]
    assert classes.decide(scored(b=0.55, a=0.3)) == []
    assert classes.decide(scored(c=0.4, a=0.4)) == ["a"]
    assert classes.decide_detailed([]).undecided == ("a", "b", "c")


def test_classes_are_decided_as_they_were_evaluated() -> None:
    generator = np.random.default_rng(6)
    written = np.round(generator.dirichlet(np.ones(3), 400), 4)
    truth = np.eye(3, dtype=bool)[generator.integers(0, 3, 400)]
    limits = {"a": 0.4, "b": 0.5, "c": 0.61}
    result = Part(
        "test", ("a", "b", "c"), multiclass_scores(written.astype(np.float32)), truth
    ).evaluate(limits)
    classes = thresholds_of(limits, mode="multi-class")
    decided = [
        classes.decide(scored(**dict(zip("abc", row, strict=True)))) for row in written.tolist()
    ]
    for label in result.labels:
        assert label.counts.flagged == decided.count([label.label])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "Not a thresholds file"),
        (b"{}", "Not a thresholds file"),
        (b"[1, 2", "Not a thresholds file"),
        (b"\xff\xfe\x00", "Not a thresholds file"),
        (b'{"format": "something/else", "version": 1}', "Not a thresholds file"),
        (b'{"format": "comprehend-tuner/thresholds", "version": 2}', "Newer thresholds file"),
    ],
)
def test_damaged_or_newer_files_are_refused_with_their_path(
    tmp_path: Path, content: bytes, words: str
) -> None:
    path = tmp_path / "thresholds.json"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match=words) as caught:
        load(path)
    assert str(path) in caught.value.message
    assert caught.value.hint


def test_an_absent_file_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"nowhere\.json: No such file"):
        load(tmp_path / "nowhere.json")


@pytest.mark.parametrize(
    "change",
    [
        {"label_order": ["clean"]},
        {"label_order": ["clean", "toxic", "insult", "insult"]},
        {"classifiers": [{"arn": ARN, "version": "v1", "labels": ["clean"]}]},
        {"rule": ">"},
        {"labels": {}},
    ],
)
def test_a_file_that_contradicts_itself_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    path = tmp_path / "thresholds.json"
    path.write_bytes(msgspec.json.encode(msgspec.to_builtins(FOUR) | change))
    with pytest.raises(InvalidInput, match="Not a thresholds file"):
        load(path)


def test_a_threshold_outside_the_scores_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "thresholds.json"
    save(FOUR, path)
    path.write_text(path.read_text().replace("0.0412", "4.12"))
    with pytest.raises(InvalidInput, match=r"labels"):
        load(path)


def test_keys_added_by_later_releases_are_ignored(tmp_path: Path) -> None:
    path = tmp_path / "thresholds.json"
    path.write_bytes(msgspec.json.encode(msgspec.to_builtins(FOUR) | {"evidence": [1, 2]}))
    assert load(path) == FOUR


def test_a_choice_fits_into_the_file() -> None:
    scores = np.array([0.0412, 0.0101, 0.9], dtype=np.float32)
    choice = choose(label_curve("threat", scores, np.array([True, False, True])))
    assert thresholds_of({"threat": choice.threshold}).labels["threat"].threshold == 0.0412


@pytest.mark.parametrize(
    "change",
    [{"returned": 99}, {"flagged": -1}, {"undecided": 99}, {"documents": 0}, {"distinct": 2**62}],
)
def test_a_reference_that_counts_more_than_its_documents_is_refused(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    written = Path(__file__).parents[2] / "fixtures/v0_1_0/thresholds/thresholds-tickets.json"
    content = json.loads(written.read_bytes())
    content["labels"]["bug"]["drift_reference"] |= change
    path = tmp_path / "thresholds.json"
    path.write_text(json.dumps(content))
    with pytest.raises(InvalidInput, match="drift_reference of bug"):
        load(path)
