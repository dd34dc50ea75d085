"""From rows to a dataset: ids, the none-label, the rules of the mode, and what was counted."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from core.dataset.documents import BoolMatrix, Dataset, Mode
from core.dataset.formats.detect import detect_source, family_of
from core.dataset.formats.sources import (
    CANNOT_READ,
    ImportReport,
    Source,
    SourceRows,
    SourceSettings,
    place_of,
    quoted,
)
from core.errors import InvalidInput
from core.progress import UNWATCHED, Watch
from core.text import plural

_ROWS_SHOWN = 5


def assemble(
    rows: SourceRows, path: Path, settings: SourceSettings, source_fingerprint: str, had_bom: bool
) -> tuple[Dataset, ImportReport]:
    """Make the dataset and the report of an import.

    Args:
        rows: what was read.
        path: the source.
        settings: complete settings.
        source_fingerprint: of the source's bytes.
        had_bom: whether the source began with a byte order mark.

    Raises:
        InvalidInput: no documents; a document without a label where that is an error; several
            labels where a document has exactly one.
    """
    mode = settings.mode or "multi-label"
    _refuse_no_documents(rows, path)
    codes = np.frombuffer(rows.codes, dtype=np.uint32)
    sizes = np.array([len(members) for members in rows.sets.members])[codes]
    _refuse_several(rows, sizes, path, mode)
    unlabelled = int((sizes == 0).sum())
    if unlabelled and settings.unlabelled == "error":
        raise _unlabelled(rows, sizes, path)
    labels, table = _set_table(rows, settings.none_label, bool(unlabelled))
    membership = table[codes]
    ids, renamed = _ids(rows)
    none_label = settings.none_label if settings.none_label in labels else None
    with_none, contradictions = _none_counts(membership, labels, none_label)
    report = ImportReport(
        source_path=str(path),
        source_fingerprint=source_fingerprint,
        rows_read=rows.rows_read,
        documents=len(ids),
        not_scored_rows=rows.not_scored,
        none_label_documents=with_none,
        contradictions=contradictions,
        repeated_label_cells=int(np.array(rows.sets.has_repeats)[codes].sum()),
        renamed_ids=renamed,
        had_bom=had_bom,
    )
    notes = _notes(report, rows, settings.none_label, unlabelled)
    dataset = Dataset(ids, rows.texts, labels, membership, mode, none_label, rows.groups)
    return dataset, msgspec.structs.replace(report, notes=tuple(notes))


def _set_table(
    rows: SourceRows, none_label: str, needs_none: bool
) -> tuple[tuple[str, ...], BoolMatrix]:
    """Labels, and bool (n_label_sets, n_labels) with the none-label where a set was empty."""
    labels = rows.sets.labels
    if needs_none and none_label not in labels:
        labels.append(none_label)
    table = np.zeros((len(rows.sets.members), len(labels)), dtype=np.bool_)
    for code, members in enumerate(rows.sets.members):
        table[
            code, list(members) or [labels.index(none_label)] if needs_none or members else []
        ] = True
    return tuple(labels), table


def _none_counts(
    membership: BoolMatrix, labels: Sequence[str], none_label: str | None
) -> tuple[int, int]:
    """Number of documents with the none-label, and with it beside another label."""
    if none_label is None:
        return 0, 0
    has_none = membership[:, labels.index(none_label)]
    return int(has_none.sum()), int((membership[has_none].sum(axis=1) > 1).sum())


def _ids(rows: SourceRows) -> tuple[list[str], int]:
    """Unique ids in row order, and how many had to be changed."""
    if rows.ids is None:
        return [f"row-{number}" for number in rows.numbers], 0
    ids = rows.ids
    taken = set(ids)
    if len(taken) == len(ids) and "" not in taken:
        return ids, 0
    seen: set[str] = set()
    unique: list[str] = []
    copies: dict[str, int] = {}
    for number, name in enumerate(ids, start=1):
        candidate = name or f"row-{number}"
        while candidate in seen or (candidate != name and candidate in taken):
            copies[name] = copies.get(name, 1) + 1
            candidate = f"{name or f'row-{number}'}#{copies[name]}"
        seen.add(candidate)
        unique.append(candidate)
    return unique, sum(old != new for old, new in zip(ids, unique, strict=True))


def _refuse_no_documents(rows: SourceRows, path: Path) -> None:
    if rows.texts:
        return
    why = "has a header and no rows"
    hint = "give a file with data"
    if rows.not_scored:
        why = f"has no scored rows: {plural(rows.not_scored, 'row')} hold -1 or a failed labelling"
        hint = "give the file that holds the true labels"
    raise InvalidInput(CANNOT_READ, f"{place_of(path)} {why}", hint)


def _first_rows(rows: SourceRows, is_concerned: npt.NDArray[np.bool_]) -> str:
    lines = [rows.lines[place] for place in np.flatnonzero(is_concerned)[:_ROWS_SHOWN].tolist()]
    shown = ", ".join(f"{line:,}" for line in lines)
    more = int(is_concerned.sum()) - len(lines)
    return shown + (f" and {more:,} more" if more > 0 else "")


def _unlabelled(rows: SourceRows, sizes: npt.NDArray[np.int64], path: Path) -> InvalidInput:
    empty = sizes == 0
    return InvalidInput(
        "Documents without a label",
        f"{place_of(path)}: {plural(int(empty.sum()), 'document')} without a label, "
        f"at line {_first_rows(rows, empty)}",
        "label them, or let them have the none-label",
    )


def _refuse_several(rows: SourceRows, sizes: npt.NDArray[np.int64], path: Path, mode: Mode) -> None:
    several = sizes > 1
    if mode == "multi-class" and several.any():
        raise InvalidInput(
            "Several labels where one is expected",
            f"{place_of(path)}: {plural(int(several.sum()), 'document')} with several labels, "
            f"at line {_first_rows(rows, several)}",
            "choose the multi-label mode, or leave one label in each",
        )


def _notes(report: ImportReport, rows: SourceRows, none_label: str, unlabelled: int) -> list[str]:
    """What the user should know, one sentence each; nothing for what did not happen."""
    none = quoted(none_label)
    sentences = (
        (report.had_bom, "the file begins with a byte order mark, which was left out"),
        (report.not_scored_rows, f"{plural(report.not_scored_rows, 'row')} not scored, left out"),
        (unlabelled, f"{plural(unlabelled, 'document')} without a label got {none}"),
        (
            report.contradictions,
            f"{plural(report.contradictions, 'document')} with {none} beside another label",
        ),
        (
            report.repeated_label_cells,
            f"{plural(report.repeated_label_cells, 'label cell')} naming a label twice",
        ),
        (report.renamed_ids, f"{plural(report.renamed_ids, 'id')} empty or taken, changed"),
        (rows.blank_lines, f"{plural(rows.blank_lines, 'blank line')} passed over"),
    )
    return [sentence for happened, sentence in sentences if happened]


def read_source(
    path: Path, settings: SourceSettings, watch: Watch = UNWATCHED
) -> tuple[Dataset, ImportReport]:
    """Read a source into a dataset; texts and labels keep their original form.

    A document without an id is called ``row-N`` after its row in the source, counted from 1
    without the header. A later document of the same id gets ``#2``, ``#3`` and so on.

    Args:
        path: the file; a gzip file is known by its first bytes, not by its name.
        settings: how to read it; what is missing is detected.
        watch: told of the bytes read.

    Raises:
        InvalidInput: the source cannot be read as the settings say; with file, line and column.
        Interrupted: stopping was asked for.
    """
    if not settings.none_label.strip():
        raise InvalidInput(
            "No name for the none-label", "the none-label is blank", "give it a name such as clean"
        )
    if not _is_complete(settings):
        settings = detect_source(path, settings).settings
    assert settings.format is not None
    with Source(path, watch) as source:
        source.refuse_bomb()
        rows = family_of(settings.format).read(source, settings)
        source_fingerprint = source.fingerprint()
    return assemble(rows, path, settings, source_fingerprint, source.had_bom)


def _is_complete(settings: SourceSettings) -> bool:
    """Whether nothing is missing that reading needs."""
    if settings.format is None:
        return False
    needed = ("mode", "text_column", *family_of(settings.format).needed[settings.format])
    if settings.mode == "multi-label" and {"label_column", "field_delimiter"} <= set(needed):
        needed += ("label_delimiter",)
    return all(getattr(settings, name) is not None for name in needed)
