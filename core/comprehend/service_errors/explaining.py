"""From an exception of the client library to an error for the user."""

import contextlib
import re
from collections.abc import Iterator
from typing import Any

from core.comprehend.service_errors.table import (
    BY_CODE,
    CONFIGURATION,
    DAMAGED,
    DENIED,
    EXPIRED,
    EXPIRED_CODES,
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


def is_expired(error: BaseException | None) -> bool:
    """Whether an error, or what caused it, says that the credentials have expired.

    Whoever waits may then pause for as long as it takes: the next call reads them anew.
    """
    from botocore import exceptions as known

    while error is not None:
        if code_of(error) in EXPIRED_CODES or isinstance(error, _expiries(known)):
            return True
        error = error.__cause__
    return False


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
    cause = getattr(error, "last_exception", None) or error
    message = printable(str(cause), 400) or type(cause).__name__
    for kinds, (kind, title, hint) in _client_rules():
        if isinstance(cause, kinds):
            return kind(title, message, hint)
    if type(cause).__module__.startswith("urllib3"):
        return UNREACHABLE[0](UNREACHABLE[1], message, UNREACHABLE[2])
    return OperationFailed("The request failed", f"{type(cause).__name__}: {message}")


def _client_rules() -> tuple[tuple[tuple[type[BaseException], ...], Rule], ...]:
    """What to make of errors that never reached the service; the first match counts."""
    from botocore import exceptions as known
    from s3transfer.exceptions import S3DownloadFailedError, S3ValidationError

    return (
        ((known.ParamValidationError,), MALFORMED),
        ((known.ProfileNotFound,), NO_PROFILE),
        ((known.NoRegionError, known.InvalidRegionError), NO_REGION),
        (_expiries(known), EXPIRED),
        ((known.NoCredentialsError, known.PartialCredentialsError), NO_CREDENTIALS),
        ((known.CredentialRetrievalError, known.MetadataRetrievalError), NO_CREDENTIALS),
        ((known.RefreshWithMFAUnsupportedError,), NO_CREDENTIALS),
        ((known.InvalidConfigError, known.ConfigParseError), CONFIGURATION),
        ((known.ConfigNotFound, known.InvalidRetryConfigurationError), CONFIGURATION),
        ((known.SSLError,), UNTRUSTED),
        ((known.FlexibleChecksumError, S3DownloadFailedError, S3ValidationError), DAMAGED),
        ((known.HTTPClientError, known.ConnectionError), UNREACHABLE),
        ((known.IncompleteReadError, OSError), UNREACHABLE),
    )


def _expiries(known: Any) -> tuple[type[BaseException], ...]:
    """Classes that say that signing in is due; older client libraries lack some of them."""
    names = ("UnauthorizedSSOTokenError", "SSOTokenLoadError", "TokenRetrievalError",
             "LoginRefreshRequired", "LoginTokenLoadError")  # fmt: skip
    return tuple(getattr(known, name) for name in names if hasattr(known, name))
