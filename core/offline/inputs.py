"""Reading a job's input as the service does: every object whose key begins with the address.

Faults of the input are `InvalidData`; the job then ends with that message, in the service's form
``CODE: text``, and not with an exception at the request.
"""

import contextlib
import csv
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from core.decoding import decode_json
from core.errors import TunerError
from core.offline.store import FolderStore

LARGEST_INPUT_BYTES = 5 << 30
"""Size of all objects of one job."""
LARGEST_INPUT_DOCUMENT_BYTES = 10 << 20
"""Size of one document."""
MOST_INPUTS = 1_000_000
"""Documents of one job."""
_MOST_LABEL_CHARACTERS = 5_000
_BLOCK_BYTES = 1 << 20


class InvalidData(Exception):
    """The service would end the job with this message."""


@contextlib.contextmanager
def write_access_needed() -> Iterator[None]:
    """End the job as the service does when its output cannot be written.

    Raises:
        InvalidData: instead of `TunerError`.
    """
    try:
        yield
    except TunerError as error:
        raise InvalidData(
            "NO_WRITE_ACCESS_TO_OUTPUT: The provided data access role does not have write access "
            "to the output S3 URI or it does not have access to the output S3 KMS Key. "
            f"{error.message}"
        ) from error


@dataclass
class LabelledTexts:
    """Training or test documents as they are read."""

    texts: list[str] = field(default_factory=list)
    """Text of each document."""
    label_sets: list[list[str]] = field(default_factory=list)
    """Labels of each document, without repetition."""
    blank: int = 0
    """Documents that were left out because they hold no text."""

    def add(self, labels: Sequence[str], text: str, place: str) -> None:
        """Add one document read at `place`.

        Raises:
            InvalidData: it breaks a limit of the service.
        """
        if len(text) > LARGEST_INPUT_DOCUMENT_BYTES // 4 and (
            len(text.encode("utf-8", "replace")) > LARGEST_INPUT_DOCUMENT_BYTES
        ):
            raise InvalidData(
                "INVALID_INPUT: The maximum size of an individual document is 10MB. "
                f"The document on {place} was greater than the maximum size."
            )
        for label in labels:
            if not label.strip():
                raise InvalidData(
                    f"INVALID_INPUT: Empty label found on {place}. The label is blank, or a label "
                    "delimiter stands first, last or twice in a row."
                )
            if len(label) > _MOST_LABEL_CHARACTERS:
                raise InvalidData(
                    "INVALID_INPUT: The maximum size of an individual label is 5000 characters. "
                    f"The label on {place} was greater than the maximum size."
                )
        if not text.strip():
            self.blank += 1
            return
        if len(self.texts) >= MOST_INPUTS:
            raise InvalidData(f"INVALID_INPUT: There are more than {MOST_INPUTS:,} documents.")
        self.texts.append(text)
        self.label_sets.append(list(dict.fromkeys(labels)))


def objects_under(store: FolderStore, uri: str) -> list[tuple[str, Path]]:
    """Return base name and file of every object whose key begins with the address.

    Raises:
        InvalidData: there is none, or they are too large together.
    """
    try:
        objects = store.list(uri)
    except TunerError as error:
        raise InvalidData(f"INVALID_INPUT: {error.message}") from error
    if not objects:
        raise InvalidData(
            "NO_READ_ACCESS_TO_INPUT: The provided data access role does not have proper access "
            f"to the input data. There is no object whose address begins with {uri}."
        )
    if sum(item.size for item in objects) > LARGEST_INPUT_BYTES:
        raise InvalidData("INVALID_INPUT: The input is larger than 5 GB.")
    return [(item.uri.rsplit("/", 1)[-1], store.path_of(item.uri)) for item in objects]


def read_training_csv(store: FolderStore, uri: str, delimiter: str | None) -> LabelledTexts:
    """Read two-column training files: labels, text, no header, UTF-8.

    Args:
        store: where the objects are.
        uri: address that the objects' keys begin with.
        delimiter: what separates labels; None in multi-class mode, where a cell is one label.

    Raises:
        InvalidData: a row is malformed, or a limit is broken.
    """
    csv.field_size_limit(min(sys.maxsize, LARGEST_INPUT_BYTES))
    read = LabelledTexts()
    for name, path in objects_under(store, uri):
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.reader(file, strict=True)
            try:
                for row in rows:
                    if row:
                        _add_row(read, row, delimiter, f"line: {rows.line_num} of file: {name}")
            except UnicodeDecodeError as error:
                raise InvalidData(f"INVALID_INPUT: File {name} is not in UTF-8 format.") from error
            except csv.Error as error:
                raise InvalidData(
                    f"INVALID_INPUT: File {name} is not a valid CSV file: {error} "
                    f"on line: {rows.line_num}."
                ) from error
    return read


def _add_row(read: LabelledTexts, row: list[str], delimiter: str | None, place: str) -> None:
    if len(row) != 2:
        raise InvalidData(
            f"INVALID_INPUT: A row must have two columns, labels and text; "
            f"{len(row)} found on {place}."
        )
    labels = [row[0]] if delimiter is None else row[0].split(delimiter)
    read.add(labels, row[1], place)


def read_manifests(
    store: FolderStore, manifests: Sequence[Mapping[str, Any]], split: str
) -> LabelledTexts:
    """Read the augmented manifests of one split, "TRAIN" or "TEST".

    Labels are the names in the metadata's `class-name` or `class-map`, not the numbers.

    Raises:
        InvalidData: a line is malformed, or a limit is broken.
    """
    read = LabelledTexts()
    for manifest in manifests:
        if manifest.get("Split", "TRAIN") != split:
            continue
        for name, path in objects_under(store, manifest["S3Uri"]):
            with path.open("rb") as file:
                for number, line in enumerate(file, start=1):
                    if line.strip():
                        place = f"line: {number} of file: {name}"
                        labels, text = _entry(line, manifest["AttributeNames"], place)
                        read.add(labels, text, place)
    return read


def _entry(line: bytes, attributes: Sequence[str], place: str) -> tuple[list[str], str]:
    labels: list[str] = []
    try:
        entry = decode_json(line, dict[str, Any])
        text = entry["source"]
        for attribute in attributes:
            metadata = entry[f"{attribute}-metadata"]
            if "class-map" in metadata:
                labels += metadata["class-map"].values()
            else:
                labels.append(metadata["class-name"])
        if not isinstance(text, str) or not all(isinstance(label, str) for label in labels):
            raise TypeError("text and labels must be strings")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidData(
            "INVALID_INPUT: An augmented manifest file in the request is not valid; "
            f"{place} cannot be read ({type(error).__name__}: {error})."
        ) from error
    return labels, text


def physical_lines(file: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of a file; LF, CR and CRLF end a line and nothing else does."""
    rest = b""
    while block := file.read(_BLOCK_BYTES):
        data = rest + block
        held = b"\r" if data.endswith(b"\r") else b""
        whole = data.removesuffix(held).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *lines, last = whole.split(b"\n")
        yield from lines
        rest = last + held
    if rest:
        yield rest.removesuffix(b"\r")
