"""Objects in S3, moved by boto3's transfer manager and verified by their checksums.

The checksum is CRC-32 over the whole object: the one that S3 keeps both for objects sent at once
and for those sent in parts.
"""

import base64
import os
import re
import threading
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from core.comprehend.engine import StoredObject
from core.comprehend.service_errors import code_of, explained
from core.errors import InvalidInput, TryAgain
from core.files import atomic_writer
from core.progress import UNWATCHED, Watch
from core.text import printable

if TYPE_CHECKING:
    from s3transfer.futures import TransferFuture
    from s3transfer.manager import TransferManager


PART_BYTES = 8 << 20
"""A larger file goes in parts of this size, several at once; S3 takes none below 5 MiB."""
MOST_PARTS_AT_ONCE = 8
"""Parts under way at once."""
_TICK_S = 0.1
"""Seconds between two looks at cancelling and progress."""

_Begin = Callable[["TransferManager", list[Any]], "TransferFuture"]


class TransferCount:
    """What the threads of a transfer tell: bytes moved, and its end."""

    def __init__(self, size: int, etag: str | None = None) -> None:
        self.size = size
        self.ended = threading.Event()
        self._etag = etag
        self._moved = 0
        self._lock = threading.Lock()

    @property
    def moved(self) -> int:
        """Bytes moved; a part that is sent again is counted once."""
        return max(0, min(self._moved, self.size))

    def on_queued(self, future: "TransferFuture", **others: Any) -> None:
        """Say what is known of a download, so that nobody asks for it again."""
        if self._etag is not None:
            future.meta.provide_transfer_size(self.size)
            future.meta.provide_object_etag(self._etag)

    def on_progress(self, future: "TransferFuture", bytes_transferred: int, **others: Any) -> None:
        """Count; a part that begins anew takes its bytes back."""
        with self._lock:
            self._moved += bytes_transferred

    def on_done(self, future: "TransferFuture", **others: Any) -> None:
        """Wake the waiting thread."""
        self.ended.set()


def transfer(client: Any, begin: _Begin, count: TransferCount, task: str, watch: Watch) -> None:
    """Run one transfer to its end, reporting bytes; a cancelled upload in parts is aborted.

    Args:
        begin: starts the transfer with the given manager and subscribers.
        count: counts it.

    Raises:
        Interrupted: stopping was asked for.
        TunerError: the service refused, or cannot be reached.
    """
    from concurrent.futures import CancelledError

    from boto3.s3.transfer import TransferConfig, create_transfer_manager

    config = TransferConfig(
        multipart_threshold=PART_BYTES,
        multipart_chunksize=PART_BYTES,
        max_concurrency=MOST_PARTS_AT_ONCE,
        preferred_transfer_client="classic",
    )
    watch.report(task, 0, count.size, "bytes")
    watch.check()
    with create_transfer_manager(client, config) as manager:
        future = begin(manager, [count])
        reported = 0
        while not count.ended.wait(_TICK_S):
            if watch.is_cancelled:
                future.cancel()
            elif count.moved != reported:
                reported = count.moved
                watch.report(task, reported, count.size, "bytes")
        try:
            with explained():
                future.result()
        except CancelledError:
            watch.check()
            raise
    watch.report(task, count.size, count.size, "bytes")


_ADDRESS = re.compile(r"s3://([a-z0-9][.\-a-z0-9]{1,61}[a-z0-9])(?:/(.*))?", re.DOTALL)
_BLOCK_BYTES = 1 << 20
_ABSENT = ("404", "NoSuchKey", "NotFound", "NoSuchBucket")
_DENIED = ("403", "AccessDenied", "NotImplemented", "MethodNotAllowed")


@dataclass(frozen=True)
class _Kept:
    """What S3 says about one object."""

    size: int
    etag: str
    checksum: str | None
    """CRC-32 of the whole object in base64; None when S3 keeps none."""


class S3Store:
    """Objects of the buckets that a boto3 client reaches; safe for threads."""

    def __init__(self, client: Callable[[], Any]) -> None:
        self._client = client

    def upload(self, path: Path, uri: str, watch: Watch = UNWATCHED) -> None:
        """Copy the file `path` to `uri`, replacing what is there; readers never see a part.

        An object of the same size and checksum is left as it is, so that a resumed run sends
        nothing twice. S3 checks the checksum on arrival and is asked for it afterwards; a server
        that keeps none is asked for the size only. Encryption is left to the bucket's settings.

        Raises:
            InvalidInput: `uri` is no object's address, `path` cannot be read, or S3 refuses.
            TryAgain: S3 cannot be reached, or what arrived differs from the file.
            Interrupted: stopping was asked for; no part is left behind.
        """
        bucket, key = _object_place(uri)
        task = f"uploading {path.name}"
        size, checksum = _measured(path, watch)
        client = self._client()
        with explained():
            before = _kept_if_readable(client, bucket, key)
        if before is not None and (before.size, before.checksum) == (size, checksum):
            watch.report(task, size, size, "bytes", "is there already")
            return
        extra = {"ChecksumAlgorithm": "CRC32", "ChecksumCRC32": checksum}
        transfer(
            client,
            lambda manager, seen: manager.upload(str(path), bucket, key, extra, seen),
            TransferCount(size),
            task,
            watch,
        )
        with explained():
            after = _kept(client, bucket, key)
        if after.size != size or after.checksum not in (checksum, None):
            raise TryAgain(
                "The upload arrived damaged",
                f"{printable(uri, 200)} is not what {printable(path.name, 80)} holds",
                "repeat the command; the file is sent again",
            )

    def download(self, uri: str, path: Path, watch: Watch = UNWATCHED) -> None:
        """Copy the object `uri` to the file `path`, which appears whole or not at all.

        Raises:
            InvalidInput: `uri` is no object's address, there is no such object, or S3 refuses.
            TryAgain: S3 cannot be reached, or what arrived differs from the object.
            OperationFailed: `path` cannot be written.
            Interrupted: stopping was asked for; `path` is as before.
        """
        bucket, key = _object_place(uri)
        client = self._client()
        with explained():
            stored = _kept(client, bucket, key)
        with atomic_writer(path) as sink:
            transfer(
                client,
                lambda manager, seen: manager.download(bucket, key, sink, subscribers=seen),
                TransferCount(stored.size, stored.etag),
                f"downloading {path.name}",
                watch,
            )
            sink.flush()
            _require_equal(sink, stored, uri)

    def list(self, prefix_uri: str) -> list[StoredObject]:
        """Every object whose key begins with the key of `prefix_uri`, sorted by address.

        Raises:
            InvalidInput: not an S3 address, there is no such bucket, or S3 refuses.
            TryAgain: S3 cannot be reached.
        """
        bucket, prefix = _place(prefix_uri)
        client = self._client()
        with explained():
            pages = client.get_paginator("list_objects_v2")
            objects = [
                StoredObject(f"s3://{bucket}/{item['Key']}", item["Size"])
                for page in pages.paginate(Bucket=bucket, Prefix=prefix)
                for item in page.get("Contents", ())
            ]
        return sorted(objects, key=lambda item: item.uri)

    def delete(self, uri: str) -> None:
        """Remove one object; an absent one, or one whose bucket is gone, is no error.

        In a bucket with versions the object is hidden by a delete marker, and its older versions
        stay until the bucket's own rules remove them.

        Raises:
            InvalidInput: `uri` is no object's address, or S3 refuses.
            TryAgain: S3 cannot be reached.
        """
        bucket, key = _object_place(uri)
        client = self._client()
        with explained():
            try:
                client.delete_object(Bucket=bucket, Key=key)
            except Exception as error:
                if code_of(error) != "NoSuchBucket":
                    raise


def _place(uri: str) -> tuple[str, str]:
    match = _ADDRESS.fullmatch(uri)
    if match is None:
        raise InvalidInput("Not an S3 address", printable(uri, 120), "write it as s3://bucket/key")
    return match[1], match[2] or ""


def _object_place(uri: str) -> tuple[str, str]:
    bucket, key = _place(uri)
    if not key:
        raise InvalidInput(
            "Not an object's address",
            f"{printable(uri, 120)} has no key",
            "write it as s3://bucket/key",
        )
    return bucket, key


def _measured(path: Path, watch: Watch) -> tuple[int, str]:
    """Size in bytes and checksum of a file."""
    try:
        with path.open("rb") as file:
            return os.fstat(file.fileno()).st_size, _checksum(
                lambda offset: file.read(_BLOCK_BYTES), watch
            )
    except OSError as error:
        raise InvalidInput(
            "Cannot upload", f"{path}: {error.strerror or error}", "check the file's path"
        ) from error


def _checksum(read: Callable[[int], bytes], watch: Watch = UNWATCHED) -> str:
    """CRC-32 in base64, as S3 writes it, of what `read` gives from each offset on."""
    value = offset = 0
    while block := read(offset):
        watch.check()
        value = zlib.crc32(block, value)
        offset += len(block)
    return base64.b64encode(value.to_bytes(4, "big")).decode()


def _kept(client: Any, bucket: str, key: str) -> _Kept:
    """Ask S3 about an object; an answer to HEAD has no message, so a failure is asked again."""
    try:
        answer = client.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
    except Exception as error:
        if code_of(error) == "400":
            client.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1)
        raise
    checksum = answer.get("ChecksumCRC32")
    is_whole = checksum is not None and "-" not in checksum
    is_whole = is_whole and answer.get("ChecksumType", "FULL_OBJECT") == "FULL_OBJECT"
    return _Kept(answer["ContentLength"], answer["ETag"], checksum if is_whole else None)


def _kept_if_readable(client: Any, bucket: str, key: str) -> _Kept | None:
    try:
        return _kept(client, bucket, key)
    except Exception as error:
        if code_of(error) in (*_ABSENT, *_DENIED):
            return None
        raise


def _require_equal(sink: BinaryIO, stored: _Kept, uri: str) -> None:
    descriptor = sink.fileno()
    is_equal = os.fstat(descriptor).st_size == stored.size
    if is_equal and stored.checksum is not None:
        checksum = _checksum(lambda offset: os.pread(descriptor, _BLOCK_BYTES, offset))
        is_equal = checksum == stored.checksum
    if not is_equal:
        raise TryAgain(
            "The download arrived damaged",
            f"what came of {printable(uri, 200)} differs in size or checksum",
            "repeat the command; the object is fetched again",
        )
