"""JSON and TOML from outside: each kind of damage is one sentence, and no other exception."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.decoding import JsonDecoder, Undecodable, decode_json, decode_toml, read_bytes, read_json
from core.errors import InvalidInput


class Row(msgspec.Struct):
    name: str = ""
    count: int = 0
    share: float = 0.0
    rest: Any = None


BAD = {
    "deeper than the stack": (b'{"rest": ' + b"[" * 200_000 + b"]" * 200_000 + b"}", "nested"),
    "deeper than is walked": (b'{"rest": ' + b"[" * 101 + b"]" * 101 + b"}", "nested"),
    "deep in a key that is not read": (b'{"x": ' + b'{"a":' * 200 + b"0" + b"}" * 201, "nested"),
    "not UTF-8": (b'{"name":\n"\xff"}', r"byte 11, line 2 \(0xFF\) is not UTF-8"),
    "half a pair": (b'{"name": "\\ud800"}', "."),
    "cut off": (b'{"name": "x', "truncated"),
    "empty": (b"", "truncated"),
    "another type": (b'{"count": "x"}', r"Expected `int`, got `str` - at `\$.count`"),
    "no number": (b'{"share": NaN}', "malformed"),
    "a float beyond all bounds": (b'{"share": 1e999}', "out of range"),
    "an integer beyond 64 bits": (b'{"count": 9223372036854775808}', "9223372036854775808 is too"),
    "a negative one": (b'{"count": -99999999999999999999}', "too large"),
    "an integer of 400 digits": (b'{"rest": [' + b"9" * 400 + b"]}", "too large"),
    "an integer of 5,000 digits": (b'{"count": ' + b"9" * 5000 + b"}", "out of range"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_one_short_sentence(name: str) -> None:
    data, words = BAD[name]
    with pytest.raises(Undecodable, match=words) as caught:
        decode_json(data, Row)
    assert len(str(caught.value)) <= 200 and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        b'{"rest": ' + b"[" * 99 + b"]" * 99 + b"}",
        b'{"name": "' + b"[{" * 500 + b'\\"]"}',
        b'{"rest": [' + b",".join([b'{"a": [1]}'] * 300) + b"]}",
        b'{"name": "12345678901234567890123", "share": 0.12345678901234567890123}',
        b'{"share": 12345678901234567890123.5, "count": 9223372036854775807}',
    ],
)
def test_what_only_looks_deep_or_large_is_read(data: bytes) -> None:
    assert decode_json(data, Row) == msgspec.json.decode(data, type=Row)


def test_integers_that_are_copied_as_text_may_have_any_size() -> None:
    row = JsonDecoder(Row, any_integer=True).decode(b'{"rest": 123456789012345678901234567890}')
    assert row.rest == 123456789012345678901234567890


@pytest.mark.parametrize(
    "block", [b"{}{}\n", b"{}\n\n{}\n", b'{"name":\n""}\n', b"{} {}\n{}\n", b"{}\n{}{}", b"{}\r{}"]
)
def test_lines_of_more_or_less_than_one_object_are_refused(block: bytes) -> None:
    with pytest.raises(Undecodable):
        JsonDecoder(Row).decode_lines(block)


@pytest.mark.parametrize("block", [b"{}\n{}\n", b"{}\n{}", b"{}", b"{}\n"])
def test_lines_of_one_object_each_are_read(block: bytes) -> None:
    assert len(JsonDecoder(Row).decode_lines(block)) == block.count(b"{}")


def test_a_file_is_named_with_what_is_wrong_and_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "a\x1b[31m.json"
    for data, most, words in (
        (None, 99, "No such file"),
        (b"[]", 99, "Expected `object`"),
        (b"{}" + b" " * 99, 99, "more than 99 bytes"),
    ):
        if data is not None:
            path.write_bytes(data)
        with pytest.raises(InvalidInput, match=words) as caught:
            read_json(path, Row, title="Cannot read it", hint="write it again", most_bytes=most)
        assert caught.value.title == "Cannot read it" and caught.value.hint
        assert "a.json" in caught.value.message and "\x1b" not in caught.value.message
    path.write_bytes(b'\xef\xbb\xbf{"count": 3}')
    assert read_json(path, Row, title="", hint="").count == 3
    with pytest.raises(InvalidInput, match="directory"):
        read_bytes(tmp_path, title="", hint="")
    with pytest.raises(InvalidInput, match="null"):
        read_bytes(tmp_path / "a\0b", title="", hint="")


@pytest.mark.parametrize(
    "data",
    [b"a = " + b"[" * 100_000, b"a = \xff", b"a = 2026-99-99", b"a", b"a = 1\na = 2", b"\x00"],
)
def test_toml_fails_in_one_way(data: bytes) -> None:
    with pytest.raises(Undecodable):
        decode_toml(data)
