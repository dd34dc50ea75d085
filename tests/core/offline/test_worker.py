"""Real worker processes: they train and score, are stopped, killed, and never lost."""

import errno
import json
import os
import signal
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from msgspec.structs import replace

from core.errors import OperationFailed
from core.offline import processes
from core.offline.client import OfflineComprehend
from core.offline.processes import MOST_KILLED, is_running
from core.offline.records import change_record, load_record
from tests.core.offline.conftest import BUCKET, Place, rows, scoring, training, wait_for
from tests.core.offline.test_client_requests import check_answer

_FITTING = "JobProgress(done=1, total=4, stage='fitting labels')"


def describer(client: OfflineComprehend, arn: str) -> Any:
    def describe() -> dict[str, Any]:
        answer = client.describe_document_classifier(DocumentClassifierArn=arn)
        return dict(answer["DocumentClassifierProperties"])

    return describe


def create(client: OfflineComprehend, **changes: Any) -> str:
    return str(client.create_document_classifier(**training(**changes))["DocumentClassifierArn"])


def kill_worker(folder: Path) -> None:
    """SIGKILL the newest worker, which must be the one of `folder`."""
    child = processes._children[-1]
    assert str(folder) in child.args  # type: ignore[operator]
    os.kill(child.pid, signal.SIGKILL)
    child.wait()


def test_a_classifier_is_trained_scores_and_serves(place: Place) -> None:
    client = place.client(endpoint_s=0, returned="all")
    place.put_rows("in/train.csv", rows(300))
    arn = create(client)
    trained = wait_for(describer(client, arn))
    assert trained["Status"] == "TRAINED", trained
    check_answer(
        "DescribeDocumentClassifier", client.describe_document_classifier(DocumentClassifierArn=arn)
    )
    assert trained["SubmitTime"] <= trained["TrainingStartTime"] <= trained["TrainingEndTime"]
    assert trained["TrainingEndTime"] <= trained["EndTime"]
    metadata = trained["ClassifierMetadata"]
    assert metadata["NumberOfTrainedDocuments"] + metadata["NumberOfTestDocuments"] == 300
    assert metadata["NumberOfTestDocuments"] == 30
    assert metadata["EvaluationMetrics"]["F1Score"] > 0.8
    with tarfile.open(place.get(trained["OutputDataConfig"]["S3Uri"])) as archive:
        assert archive.getnames() == ["output", "output/confusion_matrix.json"]

    place.put("in/docs.txt", b"abouta thinga1\nnothing known\r\naboutb aboutc thingb2")
    job = client.start_document_classification_job(**scoring(arn))["JobId"]

    def describe_job() -> dict[str, Any]:
        answer = client.describe_document_classification_job(JobId=job)
        return dict(answer["DocumentClassificationJobProperties"])

    scored = wait_for(describe_job)
    assert scored["JobStatus"] == "COMPLETED", scored
    progress = client.progress(job)
    assert progress is not None
    with tarfile.open(place.get(scored["OutputDataConfig"]["S3Uri"])) as archive:
        member = archive.extractfile("predictions.jsonl")
        assert member is not None
        lines = [json.loads(line) for line in member.read().splitlines()]
    assert sorted(line["Line"] for line in lines) == ["0", "1", "2"]
    first = next(line for line in lines if line["Line"] == "0")
    assert first["File"] == "docs.txt"
    assert first["Labels"][0]["Name"] == "a"
    assert len(first["Labels"]) == 4

    endpoint = client.create_endpoint(EndpointName="live", DesiredInferenceUnits=1, ModelArn=arn)
    answer = client.classify_document(EndpointArn=endpoint["EndpointArn"], Text="abouta thinga1")
    check_answer("ClassifyDocument", answer)
    shown = {label["Name"]: label["Score"] for label in first["Labels"]}
    exact = {label["Name"]: label["Score"] for label in answer["Labels"]}
    assert {name: round(score, 4) for name, score in exact.items()} == shown
    assert exact != shown


def is_taken(folder: Path) -> Any:
    """What says whether a worker has taken the job of a folder."""
    return lambda: {"Status": str(load_record(folder).is_taken)}  # type: ignore[union-attr]


def test_a_job_whose_worker_was_killed_is_started_anew_by_itself(place: Place) -> None:
    client = place.client(queue_s=0.5)
    place.put_rows("in/train.csv", rows(60))
    arn = create(client)
    folder = place.job_folder("tickets")
    for killed in range(1, MOST_KILLED):
        wait_for(is_taken(folder), "True")
        kill_worker(folder)
        assert describer(client, arn)()["Status"] in ("SUBMITTED", "TRAINING")
        record = load_record(folder)
        assert record is not None and record.killed == killed
    found = wait_for(describer(client, arn))
    assert found["Status"] == "TRAINED"
    listed = client.list_document_classifiers()["DocumentClassifierPropertiesList"]
    assert [one["DocumentClassifierArn"] for one in listed] == [arn]


def test_a_job_whose_workers_are_killed_again_and_again_fails_and_leaves_no_output(
    place: Place,
) -> None:
    client = place.client(queue_s=600)
    arn = create(client)
    folder = place.job_folder("tickets")
    record = load_record(folder)
    assert record is not None and record.output_uri is not None
    place.store.path_of(record.output_uri).parent.mkdir(parents=True)
    place.store.path_of(record.output_uri).write_bytes(b"of a killed worker")
    for name in ("lines.tmp", "shuffled.tmp"):
        (folder / name).write_bytes(b"of a killed worker")
    for _ in range(MOST_KILLED):
        wait_for(is_taken(folder), "True")
        kill_worker(folder)
        found = describer(client, arn)()
    assert found["Status"] == "IN_ERROR"
    assert found["Message"].startswith("INTERNAL_FAILURE: The worker process ended")
    assert found["EndTime"] >= found["SubmitTime"]
    assert not place.store.list(record.output_uri)
    assert not list(folder.glob("*.tmp"))


def test_what_the_machine_refuses_a_worker_is_said_and_the_job_goes_on(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: Path, lock: int) -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    place.put_rows("in/train.csv", rows(60))
    monkeypatch.setattr(processes, "spawn", refuse)
    client = place.client()
    arn = create(client)
    for _ in range(3):
        with pytest.raises(OperationFailed, match="Too many open files"):
            describer(client, arn)()
        assert describer(client, arn)()["Status"] == "SUBMITTED"
    monkeypatch.undo()
    assert wait_for(describer(client, arn))["Status"] == "TRAINED"


_FULL_DISK = """
import errno, os, sys
from core.offline import artifacts
replace, full = os.replace, sys.argv[3]
def refuse(source, target):
    if os.path.exists(full) and str(target).endswith("output.tar.gz"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    replace(source, target)
os.replace = refuse
from core.offline.worker import main
main(sys.argv[1:3])
"""


def test_a_worker_on_a_full_disk_leaves_the_job_to_the_next(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = tmp_path / "full"
    full.touch()

    def spawn(folder: Path, lock: int) -> None:
        command = [sys.executable, "-c", _FULL_DISK, str(folder), str(lock), str(full)]
        here = Path(__file__).parents[3]
        processes._children.append(subprocess.Popen(command, pass_fds=[lock], cwd=here))

    monkeypatch.setattr(processes, "spawn", spawn)
    place.put_rows("in/train.csv", rows(60))
    client = place.client()
    arn = create(client)
    with pytest.raises(OperationFailed, match="No space left on device"):
        wait_for(describer(client, arn))
    full.unlink()
    assert wait_for(describer(client, arn))["Status"] == "TRAINED"


@pytest.mark.parametrize("umask", [0o000, 0o777])
def test_what_a_worker_writes_is_private_whatever_the_umask(place: Place, umask: int) -> None:
    place.put_rows("in/train.csv", rows(60))
    before = os.umask(umask)
    try:
        client = place.client()
        arn = create(client)
        assert wait_for(describer(client, arn))["Status"] == "TRAINED"
    finally:
        os.umask(before)
    folder = place.job_folder("tickets")
    assert folder.stat().st_mode & 0o777 == 0o700
    for name in ("log.txt", "progress.json", "worker.lock", "record.json"):
        assert (folder / name).stat().st_mode & 0o777 == 0o600, name


def test_a_training_is_stopped_while_it_waits(place: Place) -> None:
    client = place.client(queue_s=600)
    arn = create(client)
    client.stop_training_document_classifier(DocumentClassifierArn=arn)
    assert wait_for(describer(client, arn))["Status"] == "STOPPED"
    folder = place.job_folder("tickets")
    wait_for(lambda: {"Status": str(is_running(folder))}, "False")
    client.delete_document_classifier(DocumentClassifierArn=arn)


_ENDLESS_TRAINING = """
import sys, threading
from types import SimpleNamespace
def train(texts, membership, labels, mode, report, count):
    report("fitting labels", 1, 4)
    threading.Event().wait(600)
engine = SimpleNamespace(train=train, score=None, save_model=None)
sys.modules["core.offline.model"] = engine
from core.offline.worker import main
main(sys.argv[1:])
"""


@pytest.fixture
def endless(place: Place, monkeypatch: pytest.MonkeyPatch) -> OfflineComprehend:
    """A client whose trainings never end by themselves."""

    def spawn(folder: Path, lock: int) -> None:
        command = [sys.executable, "-c", _ENDLESS_TRAINING, str(folder), str(lock)]
        here = Path(__file__).parents[3]
        processes._children.append(subprocess.Popen(command, pass_fds=[lock], cwd=here))

    monkeypatch.setattr(processes, "spawn", spawn)
    place.put_rows("in/train.csv", rows(30))
    return place.client()


def test_a_training_under_way_is_stopped(endless: OfflineComprehend) -> None:
    arn = create(endless)
    wait_for(describer(endless, arn), "TRAINING")
    with pytest.raises(ClientError, match="ResourceUnavailableException"):
        endless.delete_document_classifier(DocumentClassifierArn=arn)
    endless.stop_training_document_classifier(DocumentClassifierArn=arn)
    found = wait_for(describer(endless, arn))
    assert found["Status"] == "STOPPED"
    assert "TrainingEndTime" not in found


def test_a_training_killed_under_way_is_started_anew(
    place: Place, endless: OfflineComprehend
) -> None:
    arn = create(endless)
    wait_for(lambda: {"Status": str(endless.progress(arn))}, _FITTING)
    assert describer(endless, arn)()["Status"] == "TRAINING"
    began = describer(endless, arn)()["TrainingStartTime"]
    kill_worker(place.job_folder("tickets"))
    for _ in range(2):
        found = describer(endless, arn)()
        assert (found["Status"], found["TrainingStartTime"]) == ("TRAINING", began)
    assert is_running(place.job_folder("tickets"))
    endless.stop_training_document_classifier(DocumentClassifierArn=arn)
    assert wait_for(describer(endless, arn))["Status"] == "STOPPED"


_ONCE = json.dumps(training(ClientRequestToken="once"))
_PARENT_THAT_DIES = """
import json, os, sys
from pathlib import Path
from core.errors import OperationFailed
from core.offline import processes
def die(folder, lock): os.kill(os.getpid(), 9)
processes.spawn = die
from core.offline.client import OfflineComprehend
OfflineComprehend(Path(sys.argv[1])).create_document_classifier(**json.loads(sys.argv[2]))
"""


def test_f2_a_parent_killed_before_its_worker_started_loses_nothing(place: Place) -> None:
    command = [sys.executable, "-c", _PARENT_THAT_DIES, str(place.root), _ONCE]
    parent = subprocess.run(command, cwd=Path(__file__).parents[3], check=False)
    assert parent.returncode == -signal.SIGKILL
    client = place.client()
    arn = create(client, ClientRequestToken="once")
    found = wait_for(describer(client, arn))
    assert found["Status"] == "IN_ERROR"
    assert found["Message"].startswith("NO_READ_ACCESS_TO_INPUT: ")
    record = load_record(place.job_folder("tickets"))
    assert record is not None and record.attempts == 2


def test_a_worker_outlives_the_process_that_started_it(place: Place) -> None:
    place.put_rows("in/train.csv", rows(60))
    code = _PARENT_THAT_DIES.replace("processes.spawn = die", "")
    command = [sys.executable, "-c", code, str(place.root), _ONCE]
    subprocess.run(command, cwd=Path(__file__).parents[3], check=True)
    client = place.client()
    arn = create(client, ClientRequestToken="once")
    assert wait_for(describer(client, arn))["Status"] == "TRAINED"
    record = load_record(place.job_folder("tickets"))
    assert record is not None and record.attempts == 1


def test_a_worker_that_never_comes_up_is_given_up(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts: list[Path] = []
    monkeypatch.setattr(processes, "spawn", lambda folder, lock: starts.append(folder))
    client = place.client()
    describe = describer(client, create(client))
    assert [describe()["Status"] for _ in range(3)] == ["SUBMITTED", "SUBMITTED", "IN_ERROR"]
    assert "did not come up" in describe()["Message"]
    assert len(starts) == 3


def test_a_machine_that_cannot_start_a_process_loses_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: Path, lock: int) -> None:
        raise OSError("no more processes")

    monkeypatch.setattr(processes, "spawn", refuse)
    client = place.client()
    arn = create(client)
    monkeypatch.undo()
    assert wait_for(describer(client, arn))["Status"] == "IN_ERROR"


@pytest.mark.parametrize(
    ("status", "wanted"),
    [("TRAINING", "IN_ERROR"), ("IN_PROGRESS", "FAILED"), ("STOP_REQUESTED", "STOPPED")],
)
def test_a_job_whose_worker_is_missing_ends_in_its_own_words(
    place: Place,
    no_processes: list[Path],
    monkeypatch: pytest.MonkeyPatch,
    status: str,
    wanted: str,
) -> None:
    client = place.client()
    arn = create(client)
    folder = place.job_folder("tickets")
    change_record(folder, lambda record: replace(record, status="TRAINED"))
    if status == "IN_PROGRESS":
        folder = place.job_folder(client.start_document_classification_job(**scoring(arn))["JobId"])
    last = MOST_KILLED - 1
    change_record(folder, lambda record: replace(record, status=status, is_taken=True, killed=last))
    monkeypatch.setattr(processes, "is_running", is_running)
    found = processes.current(client._twin, folder)
    assert found is not None and found.status == wanted
    assert found.ended_at is not None


def test_a_folder_removed_under_a_worker_ends_the_worker(place: Place) -> None:
    client = place.client(queue_s=600)
    create(client)
    folder = place.job_folder("tickets")
    wait_for(is_taken(folder), "True")
    (folder / "record.json").unlink()
    assert processes._children[-1].wait(timeout=20) == 0


def test_a_working_directory_with_a_package_called_core_does_no_harm(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "__init__.py").write_text("raise ImportError('the wrong one')")
    monkeypatch.chdir(tmp_path)
    client = place.client(fail="INTERNAL_FAILURE: on demand")
    arn = create(client, InputDataConfig={"S3Uri": f"{BUCKET}/absent"})
    assert wait_for(describer(client, arn))["Message"] == "INTERNAL_FAILURE: on demand"


def test_a_second_worker_of_a_job_steps_back(place: Place) -> None:
    client = place.client(queue_s=600)
    create(client)
    folder = place.job_folder("tickets")
    command = [sys.executable, "-m", "core.offline.worker", str(folder)]
    second = subprocess.run(
        command, cwd=Path(__file__).parents[3], capture_output=True, text=True, check=False
    )
    assert second.returncode == 1
    assert "another worker" in second.stderr
    assert is_running(folder)
