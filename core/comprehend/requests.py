"""Requests that start jobs, checked against the rules that boto3 does not check.

Patterns and lengths are those of botocore's service model of Comprehend, 2017-11-27.
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Literal, NotRequired, TypedDict, Unpack

from core.errors import InvalidInput
from core.text import printable

LANGUAGES = ("en", "es", "fr", "de", "it", "pt")
"""Languages of custom classification."""

_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9])*")
_ROLE = re.compile(r"arn:aws(-[^:]+)?:iam::[0-9]{12}:role/.+")
_S3_URI = re.compile(r"s3://[a-z0-9][.\-a-z0-9]{1,61}[a-z0-9](/.*)?")
_TOKEN = re.compile(r"[a-zA-Z0-9-]+")
_DELIMITER = re.compile(r"[ ~!@#$%^*\-_+=|\\:;\t>?/]")
_CLASSIFIER = re.compile(
    r"arn:aws(-[^:]+)?:comprehend:[a-zA-Z0-9-]*:[0-9]{12}:document-classifier/"
    r"[a-zA-Z0-9](-*[a-zA-Z0-9])*(/version/[a-zA-Z0-9](-*[a-zA-Z0-9])*)?"
)
_JOB_NAME_MARKS = frozenset("_.:/=+-%@")
_LONGEST_NAME = 63
_MOST_TAGS = 50


class TrainingParameters(TypedDict):
    """What a training request is made of; keyword arguments of `training_request`."""

    name: str
    """Classifier name; `resource_name` makes a valid one."""
    version: NotRequired[str | None]
    """Version name, unique within the name; None for none."""
    train_uri: str
    """Address of the training file: one object with a key of its own."""
    test_uri: NotRequired[str | None]
    """Address of the test file; None lets the service hold out a tenth."""
    output_uri: str
    """Address below which the service writes; must not lie where inputs are read."""
    role_arn: str
    """Data access role."""
    mode: Literal["multi-label", "multi-class"]
    """Sets of labels or one class per document."""
    delimiter: NotRequired[str]
    """One character between labels, ``|`` by default; sent in multi-label mode only."""
    language: NotRequired[str]
    """One of the six languages of custom classification, ``en`` by default."""
    token: str
    """Saved beforehand, from `new_token`."""
    tags: NotRequired[Mapping[str, str] | None]
    """Tags of the classifier."""


def training_request(**given: Unpack[TrainingParameters]) -> dict[str, Any]:
    """Keyword arguments for `create_document_classifier`.

    Raises:
        InvalidInput: a value breaks a rule of the service; the message names value and rule.
    """
    train_uri, test_uri = given["train_uri"], given.get("test_uri")
    language = given.get("language", "en")
    check_resource_name("classifier name", given["name"])
    inputs = {"DataFormat": "COMPREHEND_CSV", "S3Uri": _input("training file", train_uri)}
    if test_uri is not None:
        inputs["TestS3Uri"] = _input("test file", test_uri)
    if given["mode"] == "multi-label":
        inputs["LabelDelimiter"] = _delimiter(given.get("delimiter", "|"))
    check(language in LANGUAGES, "language", language, f"one of {', '.join(LANGUAGES)}")
    _check_apart([train_uri] if test_uri is None else [train_uri, test_uri], given["output_uri"])
    request = {
        "DocumentClassifierName": given["name"],
        "LanguageCode": language,
        "Mode": "MULTI_LABEL" if given["mode"] == "multi-label" else "MULTI_CLASS",
        "InputDataConfig": inputs,
        **_common(given["output_uri"], given["role_arn"], given["token"], given.get("tags")),
    }
    version = given.get("version")
    if version:
        check_resource_name("version name", version)
        request["VersionName"] = version
    return request


def scoring_request(
    *,
    job_name: str,
    classifier_arn: str,
    input_uri: str,
    output_uri: str,
    role_arn: str,
    token: str,
    tags: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Keyword arguments for `start_document_classification_job`, one document per line.

    Args:
        job_name: shown in lists; need not be unique.
        classifier_arn: exact classifier version that scores.
        input_uri: address of the scoring file: one object with a key of its own.
        output_uri: address below which the service writes.
        role_arn: data access role.
        token: saved beforehand, from `new_token`.
        tags: tags of the job.

    Raises:
        InvalidInput: a value breaks a rule of the service; the message names value and rule.
    """
    _check_job_name(job_name)
    check_classifier(classifier_arn)
    _check_apart([input_uri], output_uri)
    return {
        "JobName": job_name,
        "DocumentClassifierArn": classifier_arn,
        "InputDataConfig": {
            "S3Uri": _input("scoring file", input_uri),
            "InputFormat": "ONE_DOC_PER_LINE",
        },
        **_common(output_uri, role_arn, token, tags),
    }


def resource_name(*pieces: str, limit: int = _LONGEST_NAME) -> str:
    """A valid classifier, version or endpoint name made of `pieces`, such as session and run.

    Pieces are joined by hyphens and reduced to letters, digits and hyphens. Whenever something
    was lost, or a piece has hyphens of its own, a short hash of the pieces is added, so that
    different pieces give different names.

    Args:
        pieces: texts of any origin.
        limit: most characters: 63 for classifiers and versions, 40 for endpoints.
    """
    joined = "-".join(pieces)
    plain = unicodedata.normalize("NFKD", joined).encode("ascii", "ignore").decode()
    name = re.sub(r"[^a-zA-Z0-9-]+", "-", plain).strip("-")
    if name and name == joined and len(name) <= limit and "-" not in "".join(pieces):
        return name
    digest = hashlib.sha256("\0".join(pieces).encode("utf-8", "surrogatepass")).hexdigest()[:8]
    head = name[: limit - len(digest) - 1].rstrip("-")
    return f"{head}-{digest}" if head else f"x-{digest}"


def check_role(role_arn: str) -> None:
    """Refuse what is not the ARN of a role.

    Raises:
        InvalidInput: it breaks the service's rule.
    """
    is_valid = bool(_ROLE.fullmatch(role_arn)) and 20 <= len(role_arn) <= 2048
    check(is_valid, "data access role", role_arn, "arn:aws:iam::ACCOUNT:role/NAME")


def _common(
    output_uri: str, role_arn: str, token: str, tags: Mapping[str, str] | None
) -> dict[str, Any]:
    check_role(role_arn)
    _check_uri("output address", output_uri)
    check_token(token)
    request: dict[str, Any] = {
        "OutputDataConfig": {"S3Uri": output_uri},
        "DataAccessRoleArn": role_arn,
        "ClientRequestToken": token,
    }
    if tags:
        request["Tags"] = tag_list(tags)
    return request


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags in the service's form.

    Raises:
        InvalidInput: there are too many, or one is too long.
    """
    check(len(tags) <= _MOST_TAGS, "number of tags", str(len(tags)), "at most 50")
    for key, value in tags.items():
        check(1 <= len(key) <= 128, "tag key", key, "1 to 128 characters")
        check(len(value) <= 256, "tag value", value, "at most 256 characters")
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def check_token(token: str) -> None:
    """Refuse what cannot be a client request token.

    Raises:
        InvalidInput: it breaks the service's rule.
    """
    is_valid = bool(_TOKEN.fullmatch(token)) and len(token) <= 64
    check(is_valid, "request token", token, "1 to 64 letters, digits and hyphens")


def _check_job_name(job_name: str) -> None:
    is_valid = 1 <= len(job_name) <= 256 and all(
        character in _JOB_NAME_MARKS or unicodedata.category(character)[0] in "LZN"
        for character in job_name
    )
    check(is_valid, "job name", job_name, "1 to 256 letters, digits, spaces and _ . : / = + - % @")


def check_classifier(arn: str) -> None:
    """Refuse what is not the ARN of a classifier or of one of its versions.

    Raises:
        InvalidInput: it breaks the service's rule.
    """
    check(
        bool(_CLASSIFIER.fullmatch(arn)) and len(arn) <= 256,
        "classifier ARN",
        arn,
        "arn:aws:comprehend:REGION:ACCOUNT:document-classifier/NAME/version/VERSION",
    )


def _delimiter(delimiter: str) -> str:
    check(
        bool(_DELIMITER.fullmatch(delimiter)),
        "label delimiter",
        delimiter,
        "one character of: space tab ~ ! @ # $ % ^ * - _ + = | \\ : ; > ? /",
    )
    return delimiter


def check_resource_name(what: str, name: str, longest: int = _LONGEST_NAME) -> None:
    """Refuse a name that the service does not take for a classifier, version or endpoint.

    Raises:
        InvalidInput: it breaks the service's rule.
    """
    is_valid = bool(_NAME.fullmatch(name)) and len(name) <= longest
    rule = f"1 to {longest} letters, digits and hyphens, no hyphen at either end"
    check(is_valid, what, name, rule)


def _check_uri(what: str, uri: str) -> None:
    is_valid = bool(_S3_URI.fullmatch(uri)) and len(uri) <= 1024
    check(is_valid, what, uri, "s3://BUCKET/KEY, at most 1,024 characters")


def _input(what: str, uri: str) -> str:
    _check_uri(what, uri)
    key = uri.removeprefix("s3://").partition("/")[2]
    check(bool(key) and not key.endswith("/"), what, uri, "one object, not a folder or bucket")
    return uri


def _check_apart(inputs: list[str], output_uri: str) -> None:
    """Input addresses are prefixes: none may cover another input or the output."""
    for uri in inputs:
        for other in (*inputs, output_uri):
            if other is not uri and other.startswith(uri):
                raise InvalidInput(
                    "Addresses overlap",
                    f"Comprehend reads every object whose address begins with"
                    f" {printable(uri, 200)}, which {printable(other, 200)} does",
                    "give each file and the output an address of its own",
                )


def check(is_valid: bool, what: str, value: str, rule: str) -> None:
    """Refuse a value that breaks a rule of the service.

    Raises:
        InvalidInput: it does; the message names value and rule.
    """
    if not is_valid:
        raise InvalidInput(
            "The service would refuse this",
            f"{what} {printable(value, 80)!r}: expected {rule}",
            "correct the value; nothing was sent",
        )
