"""Read a source into a dataset."""

from pathlib import Path

from core.dataset.documents import Dataset
from core.dataset.formats.assemble import assemble
from core.dataset.formats.csv_sources import read_csv
from core.dataset.formats.detect import detect_source
from core.dataset.formats.json_sources import read_json
from core.dataset.formats.opening import Source
from core.dataset.formats.settings import ImportReport, SourceFormat, SourceSettings
from core.errors import InvalidInput
from core.progress import CancelToken, Reporter, silent

_JSON = (SourceFormat.JSON_LINES, SourceFormat.AUGMENTED_MANIFEST)


def read_source(
    path: Path,
    settings: SourceSettings,
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
) -> tuple[Dataset, ImportReport]:
    """Read a source into a dataset; texts and labels keep their original form.

    A document without an id is called ``row-N`` after its row in the source, counted from 1
    without the header. A later document of the same id gets ``#2``, ``#3`` and so on.

    Args:
        path: the file; a gzip file is known by its first bytes, not by its name.
        settings: how to read it; what is missing is detected.
        reporter: told of the bytes read.
        cancel: asks to stop; honoured between blocks.

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
    with Source(path, reporter, cancel) as source:
        rows = (
            read_json(source, settings) if settings.format in _JSON else read_csv(source, settings)
        )
        source_fingerprint = source.fingerprint()
    return assemble(rows, path, settings, source_fingerprint, source.had_bom)


def _is_complete(settings: SourceSettings) -> bool:
    """Whether nothing is missing that reading needs."""
    needed = [settings.format, settings.mode, settings.text_column]
    if settings.format is SourceFormat.WIDE_CSV:
        needed += [settings.label_columns, settings.field_delimiter]  # type: ignore[list-item]
    else:
        needed += [settings.label_column]
    if settings.format in (SourceFormat.LABEL_LIST_CSV, SourceFormat.COMPREHEND_CSV):
        needed += [settings.field_delimiter]
        if settings.mode == "multi-label":
            needed += [settings.label_delimiter]
    return None not in needed
