"""Errors of the service and of its client library tell the user what to do."""

import botocore.session
import pytest
from botocore import exceptions
from botocore.exceptions import ClientError

from core.comprehend.service_errors import code_of, explain, explain_job_message, explained
from core.errors import InvalidInput, OperationFailed, Refused, TryAgain, TunerError


def client_error(
    code: str, message: str = "said so", status: int = 400, operation: str = "CreateEndpoint"
) -> ClientError:
    reply = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(reply, operation)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("TooManyRequestsException", TryAgain),
        ("ThrottlingException", TryAgain),
        ("SlowDown", TryAgain),
        ("InternalServerException", TryAgain),
        ("503", TryAgain),
        ("ResourceLimitExceededException", TryAgain),
        ("ResourceUnavailableException", TryAgain),
        ("ConcurrentModificationException", TryAgain),
        ("ResourceInUseException", InvalidInput),
        ("ResourceNotFoundException", InvalidInput),
        ("JobNotFoundException", InvalidInput),
        ("InvalidRequestException", InvalidInput),
        ("InvalidFilterException", InvalidInput),
        ("KmsKeyValidationException", InvalidInput),
        ("UnsupportedLanguageException", InvalidInput),
        ("TooManyTagsException", InvalidInput),
        ("TextSizeLimitExceededException", InvalidInput),
        ("AccessDeniedException", InvalidInput),
        ("AccessDenied", InvalidInput),
        ("ExpiredTokenException", TryAgain),
        ("UnrecognizedClientException", InvalidInput),
        ("NoSuchBucket", InvalidInput),
        ("NoSuchKey", InvalidInput),
        ("PermanentRedirect", InvalidInput),
    ],
)
def test_known_codes_have_a_class_a_hint_and_the_services_message(
    code: str, kind: type[TunerError]
) -> None:
    error = explain(client_error(code))
    assert type(error) is kind
    assert error.hint
    assert (
        "said so" in error.message and code in error.message and "CreateEndpoint" in error.message
    )


def test_every_error_that_the_service_model_names_is_in_the_table() -> None:
    model = botocore.session.get_session().get_service_model("comprehend")
    used = (
        "CreateDocumentClassifier",
        "DescribeDocumentClassifier",
        "DeleteDocumentClassifier",
        "StopTrainingDocumentClassifier",
        "StartDocumentClassificationJob",
        "DescribeDocumentClassificationJob",
        "ListDocumentClassifiers",
        "CreateEndpoint",
        "DescribeEndpoint",
        "DeleteEndpoint",
        "ClassifyDocument",
        "TagResource",
    )
    for operation in used:
        for shape in model.operation_model(operation).error_shapes:
            error = explain(client_error(shape.name, operation=operation))
            assert error.hint != "the message is the service's own", shape.name


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (500, TryAgain),
        (503, TryAgain),
        (429, TryAgain),
        (403, InvalidInput),
        (400, OperationFailed),
    ],
)
def test_unknown_codes_go_by_http_status_and_keep_the_message(
    status: int, kind: type[TunerError]
) -> None:
    error = explain(client_error("BrandNewException", "all of \x1b[31mthis", status))
    assert type(error) is kind
    assert "all of this" in error.message and "\x1b" not in error.message


def test_a_resource_in_use_can_be_tried_again_when_it_is_being_deleted() -> None:
    error = explain(client_error("ResourceInUseException", operation="DeleteDocumentClassifier"))
    assert type(error) is TryAgain and "endpoints first" in error.hint


def test_a_denied_action_is_named() -> None:
    message = (
        "User: arn:aws:iam::1:user/x is not authorized to perform: iam:PassRole on resource: r"
    )
    assert "allow iam:PassRole" in explain(client_error("AccessDeniedException", message)).hint


def test_reasons_beside_the_error_are_shown() -> None:
    error = client_error("InvalidRequestException")
    error.response["Reason"] = "INVALID_DOCUMENT"  # type: ignore[typeddict-unknown-key]
    error.response["Detail"] = {"Reason": "PAGE_LIMIT_EXCEEDED"}  # type: ignore[typeddict-unknown-key]
    message = explain(error).message
    assert "[INVALID_DOCUMENT]" in message and "[PAGE_LIMIT_EXCEEDED]" in message


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (exceptions.ParamValidationError(report="Missing required parameter"), InvalidInput),
        (exceptions.NoCredentialsError(), InvalidInput),
        (exceptions.ProfileNotFound(profile="x"), InvalidInput),
        (exceptions.NoRegionError(), InvalidInput),
        (exceptions.SSLError(endpoint_url="u", error=ValueError("e")), InvalidInput),
        (exceptions.UnauthorizedSSOTokenError(), TryAgain),
        (exceptions.EndpointConnectionError(endpoint_url="u"), TryAgain),
        (exceptions.ConnectTimeoutError(endpoint_url="u"), TryAgain),
        (exceptions.ReadTimeoutError(endpoint_url="u"), TryAgain),
        (exceptions.ConnectionClosedError(endpoint_url="u"), TryAgain),
        (ConnectionResetError("reset"), TryAgain),
        (exceptions.DataNotFoundError(data_path="x"), OperationFailed),
    ],
)
def test_errors_before_the_service_are_explained(error: Exception, kind: type[TunerError]) -> None:
    explanation = explain(error)
    assert type(explanation) is kind
    assert explanation.message


def test_a_block_keeps_defects_and_own_errors_as_they_are() -> None:
    with pytest.raises(ZeroDivisionError), explained():
        _ = 1 / 0
    own = Refused("Not confirmed", "x")
    with pytest.raises(Refused) as caught, explained():
        raise own
    assert caught.value is own
    assert explain(own) is own


def test_the_code_survives_the_explanation() -> None:
    with pytest.raises(TunerError) as caught, explained():
        raise client_error("JobNotFoundException")
    assert code_of(caught.value) == "JobNotFoundException"
    assert code_of(ValueError("x")) == ""


@pytest.mark.parametrize(
    ("message", "part"),
    [
        ("NO_READ_ACCESS_TO_INPUT: The provided data access role does not have", "s3:GetObject"),
        ("NO_WRITE_ACCESS_TO_OUTPUT: The provided data access role", "s3:PutObject"),
        ("INPUT_BUCKET_NOT_IN_SERVICE_REGION: The provided input S3 bucket", "--region"),
        (
            "Found 27983 unique labels. The maximum allowed number of unique labels is 1000.",
            "columns look exchanged",
        ),
        ("Empty label found on line: 3 of file: train.csv.", "health"),
        ("File name used for document is too long, exit code: 255", "plain text"),
        ("INTERNAL_FAILURE: The worker process ended", "start the job again"),
    ],
)
def test_job_messages_are_explained(message: str, part: str) -> None:
    assert part in explain_job_message(message)


def test_an_unknown_job_message_has_no_hint() -> None:
    assert explain_job_message("SOMETHING_ELSE: x") == ""
