"""The messy set: sound tickets among planted defects, each kind in a known number.

Rows are id, text and a label list separated by ``|``. `PLANTED` says what is in the file.
"""

from sample_data.generator.dice import Dice
from sample_data.generator.hostile import (
    BLANK_TEXTS,
    BROKEN_ENCODING_TEXTS,
    CONTROL_TEXTS,
    DIRECTION_TEXTS,
    HOSTILE_TEXTS,
    LINE_BREAK_TEXTS,
    WORD_LIKE_TEXTS,
)
from sample_data.generator.tickets import new_text

SEED = 20_250_613
HEADER = ("id", "text", "labels")
LONG_TEXT_LENGTH = 140_000
"""Characters of the longest document: above the field limit of Python's csv module (131,072)."""

_SOUND: dict[str, tuple[tuple[str, ...], int]] = {
    "billing": (("billing",), 240),
    "delivery": (("delivery",), 80),
    "bug": (("bug",), 66),
    "login": (("login",), 44),
    "feature_request": (("feature_request",), 24),
    "cancellation": (("cancellation",), 34),
    "returns;exchanges": (("delivery", "billing"), 20),
    "[/urgent]": (("delivery",), 12),
    "account_security": (("account_security",), 22),
    "safety_hazard": (("safety_hazard",), 6),
    "billing|cancellation": (("billing", "cancellation"), 15),
    "bug|login": (("bug", "login"), 12),
    "clean": ((), 40),
}
"""Label cell -> what the writer wants, and number of tickets."""

_ODD_CELLS: dict[str, tuple[tuple[str, ...], int]] = {
    "Billing": (("billing",), 6),
    "billing ": (("billing",), 4),
    " delivery": (("delivery",), 3),
    "LOGIN": (("login",), 3),
    "feature request": (("feature_request",), 4),
    "bug\u200b": (("bug",), 2),
    "billing||bug": (("billing", "bug"), 4),
    "|login": (("login",), 2),
    "bug|": (("bug",), 2),
    "bug|bug": (("bug",), 3),
    "clean|billing": (("billing",), 4),
    "": ((), 15),
}

PLANTED = {
    "blank documents": len(BLANK_TEXTS),
    "label variants by case, space, underscore or an invisible character": 22,
    "empty labels inside a label list": 8,
    "a label twice in one row": 3,
    "`clean` beside another label": 4,
    "documents without any label": 15,
    "header row repeated among the data": 2,
    "exact copies with the same labels": 8,
    "copies with other labels": 6,
    "near copies": 10,
    "documents with unusual line breaks": len(LINE_BREAK_TEXTS),
    "documents with control characters": len(CONTROL_TEXTS),
    "documents with invisible direction marks": len(DIRECTION_TEXTS),
    "documents with mojibake or replacement characters": len(BROKEN_ENCODING_TEXTS),
    "documents hostile to terminals, markup or spreadsheets": len(HOSTILE_TEXTS),
    "documents that look like missing values": len(WORD_LIKE_TEXTS),
    "very long document": 1,
    "very short document": 1,
    "ids used twice": 3,
}
"""Kind of defect -> number of rows that have it."""

Row = tuple[str, str]


def messy_rows() -> list[tuple[str, str, str]]:
    """Id, text and label cell of every row below the header, in file order."""
    dice = Dice(SEED)
    seen: set[str] = set()
    rows: list[Row] = []
    for cell, (wants, count) in {**_SOUND, **_ODD_CELLS}.items():
        rows += [(new_text(dice, wants, seen), cell) for _ in range(count)]
    rows += _copies(rows, dice)
    rows += _written_texts(dice)
    rows = dice.shuffled(rows)
    result = [(f"M{2001 + index}", text, cell) for index, (text, cell) in enumerate(rows)]
    for position in (90, 310, 500):
        result[position] = (result[position - 40][0], *result[position][1:])
    for position in (233, 467):
        result.insert(position, HEADER)
    return result


def _copies(rows: list[Row], dice: Dice) -> list[Row]:
    """Exact copies, copies with other labels, and copies with a few words changed."""
    sound = [row for row in rows if row[1] in ("billing", "delivery", "bug")]
    long_enough = [row for row in sound if len(row[0]) > 160]
    picked = dice.several(long_enough, 24)
    exact, contradicting, near = picked[:8], picked[8:14], picked[14:]
    other = {"billing": "login", "delivery": "billing", "bug": "clean"}
    return [
        *exact,
        *((text, other[cell]) for text, cell in contradicting),
        *((f"{text} Many thanks!", cell) for text, cell in near),
    ]


def _written_texts(dice: Dice) -> list[Row]:
    """The hand-written rows, each with a label of the sound tickets."""
    texts = [
        *BLANK_TEXTS,
        *LINE_BREAK_TEXTS,
        *CONTROL_TEXTS,
        *DIRECTION_TEXTS,
        *BROKEN_ENCODING_TEXTS,
        *HOSTILE_TEXTS,
        *WORD_LIKE_TEXTS,
        "?",
        _long_text(),
    ]
    return [(text, dice.pick(("billing", "bug", "delivery"))) for text in texts]


def _long_text() -> str:
    line = (
        "The log of my hub, as your colleague asked: entry {:05d}, state ok, sensor 21 degrees.\n"
    )
    return "".join(line.format(number) for number in range(2_000))[:LONG_TEXT_LENGTH]
