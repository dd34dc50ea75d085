"""Files of arrays are read as they are written here, or refused with one sentence."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from core.arrays import ArraysFault, read_arrays

EXPECTED = {"a": ("f", 2), "b": ("i", 1)}


def saved(**arrays: object) -> bytes:
    data = io.BytesIO()
    np.savez(data, **arrays)  # type: ignore[arg-type]
    return data.getvalue()


GOOD = saved(a=np.eye(3), b=np.arange(4), other=np.arange(2))


def npy(header: bytes) -> bytes:
    """A file whose array `a` has this header."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        size = len(header).to_bytes(2, "little")
        archive.writestr("a.npy", b"\x93NUMPY\x01\x00" + size + header)
    return data.getvalue()


def test_arrays_come_back_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "arrays.npz"
    path.write_bytes(GOOD)
    for source in (path, GOOD):
        arrays = read_arrays(source, EXPECTED)
        assert arrays["a"].tolist() == np.eye(3).tolist() and arrays["b"].tolist() == [0, 1, 2, 3]


def compressed() -> bytes:
    data = io.BytesIO()
    np.savez_compressed(data, a=np.zeros((1000, 1000)), b=np.arange(4))
    return data.getvalue()


def plain() -> bytes:
    data = io.BytesIO()
    np.save(data, np.eye(3))
    return data.getvalue()


BAD = {
    "empty": b"",
    "no archive": b"PK\x03\x04 nothing",
    "one plain array": plain(),
    "cut off": GOOD[:-100],
    "an array is missing": saved(a=np.eye(3)),
    "other dimensions": saved(a=np.arange(3.0), b=np.arange(4)),
    "other kind": saved(a=np.eye(3), b=np.arange(4.0)),
    "objects": saved(a=np.eye(3), b=np.array([{}], dtype=object)),
    "compressed": compressed(),
    "an absurd shape": npy(b"{'descr': '<f8', 'fortran_order': False, 'shape': (9999999999, 9)}\n"),
    "a deep header": npy(b"{'descr': " + b"(" * 5000 + b")" * 5000 + b"}\n"),
    "a header that is no header": npy(b"1\n"),
}


@pytest.mark.parametrize("name", BAD)
def test_damaged_files_are_one_kind_of_fault(name: str) -> None:
    with pytest.raises(ArraysFault):
        read_arrays(BAD[name], EXPECTED)


def test_every_single_damaged_byte_is_refused_or_harmless() -> None:
    for place in range(0, len(GOOD), 3):
        data = bytearray(GOOD)
        data[place] ^= 0x55
        try:
            read_arrays(bytes(data), EXPECTED)
        except ArraysFault:
            continue


def test_an_absent_file_is_named_as_such(tmp_path: Path) -> None:
    with pytest.raises(ArraysFault, match="No such file"):
        read_arrays(tmp_path / "none.npz", EXPECTED)
