"""A dataset in memory and its file in a session.

A label keeps its original form: nothing is trimmed, folded or renamed here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
import numpy.typing as npt

from core.decoding import JsonDecoder, decode_json
from core.errors import InvalidInput
from core.files import atomic_writer, file_fingerprint
from core.progress import UNWATCHED, Watch
from core.text import printable

Mode = Literal["multi-label", "multi-class"]
BoolMatrix = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.intp]
"""Positions of documents."""
Parts = npt.NDArray[np.int8]
"""The part of each document; -1 for none."""


@dataclass(frozen=True)
class Dataset:
    """Documents and their labels."""

    ids: list[str]
    """Unique name of each document, in source order."""
    texts: list[str]
    """Text of each document, as in the source."""
    labels: tuple[str, ...]
    """Label names in source order; the none-label, when used, last unless the source had it."""
    membership: BoolMatrix
    """bool (n_documents, n_labels): whether a document has a label."""
    mode: Mode
    """Whether a document has a set of labels or exactly one."""
    none_label: str | None = None
    """The label of documents without any other label; None when the dataset has none."""
    groups: list[str] | None = None
    """Documents of one group stay in one part; None when there is no group column."""
    origins: list[str] | None = None
    """For oversampled data: the id of the document that each row repeats, "" for originals."""

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def support(self) -> npt.NDArray[np.int64]:
        """int64 (n_labels,): number of positive documents of each label."""
        support: npt.NDArray[np.int64] = self.membership.sum(axis=0, dtype=np.int64)
        return support

    def label_sets(self) -> list[list[str]]:
        """The labels of each document, in label order."""
        rows: list[list[str]] = [[] for _ in self.ids]
        positives = np.argwhere(self.membership).tolist()
        for row, column in positives:
            rows[row].append(self.labels[column])
        return rows

    def subset(self, rows: npt.NDArray[np.intp]) -> "Dataset":
        """The documents at positions `rows`, in that order, with all label columns kept."""
        picked = rows.tolist()
        return Dataset(
            ids=[self.ids[row] for row in picked],
            texts=[self.texts[row] for row in picked],
            labels=self.labels,
            membership=self.membership[rows],
            mode=self.mode,
            none_label=self.none_label,
            groups=None if self.groups is None else [self.groups[row] for row in picked],
            origins=None if self.origins is None else [self.origins[row] for row in picked],
        )


def membership_of(label_sets: Sequence[Sequence[str]], labels: Sequence[str]) -> BoolMatrix:
    """bool (n_documents, n_labels) of label sets whose names all occur in `labels`."""
    column = {label: index for index, label in enumerate(labels)}
    matrix = np.zeros((len(label_sets), len(labels)), dtype=np.bool_)
    for row, names in enumerate(label_sets):
        for name in names:
            matrix[row, column[name]] = True
    return matrix


class _Header(msgspec.Struct, frozen=True):
    format: str
    version: int
    mode: Mode
    labels: tuple[str, ...]
    none_label: str | None


class _Row(msgspec.Struct, frozen=True, omit_defaults=True):
    id: str
    text: str
    labels: list[str]
    group: str | None = None
    origin: str = ""


_FORMAT = "comprehend-tuner/documents"


def save_dataset(dataset: Dataset, path: Path, watch: Watch = UNWATCHED) -> str:
    """Write a dataset as JSON lines, a header line first; return the file's fingerprint.

    Raises:
        OperationFailed: the file cannot be written.
        Interrupted: stopping was asked for; nothing was written.
    """
    encoder = msgspec.json.Encoder()
    header = _Header(_FORMAT, 1, dataset.mode, dataset.labels, dataset.none_label)
    groups: list[str] | list[None] = dataset.groups or [None] * len(dataset)
    origins = dataset.origins or [""] * len(dataset)
    rows = zip(dataset.ids, dataset.texts, dataset.label_sets(), groups, origins, strict=True)
    with atomic_writer(path) as file:
        file.write(encoder.encode(header) + b"\n")
        for row in watch.over(rows):
            file.write(encoder.encode(_Row(*row)) + b"\n")
    return file_fingerprint(path)


def _cannot_read(path: Path, why: str) -> InvalidInput:
    return InvalidInput(
        "Cannot read the imported dataset",
        f"{printable(str(path))}: {printable(why, 200)}",
        "restore the file from a copy, or import the source again",
    )


def load_dataset(path: Path, watch: Watch = UNWATCHED) -> Dataset:
    """Read what `save_dataset` wrote.

    Raises:
        InvalidInput: the file is absent, damaged or of another version.
    """
    decoder = JsonDecoder(_Row, any_integer=True)
    ids: list[str] = []
    texts: list[str] = []
    label_sets: list[list[str]] = []
    groups: list[str] = []
    origins: list[str] = []
    number = 1
    try:
        with path.open("rb") as file:
            header = decode_json(file.readline(), _Header)
            if (header.format, header.version) != (_FORMAT, 1):
                raise ValueError(f"format {header.format} {header.version} is not known here")
            for line in watch.over(file):
                number += 1
                row = decoder.decode(line)
                ids.append(row.id)
                texts.append(row.text)
                label_sets.append(row.labels)
                origins.append(row.origin)
                if row.group is not None:
                    groups.append(row.group)
        if len(groups) not in (0, len(ids)) or len({*header.labels}) < len(header.labels):
            raise ValueError("rows without a group, or a label named twice")
        membership = membership_of(label_sets, header.labels)
    except OSError as error:
        raise _cannot_read(path, error.strerror or str(error)) from error
    except KeyError as error:
        raise _cannot_read(path, f"label {error} is not in its first line") from error
    except ValueError as error:
        raise _cannot_read(path, f"up to line {number}: {error}") from error
    return Dataset(
        ids,
        texts,
        header.labels,
        membership,
        header.mode,
        header.none_label,
        groups=groups if groups else None,
        origins=origins if any(origins) else None,
    )
