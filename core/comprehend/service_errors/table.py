"""Error codes and job messages, each with what a user can do."""

from core.errors import InvalidInput, TryAgain, TunerError

Rule = tuple[type[TunerError], str, str]

EXPIRED_CODES = ("ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired")
"""Codes of a request that was refused for expired credentials, and so was not carried out."""

THROTTLED: Rule = (
    TryAgain, "The service is throttling requests",
    "wait a minute and repeat the command; it continues where it stopped",
)  # fmt: skip
UNAVAILABLE: Rule = (
    TryAgain, "The service has a fault",
    "repeat the command later; the same request is sent again, never a second one",
)  # fmt: skip
CREDENTIALS: Rule = (
    InvalidInput, "AWS does not accept the credentials",
    "check the profile, sign in again (such as: aws sso login) and repeat the command",
)  # fmt: skip
EXPIRED: Rule = (
    TryAgain, "The AWS credentials have expired",
    "sign in again in another terminal (such as: aws sso login); a waiting command then goes on by"
    " itself, another one is repeated, and running jobs go on meanwhile",
)  # fmt: skip
DENIED: Rule = (
    InvalidInput, "AWS denies access",
    "allow the action for the caller; when it creates or starts a job, iam:PassRole on the data"
    " access role is often what is missing",
)  # fmt: skip
REJECTED: Rule = (
    InvalidInput, "The service rejects the request", "correct the named value and repeat",
)  # fmt: skip
KMS: Rule = (
    InvalidInput, "The encryption key cannot be used",
    "check the key's id, region and policy, and that the data access role may use it",
)  # fmt: skip
TAGS: Rule = (InvalidInput, "Too many tags", "a resource has at most 50 tags; remove some")
NO_BUCKET: Rule = (
    InvalidInput, "The bucket does not exist", "check --bucket and the account in use"
)  # fmt: skip
NO_OBJECT: Rule = (
    InvalidInput, "The object does not exist", "check the address; the output of an unfinished"
    " or failed job does not exist",
)  # fmt: skip
WRONG_REGION: Rule = (
    InvalidInput, "The bucket lies in another region",
    "use a bucket in the region of the classifier, or --region of the bucket",
)  # fmt: skip
NOT_FOUND: Rule = (
    InvalidInput, "The resource does not exist",
    "it was deleted, or belongs to another account or region",
)  # fmt: skip

UNREACHABLE: Rule = (
    TryAgain, "The service cannot be reached",
    "check the network; repeat the command, which sends the same request again",
)  # fmt: skip

DAMAGED: Rule = (
    TryAgain, "The data arrived damaged", "repeat the command; it is transferred again",
)  # fmt: skip
CONFIGURATION: Rule = (
    InvalidInput, "The AWS configuration is unusable",
    "correct the named value in ~/.aws/config, ~/.aws/credentials or the environment",
)  # fmt: skip
MALFORMED: Rule = (InvalidInput, "The request is malformed", "correct the named value")
NO_PROFILE: Rule = (InvalidInput, "The AWS profile does not exist", "check --profile")
NO_REGION: Rule = (InvalidInput, "No valid AWS region", "give --region, such as eu-west-1")
NO_CREDENTIALS: Rule = (
    InvalidInput, "No AWS credentials", "give --profile, or sign in (such as: aws sso login)",
)  # fmt: skip
UNTRUSTED: Rule = (
    InvalidInput, "The connection is not trusted", "check the proxy and its certificates",
)  # fmt: skip

BY_CODE: dict[str, Rule] = {
    **dict.fromkeys(
        ("TooManyRequestsException", "ThrottlingException", "Throttling", "ThrottledException",
         "RequestThrottled", "RequestLimitExceeded", "SlowDown", "BandwidthLimitExceeded", "429"),
        THROTTLED,
    ),
    **dict.fromkeys(
        ("InternalServerException", "InternalServerError", "InternalError", "InternalFailure",
         "ServiceUnavailable", "ServiceUnavailableException", "RequestTimeout",
         "RequestTimeoutException", "500", "502", "503", "504"),
        UNAVAILABLE,
    ),
    **dict.fromkeys(EXPIRED_CODES, EXPIRED),
    **dict.fromkeys(
        ("InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId",
         "SignatureDoesNotMatch", "InvalidSignatureException", "AuthFailure", "InvalidToken",
         "MissingAuthenticationToken", "MissingAuthenticationTokenException", "IncompleteSignature",
         "401"),
        CREDENTIALS,
    ),
    **dict.fromkeys(
        ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized",
         "AllAccessDisabled", "AuthorizationError", "403"),
        DENIED,
    ),
    **dict.fromkeys(
        ("InvalidRequestException", "ValidationException", "ValidationError",
         "SerializationException", "InvalidParameterValue", "InvalidArgument"),
        REJECTED,
    ),
    **dict.fromkeys(("KmsKeyValidationException", "KMS.NotFoundException",
                     "KMS.DisabledException", "KMS.InvalidStateException"), KMS),
    **dict.fromkeys(("TooManyTagsException", "TooManyTagKeysException"), TAGS),
    **dict.fromkeys(("NoSuchBucket",), NO_BUCKET),
    **dict.fromkeys(("NoSuchKey", "404"), NO_OBJECT),
    **dict.fromkeys(
        ("BadDigest", "XAmzContentChecksumMismatch", "IncompleteBody", "PreconditionFailed"),
        DAMAGED,
    ),
    **dict.fromkeys(
        ("PermanentRedirect", "AuthorizationHeaderMalformed", "BucketRegionError", "301"),
        WRONG_REGION,
    ),
    **dict.fromkeys(("ResourceNotFoundException", "JobNotFoundException"), NOT_FOUND),
    "ResourceLimitExceededException": (
        TryAgain, "A quota of the account is used up",
        "wait until a job ends (10 trainings and 10 scoring jobs at once by default), or ask AWS"
        " for a higher quota",
    ),
    "ResourceInUseException": (
        InvalidInput, "The name or resource is in use",
        "choose another name or version",
    ),
    "ResourceUnavailableException": (
        TryAgain, "The classifier or endpoint is not ready",
        "wait until it is trained or in service; `jobs` shows its state",
    ),
    "ConcurrentModificationException": (
        TryAgain, "The resource is being changed by another request", "repeat the command",
    ),
    "InvalidFilterException": (
        InvalidInput, "The service rejects the filter", "filter a list by one property at a time",
    ),
    "UnsupportedLanguageException": (
        InvalidInput, "The language is not supported",
        "custom classification knows en, es, fr, de, it and pt",
    ),
    "TextSizeLimitExceededException": (
        InvalidInput, "The text is too long", "an endpoint takes at most 10 KB of text per call",
    ),
    "OptInRequired": (
        InvalidInput, "The account is not signed up for the service",
        "finish signing up in the AWS console",
    ),
    "RequestTimeTooSkewed": (
        InvalidInput, "This machine's clock is wrong", "set the clock and repeat the command",
    ),
}  # fmt: skip

IN_USE_ON_DELETE: Rule = (
    TryAgain, "The resource is still in use",
    "delete its endpoints first and wait for jobs that use it",
)  # fmt: skip

JOB_MESSAGES: tuple[tuple[str, str], ...] = (
    (r"NO_READ_ACCESS_TO_INPUT",
     "give the data access role s3:GetObject on the input and s3:ListBucket on its bucket, and"
     " kms:Decrypt when the input is encrypted"),
    (r"NO_WRITE_ACCESS_TO_OUTPUT",
     "give the data access role s3:PutObject below the output address, and kms:GenerateDataKey"
     " when the output is encrypted"),
    (r"BUCKET_NOT_IN_SERVICE_REGION",
     "use a bucket in the region of the classifier, or --region of the bucket"),
    (r"RESOURCE_NOT_FOUND", "it was deleted, or belongs to another account or region"),
    (r"CLASSIFIER_INVALID_INPUT", "the data access role lacks rights for Textract, or its limit"
     " is reached; plain text needs neither"),
    (r"Found \d+ unique labels", "the text and label columns look exchanged, or the label"
     " delimiter is wrong: check the columns that were chosen on import"),
    (r"[Ee]mpty label|Labels cannot be empty", "a label is blank or a delimiter is doubled:"
     " run `health` and apply its fixes"),
    (r"maximum size of an individual (document|label)", "a document is above 10 MB or a label above"
     " 5,000 characters: run `health`"),
    (r"invalid JSON file", "the augmented manifest has a broken line: correct it there"),
    (r"File name used for document is too long", "the file was trained as a semi-structured one;"
     " train it as plain text"),
    (r"INTERNAL_FAILURE", "start the job again; what was finished before is kept"),
)  # fmt: skip
