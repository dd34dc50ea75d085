"""One transfer to or from S3: counted, cancelled at once, and never left half done."""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from core.comprehend.service_errors import explained
from core.progress import CancelToken, Progress, Reporter

if TYPE_CHECKING:
    from s3transfer.futures import TransferFuture
    from s3transfer.manager import TransferManager

PART_BYTES = 8 << 20
"""A larger file goes in parts of this size, several at once; S3 takes none below 5 MiB."""
MOST_PARTS_AT_ONCE = 8
"""Parts under way at once."""
TICK_S = 0.1
"""Seconds between two looks at cancelling and progress."""

Begin = Callable[["TransferManager", list[Any]], "TransferFuture"]


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


def transfer(
    client: Any,
    begin: Begin,
    count: TransferCount,
    task: str,
    reporter: Reporter,
    cancel: CancelToken | None,
) -> None:
    """Run one transfer to its end, reporting bytes; a cancelled upload in parts is aborted.

    Args:
        begin: starts the transfer with the given manager and subscribers.
        count: counts it.

    Raises:
        Interrupted: `cancel` was set.
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
    reporter(Progress(task, 0, count.size, "bytes"))
    if cancel is not None:
        cancel.check()
    with create_transfer_manager(client, config) as manager:
        future = begin(manager, [count])
        reported = 0
        while not count.ended.wait(TICK_S):
            if cancel is not None and cancel.is_cancelled:
                future.cancel()
            elif count.moved != reported:
                reported = count.moved
                reporter(Progress(task, reported, count.size, "bytes"))
        try:
            with explained():
                future.result()
        except CancelledError:
            if cancel is not None:
                cancel.check()
            raise
    reporter(Progress(task, count.size, count.size, "bytes"))
