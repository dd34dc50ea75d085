"""What a request asks for: service, operation and parameters, in boto3's names."""

import json
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qs, unquote

_SUBRESOURCES = {
    "tagging": "Tagging",
    "acl": "Acl",
    "policy": "Policy",
    "versioning": "Versioning",
    "encryption": "Encryption",
    "location": "Location",
    "cors": "Cors",
    "lifecycle": "LifecycleConfiguration",
    "publicAccessBlock": "PublicAccessBlock",
    "policyStatus": "PolicyStatus",
    "ownershipControls": "OwnershipControls",
}
_HEADERS = {
    "HTTP_X_AMZ_TAGGING": "Tagging",
    "HTTP_X_AMZ_SERVER_SIDE_ENCRYPTION": "ServerSideEncryption",
    "HTTP_X_AMZ_SERVER_SIDE_ENCRYPTION_AWS_KMS_KEY_ID": "SSEKMSKeyId",
    "HTTP_X_AMZ_EXPECTED_BUCKET_OWNER": "ExpectedBucketOwner",
    "HTTP_RANGE": "Range",
    "HTTP_IF_MATCH": "IfMatch",
    "HTTP_IF_NONE_MATCH": "IfNoneMatch",
}
_QUERY = {
    "prefix": "Prefix",
    "delimiter": "Delimiter",
    "max-keys": "MaxKeys",
    "continuation-token": "ContinuationToken",
    "uploadId": "UploadId",
    "partNumber": "PartNumber",
}


@dataclass(frozen=True)
class Asked:
    """One request, understood."""

    service: str
    """Name of boto3's client, such as ``s3``."""
    operation: str
    """Operation in the service model, such as ``PutObject``."""
    request: dict[str, Any]
    """Parameters; of S3 and the query services those that the address and headers tell."""
    region: str
    """Region that the request was signed for."""
    protocol: Literal["json", "query", "s3"]
    """How the service speaks."""
    is_head: bool = False
    """Whether the answer has no body."""


def understood(environ: dict[str, Any], body: bytes) -> Asked:
    """Return what a request asks for.

    Args:
        environ: the WSGI environment.
        body: the request's body; unused where the service is S3.
    """
    service, region = signed_for(environ)
    if "HTTP_X_AMZ_TARGET" in environ:
        operation = str(environ["HTTP_X_AMZ_TARGET"]).rpartition(".")[2]
        return Asked(service, operation, json.loads(body or b"{}"), region, "json")
    if service == "s3":
        return _object_asked(environ, region)
    form = {name: values[-1] for name, values in parse_qs(body.decode()).items()}
    operation = form.pop("Action", "")
    form.pop("Version", None)
    return Asked(service, operation, form, region, "query")


def signed_for(environ: dict[str, Any]) -> tuple[str, str]:
    """Return service and region of the signature; S3's when there is none."""
    authorization = str(environ.get("HTTP_AUTHORIZATION", ""))
    scope = authorization.partition("Credential=")[2].partition(",")[0].split("/")
    return (scope[3], scope[2]) if len(scope) == 5 else ("s3", "us-east-1")


def _object_asked(environ: dict[str, Any], region: str) -> Asked:
    query = {
        name: values[-1]
        for name, values in parse_qs(environ["QUERY_STRING"], keep_blank_values=True).items()
    }
    path = unquote(str(environ["REQUEST_URI"]).partition("?")[0]).lstrip("/")
    bucket, _, key = path.partition("/")
    method = str(environ["REQUEST_METHOD"])
    names = {_QUERY[name]: value for name, value in query.items() if name in _QUERY}
    headers = {name: environ[header] for header, name in _HEADERS.items() if header in environ}
    address = ({"Bucket": bucket} if bucket else {}) | ({"Key": key} if key else {})
    find = _key_operation if key else _bucket_operation
    operation = find(method, query, "HTTP_X_AMZ_COPY_SOURCE" in environ, bucket)
    return Asked("s3", operation, address | names | headers, region, "s3", method == "HEAD")


def _key_operation(method: str, query: dict[str, str], is_copy: bool, bucket: str) -> str:
    if "uploadId" in query:
        part = "UploadPartCopy" if is_copy else "UploadPart"
        return {
            "PUT": part,
            "POST": "CompleteMultipartUpload",
            "DELETE": "AbortMultipartUpload",
            "GET": "ListParts",
        }[method]
    if method == "POST":
        return "CreateMultipartUpload" if "uploads" in query else "PostObject"
    about = next((name for sub, name in _SUBRESOURCES.items() if sub in query), "")
    verb = "Copy" if is_copy else method.capitalize()
    return f"{verb}Object{about}"


def _bucket_operation(method: str, query: dict[str, str], is_copy: bool, bucket: str) -> str:
    about = next((name for sub, name in _SUBRESOURCES.items() if sub in query), "")
    if about:
        return f"{method.capitalize()}Bucket{about}".replace("BucketPublic", "Public")
    if method == "GET":
        if not bucket:
            return "ListBuckets"
        if "uploads" in query:
            return "ListMultipartUploads"
        if "versions" in query:
            return "ListObjectVersions"
        return "ListObjectsV2" if query.get("list-type") == "2" else "ListObjects"
    return {
        "PUT": "CreateBucket",
        "DELETE": "DeleteBucket",
        "HEAD": "HeadBucket",
        "POST": "DeleteObjects",
    }[method]
