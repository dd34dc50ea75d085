"""One table from what the service or its client library reports to what a user can do.

A code that the table does not know keeps the service's own message.
"""

import contextlib
import re
from collections.abc import Iterator
from typing import Any

from core.errors import InvalidInput, OperationFailed, TryAgain, TunerError
from core.text import printable

Rule = tuple[type[TunerError], str, str]

_LIBRARIES = ("botocore", "boto3", "s3transfer", "urllib3")

EXPIRED_CODES = ("ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired")
"""Codes of a request that was refused for expired credentials, and so was not carried out."""
DENIED_CODES = frozenset(
    {"AccessDenied", "AccessDeniedException", "AllAccessDisabled", "AuthorizationError"}
    | {"NotAuthorized", "UnauthorizedOperation", "403"}
)
"""Codes that say that the caller lacks a right."""
GONE_CODES = frozenset(
    {"ResourceNotFoundException", "JobNotFoundException"}
    | {"NoSuchUpload", "NoSuchEntity", "NoSuchBucket"}
)
"""Codes that say that something does not exist."""

THROTTLED: Rule = (
    TryAgain,
    "The service is throttling requests",
    "wait a minute and repeat the command; it continues where it stopped",
)
UNAVAILABLE: Rule = (
    TryAgain,
    "The service has a fault",
    "repeat the command later; the same request is sent again, never a second one",
)
CREDENTIALS: Rule = (
    InvalidInput,
    "AWS does not accept the credentials",
    "check the profile, sign in again (such as: aws sso login) and repeat the command",
)
EXPIRED_RULE: Rule = (
    TryAgain,
    "The AWS credentials have expired",
    "sign in again in another terminal (such as: aws sso login); a waiting command then goes on by"
    " itself, another one is repeated, and running jobs go on meanwhile",
)
DENIED_RULE: Rule = (
    InvalidInput,
    "AWS denies access",
    "allow the action for the caller; when it creates or starts a job, iam:PassRole on the data"
    " access role is often what is missing",
)
REJECTED: Rule = (
    InvalidInput,
    "The service rejects the request",
    "correct the named value and repeat",
)
KMS: Rule = (
    InvalidInput,
    "The encryption key cannot be used",
    "check the key's id, region and policy, and that the data access role may use it",
)
TAGS: Rule = (InvalidInput, "Too many tags", "a resource has at most 50 tags; remove some")
NO_BUCKET: Rule = (
    InvalidInput,
    "The bucket does not exist",
    "check --bucket and the account in use",
)
NO_OBJECT: Rule = (
    InvalidInput,
    "The object does not exist",
    "check the address; the output of an unfinished or failed job does not exist",
)
WRONG_REGION: Rule = (
    InvalidInput,
    "The bucket lies in another region",
    "use a bucket in the region of the classifier, or --region of the bucket",
)
NOT_FOUND: Rule = (
    InvalidInput,
    "The resource does not exist",
    "it was deleted, or belongs to another account or region",
)

UNREACHABLE: Rule = (
    TryAgain,
    "The service cannot be reached",
    "check the network; repeat the command, which sends the same request again",
)

DAMAGED: Rule = (
    TryAgain,
    "The data arrived damaged",
    "repeat the command; it is transferred again",
)
CONFIGURATION: Rule = (
    InvalidInput,
    "The AWS configuration is unusable",
    "correct the named value in ~/.aws/config, ~/.aws/credentials or the environment",
)
MALFORMED: Rule = (InvalidInput, "The request is malformed", "correct the named value")
NO_PROFILE: Rule = (InvalidInput, "The AWS profile does not exist", "check --profile")
NO_REGION: Rule = (InvalidInput, "No valid AWS region", "give --region, such as eu-west-1")
NO_CREDENTIALS: Rule = (
    InvalidInput,
    "No AWS credentials",
    "give --profile, or sign in (such as: aws sso login)",
)
UNTRUSTED: Rule = (
    InvalidInput,
    "The connection is not trusted",
    "check the proxy and its certificates",
)

_CODES: tuple[tuple[Rule, str], ...] = (
    (
        THROTTLED,
        "TooManyRequestsException ThrottlingException Throttling ThrottledException SlowDown"
        " RequestThrottled RequestLimitExceeded BandwidthLimitExceeded 429",
    ),
    (
        UNAVAILABLE,
        "InternalServerException InternalServerError InternalError InternalFailure"
        " ServiceUnavailable ServiceUnavailableException RequestTimeout RequestTimeoutException"
        " 500 502 503 504",
    ),
    (EXPIRED_RULE, " ".join(EXPIRED_CODES)),
    (
        CREDENTIALS,
        "InvalidClientTokenId UnrecognizedClientException InvalidAccessKeyId AuthFailure"
        " SignatureDoesNotMatch InvalidSignatureException InvalidToken MissingAuthenticationToken"
        " MissingAuthenticationTokenException IncompleteSignature 401",
    ),
    (DENIED_RULE, " ".join(sorted(DENIED_CODES))),
    (
        REJECTED,
        "InvalidRequestException ValidationException ValidationError SerializationException"
        " InvalidParameterValue InvalidArgument",
    ),
    (
        KMS,
        "KmsKeyValidationException KMS.NotFoundException KMS.DisabledException"
        " KMS.InvalidStateException",
    ),
    (TAGS, "TooManyTagsException TooManyTagKeysException"),
    (NO_BUCKET, "NoSuchBucket"),
    (NO_OBJECT, "NoSuchKey 404"),
    (DAMAGED, "BadDigest XAmzContentChecksumMismatch IncompleteBody PreconditionFailed"),
    (WRONG_REGION, "PermanentRedirect AuthorizationHeaderMalformed BucketRegionError 301"),
    (NOT_FOUND, "ResourceNotFoundException JobNotFoundException"),
)
"""What several codes, divided by blanks, have in common."""

BY_CODE: dict[str, Rule] = {
    **{code: rule for rule, codes in _CODES for code in codes.split()},
    "ResourceLimitExceededException": (
        TryAgain,
        "A quota of the account is used up",
        "wait until a job ends (10 trainings and 10 scoring jobs at once by default), or ask AWS"
        " for a higher quota",
    ),
    "ResourceInUseException": (
        InvalidInput,
        "The name or resource is in use",
        "choose another name or version",
    ),
    "ResourceUnavailableException": (
        TryAgain,
        "The classifier or endpoint is not ready",
        "wait until it is trained or in service; `jobs` shows its state",
    ),
    "ConcurrentModificationException": (
        TryAgain,
        "The resource is being changed by another request",
        "repeat the command",
    ),
    "InvalidFilterException": (
        InvalidInput,
        "The service rejects the filter",
        "filter a list by one property at a time",
    ),
    "UnsupportedLanguageException": (
        InvalidInput,
        "The language is not supported",
        "custom classification knows en, es, fr, de, it and pt",
    ),
    "TextSizeLimitExceededException": (
        InvalidInput,
        "The text is too long",
        "an endpoint takes at most 10 KB of text per call",
    ),
    "OptInRequired": (
        InvalidInput,
        "The account is not signed up for the service",
        "finish signing up in the AWS console",
    ),
    "RequestTimeTooSkewed": (
        InvalidInput,
        "This machine's clock is wrong",
        "set the clock and repeat the command",
    ),
}

IN_USE_ON_DELETE: Rule = (
    TryAgain,
    "The resource is still in use",
    "delete its endpoints first and wait for jobs that use it",
)

JOB_MESSAGES: tuple[tuple[str, str], ...] = (
    (
        r"NO_READ_ACCESS_TO_INPUT",
        "give the data access role s3:GetObject on the input and s3:ListBucket on its bucket, and"
        " kms:Decrypt when the input is encrypted",
    ),
    (
        r"NO_WRITE_ACCESS_TO_OUTPUT",
        "give the data access role s3:PutObject below the output address, and kms:GenerateDataKey"
        " when the output is encrypted",
    ),
    (
        r"BUCKET_NOT_IN_SERVICE_REGION",
        "use a bucket in the region of the classifier, or --region of the bucket",
    ),
    (r"RESOURCE_NOT_FOUND", "it was deleted, or belongs to another account or region"),
    (
        r"CLASSIFIER_INVALID_INPUT",
        "the data access role lacks rights for Textract, or its limit"
        " is reached; plain text needs neither",
    ),
    (
        r"Found \d+ unique labels",
        "the text and label columns look exchanged, or the label"
        " delimiter is wrong: check the columns that were chosen on import",
    ),
    (
        r"[Ee]mpty label|Labels cannot be empty",
        "a label is blank or a delimiter is doubled: run `health` and apply its fixes",
    ),
    (
        r"maximum size of an individual (document|label)",
        "a document is above 10 MB or a label above 5,000 characters: run `health`",
    ),
    (r"invalid JSON file", "the augmented manifest has a broken line: correct it there"),
    (
        r"File name used for document is too long",
        "the file was trained as a semi-structured one; train it as plain text",
    ),
    (r"INTERNAL_FAILURE", "start the job again; what was finished before is kept"),
)


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
        library = type(error).__module__.partition(".")[0]
        if library in _LIBRARIES or isinstance(error, ConnectionError | TimeoutError):
            raise explain(error) from error
        raise


class tolerating:
    """A block that an error with one of the service's `codes` ends silently."""

    def __init__(self, *codes: str) -> None:
        self._codes = codes

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        return code_of(error) in self._codes


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
        title,
        f"{error.operation_name}: {printable(message, 400)}{extra} ({printable(code, 60)})",
        hint,
    )


def _by_status(status: int) -> Rule:
    if status == 429:
        return THROTTLED
    if status >= 500:
        return UNAVAILABLE
    if status == 403:
        return DENIED_RULE
    return (OperationFailed, "The service refuses the request", "the message is the service's own")


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
        (_expiries(known), EXPIRED_RULE),
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


def _expiries(exceptions: Any) -> tuple[type[BaseException], ...]:
    """Classes that say that signing in is due; older client libraries lack some of them."""
    names = (
        "UnauthorizedSSOTokenError",
        "SSOTokenLoadError",
        "TokenRetrievalError",
        "LoginRefreshRequired",
        "LoginTokenLoadError",
    )
    return tuple(getattr(exceptions, name) for name in names if hasattr(exceptions, name))
