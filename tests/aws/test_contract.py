"""Classifiers: the twin and boto3 over HTTP answer alike, and as the service is known to.

Every test runs on both engines. What only the twin's own code can show is tested beside it.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from tests.aws.server.engines import (
    Engine,
    create,
    describe_classifier,
    ended,
    scored,
    scoring,
    trained,
    training,
)
from tests.core.offline.test_client_requests import check_answer, code_of


def status_of(error: pytest.ExceptionInfo[ClientError]) -> int:
    return int(error.value.response["ResponseMetadata"]["HTTPStatusCode"])


def test_a_request_with_every_parameter_is_described_as_it_was_sent(engine: Engine) -> None:
    source = {
        "DataFormat": "COMPREHEND_CSV",
        "S3Uri": f"s3://{engine.bucket}/in/train.csv",
        "TestS3Uri": f"s3://{engine.bucket}/in/train.csv",
        "LabelDelimiter": "|",
    }
    sent: dict[str, Any] = {
        "VolumeKmsKeyId": "volume-key",
        "ModelKmsKeyId": "model-key",
        "VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1", "subnet-2"]},
        "VersionName": "v1",
        "InputDataConfig": source,
    }
    output = {"S3Uri": f"s3://{engine.bucket}/run/out/", "KmsKeyId": "output-key"}
    arn = create(
        engine,
        Tags=[{"Key": "tool", "Value": "x"}],
        ClientRequestToken="once",
        OutputDataConfig=output,
        **sent,
    )
    assert arn == (
        f"arn:aws:comprehend:us-east-1:{engine.account}:document-classifier/tickets/version/v1"
    )
    answer = engine.comprehend.describe_document_classifier(DocumentClassifierArn=arn)
    check_answer("DescribeDocumentClassifier", answer)
    found = answer["DocumentClassifierProperties"]
    assert {name: found[name] for name in sent} == sent
    assert (found["Mode"], found["LanguageCode"]) == ("MULTI_LABEL", "en")
    assert found["DataAccessRoleArn"] == engine.role
    assert found["OutputDataConfig"]["KmsKeyId"] == "output-key"
    uri = found["OutputDataConfig"]["S3Uri"]
    assert uri.startswith(f"s3://{engine.bucket}/run/out/{engine.account}-CLR-")
    assert uri.endswith("/output/output.tar.gz")
    tags = engine.comprehend.list_tags_for_resource(ResourceArn=arn)
    assert tags["Tags"] == [{"Key": "tool", "Value": "x"}]


def test_members_appear_once_they_are_known(engine: Engine) -> None:
    engine.behave(queue_s=600)
    waiting = describe_classifier(engine, create(engine, "waiting"))
    assert waiting["Status"] == "SUBMITTED"
    later = {"EndTime", "TrainingStartTime", "TrainingEndTime", "ClassifierMetadata", "Message"}
    assert not later & set(waiting)
    assert abs(datetime.now(UTC) - waiting["SubmitTime"]) < timedelta(minutes=1)
    engine.behave()
    found = describe_classifier(engine, trained(engine))
    assert found["SubmitTime"] <= found["TrainingStartTime"] <= found["TrainingEndTime"]
    assert found["TrainingEndTime"] <= found["EndTime"] and "Message" not in found
    metadata = found["ClassifierMetadata"]
    assert metadata["NumberOfLabels"] == 4
    assert metadata["NumberOfTrainedDocuments"] + metadata["NumberOfTestDocuments"] == 60
    assert set(metadata["EvaluationMetrics"]) == {
        "Accuracy",
        "Precision",
        "Recall",
        "F1Score",
        "MicroPrecision",
        "MicroRecall",
        "MicroF1Score",
        "HammingLoss",
    }


def test_without_mode_and_output_the_defaults_are_described(engine: Engine) -> None:
    found = describe_classifier(engine, create(engine, Mode=None, OutputDataConfig=None))
    assert (found["Mode"], found["OutputDataConfig"]) == ("MULTI_CLASS", {})
    assert found["InputDataConfig"]["DataFormat"] == "COMPREHEND_CSV"


def test_a_training_that_fails_or_warns_says_why(engine: Engine) -> None:
    engine.put("in/train.csv", b"one,only one label\n" * 20)
    arn = create(engine, "failing")
    failed = ended(lambda: describe_classifier(engine, arn))
    assert failed["Status"] == "IN_ERROR" and "unique labels" in failed["Message"]
    assert "EndTime" in failed and "ClassifierMetadata" not in failed
    engine.behave(warn="SKIPPED: one document")
    engine.put("in/train.csv", b"one,alpha first\ntwo,beta second\n" * 20)
    other = create(engine, "warning")
    warned = ended(lambda: describe_classifier(engine, other))
    assert (warned["Status"], warned["Message"]) == (
        "TRAINED_WITH_WARNING",
        "SKIPPED: one document",
    )
    scored(engine, other)


def test_a_name_or_version_in_use_is_refused(engine: Engine) -> None:
    create(engine)
    create(engine, VersionName="v1")
    create(engine, VersionName="v2")
    for version in (None, "v1"):
        with pytest.raises(ClientError) as error:
            create(engine, VersionName=version)
        assert (code_of(error), status_of(error)) == ("ResourceInUseException", 400)


def test_the_same_token_gives_the_same_classifier_and_another_request_with_it_is_refused(
    engine: Engine,
) -> None:
    first = create(engine, ClientRequestToken="once")
    assert create(engine, ClientRequestToken="once") == first
    with pytest.raises(ClientError) as error:
        create(engine, "other", ClientRequestToken="once")
    assert (code_of(error), status_of(error)) == ("InvalidRequestException", 400)
    listed = engine.comprehend.list_document_classifiers()["DocumentClassifierPropertiesList"]
    assert [item["DocumentClassifierArn"] for item in listed] == [first]


@pytest.mark.parametrize(
    "changes", [{"LanguageCode": None}, {"DataAccessRoleArn": "short"}, {"Colour": "blue"}]
)
def test_boto3_refuses_before_sending(engine: Engine, changes: dict[str, Any]) -> None:
    with pytest.raises(ParamValidationError):
        create(engine, **changes)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"DocumentClassifierName": "under_score"}, "ValidationException"),
        ({"Mode": "MULTI"}, "ValidationException"),
        ({"InputDataConfig": {"S3Uri": "http://bucket/key"}}, "ValidationException"),
        ({"LanguageCode": "ja"}, "UnsupportedLanguageException"),
        ({"InputDataConfig": {"DataFormat": "COMPREHEND_CSV"}}, "InvalidRequestException"),
        ({"Tags": [{"Key": f"k{n}"} for n in range(51)]}, "TooManyTagsException"),
    ],
)
def test_the_service_refuses_with_a_code_a_status_and_words(
    engine: Engine, changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(ClientError) as error:
        engine.comprehend.create_document_classifier(**(training(engine) | changes))
    assert (code_of(error), status_of(error)) == (code, 400)
    assert error.value.operation_name == "CreateDocumentClassifier"
    assert error.value.response["Error"]["Message"]


def test_trainings_at_once_are_limited_and_requests_are_throttled(engine: Engine) -> None:
    engine.behave(active_trainings=1, queue_s=600)
    create(engine, "one")
    with pytest.raises(ClientError) as error:
        create(engine, "two")
    assert (code_of(error), status_of(error)) == ("ResourceLimitExceededException", 400)
    engine.behave(throttle=2)
    with pytest.raises(ClientError) as error:
        engine.comprehend.list_endpoints()
        engine.comprehend.list_endpoints()
    assert (code_of(error), status_of(error)) == ("TooManyRequestsException", 429)


def test_a_training_that_is_stopped_ends_and_cannot_score(engine: Engine) -> None:
    engine.behave(queue_s=600)
    arn = create(engine)
    with pytest.raises(ClientError) as error:
        engine.comprehend.start_document_classification_job(**scoring(engine, arn))
    assert (code_of(error), status_of(error)) == ("ResourceUnavailableException", 404)
    engine.comprehend.stop_training_document_classifier(DocumentClassifierArn=arn)
    assert describe_classifier(engine, arn)["Status"] in ("STOP_REQUESTED", "STOPPED")
    assert ended(lambda: describe_classifier(engine, arn))["Status"] == "STOPPED"
    with pytest.raises(ClientError) as error:
        engine.comprehend.start_document_classification_job(**scoring(engine, arn))
    assert code_of(error) == "ResourceUnavailableException"
    engine.behave()
    done = trained(engine, "done")
    engine.comprehend.stop_training_document_classifier(DocumentClassifierArn=done)
    assert describe_classifier(engine, done)["Status"] == "TRAINED"


def test_lists_come_in_pages_newest_first(engine: Engine) -> None:
    engine.behave(queue_s=600)
    arns = [create(engine, f"c{number}") for number in range(5)]
    pages = list(
        engine.comprehend.get_paginator("list_document_classifiers").paginate(
            PaginationConfig={"PageSize": 2}
        )
    )
    for page in pages:
        check_answer("ListDocumentClassifiers", page)
    listed = [page["DocumentClassifierPropertiesList"] for page in pages]
    assert [len(items) for items in listed] == [2, 2, 1]
    found = [item for items in listed for item in items]
    assert sorted(item["DocumentClassifierArn"] for item in found) == arns
    times = [item["SubmitTime"] for item in found]
    assert times == sorted(times, reverse=True)


def test_lists_are_filtered_by_one_member(engine: Engine) -> None:
    engine.behave(queue_s=600)
    for name, version in (("a", "v1"), ("a", "v2"), ("b", None)):
        create(engine, name, VersionName=version)

    def listed(**chosen: Any) -> list[str]:
        answer = engine.comprehend.list_document_classifiers(Filter=chosen)
        return [
            item["DocumentClassifierArn"] for item in answer["DocumentClassifierPropertiesList"]
        ]

    assert len(listed(DocumentClassifierName="a")) == 2
    assert len(listed(Status="SUBMITTED")) == 3 and listed(Status="TRAINED") == []
    hour = timedelta(hours=1)
    assert len(listed(SubmitTimeAfter=datetime.now(UTC) - hour)) == 3
    assert listed(SubmitTimeBefore=datetime.now(UTC) - hour) == []
    with pytest.raises(ClientError) as error:
        listed(DocumentClassifierName="a", Status="SUBMITTED")
    assert (code_of(error), status_of(error)) == ("InvalidFilterException", 400)


def test_summaries_come_in_pages_by_token(engine: Engine) -> None:
    engine.behave(queue_s=600)
    for name, version in (("a", "v1"), ("b", None), ("a", "v2")):
        create(engine, name, VersionName=version)
    assert not engine.comprehend.can_paginate("list_document_classifier_summaries")
    first = engine.comprehend.list_document_classifier_summaries(MaxResults=1)
    second = engine.comprehend.list_document_classifier_summaries(
        MaxResults=1, NextToken=first["NextToken"]
    )
    check_answer("ListDocumentClassifierSummaries", second)
    assert "NextToken" not in second
    found = {
        item["DocumentClassifierName"]: item
        for answer in (first, second)
        for item in answer["DocumentClassifierSummariesList"]
    }
    assert (found["a"]["NumberOfVersions"], found["a"]["LatestVersionName"]) == (2, "v2")
    assert found["b"]["LatestVersionStatus"] == "SUBMITTED"


def test_a_deletion_waits_for_the_end_takes_a_while_and_is_final(engine: Engine) -> None:
    engine.behave(queue_s=600)
    arn = create(engine, "waiting")
    with pytest.raises(ClientError) as error:
        engine.comprehend.delete_document_classifier(DocumentClassifierArn=arn)
    assert (code_of(error), status_of(error)) == ("ResourceUnavailableException", 404)
    engine.behave(delete_s=600)
    slow = trained(engine, "slow")
    engine.comprehend.delete_document_classifier(DocumentClassifierArn=slow)
    assert describe_classifier(engine, slow)["Status"] == "DELETING"
    engine.behave()
    quick = trained(engine, "quick")
    engine.comprehend.delete_document_classifier(DocumentClassifierArn=quick)
    for operation in ("describe_document_classifier", "delete_document_classifier"):
        with pytest.raises(ClientError) as error:
            getattr(engine.comprehend, operation)(DocumentClassifierArn=quick)
        assert (code_of(error), status_of(error)) == ("ResourceNotFoundException", 404)
