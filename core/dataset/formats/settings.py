"""What a source looks like, as found or as the user set it, and what an import did."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import msgspec

from core.dataset.documents import Mode

LIST_CELLS = "[]"
"""The label delimiter of cells that each hold a list, such as ``["a", "b"]`` or ``['a', 'b']``."""


class SourceFormat(StrEnum):
    """The forms of a source that can be read."""

    WIDE_CSV = "wide-csv"
    LABEL_LIST_CSV = "label-list-csv"
    COMPREHEND_CSV = "comprehend-csv"
    AUGMENTED_MANIFEST = "augmented-manifest"
    JSON_LINES = "json-lines"


class SourceSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How to read a source; None means: detect."""

    format: SourceFormat | None = None
    """The form of the file."""
    mode: Mode | None = None
    """Whether a document has a set of labels or exactly one."""
    text_column: str | None = None
    """Column, or key in JSON, that holds the text."""
    id_column: str | None = None
    """Column that names each document; "" for none even when one is found."""
    label_columns: tuple[str, ...] | None = None
    """The 0/1 columns of a wide CSV, in the order that the labels shall have."""
    label_column: str | None = None
    """Column or key that holds the labels; in a manifest, the label attribute."""
    label_delimiter: str | None = None
    """What stands between the labels of one cell; `LIST_CELLS` for cells that hold a list."""
    field_delimiter: str | None = None
    """What stands between the cells of a CSV row: comma, semicolon or tab."""
    group_column: str | None = None
    """Column whose equal values stay in one part of a split; "" for none even when one is found."""
    none_label: str = "clean"
    """The label given to documents without any label."""
    unlabelled: Literal["none-label", "error"] = "none-label"
    """What to do with a document without any label."""


@dataclass(frozen=True)
class Detection:
    """What a source looks like."""

    settings: SourceSettings
    """Settings with everything filled in that reading needs."""
    reasons: tuple[str, ...]
    """Why, in plain words; safe to show."""
    columns: tuple[str, ...]
    """Names of the columns or keys, in source order and original form."""
    preview: tuple[tuple[str, ...], ...]
    """Cells of the first rows, in column order and original form."""
    encoding: str
    """"UTF-8" or "UTF-8 with byte order mark"."""


class ImportReport(msgspec.Struct, frozen=True, kw_only=True):
    """What an import read and what it did."""

    source_path: str
    """The file that was read."""
    source_fingerprint: str
    """``sha256:…`` of the file's bytes, compressed ones when it is compressed."""
    rows_read: int
    """Data rows or lines in the source, without the header."""
    documents: int
    """Documents in the dataset."""
    not_scored_rows: int
    """Rows left out because a label cell says -1 (not scored), or labelling had failed."""
    none_label_documents: int
    """Documents that have the none-label."""
    contradictions: int
    """Documents that have the none-label beside another label."""
    repeated_label_cells: int
    """Label cells that name a label more than once."""
    renamed_ids: int
    """Ids that were empty or taken and were changed."""
    had_bom: bool
    """Whether the file began with a byte order mark."""
    notes: tuple[str, ...] = ()
    """What the user should know; safe to show."""
