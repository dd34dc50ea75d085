"""Jobs of one twin share counts and work places: nothing twice, in turn, nothing left behind."""

import os
import subprocess
import sys
import tarfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from core.comprehend.engine import TwinOptions
from core.offline import counts as store_module
from core.offline import processes, scorings
from core.offline.client import OfflineComprehend
from core.offline.counts import CountStore, count_anew
from core.offline.records import COUNTS, load_record
from core.offline.worker import main
from tests.core.offline.conftest import BUCKET, Place, rows, scoring, training, wait_for

_SOURCE = {"S3Uri": f"{BUCKET}/in/train.csv", "TestS3Uri": f"{BUCKET}/in/test.csv"}


class Jobs:
    """Runs jobs here and now, with the real engine."""

    def __init__(self, place: Place, wanted: list[Path]) -> None:
        self.place = place
        self.wanted = wanted
        self.counts = place.root / COUNTS

    def train(self, name: str, client: OfflineComprehend | None = None) -> tuple[str, bytes]:
        """Train; return the ARN and the model's file."""
        client = client or self.place.client()
        request = training(name, InputDataConfig=_SOURCE)
        arn = str(client.create_document_classifier(**request)["DocumentClassifierArn"])
        assert main([str(self.wanted[-1])]) == 0
        found = client.describe_document_classifier(DocumentClassifierArn=arn)
        assert found["DocumentClassifierProperties"]["Status"] == "TRAINED", found
        return arn, (self.wanted[-1] / "model").read_bytes()

    def score(self, arn: str) -> bytes:
        """Score ``in/docs.txt``; return the predictions."""
        client = self.place.client(shuffle=False, returned="all", decimals=None)
        job = client.start_document_classification_job(**scoring(arn))["JobId"]
        assert main([str(self.wanted[-1])]) == 0
        found = client.describe_document_classification_job(JobId=job)
        output = found["DocumentClassificationJobProperties"]["OutputDataConfig"]["S3Uri"]
        with tarfile.open(self.place.get(output)) as archive:
            member = archive.extractfile("predictions.jsonl")
            assert member is not None
            return member.read()


@pytest.fixture
def jobs(place: Place, no_processes: list[Path]) -> Jobs:
    documents = rows(900)
    place.put_rows("in/train.csv", documents[:600])
    place.put_rows("in/test.csv", documents[600:])
    place.put("in/docs.txt", "".join(f"{text}\n" for _, text in documents[600:]).encode())
    return Jobs(place, no_processes)


def refuse_to_count(items: Any, analyzer: Any) -> Any:
    raise AssertionError(f"{len(items)} {analyzer.name} counted again")


def test_a_second_job_counts_nothing_and_gives_the_same(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn, model = jobs.train("first")
    predictions = jobs.score(arn)
    monkeypatch.setattr(
        store_module,
        "count_anew",
        lambda items, analyzer: (
            refuse_to_count(items, analyzer) if len(items) >= 20 else count_anew(items, analyzer)
        ),
    )
    again, same_model = jobs.train("second")
    assert same_model == model
    assert jobs.score(again) == predictions


def test_a_large_input_is_scored_in_small_blocks_and_not_kept(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn, _ = jobs.train("first")
    wanted = jobs.score(arn)
    monkeypatch.setattr(scorings, "_KEPT_BYTES", 1_000)
    monkeypatch.setattr(scorings, "_BLOCK_DOCUMENTS", 70)
    monkeypatch.setattr(
        CountStore, "count", lambda store, items, analyzer: refuse_to_count(items, analyzer)
    )
    assert jobs.score(arn) == wanted


def test_counts_go_with_the_last_classifier_of_all_regions(jobs: Jobs) -> None:
    here = jobs.place.client()
    abroad = OfflineComprehend(jobs.place.root, TwinOptions(), region="eu-west-1")
    classifiers = [(client, jobs.train("one", client)[0]) for client in (here, abroad)]
    classifiers.append((here, jobs.train("two", here)[0]))
    assert any(jobs.counts.iterdir())
    for client, arn in classifiers:
        assert jobs.counts.exists()
        client.delete_document_classifier(DocumentClassifierArn=arn)
        listed = client.list_document_classifiers()["DocumentClassifierPropertiesList"]
        assert arn not in [found["DocumentClassifierArn"] for found in listed]
    assert not jobs.counts.exists()


def test_counts_stay_until_a_deletion_is_through(jobs: Jobs) -> None:
    client = jobs.place.client(delete_s=600)
    arn, _ = jobs.train("one", client)
    client.delete_document_classifier(DocumentClassifierArn=arn)
    listed = client.list_document_classifiers()["DocumentClassifierPropertiesList"]
    assert [found["Status"] for found in listed] == ["DELETING"]
    assert jobs.counts.exists()


_WAITING = """
import sys
import core.offline.worker
heavy = {"numpy", "scipy", "sklearn", "pandas", "botocore"} & set(sys.modules)
assert not heavy, heavy
import core.offline.trainings, core.offline.scorings, core.offline.model, core.offline.counts
heavy = {"sklearn", "pandas", "botocore"} & set(sys.modules)
assert not heavy, heavy
"""


def test_a_worker_imports_nothing_heavy_before_its_turn_nor_more_than_it_needs() -> None:
    command = [sys.executable, "-c", _WAITING]
    subprocess.run(command, cwd=Path(__file__).parents[3], check=True)


def test_workers_that_wait_get_their_places_in_the_order_of_submission(tmp_path: Path) -> None:
    folders = [tmp_path / "region" / "classifiers" / name for name in ("z", "m", "a")]
    with ExitStack() as alive, ExitStack() as line:
        for folder in folders:
            alive.enter_context(processes.reserved(folder))
        third, first, second = (
            line.enter_context(processes.in_line(tmp_path, folder, since))
            for folder, since in zip(folders, (9.0, 7.5, 8.0), strict=True)
        )
        assert [number() for number in (third, first, second)] == [2, 0, 1]
    with processes.in_line(tmp_path, folders[0], 1.0) as number_before:
        assert number_before() == 0


def test_a_dead_worker_keeps_nobody_waiting(tmp_path: Path) -> None:
    dead, living = (tmp_path / "region" / "jobs" / name for name in ("a", "b"))
    with ExitStack() as stack:
        stack.enter_context(processes.in_line(tmp_path, dead, 1.0))
        stack.enter_context(processes.reserved(living))
        number_before = stack.enter_context(processes.in_line(tmp_path, living, 2.0))
        assert number_before() == 0
        assert len(list((tmp_path / "slots" / "line").iterdir())) == 1


def test_a_freed_place_goes_to_the_job_that_was_submitted_first(place: Place) -> None:
    place.put_rows("in/train.csv", rows(60))
    slots = place.root / "slots"
    taken = []
    while (slot := processes.take_slot(slots, os.cpu_count() or 1)) is not None:
        taken.append(slot)
    client = place.client()
    names = ["zebra", "mole", "ant"]
    arns = [
        str(client.create_document_classifier(**training(name))["DocumentClassifierArn"])
        for name in names
    ]
    line = slots / "line"
    wait_for(lambda: {"Status": str(line.is_dir() and len(list(line.iterdir())))}, "3")
    with ExitStack() as files:
        for slot in taken[1:]:
            files.callback(os.close, slot)
        os.close(taken[0])
        for arn in arns:
            wait_for(
                lambda arn=arn: dict(  # type: ignore[misc]
                    client.describe_document_classifier(DocumentClassifierArn=arn)[
                        "DocumentClassifierProperties"
                    ]
                )
            )
    records = [load_record(place.job_folder(name)) for name in names]
    starts = [record.started_at for record in records if record is not None]
    assert None not in starts and starts == sorted(starts, key=float)  # type: ignore[arg-type]
