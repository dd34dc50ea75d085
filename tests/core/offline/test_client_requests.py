"""Requests are refused where boto3 or the service refuses them, and answers have its shapes."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError
from botocore.validate import ParamValidator

from core.errors import InvalidInput
from core.offline.answers import service_model
from core.offline.client import OfflineComprehend
from tests.core.offline.conftest import ROLE, Place, scoring, training

ARN = "arn:aws:comprehend:us-east-1:000000000000:document-classifier/tickets"
ENDPOINT = "arn:aws:comprehend:us-east-1:000000000000:document-classifier-endpoint/live"


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def check_answer(operation: str, answer: dict[str, Any]) -> None:
    """The answer fits the output shape of the service model, unknown members included."""
    body = {key: value for key, value in answer.items() if key != "ResponseMetadata"}
    shape = service_model().operation_model(operation).output_shape
    report = ParamValidator().validate(body, shape)
    assert not report.has_errors(), report.generate_report()
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"LanguageCode": None},
        {"DocumentClassifierName": 7},
        {"InputDataConfig": "s3://bucket/key"},
        {"Colour": "blue"},
        {"InputDataConfig": {"Uri": "s3://bucket/key"}},
        {"DataAccessRoleArn": "short"},
        {"ClientRequestToken": ""},
        {"Tags": [{"Value": "without key"}]},
        {"VpcConfig": {"SecurityGroupIds": [], "Subnets": ["subnet-1"]}},
    ],
)
def test_what_boto3_refuses_is_refused_as_boto3_does(place: Place, changes: dict[str, Any]) -> None:
    with pytest.raises(ParamValidationError):
        place.client().create_document_classifier(**training(**changes))
    assert not place.root.exists()


@pytest.mark.parametrize(
    ("changes", "member"),
    [
        ({"DocumentClassifierName": "under_score"}, "documentClassifierName"),
        ({"DocumentClassifierName": "-first"}, "documentClassifierName"),
        ({"DocumentClassifierName": "last\n"}, "documentClassifierName"),
        ({"DocumentClassifierName": "x" * 64}, "documentClassifierName"),
        ({"VersionName": "v_1"}, "versionName"),
        ({"LanguageCode": "xx"}, "languageCode"),
        ({"Mode": "MULTI"}, "mode"),
        ({"DataAccessRoleArn": "arn:aws:iam::1234:role/Comprehend"}, "dataAccessRoleArn"),
        ({"InputDataConfig": {"S3Uri": "http://bucket/key"}}, "inputDataConfig.s3Uri"),
        ({"InputDataConfig": {"S3Uri": "s3://bucket/" + "k" * 1024}}, "inputDataConfig.s3Uri"),
        (
            {"InputDataConfig": {"S3Uri": "s3://bucket/k", "LabelDelimiter": ","}},
            "inputDataConfig.labelDelimiter",
        ),
        ({"ClientRequestToken": "no spaces"}, "clientRequestToken"),
        ({"ClientRequestToken": "t" * 65}, "clientRequestToken"),
        ({"Tags": [{"Key": "k" * 129}]}, "tags.1.member.key"),
        ({"VolumeKmsKeyId": "kéy"}, "volumeKmsKeyId"),
    ],
)
def test_what_only_the_service_refuses_is_a_validation_exception(
    place: Place, changes: dict[str, Any], member: str
) -> None:
    with pytest.raises(ClientError) as error:
        place.client().create_document_classifier(**training(**changes))
    assert code_of(error) == "ValidationException"
    assert f"at '{member}' failed to satisfy constraint" in str(error.value)
    assert not place.root.exists()


def test_arguments_are_keywords_only(place: Place) -> None:
    with pytest.raises(TypeError):
        place.client().describe_document_classifier(ARN)


@pytest.mark.parametrize("name", ["a job", "Ärger_1.2:/=+-%@", "日本 語"])
def test_a_job_name_may_hold_letters_of_any_script(
    place: Place, no_processes: Any, name: str
) -> None:
    client = place.client()
    with pytest.raises(ClientError) as error:
        client.start_document_classification_job(**scoring(ARN, JobName=name))
    assert code_of(error) == "ResourceNotFoundException"
    with pytest.raises(ClientError) as error:
        client.start_document_classification_job(**scoring(ARN, JobName=name + "!"))
    assert code_of(error) == "ValidationException"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"LanguageCode": "ja"}, "UnsupportedLanguageException"),
        ({"InputDataConfig": {"DataFormat": "COMPREHEND_CSV"}}, "InvalidRequestException"),
        ({"InputDataConfig": {"DataFormat": "AUGMENTED_MANIFEST"}}, "InvalidRequestException"),
        (
            {"InputDataConfig": {"S3Uri": "s3://bucket/k", "LabelDelimiter": "|"}, "Mode": None},
            "InvalidRequestException",
        ),
        (
            {
                "InputDataConfig": {
                    "S3Uri": "s3://bucket/k",
                    "DocumentType": "SEMI_STRUCTURED_DOCUMENT",
                }
            },
            "InvalidRequestException",
        ),
        ({"Tags": [{"Key": f"k{n}"} for n in range(51)]}, "TooManyTagsException"),
    ],
)
def test_members_that_do_not_fit_together_have_the_services_code(
    place: Place, changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(ClientError) as error:
        place.client().create_document_classifier(**training(**changes))
    assert code_of(error) == code


def test_every_code_is_one_that_the_operation_can_answer(place: Place, no_processes: Any) -> None:
    client = place.client()
    unknown: dict[str, dict[str, Any]] = {
        "DescribeDocumentClassifier": {"DocumentClassifierArn": ARN},
        "StopTrainingDocumentClassifier": {"DocumentClassifierArn": ARN},
        "DeleteDocumentClassifier": {"DocumentClassifierArn": ARN},
        "StartDocumentClassificationJob": scoring(ARN),
        "DescribeDocumentClassificationJob": {"JobId": "0" * 32},
        "CreateEndpoint": {"EndpointName": "live", "DesiredInferenceUnits": 1, "ModelArn": ARN},
        "DescribeEndpoint": {"EndpointArn": ENDPOINT},
        "UpdateEndpoint": {"EndpointArn": ENDPOINT},
        "DeleteEndpoint": {"EndpointArn": ENDPOINT},
        "ClassifyDocument": {"EndpointArn": ENDPOINT, "Text": "hello"},
        "TagResource": {"ResourceArn": ARN, "Tags": [{"Key": "k"}]},
        "UntagResource": {"ResourceArn": ARN, "TagKeys": ["k"]},
        "ListTagsForResource": {"ResourceArn": ARN},
    }
    for operation, request in unknown.items():
        with pytest.raises(ClientError) as error:
            client.call(operation, request)
        modelled = {shape.name for shape in service_model().operation_model(operation).error_shapes}
        assert code_of(error) in modelled, operation
        assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


@pytest.mark.parametrize("path", ["../../etc", "....//x", "x/version/../../y"])
def test_a_name_cannot_reach_other_folders(place: Place, path: str) -> None:
    arn = f"arn:aws:comprehend:us-east-1:000000000000:document-classifier/{path}"
    with pytest.raises(ClientError) as error:
        place.client().describe_document_classifier(DocumentClassifierArn=arn)
    assert code_of(error) == "ValidationException"
    with pytest.raises(ClientError) as error:
        place.client().describe_document_classification_job(JobId="../classifiers/x")
    assert code_of(error) == "JobNotFoundException"


def test_a_region_that_cannot_be_part_of_a_name_is_refused(place: Place) -> None:
    with pytest.raises(InvalidInput, match="region"):
        OfflineComprehend(place.root, region="../x")


def test_resources_of_another_region_are_not_seen(place: Place, no_processes: Any) -> None:
    arn = place.client().create_document_classifier(**training())["DocumentClassifierArn"]
    other = OfflineComprehend(place.root, region="eu-west-1")
    assert other.list_document_classifiers()["DocumentClassifierPropertiesList"] == []
    with pytest.raises(ClientError) as error:
        other.describe_document_classifier(DocumentClassifierArn=arn)
    assert code_of(error) == "ResourceNotFoundException"
    made = other.create_document_classifier(**training())["DocumentClassifierArn"]
    assert made == arn.replace("us-east-1", "eu-west-1")


def test_throttling_on_demand_ends_after_the_given_number(place: Place) -> None:
    client = place.client(throttle=2)
    for _ in range(2):
        with pytest.raises(ClientError) as error:
            client.list_endpoints()
        assert code_of(error) == "TooManyRequestsException"
        assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429
    check_answer("ListEndpoints", client.list_endpoints())


def test_the_twins_own_names_satisfy_the_service_model(place: Place, no_processes: Any) -> None:
    assert training()["DataAccessRoleArn"] == ROLE
    check_answer(
        "CreateDocumentClassifier", place.client().create_document_classifier(**training())
    )
