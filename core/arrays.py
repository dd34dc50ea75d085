"""NumPy arrays from a file that may come from anywhere.

Only plain arrays are read, never pickled objects, and only as they are written here: uncompressed,
so that no file of a few bytes unpacks to gigabytes.
"""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Arrays = dict[str, npt.NDArray[Any]]


class ArraysFault(ValueError):
    """What is wrong with a file of arrays, in words."""


def read_arrays(source: Path | bytes, expected: Mapping[str, tuple[str, int]]) -> Arrays:
    """Read the arrays of a file that ``numpy.savez`` or the like wrote.

    Args:
        source: the file, or its bytes.
        expected: per array that is needed, the kinds that its values may have (letters as in
            ``dtype.kind``) and its number of dimensions.

    Raises:
        ArraysFault: absent, unreadable, damaged, compressed, or an array is missing or of another
            kind or shape.
    """
    try:
        with (
            io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file,
            zipfile.ZipFile(file) as archive,
        ):
            return {name: _array(archive, name, *form) for name, form in expected.items()}
    except ArraysFault:
        raise
    except OSError as error:
        raise ArraysFault(error.strerror or str(error)) from error
    except Exception as error:  # the parsers of both formats raise a dozen kinds on damaged files
        raise ArraysFault(f"it is damaged ({type(error).__name__}: {error})"[:200]) from error


def _array(archive: zipfile.ZipFile, name: str, kinds: str, dimensions: int) -> npt.NDArray[Any]:
    try:
        entry = archive.getinfo(f"{name}.npy")
    except KeyError as error:
        raise ArraysFault(f"it holds no {name}") from error
    if entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size:
        raise ArraysFault(f"{name} is compressed, which no file of this program is")
    with archive.open(entry) as member:
        array: npt.NDArray[Any] = np.lib.format.read_array(member, allow_pickle=False)
        if member.read(1):
            raise ArraysFault(f"{name} is followed by something else")
    if array.dtype.kind not in kinds or array.ndim != dimensions:
        raise ArraysFault(f"{name} has {array.ndim} dimensions of {array.dtype}")
    return array
