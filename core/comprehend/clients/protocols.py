"""The interfaces of a Comprehend client and of a store, as boto3 has them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from core.progress import CancelToken, Reporter, silent

Answer = dict[str, Any]
"""A response in boto3's shape, `ResponseMetadata` included."""


class ComprehendClient(Protocol):
    """The operations of boto3's Comprehend client that are used; all arguments are keywords.

    Every method raises `botocore.exceptions.ParamValidationError` for a malformed request and
    `botocore.exceptions.ClientError` with the service's code otherwise.
    """

    def create_document_classifier(self, **request: Any) -> Answer:
        """Start training; the answer holds `DocumentClassifierArn`."""
        ...

    def describe_document_classifier(self, **request: Any) -> Answer:
        """Return `DocumentClassifierProperties` of one classifier version."""
        ...

    def list_document_classifiers(self, **request: Any) -> Answer:
        """Return a page of `DocumentClassifierPropertiesList`, newest first."""
        ...

    def list_document_classifier_summaries(self, **request: Any) -> Answer:
        """Return a page of `DocumentClassifierSummariesList`, one entry per classifier name."""
        ...

    def stop_training_document_classifier(self, **request: Any) -> Answer:
        """Ask a training that is under way to stop."""
        ...

    def delete_document_classifier(self, **request: Any) -> Answer:
        """Start deleting a classifier version that nothing uses."""
        ...

    def start_document_classification_job(self, **request: Any) -> Answer:
        """Start scoring; the answer holds `JobId` and `JobArn`."""
        ...

    def describe_document_classification_job(self, **request: Any) -> Answer:
        """Return `DocumentClassificationJobProperties` of one job."""
        ...

    def list_document_classification_jobs(self, **request: Any) -> Answer:
        """Return a page of `DocumentClassificationJobPropertiesList`, newest first."""
        ...

    def create_endpoint(self, **request: Any) -> Answer:
        """Start an endpoint; the answer holds `EndpointArn`."""
        ...

    def describe_endpoint(self, **request: Any) -> Answer:
        """Return `EndpointProperties` of one endpoint."""
        ...

    def list_endpoints(self, **request: Any) -> Answer:
        """Return a page of `EndpointPropertiesList`."""
        ...

    def update_endpoint(self, **request: Any) -> Answer:
        """Change the capacity or the classifier of an endpoint."""
        ...

    def delete_endpoint(self, **request: Any) -> Answer:
        """Start deleting an endpoint."""
        ...

    def classify_document(self, **request: Any) -> Answer:
        """Score one text on an endpoint; `Labels` or `Classes` in the answer."""
        ...

    def tag_resource(self, **request: Any) -> Answer:
        """Set tags of a classifier, job or endpoint."""
        ...

    def untag_resource(self, **request: Any) -> Answer:
        """Remove tags by key."""
        ...

    def list_tags_for_resource(self, **request: Any) -> Answer:
        """Return `Tags` of a classifier, job or endpoint."""
        ...


@dataclass(frozen=True)
class StoredObject:
    """One object of a store."""

    uri: str
    """Address, ``s3://bucket/key``."""
    size: int
    """Bytes."""


class Store(Protocol):
    """Objects addressed by ``s3://bucket/key``."""

    def upload(
        self, path: Path, uri: str, reporter: Reporter = silent, cancel: CancelToken | None = None
    ) -> None:
        """Copy the file `path` to `uri`, replacing what is there; a reader never sees a part."""
        ...

    def download(
        self, uri: str, path: Path, reporter: Reporter = silent, cancel: CancelToken | None = None
    ) -> None:
        """Copy the object `uri` to the file `path`, which appears whole or not at all."""
        ...

    def list(self, prefix_uri: str) -> list[StoredObject]:
        """Every object whose key begins with the key of `prefix_uri`, sorted by address."""
        ...

    def delete(self, uri: str) -> None:
        """Remove one object; removing an absent one is no error, as in S3."""
        ...
