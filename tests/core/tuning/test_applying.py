"""Thresholds applied to prediction files and to an endpoint's reply."""

import gzip
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import Interrupted, InvalidInput
from core.progress import Progress, Watch
from core.tuning.thresholds import Classifier, apply_to_predictions, apply_to_reply
from tests.core.tuning.threshold_examples import ARN, FOUR, SECOND_ARN, scored, thresholds_of

LINES = (
    b'{"File": "f.txt", "Line": "1", "Labels": [{"Name": "toxic", "Score": 0.9}, '
    b'{"Name": "clean", "Score": 0.1}, {"Name": "insult", "Score": 0.05}]}\n'
    b'{"File": "f.txt", "Line": "0", "Labels": [{"Name": "clean", "Score": 0.99}, '
    b'{"Name": "toxic", "Score": 0.01}, {"Name": "threat", "Score": 0.001}]}\n'
    b"\n"
    b'{"File": "f.txt", "Line": 2, "ErrorCode": "TOO_LONG", "ErrorMessage": "too long"}'
)


def archive_of(name: str, data: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["jsonl", "gz", "tar.gz"])
def test_d5_predictions_are_decided_line_by_line(tmp_path: Path, kind: str) -> None:
    source, target = tmp_path / f"predictions.{kind}", tmp_path / "decided.jsonl"
    packs: dict[str, Callable[[bytes], bytes]] = {
        "jsonl": bytes,
        "gz": gzip.compress,
        "tar.gz": lambda data: archive_of("predictions.jsonl", data),
    }
    source.write_bytes(packs[kind](LINES))
    report = apply_to_predictions(FOUR, source, target)
    assert [json.loads(line) for line in target.read_text().splitlines()] == [
        {"File": "f.txt", "Line": "1", "Labels": ["toxic"], "Undecided": ["threat"]},
        {"File": "f.txt", "Line": "0", "Labels": ["clean"], "Undecided": []},
        {"File": "f.txt", "Line": 2, "ErrorCode": "TOO_LONG", "ErrorMessage": "too long"},
    ]
    assert (report.documents, report.undecided_documents, report.errored_documents) == (3, 1, 1)
    assert report.label_counts == {"clean": 1, "toxic": 1, "insult": 0, "threat": 0}


def test_decisions_can_go_to_a_stream_with_progress(tmp_path: Path) -> None:
    source, stream = tmp_path / "predictions.jsonl", io.BytesIO()
    source.write_bytes(LINES.split(b"\n")[0].join([b"", b"\n"]) * 10_000)
    events: list[Progress] = []
    apply_to_predictions(FOUR, source, stream, arn=ARN, watch=Watch(events.append))
    assert [event.done for event in events] == [10_000]
    assert stream.getvalue().count(b"\n") == 10_000


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"File": "f", "Line": "0", "Labels": [{"Name": "x", "Score": 1}]}', "line 1: x has no"),
        (b'{"File": "f", "Line": "0", "Classes": []}', "line 1: a prediction of the other mode"),
        (b'{"File": "f", "Line": "0"}', "line 1: a prediction without Labels"),
        (LINES.split(b"\n")[0] + b'\n{"File": "f", "Li', "line 2"),
        (b'{"File": "\xff"}', "line 1"),
        (b"label,text\n", "line 1"),
        (b"\x1f\x8b\x08\x00broken", "Cannot read the predictions"),
        (gzip.compress((LINES + b"\n") * 50)[:-20], "Cannot read the predictions"),
        (archive_of("other.json", b"{}"), "holds no predictions.jsonl"),
        (b" " * (16 * 1024 * 1024 + 2), "longer than"),
    ],
    ids=lambda value: value if isinstance(value, str) else "content",
)
def test_bad_predictions_name_the_line_and_leave_the_target_alone(
    tmp_path: Path, content: bytes, words: str
) -> None:
    source, target = tmp_path / "predictions.jsonl", tmp_path / "decided.jsonl"
    source.write_bytes(content)
    target.write_text("before")
    with pytest.raises(InvalidInput, match=words) as caught:
        apply_to_predictions(FOUR, source, target)
    assert str(source) in caught.value.message
    assert target.read_text() == "before"
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == [
        "decided.jsonl",
        "predictions.jsonl",
    ]


def test_several_classifiers_need_the_arn_of_the_one_that_predicted(tmp_path: Path) -> None:
    pair = thresholds_of(
        {"clean": 0.5, "toxic": 0.3},
        classifiers=(
            Classifier(arn=ARN, version="1", labels=("clean",)),
            Classifier(arn=SECOND_ARN, version="1", labels=("toxic",)),
        ),
    )
    with pytest.raises(InvalidInput, match="Which classifier"):
        apply_to_predictions(pair, tmp_path / "p.jsonl", tmp_path / "out")


def test_one_reply_of_an_endpoint_is_decided() -> None:
    reply = json.dumps({"Labels": scored(clean=0.1, toxic=0.3100000023841858), "x": 1}, indent=2)
    assert apply_to_reply(FOUR, reply.encode()).labels == ("toxic",)
    with pytest.raises(InvalidInput, match="Not an endpoint's reply"):
        apply_to_reply(FOUR, b"<html>")


def test_real_predictions_are_decided(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "comprehend_outputs"
    classes = thresholds_of(
        dict.fromkeys(["politics", "business", "tech", "entertainment", "sport"], 0.0),
        mode="multi-class",
    )
    source = folder / "multiclass_bbc" / "predictions.jsonl"
    report = apply_to_predictions(classes, source, tmp_path / "out.jsonl")
    assert (report.documents, report.undecided_documents) == (50, 0)
    assert sum(report.label_counts.values()) == 50
    news = thresholds_of({"WORLD": 0.5, "SPORTS": 0.5, "BUSINESS": 0.5, "SCI_TECH": 0.001})
    source = folder / "multilabel_agnews" / "predictions_excerpt.jsonl"
    report = apply_to_predictions(news, source, tmp_path / "out.jsonl")
    assert report.documents == 6
    assert report.undecided_documents > 0


def two_files(name: str, other: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for label, data in ((name, LINES), (other, LINES.replace(b"f.txt", b"g.txt"))):
            member = tarfile.TarInfo(label)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def test_every_predictions_file_of_an_archive_is_decided(tmp_path: Path) -> None:
    source, target = tmp_path / "output.tar.gz", tmp_path / "decided.jsonl"
    source.write_bytes(two_files("a/predictions.jsonl", "b/predictions.jsonl"))
    assert apply_to_predictions(FOUR, source, target).documents == 6
    files = [json.loads(line)["File"] for line in target.read_text().splitlines()]
    assert files == ["f.txt"] * 3 + ["g.txt"] * 3


def deep(line: bytes) -> bytes:
    return line[:-1] + b', "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"


GOOD = archive_of("predictions.jsonl", LINES)
DAMAGED = {
    "wrong checksum": GOOD[:-8] + bytes([GOOD[-8] ^ 1]) + GOOD[-7:],
    "wrong length": GOOD[:-4] + bytes([GOOD[-4] ^ 1]) + GOOD[-3:],
    "trailing garbage": GOOD + b"garbage",
    "one file twice": two_files("predictions.jsonl", "predictions.jsonl"),
    "a line nested too deeply": deep(LINES.split(b"\n")[0]),
    "a line number of 400 digits": LINES.replace(b'"Line": 2', b'"Line": ' + b"2" * 400),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_predictions_are_never_half_decided(tmp_path: Path, name: str) -> None:
    source, target = tmp_path / "output", tmp_path / "decided.jsonl"
    source.write_bytes(DAMAGED[name])
    with pytest.raises(InvalidInput) as caught:
        apply_to_predictions(FOUR, source, target)
    assert str(source) in caught.value.message and caught.value.hint
    assert not target.exists()


def test_deciding_stops_when_asked_to(tmp_path: Path) -> None:
    source, watch = tmp_path / "predictions.jsonl", Watch()
    source.write_bytes(LINES)
    watch.token.cancel()
    with pytest.raises(Interrupted):
        apply_to_predictions(FOUR, source, io.BytesIO(), watch=watch)
