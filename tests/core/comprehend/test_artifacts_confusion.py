"""Confusion matrices are read by name and by the layout that fits the metrics."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from core.comprehend.confusion import ConfusionCells, confusion_metrics, read_confusion
from core.errors import InvalidInput
from tests.core.test_archive import file_member, make_archive

DOCUMENTED = {
    "type": "multi_label",
    "confusion_matrix": [[[2, 1], [0, 2]], [[1, 1], [2, 1]], [[3, 0], [1, 1]]],
    "labels": ["Comedy", "Action", "Drama"],
    "all_labels": ["Comedy", "Action", "Drama"],
}


def encoded(content: dict[str, Any]) -> bytes:
    return json.dumps(content).encode()


def metrics_of(cells: list[ConfusionCells]) -> dict[str, float]:
    precision = [cell.tp / (cell.tp + cell.fp) for cell in cells]
    recall = [cell.tp / (cell.tp + cell.fn) for cell in cells]
    return {
        "Precision": round(sum(precision) / len(cells), 4),
        "Recall": round(sum(recall) / len(cells), 4),
    }


def test_c7_the_documented_layout_is_taken_when_the_metrics_say_so() -> None:
    truth = [ConfusionCells(2, 1, 0, 2), ConfusionCells(1, 1, 2, 1), ConfusionCells(1, 0, 1, 3)]
    confusion = read_confusion(encoded(DOCUMENTED), metrics_of(truth))
    assert confusion.orientation == "documented"
    assert list(confusion.cells.values()) == truth
    assert confusion.cells["Comedy"] == ConfusionCells(tp=2, fp=1, fn=0, tn=2)
    assert confusion.mismatch < 1e-4
    ours = confusion_metrics(confusion)
    assert ours["Precision"] == pytest.approx((2 / 3 + 1 / 2 + 1) / 3)
    assert ours["Recall"] == pytest.approx((1 + 1 / 3 + 1 / 2) / 3)


def test_c7_the_swapped_layout_is_found_from_the_metrics() -> None:
    truth = [ConfusionCells(2, 0, 1, 2), ConfusionCells(1, 2, 1, 1), ConfusionCells(1, 1, 0, 3)]
    confusion = read_confusion(encoded(DOCUMENTED), metrics_of(truth))
    assert confusion.orientation == "swapped"
    assert list(confusion.cells.values()) == truth


def test_c7_support_decides_where_the_metrics_cannot() -> None:
    content = {
        "type": "multi_label",
        "confusion_matrix": [[[5, 1], [2, 3]], [[5, 2], [1, 3]]],
        "labels": ["a", "b"],
    }
    metrics = metrics_of([ConfusionCells(3, 1, 2, 5), ConfusionCells(3, 2, 1, 5)])
    assert metrics["Precision"] == metrics["Recall"]
    data = encoded(content)
    assert read_confusion(data, metrics).orientation == "undecided"
    assert read_confusion(data, metrics, {"a": 5, "b": 4}).orientation == "documented"
    swapped = read_confusion(data, metrics, {"a": 4, "b": 5})
    assert swapped.orientation == "swapped" and swapped.cells["a"] == ConfusionCells(3, 2, 1, 5)
    assert read_confusion(data, {}, {"a": 4, "b": 5}).orientation == "swapped"
    assert read_confusion(data, metrics, {"other": 7}).orientation == "undecided"


def test_c7_without_any_evidence_the_layout_is_undecided_and_the_documented_one_used() -> None:
    confusion = read_confusion(encoded(DOCUMENTED), {})
    assert confusion.orientation == "undecided"
    assert confusion.cells["Comedy"] == ConfusionCells(2, 1, 0, 2)
    assert math.isnan(confusion.mismatch)


def test_c7_equal_errors_of_both_kinds_need_no_decision() -> None:
    content = {"type": "multi_label", "confusion_matrix": [[[5, 1], [1, 3]]], "labels": ["a"]}
    assert read_confusion(encoded(content), {}).orientation == "documented"


def test_c8_labels_are_mapped_by_name_and_may_be_fewer_than_all() -> None:
    content = {
        "type": "multi_class",
        "confusion_matrix": [[4, 1], [2, 3]],
        "labels": ["z", "b"],
        "all_labels": ["a", "b", "z"],
    }
    confusion = read_confusion(encoded(content), {})
    assert confusion.labels == ("z", "b") and confusion.all_labels == ("a", "b", "z")
    assert confusion.cells == {"z": ConfusionCells(4, 2, 1, 3), "b": ConfusionCells(3, 1, 2, 4)}
    assert confusion.orientation == "multi-class"


def test_c9_the_number_of_test_documents_is_that_of_the_matrix() -> None:
    assert read_confusion(encoded(DOCUMENTED), {}).n_documents == 5
    content = {"type": "multi_class", "confusion_matrix": [[9000, 10], [90, 900]]}
    capped = read_confusion(encoded({**content, "labels": ["a", "b"]}), {})
    assert capped.n_documents == 10_000


def test_c4_multi_label_accuracy_is_left_to_the_service() -> None:
    ours = confusion_metrics(read_confusion(encoded(DOCUMENTED), {}))
    assert "Accuracy" not in ours
    assert ours["HammingLoss"] == pytest.approx(5 / 15)
    assert ours["MicroPrecision"] == pytest.approx(4 / 6)
    assert ours["MicroRecall"] == pytest.approx(4 / 7)


def test_f1_is_the_mean_of_label_f1_and_zero_where_undefined() -> None:
    content = {
        "type": "multi_label",
        "confusion_matrix": [[[98, 1], [0, 1]], [[90, 0], [10, 0]]],
        "labels": ["a", "b"],
    }
    ours = confusion_metrics(read_confusion(encoded(content), {}))
    assert ours["F1Score"] == pytest.approx((2 / 3 + 0) / 2)
    assert ours["Precision"] == pytest.approx((1 / 2 + 0) / 2)


def test_classes_without_test_documents_are_left_out_of_the_means() -> None:
    content = {
        "type": "multi_class",
        "confusion_matrix": [[4, 0, 1], [0, 5, 0], [0, 0, 0]],
        "labels": ["a", "b", "c"],
    }
    ours = confusion_metrics(read_confusion(encoded(content), {}))
    assert ours["Recall"] == pytest.approx((4 / 5 + 1) / 2)
    assert ours["Precision"] == 1.0
    assert ours["Accuracy"] == pytest.approx(0.9)


@pytest.mark.parametrize(
    "content",
    [
        {"confusion_matrix": [[1, 0], [0, 1]], "labels": ["a"]},
        {"confusion_matrix": [[[1, 0], [0, 1]]], "labels": ["a", "b"], "type": "multi_label"},
        {"confusion_matrix": [[1, 0], [0, 1]], "labels": ["a", "b"], "type": "multi_label"},
        {"confusion_matrix": [[1, 0], [0]], "labels": ["a", "b"]},
        {"confusion_matrix": [[1, -1], [0, 1]], "labels": ["a", "b"]},
        {"confusion_matrix": [[1.5, 1], [0, 1]], "labels": ["a", "b"]},
        {"confusion_matrix": [[1, 1], [0, 1]], "labels": ["a", "a"]},
        {"confusion_matrix": [[10**30, 1], [0, 1]], "labels": ["a", "b"]},
        {"confusion_matrix": [[2**62, 2**62], [0, 1]], "labels": ["a", "b"]},
        {"labels": ["a", "b"]},
    ],
)
def test_malformed_matrices_are_refused(content: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="confusion"):
        read_confusion(encoded(content), {})


def test_text_that_is_not_json_is_refused() -> None:
    with pytest.raises(InvalidInput, match="confusion_matrix"):
        read_confusion(b'{"labels": ["a"] "all_labels": ["a"]}', {})


def test_an_archive_and_a_plain_file_are_read(tmp_path: Path) -> None:
    plain = tmp_path / "confusion_matrix.json"
    plain.write_bytes(encoded(DOCUMENTED))
    archive = make_archive(
        tmp_path / "output.tar.gz", file_member("output/confusion_matrix.json", plain.read_bytes())
    )
    assert read_confusion(plain, {}).cells == read_confusion(archive, {}).cells
    other = make_archive(tmp_path / "other.tar.gz", file_member("predictions.jsonl", b"{}"))
    with pytest.raises(InvalidInput, match=r"holds no confusion_matrix\.json"):
        read_confusion(other, {})
