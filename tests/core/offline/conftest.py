"""A twin in a temporary folder, with or without real worker processes."""

import csv
import json
import os
import random
import signal
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from core.comprehend.engine import TwinOptions
from core.offline import processes
from core.offline import processes as lifecycle
from core.offline.client import OfflineComprehend
from core.offline.store import FolderStore
from core.offline.worker import main

BUCKET = "s3://offline-comprehend-tuner"
ROLE = "arn:aws:iam::000000000000:role/OfflineComprehendRole"
FINAL = {"TRAINED", "TRAINED_WITH_WARNING", "IN_ERROR", "STOPPED", "COMPLETED", "FAILED"}


def training(name: str = "tickets", **changes: Any) -> dict[str, Any]:
    """A request that trains on ``in/train.csv``."""
    request = {
        "DocumentClassifierName": name,
        "LanguageCode": "en",
        "Mode": "MULTI_LABEL",
        "DataAccessRoleArn": ROLE,
        "InputDataConfig": {"S3Uri": f"{BUCKET}/in/train.csv"},
        "OutputDataConfig": {"S3Uri": f"{BUCKET}/out"},
    } | changes
    return {key: value for key, value in request.items() if value is not None}


def scoring(arn: str, **changes: Any) -> dict[str, Any]:
    """A request that scores ``in/docs.txt``."""
    return {
        "DocumentClassifierArn": arn,
        "DataAccessRoleArn": ROLE,
        "InputDataConfig": {"S3Uri": f"{BUCKET}/in/docs.txt", "InputFormat": "ONE_DOC_PER_LINE"},
        "OutputDataConfig": {"S3Uri": f"{BUCKET}/out/"},
    } | changes


def rows(n_rows: int, labels: Sequence[str] = "abcd", seed: int = 0) -> list[tuple[str, str]]:
    """Rows whose text tells the label, most of the time."""
    random_ = random.Random(seed)
    found = []
    for _ in range(n_rows):
        chosen = sorted(random_.sample(list(labels), random_.randint(1, 2)))
        words = [f"about{label} thing{label}{random_.randint(0, 3)}" for label in chosen]
        filler = [f"filler{random_.randint(0, 30)}" for _ in range(6)]
        found.append(("|".join(chosen), " ".join(words + filler)))
    return found


class Place:
    """A twin's folder with its store, and clients on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "offline"
        self.store = FolderStore(self.root / "bucket")

    def client(self, **options: Any) -> OfflineComprehend:
        return OfflineComprehend(self.root, TwinOptions(**options))

    def put(self, key: str, data: bytes) -> str:
        source = self.folder / "upload.tmp"
        source.write_bytes(data)
        self.store.upload(source, f"{BUCKET}/{key}")
        return f"{BUCKET}/{key}"

    def put_rows(self, key: str, lines: Sequence[Sequence[str]]) -> str:
        source = self.folder / "rows.tmp"
        with source.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(lines)
        return self.put(key, source.read_bytes())

    def get(self, uri: str) -> Path:
        target = self.folder / "download.tmp"
        self.store.download(uri, target)
        return target

    def job_folder(self, name: str) -> Path:
        return next(self.root.glob(f"*/*/{name}"))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A place for a twin; the workers that a test leaves behind are ended."""
    before = list(processes._children)
    yield Place(tmp_path)
    for child in processes._children:
        if child not in before and child.poll() is None:
            os.kill(child.pid, signal.SIGKILL)
            child.wait()


@pytest.fixture
def no_processes(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Start no worker; the folders of the jobs that wanted one are collected instead."""
    wanted: list[Path] = []
    monkeypatch.setattr(lifecycle, "spawn", lambda folder, lock: wanted.append(folder))
    monkeypatch.setattr(lifecycle, "is_running", lambda folder: True)
    return wanted


def wait_for(describe: Callable[[], dict[str, Any]], *states: str) -> dict[str, Any]:
    """Describe until a state (by default any final one) is reached."""
    pause = threading.Event()
    for _ in range(3000):
        found = describe()
        if found.get("Status", found.get("JobStatus")) in (states or FINAL):
            return found
        pause.wait(0.02)
    raise AssertionError(f"still {found}")


def _train(
    texts: Sequence[str],
    membership: Any,
    labels: Sequence[str],
    mode: str,
    report: Any = None,
    count: Any = None,
) -> SimpleNamespace:
    return SimpleNamespace(labels=tuple(labels), mode=mode, texts=list(texts))


def _score(
    model: Any, texts: Sequence[str], report: Any = None, count: Any = None
) -> npt.NDArray[np.float32]:
    """Scores that stand in the text, such as ``a=0.7``; 0.01 for labels that do not."""
    scores = np.full((len(texts), len(model.labels)), 0.01, dtype=np.float32)
    for row, text in enumerate(texts):
        for word in text.split():
            label, _, score = word.partition("=")
            if score and label in model.labels:
                scores[row, model.labels.index(label)] = float(score)
    return scores


def _save(model: SimpleNamespace, path: Path) -> None:
    path.write_text(json.dumps(vars(model)))


def _load(path: Path) -> SimpleNamespace:
    return SimpleNamespace(**json.loads(path.read_text()))


class Bench:
    """Runs jobs here and now, with an engine whose scores stand in the texts."""

    def __init__(self, place: Place, wanted: list[Path]) -> None:
        self.place = place
        self.wanted = wanted

    def train(self, name: str = "tickets", *, options: Any = None, **changes: Any) -> Any:
        """Train and return `DocumentClassifierProperties`."""
        client = self.place.client(**(options or {}))
        arn = client.create_document_classifier(**training(name, **changes))[
            "DocumentClassifierArn"
        ]
        assert main([str(self.wanted[-1])]) == 0
        return client.describe_document_classifier(DocumentClassifierArn=arn)[
            "DocumentClassifierProperties"
        ]

    def score(self, arn: str, *, options: Any = None, **changes: Any) -> Any:
        """Score and return `DocumentClassificationJobProperties`."""
        client = self.place.client(**(options or {}))
        job = client.start_document_classification_job(**scoring(arn, **changes))["JobId"]
        assert main([str(self.wanted[-1])]) == 0
        return client.describe_document_classification_job(JobId=job)[
            "DocumentClassificationJobProperties"
        ]

    def member(self, uri: str, name: str) -> bytes:
        """The content of one member of an output archive."""
        with tarfile.open(self.place.get(uri)) as archive:
            file = archive.extractfile(name)
            assert file is not None
            return file.read()


@pytest.fixture
def bench(place: Place, no_processes: list[Path], monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Jobs in this process, with scores read from the texts."""
    engine = SimpleNamespace(train=_train, score=_score, save_model=_save, load_model=_load)
    monkeypatch.setitem(sys.modules, "core.offline.model", engine)
    return Bench(place, no_processes)
