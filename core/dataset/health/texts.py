"""Checks of single texts: blank, damaged, odd characters, very long or very short."""

import re

import numpy as np

from core.dataset.documents import Rows
from core.dataset.health.findings import Check, DatasetFacts, Finding, Severity, about_documents

CONTROL_CHARACTERS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""Control characters other than tab, line feed and carriage return."""
_CONTROL_RUN = re.compile(f"{CONTROL_CHARACTERS.pattern}+")
_TERMINAL_SEQUENCE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
INVISIBLE_CHARACTERS = re.compile(
    "[\u061c\u200b\u200e\u200f\u2060\u202a-\u202e\u2066-\u2069\ufeff]"
)
"""Direction marks, zero-width spaces and byte order marks; joiners, which emoji need, are not."""
_DAMAGED = re.compile(
    "\ufffd"
    "|[\u00c2\u00c3][\u0080-\u00bf\u20ac\u0192\u02c6\u0160\u0161\u0152\u0153\u017d\u017e\u2122]"
    "|\u00e2\u20ac[\u02dc\u2122\u0153\u009d\u201c\u201d\u00a6\u00a2]"
)
"""The replacement character, and UTF-8 that was read as Windows-1252: é as Ã©, ’ as â€™."""
_LINE_BREAKS = re.compile(r"[\n\r]")
_SHORT_WORDS = 3
_SOME = 0.001
_MANY = 0.05
_OUTLIER = 3.5


def without_control_characters(text: str) -> str:
    """The text with terminal sequences gone and each run of control characters as one space."""
    return _CONTROL_RUN.sub(" ", _TERMINAL_SEQUENCE.sub("", text))


def _severity(facts: DatasetFacts, rows: Rows, bearable_share: float) -> Severity:
    return "warning" if len(rows) > bearable_share * len(facts.dataset) else "info"


def _blank_documents(facts: DatasetFacts) -> Finding | None:
    return about_documents(
        facts,
        np.flatnonzero(facts.is_blank),
        Finding(
            id="blank-documents",
            severity="error",
            title="Blank documents",
            meaning="There is nothing to learn from or to score, and a blank line would shift "
            "every score after it.",
            remedy="Drop them: health --fix blank-documents.",
            fix="blank-documents",
        ),
    )


def _damaged_text(facts: DatasetFacts) -> Finding | None:
    rows = facts.rows_where(lambda text: not text.isascii() and _DAMAGED.search(text))
    return about_documents(
        facts,
        rows,
        Finding(
            id="damaged-text",
            severity=_severity(facts, rows, _SOME),
            title="Documents with damaged characters",
            meaning="Replacement characters, or pairs such as Ã© for é: the text was decoded with "
            "the wrong encoding before it came here, so words are broken.",
            remedy="Export the source again as UTF-8; a few quoted examples of damage do no harm.",
        ),
        pattern=_DAMAGED,
    )


def _control_characters(facts: DatasetFacts) -> Finding | None:
    rows = facts.rows_where(CONTROL_CHARACTERS.search)
    return about_documents(
        facts,
        rows,
        Finding(
            id="control-characters",
            severity=_severity(facts, rows, _SOME),
            title="Documents with control characters",
            meaning="Such as terminal sequences, NUL or form feeds. They split words, and some "
            "programs take them for line ends.",
            remedy="Replace them by spaces: health --fix control-characters.",
            fix="control-characters",
        ),
        pattern=CONTROL_CHARACTERS,
    )


def _invisible_characters(facts: DatasetFacts) -> Finding | None:
    return about_documents(
        facts,
        facts.rows_where(lambda text: not text.isascii() and INVISIBLE_CHARACTERS.search(text)),
        Finding(
            id="invisible-characters",
            severity="info",
            title="Documents with invisible characters",
            meaning="Zero-width spaces and direction marks look like nothing but make two equal "
            "words different to a classifier.",
            remedy="Remove them: health --fix invisible-characters.",
            fix="invisible-characters",
        ),
        pattern=INVISIBLE_CHARACTERS,
    )


def _embedded_newlines(facts: DatasetFacts) -> Finding | None:
    return about_documents(
        facts,
        facts.rows_where(lambda text: "\n" in text or "\r" in text),
        Finding(
            id="embedded-newlines",
            severity="info",
            title="Documents with line breaks",
            meaning="Comprehend takes one line for one document, so a line break would start "
            "another document.",
            remedy="Nothing to do: the files written for Comprehend have a space in its place.",
        ),
        pattern=_LINE_BREAKS,
    )


def _short_documents(facts: DatasetFacts) -> Finding | None:
    is_short = np.zeros(len(facts.dataset), np.bool_)
    short_rows = facts.rows_where(lambda text: len(text.split(None, _SHORT_WORDS)) < _SHORT_WORDS)
    is_short[short_rows] = True
    rows = np.flatnonzero(is_short & ~facts.is_blank)
    return about_documents(
        facts,
        rows,
        Finding(
            id="short-documents",
            severity=_severity(facts, rows, _MANY),
            title=f"Documents of fewer than {_SHORT_WORDS} words",
            meaning="One or two words seldom say which label is right, and each is billed like "
            "300 characters when scored.",
            remedy="Read some of them; leave out those that nobody could label.",
        ),
    )


def _long_documents(facts: DatasetFacts) -> Finding | None:
    """Lengths whose logarithm has a modified z-score above 3.5 (Iglewicz and Hoaglin, 1993)."""
    sizes = np.log1p(facts.text_bytes)
    if len(sizes) == 0:
        return None
    middle = float(np.median(sizes))
    spread = float(np.median(np.abs(sizes - middle))) / 0.6745
    rows = np.flatnonzero(sizes > middle + _OUTLIER * max(spread, 0.1))
    return about_documents(
        facts,
        rows[np.argsort(-facts.text_bytes[rows], kind="stable")],
        Finding(
            id="long-documents",
            severity="info",
            title="Documents far longer than the others",
            meaning="They cost the most, and may be several documents in one, such as after a "
            "quote that was never closed.",
            remedy="Look at the longest ones; nothing to do when they are what they seem.",
            measures={
                "median_bytes": float(np.median(facts.text_bytes)),
                "longest_bytes": float(facts.text_bytes.max()),
            },
        ),
    )


def _byte_order_mark(facts: DatasetFacts) -> Finding | None:
    if not facts.context.had_bom:
        return None
    return Finding(
        id="byte-order-mark",
        severity="info",
        title="The source began with a byte order mark",
        count=1,
        meaning="Left in, it would become part of the first label.",
        remedy="Nothing to do: it was removed on import, and the files written have none.",
    )


TEXT_CHECKS = (
    Check("blank-documents", "No document is blank", _blank_documents),
    Check("damaged-text", "No sign of a wrong encoding", _damaged_text),
    Check("control-characters", "No control characters in texts", _control_characters),
    Check("invisible-characters", "No invisible characters in texts", _invisible_characters),
    Check("embedded-newlines", "Every document is one line", _embedded_newlines),
    Check("short-documents", f"Every document has {_SHORT_WORDS} words", _short_documents),
    Check("long-documents", "No document is far longer than the others", _long_documents),
    Check("byte-order-mark", "No byte order mark", _byte_order_mark),
)
"""Checks of single texts."""
