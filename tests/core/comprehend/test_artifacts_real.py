"""Recorded output of the real service is read to the last line."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from core.archive import read_archive
from core.comprehend.confusion import confusion_metrics, read_confusion
from core.comprehend.predictions import join_predictions


def outputs(shared_data: Path) -> Path:
    return shared_data / "comprehend_outputs"


def test_the_reviews_matrix_reproduces_the_reported_metrics(shared_data: Path) -> None:
    folder = outputs(shared_data) / "multiclass_reviews"
    replies = json.loads((folder / "describe_document_classifier.json").read_text())
    reported = replies[1]["ClassifierMetadata"]["EvaluationMetrics"]
    confusion = read_confusion(folder / "output.tar.gz", reported)
    ours = confusion_metrics(confusion)
    assert {name: round(ours[name], 4) for name in reported} == reported
    assert confusion.mismatch < 1e-4
    assert confusion.n_documents == replies[1]["ClassifierMetadata"]["NumberOfTestDocuments"]
    other = replies[0]["ClassifierMetadata"]["EvaluationMetrics"]
    assert read_confusion(folder / "confusion_matrix.json", other).mismatch > 1e-3
    plain = (folder / "confusion_matrix.json").read_bytes()
    assert json.loads(read_archive(folder / "output.tar.gz")["confusion_matrix.json"]) == (
        json.loads(plain)
    )


def test_the_three_label_matrix_covers_two_labels(shared_data: Path) -> None:
    path = outputs(shared_data) / "multiclass_three_labels" / "confusion_matrix.json"
    confusion = read_confusion(path, {})
    assert confusion.labels == ("BANK_STATEMENT", "INVOICE")
    assert confusion.all_labels == ("AGREEMENT", "BANK_STATEMENT", "INVOICE")
    assert set(confusion.cells) == set(confusion.labels)


def test_the_bbc_run_joins_against_its_truth(shared_data: Path) -> None:
    folder = outputs(shared_data) / "multiclass_bbc"
    labels = read_confusion(folder / "confusion_matrix.json", {}).all_labels
    with (folder / "truth_by_line.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    scores, report = join_predictions(
        folder / "predictions.jsonl", file_name="test.csv", n_documents=len(rows), labels=labels
    )
    assert report.is_complete and report.joined == report.lines == 50
    assert (np.isnan(scores.values).sum(axis=1) == 2).all()
    predicted = [labels[column] for column in np.nanargmax(scores.values, axis=1)]
    for row in rows:
        assert predicted[int(row["line"])] == row["pred_label"]
    right = sum(predicted[int(row["line"])] == row["true_label"] for row in rows)
    assert right == sum(row["pred_label"] == row["true_label"] for row in rows) > 40


def test_the_jeopardy_lines_without_a_final_newline_are_ten(shared_data: Path) -> None:
    path = outputs(shared_data) / "multiclass_jeopardy" / "output.jsonl"
    labels = ("ACTORS", "HISTORY", "WORDS")
    assert not path.read_bytes().endswith(b"\n")
    scores, report = join_predictions(
        path, file_name="test-data.csv", n_documents=10, labels=labels
    )
    assert report.is_complete and report.joined == 10
    assert scores.values.sum(axis=1) == pytest.approx(np.ones(10), abs=2e-3)


def test_the_multi_label_excerpt_returns_three_of_four(shared_data: Path) -> None:
    path = outputs(shared_data) / "multilabel_agnews" / "predictions_excerpt.jsonl"
    labels = ("BUSINESS", "SCI_TECH", "SPORTS", "WORLD")
    scores, report = join_predictions(
        path, file_name="custom_news_Inference.csv", n_documents=6, labels=labels
    )
    assert report.is_complete and report.joined == 6
    assert (np.isnan(scores.values).sum(axis=1) == 1).all()
    assert (scores.ceilings[:, 0] == np.nanmin(scores.values, axis=1)).all()
