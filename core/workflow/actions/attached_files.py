"""Compare what a job made elsewhere has read with the files of this session's split."""

import csv
import io
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Literal

from core.comprehend.clients import Clients, StoredObject
from core.dataset.formats import one_line
from core.errors import InvalidInput, OperationFailed
from core.files import file_fingerprint
from core.progress import CancelToken, Reporter, silent
from core.text import plural, printable
from core.workflow.actions.launching import sender
from core.workflow.session import Session
from core.workflow.state import SplitState
from core.workflow.steps import held_out_parts

_MOST_BYTES = 5 << 30
_LONGEST_CELL = 2**31 - 1


@dataclass(frozen=True)
class Reader:
    """Fetches objects for comparing, into a folder that vanishes afterwards."""

    session: Session
    clients: Clients
    reporter: Reporter = silent
    cancel: CancelToken | None = None

    def objects(self, address: str) -> list[StoredObject]:
        """The objects that the service reads at an address, which it takes for a prefix."""
        return [entry for entry in self.clients.store.list(address) if entry.size]

    def fetched(self, uri: str, folder: Path) -> Path:
        """Copy an object into a folder, where it replaces the one before."""
        path = folder / "object"
        patiently = sender(self.clients, "reading for comparison", self.reporter, self.cancel)
        patiently(lambda: self.clients.store.download(uri, path, self.reporter, self.cancel))
        return path

    def folder(self) -> tempfile.TemporaryDirectory[str]:
        """A folder for copies, beside the session's own files."""
        return tempfile.TemporaryDirectory(prefix=".attach-", dir=self.session.folder)


TrainingOutcome = Literal["same", "oversampled", "another", "unreadable"]
"""The split's own training file, the one with repeated positives, another one, or not known."""


@dataclass(frozen=True)
class TrainingFile:
    """How the file that a classifier was trained on relates to the session's split."""

    outcome: TrainingOutcome
    notes: tuple[str, ...]
    """What a reader of the run's figures must know; empty for the same file."""


def compare_training(
    reader: Reader, split: SplitState, known: Mapping[str, TrainingOutcome], address: str | None
) -> TrainingFile:
    """Say whether a classifier was trained on this split's training part.

    Args:
        known: what each of the split's own training files counts as, by fingerprint.
        address: where the service read the training file; None when it does not say.

    Raises:
        TryAgain: the store cannot be reached.
    """
    unsure = "cannot tell whether calibration and test documents were trained on"
    if address is None:
        return TrainingFile("unreadable", (f"{unsure}: the service names no training file",))
    try:
        entries = reader.objects(address)
        if not entries:
            raise OperationFailed("Gone", f"nothing is at {printable(address, 200)}")
        if sum(entry.size for entry in entries) > _MOST_BYTES:
            raise OperationFailed("Too large", f"{printable(address, 200)} is above 5 GB")
        with reader.folder() as folder:
            return _compared(reader, split, known, entries, Path(folder))
    except (InvalidInput, OperationFailed) as error:
        reason = f"{unsure}: its training file cannot be read ({error.message})"
        return TrainingFile("unreadable", (reason,))


def _compared(
    reader: Reader,
    split: SplitState,
    known: Mapping[str, TrainingOutcome],
    entries: list[StoredObject],
    folder: Path,
) -> TrainingFile:
    held_out = {part: _texts_of(reader.session, split, part) for part in held_out_parts(split)}
    found: dict[str, set[str]] = {part: set() for part in held_out}
    for entry in entries:
        path = reader.fetched(entry.uri, folder)
        mark = file_fingerprint(path)
        if len(entries) == 1 and mark in known:
            return TrainingFile(known[mark], ())
        for text in _training_texts(path):
            for part, texts in held_out.items():
                if text in texts:
                    found[part].add(text)
    leaks = [
        f"{len(texts):,} of {plural(len(held_out[part]), f'{part} text')}"
        for part, texts in found.items()
        if texts
    ]
    if leaks:
        return TrainingFile(
            "another",
            (
                f"{' and '.join(leaks)} are in its training file: it has seen these documents, and"
                " figures measured on them are too good",
            ),
        )
    return TrainingFile(
        "another",
        ("it was trained on another file, which holds no calibration or test text to the letter",),
    )


def _texts_of(session: Session, split: SplitState, part: str) -> set[str]:
    data = session.path(split.scoring[part].path).read_bytes()
    return set(data.decode("utf-8", "replace").removesuffix("\n").split("\n"))


def _training_texts(path: Path) -> Iterator[str]:
    """The texts of a two-column file, each as one line, as the scoring files hold them."""
    csv.field_size_limit(_LONGEST_CELL)
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        try:
            for row in csv.reader(file):
                if len(row) > 1:
                    yield one_line(row[1])
        except csv.Error as error:
            raise OperationFailed("Not CSV", printable(str(error), 120)) from error


def matching_part(reader: Reader, split: SplitState, address: str, wanted: str) -> tuple[str, str]:
    """The part whose scoring file a job has read, and the address of the object itself.

    Line ends may differ; every line must be equal, because scores are joined by line number.

    Args:
        address: the job's input.
        wanted: the part that it must be; empty for whichever fits.

    Raises:
        InvalidInput: the input is not one object, or its lines are not those of the part.
        TunerError: it cannot be read.
    """
    entries = reader.objects(address)
    if len(entries) != 1:
        raise InvalidInput(
            "Not one file",
            f"{plural(len(entries), 'object')} at {printable(address, 200)}",
            "attach a job that read exactly one file with one document a line",
        )
    parts = (wanted,) if wanted else split.part_names
    with reader.folder() as folder:
        path = reader.fetched(entries[0].uri, Path(folder))
        mark = file_fingerprint(path)
        differences = {}
        for part in parts:
            if mark == split.scoring[part].fingerprint:
                return part, entries[0].uri
            ours = reader.session.path(split.scoring[part].path)
            difference = _first_difference(ours, path)
            if difference is None:
                return part, entries[0].uri
            differences[part] = difference
    part = max(differences, key=lambda name: differences[name][0])
    raise _other_lines(part, entries[0].uri, *differences[part])


def _first_difference(ours: Path, theirs: Path) -> tuple[int, str, str] | None:
    """Number (from 1) and both forms of the first line that differs; None when none does."""
    with ours.open("rb") as first, theirs.open("rb") as second:
        for number, pair in enumerate(zip_longest(first, second), 1):
            left, right = (None if line is None else line.rstrip(b"\r\n") for line in pair)
            if left != right:
                return number, _shown(left), _shown(right)
    return None


def _shown(line: bytes | None) -> str:
    if line is None:
        return "the end of the file"
    return repr(printable(io.BytesIO(line).read(400).decode("utf-8", "replace"), 60))


def _other_lines(part: str, uri: str, number: int, ours: str, theirs: str) -> InvalidInput:
    return InvalidInput(
        "The job scored another file",
        f"{printable(uri, 200)} differs from part {printable(part)} first at line {number:,}:"
        f" it has {theirs}, the part has {ours}",
        "attach the job that scored this part's file to the letter, or score the part here",
    )
