"""boto3's Comprehend client, answered on this machine.

Requests are checked against botocore's own service model, answers have the service's shapes, and
errors are the service's `ClientError` codes. Any number of clients, in any number of processes, may
share one folder.
"""

import re
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from core.comprehend.engine import SERVICE_LIKE, Answer, JobProgress, TwinOptions
from core.errors import InvalidInput, TryAgain
from core.offline import classifiers, endpoints, jobs
from core.offline.answers import (
    Refusal,
    check_request,
    folder_of_classifier,
    folder_of_job,
    not_found,
    paginator_config,
    path_of_endpoint,
    service_error,
    service_model,
    tags_by_key,
)
from core.offline.endpoints import classify
from core.offline.processes import read_progress, reap, settled
from core.offline.records import Twin, clock, load_endpoint, save_endpoint, save_record
from core.text import printable

_MOST_TAGS = 50
_Change = Callable[[dict[str, str]], dict[str, str]]


def tag(twin: Twin, request: Mapping[str, Any]) -> dict[str, Any]:
    """Answer TagResource: tags of the same key are replaced."""
    added = tags_by_key(request["Tags"])

    def change(tags: dict[str, str]) -> dict[str, str]:
        merged = tags | added
        tags_by_key([{"Key": key} for key in merged])
        return merged

    _changed(twin, request["ResourceArn"], change)
    return {}


def untag(twin: Twin, request: Mapping[str, Any]) -> dict[str, Any]:
    """Answer UntagResource; absent keys are no error."""
    keys = set(request["TagKeys"])
    if len(keys) > _MOST_TAGS:
        raise Refusal(
            "TooManyTagKeysException",
            f"The request contains too many tag keys: {len(keys)}, at most {_MOST_TAGS}.",
        )
    _changed(
        twin,
        request["ResourceArn"],
        lambda tags: {key: value for key, value in tags.items() if key not in keys},
    )
    return {}


def list_tags(twin: Twin, request: Mapping[str, Any]) -> dict[str, Any]:
    """Answer ListTagsForResource."""
    arn = request["ResourceArn"]
    tags = _changed(twin, arn, lambda tags: tags)
    return {
        "ResourceArn": arn,
        "Tags": [{"Key": key, "Value": value} for key, value in sorted(tags.items())],
    }


def _changed(twin: Twin, arn: str, change: _Change) -> dict[str, str]:
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
            raise not_found(f"resource {arn}")
        tags = change(record.tags)
        if tags != record.tags:
            save_record(folder, replace(record, tags=tags))
        return tags


def _method_name(operation: str) -> str:
    """Return boto3's method name of an operation of this client."""
    return re.sub("(?<!^)([A-Z])", r"_\1", operation).lower()


_HANDLERS: dict[str, Callable[[Twin, Mapping[str, Any]], Answer]] = {
    "CreateDocumentClassifier": classifiers.create,
    "DescribeDocumentClassifier": classifiers.describe,
    "ListDocumentClassifiers": classifiers.list_classifiers,
    "ListDocumentClassifierSummaries": classifiers.list_summaries,
    "StopTrainingDocumentClassifier": classifiers.request_stop,
    "DeleteDocumentClassifier": classifiers.delete,
    "StartDocumentClassificationJob": jobs.start_job,
    "DescribeDocumentClassificationJob": jobs.describe,
    "ListDocumentClassificationJobs": jobs.list_jobs,
    "CreateEndpoint": endpoints.create,
    "DescribeEndpoint": endpoints.describe,
    "ListEndpoints": endpoints.list_endpoints,
    "UpdateEndpoint": endpoints.update,
    "DeleteEndpoint": endpoints.delete,
    "TagResource": tag,
    "UntagResource": untag,
    "ListTagsForResource": list_tags,
}
"""What answers each operation; `ClassifyDocument` needs a loaded model besides."""
OPERATIONS = {_method_name(name): name for name in (*_HANDLERS, "ClassifyDocument")}
"""The operations by boto3's names for their methods."""


class OfflineComprehend:
    """The operations of boto3's Comprehend client that concern custom classification.

    Args:
        root: the twin's folder; made when the first request needs it.
        options: how the twin behaves.
        region: region of all names; resources of other regions are not seen.
        account: account id, twelve digits.

    Raises:
        InvalidInput: region or account cannot be part of a name.
    """

    def __init__(
        self,
        root: Path,
        options: TwinOptions = SERVICE_LIKE,
        *,
        region: str = "us-east-1",
        account: str = "000000000000",
    ) -> None:
        if not re.fullmatch("[a-z0-9-]+", region) or not re.fullmatch("[0-9]{12}", account):
            raise InvalidInput(
                "Not a region or account",
                f"region {printable(region, 60)!r}, account {printable(account, 60)!r}",
                "use a region such as us-east-1 and an account of twelve digits",
            )
        self._twin = Twin(root.resolve(), region, account, options)
        self._throttled = options.throttle
        self._models: dict[Path, tuple[int, Any]] = {}

    def __getattr__(self, method: str) -> Callable[..., Answer]:
        """An operation under boto3's name for it, such as `create_endpoint`; takes keywords.

        boto3 too makes its methods from the names of the operations.
        """
        operation = OPERATIONS.get(method)
        if operation is None:
            raise AttributeError(f"{type(self).__name__!r} has no {method!r}")
        return lambda **request: self.call(operation, request)

    def call(self, operation: str, request: Mapping[str, Any]) -> Answer:
        """Answer one operation by its name in the service model.

        Raises:
            botocore.exceptions.ParamValidationError: where boto3 itself refuses the request.
            botocore.exceptions.ClientError: where the service refuses it.
        """
        check_request(operation, request)
        if self._throttled > 0:
            self._throttled -= 1
            raise service_error(operation, "TooManyRequestsException", "Rate exceeded")
        reap()
        try:
            if operation == "ClassifyDocument":
                answer = classify(self._twin, request, self._model)
            else:
                answer = _HANDLERS[operation](self._twin, request)
        except Refusal as refusal:
            raise refusal.error_of(operation) from refusal
        except TryAgain as error:
            raise service_error(operation, "InternalServerException", error.message) from error
        metadata = {
            "RequestId": str(uuid.uuid4()),
            "HTTPStatusCode": 200,
            "HTTPHeaders": {},
            "RetryAttempts": 0,
        }
        return answer | {"ResponseMetadata": metadata}

    def progress(self, job: str) -> JobProgress | None:
        """Return how far a classifier (by ARN) or scoring job (by ARN or id) has come."""
        folder = folder_of_classifier(self._twin, job) or folder_of_job(self._twin, job)
        return None if folder is None else read_progress(folder)

    def can_paginate(self, operation_name: str) -> bool:
        """Return whether `get_paginator` knows an operation, named as a method."""
        return OPERATIONS.get(operation_name) in paginator_config()

    def get_paginator(self, operation_name: str) -> Any:
        """Return botocore's own paginator over a list operation, named as a method.

        Raises:
            botocore.exceptions.OperationNotPageableError: the operation does not come in pages.
        """
        from botocore.exceptions import OperationNotPageableError
        from botocore.paginate import Paginator

        if not self.can_paginate(operation_name):
            raise OperationNotPageableError(operation_name=operation_name)
        operation = OPERATIONS[operation_name]
        model = service_model().operation_model(operation)
        return Paginator(getattr(self, operation_name), paginator_config()[operation], model)

    def close(self) -> None:
        """Release the models held for `classify_document`."""
        self._models.clear()

    def _model(self, path: Path) -> Any:
        """Load a trained model, or return the one loaded before from the same file."""
        from core.offline.model import load_model

        changed_at = path.stat().st_mtime_ns
        held = self._models.get(path)
        if held is None or held[0] != changed_at:
            held = (changed_at, load_model(path))
            self._models[path] = held
        return held[1]
