"""Requests are checked against the service's rules before anything is sent."""

import re
from typing import Any

import pytest

from core.comprehend.jobs import new_token
from core.comprehend.requests import resource_name, scoring_request, training_request
from core.errors import InvalidInput

ROLE = "arn:aws:iam::123456789012:role/ComprehendRole"
ARN = "arn:aws:comprehend:us-east-1:123456789012:document-classifier/go/version/v1"
TRAINING: dict[str, Any] = {
    "name": "tickets",
    "version": "v1",
    "train_uri": "s3://bucket/run/train/train.csv",
    "test_uri": "s3://bucket/run/test/test.csv",
    "output_uri": "s3://bucket/run/out/",
    "role_arn": ROLE,
    "mode": "multi-label",
    "delimiter": "|",
    "token": "token-1",
    "tags": {"tool": "comprehend-tuner"},
}
SCORING: dict[str, Any] = {
    "job_name": "go base calibration",
    "classifier_arn": ARN,
    "input_uri": "s3://bucket/run/score/calibration.txt",
    "output_uri": "s3://bucket/run/out/",
    "role_arn": ROLE,
    "token": "token-2",
}


def validate(operation: str, request: dict[str, Any]) -> None:
    """Check a request as botocore does, against the service's own model."""
    import botocore.session
    from botocore.validate import validate_parameters

    model = botocore.session.get_session().get_service_model("comprehend")
    shape = model.operation_model(operation).input_shape
    assert shape is not None
    validate_parameters(request, shape)


def test_a_multi_label_training_request_is_the_documented_one() -> None:
    request = training_request(**TRAINING)
    validate("CreateDocumentClassifier", request)
    assert request == {
        "DocumentClassifierName": "tickets",
        "VersionName": "v1",
        "LanguageCode": "en",
        "Mode": "MULTI_LABEL",
        "InputDataConfig": {
            "DataFormat": "COMPREHEND_CSV",
            "S3Uri": "s3://bucket/run/train/train.csv",
            "TestS3Uri": "s3://bucket/run/test/test.csv",
            "LabelDelimiter": "|",
        },
        "OutputDataConfig": {"S3Uri": "s3://bucket/run/out/"},
        "DataAccessRoleArn": ROLE,
        "ClientRequestToken": "token-1",
        "Tags": [{"Key": "tool", "Value": "comprehend-tuner"}],
    }


def test_a_multi_class_training_request_has_no_delimiter() -> None:
    request = training_request(
        **{**TRAINING, "mode": "multi-class", "test_uri": None, "version": None, "tags": None}
    )
    validate("CreateDocumentClassifier", request)
    assert request["Mode"] == "MULTI_CLASS"
    assert set(request["InputDataConfig"]) == {"DataFormat", "S3Uri"}
    assert not {"VersionName", "Tags"} & set(request)


def test_a_scoring_request_reads_one_document_per_line() -> None:
    request = scoring_request(**SCORING)
    validate("StartDocumentClassificationJob", request)
    assert request["InputDataConfig"] == {
        "S3Uri": "s3://bucket/run/score/calibration.txt",
        "InputFormat": "ONE_DOC_PER_LINE",
    }
    assert request["DocumentClassifierArn"] == ARN


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("name", "a_b", "letters, digits and hyphens"),
        ("name", "-a", "no hyphen at either end"),
        ("name", "a-", "no hyphen at either end"),
        ("name", "a\n", "letters, digits"),
        ("name", "", "1 to 63"),
        ("name", "a" * 64, "1 to 63"),
        ("version", "1.0", "letters, digits"),
        ("train_uri", "train.csv", "s3://BUCKET/KEY"),
        ("train_uri", "s3://Bucket/train.csv", "s3://BUCKET/KEY"),
        ("train_uri", "s3://bucket/folder/", "one object"),
        ("train_uri", "s3://bucket", "one object"),
        ("train_uri", "s3://bucket/" + "k" * 1024, "1,024 characters"),
        ("test_uri", "http://bucket/test.csv", "s3://BUCKET/KEY"),
        ("output_uri", "out", "s3://BUCKET/KEY"),
        ("role_arn", "ComprehendRole", "arn:aws:iam"),
        ("role_arn", "arn:aws:iam::1:role/x", "arn:aws:iam"),
        ("delimiter", ",", "one character of"),
        ("delimiter", "||", "one character of"),
        ("language", "ja", "en, es, fr, de, it, pt"),
        ("token", "a b", "letters, digits and hyphens"),
        ("token", "a" * 65, "1 to 64"),
        ("tags", {"": "x"}, "1 to 128 characters"),
        ("tags", {"k": "x" * 257}, "at most 256"),
        ("tags", {str(number): "" for number in range(51)}, "at most 50"),
    ],
)
def test_a_training_value_that_breaks_a_rule_is_refused_with_the_rule(
    field: str, value: object, rule: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        training_request(**{**TRAINING, field: value})
    assert rule in caught.value.message
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("job_name", ""),
        ("job_name", "a#b"),
        ("job_name", "a" * 257),
        ("classifier_arn", "go"),
        ("classifier_arn", ARN.replace("123456789012", "1234")),
        ("input_uri", "s3://bucket/folder/"),
        ("output_uri", ""),
    ],
)
def test_a_scoring_value_that_breaks_a_rule_is_refused(field: str, value: str) -> None:
    with pytest.raises(InvalidInput, match="would refuse this"):
        scoring_request(**{**SCORING, field: value})


def test_job_names_may_hold_letters_of_any_script() -> None:
    assert scoring_request(**{**SCORING, "job_name": "Prüfung 日本 v1.0"})["JobName"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("test_uri", "s3://bucket/run/train/train.csv.bak"),
        ("output_uri", "s3://bucket/run/train/train.csv-out/"),
    ],
)
def test_d11_addresses_that_the_training_prefix_covers_are_refused(field: str, value: str) -> None:
    with pytest.raises(InvalidInput, match="begins with"):
        training_request(**{**TRAINING, field: value})


def test_resource_names_are_valid_and_plain_pieces_stay_readable() -> None:
    assert resource_name("go", "base") == "go-base"
    valid = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9])*")
    for pieces in [("a_b", "c"), ("日本",), ("",), ("x" * 90, "y"), ("-a-",), ("é t é", "1"), ()]:
        for limit in (40, 63):
            name = resource_name(*pieces, limit=limit)
            assert valid.fullmatch(name) and len(name) <= limit


def test_different_pieces_give_different_resource_names() -> None:
    pieces = [
        ("a_b",),
        ("a-b",),
        ("a.b",),
        ("a", "b"),
        ("a b",),
        ("é",),
        ("e",),
        ("a", "b-c"),
        ("a-b", "c"),
        ("a", "b", "c"),
        ("x" * 80,),
        ("x" * 81,),
    ]
    names = {resource_name(*piece) for piece in pieces}
    assert len(names) == len(pieces)


def test_tokens_are_fresh_and_valid() -> None:
    first, second = new_token(), new_token()
    assert first != second
    assert training_request(**{**TRAINING, "token": first})["ClientRequestToken"] == first
