"""Operations on the tags of classifiers, scoring jobs and endpoints."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from core.offline.client.answers import tags_of
from core.offline.client.arns import folder_of_classifier, folder_of_job, path_of_endpoint
from core.offline.client.errors import not_found, service_error
from core.offline.lifecycle import settled
from core.offline.records import Twin, clock, load_endpoint, save_endpoint, save_record

_MOST_TAGS = 50
_Change = Callable[[dict[str, str]], dict[str, str]]


def tag(twin: Twin, request: Mapping[str, Any]) -> dict[str, Any]:
    """Answer TagResource: tags of the same key are replaced."""
    operation = "TagResource"
    added = tags_of(operation, request["Tags"])

    def change(tags: dict[str, str]) -> dict[str, str]:
        merged = tags | added
        tags_of(operation, [{"Key": key} for key in merged])
        return merged

    _changed(twin, operation, request["ResourceArn"], change)
    return {}


def untag(twin: Twin, request: Mapping[str, Any]) -> dict[str, Any]:
    """Answer UntagResource; absent keys are no error."""
    keys = set(request["TagKeys"])
    if len(keys) > _MOST_TAGS:
        raise service_error(
            "UntagResource",
            "TooManyTagKeysException",
            f"The request contains too many tag keys: {len(keys)}, at most {_MOST_TAGS}.",
        )
    _changed(
        twin,
        "UntagResource",
        request["ResourceArn"],
        lambda tags: {key: value for key, value in tags.items() if key not in keys},
    )
    return {}


def list_tags(twin: Twin, request: Mapping[str, Any]) -> dict[str, Any]:
    """Answer ListTagsForResource."""
    arn = request["ResourceArn"]
    tags = _changed(twin, "ListTagsForResource", arn, lambda tags: tags)
    return {
        "ResourceArn": arn,
        "Tags": [{"Key": key, "Value": value} for key, value in sorted(tags.items())],
    }


def _changed(twin: Twin, operation: str, arn: str, change: _Change) -> dict[str, str]:
    """Change the tags of a resource under the twin's lock and return them."""
    with twin.lock():
        path = path_of_endpoint(twin, arn)
        endpoint = None if path is None else load_endpoint(path, clock())
        if path is not None and endpoint is not None:
            tags = change(endpoint.tags)
            save_endpoint(path, replace(endpoint, tags=tags))
            return tags
        folder = folder_of_classifier(twin, arn) or folder_of_job(twin, arn)
        record = None if folder is None else settled(folder)
        if folder is None or record is None or record.arn != arn:
            raise not_found(operation, f"resource {arn}")
        tags = change(record.tags)
        if tags != record.tags:
            save_record(folder, replace(record, tags=tags))
        return tags
