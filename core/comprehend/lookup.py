"""Looking for things: does one exist, which carry a session's tags, what uses a classifier.

Every list is read to its last page. A list that the caller may not read is reported, never taken
for an empty one.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from core.comprehend.engine import entries
from core.comprehend.ledger import CleanupItem, ResourceKind
from core.comprehend.service_errors import DENIED_CODES, GONE_CODES, code_of, explained, tolerating
from core.errors import TunerError
from core.text import printable

if TYPE_CHECKING:
    from core.comprehend.engine import Clients


_MOST_PAGES = 10_000


def objects_below(clients: "Clients", prefix_uri: str) -> tuple[str, ...]:
    """Addresses of the objects below a prefix; none in a bucket that does not exist.

    Raises:
        TunerError: they cannot be listed.
    """
    with tolerating("NoSuchBucket"), explained():
        return tuple(entry.uri for entry in clients.store.list(prefix_uri))
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
    addresses: list[str] = []
    with explained():
        for _ in range(_MOST_PAGES):
            try:
                answer = s3.list_multipart_uploads(**request)
            except s3.exceptions.NoSuchBucket:
                break
            addresses += [
                f"s3://{bucket}/{upload['Key']}?uploadId={upload['UploadId']}"
                for upload in answer.get("Uploads", [])
            ]
            if not answer.get("IsTruncated"):
                break
            request["KeyMarker"] = answer["NextKeyMarker"]
            request["UploadIdMarker"] = answer["NextUploadIdMarker"]
    return tuple(addresses)


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


_SERVED = ("ModelArn", "DesiredModelArn", "ActiveModelArn")


class _Listing(NamedTuple):
    """How one kind of thing is listed."""

    kind: ResourceKind
    operation: str
    member: str
    arn: str


_LISTINGS = (
    _Listing("endpoint", "list_endpoints", "EndpointPropertiesList", "EndpointArn"),
    _Listing("flywheel", "list_flywheels", "FlywheelSummaryList", "FlywheelArn"),
    _Listing(
        "classifier",
        "list_document_classifiers",
        "DocumentClassifierPropertiesList",
        "DocumentClassifierArn",
    ),
)


@dataclass(frozen=True)
class Tagged:
    """What carries the wanted tags."""

    arns: tuple[tuple[ResourceKind, str, Mapping[str, str]], ...]
    """Kind, ARN and all tags of each."""
    cannot_tell: tuple[str, ...]
    """Lists and tags that could not be read, as printable sentences."""


def name_of(arn: str) -> str:
    """The name in an ARN: ``NAME`` of a classifier's, of an endpoint's or of a role's."""
    return arn.partition("/")[2].partition("/version/")[0].rpartition("/")[2]


def version_of(arn: str) -> str:
    """The version in a classifier's ARN; empty without one."""
    return arn.partition("/version/")[2]


def tagged_resources(clients: "Clients", prefix: str, tags: Mapping[str, str]) -> Tagged:
    """Endpoints, flywheels and classifiers of the account that carry all of `tags`.

    Args:
        prefix: what their names begin with; the tags of others are not read.

    Raises:
        TunerError: the service cannot be asked.
    """
    tagged: list[tuple[ResourceKind, str, Mapping[str, str]]] = []
    unread: list[str] = []
    for listing in _LISTINGS:
        try:
            arns = [str(entry[listing.arn]) for entry in _entries(clients, listing)]
        except TunerError as error:
            if code_of(error) not in DENIED_CODES:
                raise
            unread.append(f"the list of {listing.kind}s could not be read: {error.message}")
            continue
        for arn in (arn for arn in arns if name_of(arn).startswith(prefix)):
            try:
                carried = tags_of(clients, arn)
            except TunerError as error:
                if code_of(error) not in DENIED_CODES:
                    raise
                unread.append(f"the tags of {printable(arn)} could not be read: {error.message}")
                continue
            if tags.items() <= carried.items():
                tagged.append((listing.kind, arn, carried))
    return Tagged(tuple(tagged), tuple(unread))


def tags_of(clients: "Clients", arn: str) -> dict[str, str]:
    """Tags of a classifier, endpoint or flywheel; none when it is gone.

    Raises:
        TunerError: they cannot be read.
    """
    with tolerating(*GONE_CODES), explained():
        answer = clients.comprehend.list_tags_for_resource(ResourceArn=arn)
        return {str(tag["Key"]): str(tag.get("Value", "")) for tag in answer.get("Tags", [])}
    return {}


def users_of(clients: "Clients", classifier_arn: str) -> tuple[str, ...]:
    """ARNs of the endpoints and flywheels that serve a classifier, as far as they can be listed.

    Raises:
        TunerError: the service cannot be asked.
    """
    users: list[str] = []
    for listing in _LISTINGS[:2]:
        with tolerating(*DENIED_CODES):
            users += [
                str(entry[listing.arn])
                for entry in _entries(clients, listing)
                if classifier_arn in (entry.get(member) for member in _SERVED)
                and entry.get("Status") != "DELETING"
            ]
    return tuple(users)


def state_of(clients: "Clients", item: CleanupItem) -> str | None:
    """The state of a thing, ``present`` where it has none; None when it cannot be found.

    Raises:
        TunerError: the service or the bucket cannot be asked.
    """
    with tolerating(*GONE_CODES), explained():
        return _described(clients, item.kind, item.name)
    return None


def listed_state(clients: "Clients", item: CleanupItem) -> str | None:
    """The state of an endpoint, flywheel or classifier in the service's list; None without one.

    A list that the caller may not read counts as one without it.

    Raises:
        TunerError: the service cannot be asked.
    """
    listing = next((listing for listing in _LISTINGS if listing.kind == item.kind), None)
    if listing is None:
        return None
    named = {"Filter": {"DocumentClassifierName": name_of(item.name)}}
    request = named if item.kind == "classifier" else {}
    with tolerating(*DENIED_CODES):
        for entry in _entries(clients, listing, **request):
            if entry[listing.arn] == item.name:
                return str(entry.get("Status", "present"))
    return None


def verify_gone(clients: "Clients", items: Iterable[CleanupItem]) -> tuple[CleanupItem, ...]:
    """The items that the service or the bucket still shows, looked up afresh.

    What the caller may not look at counts as still there.

    Raises:
        TunerError: the service cannot be asked.
    """
    folders: dict[str, set[str]] = {}

    def may_be_there(item: CleanupItem) -> bool:
        with tolerating(*DENIED_CODES):
            if item.kind != "object":
                return state_of(clients, item) is not None
            folder = item.name.rpartition("/")[0] + "/"
            if folder not in folders:
                folders[folder] = set(objects_below(clients, folder))
            return item.name in folders[folder]
        return True

    return tuple(item for item in items if may_be_there(item))


def _entries(clients: "Clients", listing: _Listing, **request: Any) -> Iterator[dict[str, Any]]:
    """Every entry of a list; an engine without the operation has no such things."""
    call = getattr(clients.comprehend, listing.operation, None)
    if call is None:
        return iter(())
    return entries(call, listing.member, may_lack=True, MaxResults=500, **request)


def _described(clients: "Clients", kind: ResourceKind, name: str) -> str | None:
    """The state of a thing in the service's or S3's words; None or an error when it is gone."""
    client: Any = clients.comprehend
    match kind:
        case "classifier":
            answer = client.describe_document_classifier(DocumentClassifierArn=name)
            return str(answer["DocumentClassifierProperties"]["Status"])
        case "endpoint":
            return str(client.describe_endpoint(EndpointArn=name)["EndpointProperties"]["Status"])
        case "flywheel":
            answer = client.describe_flywheel(FlywheelArn=name)
            return str(answer["FlywheelProperties"].get("Status", "present"))
        case "object":
            is_there = name in objects_below(clients, name)
        case "upload":
            is_there = name in unfinished_uploads(clients, name.rpartition("?uploadId=")[0])
        case "role":
            from core.comprehend.roles import role_exists

            is_there = role_exists(clients, name)
    return "present" if is_there else None
