"""A scoring job writes the service's lines; each of its quirks can be turned off."""

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from core.offline import inputs
from core.offline.inputs import physical_lines
from core.offline.records import change_record
from core.offline.scorings import returned_labels
from core.offline.worker import main
from tests.core.offline.conftest import BUCKET, Bench, scoring

_LABELS = b"a,x\nb,x\nc,x\nd,x\ne,x\n"


@pytest.fixture
def arn(bench: Bench) -> str:
    """A trained classifier with the labels a to e."""
    bench.place.put("in/train.csv", _LABELS)
    return str(bench.train()["DocumentClassifierArn"])


def scored(bench: Bench, arn: str, *, options: Any = None, **changes: Any) -> list[dict[str, Any]]:
    job = bench.score(arn, options=options, **changes)
    assert job["JobStatus"] == "COMPLETED", job
    data = bench.member(job["OutputDataConfig"]["S3Uri"], "predictions.jsonl")
    return [json.loads(line) for line in data.split(b"\n") if line]


def test_the_three_highest_labels_are_returned_highest_first(bench: Bench, arn: str) -> None:
    bench.place.put("in/docs.txt", b"a=0.1 b=0.3 c=0.02 d=0.2 e=0.001\n")
    assert scored(bench, arn) == [
        {
            "File": "docs.txt",
            "Line": "0",
            "Labels": [
                {"Name": "b", "Score": 0.3},
                {"Name": "d", "Score": 0.2},
                {"Name": "a", "Score": 0.1},
            ],
        }
    ]


def test_every_label_at_one_half_or_above_is_returned(bench: Bench, arn: str) -> None:
    bench.place.put("in/docs.txt", b"a=0.9 b=0.6157 c=0.7 d=0.5 e=0.4999\n")
    (line,) = scored(bench, arn)
    assert [label["Name"] for label in line["Labels"]] == ["a", "c", "b", "d"]
    (line,) = scored(bench, arn, options={"returned": "all"})
    assert len(line["Labels"]) == 5


def test_b10_scores_have_four_decimals_unless_turned_off(bench: Bench, arn: str) -> None:
    bench.place.put("in/docs.txt", b"a=0.123456 b=0.00004\n")
    options = {"returned": "all"}
    (line,) = scored(bench, arn, options=options)
    assert {label["Name"]: label["Score"] for label in line["Labels"]}["a"] == 0.1235
    assert {label["Name"]: label["Score"] for label in line["Labels"]}["b"] == 0.0
    (line,) = scored(bench, arn, options=options | {"decimals": None})
    exact = {label["Name"]: label["Score"] for label in line["Labels"]}["a"]
    assert exact == pytest.approx(0.123456, abs=1e-8) and exact != 0.1235


def test_d5_output_comes_in_an_order_of_its_own_unless_turned_off(bench: Bench, arn: str) -> None:
    bench.place.put("in/docs.txt", b"".join(b"a=0.%03d\n" % number for number in range(200)))
    lines = scored(bench, arn)
    numbers = [int(line["Line"]) for line in lines]
    assert sorted(numbers) == list(range(200)) != numbers
    by_number = {int(line["Line"]): line for line in lines}
    ordered = scored(bench, arn, options={"shuffle": False})
    assert ordered == [by_number[number] for number in range(200)]


def test_d5_lines_are_numbered_per_file(bench: Bench, arn: str) -> None:
    bench.place.put("in/docs/one.txt", b"x\ny\n")
    bench.place.put("in/docs/two.txt", b"x\ny\nz\n")
    lines = scored(bench, arn, InputDataConfig={"S3Uri": f"{BUCKET}/in/docs/"})
    found = sorted((line["File"], line["Line"]) for line in lines)
    assert found == [
        ("one.txt", "0"),
        ("one.txt", "1"),
        ("two.txt", "0"),
        ("two.txt", "1"),
        ("two.txt", "2"),
    ]


def test_d2_lf_cr_and_crlf_end_a_document(bench: Bench, arn: str) -> None:
    bench.place.put("in/docs.txt", b"one\ntwo\rthree\r\nfour\r\r\nsix")
    lines = scored(bench, arn)
    assert sorted(line["Line"] for line in lines) == ["0", "1", "2", "3", "5"]


def test_d3_other_separators_do_not_end_a_document(bench: Bench, arn: str) -> None:
    text = "a\u2028b\u0085c\x0bd\x0ce\x1cf"
    bench.place.put("in/docs.txt", text.encode() + b"\n")
    assert len(scored(bench, arn)) == 1


@given(st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"x", b"yy", b"\x0b"]), max_size=40))
def test_lines_do_not_depend_on_where_a_block_ends(pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    whole = list(physical_lines(io.BytesIO(data)))
    normal = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    assert whole == (normal[:-1] if normal[-1] == b"" else normal)
    with pytest.MonkeyPatch.context() as patch:
        for size in (1, 2, 3):
            patch.setattr(inputs, "_BLOCK_BYTES", size)
            assert list(physical_lines(io.BytesIO(data))) == whole


def test_a_file_can_be_a_document(bench: Bench, arn: str) -> None:
    bench.place.put("in/docs/one.txt", b"a=0.9\nb=0.8")
    bench.place.put("in/docs/two.txt", b"\xff\xfe")
    source = {"S3Uri": f"{BUCKET}/in/docs/", "InputFormat": "ONE_DOC_PER_FILE"}
    lines = {line["File"]: line for line in scored(bench, arn, InputDataConfig=source)}
    assert "Line" not in lines["one.txt"]
    assert [label["Name"] for label in lines["one.txt"]["Labels"]][:2] == ["a", "b"]
    assert lines["two.txt"]["ErrorCode"] == "UNSUPPORTED_ENCODING"


def test_a_line_that_is_not_utf8_is_an_error_row_and_ends_its_file(bench: Bench, arn: str) -> None:
    bench.place.put("in/docs.txt", b"one\n\xff\nthree\n")
    lines = sorted(scored(bench, arn), key=lambda line: line["Line"])
    assert [line["Line"] for line in lines] == ["0", "1"]
    assert lines[1]["ErrorCode"] == "UNSUPPORTED_ENCODING"


def test_multi_class_lines_hold_classes(bench: Bench) -> None:
    bench.place.put("in/train.csv", _LABELS)
    arn = bench.train(Mode="MULTI_CLASS")["DocumentClassifierArn"]
    bench.place.put("in/docs.txt", "ä=1 b=0.8\n".encode())
    (line,) = scored(bench, arn)
    assert line["Classes"][0] == {"Name": "b", "Score": 0.8}


def test_hostile_names_stay_valid_json(bench: Bench) -> None:
    bench.place.put_rows("in/train.csv", [('say "hi"\\', "x"), ("\x1b[31mred", "x"), ("ünï", "x")])
    arn = bench.train(Mode="MULTI_CLASS")["DocumentClassifierArn"]
    bench.place.put('in/docs"1".txt', b"x\n")
    (line,) = scored(bench, arn, InputDataConfig={"S3Uri": f"{BUCKET}/in/docs"})
    assert line["File"] == 'docs"1".txt'
    assert {item["Name"] for item in line["Classes"]} == {'say "hi"\\', "\x1b[31mred", "ünï"}


def test_an_empty_input_file_gives_an_empty_output(bench: Bench, arn: str) -> None:
    bench.place.put("in/docs.txt", b"")
    assert scored(bench, arn) == []


def test_a_missing_input_fails_the_job_with_its_code(bench: Bench, arn: str) -> None:
    job = bench.score(arn)
    assert job["JobStatus"] == "FAILED"
    assert job["Message"].startswith("NO_READ_ACCESS_TO_INPUT: ")
    assert bench.place.store.list(job["OutputDataConfig"]["S3Uri"]) == []


def test_blocks_join_to_the_same_output(
    bench: Bench, arn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.place.put("in/docs.txt", b"".join(b"a=0.%02d\n" % number for number in range(50)))
    whole = scored(bench, arn, options={"shuffle": False})
    monkeypatch.setattr("core.offline.scorings._BLOCK_DOCUMENTS", 7)
    assert scored(bench, arn, options={"shuffle": False}) == whole


@pytest.mark.parametrize(
    ("scores", "returned", "wanted"),
    [
        ([0.1, 0.4, 0.2, 0.3], 3, [1, 3, 2]),
        ([0.6, 0.9, 0.5, 0.7], 3, [1, 3, 0, 2]),
        ([0.2, 0.2], 3, [0, 1]),
        ([0.1, 0.4, 0.2], 1, [1]),
        ([0.1, 0.4, 0.2, 0.0], "all", [1, 2, 0, 3]),
    ],
)
def test_labels_returned_for_one_text(
    scores: list[float], returned: Any, wanted: list[int]
) -> None:
    assert returned_labels(scores, returned) == wanted


def test_an_endpoint_answers_with_full_precision_and_refuses_large_texts(
    bench: Bench, arn: str
) -> None:
    from botocore.exceptions import ClientError

    client = bench.place.client()
    endpoint = client.create_endpoint(EndpointName="live", DesiredInferenceUnits=1, ModelArn=arn)[
        "EndpointArn"
    ]
    answer = client.classify_document(EndpointArn=endpoint, Text="a=0.123456 b=0.3 c=0.2 d=0.1")
    assert [label["Name"] for label in answer["Labels"]] == ["b", "c", "a"]
    assert answer["Labels"][2]["Score"] == pytest.approx(0.123456, abs=1e-8)
    same = client.classify_document(EndpointArn=endpoint, Bytes=b"a=0.123456 b=0.3 c=0.2 d=0.1")
    assert same["Labels"] == answer["Labels"]
    client.classify_document(EndpointArn=endpoint, Text="é" * 5120)
    for request, code in (
        ({"Text": "é" * 5120 + "x"}, "TextSizeLimitExceededException"),
        ({"Text": "x", "Bytes": b"x"}, "InvalidRequestException"),
        ({}, "InvalidRequestException"),
        ({"Bytes": b"%PDF-\xff"}, "InvalidRequestException"),
    ):
        with pytest.raises(ClientError) as error:
            client.classify_document(EndpointArn=endpoint, **request)
        assert error.value.response["Error"]["Code"] == code
    assert error.value.response["Reason"] == "INVALID_DOCUMENT"  # type: ignore[typeddict-item]


@pytest.mark.parametrize("where", ["../../elsewhere", "/elsewhere", "..", "."])
def test_a_record_cannot_name_a_model_outside_its_twin(bench: Bench, arn: str, where: str) -> None:
    bench.place.put("in/docs.txt", b"a=0.1\n")
    client = bench.place.client()
    job = client.start_document_classification_job(**scoring(arn))["JobId"]
    folder = bench.wanted[-1]
    change_record(folder, lambda record: replace(record, classifier_folder=where))
    assert main([str(folder)]) == 0
    ended = client.describe_document_classification_job(JobId=job)
    told = ended["DocumentClassificationJobProperties"]
    assert told["JobStatus"] == "FAILED" and "no classifier's folder" in told["Message"]
