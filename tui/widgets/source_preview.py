"""What a detected source shows: a free session name, and its first rows as a table."""

import re
from pathlib import Path

from rich.text import Text

from core.dataset.formats import Detection
from core.text import printable
from core.workflow.session import SESSIONS_FOLDER
from tui.render import cell
from tui.widgets.fitted_table import Column

_MOST_COLUMNS = 24
_ENDINGS = re.compile(r"(\.(csv|tsv|jsonl?|manifest|txt|gz))+$", re.IGNORECASE)


def free_name(source: Path, directory: Path) -> str:
    """A session name made of the file's stem that no session below `directory` has."""
    stem = _ENDINGS.sub("", source.name)
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", stem).strip("-._")[:36].strip("-._") or "session"
    sessions = directory / SESSIONS_FOLDER
    numbered = (name, *(f"{name}-{number}" for number in range(2, 1000)))
    return next(n for n in numbered if not (sessions / n).exists())


def preview_of(detection: Detection) -> tuple[tuple[Column, ...], list[list[Text]]]:
    """Columns and cells of the first rows: text first, then labels, ids, groups and the rest."""
    settings = detection.settings
    label_columns = settings.label_columns or (settings.label_column,)
    first = [settings.text_column, *label_columns, settings.id_column, settings.group_column]
    order = [detection.columns.index(name) for name in first if name in detection.columns]
    order += [at for at in range(len(detection.columns)) if at not in order]
    order = list(dict.fromkeys(order))[:_MOST_COLUMNS]
    columns = tuple(
        _preview_column(detection.columns[at], detection.columns[at] == settings.text_column)
        for at in order
    )
    rows: list[list[Text]] = [
        [cell(printable(row[at], 60) if at < len(row) else "") for at in order]
        for row in detection.preview
    ]
    return columns, rows


def _preview_column(name: str, is_text: bool) -> Column:
    width = 34 if is_text else min(max(len(name), 4), 14)
    return Column(printable(name, width) or "(blank)", width)
