"""Make one physical line of a text, alone or in blocks."""

import re
from collections.abc import Sequence

_BREAK_RUN = re.compile("[\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029]+")
_RARE_BYTES = (b"\r", b"\x0b", b"\x0c", b"\x1c", b"\x1d", b"\x1e", b"\x00")


def one_line(text: str) -> str:
    """Return a text as one line; "" when nothing is left.

    A run of line breaks of any kind becomes one blank, as does a NUL; byte order marks at the front
    and blanks around are dropped. Nothing that any common reader takes for a line end survives.
    """
    return _BREAK_RUN.sub(" ", text.replace("\x00", " ")).lstrip("\ufeff").strip()


def byte_lines(texts: Sequence[str]) -> list[bytes]:
    """Return `one_line` of many texts as UTF-8, faster than one by one.

    Most texts hold LF and no other break, so the others are looked for in all texts at once.

    Raises:
        UnicodeEncodeError: a text holds half of a surrogate pair.
    """
    lines = [
        " ".join(filter(None, text.split("\n"))) if "\n" in text else text
        for text in map(str.strip, texts)
    ]
    data = [
        line.encode() if line.isascii() else _wide_line(line, text)
        for line, text in zip(lines, texts, strict=True)
    ]
    joined = b"".join(data)
    if any(byte in joined for byte in _RARE_BYTES):
        return [one_line(text).encode() for text in texts]
    return data


def _wide_line(line: str, text: str) -> bytes:
    """The line of a text that is not ASCII, where further breaks and byte order marks can occur."""
    if "\x85" in line or "\u2028" in line or "\u2029" in line or "\ufeff" in line:
        return one_line(text).encode()
    return line.encode()
