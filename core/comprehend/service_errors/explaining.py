"""From an exception of the client library to an error for the user."""

import contextlib
import re
from collections.abc import Iterator
from typing import Any

from core.comprehend.service_errors.table import (
    BY_CODE,
    DENIED,
    EXPIRED,
    IN_USE_ON_DELETE,
    JOB_MESSAGES,
    MALFORMED,
    NO_CREDENTIALS,
    NO_PROFILE,
    NO_REGION,
    THROTTLED,
    UNAVAILABLE,
    UNREACHABLE,
    UNTRUSTED,
    Rule,
)
from core.errors import InvalidInput, OperationFailed, TunerError
from core.text import printable


def explain(error: BaseException) -> TunerError:
    """Turn an error of the client library into one that a user can act on.

    Args:
        error: a `ClientError`, any other error of botocore or boto3, or a connection error.

    Returns:
        A leaf of `core.errors`; a `TunerError` is returned as it is.
    """
    from botocore.exceptions import ClientError

    if isinstance(error, TunerError):
        return error
    if isinstance(error, ClientError):
        return _explain_answer(error)
    return _explain_client(error)


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """Run a block whose botocore errors become `TunerError`, the original kept as the cause.

    Raises:
        TunerError: what `explain` made of the error.
    """
    try:
        yield
    except TunerError:
        raise
    except Exception as error:
        if not _is_client_library_error(error):
            raise
        raise explain(error) from error


def code_of(error: BaseException | None) -> str:
    """The service's code of an error or of what caused it, such as ``ResourceInUseException``."""
    while error is not None:
        response = getattr(error, "response", None)
        if isinstance(response, dict):
            return str(response.get("Error", {}).get("Code", ""))
        error = error.__cause__
    return ""


def explain_job_message(message: str) -> str:
    """What to do about the `Message` of a failed job; empty for a message that is not known."""
    for pattern, hint in JOB_MESSAGES:
        if re.search(pattern, message):
            return hint
    return ""


def _explain_answer(error: Any) -> TunerError:
    details = error.response.get("Error", {})
    code = str(details.get("Code", ""))
    message = str(details.get("Message", "")) or "no message"
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    kind, title, hint = BY_CODE.get(code) or _by_status(status)
    if code == "ResourceInUseException" and not error.operation_name.startswith("Create"):
        kind, title, hint = IN_USE_ON_DELETE
    denied = re.search(r"not authorized to perform:? ([a-z0-9-]+:\w+)", message)
    if denied and kind is InvalidInput:
        hint = f"allow {denied.group(1)} for the caller, then repeat the command"
    hint = explain_job_message(message) or hint
    reasons = [error.response.get("Reason"), (error.response.get("Detail") or {}).get("Reason")]
    extra = "".join(f" [{reason}]" for reason in reasons if reason)
    return kind(
        title, f"{error.operation_name}: {printable(message, 400)}{extra} ({printable(code, 60)})",
        hint,
    )  # fmt: skip


def _by_status(status: int) -> Rule:
    if status == 429:
        return THROTTLED
    if status >= 500:
        return UNAVAILABLE
    if status == 403:
        return DENIED
    return (OperationFailed, "The service refuses the request", "the message is the service's own")


def _is_client_library_error(error: BaseException) -> bool:
    library = type(error).__module__.partition(".")[0]
    return library in ("botocore", "boto3", "s3transfer", "urllib3") or isinstance(
        error, ConnectionError | TimeoutError
    )


def _explain_client(error: BaseException) -> TunerError:
    message = printable(str(error), 400) or type(error).__name__
    for kinds, (kind, title, hint) in _client_rules():
        if isinstance(error, kinds):
            return kind(title, message, hint)
    if type(error).__module__.startswith("urllib3"):
        return UNREACHABLE[0](UNREACHABLE[1], message, UNREACHABLE[2])
    return OperationFailed("The request failed", f"{type(error).__name__}: {message}")


def _client_rules() -> tuple[tuple[tuple[type[BaseException], ...], Rule], ...]:
    """What to make of errors that never reached the service; the first match counts."""
    from botocore import exceptions as known

    return (
        ((known.ParamValidationError,), MALFORMED),
        ((known.ProfileNotFound,), NO_PROFILE),
        ((known.NoRegionError, known.InvalidRegionError), NO_REGION),
        ((known.UnauthorizedSSOTokenError, known.SSOTokenLoadError), EXPIRED),
        ((known.NoCredentialsError, known.PartialCredentialsError), NO_CREDENTIALS),
        ((known.CredentialRetrievalError, known.TokenRetrievalError), NO_CREDENTIALS),
        ((known.SSLError,), UNTRUSTED),
        ((known.HTTPClientError, known.ConnectionError), UNREACHABLE),
        ((known.IncompleteReadError, OSError), UNREACHABLE),
    )
