"""Text measured in terminal cells."""

import unicodedata

from core.text import printable

_PLAIN = str.maketrans("…—–·“”‘’›‹", "~--.\"\"''><")


def cell_width(text: str) -> int:
    """Cells that `text` takes: two for wide characters, none for combining ones."""
    return sum(_width(character) for character in text)


def fitted(text: str, width: int, ascii_only: bool = False) -> str:
    """`text`, made printable, in exactly `width` cells: cut with an ellipsis or padded."""
    text = printable(text)
    if ascii_only:
        text = text.translate(_PLAIN).encode("ascii", "replace").decode("ascii")
    if cell_width(text) > width:
        ellipsis = "~" if ascii_only else "…"
        kept, used = "", 0
        for character in text:
            used += _width(character)
            if used > width - 1:
                break
            kept += character
        text = (kept + ellipsis)[: max(width, 0)]
    return text + " " * (width - cell_width(text))


def _width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
