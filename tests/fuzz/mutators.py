"""Ways to damage bytes, JSON, gzip, tar and arrays; the same random state gives the same damage."""

import gzip
import io
import json
import tarfile
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Literal

import numpy as np

Form = Literal[0, 1, 2]
"""A form of tar: USTAR, GNU or PAX."""
TOKENS = (
    *(b"\0", b"\xff", b"\xc3", b"\xef\xbb\xbf", b"\xff\xfe", b"\r", b"\n", b"\r\n", b"\x1a", b"\t"),
    *(b'"', b'""', b"'", b"\\", b"\\u", b"\\ud800", b"{", b"}", b"[", b"]", b",", b":", b";", b"|"),
    *(
        b"null",
        b"true",
        b"NaN",
        b"Infinity",
        b"-0",
        b"1e999",
        b"-1",
        b"0.5",
        b"1" * 30,
        b"1" * 5000,
    ),
    *(
        b"\x1b[31m",
        b"\x1b]0;x\x07",
        "\u202e\u2066\u2028".encode(),
        "\U0001f600".encode(),
        "٣".encode(),
    ),
    *(
        b"../../x",
        b"/etc/passwd",
        b"s3://a/../b",
        b"=cmd()",
        b"a" * 10_000,
        b"[" * 3000,
        b'{"a":' * 900,
    ),
)
_NUMBERS = (0, -1, 1, 2, 2**31, 2**53 + 1, 2**63 - 1, 2**63, 10**30, 0.5, -0.0, 1e308, 1e-320, 1.5)
_TEXTS = (
    *("", " ", "\0", "x" * 5000, "../../x", "/etc/passwd", "\x1b[31m", "\u202e", "clean", "train"),
    *("NaN", "1", "-1", "1_0", "٣", "2026-13-45T00:00:00Z", "2026-11-30T10:00:00", "0001-01-01"),
    *("9999-12-31T23:59:59+00:00", "arn:aws:comprehend:x", "s3://a/b", "sha256:0"),
)


def damaged(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    """Bytes with one to six changes."""
    for _ in range(random.choice((1, 1, 1, 2, 3, 6))):
        data = random.choice(_CHANGES)(data, random, others)
    return data[: 1 << 20]


def _place(data: bytes, random: Random) -> int:
    return random.randrange(len(data) + 1)


def _flip(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    changed = bytearray(data or b"\0")
    changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def _byte(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    changed = bytearray(data or b"\0")
    changed[random.randrange(len(changed))] = random.randrange(256)
    return bytes(changed)


def _insert(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    at = _place(data, random)
    return data[:at] + random.choice(TOKENS) + data[at:]


def _replace(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    at = _place(data, random)
    token = random.choice(TOKENS)
    return data[:at] + token + data[at + len(token) :]


def _cut(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    first, last = sorted((_place(data, random), _place(data, random)))
    return data[:first] + data[last:] if random.random() < 0.7 else data[:first]


def _repeat(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    at = _place(data, random)
    piece = data[at : at + random.choice((1, 4, 30, 400))]
    return data[:at] + piece * random.choice((2, 3, 100)) + data[at:]


def _splice(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    other = random.choice(others)
    return data[: _place(data, random)] + other[_place(other, random) :]


def _line(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    lines = data.split(b"\n")
    at = random.randrange(len(lines))
    kind = random.randrange(4)
    if kind == 0:
        del lines[at]
    elif kind == 1:
        lines.insert(at, random.choice(lines))
    elif kind == 2:
        lines[at] = b""
    else:
        random.shuffle(lines)
    return b"\n".join(lines)


def _exchange(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    places = sorted(_place(data, random) for _ in range(3))
    return (
        data[: places[0]]
        + data[places[1] : places[2]]
        + data[places[0] : places[1]]
        + (data[places[2] :])
    )


_CHANGES: tuple[Callable[[bytes, Random, Sequence[bytes]], bytes], ...] = (
    *(_flip, _byte, _insert, _insert, _replace, _cut, _repeat, _splice, _line, _exchange),
)


def damaged_json(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    """JSON that is still JSON, with one to four values changed; else as `damaged`."""
    if random.random() < 0.3:
        return damaged(data, random, others)
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return damaged(data, random, others)
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        value = _changed(value, random)
    text = json.dumps(value, ensure_ascii=random.random() < 0.5)
    return text.encode("utf-8", "surrogatepass")


def damaged_field(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    """JSON with one or two fields changed, each kind of field as often as any other."""
    if random.random() < 0.2:
        return damaged_json(data, random, others)
    value = json.loads(data)
    for _ in range(random.choice((1, 1, 2))):
        kinds: dict[tuple[str, ...], list[tuple[Any, Any]]] = {}
        _collect(value, (), kinds)
        holder, key = random.choice(kinds[random.choice(list(kinds))])
        if random.random() < 0.1:
            del holder[key]
        else:
            holder[key] = _other(holder[key], random)
    return json.dumps(value).encode()


def _collect(
    value: Any, kind: tuple[str, ...], kinds: dict[tuple[str, ...], list[tuple[Any, Any]]]
) -> None:
    """Every place of some JSON, by the names on the way to it."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        below = (*kind, str(key) if isinstance(value, dict) else "[]")
        kinds.setdefault(below, []).append((value, key))
        if isinstance(item, dict | list):
            _collect(item, below, kinds)


def damaged_lines(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    """JSON Lines with one to three lines changed as JSON, or as bytes."""
    if random.random() < 0.4:
        return damaged(data, random, others)
    lines = data.split(b"\n")
    for _ in range(random.choice((1, 1, 2, 3))):
        at = random.randrange(len(lines))
        lines[at] = damaged_json(lines[at], random, others)
    return b"\n".join(lines)


def _changed(value: Any, random: Random) -> Any:
    """A value with one place changed, found by going down at random."""
    if isinstance(value, dict) and value and random.random() < 0.9:
        key = random.choice(list(value))
        changed = dict(value)
        kind = random.randrange(12)
        if kind == 0:
            del changed[key]
        elif kind == 1:
            changed[random.choice((*_TEXTS, *value))] = changed.pop(key)
        elif kind == 2:
            changed[key] = changed[random.choice(list(value))]
        else:
            changed[key] = _changed(value[key], random)
        return changed
    if isinstance(value, list) and value and random.random() < 0.9:
        at = random.randrange(len(value))
        changed_list = list(value)
        kind = random.randrange(8)
        if kind == 0:
            del changed_list[at]
        elif kind == 1:
            changed_list.insert(at, value[random.randrange(len(value))])
        elif kind == 2:
            random.shuffle(changed_list)
        else:
            changed_list[at] = _changed(value[at], random)
        return changed_list
    return _other(value, random)


def _other(value: Any, random: Random) -> Any:
    kind = random.randrange(10)
    if isinstance(value, str) and kind < 5:
        return random.choice((*_TEXTS, value[:-1], value + value, value.upper(), value + "\n"))
    if isinstance(value, int | float) and kind < 5:
        return random.choice((*_NUMBERS, value + 1, value - 1, -value, value * 10, str(value)))
    deep: Any = 0
    for _ in range(random.choice((3, 150, 700))):
        deep = [deep]
    choices: tuple[Any, ...] = (None, True, [], {}, [value], {"a": value}, deep)
    return random.choice((*choices, *_NUMBERS, *_TEXTS))


def damaged_gzip(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    """Plain seeds packed: damaged before, or after, or one file after another, or a bomb."""
    kind = random.randrange(8)
    if kind < 2:
        return gzip.compress(damaged(data, random, others), 1, mtime=0)
    if kind == 2:
        return gzip.compress(data, 1, mtime=0) + random.choice(
            (b"\0" * 9, b"x", data[:9], b"\x1f\x8b")
        )
    if kind == 3:
        middle = _place(data, random)
        return b"".join(
            gzip.compress(piece, 1, mtime=0) for piece in (data[:middle], data[middle:])
        )
    if kind == 4 and random.random() < 0.02:
        return gzip.compress(data + data[-60:] * (random.choice((1, 6)) << 18), 9, mtime=0)
    return damaged(gzip.compress(data, 1, mtime=0), random, others[:1])


def damaged_tar(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    """An archive of seeds with odd names, kinds, sizes and headers, packed or not."""
    buffer = io.BytesIO()
    form: Form = random.choice((0, 1, 2))
    for _ in range(random.choice((1, 1, 2, 3))):
        _add_member(buffer, form, random, random.choice((data, *others)))
    content = buffer.getvalue() + bytes(random.choice((0, 512, 1024, 1024, 10_240)))
    if random.random() < 0.5:
        content = damaged(content, random, others)
    if random.random() < 0.2:
        return content
    packed = gzip.compress(content, 1, mtime=0)
    return damaged(packed, random, others[:1]) if random.random() < 0.2 else packed


_MEMBERS = (
    *(
        "predictions.jsonl",
        "output/predictions.jsonl",
        "confusion_matrix.json",
        "../x",
        "/x",
        "a\\b",
    ),
    *("output/", "x" * 300 + "/predictions.jsonl", "._predictions.jsonl", "ü.json", ""),
)


def _add_member(buffer: io.BytesIO, form: Form, random: Random, data: bytes) -> None:
    member = tarfile.TarInfo(random.choice(_MEMBERS))
    member.size = len(data)
    if random.random() < 0.2:
        member.type = random.choice((*b"01234567xgLKSVX\0",)).to_bytes(1, "big")
    if random.random() < 0.2:
        member.size = random.choice((0, 1, 511, 513, 1 << 20, 1 << 33, 1 << 60))
    if random.random() < 0.2:
        keys = ("path", "size", "linkpath", "GNU.sparse.size", "GNU.sparse.map", "comment", "mtime")
        values = ("0", "-1", "9" * 30, "x", "../x", "0,1,2", "v" * random.choice((9, 9000, 90_000)))
        member.pax_headers = {random.choice(keys): random.choice(values) for _ in range(3)}
    try:
        header = bytearray(member.tobuf(form))
    except ValueError:
        header = bytearray(tarfile.TarInfo("predictions.jsonl").tobuf(tarfile.GNU_FORMAT))
    if random.random() < 0.3:
        _spoil_header(header, random)
    buffer.write(bytes(header) + data + bytes(-len(data) % 512))


def _spoil_header(header: bytearray, random: Random) -> None:
    """Change a field of the last block, mostly with a fitting checksum."""
    block = header[-512:]
    start, stop = random.choice(((0, 100), (124, 136), (156, 157), (257, 265), (345, 500)))
    values = (
        b"\x80" + b"\xff" * 11,
        b"\xff" * 12,
        b"77777777777\0",
        b"        ",
        b"-1\0",
        b"8\0",
        b"",
    )
    value = random.choice((*values, bytes(random.randrange(256) for _ in range(12))))
    block[start:stop] = value[: stop - start].ljust(stop - start, b"\0")
    if random.random() < 0.9:
        block[148:156] = b" " * 8
        block[148:156] = b"%06o\0 " % sum(block)
    header[-512:] = block


def damaged_arrays(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    """A file of arrays with other values, kinds, shapes or names; else as `damaged`."""
    if random.random() < 0.3:
        return damaged(data, random, others)
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as stored:
            arrays = dict(stored)
    except Exception:
        return damaged(data, random, others)
    name = random.choice(list(arrays))
    array = arrays[name].copy()
    kind = random.randrange(9)
    if kind == 0:
        del arrays[name]
    elif kind == 1:
        arrays[name] = array[: len(array) // 2]
    elif kind == 2:
        with np.errstate(all="ignore"):
            arrays[name] = array.astype(random.choice(("f8", "i8", "u1", "?", "S4", "c16")))
    elif kind == 3:
        arrays[name] = array.reshape(random.choice(((-1,), (1, -1), (-1, 1), (1, 1, -1))))
    elif kind == 4:
        arrays[name] = array.T if random.random() < 0.5 else np.concatenate([array, array])
    elif array.size:
        special = {"f": (np.nan, np.inf, -1, 2, 1e30), "b": (True, False)}
        values = special.get(
            array.dtype.kind, (0, 1, 99, 100, -1 if array.dtype.kind == "i" else 3)
        )
        for _ in range(random.choice((1, array.size))):
            array.reshape(-1)[random.randrange(array.size)] = random.choice(values)
        arrays[name] = array
    buffer = io.BytesIO()
    (np.savez if random.random() < 0.95 else np.savez_compressed)(buffer, **arrays)
    return buffer.getvalue()
