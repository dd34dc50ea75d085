"""What tests of endpoints over HTTP share: a trained classifier, quickly."""

import functools
import tempfile
from pathlib import Path

from core.workflow.endpoints import plan_endpoint, start_endpoint
from core.workflow.session import Session
from core.workflow.state import EndpointState
from core.workflow.train import finish_training, plan_training, start_training_run
from tests.aws.journey import LABELS, write_source
from tests.aws.server import AwsServer
from tests.aws.sessions import ready_session
from tests.core.workflow.endpoints import nobody

LABEL_COUNT = len(LABELS)
"""Labels of the classifier."""


@functools.cache
def _source() -> Path:
    return write_source(Path(tempfile.mkdtemp()) / "small.csv")


def trained_session(aws: AwsServer, directory: Path) -> Session:
    """The only session below `directory`, with a trained classifier on the server."""
    session = ready_session(aws, _source(), directory / ".comprehend-tuner" / "paid")
    run = start_training_run(session, plan_training(session), despite_findings=True)
    finish_training(session, run.name)
    return session


def start(session: Session, minutes: int = 30) -> EndpointState:
    return start_endpoint(session, plan_endpoint(session, minutes=minutes), spawn=nobody)


def listed(aws: AwsServer) -> list[str]:
    """ARNs of the endpoints in the account."""
    answer = aws.client("comprehend").list_endpoints()
    return [entry["EndpointArn"] for entry in answer["EndpointPropertiesList"]]
