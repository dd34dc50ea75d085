"""What lies in a bucket: objects, unfinished uploads, older versions."""

from typing import TYPE_CHECKING, Any

from core.comprehend.service_errors import code_of, explained
from core.errors import TunerError

if TYPE_CHECKING:
    from core.comprehend.clients import Clients

_MOST_PAGES = 10_000


def objects_below(clients: "Clients", prefix_uri: str) -> tuple[str, ...]:
    """Addresses of the objects below a prefix; none in a bucket that does not exist.

    Raises:
        TunerError: they cannot be listed.
    """
    try:
        with explained():
            return tuple(entry.uri for entry in clients.store.list(prefix_uri))
    except TunerError as error:
        if code_of(error) != "NoSuchBucket":
            raise
        return ()


def unfinished_uploads(clients: "Clients", prefix_uri: str) -> tuple[str, ...]:
    """Addresses of the multipart uploads below a prefix that were neither finished nor aborted.

    Offline there are none.

    Raises:
        TunerError: they cannot be listed.
    """
    if clients.info.name != "aws":
        return ()
    bucket, _, key = prefix_uri.removeprefix("s3://").partition("/")
    s3 = clients.service("s3")
    request: dict[str, Any] = {"Bucket": bucket, "Prefix": key}
    found: list[str] = []
    with explained():
        for _ in range(_MOST_PAGES):
            try:
                answer = s3.list_multipart_uploads(**request)
            except s3.exceptions.NoSuchBucket:
                break
            found += [
                f"s3://{bucket}/{upload['Key']}?uploadId={upload['UploadId']}"
                for upload in answer.get("Uploads", [])
            ]
            if not answer.get("IsTruncated"):
                break
            request["KeyMarker"] = answer["NextKeyMarker"]
            request["UploadIdMarker"] = answer["NextUploadIdMarker"]
    return tuple(found)


def keeps_versions(clients: "Clients", bucket: str) -> bool:
    """Whether a bucket keeps what is deleted as an older version; offline it does not.

    Raises:
        TunerError: its settings cannot be read.
    """
    if clients.info.name != "aws":
        return False
    s3 = clients.service("s3")
    with explained():
        try:
            answer = s3.get_bucket_versioning(Bucket=bucket)
        except s3.exceptions.NoSuchBucket:
            return False
    return answer.get("Status") in ("Enabled", "Suspended")


def address_of_upload(name: str) -> dict[str, str]:
    """Bucket, key and id of an unfinished upload's address, as S3's calls take them."""
    address, _, upload_id = name.rpartition("?uploadId=")
    bucket, _, key = address.removeprefix("s3://").partition("/")
    return {"Bucket": bucket, "Key": key, "UploadId": upload_id}
