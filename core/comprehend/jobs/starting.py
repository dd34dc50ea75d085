"""Starting and stopping jobs."""

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from core.comprehend.service_errors import explained

if TYPE_CHECKING:
    from core.comprehend.clients import ComprehendClient


def new_token() -> str:
    """A fresh `ClientRequestToken`; save it before the request is sent."""
    return str(uuid.uuid4())


def start_training(client: "ComprehendClient", request: Mapping[str, Any]) -> str:
    """Send a training request; return the classifier's ARN.

    Raises:
        TunerError: the service refuses it or cannot be reached.
    """
    with explained():
        return str(client.create_document_classifier(**request)["DocumentClassifierArn"])


def start_scoring(client: "ComprehendClient", request: Mapping[str, Any]) -> tuple[str, str]:
    """Send a scoring request; return the job's id and ARN.

    Raises:
        TunerError: the service refuses it or cannot be reached.
    """
    with explained():
        answer = client.start_document_classification_job(**request)
    return str(answer["JobId"]), str(answer["JobArn"])


def stop_training(client: "ComprehendClient", arn: str) -> None:
    """Ask a training to stop; it may still end as TRAINED when it was about to.

    Raises:
        TunerError: the service refuses it or cannot be reached.
    """
    with explained():
        client.stop_training_document_classifier(DocumentClassifierArn=arn)
