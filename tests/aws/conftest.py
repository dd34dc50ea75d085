"""Amazon's services on this machine, one fresh account per test."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.comprehend.clients import open_clients
from core.comprehend.engine import Clients, Store
from core.workflow.session import Session
from tests.aws.accounts import on_server, split_session
from tests.aws.objects import PART
from tests.aws.server import REGION, AwsServer
from tests.aws.server.engines import Engine, TwinEngine, WireEngine, put_training_rows
from tests.aws.server.workers import JobsHere
from tests.core.offline.conftest import rows


@pytest.fixture
def aws(
    isolated_environment: None,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[AwsServer]:
    """A server of its own with the bucket and the role, and credentials in the environment."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing-secret",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_MAX_ATTEMPTS": "2",
        "NO_PROXY": "127.0.0.1",
    }.items():
        monkeypatch.setenv(name, value)
    server = AwsServer(tmp_path_factory.mktemp("aws"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(params=["twin", "wire"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """Comprehend twice, the twin called directly and boto3 over HTTP, with documents stored."""
    if request.param == "wire":
        yield furnished(WireEngine(request.getfixturevalue("aws")))
        return
    root = tmp_path / "twin"
    jobs = JobsHere(root)
    jobs.start()
    yield furnished(TwinEngine(root))
    jobs.stop()


def furnished(engine: Engine) -> Engine:
    """Store documents to train on and to score."""
    put_training_rows(engine, rows(60))
    engine.put("in/docs.txt", b"abouta thinga1\naboutb thingb2 filler3\naboutc\n")
    return engine


@pytest.fixture
def clients(aws: AwsServer, tmp_path: Path) -> Clients:
    """Clients of the server."""
    return open_clients(aws.settings, tmp_path)


@pytest.fixture
def store(clients: Clients) -> Store:
    """The store of the server."""
    return clients.store


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A file that goes at once."""
    path = tmp_path / "small.csv"
    path.write_bytes(b"label,text\n" * 1000)
    return path


@pytest.fixture
def big(tmp_path: Path) -> Path:
    """A file that goes in three parts."""
    path = tmp_path / "big.csv"
    path.write_bytes(os.urandom(2 * PART + 5))
    return path


@pytest.fixture(scope="module")
def split_folder(tmp_path_factory: pytest.TempPathFactory, small_source: Path) -> Path:
    """A session that is ready to train."""
    return split_session(tmp_path_factory.mktemp("split") / "small", small_source)


@pytest.fixture
def session(split_folder: Path, tmp_path: Path, aws: AwsServer) -> Session:
    """The same on the server."""
    return on_server(aws, split_folder, tmp_path)
