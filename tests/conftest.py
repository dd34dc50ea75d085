"""Isolation for every test: no home, no credentials, no network; sessions to start from."""

import csv
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.comprehend.engine import TwinOptions
from core.dataset.formats.sources import SourceSettings
from core.workflow.data import NewSession, create_session, sample_folder
from core.workflow.health import check_health
from core.workflow.score import finish_scoring, plan_scoring, start_scoring_jobs
from core.workflow.split import split_dataset
from core.workflow.thresholds import TuningSettings, tune_thresholds
from core.workflow.train import finish_training, plan_training, start_training_run

_REAL_CONNECT = socket.socket.connect
_REAL_DATA = os.environ.get("COMPREHEND_TUNER_SHARED_DATA")


@pytest.fixture(autouse=True)
def isolated_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A home of its own, no AWS settings, and connections to this machine only."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name in list(os.environ):
        if name.startswith(("AWS_", "COMPREHEND_TUNER_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(socket.socket, "connect", _connect_locally)
    yield


def _connect_locally(connection: socket.socket, address: Any) -> None:
    if connection.family != socket.AF_UNIX and address[0] not in ("127.0.0.1", "::1", "localhost"):
        raise AssertionError(f"a test tried to reach {address}")
    _REAL_CONNECT(connection, address)


@pytest.fixture
def shared_data() -> Path:
    """The folder of real data, given by COMPREHEND_TUNER_SHARED_DATA or beside the checkout."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(_REAL_DATA) if _REAL_DATA else beside
    if not folder.is_dir():
        pytest.skip("the real sample data is not on this machine")
    return folder


LABELS_KEPT = ("billing", "delivery", "bug", "login")


@pytest.fixture(scope="session")
def small_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A 0/1 CSV of 700 sample tickets and their four commonest labels."""
    path = tmp_path_factory.mktemp("source") / "small.csv"
    with (sample_folder() / "tickets.csv").open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))[:700]
    with path.open("w", encoding="utf-8", newline="") as target:
        writer = csv.DictWriter(target, ["id", "text", *LABELS_KEPT], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture(scope="session")
def finished_folder(tmp_path_factory: pytest.TempPathFactory, small_source: Path) -> Path:
    """A session that has gone through every step of the main line; do not change it."""
    folder = tmp_path_factory.mktemp("finished") / "small"
    new = NewSession(folder, small_source, SourceSettings(), twin=TwinOptions(returned="all"))
    session = create_session(new).session
    check_health(session)
    split_dataset(session, (0.6, 0.2, 0.2), 3)
    run = start_training_run(session, plan_training(session))
    finish_training(session, run.name)
    plan = plan_scoring(session)
    start_scoring_jobs(session, plan)
    finish_scoring(session, run.name, plan.parts)
    tune_thresholds(session, TuningSettings())
    return folder


@pytest.fixture
def tickets_session(finished_folder: Path, tmp_path: Path) -> Path:
    """A copy of the finished session, free to be changed."""
    return Path(shutil.copytree(finished_folder, tmp_path / ".comprehend-tuner" / "small"))
