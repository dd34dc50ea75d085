"""Errors as boto3 raises them: `ClientError` with the service's code and HTTP status."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

_NOT_FOUND = frozenset(
    {"ResourceNotFoundException", "JobNotFoundException", "ResourceUnavailableException"}
)
_STATUSES = {"TooManyRequestsException": 429, "InternalServerException": 500}


def service_error(operation: str, code: str, message: str, **detail: Any) -> "ClientError":
    """Return the error of `operation` with the service's `code`.

    Args:
        operation: name such as "CreateEndpoint".
        code: the service's error code.
        message: the service's message.
        detail: members that the service puts beside the error, such as `Reason`.
    """
    from botocore.exceptions import ClientError

    status = _STATUSES.get(code, 404 if code in _NOT_FOUND else 400)
    response: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {
            "RequestId": "00000000-0000-0000-0000-000000000000",
            "HTTPStatusCode": status,
            "HTTPHeaders": {},
            "RetryAttempts": 0,
        },
        **detail,
    }
    return ClientError(response, operation)


def not_found(operation: str, what: str) -> "ClientError":
    """Return the error of naming a resource that does not exist."""
    return service_error(
        operation, "ResourceNotFoundException", f"RESOURCE_NOT_FOUND: Could not find {what}."
    )


def invalid(operation: str, message: str, **detail: Any) -> "ClientError":
    """Return the error of a request whose members do not fit together."""
    return service_error(operation, "InvalidRequestException", message, **detail)
