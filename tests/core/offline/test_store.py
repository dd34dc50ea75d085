"""The folder store answers like a bucket."""

import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import Interrupted, InvalidInput, OperationFailed
from core.offline.store import FolderStore, split_address
from core.progress import CancelToken, Progress, Watch

BUCKET = "s3://some-bucket"


def _put(store: FolderStore, tmp_path: Path, uri: str, data: bytes) -> None:
    source = tmp_path / "source"
    source.write_bytes(data)
    store.upload(source, uri)


def test_an_object_comes_back_as_it_was_sent(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "root")
    data = bytes(range(256)) * 10_000
    _put(store, tmp_path, f"{BUCKET}/a/b.bin", data)
    store.download(f"{BUCKET}/a/b.bin", tmp_path / "deep" / "target")
    assert (tmp_path / "deep" / "target").read_bytes() == data


def test_uploading_again_replaces_the_object(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "root")
    _put(store, tmp_path, f"{BUCKET}/key", b"old")
    _put(store, tmp_path, f"{BUCKET}/key", b"newer")
    assert [(item.uri, item.size) for item in store.list(BUCKET)] == [(f"{BUCKET}/key", 5)]


def test_a_key_and_a_key_below_it_live_side_by_side(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "root")
    for key in ("a", "a/b", "a/b/c", "a/", "a//b"):
        _put(store, tmp_path, f"{BUCKET}/{key}", key.encode())
    assert [item.uri for item in store.list(BUCKET)] == [
        f"{BUCKET}/{key}" for key in ("a", "a/", "a//b", "a/b", "a/b/c")
    ]


def test_d11_an_address_is_a_prefix(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "root")
    for key in ("run/train.csv", "run/train.csv.bak", "run/train.csv_v2", "run/test.csv", "r"):
        _put(store, tmp_path, f"{BUCKET}/{key}", b"x")
    found = [item.uri.rsplit("/", 1)[1] for item in store.list(f"{BUCKET}/run/train.csv")]
    assert found == ["train.csv", "train.csv.bak", "train.csv_v2"]


@pytest.mark.parametrize("key", ["../../escape", "..", ".hidden", "a/../../b", "/absolute", "%2F"])
def test_no_key_climbs_out_of_the_bucket(tmp_path: Path, key: str) -> None:
    store = FolderStore(tmp_path / "root")
    path = store.path_of(f"{BUCKET}/{key}")
    assert path.resolve().is_relative_to((tmp_path / "root" / "some-bucket").resolve())
    _put(store, tmp_path, f"{BUCKET}/{key}", b"x")
    assert [item.uri for item in store.list(BUCKET)] == [f"{BUCKET}/{key}"]


_SEGMENT = st.text(min_size=0, max_size=12) | st.sampled_from(["..", ".", "%2F", "%", "%-", "a"])


@settings(max_examples=60, deadline=None)
@given(st.lists(_SEGMENT, min_size=1, max_size=4).map("/".join).filter(bool))
def test_every_key_has_a_place_that_tells_it_again(
    tmp_path_factory: pytest.TempPathFactory, key: str
) -> None:
    store = FolderStore(tmp_path_factory.mktemp("bucket"))
    path = store.path_of(f"{BUCKET}/{key}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    assert [item.uri for item in store.list(f"{BUCKET}/{key}")] == [f"{BUCKET}/{key}"]
    assert all(len(part.encode()) <= 255 for part in path.parts)


def test_a_long_key_fits_any_file_system(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "root")
    keys = ["é" * 400, "x" * 200, "x" * 201, "x" * 200 + ".tail/" + "y" * 500]
    for key in keys:
        _put(store, tmp_path, f"{BUCKET}/{key}", b"x")
    assert {item.uri for item in store.list(BUCKET)} == {f"{BUCKET}/{key}" for key in keys}
    assert [item.uri for item in store.list(f"{BUCKET}/xx")] == sorted(
        f"{BUCKET}/{key}" for key in keys[1:]
    )


def test_a_deleted_object_is_gone_and_deleting_again_is_no_error(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "root")
    _put(store, tmp_path, f"{BUCKET}/a/b", b"x")
    store.delete(f"{BUCKET}/a/b")
    store.delete(f"{BUCKET}/a/b")
    assert store.list(BUCKET) == []
    with pytest.raises(OperationFailed, match="no such object"):
        store.download(f"{BUCKET}/a/b", tmp_path / "target")
    assert not (tmp_path / "target").exists()


@pytest.mark.parametrize(
    "uri", ["", "s3:/a/b", "http://a/b", "s3://UPPER/b", "s3://../b", "s3://a"]
)
def test_what_is_no_address_is_refused(uri: str) -> None:
    with pytest.raises(InvalidInput):
        split_address(uri)


def test_a_bucket_is_no_object(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="has no key"):
        FolderStore(tmp_path).delete(BUCKET)


def test_a_cancelled_upload_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "root")
    _put(store, tmp_path, f"{BUCKET}/key", b"old")
    cancel = CancelToken()
    cancel.cancel()
    (tmp_path / "source").write_bytes(b"new")
    with pytest.raises(Interrupted):
        store.upload(tmp_path / "source", f"{BUCKET}/key", watch=Watch(token=cancel))
    store.download(f"{BUCKET}/key", tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == b"old"
    assert len(store.list(BUCKET)) == 1


def test_progress_counts_bytes_up_to_the_size(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "root")
    events: list[Progress] = []
    (tmp_path / "source").write_bytes(b"x" * 3_000_000)
    store.upload(tmp_path / "source", f"{BUCKET}/key", Watch(events.append))
    assert [event.done for event in events] == sorted({event.done for event in events})
    assert (events[0].done, events[-1].done, events[-1].total) == (0, 3_000_000, 3_000_000)


def test_a_missing_source_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="absent"):
        FolderStore(tmp_path / "root").upload(tmp_path / "absent", f"{BUCKET}/key")
    assert FolderStore(tmp_path / "root").list(BUCKET) == []


def test_a_reader_never_sees_a_part(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "root")
    contents = {b"a" * 200_000, b"b" * 300_000}
    sources = []
    for number, data in enumerate(sorted(contents)):
        sources.append(tmp_path / f"source{number}")
        sources[-1].write_bytes(data)
    store.upload(sources[0], f"{BUCKET}/key")

    def write() -> None:
        for number in range(20):
            store.upload(sources[number % 2], f"{BUCKET}/key")

    writer = threading.Thread(target=write)
    writer.start()
    while writer.is_alive():
        store.download(f"{BUCKET}/key", tmp_path / "target")
        assert (tmp_path / "target").read_bytes() in contents
        assert len(store.list(BUCKET)) == 1
    writer.join()
