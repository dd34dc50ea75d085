"""JSON and TOML from outside, decoded; whatever is wrong with them becomes one clear sentence.

Files of a session, of a user and of the service are all read here. Beyond what the types say,
sizes, depth and integers are bounded, so that no later step meets a value that it cannot hold.
"""

import re
import tomllib
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

from core.errors import InvalidInput
from core.text import printable

T = TypeVar("T")

MOST_BYTES = 256 << 20
"""Largest JSON file that is read at once; files of lines have no such limit."""
_PIECE_BYTES = 1 << 22
_MOST_DEPTH = 100
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_BRACKETS_IN_STRING = re.compile(rb'"[^"]*"')
_OTHERS = bytes(byte for byte in range(256) if byte not in b'[]{}"')
_AS_DIGIT = bytes(0x30 if 0x30 <= byte <= 0x39 else 0x20 for byte in range(256))
_LONG_INTEGER = re.compile(rb"(?<![0-9.eE+])([0-9]{19,})(?![0-9.eE])")
_MOST_INTEGER = 2**63 - 1


class Undecodable(ValueError):
    """What is wrong with some text, in words that are safe to show; its place is not in them."""


class JsonDecoder(Generic[T]):
    """Decodes JSON of one type, again and again."""

    def __init__(self, kind: type[T], any_integer: bool = False) -> None:
        """Make a decoder.

        Args:
            kind: what the JSON is to be.
            any_integer: take integers beyond 64 bits, where numbers are only ever copied as text.
        """
        decoder = msgspec.json.Decoder(kind)
        self._decode, self._lines = decoder.decode, decoder.decode_lines
        self._any_integer = any_integer

    def decode(self, data: bytes) -> T:
        """Return the value.

        Raises:
            Undecodable: not JSON, not of this type, not UTF-8, too deep, or with a number that is
                too large.
        """
        try:
            value = self._decode(data)
        except RecursionError as error:
            raise _too_deep() from error
        except UnicodeDecodeError as error:
            raise Undecodable(_not_utf8(data, error)) from error
        except (msgspec.MsgspecError, ValueError) as error:
            raise Undecodable(printable(str(error), 200)) from error
        if data.count(b"[") + data.count(b"{") > _MOST_DEPTH and _is_deep(data):
            raise _too_deep()
        if not self._any_integer and b"0" * 19 in data.translate(_AS_DIGIT):
            _refuse_long_integers(data)
        return value

    def decode_lines(self, block: bytes) -> list[T]:
        """Return the values of a block of lines, each of which is one JSON object.

        Integers are not bounded and depth is not looked at, so `kind` must leave nothing open.

        Raises:
            Undecodable: a line is not one object of this type; which one is not said.
        """
        try:
            values = self._lines(block)
        except (RecursionError, msgspec.MsgspecError, ValueError) as error:
            raise Undecodable(printable(str(error), 200)) from error
        ends = len(values) - (not block.endswith(b"\n"))
        if block.count(b"\n") != ends or block.count(b"}\n{") != max(len(values) - 1, 0):
            raise Undecodable("not one object in each line")
        return values


def decode_json(data: bytes, kind: type[T]) -> T:
    """Decode JSON once; as `JsonDecoder.decode`.

    Raises:
        Undecodable: not JSON, not of this type, not UTF-8, too deep, or with a number too large.
    """
    return JsonDecoder(kind).decode(data)


def read_json(
    path: Path, kind: type[T], *, title: str, hint: str, most_bytes: int = MOST_BYTES
) -> T:
    """Read a JSON file; a byte order mark at its beginning is passed over.

    Args:
        path: the file.
        kind: what it is to hold.
        title: of the error, such as "Cannot read the line map".
        hint: what to do about a damaged file.
        most_bytes: a larger file is refused before it is read.

    Raises:
        InvalidInput: absent, unreadable, too large, or what `JsonDecoder.decode` refuses.
    """
    data = read_bytes(path, title=title, hint=hint, most_bytes=most_bytes)
    try:
        return decode_json(data.removeprefix(_BYTE_ORDER_MARK), kind)
    except Undecodable as fault:
        raise InvalidInput(title, f"{printable(str(path))}: {fault}", hint) from fault


def decode_toml(data: bytes) -> dict[str, Any]:
    """Decode TOML.

    Raises:
        Undecodable: not TOML, not UTF-8 or too deep.
    """
    try:
        return tomllib.loads(data.removeprefix(_BYTE_ORDER_MARK).decode())
    except UnicodeDecodeError as error:
        raise Undecodable(_not_utf8(data, error)) from error
    except RecursionError as error:
        raise _too_deep() from error
    except (ValueError, OverflowError) as error:  # dates and numbers that are none
        raise Undecodable(printable(str(error), 200)) from error


def read_bytes(path: Path, *, title: str, hint: str, most_bytes: int = MOST_BYTES) -> bytes:
    """Read a small file whole.

    Raises:
        InvalidInput: absent, unreadable or larger than `most_bytes`.
    """
    try:
        with path.open("rb") as file:
            pieces: list[bytes] = []
            while sum(map(len, pieces)) <= most_bytes and (piece := file.read(_PIECE_BYTES)):
                pieces.append(piece)
            data = b"".join(pieces)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or str(error)
        raise InvalidInput(
            title, f"{printable(str(path))}: {printable(reason, 200)}", "check the path"
        ) from error
    if len(data) > most_bytes:
        raise InvalidInput(
            title, f"{printable(str(path))}: it has more than {most_bytes:,} bytes", hint
        )
    return data


def _too_deep() -> Undecodable:
    return Undecodable(f"it is nested more than {_MOST_DEPTH} deep")


def _not_utf8(data: bytes, error: UnicodeDecodeError) -> str:
    """The place of a byte that is not UTF-8; the decoder tells it within a string only."""
    try:
        data.decode()
    except UnicodeDecodeError as whole:
        error, line = whole, data.count(b"\n", 0, whole.start) + 1
        where = f"byte {whole.start + 1:,}" + (f", line {line:,}" if line > 1 else "")
        return f"{where} (0x{data[whole.start]:02X}) is not UTF-8"
    return f"a string is not UTF-8 ({error.reason})"


def _is_deep(data: bytes) -> bool:
    """Whether sound JSON is nested too deeply: pairs of brackets vanish from the inside out.

    What is escaped goes first, then all but quotes and brackets, then strings.
    """
    if b"\\" in data:
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    brackets = _BRACKETS_IN_STRING.sub(b"", data.translate(None, _OTHERS).replace(b'""', b""))
    for _ in range(_MOST_DEPTH):
        if not brackets:
            return False
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
    return bool(brackets)


def _refuse_long_integers(data: bytes) -> None:
    for digits in _LONG_INTEGER.findall(_STRING.sub(b"", data)):
        if len(digits) > 19 or int(digits) > _MOST_INTEGER:
            shown = printable(digits[:24].decode(), 20)
            raise Undecodable(f"the number {shown} is too large")
