"""What the fields of the form say, as settings of a source."""

from collections.abc import Mapping, Sequence

import msgspec

from core.dataset.formats import SourceFormat, SourceSettings
from core.errors import InvalidInput
from core.text import printable


def settings_of(
    edited: Mapping[str, str], kind: str | None, columns: Sequence[str]
) -> SourceSettings:
    """The settings that the user gave; everything else is left to detection.

    Args:
        edited: text by field, as shown.
        kind: format of the source, given or detected.
        columns: the source's columns in their original form.

    Raises:
        InvalidInput: a value is unknown.
    """

    def column(shown: str | None) -> str | None:
        return next((name for name in columns if printable(name) == shown), shown)

    labels = edited.get("labels")
    is_wide = kind == SourceFormat.WIDE_CSV
    wide = [column(word.strip()) for word in labels.split(",")] if labels else None
    between = edited.get("between")
    values = {
        "format": edited.get("format"),
        "mode": edited.get("mode"),
        "text_column": column(edited.get("text")),
        "id_column": column(edited.get("ids")),
        "label_columns": wide if is_wide else None,
        "label_column": None if is_wide else column(labels),
        "label_delimiter": None if between is None else between.replace("\\t", "\t"),
        "group_column": column(edited.get("groups")),
        "none_label": edited.get("none") or None,
    }
    values = {key: value for key, value in values.items() if value is not None}
    try:
        return msgspec.convert(values, SourceSettings)
    except msgspec.ValidationError as error:
        raise InvalidInput(
            "Unknown setting", printable(str(error), 200),
            f"formats: {', '.join(SourceFormat)}; modes: multi-label, multi-class",
        ) from error  # fmt: skip
