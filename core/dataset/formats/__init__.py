"""Read every accepted source; write Comprehend's files.

A source is read once, front to back, in the form that `detect_source` found or the user set. What
is written follows Comprehend's rules byte for byte.
"""

from core.dataset.formats.comprehend_files import (
    choose_delimiter,
    one_line,
    refuse_labelled_lines,
    training_row_bytes,
    write_scoring_text,
    write_training_csv,
)
from core.dataset.formats.detect import detect_source
from core.dataset.formats.line_maps import LineMap, load_line_map, save_line_map
from core.dataset.formats.read import read_source
from core.dataset.formats.settings import (
    LIST_CELLS,
    Detection,
    ImportReport,
    SourceFormat,
    SourceSettings,
)

__all__ = [
    "LIST_CELLS",
    "Detection",
    "ImportReport",
    "LineMap",
    "SourceFormat",
    "SourceSettings",
    "choose_delimiter",
    "detect_source",
    "load_line_map",
    "one_line",
    "read_source",
    "refuse_labelled_lines",
    "save_line_map",
    "training_row_bytes",
    "write_scoring_text",
    "write_training_csv",
]
