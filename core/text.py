"""The one gate between outside text and a screen.

Datasets, labels, file names, service messages and exception texts may hold escape sequences,
control characters and invisible direction marks. `printable` makes them harmless and visible; the
original form stays untouched everywhere else.
"""

import re
import shlex
import unicodedata
from collections.abc import Iterable

_ESCAPE_SEQUENCE = re.compile(
    r"\x1b\][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"  # operating system command
    r"|\x9d[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[PX^_][^\x1b\x9c]*(?:\x1b\\|\x9c)?"  # device control, privacy message and the like
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"  # control sequence
    r"|\x1b[ -/]*[0-~]?"  # two-character sequence
)
_LINE_BREAKS = "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
_INVISIBLE = {
    *(chr(code) for code in range(0x202A, 0x202F)),
    *(chr(code) for code in range(0x2066, 0x206A)),
    "\u061c",
    "\u200b",
    "\u200e",
    "\u200f",
    "\u2060",
    "\ufeff",
}
_NEEDS_WORK_IN_JSON = re.compile(r"[^\n\x20-\x7e\xa1-\u02ff\u0370-\u05ff]")
_NEEDS_WORK = re.compile(r"[^\x20-\x7e\xa1-\u02ff\u0370-\u05ff]")


def printable(text: str, limit: int | None = None) -> str:
    """Return `text` safe for a terminal: one line, no control character, nothing invisible.

    Escape sequences are dropped, line breaks become ``⏎``, tabs become a space, other control
    characters become ``·`` and invisible direction marks are written as ``‹U+202E›``.

    Args:
        text: text of any origin.
        limit: the longest result in characters, an ellipsis included; None for no limit.
    """
    if limit is not None and len(text) > 8 * limit + 64:
        text = text[: 8 * limit + 64]
    if _NEEDS_WORK.search(text):
        text = _ESCAPE_SEQUENCE.sub("", text).replace("\r\n", "\n")
        text = "".join(_shown(character) for character in text)
    if limit is not None and len(text) > limit:
        text = text[: max(limit - 1, 0)] + "…"
    return text


def _shown(character: str) -> str:
    if character in _LINE_BREAKS:
        return "⏎"
    if character == "\t":
        return " "
    if character in _INVISIBLE:
        return f"‹U+{ord(character):04X}›"
    if unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn"):
        return "·"
    return character


def command_word(text: str) -> str:
    """Return text of any origin as one word of a shell command, safe for a terminal.

    Pasted into bash or zsh the word gives back the text to the letter: what a terminal would obey
    or hide is spelled in ``$'…'``.
    """
    if printable(text) == text:
        return shlex.quote(text)
    return "$'" + "".join(map(_spelled, text)) + "'"


def command_line(words: Iterable[str]) -> str:
    """Return words of any origin as one line for a shell, safe for a terminal."""
    return " ".join(map(command_word, words))


def _spelled(character: str) -> str:
    """One character between ``$'`` and ``'``."""
    code = ord(character)
    if character in "\\'":
        return f"\\{character}"
    if _shown(character) == character:
        return character
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a file name that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def json_printable(text: str) -> str:
    """Return JSON that means the same, with what a terminal would obey or hide as escapes."""
    return _NEEDS_WORK_IN_JSON.sub(_json_escape, text)


def _json_escape(match: re.Match[str]) -> str:
    character = match[0]
    if _shown(character) == character:
        return character
    pairs = character.encode("utf-16-be", "surrogatepass")
    return "".join(
        f"\\u{high:02x}{low:02x}" for high, low in zip(pairs[::2], pairs[1::2], strict=True)
    )


def plural(count: int, noun: str, nouns: str = "") -> str:
    """Return a count with its noun, thousands separated: ``1 document``, ``18,114 documents``."""
    return f"{count:,} {noun if count == 1 else nouns or noun + 's'}"


def cell_width(text: str) -> int:
    """Number of terminal cells that printable text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )
