"""Scoring jobs, endpoints and tags: the twin and boto3 over HTTP answer alike."""

import json
import tarfile
from io import BytesIO
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.aws.server.engines import (
    Engine,
    describe_endpoint,
    describe_job,
    ended,
    scored,
    scoring,
    trained,
)
from tests.aws.test_contract import status_of
from tests.core.offline.test_client_requests import check_answer, code_of


def test_a_job_starts_ends_and_leaves_a_line_per_document(engine: Engine) -> None:
    arn = trained(engine)
    started = engine.comprehend.start_document_classification_job(
        **scoring(engine, arn, JobName="score it", ClientRequestToken="once")
    )
    check_answer("StartDocumentClassificationJob", started)
    job_id = started["JobId"]
    assert started["JobStatus"] == "SUBMITTED" and started["DocumentClassifierArn"] == arn
    assert started["JobArn"] == (
        f"arn:aws:comprehend:us-east-1:{engine.account}:document-classification-job/{job_id}"
    )
    found = ended(lambda: describe_job(engine, job_id))
    assert (found["JobStatus"], found["JobName"]) == ("COMPLETED", "score it")
    assert found["SubmitTime"] <= found["EndTime"] and "Message" not in found
    uri = found["OutputDataConfig"]["S3Uri"]
    assert uri == (f"s3://{engine.bucket}/out/{engine.account}-CLN-{job_id}/output/output.tar.gz")
    with tarfile.open(fileobj=BytesIO(engine.get(uri))) as archive:
        file = archive.extractfile("predictions.jsonl")
        assert file is not None
        lines = [json.loads(line) for line in file.read().decode().splitlines()]
    assert sorted(line["Line"] for line in lines) == ["0", "1", "2"]
    assert all(len(line["Labels"]) >= 3 and line["File"] == "docs.txt" for line in lines)


def test_the_same_token_gives_the_same_job(engine: Engine) -> None:
    arn = trained(engine)
    start = engine.comprehend.start_document_classification_job
    first = start(**scoring(engine, arn, ClientRequestToken="once"))
    assert start(**scoring(engine, arn, ClientRequestToken="once"))["JobId"] == first["JobId"]
    with pytest.raises(ClientError) as error:
        start(**scoring(engine, arn, ClientRequestToken="once", JobName="other"))
    assert (code_of(error), status_of(error)) == ("InvalidRequestException", 400)
    assert start(**scoring(engine, arn))["JobId"] != first["JobId"]


def test_a_job_that_finds_no_input_fails_with_its_message(engine: Engine) -> None:
    arn = trained(engine)
    request = scoring(engine, arn, InputDataConfig={"S3Uri": f"s3://{engine.bucket}/in/absent"})
    job_id = engine.comprehend.start_document_classification_job(**request)["JobId"]
    found = ended(lambda: describe_job(engine, job_id))
    assert found["JobStatus"] == "FAILED" and "EndTime" in found
    assert found["Message"].startswith("NO_READ_ACCESS_TO_INPUT")


def test_jobs_are_listed_in_pages_and_by_one_filter(engine: Engine) -> None:
    arn = trained(engine)
    ids = {scored(engine, arn, JobName=name)["JobId"] for name in ("one", "two", "two")}
    pages = list(
        engine.comprehend.get_paginator("list_document_classification_jobs").paginate(
            PaginationConfig={"PageSize": 2}
        )
    )
    listed = [page["DocumentClassificationJobPropertiesList"] for page in pages]
    assert [len(items) for items in listed] == [2, 1]
    assert {item["JobId"] for items in listed for item in items} == ids

    def count(**chosen: Any) -> int:
        answer = engine.comprehend.list_document_classification_jobs(Filter=chosen)
        check_answer("ListDocumentClassificationJobs", answer)
        return len(answer["DocumentClassificationJobPropertiesList"])

    assert (count(JobName="two"), count(JobStatus="COMPLETED"), count(JobStatus="FAILED")) == (
        2,
        3,
        0,
    )
    with pytest.raises(ClientError) as error:
        count(JobName="two", JobStatus="COMPLETED")
    assert code_of(error) == "InvalidFilterException"


def test_jobs_at_once_are_limited_and_keep_their_classifier(engine: Engine) -> None:
    arn = trained(engine)
    engine.behave(queue_s=600, active_jobs=1)
    job_id = engine.comprehend.start_document_classification_job(**scoring(engine, arn))["JobId"]
    assert describe_job(engine, job_id)["JobStatus"] == "SUBMITTED"
    with pytest.raises(ClientError) as error:
        engine.comprehend.start_document_classification_job(**scoring(engine, arn))
    assert code_of(error) == "ResourceLimitExceededException"
    with pytest.raises(ClientError) as error:
        engine.comprehend.delete_document_classifier(DocumentClassifierArn=arn)
    assert (code_of(error), status_of(error)) == ("ResourceInUseException", 400)


def test_what_does_not_exist_has_the_code_of_its_kind(engine: Engine) -> None:
    start = f"arn:aws:comprehend:us-east-1:{engine.account}:"
    classifier = f"{start}document-classifier/absent"
    endpoint = f"{start}document-classifier-endpoint/absent"
    requests: list[tuple[str, dict[str, Any], str]] = [
        ("describe_document_classification_job", {"JobId": "0" * 32}, "JobNotFoundException"),
        (
            "start_document_classification_job",
            scoring(engine, classifier),
            "ResourceNotFoundException",
        ),
        (
            "stop_training_document_classifier",
            {"DocumentClassifierArn": classifier},
            "ResourceNotFoundException",
        ),
        ("describe_endpoint", {"EndpointArn": endpoint}, "ResourceNotFoundException"),
        ("delete_endpoint", {"EndpointArn": endpoint}, "ResourceNotFoundException"),
        ("list_tags_for_resource", {"ResourceArn": classifier}, "ResourceNotFoundException"),
        (
            "classify_document",
            {"EndpointArn": endpoint, "Text": "x"},
            "ResourceUnavailableException",
        ),
    ]
    for method, request, code in requests:
        with pytest.raises(ClientError) as error:
            getattr(engine.comprehend, method)(**request)
        assert (code_of(error), status_of(error)) == (code, 404), method


def live(engine: Engine, arn: str, **changes: Any) -> str:
    request = {"EndpointName": "live", "DesiredInferenceUnits": 1, "ModelArn": arn} | changes
    answer = engine.comprehend.create_endpoint(**request)
    check_answer("CreateEndpoint", answer)
    return str(answer["EndpointArn"])


def test_an_endpoint_is_created_updated_listed_and_deleted(engine: Engine) -> None:
    arn = trained(engine)
    engine.behave(endpoint_s=600)
    waiting = live(engine, arn, EndpointName="waiting", ClientRequestToken="once")
    assert waiting.endswith(f":{engine.account}:document-classifier-endpoint/waiting")
    again = live(engine, arn, EndpointName="waiting", ClientRequestToken="once")
    assert again == waiting
    found = describe_endpoint(engine, waiting)
    assert (found["Status"], found["CurrentInferenceUnits"]) == ("CREATING", 0)
    with pytest.raises(ClientError) as error:
        engine.comprehend.classify_document(EndpointArn=waiting, Text="hello")
    assert code_of(error) == "ResourceUnavailableException"
    engine.behave()
    ready = live(engine, arn)
    with pytest.raises(ClientError) as error:
        live(engine, arn)
    assert (code_of(error), status_of(error)) == ("ResourceInUseException", 400)
    engine.comprehend.update_endpoint(EndpointArn=ready, DesiredInferenceUnits=2)
    found = describe_endpoint(engine, ready)
    assert (found["Status"], found["CurrentInferenceUnits"]) == ("IN_SERVICE", 2)
    assert found["ModelArn"] == arn and found["CreationTime"].tzinfo is not None
    listed = engine.comprehend.list_endpoints(Filter={"Status": "IN_SERVICE"})
    assert [item["EndpointArn"] for item in listed["EndpointPropertiesList"]] == [ready]
    with pytest.raises(ClientError) as error:
        engine.comprehend.delete_document_classifier(DocumentClassifierArn=arn)
    assert code_of(error) == "ResourceInUseException"
    for endpoint in (ready, waiting):
        engine.comprehend.delete_endpoint(EndpointArn=endpoint)
        with pytest.raises(ClientError) as error:
            describe_endpoint(engine, endpoint)
        assert code_of(error) == "ResourceNotFoundException"
    engine.comprehend.delete_document_classifier(DocumentClassifierArn=arn)


def test_an_endpoint_under_deletion_is_described_as_such(engine: Engine) -> None:
    engine.behave(delete_s=600)
    endpoint = live(engine, trained(engine))
    engine.comprehend.delete_endpoint(EndpointArn=endpoint)
    assert describe_endpoint(engine, endpoint)["Status"] == "DELETING"


def test_a_document_is_classified_as_text_or_bytes_in_full_precision(engine: Engine) -> None:
    endpoint = live(engine, trained(engine))
    answer = engine.comprehend.classify_document(EndpointArn=endpoint, Text="abouta thinga1 é")
    check_answer("ClassifyDocument", answer)
    scores = [label["Score"] for label in answer["Labels"]]
    assert len(scores) == 3 and scores == sorted(scores, reverse=True)
    assert answer["Labels"][0]["Name"] == "a"
    assert any(score != round(score, 4) for score in scores)
    sent = "abouta thinga1 é".encode()
    same = engine.comprehend.classify_document(EndpointArn=endpoint, Bytes=sent)
    assert same["Labels"] == answer["Labels"]


def test_a_document_that_cannot_be_classified_is_refused_with_its_reason(engine: Engine) -> None:
    endpoint = live(engine, trained(engine))
    classify = engine.comprehend.classify_document
    with pytest.raises(ClientError) as error:
        classify(EndpointArn=endpoint, Text="x" * 10_241)
    assert (code_of(error), status_of(error)) == ("TextSizeLimitExceededException", 400)
    with pytest.raises(ClientError) as error:
        classify(EndpointArn=endpoint, Text="x", Bytes=b"x")
    assert code_of(error) == "InvalidRequestException"
    with pytest.raises(ClientError) as error:
        classify(EndpointArn=endpoint, Bytes=b"%PDF \xff")
    response: Any = error.value.response
    assert response["Reason"] == "INVALID_DOCUMENT"
    assert response["Detail"]["Reason"] == "UNSUPPORTED_DOC_TYPE"


def test_multi_class_answers_classes(engine: Engine) -> None:
    engine.put("in/train.csv", b"one,alpha first\ntwo,beta second\n" * 20)
    endpoint = live(engine, trained(engine, Mode="MULTI_CLASS"))
    answer = engine.comprehend.classify_document(EndpointArn=endpoint, Text="alpha first")
    assert [item["Name"] for item in answer["Classes"]] == ["one", "two"]
    assert sum(item["Score"] for item in answer["Classes"]) == pytest.approx(1, abs=1e-5)


def test_tags_of_every_kind_are_set_listed_and_removed(engine: Engine) -> None:
    arn = trained(engine)
    job = scored(engine, arn)["JobArn"]
    endpoint = live(engine, arn, Tags=[{"Key": "tool", "Value": "x"}])
    client = engine.comprehend
    for resource in (arn, job, endpoint):
        client.tag_resource(ResourceArn=resource, Tags=[{"Key": "tool", "Value": "y"}])
        answer = client.list_tags_for_resource(ResourceArn=resource)
        check_answer("ListTagsForResource", answer)
        assert answer["Tags"] == [{"Key": "tool", "Value": "y"}]
        client.untag_resource(ResourceArn=resource, TagKeys=["tool", "absent"])
        assert client.list_tags_for_resource(ResourceArn=resource)["Tags"] == []
