"""Predictions of a scoring job, joined to the documents that were sent.

Rows are matched by file name and line number, never by position: the service promises no order.
Whatever does not match is reported; nothing is guessed.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from core.comprehend.artifacts.archive import (
    Limits,
    base_name,
    is_tar,
    member_blocks,
    plain_blocks,
)
from core.comprehend.artifacts.matching import TITLE, Join
from core.comprehend.artifacts.report import JoinReport
from core.comprehend.artifacts.scores import Scores
from core.errors import InvalidInput

_LONGEST_LINE_BYTES = 16 << 20
_ARCHIVE_ENDINGS = (".tar.gz", ".tgz", ".tar")


def join_predictions(
    path: Path, *, file_name: str, n_documents: int, labels: Sequence[str]
) -> tuple[Scores, JoinReport]:
    """Read a scoring job's output into a score matrix.

    Rows are decoded in blocks by a decoder typed for them, so that memory is the matrix and one
    block however long the output is.

    Args:
        path: `output.tar.gz`, or its `predictions.jsonl`, plain or gzip-compressed.
        file_name: name of the scoring file that was sent; rows of other files are extra.
        n_documents: number of its lines.
        labels: the labels of the classifier; the columns of the result.

    Returns:
        The scores (one classifier: ``ceilings`` is (n_documents, 1)) and what did not match.

    Raises:
        InvalidInput: a row is malformed, names a label twice or has a score outside 0 to 1; the
            archive is unsafe or holds no predictions.
        OperationFailed: the file ends early or is damaged.
    """
    join = Join(path, file_name, n_documents, labels)
    limits = _expected_limits(file_name, n_documents, labels)
    for block in _whole_lines(path, _prediction_blocks(path, limits)):
        join.add(block)
    return join.result()


def _expected_limits(file_name: str, n_documents: int, labels: Sequence[str]) -> Limits:
    """Twice the size of output that lists every label of every document, at least the default."""
    row_bytes = 256 + 6 * len(file_name) + sum(64 + 6 * len(label) for label in labels)
    return Limits(max_bytes=max(Limits().max_bytes, 2 * n_documents * row_bytes))


def _prediction_blocks(path: Path, limits: Limits) -> Iterator[bytes]:
    if path.name.lower().endswith(_ARCHIVE_ENDINGS) or is_tar(path):
        return member_blocks(path, _is_predictions, limits)
    return plain_blocks(path, limits)


def _is_predictions(member: str) -> bool:
    return base_name(member).endswith("predictions.jsonl")


def _whole_lines(path: Path, blocks: Iterator[bytes]) -> Iterator[bytes]:
    r"""Regroup blocks so that each ends at a line end; only ``\n`` ends a line."""
    pending: list[bytes] = []
    pending_bytes = 0
    for block in blocks:
        end = block.rfind(b"\n") + 1
        if end:
            yield b"".join((*pending, block[:end]))
            pending, pending_bytes = [], 0
        pending.append(block[end:])
        pending_bytes += len(block) - end
        if pending_bytes > _LONGEST_LINE_BYTES:
            raise InvalidInput(
                TITLE, f"{path}: a line is longer than {_LONGEST_LINE_BYTES:,} bytes",
                "expected one JSON object per line",
            )  # fmt: skip
    if pending_bytes:
        yield b"".join(pending)
