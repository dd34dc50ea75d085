"""The bucket: there, in the Region, and open to the caller below the session's prefix.

The caller's rights are not simulated but used: one small object is written, read, listed and
removed. Whatever happens in between, the object is removed, or named as left over.
"""

import uuid
from typing import Any

from core.comprehend.preflight.lines import (
    DENIED,
    Facts,
    Verdict,
    cannot_tell,
    failed,
    passed,
    warning,
)
from core.comprehend.roles import document, key_statement, store_statements
from core.comprehend.service_errors import code_of, explained
from core.errors import TunerError
from core.text import printable

_ABSENT = frozenset({"404", "NoSuchBucket"})
_BODY = b"comprehend-tuner writes this object to check its rights, and removes it.\n"
_DEFAULT_REGION = "us-east-1"
"""Region of a bucket whose location is answered as nothing."""


def check_bucket(facts: Facts) -> Verdict:
    """The bucket exists, may be seen, and lies in the Region."""
    region = facts.clients.info.region
    if not facts.bucket:
        return failed(
            "no bucket was chosen",
            f"name one in {printable(region, 40)} with --bucket",
        )
    name = printable(facts.bucket, 80)
    try:
        found = _region_of(facts)
    except TunerError as error:
        if code_of(error) in _ABSENT:
            return failed(
                f"bucket {name} does not exist",
                f"check --bucket, or make it: aws s3 mb s3://{name} --region {region}",
            )
        if code_of(error) in DENIED:
            return failed(
                f"the caller may not see bucket {name}",
                "check that it is the account's own, and allow the caller this",
                document(*store_statements(facts.scope)),
            )
        raise
    if found != region:
        return failed(
            f"bucket {name} lies in {printable(found, 40)}, the work is done in {region}",
            f"name a bucket in {region} with --bucket, or work in its Region with --region"
            f" {printable(found, 40)}",
        )
    return passed(f"{name} lies in {region}")


def check_encryption(facts: Facts) -> Verdict:
    """How the bucket encrypts, and whether that asks for rights on a key."""
    try:
        with explained():
            answer = _s3(facts).get_bucket_encryption(Bucket=facts.bucket)
    except TunerError as error:
        if code_of(error) == "ServerSideEncryptionConfigurationNotFoundError":
            return passed("the bucket uses S3's own keys")
        if code_of(error) in DENIED:
            return cannot_tell("the caller may not read the bucket's encryption")
        raise
    rules = answer["ServerSideEncryptionConfiguration"].get("Rules", [])
    by_default = [rule.get("ApplyServerSideEncryptionByDefault", {}) for rule in rules]
    if not any(rule.get("SSEAlgorithm", "").startswith("aws:kms") for rule in by_default):
        return passed("the bucket uses S3's own keys")
    key = next((str(r["KMSMasterKeyID"]) for r in by_default if r.get("KMSMasterKeyID")), "")
    if not key:
        return warning(
            "the bucket encrypts with the account's default key aws/s3",
            "the default key lets in whoever may use the bucket within the account; a key of your"
            " own needs kms:Decrypt and kms:GenerateDataKey for the role and the caller",
        )
    scope = facts.scope
    facts.key_arn = key if key.startswith("arn:") else (
        f"arn:{scope.partition}:kms:{scope.region}:{scope.account}:key/{key}"
    )  # fmt: skip
    return warning(
        f"the bucket encrypts with key {printable(facts.key_arn, 120)}",
        "the role and the caller need this, unless the key's own policy lets them in",
        document(key_statement(facts.key_arn)),
    )


def check_put(facts: Facts) -> Verdict:
    """The caller may write below the prefix."""
    if not facts.settings.may_write:
        return cannot_tell("nothing is written in a read-only call")
    uri = f"s3://{facts.bucket}/{facts.settings.prefix}preflight/{uuid.uuid4().hex}.txt"
    facts.notes.before_writing(uri)
    facts.probe_uri = uri
    try:
        with explained():
            _s3(facts).put_object(**_at(uri), Body=_BODY, ContentType="text/plain")
    except TunerError as error:
        if code_of(error) in DENIED:
            _forget_probe(facts)
        return _refused(facts, error, "write", "s3:PutObject")
    return passed(f"an object was written below {printable(facts.settings.prefix, 120)}")


def check_get(facts: Facts) -> Verdict:
    """The caller may read what it wrote."""
    try:
        with explained():
            body = _s3(facts).get_object(**_at(facts.probe_uri))["Body"].read()
    except TunerError as error:
        return _refused(facts, error, "read", "s3:GetObject")
    if body != _BODY:
        return failed(
            "the object reads differently from what was written",
            "something else writes below the prefix, or changes what passes through: look for a"
            " proxy or an object Lambda",
        )
    return passed("it was read back unchanged")


def check_list(facts: Facts) -> Verdict:
    """The caller may list below the prefix, and finds what it wrote."""
    where = _at(facts.probe_uri)
    try:
        with explained():
            answer = _s3(facts).list_objects_v2(Bucket=where["Bucket"], Prefix=where["Key"])
    except TunerError as error:
        return _refused(facts, error, "list", "s3:ListBucket")
    if [entry["Key"] for entry in answer.get("Contents", [])] != [where["Key"]]:
        return failed(
            "the object that was written is not listed",
            "check --endpoint-url: the address does not answer as S3 does",
        )
    return passed("it was listed")


def check_delete(facts: Facts) -> Verdict:
    """The caller may remove what it wrote."""
    uri = facts.probe_uri
    try:
        remove_probe(facts)
    except TunerError as error:
        verdict = _refused(facts, error, "remove", "s3:DeleteObject")
        return failed(
            f"{verdict.found}; left over: {printable(uri, 200)}",
            f"{verdict.remedy}; then `cleanup` removes the object",
            verdict.policy,
        )
    return passed("it was removed")


def remove_probe(facts: Facts) -> None:
    """Remove the probe object, if it may be there.

    Raises:
        TunerError: it could not be removed; `Facts.probe_uri` still names it.
    """
    if not facts.probe_uri:
        return
    with explained():
        _s3(facts).delete_object(**_at(facts.probe_uri))
    _forget_probe(facts)


def _forget_probe(facts: Facts) -> None:
    facts.notes.after_removing(facts.probe_uri)
    facts.probe_uri = ""


def _refused(facts: Facts, error: TunerError, verb: str, action: str) -> Verdict:
    """A failed line for a denied action; any other fault is the error itself."""
    if code_of(error) not in DENIED:
        raise error
    policy = document(*store_statements(facts.scope))
    remedy = f"allow {action} for {printable(facts.caller, 200)}"
    if facts.key_arn:
        policy["Statement"].append(key_statement(facts.key_arn))
        remedy += ", and the use of the bucket's key"
    return failed(f"the caller may not {verb} objects below the prefix", remedy, policy)


def _region_of(facts: Facts) -> str:
    """Region of the bucket; asked in a second way where looking at the bucket is not allowed."""
    try:
        with explained():
            answer = _s3(facts).head_bucket(Bucket=facts.bucket)
        region = answer.get("BucketRegion")
        if region:
            return str(region)
    except TunerError as error:
        if code_of(error) not in DENIED:
            raise
    with explained():
        location = _s3(facts).get_bucket_location(Bucket=facts.bucket)["LocationConstraint"]
    return "eu-west-1" if location == "EU" else str(location or _DEFAULT_REGION)


def _s3(facts: Facts) -> Any:
    return facts.clients.service("s3")


def _at(uri: str) -> dict[str, str]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return {"Bucket": bucket, "Key": key}
