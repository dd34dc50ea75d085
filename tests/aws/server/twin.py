"""Comprehend over HTTP, answered by the offline twin with real models."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError, ParamValidationError
from botocore.utils import parse_to_aware_datetime
from msgspec.structs import replace

from core.comprehend.engine import TwinOptions
from core.offline.answers import service_error, service_model
from core.offline.client import OPERATIONS, OfflineComprehend
from tests.aws.server.answers import Reply, error_reply, json_reply
from tests.aws.server.asked import Asked
from tests.aws.server.identity import ACCOUNT
from tests.aws.server.objects import SharedObjects
from tests.aws.server.surprises import Surprises

_MAKING = ("CreateDocumentClassifier", "StartDocumentClassificationJob", "CreateEndpoint")
_NAMES_OF_MADE = {
    "CreateDocumentClassifier": "DocumentClassifierArn",
    "StartDocumentClassificationJob": "JobArn",
    "CreateEndpoint": "EndpointArn",
}


def is_known(asked: Asked) -> bool:
    """Return whether the twin answers a request; it knows nothing of flywheels."""
    is_of_flywheel = ":flywheel/" in str(asked.request.get("ResourceArn", ""))
    return xform_name(asked.operation) in OPERATIONS and not is_of_flywheel


class TwinService:
    """The twin behind the wire.

    Args:
        root: the twin's folder.
        surprises: states that are told otherwise than they are.
        objects: what it shares with S3.
        options: how the twin behaves now.
        role_denied: what the data access role may not do now.
    """

    def __init__(
        self,
        root: Path,
        surprises: Surprises,
        objects: SharedObjects,
        options: Callable[[], TwinOptions],
        role_denied: Callable[[], set[str]],
    ) -> None:
        self._root = root
        self._surprises = surprises
        self._objects = objects
        self._options = options
        self._role_denied = role_denied
        self._clients: dict[tuple[str, TwinOptions], OfflineComprehend] = {}
        self.made: list[str] = []
        """ARN of every classifier, job and endpoint that was ever made, in order."""

    def reply(self, asked: Asked) -> Reply:
        """Answer one request."""
        try:
            return json_reply(self._answer(asked))
        except ParamValidationError as error:
            return error_reply(asked, 400, "ValidationException", str(error))
        except ClientError as error:
            response: Any = error.response
            detail = {
                name: value
                for name, value in response.items()
                if name not in ("Error", "ResponseMetadata")
            }
            status = response["ResponseMetadata"]["HTTPStatusCode"]
            return error_reply(
                asked, status, response["Error"]["Code"], response["Error"]["Message"], **detail
            )

    def _answer(self, asked: Asked) -> dict[str, Any]:
        operation = asked.operation
        shape = service_model().operation_model(operation).input_shape
        request = _decoded(asked.request, shape)
        options = self._options()
        if operation in ("CreateDocumentClassifier", "StartDocumentClassificationJob"):
            try:
                failure = self._objects.fetch(request, self._role_denied())
            except Exception as error:
                raise service_error(operation, "ValidationException", str(error)) from error
            if failure is not None:
                options = replace(options, fail=failure)
        client = self._client(asked.region, options)
        answer = self._surprises.answered(operation, request, client.call)
        answer.pop("ResponseMetadata", None)
        if operation in _MAKING and answer[_NAMES_OF_MADE[operation]] not in self.made:
            self.made.append(answer[_NAMES_OF_MADE[operation]])
        self._objects.deliver()
        return answer

    def _client(self, region: str, options: TwinOptions) -> OfflineComprehend:
        key = (region, options)
        if key not in self._clients:
            self._clients[key] = OfflineComprehend(
                self._root, options, region=region, account=ACCOUNT
            )
        return self._clients[key]


def _decoded(value: Any, shape: Any) -> Any:
    """Return a request with times and bytes as boto3's caller wrote them."""
    if value is None or shape is None:
        return value
    if shape.type_name == "structure" and isinstance(value, dict):
        return {
            name: _decoded(item, shape.members.get(name))
            for name, item in value.items()
            if item is not None
        }
    if shape.type_name == "list" and isinstance(value, list):
        return [_decoded(item, shape.member) for item in value]
    if shape.type_name == "timestamp":
        return parse_to_aware_datetime(value)
    if shape.type_name == "blob":
        return base64.b64decode(value)
    return value
