"""Archives are read safely or refused with one clear line."""

import gzip
import io
import tarfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.archive import (
    Limits,
    is_tar,
    member_blocks,
    plain_blocks,
    prediction_blocks,
    read_archive,
)
from core.errors import Interrupted, InvalidInput, OperationFailed
from core.progress import Watch


def make_archive(path: Path, *members: tuple[tarfile.TarInfo, bytes], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for member, data in members:
            archive.addfile(member, io.BytesIO(data))
    return path


def file_member(name: str, data: bytes) -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    return member, data


def special_member(name: str, kind: bytes, target: str = "") -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.type = kind
    member.linkname = target
    return member, b""


@pytest.mark.parametrize("size", [0, 1, 511, 512, 513, 1024, 10_240, 300_000])
@pytest.mark.parametrize("mode", ["w:gz", "w"])
def test_members_of_every_size_are_read_whole(tmp_path: Path, size: int, mode: str) -> None:
    data = bytes(index % 251 for index in range(size))
    path = make_archive(
        tmp_path / "output.tar.gz",
        special_member("output/", tarfile.DIRTYPE),
        file_member("output/a.json", data),
        file_member("output/b.json", b"b"),
        mode=mode,
    )
    assert read_archive(path) == {"a.json": data, "b.json": b"b"}
    assert read_archive(path, {"b.json"}) == {"b.json": b"b"}
    assert read_archive(path, {"c.json"}) == {}


def test_long_member_names_are_read(tmp_path: Path) -> None:
    name = "output/" + "x" * 300 + "/predictions.jsonl"
    path = make_archive(tmp_path / "output.tar.gz", file_member(name, b"{}"))
    assert read_archive(path) == {"predictions.jsonl": b"{}"}


@pytest.mark.parametrize("name", ["../evil", "/etc/passwd", "a/../../evil", "..", "a\\..\\evil"])
def test_d12_members_outside_the_archive_are_refused(tmp_path: Path, name: str) -> None:
    path = make_archive(
        tmp_path / "output.tar.gz", file_member(name, b"x"), file_member("predictions.jsonl", b"{}")
    )
    with pytest.raises(InvalidInput, match="points outside the archive"):
        read_archive(path)


@pytest.mark.parametrize(
    "kind",
    [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE],
)
def test_d12_links_and_devices_are_refused(tmp_path: Path, kind: bytes) -> None:
    path = make_archive(
        tmp_path / "output.tar.gz", special_member("predictions.jsonl", kind, "/etc/passwd")
    )
    with pytest.raises(InvalidInput, match="link, a device"):
        read_archive(path)


def test_d12_sparse_members_are_refused(tmp_path: Path) -> None:
    member, _ = special_member("predictions.jsonl", tarfile.GNUTYPE_SPARSE)
    path = tmp_path / "output.tar.gz"
    with gzip.open(path, "wb") as file:
        file.write(member.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
    with pytest.raises(InvalidInput, match="special file"):
        read_archive(path)


def test_d12_too_many_members_are_refused(tmp_path: Path) -> None:
    members = [file_member(f"m{index}", b"") for index in range(1001)]
    path = make_archive(tmp_path / "output.tar.gz", *members)
    with pytest.raises(InvalidInput, match="more than 1,000 entries"):
        read_archive(path)


def test_d12_an_archive_above_the_size_limit_is_refused(tmp_path: Path) -> None:
    path = make_archive(tmp_path / "output.tar.gz", file_member("a.json", bytes(200_000)))
    with pytest.raises(InvalidInput, match="unpacks to more than 100,000 bytes"):
        read_archive(path, max_bytes=100_000)


def test_d12_a_decompression_bomb_is_refused_by_its_ratio(tmp_path: Path) -> None:
    path = tmp_path / "predictions.jsonl.gz"
    with gzip.open(path, "wb") as file:
        for _ in range(80):
            file.write(bytes(1 << 20))
    with pytest.raises(InvalidInput, match="250 times"):
        for block in plain_blocks(path):
            assert len(block) <= 1 << 17


def test_d12_an_absurd_header_size_costs_no_memory(tmp_path: Path) -> None:
    member = tarfile.TarInfo("././@LongLink")
    member.type = tarfile.GNUTYPE_LONGNAME
    member.size = 1 << 30
    path = tmp_path / "output.tar.gz"
    with gzip.open(path, "wb") as file:
        file.write(member.tobuf(tarfile.GNU_FORMAT) + bytes(4096))
    with pytest.raises(InvalidInput, match="absurd size"):
        read_archive(path)


def test_d12_headers_that_point_backwards_are_refused(tmp_path: Path) -> None:
    member = tarfile.TarInfo("a.json")
    header = bytearray(member.tobuf(tarfile.GNU_FORMAT))
    header[124:136] = (-4096 % (1 << 96)).to_bytes(12, "big")
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    path = tmp_path / "output.tar"
    path.write_bytes(bytes(header) + bytes(4096))
    with pytest.raises((InvalidInput, OperationFailed)):
        read_archive(path)


@pytest.mark.parametrize("kept", [0.2, 0.6, 0.99])
def test_d12_a_truncated_archive_is_damaged_not_short(tmp_path: Path, kept: float) -> None:
    noise = b"".join(index.to_bytes(4, "big") for index in range(100_000))
    path = make_archive(tmp_path / "output.tar.gz", file_member("predictions.jsonl", noise))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(OperationFailed, match="ends early or is damaged") as caught:
        read_archive(path, {"predictions.jsonl"})
    assert caught.value.hint == "fetch it again"


def test_d12_a_truncated_tar_within_whole_gzip_is_damaged(tmp_path: Path) -> None:
    path = make_archive(tmp_path / "a.tar", file_member("a.json", bytes(5000)), mode="w")
    short = tmp_path / "output.tar.gz"
    short.write_bytes(gzip.compress(path.read_bytes()[:3000]))
    with pytest.raises(OperationFailed, match="ends early or is damaged"):
        read_archive(short)


def test_d12_flipped_bytes_are_noticed(tmp_path: Path) -> None:
    noise = b"".join(index.to_bytes(4, "big") for index in range(10_000))
    path = make_archive(tmp_path / "output.tar.gz", file_member("predictions.jsonl", noise))
    data = bytearray(path.read_bytes())
    data[-6] ^= 0xFF  # in the checksum, so that every member reads well
    path.write_bytes(data)
    with pytest.raises(OperationFailed):
        read_archive(path)


@pytest.mark.parametrize(
    "data",
    [b"not a tar at all" * 100, gzip.compress(b"nor this" * 200, mtime=0)],
    ids=["plain", "gzip"],
)
def test_what_is_not_a_tar_is_named(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "output.tar.gz"
    path.write_bytes(data)
    with pytest.raises(InvalidInput, match="not a tar archive"):
        read_archive(path)


def test_absent_and_empty_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="No such file"):
        read_archive(tmp_path / "none.tar.gz")
    empty = tmp_path / "empty.tar.gz"
    empty.write_bytes(b"")
    with pytest.raises(InvalidInput, match="is empty"):
        read_archive(empty)


def test_a_repeated_file_is_refused(tmp_path: Path) -> None:
    path = make_archive(
        tmp_path / "output.tar.gz",
        file_member("a/confusion_matrix.json", b"1"),
        file_member("b/confusion_matrix.json", b"2"),
    )
    with pytest.raises(InvalidInput, match="twice"):
        read_archive(path)


def test_member_blocks_are_small_and_absence_is_an_error(tmp_path: Path) -> None:
    path = make_archive(tmp_path / "output.tar.gz", file_member("a", bytes(range(256)) * 4000))
    blocks = list(member_blocks(path, lambda name: name == "a"))
    assert max(map(len, blocks)) <= 1 << 17
    assert b"".join(blocks) == bytes(range(256)) * 4000
    with pytest.raises(InvalidInput, match="holds no file of this kind"):
        list(member_blocks(path, lambda name: name == "b"))


def test_lines_are_not_taken_for_an_archive(tmp_path: Path) -> None:
    path = tmp_path / "predictions.jsonl"
    path.write_bytes((b'{"File": "' + b"x" * 247 + b'ustar"}').ljust(600))
    assert path.read_bytes()[257:262] == b"ustar"
    assert not is_tar(path)
    assert list(plain_blocks(path, Limits())) == [path.read_bytes()]


def pax(*records: bytes) -> bytes:
    """A member of further details, with its header."""
    data = b"".join(records)
    member = tarfile.TarInfo("x")
    member.type, member.size = tarfile.XHDTYPE, len(data)
    return member.tobuf(tarfile.USTAR_FORMAT) + data + bytes(-len(data) % 512)


def record(key: bytes, value: bytes) -> bytes:
    rest = b" " + key + b"=" + value + b"\n"
    length = len(rest)
    while len(b"%d" % length) + len(rest) != length:
        length += 1
    return b"%d" % length + rest


def plain_member(name: str, data: bytes) -> bytes:
    member, _ = file_member(name, data)
    return member.tobuf(tarfile.USTAR_FORMAT) + data + bytes(-len(data) % 512)


END = bytes(1024)
FILE = plain_member("predictions.jsonl", b"{}\n")
CRAFTED: dict[str, bytes] = {
    "headers of 14 MB": pax(*[record(b"k%06d" % index, b"v" * 40) for index in range(250_000)])
    + FILE
    + END,
    "many headers": b"".join(pax(record(b"k", b"v" * 60_000)) for _ in range(30)) + FILE + END,
    "headers without end": pax(record(b"k", b"v")) * 1100 + FILE + END,
    "a header that is no record": pax(b"nonsense") + FILE + END,
    "a record longer than its header": pax(b"99 path=x\n") + FILE + END,
    "a record of length 0": pax(b"0 path=x\n") + FILE + END,
    "a size that is no number": pax(record(b"size", b"-1")) + FILE + END,
    "a size in other digits": pax(record(b"size", "٣".encode())) + FILE + END,
    "a size beyond all disks": pax(record(b"size", b"9" * 18)) + FILE + END,
    "sparse by its header": pax(record(b"GNU.sparse.major", b"1")) + FILE + END,
    "a path outside": pax(record(b"path", b"../predictions.jsonl")) + FILE + END,
    "a path of zeros": pax(record(b"path", b"a\0b")) + FILE + END,
    "a link by its header": pax(record(b"linkpath", b"/etc/passwd"))
    + special_member("predictions.jsonl", tarfile.SYMTYPE)[0].tobuf(tarfile.USTAR_FORMAT)
    + END,
    "details of no member": FILE + pax(record(b"path", b"x")) + END,
    "something after the end": FILE + END + plain_member("other.json", b"x"),
    "something after one block": FILE + bytes(512) + FILE + END,
    "no end": FILE,
    "a damaged header": FILE + b"x" * 512 + END,
    "the same file twice": FILE + FILE + END,
}


@pytest.mark.parametrize("packed", [True, False], ids=["gzip", "plain"])
@pytest.mark.parametrize("name", CRAFTED)
def test_crafted_archives_are_refused_at_once(tmp_path: Path, name: str, packed: bool) -> None:
    data = gzip.compress(CRAFTED[name], 1) if packed else CRAFTED[name]
    path = tmp_path / "output.tar.gz"
    path.write_bytes(data)
    tracemalloc.start()
    began = time.monotonic()
    try:
        with pytest.raises((InvalidInput, OperationFailed), match="Cannot read the archive"):
            list(prediction_blocks(path))
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()
    assert time.monotonic() - began < 2


def test_a_small_archive_of_an_endless_file_ends_at_once(tmp_path: Path) -> None:
    member = tarfile.TarInfo("predictions.jsonl")
    member.size = 1 << 60
    for header in (member.tobuf(tarfile.GNU_FORMAT), member.tobuf(tarfile.PAX_FORMAT)):
        path = tmp_path / "output.tar.gz"
        path.write_bytes(gzip.compress(header + bytes(4096)))
        assert path.stat().st_size < 300
        began = time.monotonic()
        with pytest.raises(InvalidInput, match="unpacks to more than"):
            list(prediction_blocks(path))
        assert time.monotonic() - began < 1


@pytest.mark.parametrize("kind", ["checksum", "length", "garbage", "another file", "cut member"])
@pytest.mark.parametrize("read", [prediction_blocks, plain_blocks])
def test_the_end_of_gzip_is_verified(
    tmp_path: Path, kind: str, read: Callable[[Path], Iterator[bytes]]
) -> None:
    data = bytearray(gzip.compress(FILE + END))
    if kind in ("checksum", "length"):
        data[-8 if kind == "checksum" else -4] ^= 1
    data += {"garbage": b"garbage", "another file": b"\0\0{}", "cut member": b"\x1f\x8b\x08"}.get(
        kind, b""
    )
    path = tmp_path / "output.tar.gz"
    path.write_bytes(data)
    with pytest.raises(OperationFailed, match="ends early or is damaged"):
        list(read(path))


def test_gzip_members_one_after_another_and_zeros_at_the_end_are_read(tmp_path: Path) -> None:
    path = tmp_path / "predictions.jsonl.gz"
    lines = [b'{"Line": "%d"}\n' % index for index in range(5000)]
    path.write_bytes(b"".join(map(gzip.compress, lines)) + bytes(700))
    assert b"".join(prediction_blocks(path)) == b"".join(lines)


def test_every_predictions_file_of_an_archive_is_read(tmp_path: Path) -> None:
    path = make_archive(
        tmp_path / "output.tar.gz",
        file_member("a/predictions.jsonl", b"1\n2"),
        file_member("a/._predictions.jsonl", b"\0\5\x16\7"),
        file_member("b/predictions.jsonl", b"3\n"),
        file_member("notes.txt", b"x"),
        file_member("b/part-2-predictions.jsonl", b"4"),
    )
    assert b"".join(prediction_blocks(path)).split() == [b"1", b"2", b"3", b"4"]


@pytest.mark.parametrize("packed", [True, False], ids=["gzip", "plain"])
def test_reading_stops_between_two_blocks_when_asked_to(tmp_path: Path, packed: bool) -> None:
    data = plain_member("predictions.jsonl", b"{}\n" * 3_000_000) + END
    path = tmp_path / "output.tar.gz"
    path.write_bytes(gzip.compress(data, 1) if packed else data)
    watch = Watch()
    blocks = prediction_blocks(path, watch=watch)
    next(blocks)
    watch.token.cancel()
    with pytest.raises(Interrupted):
        next(blocks)


def test_archives_of_other_writers_are_read(tmp_path: Path) -> None:
    name = "folder/" * 20 + "predictions.jsonl"
    for form in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        path = tmp_path / "output.tar.gz"
        with tarfile.open(path, "w:gz", format=form) as archive:
            for label in (name, "ü" * 30 + "/x.json"):
                member, data = file_member(label, b"{}")
                member.mtime = 1700000000 + (0.25 if form == tarfile.PAX_FORMAT else 0)
                archive.addfile(member, io.BytesIO(data))
        assert read_archive(path) == {"predictions.jsonl": b"{}", "x.json": b"{}"}
