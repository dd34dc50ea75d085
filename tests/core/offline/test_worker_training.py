"""A training reads its input as the service does, says what is wrong, and leaves the artifacts."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.offline.artifacts import class_result, label_result
from core.offline.trainings import held_out
from tests.core.offline.conftest import BUCKET, Bench, rows

_GOOD = b"a,text one\nb,text two\na|b,text three\n"


def message_of(bench: Bench, data: bytes, **changes: Any) -> str:
    bench.place.put("in/train.csv", data)
    found = bench.train(**changes)
    assert found["Status"] == "IN_ERROR"
    return str(found["Message"])


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b"a,one\nb\n", "1 found on line: 2 of file: train.csv"),
        (b"a,one\nb,two,three\n", "3 found on line: 2 of file: train.csv"),
        (b"a,one\n|b,two\n", "Empty label found on line: 2"),
        (b"a,one\nb|,two\n", "Empty label found on line: 2"),
        (b"a,one\na||b,two\n", "Empty label found on line: 2"),
        (b"a,one\n,two\n", "Empty label found on line: 2"),
        (b'a,one\nb,"two" x\n', "not a valid CSV file"),
        (b"a,one\nb,tw\xff\n", "not in UTF-8"),
        (b"a,one\na,two\n", "Found 1 unique labels"),
        (b"", "Found 0 unique labels"),
        (b"a,one\n" + b"b" * 5001 + b",two\n", "individual label is 5000 characters"),
        (b"a,one\nb," + b"x" * (10 * 1024 * 1024 + 1) + b"\n", "individual document is 10MB"),
    ],
)
def test_a_malformed_training_file_ends_in_error_with_its_line(
    bench: Bench, data: bytes, wanted: str
) -> None:
    assert wanted in message_of(bench, data)


def test_an_absent_object_is_no_read_access(bench: Bench) -> None:
    found = bench.train()
    assert found["Status"] == "IN_ERROR"
    assert found["Message"].startswith("NO_READ_ACCESS_TO_INPUT: ")
    assert found["EndTime"] >= found["TrainingStartTime"]
    assert "ClassifierMetadata" not in found


def test_too_many_labels_are_counted_in_the_message(bench: Bench) -> None:
    data = "".join(f"label{number},text\n" for number in range(101)).encode()
    wanted = "Found 101 unique labels. The maximum allowed number of unique labels is 100."
    assert message_of(bench, data) == wanted
    bench.place.put("in/train.csv", data)
    assert bench.train("classes", Mode="MULTI_CLASS")["Status"] == "TRAINED"


def test_a_wrong_delimiter_makes_one_long_label(bench: Bench) -> None:
    bench.place.put("in/train.csv", b"a^b,one\nb,two\n")
    found = bench.train()
    assert found["ClassifierMetadata"]["NumberOfLabels"] == 2
    source = {"S3Uri": f"{BUCKET}/in/train.csv", "LabelDelimiter": "^"}
    bench.place.put("in/train.csv", b"a^b,one\nb^c,two\n")
    found = bench.train("other", InputDataConfig=source)
    assert found["ClassifierMetadata"]["NumberOfLabels"] == 3


def test_a_delimiter_in_multi_class_mode_is_part_of_the_class(bench: Bench) -> None:
    bench.place.put("in/train.csv", b"a|b,one\nb,two\n" * 10)
    found = bench.train(Mode="MULTI_CLASS")
    confusion = json.loads(
        bench.member(found["OutputDataConfig"]["S3Uri"], "output/confusion_matrix.json")
    )
    assert confusion["all_labels"] == ["a|b", "b"]


def test_d11_every_object_that_the_address_begins_is_trained_on(bench: Bench) -> None:
    bench.place.put("in/train.csv", _GOOD)
    bench.place.put("in/train.csv.bak", _GOOD)
    bench.place.put("in/other.csv", _GOOD)
    assert bench.train()["ClassifierMetadata"]["NumberOfTrainedDocuments"] == 6


def test_quotes_crlf_and_newlines_in_text_are_read_as_csv(bench: Bench) -> None:
    data = b'a,"one, ""two"""\r\nb,"line\nbreak"\r\n'
    bench.place.put("in/train.csv", data)
    assert bench.train()["Status"] == "TRAINED"
    model = json.loads((bench.wanted[-1] / "model").read_text())
    assert model["texts"] == ['one, "two"', "line\nbreak"]


def test_documents_without_text_are_skipped_with_a_warning(bench: Bench) -> None:
    bench.place.put("in/train.csv", _GOOD + b"a, \n")
    found = bench.train()
    assert found["Status"] == "TRAINED_WITH_WARNING"
    assert found["Message"].startswith("SKIPPED_DOCUMENTS: 1 ")
    assert found["ClassifierMetadata"]["NumberOfTrainedDocuments"] == 3


def test_failures_and_warnings_come_on_demand(bench: Bench) -> None:
    bench.place.put("in/train.csv", _GOOD)
    found = bench.train(options={"fail": "CODE: text"})
    assert (found["Status"], found["Message"]) == ("IN_ERROR", "CODE: text")
    found = bench.train("other", options={"warn": "CODE: text"})
    assert (found["Status"], found["Message"]) == ("TRAINED_WITH_WARNING", "CODE: text")


def test_c9_without_a_test_file_a_tenth_is_held_back(bench: Bench) -> None:
    bench.place.put_rows("in/train.csv", rows(95))
    metadata = bench.train()["ClassifierMetadata"]
    counts = metadata["NumberOfTrainedDocuments"], metadata["NumberOfTestDocuments"]
    assert counts == (86, 9)


def test_the_own_test_file_is_used_and_gives_the_metrics(bench: Bench) -> None:
    bench.place.put("in/train.csv", b"Comedy,x\nAction,x\nDrama,x\n")
    lines = [
        ("Comedy", "Comedy=0.9 Action=0.6"),
        ("Comedy|Action", "Comedy=0.5 Action=0.4999"),
        ("Action", "Comedy=0.7 Action=0.8"),
    ]
    bench.place.put_rows("in/test.csv", lines)
    source = {"S3Uri": f"{BUCKET}/in/train.csv", "TestS3Uri": f"{BUCKET}/in/test.csv"}
    found = bench.train(InputDataConfig=source)
    metadata = found["ClassifierMetadata"]
    assert metadata["NumberOfTrainedDocuments"] == metadata["NumberOfTestDocuments"] == 3
    confusion = json.loads(
        bench.member(found["OutputDataConfig"]["S3Uri"], "output/confusion_matrix.json")
    )
    assert confusion == {
        "type": "multi_label",
        "confusion_matrix": [[[0, 1], [0, 2]], [[0, 1], [1, 1]]],
        "labels": ["Comedy", "Action"],
        "all_labels": ["Comedy", "Action", "Drama"],
    }
    assert metadata["EvaluationMetrics"] == {
        "Accuracy": 0.75,
        "Precision": 0.5833,
        "Recall": 0.75,
        "F1Score": 0.65,
        "MicroPrecision": 0.6,
        "MicroRecall": 0.75,
        "MicroF1Score": 0.6667,
        "HammingLoss": 0.5,
    }


def test_a_test_label_that_was_not_trained_ends_in_error(bench: Bench) -> None:
    bench.place.put("in/test.csv", b"new,text\n")
    source = {"S3Uri": f"{BUCKET}/in/train.csv", "TestS3Uri": f"{BUCKET}/in/test.csv"}
    assert "Label new of the test data" in message_of(bench, _GOOD, InputDataConfig=source)


def test_augmented_manifests_are_read_by_label_name(bench: Bench) -> None:
    entries = [
        {"source": "one\ntwo", "Job": [0, 4], "Job-metadata": {"class-map": {"0": "a", "4": "b"}}},
        {"source": "three", "Job": 0, "Job-metadata": {"class-name": "c"}},
    ]
    lines = "".join(json.dumps(entry) + "\n" for entry in entries)
    uri = bench.place.put("in/train.jsonl", lines.encode())
    source: dict[str, Any] = {
        "DataFormat": "AUGMENTED_MANIFEST",
        "AugmentedManifests": [{"S3Uri": uri, "AttributeNames": ["Job"]}],
    }
    found = bench.train(InputDataConfig=source)
    assert found["ClassifierMetadata"]["NumberOfLabels"] == 3
    bench.place.put("in/train.jsonl", b'{"source": "x"}\n')
    assert "line: 1 of file: train.jsonl" in bench.train("other", InputDataConfig=source)["Message"]


def test_a_defect_of_the_engine_is_a_message_and_not_a_lost_job(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.place.put("in/train.csv", _GOOD)

    def broken(*args: Any, **options: Any) -> None:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr(sys.modules["core.offline.model"], "train", broken)
    assert bench.train()["Message"] == "INTERNAL_FAILURE: ZeroDivisionError: planted"


def test_a_multi_class_matrix_has_the_classes_of_the_test_documents_in_alphabetical_order() -> None:
    labels = ["AGREEMENT", "BANK", "INVOICE"]
    truth = np.array([[0, 0, 1], [0, 1, 0]], dtype=np.bool_)
    found = class_result(labels, truth, truth.astype(np.float32))
    assert found.confusion == {
        "confusion_matrix": [[1, 0], [0, 1]],
        "labels": ["BANK", "INVOICE"],
        "type": "multi_class",
        "all_labels": labels,
    }
    assert found.metrics["F1Score"] == 1.0


def test_metrics_agree_with_scikit_learn() -> None:
    from sklearn import metrics as peer

    random = np.random.default_rng(7)
    labels = [f"label{number}" for number in range(6)]
    scores = random.random((400, 6), dtype=np.float32)
    truth = random.random((400, 6)) < scores * 0.8
    predicted = scores >= 0.5
    found = label_result(labels, truth, scores)
    matrices = peer.multilabel_confusion_matrix(truth, predicted)
    assert found.confusion["confusion_matrix"] == matrices.tolist()
    for average, prefix in (("macro", ""), ("micro", "Micro")):
        values = peer.precision_recall_fscore_support(truth, predicted, average=average)
        for name, value in zip(("Precision", "Recall", "F1Score"), values, strict=False):
            assert found.metrics[prefix + name] == round(float(value), 4)
    assert found.metrics["HammingLoss"] == round(float(peer.hamming_loss(truth, predicted)), 4)

    classes = np.eye(6, dtype=np.bool_)[random.integers(0, 6, 400)]
    result = class_result(labels, classes, scores)
    actual, chosen = classes.argmax(axis=1), scores.argmax(axis=1)
    assert result.confusion["confusion_matrix"] == peer.confusion_matrix(actual, chosen).tolist()
    macro = peer.precision_recall_fscore_support(actual, chosen, average="macro")
    assert result.metrics["F1Score"] == round(float(macro[2]), 4)
    assert result.metrics["MicroF1Score"] == result.metrics["Accuracy"]


@pytest.mark.parametrize(
    ("supports", "n_test", "wanted"),
    [((14, 9, 3), 2, [1, 1, 0]), ((100,) * 5, 50, [10] * 5), ((6890,) * 5, 3445, [689] * 5)],
)
def test_held_out_classes_match_recorded_trainings(
    supports: tuple[int, ...], n_test: int, wanted: list[int]
) -> None:
    truth = np.repeat(np.eye(len(supports), dtype=np.bool_), supports, axis=0)
    is_test = held_out(truth, n_test, [0])
    assert truth[is_test].sum(axis=0).tolist() == wanted


def test_held_out_label_sets_keep_every_share_and_the_size() -> None:
    random = np.random.default_rng(0)
    membership = random.random((5000, 6)) < np.array([0.7, 0.3, 0.2, 0.1, 0.02, 0.005])
    membership[~membership.any(axis=1), 0] = True
    is_test = held_out(membership, 500, [1])
    assert is_test.sum() == 500
    share = membership[is_test].sum(axis=0) / membership.sum(axis=0)
    assert np.abs(share - 0.1).max() < 0.03
    assert (held_out(membership, 500, [1]) == is_test).all()


def test_an_output_that_cannot_be_written_is_no_write_access(bench: Bench) -> None:
    bench.place.put("in/train.csv", _GOOD)
    blocked: Path = bench.place.store.path_of("s3://blocked-bucket/x").parent
    blocked.parent.mkdir(parents=True, exist_ok=True)
    blocked.write_bytes(b"a file where the bucket's folder should be")
    found = bench.train(OutputDataConfig={"S3Uri": "s3://blocked-bucket/out"})
    assert found["Status"] == "IN_ERROR"
    assert found["Message"].startswith("NO_WRITE_ACCESS_TO_OUTPUT: ")
