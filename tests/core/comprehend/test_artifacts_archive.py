"""Archives are read safely or refused with one clear line."""

import gzip
import io
import tarfile
from pathlib import Path

import pytest

from core.comprehend.archive import Limits, is_tar, member_blocks, plain_blocks, read_archive
from core.errors import InvalidInput, OperationFailed


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
    with pytest.raises(InvalidInput, match="does not hold the wanted file"):
        list(member_blocks(path, lambda name: name == "b"))


def test_lines_are_not_taken_for_an_archive(tmp_path: Path) -> None:
    path = tmp_path / "predictions.jsonl"
    path.write_bytes((b'{"File": "' + b"x" * 247 + b'ustar"}').ljust(600))
    assert path.read_bytes()[257:262] == b"ustar"
    assert not is_tar(path)
    assert list(plain_blocks(path, Limits())) == [path.read_bytes()]
