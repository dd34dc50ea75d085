"""A scoring job: read documents in blocks, score them, write predictions in the service's form."""

import json
import mmap
from array import array
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from core.offline.artifacts import write_predictions
from core.offline.inputs import (
    LARGEST_INPUT_DOCUMENT_BYTES,
    MOST_INPUTS,
    InvalidData,
    objects_under,
    physical_lines,
    write_access_needed,
)
from core.offline.records import MODEL, Record, ScoringRecord, clock
from core.offline.work import Work

Returned = int | Literal["all"]
_ALWAYS_RETURNED = 0.5


def returned_labels(scores: Sequence[float], returned: Returned) -> list[int]:
    """Return the positions of the labels that the service lists, highest score first.

    These are the `returned` highest and every label at 0.5 or above; equal scores keep label order.
    """
    order = sorted(range(len(scores)), key=lambda label: -scores[label])
    if returned == "all":
        return order
    above = sum(score >= _ALWAYS_RETURNED for score in scores)
    return order[: max(returned, above)]


class LineWriter:
    """Turns score rows into lines of `predictions.jsonl`.

    Args:
        labels: label names, in column order.
        key: "Labels" in multi-label mode, "Classes" in multi-class mode.
        returned: highest-scoring labels that are listed, or "all".
        decimals: decimals of scores; None for full precision.
    """

    def __init__(
        self, labels: Sequence[str], key: str, returned: Returned, decimals: int | None
    ) -> None:
        self._names = [f'{{"Name": {json.dumps(label)}, "Score": ' for label in labels]
        self._key = key
        self._returned = returned
        self._decimals = decimals

    def lines(
        self, file: str, numbers: Sequence[int | None], scores: npt.NDArray[np.float32]
    ) -> Iterator[bytes]:
        """Yield one line per document, newline included.

        Args:
            file: base name of the input object.
            numbers: zero-based line number of each document; None when a file is a document.
            scores: float32 (n_documents, n_labels).
        """
        wide = scores.astype(np.float64)
        shown = wide if self._decimals is None else np.round(wide, self._decimals)
        order = np.argsort(-wide, axis=1, kind="stable")
        counts = self._counts(shown)
        start = f'{{"File": {json.dumps(file)}'
        names = self._names
        rows = zip(numbers, shown.tolist(), order.tolist(), counts.tolist(), strict=True)
        for number, row, columns, count in rows:
            listed = ", ".join([f"{names[label]}{row[label]}}}" for label in columns[:count]])
            place = "" if number is None else f', "Line": "{number}"'
            yield f'{start}{place}, "{self._key}": [{listed}]}}\n'.encode()

    def _counts(self, shown: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
        """int64 (n_documents,): how many labels are listed for each document."""
        if self._returned == "all":
            return np.full(len(shown), shown.shape[1], dtype=np.int64)
        above: npt.NDArray[np.int64] = (shown >= _ALWAYS_RETURNED).sum(axis=1, dtype=np.int64)
        return above.clip(min=self._returned)


def error_line(file: str, number: int | None, code: str, message: str) -> bytes:
    """Return the line of a document that could not be scored, newline included."""
    row: dict[str, str] = {"File": file}
    if number is not None:
        row["Line"] = str(number)
    return json.dumps(row | {"ErrorCode": code, "ErrorMessage": message}).encode() + b"\n"


_BLOCK_DOCUMENTS = 2_000
_KEPT_BYTES = 32 << 20
"""Size of the input up to which its counted words are kept for other jobs."""
_KEPT_BLOCK_DOCUMENTS = 20_000


def run_scoring(work: Work, job: ScoringRecord) -> None:
    """Score the documents of a job and write its final record.

    Memory does not grow with the number of documents: they are read, scored and written in blocks.

    Raises:
        InvalidData: the input breaks a rule of the service, or the output cannot be written.
    """
    objects = objects_under(work.store, job.request["InputDataConfig"]["S3Uri"])
    model = _model(work, job)
    lines, shuffled = work.folder / "lines.tmp", work.folder / "shuffled.tmp"
    try:
        ends = _write_lines(work, job, objects, model, lines)
        if job.behaviour.shuffle:
            _shuffle(lines, shuffled, ends, int(job.job_id[:16], 16))
        _write_predictions(work, job, shuffled if job.behaviour.shuffle else lines)
    finally:
        lines.unlink(missing_ok=True)
        shuffled.unlink(missing_ok=True)

    def change(record: Record) -> Record:
        return replace(record, status="COMPLETED", ended_at=clock())

    work.finish(change)


def _model(work: Work, job: ScoringRecord) -> Any:
    from core.offline.model import load_model

    work.report("loading the classifier", 0, None)
    if "/" in job.classifier_folder or job.classifier_folder in ("", ".", ".."):
        raise InvalidData(f"{job.classifier_folder!r} is no classifier's folder")
    classifiers = work.folder.parents[1] / "classifiers"
    return load_model(classifiers / job.classifier_folder / MODEL)


def _write_lines(
    work: Work, job: ScoringRecord, objects: list[tuple[str, Path]], model: Any, path: Path
) -> "array[int]":
    """Write the prediction lines in input order; return where each ends."""
    from core.offline.counts import count_anew
    from core.offline.model import score

    is_kept = sum(source.stat().st_size for _, source in objects) <= _KEPT_BYTES
    count = work.count if is_kept else count_anew
    size = _KEPT_BLOCK_DOCUMENTS if is_kept else _BLOCK_DOCUMENTS
    key = "Labels" if model.mode == "multi-label" else "Classes"
    writer = LineWriter(model.labels, key, job.behaviour.returned, job.behaviour.decimals)
    ends = array("Q")
    done, position = 0, 0
    input_format = job.request["InputDataConfig"].get("InputFormat", "ONE_DOC_PER_LINE")
    is_per_line = input_format == "ONE_DOC_PER_LINE"
    total = _count(objects) if is_per_line else len(objects)
    work.report("scoring", 0, total)
    with path.open("wb") as file:
        for name, source in objects:
            documents = _lines(name, source) if is_per_line else _whole(name, source)
            while block := list(islice(documents, size)):
                good = [(number, text) for number, text, error in block if error is None]
                rows = [error for _, _, error in block if error is not None]
                if good:
                    scores = score(model, [text for _, text in good], count=count)
                    rows += writer.lines(name, [number for number, _ in good], scores)
                for row in rows:
                    file.write(row)
                    position += len(row)
                    ends.append(position)
                done += len(block)
                work.report("scoring", done, total)
    return ends


Document = tuple[int | None, str, bytes | None]
"""Line number (None for a whole file), text, and the output line when it cannot be scored."""


def _count(objects: list[tuple[str, Path]]) -> int:
    total = 0
    for _, path in objects:
        with path.open("rb") as file:
            total += sum(1 for line in physical_lines(file) if line.strip())
    if total > MOST_INPUTS:
        raise InvalidData(
            f"INVALID_INPUT: The input has {total:,} lines, at most {MOST_INPUTS:,} are allowed."
        )
    return total


def _lines(name: str, path: Path) -> Iterator[Document]:
    """Yield one document per line; a blank line has a number and no result.

    A line that is not UTF-8 gets an error row, and the rest of its file is ignored.
    """
    with path.open("rb") as file:
        for number, line in enumerate(physical_lines(file)):
            try:
                text = line.decode("utf-8")
            except UnicodeDecodeError:
                yield number, "", _not_utf8(name, number)
                return
            if text.strip():
                yield number, text, None


def _whole(name: str, path: Path) -> Iterator[Document]:
    """Yield the document that a file is."""
    data = path.read_bytes()
    if len(data) > LARGEST_INPUT_DOCUMENT_BYTES:
        text = f"Document size exceeds maximum size limit {LARGEST_INPUT_DOCUMENT_BYTES} bytes."
        yield None, "", error_line(name, None, "DOCUMENT_SIZE_EXCEEDED", text)
        return
    try:
        yield None, data.decode("utf-8"), None
    except UnicodeDecodeError:
        yield None, "", _not_utf8(name, None)


def _not_utf8(name: str, number: int | None) -> bytes:
    text = "Document is not in UTF-8 format and all subsequent line are ignored."
    return error_line(name, number, "UNSUPPORTED_ENCODING", text)


def _shuffle(source: Path, target: Path, ends: "array[int]", seed: int) -> None:
    """Copy lines in a random order that depends on `seed` alone."""
    starts = [0, *ends[:-1]]
    with source.open("rb") as file, target.open("wb") as sink:
        if not ends:
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            for number in np.random.default_rng(seed).permutation(len(ends)).tolist():
                sink.write(data[starts[number] : ends[number]])


def _write_predictions(work: Work, job: ScoringRecord, lines: Path) -> None:
    work.report("writing the output", 0, None)
    assert job.output_uri is not None
    with write_access_needed():
        write_predictions(work.store.path_of(job.output_uri), lines)
