"""Objects in S3: whole, verified, counted, sent once, listed and deleted."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from core.comprehend.engine import Store
from core.errors import InvalidInput
from core.progress import Progress, Watch
from tests.aws.objects import PART, URI, keys
from tests.aws.server import BUCKET, AwsServer


@pytest.mark.parametrize("size", [0, 1, PART - 1, PART, PART + 1, 2 * PART + 5])
def test_a_file_comes_back_as_it_was(size: int, store: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(os.urandom(size))
    events: list[Progress] = []
    store.upload(tmp_path / "file", URI, Watch(events.append))
    store.download(URI, tmp_path / "new" / "back", Watch(events.append))
    assert (tmp_path / "new" / "back").read_bytes() == (tmp_path / "file").read_bytes()
    assert [item.size for item in store.list(URI)] == [size]
    assert {event.task for event in events} == {"uploading file", "downloading back"}
    for task in ("uploading file", "downloading back"):
        done = [event.done for event in events if event.task == task]
        assert done[0] == 0 and done[-1] == size and done == sorted(done)
    assert {(event.total, event.unit) for event in events} == {(size, "bytes")}


def test_a_downloaded_file_is_its_owners_only(store: Store, small: Path, tmp_path: Path) -> None:
    store.upload(small, URI)
    store.download(URI, tmp_path / "back")
    assert (tmp_path / "back").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["small", "big"])
def test_s3_is_told_the_checksum_and_keeps_it(
    name: str, aws: AwsServer, store: Store, request: pytest.FixtureRequest
) -> None:
    store.upload(request.getfixturevalue(name), URI)
    kept = aws.client("s3").head_object(
        Bucket=BUCKET, Key="run/c1/train.csv", ChecksumMode="ENABLED"
    )
    assert len(kept["ChecksumCRC32"]) == 8
    assert "ServerSideEncryption" not in {
        field for call in aws.calls for field in call.request if call.operation == "PutObject"
    }


@pytest.mark.parametrize("name", ["small", "big"])
def test_an_identical_object_is_not_sent_again(
    name: str, aws: AwsServer, store: Store, request: pytest.FixtureRequest
) -> None:
    path = request.getfixturevalue(name)
    store.upload(path, URI)
    before = len(aws.calls)
    events: list[Progress] = []
    store.upload(path, URI, Watch(events.append))
    assert [call.operation for call in aws.calls[before:]] == ["HeadObject"]
    size = path.stat().st_size
    assert [(event.done, event.note) for event in events] == [(size, "is there already")]


def test_an_object_of_the_same_size_but_other_content_is_replaced(
    aws: AwsServer, store: Store, small: Path, tmp_path: Path
) -> None:
    store.upload(small, URI)
    small.write_bytes(small.read_bytes()[::-1])
    store.upload(small, URI)
    store.download(URI, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == small.read_bytes()


def test_an_object_without_a_checksum_is_sent_again(
    aws: AwsServer, store: Store, small: Path
) -> None:
    from botocore.config import Config

    plain = aws.client("s3", config=Config(request_checksum_calculation="when_required"))
    plain.put_object(Bucket=BUCKET, Key="run/c1/train.csv", Body=small.read_bytes())
    store.upload(small, URI)
    assert aws.operations("s3").count("PutObject") == 2


def test_uploading_needs_no_right_to_read_beforehand(
    aws: AwsServer, store: Store, small: Path
) -> None:
    aws.faults.add("denied", "HeadObject")
    store.upload(small, URI)
    assert keys(aws) == ["run/c1/train.csv"]


def test_listing_goes_through_every_page_and_sorts(aws: AwsServer, store: Store) -> None:
    from moto.s3.models import s3_backends

    bucket = s3_backends["123456789012"]["aws"]
    for number in range(1005):
        bucket.put_object(BUCKET, f"many/{number}", b"x" * (number % 3))
    bucket.put_object(BUCKET, "manyother", b"x")
    found = store.list(f"s3://{BUCKET}/many/")
    assert len(found) == 1005
    assert [item.uri for item in found] == sorted(item.uri for item in found)
    assert found[0].uri == f"s3://{BUCKET}/many/0" and found[0].size == 0
    assert len(store.list(f"s3://{BUCKET}/many")) == 1006
    assert len(store.list(f"s3://{BUCKET}")) == 1006


@pytest.mark.parametrize("key", ["plain", "a b+c", "ü/日本", "a%2Fb", "q?x=1&y", "it's"])
def test_any_key_has_one_place(key: str, store: Store, small: Path, tmp_path: Path) -> None:
    uri = f"s3://{BUCKET}/{key}"
    store.upload(small, uri)
    assert [item.uri for item in store.list(uri)] == [uri]
    store.download(uri, tmp_path / "back")
    store.delete(uri)
    assert store.list(f"s3://{BUCKET}/") == []


def test_deleting_what_is_absent_is_no_error(store: Store, small: Path) -> None:
    store.upload(small, URI)
    store.delete(URI)
    store.delete(URI)
    store.delete("s3://no-such-bucket/key")
    assert store.list(URI) == []


def test_a_version_of_a_deleted_object_stays_behind_a_marker(
    aws: AwsServer, store: Store, small: Path
) -> None:
    s3 = aws.client("s3")
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    store.upload(small, URI)
    store.delete(URI)
    assert store.list(URI) == []
    versions = s3.list_object_versions(Bucket=BUCKET)
    assert len(versions["Versions"]) == len(versions["DeleteMarkers"]) == 1


def test_what_is_not_there_is_said(store: Store, small: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="The object does not exist"):
        store.download(URI, tmp_path / "back")
    with pytest.raises(InvalidInput, match="The bucket does not exist"):
        store.upload(small, "s3://no-such-bucket/key")
    with pytest.raises(InvalidInput, match="The bucket does not exist"):
        store.list("s3://no-such-bucket/")
    with pytest.raises(InvalidInput, match="Cannot upload"):
        store.upload(tmp_path / "nowhere", URI)
    for address in ("s3://b/key", "https://bucket/key", f"s3://{BUCKET}", f"s3://{BUCKET}/"):
        with pytest.raises(InvalidInput, match="address"):
            store.delete(address)


@pytest.mark.parametrize(
    ("action", "what"),
    [
        ("s3:PutObject", "upload"),
        ("s3:GetObject", "download"),
        ("s3:ListBucket", "list"),
        ("s3:DeleteObject", "delete"),
    ],
)
def test_a_missing_right_is_said(
    action: str, what: str, aws: AwsServer, store: Store, small: Path, tmp_path: Path
) -> None:
    store.upload(small, f"s3://{BUCKET}/other")
    aws.denied.add(action)
    work: dict[str, Callable[[], object]] = {
        "upload": lambda: store.upload(small, URI),
        "download": lambda: store.download(f"s3://{BUCKET}/other", tmp_path / "back"),
        "list": lambda: store.list(URI),
        "delete": lambda: store.delete(URI),
    }
    with pytest.raises(InvalidInput, match="AWS denies access"):
        work[what]()
    assert not (tmp_path / "back").exists()
