"""Scoring jobs, endpoints and tags: what they need, their states, limits and uses."""

from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from core.offline.client import OfflineComprehend
from tests.core.offline.conftest import Place, scoring
from tests.core.offline.test_client_classifiers import create, set_status
from tests.core.offline.test_client_requests import check_answer, code_of


@pytest.fixture
def client(place: Place, no_processes: list[Path]) -> OfflineComprehend:
    return place.client()


def test_only_a_trained_classifier_scores(place: Place, client: OfflineComprehend) -> None:
    arn = create(client)
    for status in ("SUBMITTED", "TRAINING", "STOPPED", "IN_ERROR", "DELETING"):
        set_status(place, "tickets", status, deleted_at=1e12)
        with pytest.raises(ClientError) as error:
            client.start_document_classification_job(**scoring(arn))
        assert code_of(error) == "ResourceUnavailableException"
    for status in ("TRAINED", "TRAINED_WITH_WARNING"):
        set_status(place, "tickets", status)
        check_answer(
            "StartDocumentClassificationJob",
            client.start_document_classification_job(**scoring(arn)),
        )


def test_a_job_is_described_in_the_services_shape(place: Place, client: OfflineComprehend) -> None:
    arn = create(client)
    set_status(place, "tickets", "TRAINED")
    started = client.start_document_classification_job(**scoring(arn, JobName="score test"))
    answer = client.describe_document_classification_job(JobId=started["JobId"])
    check_answer("DescribeDocumentClassificationJob", answer)
    found = answer["DocumentClassificationJobProperties"]
    assert (found["JobName"], found["JobStatus"]) == ("score test", "SUBMITTED")
    assert found["OutputDataConfig"]["S3Uri"].endswith(
        f"/out/000000000000-CLN-{started['JobId']}/output/output.tar.gz"
    )


def test_the_same_token_gives_the_same_job(place: Place, client: OfflineComprehend) -> None:
    arn = create(client)
    set_status(place, "tickets", "TRAINED")
    request = scoring(arn, ClientRequestToken="once")
    first = client.start_document_classification_job(**request)
    again = client.start_document_classification_job(**request)
    assert (again["JobId"], again["JobArn"]) == (first["JobId"], first["JobArn"])
    with pytest.raises(ClientError) as error:
        client.start_document_classification_job(**request, JobName="other")
    assert code_of(error) == "InvalidRequestException"


def test_jobs_at_once_are_limited(place: Place, no_processes: list[Path]) -> None:
    client = place.client(active_jobs=2)
    arn = create(client)
    set_status(place, "tickets", "TRAINED")
    for _ in range(2):
        client.start_document_classification_job(**scoring(arn))
    with pytest.raises(ClientError) as error:
        client.start_document_classification_job(**scoring(arn))
    assert code_of(error) == "ResourceLimitExceededException"


def test_f4_a_classifier_in_use_is_not_deleted(place: Place, client: OfflineComprehend) -> None:
    arn = create(client)
    set_status(place, "tickets", "TRAINED")
    job = client.start_document_classification_job(**scoring(arn))["JobId"]
    with pytest.raises(ClientError) as error:
        client.delete_document_classifier(DocumentClassifierArn=arn)
    assert code_of(error) == "ResourceInUseException"
    set_status(place, job, "COMPLETED")
    client.create_endpoint(EndpointName="live", DesiredInferenceUnits=1, ModelArn=arn)
    with pytest.raises(ClientError) as error:
        client.delete_document_classifier(DocumentClassifierArn=arn)
    assert code_of(error) == "ResourceInUseException"
    endpoint = client.list_endpoints()["EndpointPropertiesList"][0]["EndpointArn"]
    client.delete_endpoint(EndpointArn=endpoint)
    client.delete_document_classifier(DocumentClassifierArn=arn)
    listed = client.list_document_classifiers()["DocumentClassifierPropertiesList"]
    assert listed == []


def test_an_endpoint_goes_through_its_states(place: Place, no_processes: list[Path]) -> None:
    client = place.client(endpoint_s=600, delete_s=600)
    arn = create(client)
    request = {"EndpointName": "live", "DesiredInferenceUnits": 2, "ModelArn": arn}
    with pytest.raises(ClientError) as error:
        client.create_endpoint(**request)
    assert code_of(error) == "ResourceUnavailableException"
    set_status(place, "tickets", "TRAINED")
    answer = client.create_endpoint(**request, ClientRequestToken="once")
    check_answer("CreateEndpoint", answer)
    endpoint = answer["EndpointArn"]
    assert client.create_endpoint(**request, ClientRequestToken="once")["EndpointArn"] == endpoint
    with pytest.raises(ClientError) as error:
        client.create_endpoint(**request)
    assert code_of(error) == "ResourceInUseException"
    found = client.describe_endpoint(EndpointArn=endpoint)["EndpointProperties"]
    assert (found["Status"], found["CurrentInferenceUnits"]) == ("CREATING", 0)
    with pytest.raises(ClientError) as error:
        client.classify_document(EndpointArn=endpoint, Text="hello")
    assert code_of(error) == "ResourceUnavailableException"
    client.delete_endpoint(EndpointArn=endpoint)
    found = client.describe_endpoint(EndpointArn=endpoint)["EndpointProperties"]
    assert found["Status"] == "DELETING"


def test_an_endpoint_is_updated_and_limited(place: Place, client: OfflineComprehend) -> None:
    arn = create(client)
    set_status(place, "tickets", "TRAINED")
    endpoint = client.create_endpoint(EndpointName="live", DesiredInferenceUnits=1, ModelArn=arn)[
        "EndpointArn"
    ]
    check_answer(
        "UpdateEndpoint", client.update_endpoint(EndpointArn=endpoint, DesiredInferenceUnits=3)
    )
    answer = client.describe_endpoint(EndpointArn=endpoint)
    check_answer("DescribeEndpoint", answer)
    assert answer["EndpointProperties"]["CurrentInferenceUnits"] == 3
    assert answer["EndpointProperties"]["Status"] == "IN_SERVICE"
    with pytest.raises(ClientError) as error:
        client.update_endpoint(EndpointArn=endpoint, DesiredInferenceUnits=51)
    assert code_of(error) == "ResourceLimitExceededException"


def test_tags_are_set_replaced_listed_and_removed(place: Place, client: OfflineComprehend) -> None:
    arn = create(client, Tags=[{"Key": "tool", "Value": "x"}])
    client.tag_resource(ResourceArn=arn, Tags=[{"Key": "tool", "Value": "y"}, {"Key": "run"}])
    answer = client.list_tags_for_resource(ResourceArn=arn)
    check_answer("ListTagsForResource", answer)
    assert answer["Tags"] == [{"Key": "run", "Value": ""}, {"Key": "tool", "Value": "y"}]
    client.untag_resource(ResourceArn=arn, TagKeys=["run", "absent"])
    assert client.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "tool", "Value": "y"}]
    with pytest.raises(ClientError) as error:
        client.tag_resource(ResourceArn=arn, Tags=[{"Key": f"k{n}"} for n in range(50)])
    assert code_of(error) == "TooManyTagsException"
