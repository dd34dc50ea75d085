"""Names of the twin's resources, in the service's form."""

import re
from pathlib import Path

from core.offline.records import Twin

_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
_CLASSIFIER = re.compile(r"document-classifier/([^/]+)(?:/version/([^/]+))?")


def arn(twin: Twin, resource: str) -> str:
    """Return the full name of a resource such as ``document-classifier/tickets``."""
    starts = (name for start, name in _PARTITIONS.items() if twin.region.startswith(start))
    return f"arn:{next(starts, 'aws')}:comprehend:{twin.region}:{twin.account}:{resource}"


def classifier_arn(twin: Twin, name: str, version: str | None) -> str:
    """Return the full name of a classifier version."""
    suffix = "" if version is None else f"/version/{version}"
    return arn(twin, f"document-classifier/{name}{suffix}")


def classifier_folder(twin: Twin, name: str, version: str | None) -> Path:
    """Return the folder of a classifier version; ``@`` occurs in no name."""
    return twin.classifiers / (name if version is None else f"{name}@{version}")


def folder_of_classifier(twin: Twin, full_name: str) -> Path | None:
    """Return the folder of a classifier by ARN; None when it belongs to another twin."""
    match = _CLASSIFIER.fullmatch(_resource(twin, full_name))
    return None if match is None else classifier_folder(twin, match[1], match[2])


def folder_of_job(twin: Twin, name: str) -> Path | None:
    """Return the folder of a scoring job by id or ARN; None when no job can have that name."""
    identifier = _resource(twin, name).removeprefix("document-classification-job/") or name
    return twin.jobs / identifier if re.fullmatch("[0-9a-f]{32}", identifier) else None


def path_of_endpoint(twin: Twin, full_name: str) -> Path | None:
    """Return the file of an endpoint by ARN; None when it belongs to another twin."""
    kind, _, name = _resource(twin, full_name).partition("/")
    if kind != "document-classifier-endpoint" or not re.fullmatch("[a-zA-Z0-9-]+", name):
        return None
    return twin.endpoints / f"{name}.json"


def _resource(twin: Twin, full_name: str) -> str:
    """Return what follows account and region; "" when these are not the twin's."""
    start = arn(twin, "")
    return full_name.removeprefix(start) if full_name.startswith(start) else ""
