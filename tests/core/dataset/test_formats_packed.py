"""Compressed sources are unpacked within limits, verified to their end, without costing memory."""

import gzip
import tracemalloc
from pathlib import Path

import pytest

from core.dataset.formats import sources
from core.dataset.formats.reading import read_source
from core.dataset.formats.sources import SourceSettings
from core.errors import Interrupted, InvalidInput
from core.progress import Watch

TABLE = b"id,text,billing,bug\n" + b"".join(
    b"%d,some text of document %d,%d,%d\n" % (row, row * 7919, row % 2, 1 - row % 2)
    for row in range(300)
)


def bomb(path: Path) -> Path:
    with gzip.open(path, "wb", 9) as file:
        file.write(TABLE)
        for _ in range(400):
            file.write(b"1,a text,1,0\n" * 5000)
    return path


def test_a_bomb_is_refused_by_its_ratio_before_anything_is_kept(tmp_path: Path) -> None:
    path = bomb(tmp_path / "bomb.csv.gz")
    assert path.stat().st_size < 200_000
    tracemalloc.start()
    try:
        with pytest.raises(InvalidInput, match="unpacks to more than 100 times its size") as caught:
            read_source(path, SourceSettings())
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()
    assert "gunzip" in caught.value.hint and "bomb.csv.gz" in caught.value.message


def test_a_large_source_is_refused_by_its_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "_MOST_UNPACKED_BYTES", len(TABLE) - 1)
    path = tmp_path / "large.csv.gz"
    path.write_bytes(gzip.compress(TABLE))
    with pytest.raises(InvalidInput, match="unpacks to more than 0 GiB"):
        read_source(path, SourceSettings())


@pytest.mark.parametrize("kind", ["checksum", "length", "garbage", "cut"])
def test_the_end_of_a_compressed_source_is_verified(tmp_path: Path, kind: str) -> None:
    data = bytearray(gzip.compress(TABLE))
    if kind == "cut":
        del data[-9:]
    elif kind == "garbage":
        data += b"garbage"
    else:
        data[-8 if kind == "checksum" else -4] ^= 1
    path = tmp_path / "table.csv.gz"
    path.write_bytes(data)
    with pytest.raises(InvalidInput, match=r"table\.csv\.gz is a"):
        read_source(path, SourceSettings())


def test_unpacking_stops_when_asked_to(tmp_path: Path) -> None:
    path, watch = bomb(tmp_path / "bomb.csv.gz"), Watch()
    watch.token.cancel()
    with pytest.raises(Interrupted):
        read_source(path, SourceSettings(), watch)


def test_a_source_of_several_gzip_members_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "table.csv.gz"
    path.write_bytes(gzip.compress(TABLE[:999]) + gzip.compress(TABLE[999:]) + bytes(100))
    assert len(read_source(path, SourceSettings())[0]) == 300
