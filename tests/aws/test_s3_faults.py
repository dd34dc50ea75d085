"""Transfers that are cancelled, broken or tampered with leave all or nothing, and say so."""

from pathlib import Path
from typing import Any

import boto3
import pytest

from core.comprehend.engine import Clients, Store
from core.errors import Interrupted, OperationFailed, TryAgain
from core.progress import CancelToken, Progress, Watch
from tests.aws.objects import URI, keys
from tests.aws.server import BUCKET, AwsServer


def unfinished(aws: AwsServer) -> list[Any]:
    """Uploads in parts that were neither finished nor aborted."""
    listed = aws.client("s3").list_multipart_uploads(Bucket=BUCKET)
    return list(listed.get("Uploads", ()))


def overwrite_after(clients: Clients, operation: str, content: bytes) -> None:
    """Let somebody else write the object as soon as an operation was answered."""
    other = boto3.client("s3", endpoint_url=clients.service("s3").meta.endpoint_url)

    def overwrite(**answer: Any) -> None:
        other.put_object(Bucket=BUCKET, Key="run/c1/train.csv", Body=content)

    clients.service("s3").meta.events.register(f"after-call.s3.{operation}", overwrite)


@pytest.mark.parametrize("stored", [b"cut", b"other,text\n" * 1000])
def test_an_upload_that_is_stored_otherwise_is_a_passing_fault(
    stored: bytes, clients: Clients, small: Path
) -> None:
    overwrite_after(clients, "PutObject", stored)
    with pytest.raises(TryAgain, match="The upload arrived damaged"):
        clients.store.upload(small, URI)


def test_an_object_that_changes_under_a_download_is_a_passing_fault_and_no_file(
    clients: Clients, small: Path, tmp_path: Path
) -> None:
    clients.store.upload(small, URI)
    overwrite_after(clients, "HeadObject", b"other,text\n" * 1000)
    with pytest.raises(TryAgain, match="arrived damaged"):
        clients.store.download(URI, tmp_path / "back")
    assert {path.name for path in tmp_path.iterdir()} == {"home", "small.csv"}


def test_a_cancelled_upload_leaves_no_object_and_no_parts(
    aws: AwsServer, store: Store, big: Path
) -> None:
    aws.faults.timeout_s = 0.5
    aws.faults.add("timeout", "UploadPart", after=1)
    cancel = CancelToken()

    def stop_midway(event: Progress) -> None:
        if event.done:
            cancel.cancel()

    with pytest.raises(Interrupted):
        store.upload(big, URI, Watch(stop_midway, cancel))
    assert "AbortMultipartUpload" in aws.operations("s3")
    assert (keys(aws), unfinished(aws)) == ([], [])
    store.upload(big, URI)
    assert keys(aws) == ["run/c1/train.csv"]


def test_a_cancelled_download_leaves_the_file_as_it_was(
    aws: AwsServer, store: Store, big: Path, tmp_path: Path
) -> None:
    store.upload(big, URI)
    aws.faults.timeout_s = 0.5
    aws.faults.add("timeout", "GetObject", after=1)
    (tmp_path / "back").write_bytes(b"as before")
    cancel = CancelToken()

    def stop_midway(event: Progress) -> None:
        if event.done:
            cancel.cancel()

    with pytest.raises(Interrupted):
        store.download(URI, tmp_path / "back", Watch(stop_midway, cancel))
    assert (tmp_path / "back").read_bytes() == b"as before"
    assert {path.name for path in tmp_path.iterdir()} == {"home", "big.csv", "back"}


def test_nothing_is_sent_when_it_was_cancelled_before(
    aws: AwsServer, store: Store, small: Path
) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Interrupted):
        store.upload(small, URI, watch=Watch(token=cancel))
    assert aws.calls == []


@pytest.mark.parametrize(
    ("kind", "name", "operation"),
    [
        ("throttled", "small", "PutObject"),
        ("error-500", "big", "UploadPart"),
        ("reset", "small", "PutObject"),
        ("reset-after", "small", "PutObject"),
        ("reset-after", "big", "UploadPart"),
        ("reset-midway", "big", "UploadPart"),
    ],
)
def test_a_passing_fault_of_an_upload_is_borne(
    kind: Any,
    name: str,
    operation: str,
    aws: AwsServer,
    store: Store,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    path = request.getfixturevalue(name)
    fault = aws.faults.add(kind, operation)
    store.upload(path, URI)
    assert fault.hits == 1
    store.download(URI, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("name", "operation"),
    [("small", "PutObject"), ("big", "UploadPart"), ("big", "CompleteMultipartUpload")],
)
def test_a_lasting_fault_of_an_upload_is_said_and_leaves_nothing(
    name: str, operation: str, aws: AwsServer, store: Store, request: pytest.FixtureRequest
) -> None:
    aws.faults.add("error-503", operation, times=99)
    with pytest.raises(TryAgain, match="has a fault"):
        store.upload(request.getfixturevalue(name), URI)
    assert (keys(aws), unfinished(aws)) == ([], [])


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("throttled", "small"),
        ("reset", "big"),
        ("reset-midway", "small"),
        ("truncated", "small"),
        ("truncated", "big"),
    ],
)
def test_a_broken_download_is_taken_up_again(
    kind: Any,
    name: str,
    aws: AwsServer,
    store: Store,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    path = request.getfixturevalue(name)
    store.upload(path, URI)
    fault = aws.faults.add(kind, "GetObject")
    store.download(URI, tmp_path / "back")
    assert fault.hits == 1
    assert (tmp_path / "back").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("kind", ["reset", "truncated"])
def test_a_download_that_always_breaks_is_a_passing_fault_and_no_file(
    kind: Any, aws: AwsServer, store: Store, small: Path, tmp_path: Path
) -> None:
    store.upload(small, URI)
    aws.faults.add(kind, "GetObject", times=99)
    with pytest.raises(TryAgain) as error:
        store.download(URI, tmp_path / "back")
    assert error.value.hint
    assert {path.name for path in tmp_path.iterdir()} == {"home", "small.csv"}


def test_a_listener_that_fails_is_no_fault_of_the_service(
    aws: AwsServer, store: Store, small: Path
) -> None:
    def closed(event: Progress) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        store.upload(small, URI, Watch(closed))


def test_a_download_that_cannot_be_written_is_said(
    store: Store, small: Path, tmp_path: Path
) -> None:
    store.upload(small, URI)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OperationFailed, match="Cannot write"):
        store.download(URI, tmp_path / "file" / "back")
